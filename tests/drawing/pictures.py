"""Read PNG files as a viewer does, as far as our own need it: one byte a pixel, a palette, no filter."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """The pixels of a picture, as indices of its palette, row by row; a palette's colours are three bytes each."""

    width: int
    height: int
    rows: tuple[bytes, ...]
    palette: tuple[bytes, ...]

    def colour(self, x: int, y: int) -> str:
        """Return a pixel's colour as `#rrggbb`."""
        return f"#{self.palette[self.rows[y][x]].hex()}"


def read_png(data: bytes) -> Picture:
    """Return the picture in a PNG file. Fail if a length, a checksum or the order of the chunks is wrong."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = [], 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, at + 8 + length)
        assert checksum == zlib.crc32(kind + body)
        chunks.append((kind, body))
        at += 12 + length
    assert [kind for kind, _ in chunks] == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    (_, header), (_, colours), (_, packed), _ = chunks
    width, height, *form = struct.unpack(">IIBBBBB", header)
    assert form == [8, 3, 0, 0, 0]
    pixels = zlib.decompress(packed)
    assert len(pixels) == (width + 1) * height
    lines = [pixels[start : start + width + 1] for start in range(0, len(pixels), width + 1)]
    assert {line[0] for line in lines} == {0}
    palette = tuple(colours[start : start + 3] for start in range(0, len(colours), 3))
    return Picture(width, height, tuple(line[1:] for line in lines), palette)
