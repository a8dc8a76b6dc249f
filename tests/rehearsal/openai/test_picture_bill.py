"""What pictures and PDFs cost in tokens: by patches or by tiles, from their real size."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import pytest

from cocoai.rehearsal.openai.completion_request import CompletionRequest, read_request
from cocoai.rehearsal.openai.openai_errors import OpenAIApiError
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.picture_bill import PAGE, pdf_tokens, picture_tokens
from cocoai.rehearsal.openai.picture_size import PictureSize, picture_size

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

PHOTO = (4032, 3024)


@pytest.mark.parametrize(
    ("model", "size", "detail", "tokens"),
    [
        ("gpt-6-luna", (1, 1), "auto", 2),
        ("gpt-6-luna", (256, 256), "high", 77),
        ("gpt-6-luna", (1024, 1024), "auto", 1229),
        ("gpt-6-luna", (1920, 1080), "auto", 2448),
        ("gpt-6-luna", (1920, 1080), "high", 2448),
        ("gpt-6-luna", (3840, 2160), "original", 9792),
        ("gpt-6-luna", PHOTO, "auto", 14364),
        ("gpt-6-luna", PHOTO, "high", 2942),
        ("gpt-6-luna", PHOTO[::-1], "high", 2942),
        ("gpt-6-luna", PHOTO, "low", 231),
        ("gpt-5.6-luna", PHOTO, "high", 2942),
        ("gpt-6-luna", (100_000, 10), "high", 77),
        ("gpt-5.5", PHOTO, "auto", 11868),
        ("gpt-5.5", PHOTO, "high", 2942),
        ("gpt-5.5", (8000, 32), "auto", 226),
        ("gpt-5.4-mini", PHOTO, "auto", 2942),
        ("gpt-5.4-mini", PHOTO, "low", 7236),
        ("gpt-5.2", PHOTO, "high", 3687),
        ("gpt-4.1-mini", (1024, 1024), "low", 1659),
        ("gpt-5.1", (1024, 1024), "high", 70 + 4 * 140),
        ("gpt-4o", (1024, 1024), "auto", 765),
        ("gpt-4o", (512, 512), "high", 85 + 170),
        ("gpt-4o", (2048, 4096), "high", 85 + 6 * 170),
        ("gpt-4o", PHOTO, "low", 85),
        ("gpt-4o-mini", (1024, 1024), "high", 2833 + 4 * 5667),
        ("gpt-4o-mini", PHOTO, "low", 2833),
    ],
)
def test_picture_tokens(model: str, size: PictureSize, detail: str, tokens: int) -> None:
    """Each family has its own rule; left at auto, the newest models do not shrink a photo."""
    assert tokens == picture_tokens(model, size, detail)


def test_too_many_patches() -> None:
    """Above 30,000 patches the newest models refuse a picture, unless its detail shrinks it."""
    huge = (7680, 5504)
    assert 41_280 > picture_tokens("gpt-6-luna", (5536, 5536), "auto") > 35_000
    with pytest.raises(OpenAIApiError) as caught:
        picture_tokens("gpt-6-luna", huge, "auto")

    assert (400, "image_too_large") == (caught.value.status, caught.value.name)
    assert picture_tokens("gpt-6-luna", huge, "high") <= 3000
    assert picture_tokens("gpt-5.5", huge, "auto") <= 12_000


def png(width: int, height: int) -> bytes:
    """Return the beginning of a PNG."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII5x", 13, b"IHDR", width, height)


def jpeg(*segments: tuple[int, bytes]) -> bytes:
    """Return the beginning of a JPEG with these segments: a marker and its data each."""
    return b"\xff\xd8" + b"".join(
        b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data for marker, data in segments
    )


FRAME = struct.pack(">BHHB", 8, 480, 640, 3)


