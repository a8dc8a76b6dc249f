"""Digits and the signs that go with amounts and dates, in five by seven dots. There are no letters on purpose.

Words would be in one language; those for a picture stand beside it, or in its alternative text.
"""

from __future__ import annotations

from functools import cache

WIDTH, HEIGHT = 5, 7
"""Dots of each character, across and upright."""

_SHAPES = {
    "0": (0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110),
    "1": (0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110),
    "2": (0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111),
    "3": (0b01110, 0b10001, 0b00001, 0b00110, 0b00001, 0b10001, 0b01110),
    "4": (0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010),
    "5": (0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110),
    "6": (0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110),
    "7": (0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000),
    "8": (0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110),
    "9": (0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100),
    "$": (0b00100, 0b01111, 0b10100, 0b01110, 0b00101, 0b11110, 0b00100),
    ".": (0b00000, 0b00000, 0b00000, 0b00000, 0b00000, 0b00110, 0b00110),
    ",": (0b00000, 0b00000, 0b00000, 0b00000, 0b00110, 0b00110, 0b01100),
    "/": (0b00001, 0b00001, 0b00010, 0b00100, 0b01000, 0b10000, 0b10000),
    "%": (0b11000, 0b11001, 0b00010, 0b00100, 0b01000, 0b10011, 0b00011),
    "-": (0b00000, 0b00000, 0b00000, 0b11111, 0b00000, 0b00000, 0b00000),
    "<": (0b00010, 0b00100, 0b01000, 0b10000, 0b01000, 0b00100, 0b00010),
}
"""Each character's rows from above, the leftmost dot as the highest bit."""


@cache
def dots(character: str) -> tuple[tuple[int, int], ...]:
    """Return the column and the row of each dot of a character, from the upper left; none if there is no such one."""
    return tuple(
        (column, row)
        for row, bits in enumerate(_SHAPES.get(character, ()))
        for column in range(WIDTH)
        if bits >> (WIDTH - 1 - column) & 1
    )
