"""Headers of pictures, just long enough to tell a size: a picture need not be decoded to know what it costs."""

from __future__ import annotations

import struct


def png(width: int, height: int) -> bytes:
    """Return the beginning of a PNG."""
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)


def jpeg(width: int, height: int, *, marker: int = 0xC0, before: bytes = b"\xff\xe0\0\x04JF") -> bytes:
    """Return the beginning of a JPEG, with the segments `before` the frame that `marker` begins."""
    return b"\xff\xd8" + before + struct.pack(">BBHBHHB", 0xFF, marker, 11, 8, height, width, 3)


def gif(width: int, height: int, *, version: bytes = b"GIF89a") -> bytes:
    """Return the beginning of a GIF."""
    return version + struct.pack("<HHBBB", width, height, 0, 0, 0)


def webp_lossy(width: int, height: int) -> bytes:
    """Return the beginning of a lossy WebP, whose numbers have two bits for an upscaling that viewers may do."""
    return _webp(b"VP8 ", b"\x30\x01\0\x9d\x01\x2a" + struct.pack("<HH", width | 0x4000, height | 0x8000))


def webp_lossless(width: int, height: int) -> bytes:
    """Return the beginning of a lossless WebP."""
    return _webp(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14 | 1 << 28))


def webp_extended(width: int, height: int) -> bytes:
    """Return the beginning of an extended WebP, such as one with transparency or an animation."""
    size = b"".join((length - 1).to_bytes(3, "little") for length in (width, height))
    return _webp(b"VP8X", b"\x10\0\0\0" + size)


def _webp(kind: bytes, content: bytes) -> bytes:
    chunk = kind + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
