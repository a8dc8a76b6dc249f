"""chatgpt/picture_tokens.py: the tokens of a picture, by the published examples and by the rules' own limits."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.chatgpt.picture_tokens import Detail, picture_tokens
from tests.chatgpt.pictures import jpeg, png, webp_extended

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

PHOTO = (4032, 3024)
"""A phone's photo of 12 megapixels."""

MODELS = (
    *("gpt-6-luna", "gpt-6.2-sol", "gpt-5.6", "gpt-5.6-terra", "gpt-5.5", "chat-latest", "gpt-5.4", "gpt-5.4-nano"),
    *("gpt-5.2", "gpt-4.1-mini", "gpt-5.1", "gpt-4o", "gpt-4.1", "gpt-4o-mini"),
)
DETAILS: tuple[Detail, ...] = get_args(Detail)


def tokens(model: str, size: tuple[int, int], detail: Detail) -> int:
    """Return the tokens of a PNG of that size."""
    return picture_tokens(model, png(*size), detail)


@pytest.mark.parametrize(
    ("size", "detail", "expected"),
    [
        ((1024, 1024), "high", 1229),
        ((1024, 1024), "auto", 1229),
        ((1920, 1080), "high", 2448),
        ((1920, 1080), "auto", 2448),
        ((3840, 2160), "auto", 9792),
        (PHOTO, "auto", 14364),
        (PHOTO, "high", 2942),
        (PHOTO, "low", 231),
    ],
)
@pytest.mark.parametrize("model", ["gpt-6-luna", "gpt-6.1-terra", "gpt-6.2-sol", "gpt-5.6", "gpt-5.6-luna"])
def test_the_published_sizes_on_gpt_6(model: str, size: tuple[int, int], detail: Detail, expected: int) -> None:
    """gpt-6.x and gpt-5.6 count as OpenAI's published table does, to the token, lying or standing."""
    assert expected == tokens(model, size, detail)
    assert expected == picture_tokens(model, jpeg(size[1], size[0]), detail)


def test_auto_on_gpt_6_does_not_shrink() -> None:
    """Left at auto, a photo costs almost five times what it costs at high; above 30,000 patches none is accepted."""
    assert tokens("gpt-6-luna", PHOTO, "auto") > 4.8 * tokens("gpt-6-luna", PHOTO, "high")
    assert 36_000 >= tokens("gpt-6-luna", (7952, 5304), "auto") > 35_000


def test_high_on_gpt_6_has_at_most_3000_tokens() -> None:
    """High fits a picture into 2048 by 2048 pixels and 2,500 patches."""
    assert 3000 == tokens("gpt-6-luna", (2048, 2048), "high")
    assert 3000 == tokens("gpt-6-luna", (20_000, 20_000), "high")


def test_low_on_gpt_6_fits_into_512_pixels() -> None:
    """Low has at most 16 by 16 patches, and a smaller picture is not enlarged."""
    assert 308 == tokens("gpt-6-luna", (5000, 5000), "low")
    assert 2 == tokens("gpt-6-luna", (1, 1), "low")


def test_auto_on_gpt_5_5_has_limits() -> None:
    """On gpt-5.5 auto shrinks to 6,000 pixels and 10,000 patches, and high as on gpt-6."""
    assert 12_000 >= tokens("gpt-5.5", PHOTO, "auto") > 11_800
    assert 188 * 1 * 1.2 <= tokens("gpt-5.5", (12_000, 10), "auto") < 188 * 1.2 + 1
    assert 2942 == tokens("gpt-5.5", PHOTO, "high")


@pytest.mark.parametrize("model", ["gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano"])
def test_low_on_gpt_5_4_can_cost_more_than_high(model: str) -> None:
    """On gpt-5.4 auto is high, and low allows 6,144 patches."""
    assert 2942 == tokens(model, PHOTO, "high") == tokens(model, PHOTO, "auto")
    assert 7373 >= tokens(model, PHOTO, "low") > 7200


@pytest.mark.parametrize(("model", "expected"), [("gpt-5.2", 3687), ("gpt-4.1-mini", 4977)])
@pytest.mark.parametrize("detail", DETAILS)
def test_all_details_are_one_on_gpt_5_2_and_4_1_mini(model: str, expected: int, detail: Detail) -> None:
    """These shrink to 2048 pixels whatever the detail: the photo has 64 by 48 patches, at 1.2 and 1.62 tokens."""
    assert expected == tokens(model, PHOTO, detail)


