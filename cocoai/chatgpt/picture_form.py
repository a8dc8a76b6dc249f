"""Build the body of a request for a picture: JSON, or with pictures to be changed a form. Pure, but for reading them.

Source: OpenAI's API reference, POST /images/generations and /images/edits; RFC 7578 for the form.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

_BLOCK = 64 * 1024
"""Bytes of a picture that are in memory at once."""

COMPRESSION = 85
"""Percent: what is lost is not seen, and the file is a sixth as large as without compression."""


@dataclass(frozen=True)
class SentPicture:
    """A picture that is sent, `size` bytes at `path`; `tokens` are the most that it can be billed for."""

    path: str
    size: int
    media_type: str
    tokens: int


@dataclass(frozen=True)
class PictureOrder:
    """What is to be drawn, and how: `size` is such as `1536x1024`, `form` is `jpeg`, `webp` or `png`.

    With `sent` pictures, these are to be changed.
    """

    model: str
    prompt: str
    size: str
    quality: str
    form: str
    sent: tuple[SentPicture, ...] = ()

    def fields(self, refused: Collection[str] = ()) -> dict[str, str | int]:
        """Return the fields of the request, without those that the server has refused."""
        fields: dict[str, str | int] = {"model": self.model, "prompt": self.prompt, "n": 1, "size": self.size}
        fields |= {"quality": self.quality, "output_format": self.form}
        if self.form != "png":
            fields["output_compression"] = COMPRESSION
        return {name: value for name, value in fields.items() if name not in refused}


def json_body(fields: Mapping[str, str | int]) -> bytes:
    """Return the fields as JSON; half a surrogate pair becomes a question mark."""
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")


class PictureForm:
    """The fields and the pictures as a form, whose blocks are read as they are sent."""

    def __init__(self, fields: Mapping[str, str | int], pictures: tuple[SentPicture, ...]) -> None:
        self.boundary = secrets.token_hex(16)
        self._pictures = pictures
        plain = (f'{self._part(name)}"\r\n\r\n{value}\r\n' for name, value in fields.items())
        self._head = "".join(plain).encode("utf-8", "replace")
        self._tail = f"--{self.boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        """Return the request's Content-Type."""
        return f"multipart/form-data; boundary={self.boundary}"

    def __len__(self) -> int:
        pictures = sum(len(self._head_of(n)) + each.size + 2 for n, each in enumerate(self._pictures))
        return len(self._head) + pictures + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        for n, picture in enumerate(self._pictures):
            yield self._head_of(n)
            with open(picture.path, "rb") as file:
                while block := file.read(_BLOCK):
                    yield block
            yield b"\r\n"
        yield self._tail

    def _head_of(self, n: int) -> bytes:
        # A list is named with brackets, once for each of its pictures.
        name = "image[]" if len(self._pictures) > 1 else "image"
        media_type = self._pictures[n].media_type
        # A name of our own: the person's may be in any characters.
        filename = f"{n + 1}.{media_type.partition('/')[2]}"
        return f'{self._part(name)}"; filename="{filename}"\r\nContent-Type: {media_type}\r\n\r\n'.encode()

    def _part(self, name: str) -> str:
        return f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}'
