"""chatgpt/image_size.py: the size of a picture is read from its header, and odd headers have none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.chatgpt.image_size import image_size
from tests.chatgpt.pictures import gif, jpeg, png, webp_extended, webp_lossless, webp_lossy

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

FORMATS: tuple[Callable[[int, int], bytes], ...] = (png, jpeg, gif, webp_lossy, webp_lossless, webp_extended)

EXIF = b"\xff\xe1\0\x0dExif\0\0" + jpeg(160, 120)[:5]
"""A segment that holds the beginning of a preview, a picture of its own."""


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("size", [(1, 1), (1920, 1080), (3024, 4032), (16383, 2)])
def test_a_size_is_read_from_the_header(form: Callable[[int, int], bytes], size: tuple[int, int]) -> None:
    """Each format that the model takes tells its width and height, in this order."""
    assert size == image_size(form(*size))
    assert size == image_size(form(*size) + b"\xff" * 100)


def test_the_oldest_gif_has_a_size() -> None:
    """Both versions of GIF are read."""
    assert (7, 9) == image_size(gif(7, 9, version=b"GIF87a"))


@pytest.mark.parametrize("marker", [*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)])
def test_every_kind_of_frame_tells_the_size(marker: int) -> None:
    """A JPEG may be baseline, progressive, lossless or arithmetic."""
    assert (640, 480) == image_size(jpeg(640, 480, marker=marker))


@pytest.mark.parametrize(
    "before",
    [
        b"",
        EXIF,
        b"\xff\xc4\0\x03\0",
        b"\xff\xff\xff\xff\xe0\0\x02",
        b"\xff\x01\xff\xd0",
        b"\xff\xfe\xff\xff" + bytes(65533),
    ],
    ids=["nothing", "preview", "table", "fill", "bare", "longest comment"],
)
def test_what_stands_before_the_frame_is_skipped(before: bytes) -> None:
    """The size is that of the frame, not of a preview or of what looks like a marker in a segment."""
    assert (640, 480) == image_size(jpeg(640, 480, before=before))


@pytest.mark.parametrize("form", FORMATS)
def test_a_header_that_is_cut_has_no_size(form: Callable[[int, int], bytes]) -> None:
    """However little of a header is there, the answer is None or the size, and no error."""
    whole = form(300, 200)
    sizes = {image_size(whole[:length]) for length in range(len(whole))}

    assert {None} <= sizes <= {None, (300, 200)}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        b"BM\x36\0\0\0",
        png(0, 10),
        png(10, 0),
        gif(0, 0),
        jpeg(640, 0),
        b"\xff\xd8\xff\xda\0\x08" + jpeg(640, 480)[2:],
        b"\xff\xd8\xff\xd9" + jpeg(640, 480)[2:],
        b"\xff\xd8" + bytes(50),
        b"\xff\xd8" + b"\xff" * 50,
        b"\xff\xd8" + b"\xff\xe0\0\0" * 50,
        jpeg(640, 480, before=b"\xff\xe0\0\x02" * 10_000),
        webp_lossy(30, 20).replace(b"\x9d\x01\x2a", b"\0\0\0"),
        webp_lossless(30, 20).replace(b"\x2f", b"\0"),
        webp_extended(30, 20).replace(b"VP8X", b"ICCP"),
        b"RIFF\x24\0\0\0WAVEfmt ",
    ],
)
def test_an_odd_header_has_no_size(data: bytes) -> None:
    """Another file, a size of 0, and a header that contradicts itself give None."""
    assert image_size(data) is None


@given(st.sampled_from(FORMATS), st.binary(max_size=60), st.integers(0, 20))
def test_any_bytes_have_a_size_or_none(form: Callable[[int, int], bytes], noise: bytes, kept: int) -> None:
    """No bytes behind the beginning of a picture lead to an error, or to a size that is not positive."""
    size = image_size(form(5, 5)[:kept] + noise)

    assert size is None or min(size) > 0