@pytest.mark.parametrize(
    ("model", "base", "tile"),
    [("gpt-5.1", 70, 140), ("gpt-4o", 85, 170), ("gpt-4.1", 85, 170), ("gpt-4o-mini", 2833, 5667)],
)
@pytest.mark.parametrize(
    ("size", "tiles"),
    [((512, 512), 1), ((1024, 1024), 4), ((2048, 4096), 6), ((4096, 8192), 6), (PHOTO, 4), ((2049, 700), 8)],
)
def test_older_models_count_tiles(model: str, base: int, tile: int, size: tuple[int, int], tiles: int) -> None:
    """High costs a base and each tile of 512 pixels, shrunk to 2048, and to 768 on its short side; low, the base."""
    assert base + tiles * tile == tokens(model, size, "high") == tokens(model, size, "auto")
    assert base == tokens(model, size, "low")


@pytest.mark.parametrize(("size", "expected"), [((1024, 1024), 765), ((2048, 4096), 1105)])
def test_the_published_sizes_on_gpt_4o(size: tuple[int, int], expected: int) -> None:
    """gpt-4o counts as the examples in OpenAI's guide do."""
    assert expected == tokens("gpt-4o", size, "high")


def test_a_dated_name_counts_as_its_family() -> None:
    """The date at the end of a name changes nothing."""
    assert tokens("gpt-6-luna", PHOTO, "high") == tokens("gpt-6-luna-2026-09-22", PHOTO, "high")
    assert tokens("gpt-4o-mini", PHOTO, "high") == tokens("gpt-4o-mini-2024-07-18", PHOTO, "high")


@pytest.mark.parametrize(
    "model", ["", "gpt-7-luna", "gpt-6", "openai/gpt-6-luna", "gpt-5.4-pro", "gpt-4o-audio", "llama"]
)
@pytest.mark.parametrize(("detail", "most"), [("low", 9954), ("high", 2833 + 8 * 5667), ("auto", 2833 + 8 * 5667)])
def test_an_unknown_model_counts_the_most(model: str, detail: Detail, most: int) -> None:
    """A model whose rule is not known may have the dearest rule, and the dearest size."""
    assert most == tokens(model, (10, 10), detail) == picture_tokens(model, b"", detail)


@pytest.mark.parametrize(
    ("model", "detail", "most"),
    [
        ("gpt-6-luna", "high", 3000),
        ("gpt-6-luna", "low", 308),
        ("gpt-6-luna", "auto", 36_000),
        ("gpt-5.4", "low", 7373),
        ("gpt-4o", "high", 85 + 8 * 170),
        ("gpt-4o", "low", 85),
    ],
)
def test_a_picture_without_a_size_counts_the_most(model: str, detail: Detail, most: int) -> None:
    """If the size cannot be read, the model's own greatest number is taken."""
    assert most == picture_tokens(model, b"no picture", detail)


@given(st.sampled_from(MODELS), st.sampled_from(DETAILS), st.integers(1, 2**24), st.integers(1, 2**24))
def test_no_size_counts_more_than_the_most(model: str, detail: Detail, width: int, height: int) -> None:
    """Every size, however thin, costs at least one token and at most what an unreadable picture costs."""
    counted = picture_tokens(model, webp_extended(width, height), detail)

    assert 1 <= counted <= picture_tokens(model, b"", detail)


@given(st.sampled_from(MODELS), st.integers(1, 9000), st.integers(1, 9000))
def test_a_turned_picture_counts_the_same(model: str, width: int, height: int) -> None:
    """A photo's header may give the size as the camera was held, so both ways must cost the same."""
    assert tokens(model, (width, height), "high") == tokens(model, (height, width), "high")


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_the_patches_are_those_of_the_guide(width: int, height: int) -> None:
    """Whole numbers give what the guide's steps give in floating point, but for a size that falls on an edge."""
    scale = min(1.0, 2048 / max(width, height))
    across, down = (-(-round(length * scale, 6) // 32) for length in (width, height))
    if across * down > 2500:
        shrunk = (2500 * 32 * 32 / (width * height)) ** 0.5
        sides = [length * shrunk / 32 for length in (width, height)]
        fit = min(int(side + 1e-9) / side for side in sides)
        across, down = (-(-round(side * fit, 6) // 1) for side in sides)

    assert -(-across * down * 12 // 10) == tokens("gpt-6-luna", (width, height), "high")
