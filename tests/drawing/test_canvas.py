"""A picture of rectangles and digits, written as PNG."""

from __future__ import annotations

import pytest

from cocoai.drawing.canvas import Canvas, text_height, text_width
from cocoai.drawing.digits import HEIGHT, WIDTH, dots
from tests.drawing.pictures import read_png

pytestmark = pytest.mark.pure

PALETTE = ("#000000", "#ff0000", "#00ff7f")


def shown(canvas: Canvas) -> list[str]:
    """Return the picture's rows, a digit for each pixel."""
    return ["".join(map(str, row)) for row in read_png(canvas.png()).rows]


def test_a_rectangle_is_painted_where_it_is() -> None:
    """A later one covers an earlier one."""
    canvas = Canvas(5, 3, PALETTE)
    canvas.rectangle(1, 0, 3, 2, 1)
    canvas.rectangle(2, 1, 1, 2, 2)

    assert ["01110", "01210", "00200"] == shown(canvas)
    assert "#00ff7f" == read_png(canvas.png()).colour(2, 2)


@pytest.mark.parametrize(
    ("left", "top", "width", "height"),
    [(-9, -9, 5, 5), (4, 0, 9, 9), (0, 3, 9, 9), (1, 1, 0, 2), (1, 1, 2, -1), (1, 1, -1, 2)],
)
def test_what_is_outside_or_empty_is_not_painted(left: int, top: int, width: int, height: int) -> None:
    """The picture keeps its size and its colour."""
    canvas = Canvas(4, 3, PALETTE)
    canvas.rectangle(left, top, width, height, 1)

    assert ["0000"] * 3 == shown(canvas)


def test_what_is_partly_outside_is_cut_off() -> None:
    """On each side."""
    canvas = Canvas(3, 3, PALETTE)
    canvas.rectangle(-5, 1, 100, 1, 1)
    canvas.rectangle(1, -5, 1, 100, 2)

    assert ["020", "121", "020"] == shown(canvas)


def test_dashes_end_with_the_line() -> None:
    """The last dash is cut off."""
    canvas = Canvas(12, 1, PALETTE)
    canvas.dashes(0, 0, 9, 1, 1, dash=4)

    assert ["111100011000"] == shown(canvas)


def test_a_text_is_as_wide_and_high_as_it_says() -> None:
    """Between two characters is one dot."""
    canvas = Canvas(text_width("71", 2), text_height(2), PALETTE)
    canvas.write("71", 0, 0, 1, size=2)

    rows = shown(canvas)
    assert ["1111111111", "0000110000"] == [rows[0][:10], rows[0][12:]]
    assert rows[0] == rows[1]
    assert (22, 14) == (len(rows[0]), len(rows))


def test_each_character_has_a_shape_of_its_own() -> None:
    """All that amounts and dates are made of, each within its dots."""
    characters = "0123456789$.,/%-<"

    assert len(characters) == len({dots(character) for character in characters})
    for character in characters:
        assert all(0 <= column < WIDTH and 0 <= row < HEIGHT for column, row in dots(character))
        assert dots(character)


@pytest.mark.parametrize("text", [" ", "é", "金", "\x1b", ""])
def test_an_unknown_character_leaves_its_place_empty(text: str) -> None:
    """Nothing is drawn, and nothing fails."""
    canvas = Canvas(8, 8, PALETTE)
    canvas.write(text, 0, 0, 1, size=1)

    assert {"0" * 8} == set(shown(canvas))
    assert 0 == text_width("", 3)
