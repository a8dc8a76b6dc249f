"""Build the body of a request for a picture: JSON, or with pictures to be changed a form. Pure.

Source: OpenAI's API reference, POST /images/generations and /images/edits.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from cocoai.chatgpt.multipart import FormFile, MultipartForm

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


def picture_form(fields: Mapping[str, str | int], pictures: Sequence[SentPicture]) -> MultipartForm:
    """Return the fields and the pictures as a form."""
    # A list is named with brackets, once for each of its pictures.
    field = "image[]" if len(pictures) > 1 else "image"
    files = [
        FormFile(field, f"{n}.{_ending(each)}", each.media_type, each.size, partial(_opened, each))
        for n, each in enumerate(pictures, 1)
    ]
    return MultipartForm(((name, str(value)) for name, value in fields.items()), files)


def _ending(picture: SentPicture) -> str:
    return picture.media_type.partition("/")[2]


def _opened(picture: SentPicture) -> BinaryIO:
    return open(picture.path, "rb")
