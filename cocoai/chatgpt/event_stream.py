"""Read server-sent events out of a stream of bytes, however the network cut it. Pure: no JSON, no sockets.

Beside what the standard says, a line that begins with `{` counts as data: gateways put the error of another server into
the stream as it came, bare JSON on one line or on several.

Source: the WHATWG HTML standard, 9.2.6 (event streams).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cocoai.errors import Permanent

MAX_EVENT = 1024 * 1024
"""The most bytes of an event, or of a line. It keeps a broken server from filling the memory of a small machine."""

_LINE_END = re.compile(rb"\r\n|\r|\n")


class ErrorData(str):
    """The data of an event of type `error` (`event: error`); it may be blank, and need not be JSON."""

    __slots__ = ()


class EventReader:
    """Takes in a stream piece by piece, and yields the data of each event that a piece completes.

    Comments and the fields `id` and `retry` are skipped, and so is every event type but `error`, whose data is an
    `ErrorData`. A line ends with LF, CRLF or CR, and a CRLF may be cut in the middle.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._data = bytearray()
        self._bare = bytearray()
        self._ready: list[str] = []
        self._is_error = False
        self._is_after_cr = False

    def feed(self, piece: bytes) -> Iterator[str]:
        """Yield the data of each event that `piece` completes, as text; nothing if it completes none.

        Raise `Permanent` if a line, or the data of an event, is bigger than MAX_EVENT.
        """
        if not piece:
            return
        first, *others = _LINE_END.split(piece.removeprefix(b"\n") if self._is_after_cr else piece)
        self._is_after_cr = piece.endswith(b"\r")
        self._extend_line(first)
        for other in others:
            self._end_line()
            if self._ready:
                yield from self._taken()
            if other:
                self._extend_line(other)

    def end(self) -> Iterator[str]:
        """Yield the data of the last event, if the end of the stream cut it off: it still counts."""
        self._end_line()
        self._end_event()
        yield from self._taken()

    def _taken(self) -> list[str]:
        """Return the data of the events that are complete, each once."""
        ready, self._ready = self._ready, []
        return ready

    def _extend_line(self, more: bytes) -> None:
        self._line += more
        check_size(len(self._line), MAX_EVENT)

    def _end_line(self) -> None:
        """Take in the current line and begin the next one; an empty line ends an event, whose data is then ready."""
        line, self._line = self._line, bytearray()
        if not line:
            self._end_event()
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            # One space after the colon belongs to the field, and all others to its value.
            self._data += value.removeprefix(b" ") + b"\n"
            check_size(len(self._data), MAX_EVENT)
        elif name == b"event":
            self._is_error = value.strip() == b"error"
        elif self._bare or name.startswith(b"{"):
            self._take_bare(line)

    def _take_bare(self, line: bytearray) -> None:
        """Take in a line of bare JSON; it is ready if that line alone is all of it, else it is kept until it ends."""
        is_whole = not self._bare and line.rstrip().endswith(b"}")
        self._bare += line + b"\n"
        check_size(len(self._bare), MAX_EVENT)
        if is_whole:
            self._end_bare()

    def _end_bare(self) -> None:
        self._ready.append(self._bare.decode("utf-8", "replace"))
        self._bare.clear()

    def _end_event(self) -> None:
        """Have the data of the current event ready as text, unless it is blank and no error; begin the next event."""
        if self._bare:
            self._end_bare()
        # Each line of data was stored with a line end, and the standard drops the last one.
        text = self._data.removesuffix(b"\n").decode("utf-8", "replace")
        self._data.clear()
        if self._is_error:
            self._is_error = False
            self._ready.append(ErrorData(text))
        elif text and not text.isspace():
            self._ready.append(text)


def check_size(size: int, limit: int) -> None:
    """Raise `Permanent` (`answer_too_big`) if `size` exceeds `limit`; both are in bytes."""
    if size > limit:
        raise Permanent("answer_too_big", source="OpenAI", sent=True)
