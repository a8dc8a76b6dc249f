"""Undo the compression of a body, piece by piece, and never more of it at once than the reader has room for.

61 KB of gzip can hold 60 MiB. So what a piece of compressed data becomes is handed out in portions, and the rest of the
piece waits, still compressed. This file knows no connection.
"""

from __future__ import annotations

import zlib

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class Plain:
    """A body that is not compressed: each piece is handed out as it is."""

    has_more = False
    """True if `feed` with no data would return something."""

    def feed(self, data: bytes) -> bytes:
        """Return `data`."""
        return data


class Inflating(Plain):
    """A body compressed by gzip or deflate, which is handed out in portions of at most `portion` bytes."""

    def __init__(self, portion: int) -> None:
        self._portion = portion
        self._inflater = zlib.decompressobj(_GZIP_OR_ZLIB)

    def feed(self, data: bytes) -> bytes:
        """Return the next portion of what was compressed, b"" if `data` completes none; set `has_more`.

        While `has_more` is True, call it with b"" for the next portion. Raise ConnectionError if the data is not
        compressed so.
        """
        if self._inflater.eof:  # what follows belongs to nothing, and zlib would keep all of it
            return b""
        try:
            portion = self._inflater.decompress(self._inflater.unconsumed_tail + data, self._portion)
        except zlib.error as error:
            raise ConnectionError("the body cannot be read") from error
        # A full portion may have left a part within zlib, even if all data was taken in.
        self.has_more = not self._inflater.eof and len(portion) == self._portion
        return portion


def decoder(encoding: str, portion: int) -> Plain:
    """Return the object that undoes this Content-Encoding, gzip or deflate; for any other it returns data as it is.

    Some servers compress whatever the request accepts.
    """
    return Inflating(portion) if encoding.lower() in ("gzip", "deflate") else Plain()
