"""Read a message's content: its text, and the images and files attached to it, which are checked as OpenAI does.

Sources: OpenAI's API reference, content parts; the refusals are those that its servers were seen to give. Nothing is
fetched from an URL, so images are accepted as data only.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cocoai.rehearsal.openai.openai_errors import OpenAIApiError, bad_image, missing, none_of, wrong_type, wrong_value
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.picture_bill import pdf_tokens, picture_tokens
from cocoai.rehearsal.openai.picture_size import PictureSize, picture_size
from cocoai.rehearsal.openai.practice_answer import tokens_of

TYPES = ("text", "image_url", "input_audio", "refusal", "audio", "file")
DETAILS = ("auto", "low", "high", "original")
UNREADABLE: PictureSize = (1024, 1024)
"""Pixels of an image whose header does not tell its size. OpenAI refuses such an image; tests send short ones."""

_IMAGE_SIGNATURES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
_DATA_URL = re.compile(r"data:([^;,]*);base64,")


@dataclass(frozen=True)
class ReceivedAttachment:
    """An accepted attachment; `size` is in bytes. Of several texts all but the last count as attachments."""

    kind: Literal["image", "pdf", "text"]
    media_type: str
    size: int
    name: str = ""


@dataclass(frozen=True)
class MessageContent:
    """The content of one message or part: `text` is the last of its texts, `tokens` estimates the tokens of all."""

    text: str
    attached: tuple[ReceivedAttachment, ...]
    tokens: int


def read_content(content: Any, role: str, where: str, switches: OpenAISwitches, model: str) -> MessageContent:
    """Return the content of a message: a string, or a list of parts; null is allowed for an assistant only.

    `where` is its place in the request for error messages, as `messages[0].content`. The tokens of images and PDFs are
    counted by the model's rule. Raise `OpenAIApiError` if it has
    another type, or a part is not acceptable.
    """
    if isinstance(content, str):
        return MessageContent(content, (), tokens_of(content))
    if content is None and role == "assistant":  # as in a message that is a refusal or a tool call
        return MessageContent("", (), 0)
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise wrong_type(where, "one of a string or array of objects")
    return _joined([_part(part, role, f"{where}[{index}]", switches, model) for index, part in enumerate(content)])


def _joined(parts: list[MessageContent]) -> MessageContent:
    """Join the contents of a message's parts into one: the last text is its text ("" if there is none).

    Texts before it become attachments of the kind `text`, in their order among the images and PDFs.
    """
    last = max((index for index, part in enumerate(parts) if not part.attached), default=-1)
    attached = [
        each
        for index, part in enumerate(parts)
        if index != last
        for each in part.attached or (ReceivedAttachment("text", "text/plain", len(part.text.encode())),)
    ]
    return MessageContent(parts[last].text if last >= 0 else "", tuple(attached), sum(part.tokens for part in parts))


def _part(part: Mapping[str, Any], role: str, where: str, switches: OpenAISwitches, model: str) -> MessageContent:
    """Return the content of one part: a text, and in a user's message also an image or a PDF.

    Raise `OpenAIApiError` if its type is not allowed for this role, a field is not acceptable, or `switches.vision` is
    off and it is no text.
    """
    kind = part.get("type")
    if kind not in TYPES:
        raise none_of(f"{where}.type", kind, TYPES)
    if kind == "text":
        return _text(part, where)
    if kind not in ("image_url", "file") or role != "user":
        raise none_of(f"{where}.type", kind, ("text",))
    if not switches.vision:
        # This refusal was seen with dots before the brackets, and without a code.
        place = where.replace("[", ".[")
        problem = f"Invalid content type. {kind} is only supported by certain models."
        raise OpenAIApiError(400, problem, param=f"{place}.type")
    read = _image if kind == "image_url" else _file
    return read(part, where, switches, model)


def _text(part: Mapping[str, Any], where: str) -> MessageContent:
    """Return the content of a text part. Raise `OpenAIApiError` if its `text` is missing or no string."""
    text = part.get("text")
    if text is None:
        raise missing(f"{where}.text")
    if not isinstance(text, str):
        raise wrong_type(f"{where}.text", "a string")
    return MessageContent(text, (), tokens_of(text))


def _image(part: Mapping[str, Any], where: str, switches: OpenAISwitches, model: str) -> MessageContent:
    """Return the content of an image part: one attachment, no text.

    Raise `OpenAIApiError` if its URL is no base64 data URL of an image, its detail is unknown, or the image is bad
    or has too many pixels.
    """
    image = _object(part, "image_url", where)
    url = _string(image, "url", f"{where}.image_url")
    detail = image.get("detail", "auto")
    if detail not in DETAILS:
        raise none_of(f"{where}.image_url.detail", detail, DETAILS)
    if url.startswith(("http://", "https://")):
        raise OpenAIApiError(400, f"Error while downloading {url}.", code="invalid_image_url")
    media_type, data = _decoded(url, f"{where}.image_url.url", "image", bad_image("invalid_base64_image"))
    if not media_type.startswith("image/"):
        raise OpenAIApiError(400, "Invalid MIME type. Only image types are supported.", code="invalid_image_format")
    _check_image(media_type, data, switches)
    tokens = picture_tokens(model, picture_size(media_type, data) or UNREADABLE, detail)
    return MessageContent("", (ReceivedAttachment("image", media_type, len(data)),), tokens)


def _check_image(media_type: str, data: bytes, switches: OpenAISwitches) -> None:
    """Raise `OpenAIApiError` if an image is empty, larger than `switches.file_bytes`, or no PNG, JPEG, GIF or WebP.

    Its first bytes must be those of its media type.
    """
    if not data:
        raise bad_image("empty_image_file")
    if len(data) > switches.file_bytes:
        raise bad_image("image_file_too_large")
    if media_type not in _IMAGE_SIGNATURES:
        raise bad_image("invalid_image_format")
    if not _IMAGE_SIGNATURES[media_type].match(data):
        raise bad_image("image_parse_error")


def _file(part: Mapping[str, Any], where: str, switches: OpenAISwitches, model: str) -> MessageContent:
    """Return the content of a file part, which must be a PDF with a filename: one attachment, no text.

    Raise `OpenAIApiError` if it names an uploaded file (`file_id`), lacks a field, is no base64 data URL of a PDF, or
    is larger than `switches.file_bytes`.
    """
    file = _object(part, "file", where)
    here = f"{where}.file"
    if "file_id" in file:
        raise wrong_value(f"{here}.file_id", "No such File object.")
    if "filename" not in file or "file_data" not in file:
        raise missing(f"{here}.file_id")  # OpenAI names this field, whichever is missing
    name, url = _string(file, "filename", here), _string(file, "file_data", here)
    media_type, data = _decoded(url, f"{here}.file_data", "file", _bad_file("The file could not be decoded."))
    if media_type != "application/pdf":
        raise _no_data_url(f"{here}.file_data", "file", f"got unsupported MIME type '{media_type}'")
    if len(data) > switches.file_bytes:
        raise _bad_file("The file is too large.")
    if not data.startswith(b"%PDF-"):
        raise _bad_file("The file could not be parsed.")
    attached = ReceivedAttachment("pdf", media_type, len(data), name)
    return MessageContent("", (attached,), pdf_tokens(model, data))


def _bad_file(problem: str) -> OpenAIApiError:
    return OpenAIApiError(400, problem, code="invalid_file")


def _decoded(url: str, where: str, what: str, undecodable: OpenAIApiError) -> tuple[str, bytes]:
    """Return the media type and the bytes of a data URL; `what` is `image` or `file`, for the error's message.

    Raise `OpenAIApiError` if it is no base64 data URL, and `undecodable` if its base64 is invalid.
    """
    match = _DATA_URL.match(url)
    if match is None:
        raise _no_data_url(where, what, "got a value without the 'data:' prefix")
    try:
        return match[1], base64.b64decode(url[match.end() :], validate=True)
    except ValueError:
        raise undecodable from None


def _no_data_url(where: str, what: str, problem: str) -> OpenAIApiError:
    """Return the error for an `image` or a `file` whose URL is not an acceptable data URL."""
    label, expected = ("image URL", "an image") if what == "image" else ("file data", "an application/pdf")
    expectation = f"Expected a base64-encoded data URL with {expected} MIME type"
    return wrong_value(where, f"Invalid {label}: '{where}'. {expectation}, but {problem}.")


def _object(part: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    """Return the field `name` of the part at `where`. Raise `OpenAIApiError` if it is missing or no object."""
    value = part.get(name)
    if value is None:
        raise missing(f"{where}.{name}")
    if not isinstance(value, dict):
        raise wrong_type(f"{where}.{name}", "an object")
    return value


def _string(fields: Mapping[str, Any], name: str, where: str) -> str:
    """Return the field `name` of the object at `where`. Raise `OpenAIApiError` if it is missing or no string."""
    value = fields.get(name)
    if value is None:
        raise missing(f"{where}.{name}")
    if not isinstance(value, str):
        raise wrong_type(f"{where}.{name}", "a string")
    return value
