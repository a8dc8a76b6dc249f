"""What a message holds: words, and what is attached to them. Looked at as OpenAI looks at it, bytes and all.

Shapes: OpenAI's API reference, content parts. Refusals: what its servers were seen to answer. Nothing is fetched from
anywhere, so pictures come as data only.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cocoai.rehearsal.openai.answer import tokens_of
from cocoai.rehearsal.openai.errors import ApiError, missing, none_of, wrong_type, wrong_value
from cocoai.rehearsal.openai.manner import Manner

TYPES = ("text", "image_url", "input_audio", "refusal", "audio", "file")
DETAILS = ("auto", "low", "high", "original")
IMAGE_TOKENS = 765
"""Of a picture of 1024 by 1024 for gpt-4o (OpenAI's guide to images: 85, and 170 for each of four tiles)."""

_IMAGES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
_DATA_URL = re.compile(r"data:([^;,]*);base64,")
_PAGE = re.compile(rb"/Type\s*/Page\b")


@dataclass(frozen=True)
class Attached:
    """Something beside the words that was taken; `size` in bytes. A text that stands before the words is attached."""

    kind: Literal["image", "pdf", "text"]
    media_type: str
    size: int
    name: str = ""


@dataclass(frozen=True)
class Content:
    """`text` is what was said, of several texts the last one; `tokens` are those of all of it."""

    text: str
    attached: tuple[Attached, ...]
    tokens: int


def read_content(content: Any, role: str, where: str, manner: Manner) -> Content:
    """Raises `ApiError`; `where` is the content's place in the request."""
    if isinstance(content, str):
        return Content(content, (), tokens_of(content))
    if content is None and role == "assistant":
        return Content("", (), 0)
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise wrong_type(where, "one of a string or array of objects")
    return _together([_part(part, role, f"{where}[{index}]", manner) for index, part in enumerate(content)])


def _together(parts: list[Content]) -> Content:
    """The last text is what was said; those before it are attached."""
    last = max((index for index, part in enumerate(parts) if not part.attached), default=-1)
    attached = [
        each
        for index, part in enumerate(parts)
        if index != last
        for each in part.attached or (Attached("text", "text/plain", len(part.text.encode())),)
    ]
    return Content(parts[last].text if last >= 0 else "", tuple(attached), sum(part.tokens for part in parts))


def _part(part: Mapping[str, Any], role: str, where: str, manner: Manner) -> Content:
    kind = part.get("type")
    if kind not in TYPES:
        raise none_of(f"{where}.type", kind, TYPES)
    if kind == "text":
        return _text(part, where)
    if kind not in ("image_url", "file") or role != "user":
        raise none_of(f"{where}.type", kind, ("text",))
    if not manner.vision:
        # Seen with dots before the brackets, and without a code.
        place = where.replace("[", ".[")
        problem = f"Invalid content type. {kind} is only supported by certain models."
        raise ApiError(400, problem, param=f"{place}.type")
    return _image(part, where, manner) if kind == "image_url" else _file(part, where, manner)


def _text(part: Mapping[str, Any], where: str) -> Content:
    text = part.get("text")
    if text is None:
        raise missing(f"{where}.text")
    if not isinstance(text, str):
        raise wrong_type(f"{where}.text", "a string")
    return Content(text, (), tokens_of(text))


def _image(part: Mapping[str, Any], where: str, manner: Manner) -> Content:
    told = _object(part, "image_url", where)
    url = _string(told, "url", f"{where}.image_url")
    if told.get("detail", "auto") not in DETAILS:
        raise none_of(f"{where}.image_url.detail", told["detail"], DETAILS)
    if url.startswith(("http://", "https://")):
        raise ApiError(400, f"Error while downloading {url}.", code="invalid_image_url")
    media_type, data = _decoded(url, f"{where}.image_url.url", "image", _bad_image("invalid_base64_image"))
    if not media_type.startswith("image/"):
        raise ApiError(400, "Invalid MIME type. Only image types are supported.", code="invalid_image_format")
    _check_image(media_type, data, manner)
    return Content("", (Attached("image", media_type, len(data)),), IMAGE_TOKENS)


def _check_image(media_type: str, data: bytes, manner: Manner) -> None:
    if not data:
        raise _bad_image("empty_image_file")
    if len(data) > manner.file_bytes:
        raise _bad_image("image_file_too_large")
    if media_type not in _IMAGES:
        raise _bad_image("invalid_image_format")
    if not _IMAGES[media_type].match(data):
        raise _bad_image("image_parse_error")


def _bad_image(code: str) -> ApiError:
    problem = "You uploaded an unsupported image. Please make sure your image is valid."
    return ApiError(400, problem, code=code)


def _file(part: Mapping[str, Any], where: str, manner: Manner) -> Content:
    told = _object(part, "file", where)
    here = f"{where}.file"
    if "file_id" in told:
        raise wrong_value(f"{here}.file_id", "No such File object.")
    if "filename" not in told or "file_data" not in told:
        raise missing(f"{here}.file_id")  # that is all it says, whatever is missing
    name, url = _string(told, "filename", here), _string(told, "file_data", here)
    media_type, data = _decoded(url, f"{here}.file_data", "file", _bad_file("The file could not be decoded."))
    if media_type != "application/pdf":
        raise _no_data_url(f"{here}.file_data", "file", f"got unsupported MIME type '{media_type}'")
    if len(data) > manner.file_bytes:
        raise _bad_file("The file is too large.")
    if not data.startswith(b"%PDF-"):
        raise _bad_file("The file could not be parsed.")
    pages = max(1, len(_PAGE.findall(data)))
    return Content("", (Attached("pdf", media_type, len(data), name),), pages * IMAGE_TOKENS)


def _bad_file(problem: str) -> ApiError:
    return ApiError(400, problem, code="invalid_file")


def _decoded(url: str, where: str, what: str, undecodable: ApiError) -> tuple[str, bytes]:
    """The media type and the bytes of a data URL."""
    found = _DATA_URL.match(url)
    if found is None:
        raise _no_data_url(where, what, "got a value without the 'data:' prefix")
    try:
        return found[1], base64.b64decode(url[found.end() :], validate=True)
    except ValueError:
        raise undecodable from None


def _no_data_url(where: str, what: str, but: str) -> ApiError:
    label, wanted = ("image URL", "an image") if what == "image" else ("file data", "an application/pdf")
    problem = f"Invalid {label}: '{where}'. Expected a base64-encoded data URL with {wanted} MIME type, but {but}."
    return wrong_value(where, problem)


def _object(part: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    told = part.get(name)
    if told is None:
        raise missing(f"{where}.{name}")
    if not isinstance(told, dict):
        raise wrong_type(f"{where}.{name}", "an object")
    return told


def _string(told: Mapping[str, Any], name: str, where: str) -> str:
    value = told.get(name)
    if value is None:
        raise missing(f"{where}.{name}")
    if not isinstance(value, str):
        raise wrong_type(f"{where}.{name}", "a string")
    return value
