"""Tell what a sound is by its bytes, and how long it is: what the practice OpenAI listens to, and bills.

Sources: RFC 2361 (WAVE), ISO/IEC 14496-12 (MP4), RFC 8794 and 9559 (WebM), RFC 3533 and 7845 (Ogg, Opus),
RFC 9639 (FLAC), ISO/IEC 11172-3 and 13818-3 (MPEG audio).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

ENDINGS = {
    **dict.fromkeys(("mp3", "mpga", "mpeg"), "mp3"),
    **dict.fromkeys(("mp4", "m4a"), "mp4"),
    **dict.fromkeys(("ogg", "oga"), "ogg"),
    **{name: name for name in ("flac", "wav", "webm")},
}
"""The format that a file's ending stands for."""

_QUIET = 1000
"""Bytes a second below which a compressed sound has hardly anything in it."""

_SEGMENT, _CLUSTER, _INFO, _GROUP = 0x18538067, 0x1F43B675, 0x1549A966, 0xA0
_TIMESTAMP, _SIMPLE_BLOCK, _BLOCK, _DURATION = 0xE7, 0xA3, 0xA1, 0x4489

_BIT_RATES = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Thousands of bits a second of layer III, by the version: MPEG-1; MPEG-2 and 2.5."""

_SAMPLE_RATES = {0: (11025, 12000, 8000), 2: (22050, 24000, 16000), 3: (44100, 48000, 32000)}


def format_of(data: bytes) -> str:
    """Return the format of a sound, a value of ENDINGS; "" if it is none of them."""
    if data[4:8] == b"ftyp":
        return "mp4"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    heads = {b"OggS": "ogg", b"fLaC": "flac", b"\x1aE\xdf\xa3": "webm", b"ID3\x03": "mp3", b"ID3\x04": "mp3"}
    return heads.get(data[:4], "mp3" if _frame_size(data, 0) else "")


def length_of(data: bytes) -> float:
    """Return the seconds of a sound; 0.0 if it has none, or is damaged."""
    try:
        return _LENGTHS[format_of(data)](data)
    except (KeyError, IndexError, struct.error, ZeroDivisionError):
        return 0.0


def is_silent(data: bytes) -> bool:
    """Check whether nothing is to be heard: no sample of a WAVE differs from 0, or what is compressed is very short."""
    if format_of(data) == "wav":
        return not any(_wave(data)[1])
    return len(data) < _QUIET * length_of(data)


def _wave(data: bytes) -> tuple[float, bytes]:
    """Return the bytes a second and the samples of a WAVE."""
    rate, at = 0.0, 12
    while True:
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"fmt ":
            rate = struct.unpack_from("<I", data, at + 16)[0]
        if name == b"data":
            return rate, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _wave_length(data: bytes) -> float:
    rate, samples = _wave(data)
    return float(len(samples) / rate)


def _mp4_length(data: bytes, start: int = 0, end: int | None = None) -> float:
    """Return the length in the movie's header."""
    at, end = start, len(data) if end is None else end
    while at < end:
        size, name = struct.unpack_from(">I4s", data, at)
        if name == b"moov":
            return _mp4_length(data, at + 8, at + size)
        if name == b"mvhd":
            is_long = data[at + 8] == 1
            scale, units = struct.unpack_from(">IQ" if is_long else ">II", data, at + (28 if is_long else 20))
            return float(units / scale)
        at += size or end
    return 0.0


def _webm_length(data: bytes) -> float:
    """Return the time of the last block, in the usual milliseconds: a recorded one has no length in its head."""
    cluster = last = 0
    for name, at, size in _elements(data):
        if name == _DURATION:
            return float(struct.unpack_from(">d" if size == struct.calcsize(">d") else ">f", data, at)[0] / 1000)
        if name == _TIMESTAMP:
            cluster = int.from_bytes(data[at : at + size], "big")
        if name in (_SIMPLE_BLOCK, _BLOCK):
            last = max(last, cluster + int(struct.unpack_from(">h", data, at + 1)[0]))
    return last / 1000


def _elements(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the id of each element, where its content begins, and its size; what holds others is gone into."""
    at = 0
    while at < len(data):
        name, at = _variable(data, at, keeps_marker=True)
        size, at = _variable(data, at)
        yield name, at, size
        if name not in (_SEGMENT, _CLUSTER, _INFO, _GROUP):
            at += size


def _variable(data: bytes, at: int, *, keeps_marker: bool = False) -> tuple[int, int]:
    """Return a number of variable length, and where it ends."""
    length = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + length], "big")
    return value if keeps_marker else value & ((1 << 7 * length) - 1), at + length


def _ogg_length(data: bytes) -> float:
    """Return the time of the last page."""
    rate = 48_000 if b"OpusHead" in data[:64] else struct.unpack_from("<I", data, data.index(b"\x01vorbis") + 12)[0]
    last = data.rindex(b"OggS")
    return float(struct.unpack_from("<q", data, last + 6)[0] / rate)


def _flac_length(data: bytes) -> float:
    rate = int.from_bytes(data[18:21], "big") >> 4
    return (int.from_bytes(data[21:26], "big") & 0xFFFFFFFFF) / rate


def _mp3_length(data: bytes) -> float:
    """Return the length of all frames."""
    at, seconds = 0, 0.0
    if data[:3] == b"ID3":
        at = 10 + sum(byte << 7 * place for place, byte in enumerate(reversed(data[6:10])))
    while size := _frame_size(data, at):
        version, rate = _version_and_rate(data, at)
        seconds += (1152 if version == 1 else 576) / rate
        at += size
    return seconds


def _frame_size(data: bytes, at: int) -> int:
    """Return the bytes of the frame of layer III that begins there; 0 if none does."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2 or head[2] >> 4 in (0, 15) or head[2] >> 2 & 3 == 3:
        return 0
    if head[1] >> 3 & 3 == 1:
        return 0
    version, rate = _version_and_rate(data, at)
    bits = _BIT_RATES[version][head[2] >> 4] * 1000
    return (144 if version == 1 else 72) * bits // rate + (head[2] >> 1 & 1)


def _version_and_rate(data: bytes, at: int) -> tuple[int, int]:
    """Return 1 for MPEG-1 or 2 for the others, and the samples a second."""
    version = data[at + 1] >> 3 & 3
    return 1 if version == 3 else 2, _SAMPLE_RATES[version][data[at + 2] >> 2 & 3]


_LENGTHS: dict[str, Callable[[bytes], float]] = {
    "wav": _wave_length,
    "mp4": _mp4_length,
    "webm": _webm_length,
    "ogg": _ogg_length,
    "flac": _flac_length,
    "mp3": _mp3_length,
}
