"""Canvas: a picture of few colours, painted with rectangles and digits, and written as PNG (w3.org/TR/png-3).

It takes a byte for each pixel. Nothing is smoothed: there are upright edges and digits of square dots only.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from cocoai.drawing.digits import HEIGHT, WIDTH, dots

SIGNATURE = b"\x89PNG\r\n\x1a\n"

PALETTE_COLOUR = 3
"""The colour type of a picture whose bytes are indices into its palette."""

GAP = 1
"""Dots between two characters."""


class Canvas:
    """A picture of `width` by `height` pixels in the colours of `palette`, `#rrggbb` each; all of it has the first.

    A colour is told by its index. What lies outside of the picture is not painted.
    """

    def __init__(self, width: int, height: int, palette: Sequence[str]) -> None:
        self.width = width
        self.height = height
        self._palette = b"".join(bytes.fromhex(colour.removeprefix("#")) for colour in palette)
        # Each row begins with the byte that names its filter: 0, none.
        self._stride = width + 1
        self._rows = bytearray(self._stride * height)

    def rectangle(self, left: int, top: int, width: int, height: int, colour: int) -> None:
        """Paint a rectangle with its upper left corner at (left, top); do nothing if a side is not above 0."""
        right, bottom = min(left + width, self.width), min(top + height, self.height)
        left, top = max(left, 0), max(top, 0)
        if left >= right:
            return
        run = bytes([colour]) * (right - left)
        for row in range(top, bottom):
            start = row * self._stride + 1 + left
            self._rows[start : start + len(run)] = run

    def dashes(self, left: int, top: int, width: int, height: int, colour: int, *, dash: int) -> None:
        """Paint a level line of dashes, each `dash` pixels long, with gaps that are nearly as long."""
        for start in range(left, left + width, dash + dash * 3 // 4):
            self.rectangle(start, top, min(dash, left + width - start), height, colour)

    def write(self, text: str, left: int, top: int, colour: int, *, size: int) -> None:
        """Write a text with its upper left corner at (left, top), with dots of `size` pixels.

        A character that `digits` does not have leaves its place empty.
        """
        for character in text:
            for x, y in dots(character):
                self.rectangle(left + x * size, top + y * size, size, size, colour)
            left += (WIDTH + GAP) * size

    def png(self) -> bytes:
        """Return the picture as a PNG file."""
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, PALETTE_COLOUR, 0, 0, 0)
        data = zlib.compress(self._rows, 9)
        return SIGNATURE + b"".join(
            _chunk(*each) for each in ((b"IHDR", header), (b"PLTE", self._palette), (b"IDAT", data), (b"IEND", b""))
        )


def text_width(text: str, size: int) -> int:
    """Return the pixels that a text takes across, with dots of `size` pixels."""
    return max(len(text) * (WIDTH + GAP) - GAP, 0) * size


def text_height(size: int) -> int:
    """Return the pixels that a text takes upright, with dots of `size` pixels."""
    return HEIGHT * size


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
