"""MultipartForm: a request's fields and files as multipart/form-data (RFC 7578), read in blocks as they leave."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO

from cocoai.engine.client.file_body import blocks_of


@dataclass(frozen=True)
class FormFile:
    """A file of a form: `size` bytes, which `opened` gives from their beginning.

    `name` is one of our own: a person's may be in any characters, and have a wrong ending.
    """

    field: str
    name: str
    media_type: str
    size: int
    opened: Callable[[], AbstractContextManager[BinaryIO]]


class MultipartForm:
    """The body of a request: `fields`, each with its name, and `files` behind them. A list has one for each value."""

    def __init__(self, fields: Iterable[tuple[str, str]], files: Sequence[FormFile]) -> None:
        self._boundary = secrets.token_hex(16)
        self._files = files
        plain = (f"{self._disposition(name)}\r\n\r\n{value}\r\n" for name, value in fields)
        self._head = "".join(plain).encode("utf-8", "replace")
        self._heads = [self._head_of(file).encode() for file in files]
        self._tail = f"--{self._boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        """Return the request's Content-Type."""
        return f"multipart/form-data; boundary={self._boundary}"

    def __len__(self) -> int:
        files = sum(len(head) + file.size + 2 for head, file in zip(self._heads, self._files, strict=True))
        return len(self._head) + files + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        for head, file in zip(self._heads, self._files, strict=True):
            yield head
            with file.opened() as content:
                yield from blocks_of(content, file.size)
            yield b"\r\n"
        yield self._tail

    def _head_of(self, file: FormFile) -> str:
        return f'{self._disposition(file.field)}; filename="{file.name}"\r\nContent-Type: {file.media_type}\r\n\r\n'

    def _disposition(self, field: str) -> str:
        return f'--{self._boundary}\r\nContent-Disposition: form-data; name="{field}"'
