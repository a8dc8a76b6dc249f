"""Read how large a picture is from its file's header, without decoding it: PNG, JPEG, GIF and WebP.

Sources: the PNG specification (IHDR); ITU-T T.81 for JPEG (SOF markers); GIF89a (logical screen); RFC 9649 for WebP.
"""

from __future__ import annotations

import struct

Size = tuple[int, int]

_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers that begin a frame, and so give its size; the other three are tables and a reserved one."""

_BARE = frozenset((0x01, *range(0xD0, 0xD9)))
"""JPEG's markers that stand alone, without a length behind them."""

_SCAN, _END = 0xDA, 0xD9

_MOST_MARKERS = 10_000
"""Markers of a JPEG that are looked at: its segments have up to 64 KiB each, and cameras write some dozens."""


def image_size(data: bytes) -> Size | None:
    """Return the width and height in pixels; None if `data` is no such picture, or its header is cut or odd."""
    try:
        size = _read(data)
    except (struct.error, IndexError):
        return None
    return size if size and min(size) > 0 else None


def _read(data: bytes) -> Size | None:
    if data.startswith(_PNG):
        return _two(">II", data, len(_PNG))
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _two("<HH", data, 6)
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    return _webp(data) if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _two(form: str, data: bytes, offset: int) -> Size:
    """Return the two numbers at `offset`. Raise struct.error if the data ends before."""
    width, height = struct.unpack_from(form, data, offset)
    return int(width), int(height)


def _jpeg(data: bytes) -> Size | None:
    """Return the size that the first frame gives, skipping what stands before it, such as a preview; None without."""
    offset = 2
    for _ in range(_MOST_MARKERS):
        if data[offset] != 0xFF:
            return None
        marker = data[offset + 1]
        if marker in _FRAMES:
            height, width = _two(">HH", data, offset + 5)
            return width, height
        if marker in (_SCAN, _END):
            return None
        if marker == 0xFF:  # a byte that only fills up
            offset += 1
        elif marker in _BARE:
            offset += 2
        else:
            offset += 2 + max(2, struct.unpack_from(">H", data, offset + 2)[0])
    return None


def _webp(data: bytes) -> Size | None:
    """Return the size that the first chunk gives: lossy, lossless, or extended with the canvas's size."""
    chunk = data[12:16]
    if chunk == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = _two("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if chunk == b"VP8L" and data[20:21] == b"\x2f":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8X" and len(data) >= 30:
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    return None
