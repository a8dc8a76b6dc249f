"""The practice OpenAI's pictures, asked for by OpenAI's own client over TLS: what it draws, bills and refuses."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai.types import ImagesResponse

from cocoai.rehearsal.openai.image_models import IMAGE_MODELS
from cocoai.rehearsal.openai.picture_size import picture_size
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.openai.practice_picture import practice_picture

FLARE = "gpt-image-2.6-flare"
PNG = practice_picture("png", 640, 480, "a cat")
MIB = 1024 * 1024


def draw(client: openai.OpenAI, prompt: str = "a cat", **more: Any) -> ImagesResponse:
    """Ask for a picture."""
    arguments: dict[str, Any] = {"model": FLARE, "prompt": prompt, "size": "1536x1024", "quality": "medium", **more}
    response = client.images.generate(**arguments)
    assert isinstance(response, ImagesResponse)
    return response


def edit(client: openai.OpenAI, *images: bytes, **more: Any) -> ImagesResponse:
    """Ask for a picture made from others, which are PNGs."""
    files = [(f"{n}.png", data, "image/png") for n, data in enumerate(images)]
    arguments: dict[str, Any] = {"model": FLARE, "prompt": "bluer", "size": "1024x1024", "quality": "low", **more}
    response = client.images.edit(image=files if len(files) > 1 else files[0], **arguments)
    assert isinstance(response, ImagesResponse)
    return response


def picture(response: ImagesResponse) -> bytes:
    """Return the bytes of the one picture."""
    assert response.data is not None
    (found,) = response.data
    return base64.b64decode(found.b64_json or "", validate=True)


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_a_picture_has_the_size_and_the_format_that_were_asked_for(client: openai.OpenAI, form: str) -> None:
    """It is a true one: its header says so."""
    response = draw(client, output_format=form)

    assert (1536, 1024) == picture_size(f"image/{form}", picture(response))
    assert ("1536x1024", form, "medium") == (response.size, response.output_format, response.quality)


def test_a_png_can_be_unpacked_and_a_jpeg_ends_as_one() -> None:
    """Both are whole, also with noise in them."""
    png, jpeg = (practice_picture(form, 32, 16, "x", padding=100_000) for form in ("png", "jpeg"))

    at = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[at - 4 : at])

    assert 16 * (1 + 32 * 3) == len(zlib.decompress(png[at + 4 : at + 4 + length]))
    assert jpeg.endswith(b"\xff\xd9")
    assert min(len(png), len(jpeg)) > 100_000


def test_a_picture_is_billed_by_its_tokens(client: openai.OpenAI, practice: PracticeOpenAI) -> None:
    """What the usage says, at 5, 8 and 30 dollars a million, is on the books."""
    drawn, edited = draw(client).usage, edit(client, PNG, PNG).usage
    assert drawn is not None
    assert edited is not None

    def cost(usage: Any) -> int:
        details = usage.input_tokens_details
        return int(5000 * details.text_tokens + 8000 * details.image_tokens + 30_000 * usage.output_tokens)

    assert [cost(drawn), cost(edited)] == [bill.nano_dollars for bill in practice.bills]
    assert drawn.total_tokens == drawn.input_tokens + drawn.output_tokens
    assert (0, 720) == (drawn.input_tokens_details.image_tokens, edited.input_tokens_details.image_tokens)


def test_what_was_sent_is_recorded(client: openai.OpenAI, practice: PracticeOpenAI) -> None:
    """Of a form its plain fields, and each picture by its name, type and size."""
    edit(client, PNG)

    request = practice.requests[-1]
    assert {"model": FLARE, "prompt": "bluer", "size": "1024x1024", "quality": "low"} == request.body
    assert [("0.png", "image/png", len(PNG))] == [(each.name, each.media_type, each.size) for each in request.attached]


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"model": "dall-e-3"}, 404, "model_not_found"),
    ({"model": "gpt-image-1.5"}, 404, "model_not_found"),
    ({"model": openai.omit}, 404, "model_not_found"),
    ({"model": "gpt-6-luna"}, 404, "model_not_found"),
    ({"prompt": "x" * 32_001}, 400, "string_above_max_length"),
    ({"prompt": ""}, 400, "missing_required_parameter"),
    ({"prompt": "something forbidden"}, 400, "moderation_blocked"),
    ({"size": "1000x1000"}, 400, "invalid_value"),
    ({"size": "256x1024"}, 400, "invalid_value"),
    ({"size": "4096x2304"}, 400, "invalid_value"),
    ({"size": "big"}, 400, "invalid_value"),
    ({"quality": "hd"}, 400, "invalid_value"),
    ({"quality": "max", "model": "gpt-image-2"}, 400, "invalid_value"),
    ({"n": 11}, 400, "invalid_value"),
    ({"output_format": "gif"}, 400, "invalid_value"),
    ({"output_format": "png", "output_compression": 85}, 400, "invalid_value"),
    ({"output_format": "jpeg", "output_compression": 101}, 400, "invalid_value"),
    ({"background": "transparent", "output_format": "jpeg"}, 400, "invalid_value"),
    ({"moderation": "none"}, 400, "invalid_value"),
    ({"response_format": "b64_json"}, 400, "unknown_parameter"),
    ({"style": "vivid"}, 400, "unknown_parameter"),
    ({"extra_body": {"complexity": "low"}, "model": "gpt-image-2.5-flare"}, 400, "unsupported_parameter"),
]


@pytest.mark.parametrize(("changes", "status", "code"), REFUSED)
def test_what_openai_refuses_is_refused(
    client: openai.OpenAI, practice: PracticeOpenAI, changes: dict[str, Any], status: int, code: str
) -> None:
    """With its status and its code; only what moderation blocks is billed."""
    with pytest.raises(openai.APIStatusError) as raised:
        draw(client, **changes)

    assert (status, code) == (raised.value.status_code, raised.value.code)
    assert (code == "moderation_blocked") == bool(practice.bills)


@pytest.mark.parametrize(
    ("images", "code"),
    [
        ([PNG] * 17, "invalid_value"),
        ([b"hello"], "invalid_image_file"),
        ([PNG + bytes(7 * MIB)], ""),
    ],
    ids=["seventeen", "no picture", "a large one"],
)
def test_pictures_that_cannot_be_edited(client: openai.OpenAI, images: list[bytes], code: str) -> None:
    """Too many are refused, and what is no picture; a large one is not."""
    if not code:
        edit(client, *images)
        return
    with pytest.raises(openai.BadRequestError) as raised:
        edit(client, *images)

    assert code == raised.value.code


def test_a_mask_has_the_picture_s_size(client: openai.OpenAI) -> None:
    """Another is refused."""
    edit(client, PNG, mask=("mask.png", PNG, "image/png"))
    with pytest.raises(openai.BadRequestError) as raised:
        edit(client, PNG, mask=("mask.png", practice_picture("png", 32, 32, ""), "image/png"))

    assert "invalid_mask" == raised.value.code


@pytest.mark.parametrize("kind", ["cut", "gone"])
def test_a_picture_that_breaks_off(client: openai.OpenAI, practice: PracticeOpenAI, kind: Any) -> None:
    """The connection is closed, in the middle of the picture or before it."""
    practice.fail_picture(kind)

    with pytest.raises(openai.APIConnectionError):
        draw(client)
    assert "ok" == (draw(client) and practice.requests[-1].outcome)


def _is_png(response: ImagesResponse) -> bool:
    return picture(response).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("kind", "is_so"),
    [
        ("another type", _is_png),
        ("not a picture", lambda response: picture(response).startswith(b"<!DOCTYPE")),
        ("no usage", lambda response: response.usage is None),
    ],
)
def test_a_picture_with_something_wrong(
    client: openai.OpenAI, practice: PracticeOpenAI, kind: Any, is_so: Callable[[ImagesResponse], bool]
) -> None:
    """Each is billed as any other."""
    practice.fail_picture(kind)

    assert is_so(draw(client, output_format="jpeg"))
    assert 1 == len(practice.bills)


def test_the_models_that_draw_are_listed(client: openai.OpenAI, practice: PracticeOpenAI) -> None:
    """Each can be asked for, unless it is gone."""
    assert set(IMAGE_MODELS) <= {model.id for model in client.models.list()}
    practice.switches.gone = frozenset({FLARE})
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve(FLARE)