def webp(chunk: bytes, data: bytes) -> bytes:
    """Return the beginning of a WebP with this chunk."""
    return b"RIFF\0\0\0\0WEBP" + chunk + struct.pack("<I", len(data)) + data + bytes(10)


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        ("image/png", png(640, 480)),
        ("image/gif", b"GIF89a" + struct.pack("<HH", 640, 480)),
        ("image/jpeg", jpeg((0xE0, b"JFIF"), (0xC4, b"table"), (0xC2, FRAME))),
        ("image/jpeg", b"\xff\xd8\xff\xff\x01" + jpeg((0xC0, FRAME))[2:]),
        ("image/webp", webp(b"VP8X", bytes(4) + (639).to_bytes(3, "little") + (479).to_bytes(3, "little"))),
        ("image/webp", webp(b"VP8L", b"\x2f" + (639 | 479 << 14).to_bytes(4, "little"))),
        ("image/webp", webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480))),
    ],
)
def test_size_in_the_header(media_type: str, data: bytes) -> None:
    """The size is read from the header of each type."""
    assert (640, 480) == picture_size(media_type, data)


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        ("image/png", png(640, 480)[:20]),
        ("image/png", png(0, 480)),
        ("image/gif", b"GIF89a"),
        ("image/jpeg", b"\xff\xd8\xff\xe0"),
        ("image/jpeg", jpeg((0xE0, b"JFIF"))),
        ("image/jpeg", jpeg((0xC0, FRAME))[:8]),
        ("image/webp", b"RIFF"),
        ("image/webp", webp(b"JUNK", bytes(20))),
        ("image/bmp", b"BM"),
    ],
)
def test_damaged_header(media_type: str, data: bytes) -> None:
    """A header that is cut, damaged or of another type has no size."""
    assert picture_size(media_type, data) is None


@pytest.mark.parametrize(
    ("content", "characters"),
    [
        (b"BT (Hello, world) Tj ET", 12),
        (b"[(Hel) -20 (lo)] TJ (more\\)) '", 12),
        (b"no text (at all) here", 0),
    ],
)
@pytest.mark.parametrize("compressed", [True, False])
def test_pdf_tokens(content: bytes, characters: int, *, compressed: bool) -> None:
    """A PDF costs a picture of each page, with or without pictures in it, and the text that it shows."""
    stream = zlib.compress(content) if compressed else content
    data = b"%PDF-1.7 /Type /Pages /Type /Page /Type/Page stream\n" + stream + b"\nendstream"
    pages = 2 * picture_tokens("gpt-6-luna", PAGE, "high")

    assert 3000 >= pages // 2 > 2000
    assert (characters + 3) // 4 == pdf_tokens("gpt-6-luna", data) - pages


def test_pages_inside_compressed_objects() -> None:
    """Pages that are hidden in an object stream are counted; a PDF without any has one."""
    objects = zlib.compress(b"<< /Type /Page >> << /Type /Page >> << /Type /Page >>")
    one = pdf_tokens("gpt-6-luna", b"%PDF-1.7")

    assert 3 * one == pdf_tokens("gpt-6-luna", b"%PDF-1.7 stream\r\n" + objects + b"\r\nendstream")


def read(model: str, **detail: str) -> CompletionRequest:
    """Return the request of a photo alone."""
    url = f"data:image/png;base64,{base64.b64encode(png(*PHOTO)).decode()}"
    part: dict[str, Any] = {"type": "image_url", "image_url": {"url": url, **detail}}
    return read_request({"model": model, "messages": [{"role": "user", "content": [part]}]}, OpenAISwitches())


@pytest.mark.parametrize(
    ("model", "detail", "tokens"),
    [
        ("gpt-6-luna", {}, 14364),
        ("gpt-6-luna", {"detail": "high"}, 2942),
        ("gpt-4o", {}, 85 + 4 * 170),
    ],
)
def test_photo_in_a_request(model: str, detail: dict[str, str], tokens: int) -> None:
    """A request's photo counts by its real size, its detail and the request's model."""
    assert tokens + 4 == read(model, **detail).prompt_tokens
