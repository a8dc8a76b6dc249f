"""Make a browser's PNG small: a palette of its commonest colours, a byte a pixel, packed as tightly as zlib can."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

from cocoai.drawing.canvas import PALETTE_COLOUR, SIGNATURE

COLOURS = 40
"""Colours of the palette: enough for text with smoothed edges on a few plain grounds."""

_TRUECOLOUR = 2
_DEPTH = 3
"""Bytes of a pixel."""


def small_png(data: bytes) -> bytes:
    """Return a PNG file of 8-bit RGB without interlacing, as Chromium writes it, with at most COLOURS colours."""
    chunks = list(_chunks(data))
    width, height, *form = struct.unpack(">IIBBBBB", dict(chunks)[b"IHDR"])
    assert form == [8, _TRUECOLOUR, 0, 0, 0], form
    rows = list(_rows(zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT")), width))
    pixels = [[row[at : at + _DEPTH] for at in range(0, len(row), _DEPTH)] for row in rows]
    counts = Counter(pixel for row in pixels for pixel in row)
    palette = [colour for colour, _ in counts.most_common(COLOURS)]
    index = {colour: min(range(len(palette)), key=lambda at: _distance(colour, palette[at])) for colour in counts}
    packed = zlib.compress(b"".join(b"\0" + bytes(index[pixel] for pixel in row) for row in pixels), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, PALETTE_COLOUR, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", packed), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the body of each chunk of a PNG file."""
    at = len(SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def _rows(filtered: bytes, width: int) -> Iterator[bytes]:
    """Yield the rows of the pixels, without their filters (w3.org/TR/png-3, section 9)."""
    stride = width * _DEPTH
    above = bytes(stride)
    for start in range(0, len(filtered), stride + 1):
        guess, row = _GUESSES[filtered[start]], bytearray(filtered[start + 1 : start + 1 + stride])
        # The pixel before the first one is black, in this row and in the one above.
        before, left = bytes(_DEPTH) + above, bytearray(_DEPTH) + row
        for at in range(stride):
            left[at + _DEPTH] = (row[at] + guess(left[at], above[at], before[at])) & 0xFF
        above = bytes(left[_DEPTH:])
        yield above


def _nothing(_left: int, _up: int, _before: int) -> int:
    return 0


def _left(left: int, _up: int, _before: int) -> int:
    return left


def _up(_left: int, up: int, _before: int) -> int:
    return up


def _mean(left: int, up: int, _before: int) -> int:
    return (left + up) // 2


def _paeth(left: int, up: int, before: int) -> int:
    guess = left + up - before
    return min((left, up, before), key=lambda each: abs(guess - each))


_GUESSES = (_nothing, _left, _up, _mean, _paeth)
"""What each filter guesses of a byte, by the one at its left, the one above it, and the one at the left of that."""


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
