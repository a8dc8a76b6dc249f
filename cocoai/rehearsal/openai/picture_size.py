"""Read the width and the height of a picture from its header, as an image of the four types that OpenAI accepts.

Sources: the PNG specification (IHDR), JPEG's frame headers (ITU T.81, B.2.2), GIF89a, WebP's container specification.
"""

from __future__ import annotations

from collections.abc import Callable

PictureSize = tuple[int, int]
"""Width and height in pixels, neither of them 0."""

_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers SOF0 to SOF15; the three left out are tables and an extension."""
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
"""JPEG's markers that have no segment behind them."""


def picture_size(media_type: str, data: bytes) -> PictureSize | None:
    """Return a picture's size, or None if its header is cut or damaged, or its media type is none of the four."""
    read = _READERS.get(media_type)
    size = read(data) if read else None
    return size if size and all(size) else None


def _png(data: bytes) -> PictureSize | None:
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _gif(data: bytes) -> PictureSize | None:
    return (_little(data, 6, 2), _little(data, 8, 2)) if len(data) >= 10 else None


def _jpeg(data: bytes) -> PictureSize | None:
    """Return the size in the first frame header, going from segment to segment; None if there is none."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _FRAME_HEADERS:
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _WITHOUT_LENGTH:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _webp(data: bytes) -> PictureSize | None:
    """Return the size of a WebP's first chunk: lossy, lossless (14 bits each, less one), or extended (24 bits)."""
    chunk = data[12:16]
    if len(data) < 30:
        return None
    if chunk == b"VP8X":
        return _little(data, 24, 3) + 1, _little(data, 27, 3) + 1
    if chunk == b"VP8L":
        bits = _little(data, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
    return None


def _little(data: bytes, at: int, length: int) -> int:
    return int.from_bytes(data[at : at + length], "little")


_READERS: dict[str, Callable[[bytes], PictureSize | None]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/gif": _gif,
    "image/webp": _webp,
}
