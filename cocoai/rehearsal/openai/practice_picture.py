"""Make the pictures that the practice OpenAI draws: true PNG, JPEG and WebP files of the size asked for.

The prompt decides about the colours, so that two prompts have two pictures. Sources: the PNG specification; ITU-T T.81
(baseline JPEG, with the tables of its annex K); the specification of WebP's lossless bitstream.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator

Colour = tuple[int, int, int]

_BANDS = 4
"""Upright bands of colour in a picture."""

_BLOCK = 8
"""Pixels of the side of a block of JPEG's."""

_LARGEST_SEGMENT = 65_533
"""Bytes that a segment of JPEG's can hold, without its marker and its length."""


def practice_picture(form: str, width: int, height: int, prompt: str, padding: int = 0) -> bytes:
    """Return a picture in the form `png`, `jpeg` or `webp`. With `padding` it is longer by at least so many bytes.

    Those are noise in a place that no reader looks at; a photo is as long. WebP has none.
    """
    return _FORMS[form](width, height, prompt, padding)


def _colours(prompt: str) -> list[Colour]:
    digest = hashlib.sha256(prompt.encode("utf-8", "replace")).digest()
    return [(digest[3 * n], digest[3 * n + 1], digest[3 * n + 2]) for n in range(_BANDS)]


def _noise(size: int) -> bytes:
    return hashlib.shake_128(b"practice").digest(size)


def _png(width: int, height: int, prompt: str, padding: int) -> bytes:
    row = bytearray(b"\0")  # its filter: none
    for n, colour in enumerate(_colours(prompt)):
        row += bytes(colour) * (width * (n + 1) // _BANDS - width * n // _BANDS)
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")]
    if padding:
        chunks.insert(1, (b"noIs", _noise(padding)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


_DC_COUNTS = bytes((0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0))
_DC_CODES = ("00", "010", "011", "100", "101", "110", "1110", "11110", "111110", "1111110", "11111110", "111111110")
"""Table K.3: the code for the number of bits of a difference from the last block's mean."""

_AC_COUNTS, _END_OF_BLOCK = bytes((1, *([0] * 15))), "0"
"""Our own table with one code: no block has more than its mean."""

_SAME = _DC_CODES[0] + _END_OF_BLOCK


def _jpeg(width: int, height: int, prompt: str, padding: int) -> bytes:
    noise = _noise(padding)
    comments = (noise[at : at + _LARGEST_SEGMENT] for at in range(0, len(noise), _LARGEST_SEGMENT))
    components = b"".join(bytes((n, 0x11, 0)) for n in (1, 2, 3))
    segments = [
        (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
        *((0xFE, comment) for comment in comments),
        (0xDB, b"\0" + bytes([8] * 64)),  # a mean is stored as it is: 8 times itself, divided by 8
        (0xC0, struct.pack(">BHHB", 8, height, width, 3) + components),
        (0xC4, b"\x00" + _DC_COUNTS + bytes(range(12)) + b"\x10" + _AC_COUNTS + b"\0"),
        (0xDA, b"\3" + b"".join(bytes((n, 0)) for n in (1, 2, 3)) + b"\0\x3f\0"),
    ]
    head = b"".join(struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data for marker, data in segments)
    bits = "".join(_scan(-(-width // _BLOCK), -(-height // _BLOCK), _colours(prompt)))
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return b"\xff\xd8" + head + scan + b"\xff\xd9"


def _scan(across: int, down: int, colours: list[Colour]) -> Iterator[str]:
    """Yield the bits of all blocks: where a band begins, the differences of its three means, and then no further."""
    before = (0, 0, 0)
    starts = [across * n // _BANDS for n in range(_BANDS + 1)]
    for _ in range(down):
        for n, colour in enumerate(map(_means, colours)):
            blocks = starts[n + 1] - starts[n]
            if blocks:
                yield "".join(_difference(new - old) + _END_OF_BLOCK for new, old in zip(colour, before, strict=True))
                yield _SAME * 3 * (blocks - 1)
                before = colour


def _means(colour: Colour) -> Colour:
    """Return luminance and both chrominances (JFIF), from -128 to 127."""
    red, green, blue = colour
    luminance = (299 * red + 587 * green + 114 * blue) // 1000
    return luminance - 128, (blue - luminance) * 564 // 1000, (red - luminance) * 713 // 1000


def _difference(value: int) -> str:
    size = abs(value).bit_length()
    return _DC_CODES[size] + (f"{value if value > 0 else value + (1 << size) - 1:0{size}b}" if size else "")


def _webp(width: int, height: int, prompt: str, _padding: int) -> bytes:
    """Return a picture of one colour: each of its five codes has one symbol, so that no pixel takes a bit."""
    red, green, blue = _colours(prompt)[0]
    bits = [(width - 1, 14), (height - 1, 14), (0, 1), (0, 3), (0, 1), (0, 1), (0, 1)]
    for symbol in (green, red, blue, 255):
        bits += [(1, 1), (0, 1), (1, 1), (symbol, 8)]
    bits += [(1, 1), (0, 1), (0, 1), (0, 1)]
    number = at = 0
    for value, size in bits:
        number |= value << at
        at += size
    data = b"\x2f" + number.to_bytes(-(-at // 8), "little")
    chunk = b"VP8L" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


_FORMS: dict[str, Callable[[int, int, str, int], bytes]] = {"png": _png, "jpeg": _jpeg, "webp": _webp}
