"""Real sounds for tests, made once: by the standard library, by espeak-ng and by ffmpeg."""

from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
import wave
from functools import cache
from io import BytesIO
from struct import pack

import pytest

RATE = 8000
"""Samples a second of what the standard library makes."""

JAPANESE = "トーキョーは いま なんじ ですか"
"""What espeak-ng can pronounce: it reads no kanji."""

_CODECS = {
    "m4a": ("-c:a", "aac", "-f", "ipod"),
    "mp4": ("-c:a", "aac", "-f", "mp4"),
    # To a pipe, as a browser records it: without a length in its head.
    "webm": ("-c:a", "libopus", "-f", "webm"),
    "ogg": ("-c:a", "libopus", "-f", "ogg"),
    "mp3": ("-c:a", "libmp3lame", "-f", "mp3"),
    # Without a tag, and a frame that tells the length: several behind each other are one.
    "bare mp3": ("-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0", "-f", "mp3"),
    "flac": ("-c:a", "flac", "-f", "flac"),
}


def tone(seconds: float, *, silent: bool = False) -> bytes:
    """Return a WAVE of a tone, or of silence."""
    number = round(seconds * RATE)
    samples = bytes(2 * number) if silent else pack(f"<{number}h", *_sine(number))
    return _wave(samples)


def _sine(number: int) -> list[int]:
    return [round(8000 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(number)]


def _wave(samples: bytes) -> bytes:
    written = BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples)
    return written.getvalue()


def _command(name: str) -> str:
    """Return the path of a command; skip the test where it is missing."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"SPEECH IS NOT TESTED: {name} is missing")
    return found


@cache
def speech(words: str, language: str = "en") -> bytes:
    """Return a WAVE in which espeak-ng says these words."""
    return subprocess.run(
        [_command("espeak-ng"), "-v", language, "--stdout", words], check=True, capture_output=True, timeout=60
    ).stdout


def repeated(sound: bytes, seconds: int) -> bytes:
    """Return a WAVE in which a shorter one is heard again and again."""
    written = BytesIO()
    with wave.open(BytesIO(sound)) as source, wave.open(written, "wb") as file:
        file.setparams(source.getparams()._replace(nframes=0))
        # The head that espeak-ng writes to a pipe tells no length.
        frames = source.readframes(source.getnframes())
        number = seconds * source.getframerate() * source.getsampwidth() * source.getnchannels()
        file.writeframes((frames * (number // len(frames) + 1))[:number])
    return written.getvalue()


@cache
def encoded(sound: bytes, kind: str) -> bytes:
    """Return a sound as ffmpeg encodes it: `m4a`, `mp4`, `webm`, `ogg`, `mp3`, `flac` or `bare mp3`."""
    to_pipe = kind not in ("m4a", "mp4", "flac")
    if to_pipe:
        return _ffmpeg(sound, _CODECS[kind], "pipe:1")
    # These write their heads last, and so need a file.
    with tempfile.NamedTemporaryFile() as file:
        _ffmpeg(sound, _CODECS[kind], file.name)
        return file.read()


def _ffmpeg(sound: bytes, codec: tuple[str, ...], to: str) -> bytes:
    # Without a time: the same sound gives the same bytes.
    command = [_command("ffmpeg"), "-loglevel", "error", "-y", "-threads", "1", "-i", "pipe:0", "-bitexact", *codec, to]
    return subprocess.run(command, check=True, input=sound, capture_output=True, timeout=120).stdout
