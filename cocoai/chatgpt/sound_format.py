"""Tell the format of a sound by its first bytes, since neither its name nor its media type is to be trusted. Pure.

OpenAI tells a format by the ending of the file's name first: MP4 called `.ogg` is refused. Source: OpenAI's guide to
speech to text, which lists the formats.
"""

from __future__ import annotations

import re

MOST_BYTES = 25 * 1024 * 1024
"""Bytes of the longest file that OpenAI listens to."""

HEAD = 16
"""Bytes of the beginning that are needed."""

MEDIA_TYPES = {
    "m4a": "audio/mp4",
    "mp4": "video/mp4",
    "webm": "audio/webm",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
}
"""The media type for each ending."""

_FORMATS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("m4a", re.compile(rb".{4}ftypM4[AB] ", re.DOTALL)),
    ("mp4", re.compile(rb".{4}ftyp", re.DOTALL)),
    ("webm", re.compile(rb"\x1aE\xdf\xa3")),
    ("wav", re.compile(rb"RIFF.{4}WAVE", re.DOTALL)),
    ("ogg", re.compile(rb"OggS")),
    ("flac", re.compile(rb"fLaC")),
    # A frame of MPEG audio, of any layer; that of AAC, which nobody listens to, has layer 0.
    ("mp3", re.compile(rb"ID3|\xff[\xe2-\xe7\xea-\xef\xf2-\xf7\xfa-\xff]")),
)


def ending_of(head: bytes) -> str:
    """Return the ending for a file that begins so, one of MEDIA_TYPES; "" if it is none that is listened to."""
    return next((ending for ending, pattern in _FORMATS if pattern.match(head)), "")
