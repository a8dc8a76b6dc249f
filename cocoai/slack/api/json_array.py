"""ArrayReader: parse a JSON object while it arrives, and hand out the items of its one long array one by one.

A page of a thread can be a hundred times as long as what is kept of it. So never more of it is in memory than one item
and what has just arrived. This file must not know what the items mean.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from typing import Any

MOST_ITEM = 2 * 1024 * 1024
"""Characters that one item, or any other value, may have: twice as many are an error at the latest."""

MOST_ALL = 512 * 1024 * 1024
"""Characters of the whole object, more than a page of the longest messages that Slack takes has."""

_SPACE = " \t\r\n"
_raw_decode = json.JSONDecoder().raw_decode


class ArrayReader:
    """An iterator of the items of the array under `name` in a JSON object; `rest` has the object's other values.

    `read` returns the next bytes of the JSON in UTF-8, b"" at its end. Raise ValueError if it is no JSON object, has
    one value of over MOST_ITEM characters, has over MOST_ALL, or is cut off; and what `read` raises.
    """

    def __init__(self, read: Callable[[], bytes], name: str) -> None:
        self._read = read
        self._name = name
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._text = ""
        self._at = 0
        self._left = MOST_ALL
        self.rest: dict[str, Any] = {}

    def __iter__(self) -> Iterator[Any]:
        self._expect("{")
        if self._peek() == "}":
            return
        while True:
            key = self._value()
            self._expect(":")
            if key == self._name and self._peek() == "[":
                yield from self._items()
            else:
                self.rest[str(key)] = self._value()
            if self._expect(",}") == "}":
                return

    def _items(self) -> Iterator[Any]:
        """Yield the items of an array that begins here."""
        self._expect("[")
        if self._peek() == "]":
            self._expect("]")
            return
        while True:
            yield self._value()
            if self._expect(",]") == "]":
                return

    def _value(self) -> Any:
        """Return the JSON value that begins here, and go behind it."""
        self._peek()
        while True:
            try:
                value, end = _raw_decode(self._text, self._at)
            except ValueError:
                end = len(self._text)
            except RecursionError:
                raise ValueError("it nests too deeply") from None
            if end < len(self._text):  # else it may go on, as a number does
                self._at = end
                return value
            self._receive()

    def _expect(self, characters: str) -> str:
        """Return the next character that is no space, and go behind it. Raise ValueError if it is another."""
        found = self._peek()
        if found not in characters:
            raise ValueError(f"not one of {characters}")
        self._at += 1
        return found

    def _peek(self) -> str:
        """Return the next character that is no space, and go before it."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            self._receive()

    def _receive(self) -> None:
        """Read on, until there is twice as much text as now behind the place that was reached; drop what is before it.

        Twice as much, so that a long value is not parsed again for each piece of it that arrives.
        """
        pieces = [self._text[self._at :]]
        self._at = 0
        wanted = len(pieces[0])
        if wanted > MOST_ITEM or self._left < 0:
            raise ValueError("it is too long")
        while wanted >= 0:
            data = self._read()
            if not data and len(pieces) == 1:
                raise ValueError("it is cut off")
            pieces.append(self._decode(data, not data))
            self._left -= len(data)
            wanted -= len(pieces[-1]) if data else wanted + 1
        self._text = "".join(pieces)
