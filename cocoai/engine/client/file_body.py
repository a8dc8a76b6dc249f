"""FileBody: a file as the body of a request, read in blocks while it is sent, so that it is never whole in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

BLOCK = 64 * 1024
"""Bytes of a file that are in memory at once."""


class FileBody:
    """The next `length` bytes of `file`, for one request: its RequestBlocks (client.py)."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return blocks_of(self._file, self._length)


def blocks_of(file: BinaryIO, length: int) -> Iterator[bytes]:
    """Yield the next `length` bytes of a file. Raise OSError if it ends before, or cannot be read."""
    while length:
        block = file.read(min(length, BLOCK))
        if not block:
            raise OSError("the file is shorter than it was")
        length -= len(block)
        yield block
