"""The content of a message: attachments are checked as OpenAI does, and refused with its errors."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from cocoai.rehearsal.openai.message_content import MessageContent, ReceivedAttachment, read_content
from cocoai.rehearsal.openai.openai_errors import OpenAIApiError
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.picture_bill import PAGE, picture_tokens

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

PNG = b"\x89PNG\r\n\x1a\n..."
IMAGES = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0...",
    "image/gif": b"GIF89a...",
    "image/webp": b"RIFF\n\0\0\0WEBPVP8 ",
}
PDF = b"%PDF-1.7\n<< /Type /Pages >>\n<< /Type /Page >>\n<< /Type/Page >>\n"


MODEL = "gpt-6-luna"
UNREADABLE_TOKENS = 1229
"""Tokens of an image whose size cannot be read: 1024 patches times 1.2."""


def data_url(media_type: str, data: bytes) -> str:
    """Return a data URL in base64."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def image(url: object, **more: object) -> dict[str, Any]:
    """Return an image part."""
    return {"type": "image_url", "image_url": {"url": url, **more}}


def file(**fields: object) -> dict[str, Any]:
    """Return a file part with these fields."""
    return {"type": "file", "file": fields}


def text(text: str) -> dict[str, Any]:
    """Return a text part."""
    return {"type": "text", "text": text}


def read(*parts: object, role: str = "user", **switches: Any) -> MessageContent:
    """Read the content of a message with these parts, with these switches."""
    return read_content(list(parts), role, "messages[0].content", OpenAISwitches(**switches), MODEL)


@pytest.mark.parametrize(("media_type", "data"), IMAGES.items())
def test_image(media_type: str, data: bytes) -> None:
    """Each of the four image types is accepted by its first bytes."""
    content = read(image(data_url(media_type, data), detail="auto"), text("What is it?"))

    assert (ReceivedAttachment("image", media_type, len(data)),) == content.attached
    assert ("What is it?", UNREADABLE_TOKENS + 3) == (content.text, content.tokens)


def test_pdf() -> None:
    """A PDF is accepted with its name, and its tokens are counted by its pages."""
    content = read(text("Sum it up."), file(filename="plan.pdf", file_data=data_url("application/pdf", PDF)))

    assert (ReceivedAttachment("pdf", "application/pdf", len(PDF), "plan.pdf"),) == content.attached
    assert ("Sum it up.", 2 * picture_tokens(MODEL, PAGE, "high") + 3) == (content.text, content.tokens)


def test_last_text_is_the_message() -> None:
    """The last text is the message's, those before it are attachments; without any it is empty."""
    content = read(text("notes: 覚え書き"), text("What do they say?"))

    assert ("What do they say?", (ReceivedAttachment("text", "text/plain", 19),)) == (content.text, content.attached)
    assert "" == read(image(data_url("image/png", PNG))).text


WHERE = "messages[0].content[0]"


@pytest.mark.parametrize(
    ("part", "param", "code"),
    [
        ({"type": "video"}, f"{WHERE}.type", "invalid_value"),
        ({"type": "input_audio"}, f"{WHERE}.type", "invalid_value"),
        ({"type": "text"}, f"{WHERE}.text", "missing_required_parameter"),
        ({"type": "text", "text": 7}, f"{WHERE}.text", "invalid_type"),
        ({"type": "image_url"}, f"{WHERE}.image_url", "missing_required_parameter"),
        ({"type": "image_url", "image_url": "data:"}, f"{WHERE}.image_url", "invalid_type"),
        ({"type": "image_url", "image_url": {}}, f"{WHERE}.image_url.url", "missing_required_parameter"),
        (image("abc"), f"{WHERE}.image_url.url", "invalid_value"),
        (image("data:image/png,abc"), f"{WHERE}.image_url.url", "invalid_value"),
        (image("https://example.com/a.png"), None, "invalid_image_url"),
        (image("data:image/png;base64,AAA"), None, "invalid_base64_image"),
        (image("data:image/png;base64,A A="), None, "invalid_base64_image"),
        (image(data_url("text/plain", PNG)), None, "invalid_image_format"),
        (image(data_url("image/bmp", b"BM")), None, "invalid_image_format"),
        (image(data_url("image/jpeg", PNG)), None, "image_parse_error"),
        (image(data_url("image/png", b"<html>")), None, "image_parse_error"),
        (image(data_url("image/png", b"")), None, "empty_image_file"),
        (image(data_url("image/png", PNG * 20)), None, "image_file_too_large"),
        (image(data_url("image/png", PNG), detail="best"), f"{WHERE}.image_url.detail", "invalid_value"),
        (file(), f"{WHERE}.file.file_id", "missing_required_parameter"),
        (file(filename="a"), f"{WHERE}.file.file_id", "missing_required_parameter"),
        (file(file_data=data_url("application/pdf", PDF)), f"{WHERE}.file.file_id", "missing_required_parameter"),
        (file(file_id="file-1"), f"{WHERE}.file.file_id", "invalid_value"),
        (file(filename=1, file_data="data:"), f"{WHERE}.file.filename", "invalid_type"),
        (file(filename="a", file_data="abc"), f"{WHERE}.file.file_data", "invalid_value"),
        (file(filename="a", file_data=data_url("text/plain", PDF)), f"{WHERE}.file.file_data", "invalid_value"),
        (file(filename="a", file_data=data_url("application/pdf", PNG)), None, "invalid_file"),
        (file(filename="a", file_data="data:application/pdf;base64,AAA"), None, "invalid_file"),
        (file(filename="a", file_data=data_url("application/pdf", PDF * 4)), None, "invalid_file"),
    ],
)
def test_invalid_parts(part: dict[str, Any], param: str | None, code: str) -> None:
    """An invalid part is refused with HTTP 400 and the place or the code; no URL is fetched."""
    with pytest.raises(OpenAIApiError) as caught:
        read(part, file_bytes=100)

    assert (400, param, code) == (caught.value.status, *_param_and_code(caught.value))


@pytest.mark.parametrize("role", ["system", "assistant"])
@pytest.mark.parametrize("part", [image(data_url("image/png", PNG)), file(filename="a", file_data="")])
def test_attachments_of_other_roles(role: str, part: dict[str, Any]) -> None:
    """Only messages of the user may have attachments."""
    with pytest.raises(OpenAIApiError) as caught:
        read(part, role=role)

    assert (f"{WHERE}.type", "invalid_value") == _param_and_code(caught.value)


@pytest.mark.parametrize("part", [image(data_url("image/png", PNG)), file(filename="a", file_data="")])
def test_model_without_vision(part: dict[str, Any]) -> None:
    """A model without vision refuses attachments; its error has dots in the place, and no code."""
    with pytest.raises(OpenAIApiError, match="only supported by certain models") as caught:
        read(text("?"), part, vision=False)

    assert ("messages.[0].content.[1].type", None) == _param_and_code(caught.value)


def _param_and_code(error: OpenAIApiError) -> tuple[object, object]:
    """Return an error's param and code."""
    return error.body["error"]["param"], error.body["error"]["code"]
