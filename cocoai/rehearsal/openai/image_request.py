"""Read a request for a picture, drawn or edited, or refuse it with the error that OpenAI gives.

Fields and limits: OpenAI's API reference, POST /images/generations and /images/edits, and its own client's types, as of
2026-11. Streaming, GIF and SVG, which need a preview's access, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cocoai.rehearsal.openai.image_models import IMAGE_MODELS, qualities_of, version_of
from cocoai.rehearsal.openai.message_content import ReceivedAttachment
from cocoai.rehearsal.openai.multipart import FormPart
from cocoai.rehearsal.openai.openai_errors import OpenAIApiError, bad_image, missing, none_of, wrong_type, wrong_value
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.picture_bill import picture_tokens
from cocoai.rehearsal.openai.picture_size import PictureSize, picture_size

MIB = 1024 * 1024
LONGEST_PROMPT = 32_000
"""Characters."""

MOST_IMAGES, LARGEST_IMAGE, LARGEST_MASK = 16, 50 * MIB, 4 * MIB
"""Pictures of one request, and bytes of each and of a mask."""

_DRAWING = """
background complexity model moderation n output_compression output_format partial_images prompt quality
safety_identifier size stream user
"""
_KNOWN = frozenset(_DRAWING.split())
_FILES = ("image", "image[]", "mask")
_NUMBERS = ("n", "output_compression", "partial_images")
_SIZE = re.compile(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})")
_TYPES = {"image/png": rb"\x89PNG\r\n\x1a\n", "image/jpeg": rb"\xff\xd8\xff", "image/webp": rb"RIFF....WEBP"}


@dataclass(frozen=True)
class ImageRequest:
    """An accepted request. `sent_tokens` are those of the pictures sent, `attached` describes them."""

    model: str
    prompt: str
    n: int
    size: PictureSize
    quality: str
    form: str
    sent_tokens: int = 0
    attached: tuple[ReceivedAttachment, ...] = ()


def read_drawing(body: Any, switches: OpenAISwitches) -> ImageRequest:
    """Return a request to draw, from its JSON. Raise `OpenAIApiError` if it is refused."""
    if not isinstance(body, dict):
        raise OpenAIApiError(400, "We could not parse the JSON body of your request.")
    return _read(body, switches)


def read_edit(parts: list[FormPart], switches: OpenAISwitches) -> ImageRequest:
    """Return a request to edit pictures, from its form. Raise `OpenAIApiError` if it is refused."""
    fields: dict[str, Any] = {each.name: each.text for each in parts if each.name not in _FILES}
    for name in _NUMBERS:
        if str(fields.get(name, "")).isdigit():
            fields[name] = int(fields[name])
    if fields.pop("input_fidelity", "low") not in ("high", "low"):
        raise none_of("input_fidelity", "", ("high", "low"))
    images = [each for each in parts if each.name in ("image", "image[]")]
    if not images:
        raise missing("image")
    if len(images) > MOST_IMAGES:
        raise wrong_value("image", f"You can upload at most {MOST_IMAGES} images.")
    sizes = [_image_size(each) for each in images]
    for mask in (each for each in parts if each.name == "mask"):
        _check_mask(mask, sizes[0])
    tokens = sum(picture_tokens("gpt-6-luna", size, "auto") for size in sizes)
    attached = tuple(ReceivedAttachment("image", each.media_type, len(each.data), each.filename) for each in images)
    return _read(fields, switches, tokens, attached)


def _read(
    fields: Mapping[str, Any],
    switches: OpenAISwitches,
    sent_tokens: int = 0,
    attached: tuple[ReceivedAttachment, ...] = (),
) -> ImageRequest:
    for name in fields:
        if name not in _KNOWN or name in switches.refuses:
            raise OpenAIApiError(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    model, prompt = _model(fields, switches), _prompt(fields)
    form = _form(fields)
    if fields.get("stream"):
        raise OpenAIApiError(400, "Streaming is not available here.", param="stream", code="unsupported_value")
    if fields.get("complexity") is not None and version_of(model) < (2, 6):
        raise OpenAIApiError(400, f"'{model}' has no complexity.", param="complexity", code="unsupported_parameter")
    for name, values in (("moderation", ("auto", "low")), ("background", ("transparent", "opaque", "auto"))):
        if fields.get(name) not in (None, *values):
            raise none_of(name, fields[name], values)
    if fields.get("background") == "transparent" and form not in ("png", "webp"):
        raise wrong_value("background", "Transparent backgrounds need output_format 'png' or 'webp'.")
    quality = fields.get("quality", "auto")
    if quality not in ("auto", *qualities_of(model)):
        raise none_of("quality", quality, (*qualities_of(model), "auto"))
    n = _number(fields, "n", 1, 10, 1)
    size = _size(fields.get("size", "auto"))
    return ImageRequest(model, prompt, n, size, "high" if quality == "auto" else quality, form, sent_tokens, attached)


def _model(fields: Mapping[str, Any], switches: OpenAISwitches) -> str:
    """Return the model; without one the specification's default counts, which is gone."""
    model = fields.get("model", "dall-e-2")
    if not isinstance(model, str):
        raise wrong_type("model", "a string")
    if model not in IMAGE_MODELS or model in switches.gone:
        raise OpenAIApiError(404, f"The model '{model}' does not exist", param="model", code="model_not_found")
    return model


