"""FileBody: a file as the body of a request, read in pieces while it is sent, so that it is never whole in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO


class FileBody:
    """The next `length` bytes of `file`, for one request. `sent` is True once they have been read to their end."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self.sent = not length
        self._file = file
        self._length = self._left = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        # requests streams only what can be iterated, though it calls `read`.
        while piece := self.read(65536):
            yield piece

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes at most, all if it is negative; b"" at the end, which sets `sent`.

        Raise OSError if the file ends before its `length`, or cannot be read.
        """
        piece = self._file.read(self._left if size < 0 else min(size, self._left))
        if self._left and size and not piece:
            raise OSError("the file is shorter than it was")
        self._left -= len(piece)
        self.sent = self.sent or not piece
        return piece
