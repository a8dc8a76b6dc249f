"""PictureReader: take a picture out of the JSON that holds it, while that arrives.

A picture of 5 MB is 7 MB of base64, and four times that in memory once it is parsed. Here each piece is decoded and
given away, and of the JSON only what stands around the picture is kept.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable
from typing import Any

_KEY = re.compile(rb'"b64_json"\s*:\s*"')
_LONGEST_KEY = 64
"""Bytes within which a key, cut by the end of a piece, is found with the next one."""

_ESCAPE = re.compile(rb"\\(?:[/nrt]|u00([0-7][0-9a-fA-F]))")
"""JSON may write a slash as `\\/`, and gateways an equals sign as `\\u003d`. Base64 as e-mail has it has lines."""

_MOST_WAITING = 8
"""Characters that wait for the next piece: three, and an escape without its end."""

_MOST_JSON = 256 * 1024
"""Bytes of JSON around the picture."""

HEAD = 64 * 1024
"""Bytes of the picture that are kept: they tell its format, and how large it is."""


class BadPicture(Exception):
    """The response is no JSON, or what should be a picture is no base64."""


class PictureReader:
    """The reader of one response. The bytes of its first picture are given to `write`; a second one is passed over.

    `head` is how the picture begins, and `size` how many bytes it has so far.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.size = 0
        self.head = b""
        self._write = write
        self._json = bytearray()
        self._rest = b""
        self._pictures = 0
        self._is_within = False
        self._is_padded = False
        self._seen = 0

    def feed(self, data: bytes) -> None:
        """Take the next piece of the response. Raise BadPicture, and whatever `write` raises."""
        while data:
            data = self._feed_picture(data) if self._is_within else self._feed_json(data)

    def end(self) -> dict[str, Any]:
        """Return the JSON around the picture, now that nothing follows. Raise BadPicture if it is not whole."""
        try:
            value = json.loads(self._json)
        except (ValueError, RecursionError):
            raise BadPicture("no JSON") from None
        if not isinstance(value, dict):
            raise BadPicture("no object")
        return value

    def _feed_json(self, data: bytes) -> bytes:
        """Keep what stands before the next picture; return what stands behind its beginning."""
        seen = max(self._seen, len(self._json) - _LONGEST_KEY)
        self._json += data
        found = _KEY.search(self._json, seen)
        if found is None:
            self._check_json()
            return b""
        rest = bytes(self._json[found.end() :])
        del self._json[found.end() :]
        self._check_json()
        self._is_within = True
        self._pictures += 1
        return rest

    def _check_json(self) -> None:
        if len(self._json) > _MOST_JSON:
            raise BadPicture("too much JSON")

    def _feed_picture(self, data: bytes) -> bytes:
        """Decode what belongs to the picture; return what stands behind its end, the quotation mark included."""
        end = data.find(b'"')
        self._decode(data if end < 0 else data[:end])
        if end < 0:
            return b""
        if self._rest:
            raise BadPicture("base64 that is cut off")
        self._is_within = False
        self._json += b'"'
        self._seen = len(self._json)  # the same key must not be found again
        return data[end + 1 :]

    def _decode(self, data: bytes) -> None:
        """Decode base64, as JSON may write it; under four characters, and half an escape, wait for the next piece."""
        characters = self._rest + data
        whole = len(characters)
        if b"\\" in characters:
            characters = _ESCAPE.sub(_meant, characters)
            at = characters.find(b"\\")
            whole = at if at >= 0 else len(characters)
        whole &= ~3
        self._rest = characters[whole:]
        if len(self._rest) > _MOST_WAITING:
            raise BadPicture("no base64")
        if self._pictures > 1 or not whole:
            return
        if self._is_padded:
            raise BadPicture("base64 that goes on")
        self._is_padded = characters[whole - 1 : whole] == b"="
        try:
            decoded = binascii.a2b_base64(characters[:whole], strict_mode=True)
        except binascii.Error:
            raise BadPicture("no base64") from None
        if len(self.head) < HEAD:
            self.head += decoded[: HEAD - len(self.head)]
        self.size += len(decoded)
        self._write(decoded)


def _meant(escape: re.Match[bytes]) -> bytes:
    """Return the character that an escape of JSON's stands for; nothing for one that breaks a line."""
    return bytes((int(escape[1], 16),)).strip() if escape[1] else escape[0][1:].strip(b"nrt")