def _prompt(fields: Mapping[str, Any]) -> str:
    prompt = fields.get("prompt")
    if not prompt:
        raise missing("prompt")
    if not isinstance(prompt, str):
        raise wrong_type("prompt", "a string")
    if len(prompt) > LONGEST_PROMPT:
        problem = f"Invalid 'prompt': string too long. Expected at most {LONGEST_PROMPT} characters."
        raise OpenAIApiError(400, problem, param="prompt", code="string_above_max_length")
    return prompt


def _form(fields: Mapping[str, Any]) -> str:
    form = str(fields.get("output_format", "png"))
    if form not in ("png", "jpeg", "webp"):
        raise none_of("output_format", form, ("png", "jpeg", "webp"))
    if fields.get("output_compression") is not None:
        _number(fields, "output_compression", 0, 100, 100)
        if form == "png":
            raise wrong_value("output_compression", "Compression is for 'jpeg' and 'webp' alone.")
    return form


def _number(fields: Mapping[str, Any], name: str, least: int, most: int, default: int) -> int:
    value = fields.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_type(name, "an integer")
    if not least <= value <= most:
        raise wrong_value(name, f"Invalid '{name}': expected {least} to {most}.")
    return value


def _size(text: Any) -> PictureSize:
    """Return the size that is asked for, in pixels."""
    if text == "auto":
        return 1024, 1024
    found = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise wrong_value("size", f"Invalid size '{text}'. Use WIDTHxHEIGHT or 'auto'.")
    width, height = int(found[1]), int(found[2])
    if width % 16 or height % 16:
        raise wrong_value("size", f"Invalid size '{text}': width and height must be divisible by 16.")
    if max(width, height) > 3 * min(width, height):
        raise wrong_value("size", f"Invalid size '{text}': the ratio must be between 1:3 and 3:1.")
    if max(width, height) > 3840 or width * height > 3840 * 2160:
        raise wrong_value("size", f"Invalid size '{text}': at most 3840x2160.")
    return width, height


def _image_size(part: FormPart) -> PictureSize:
    if len(part.data) >= LARGEST_IMAGE:
        raise bad_image("image_file_too_large")
    pattern = _TYPES.get(part.media_type)
    if pattern is None:  # a part without a type, or an unknown one
        problem = f"Invalid file '{part.name}': unsupported mimetype ('{part.media_type}')."
        raise OpenAIApiError(400, problem, param="image", code="unsupported_file_mimetype")
    size = picture_size(part.media_type, part.data) if re.match(pattern, part.data, re.DOTALL) else None
    if size is None:
        raise bad_image("invalid_image_file")
    return size


def _check_mask(mask: FormPart, size: PictureSize) -> None:
    if len(mask.data) >= LARGEST_MASK:
        raise bad_image("image_file_too_large")
    if picture_size("image/png", mask.data) != size:
        raise OpenAIApiError(400, "The mask must be a PNG of the image's size.", param="mask", code="invalid_mask")
