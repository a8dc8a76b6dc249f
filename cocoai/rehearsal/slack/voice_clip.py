"""Recordings in the practice Slack: a voice clip, its length, and the transcript that Slack makes of it, after a while.

Sources: the type FilesInfoResponse of Slack's node SDK; the file's `subtype` and the states of a transcript are
documented nowhere, but were seen by other bots.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cocoai.rehearsal.slack.practice_file import PracticeFile, Transcript
from cocoai.rehearsal.sound_length import length_of


def voice_clip(
    data: bytes,
    name: str = "audio_message.m4a",
    media_type: str = "audio/mp4",
    words: str | None = None,
    delay: float = 0.0,
) -> PracticeFile:
    """Return a clip that somebody has recorded in Slack.

    Slack has written down its `words` so many seconds after it was sent; never, if they are None.
    """
    fields = {"subtype": "slack_audio", "media_display_type": "audio"}
    return recording(data, name, media_type, words, delay, **fields)


def recording(
    data: bytes, name: str, media_type: str, words: str | None = None, delay: float = 0.0, **fields: Any
) -> PracticeFile:
    """Return a recording that somebody has uploaded; `fields` are further ones of its JSON."""
    length = {"duration_ms": round(1000 * seconds)} if (seconds := length_of(data)) else {}
    file = PracticeFile(name, media_type, data, fields={**length, **fields})
    if words is None:
        return file
    return replace(file, transcript=Transcript(words, delay), variants={"vtt": _web_vtt(words, seconds)})


def _web_vtt(words: str, seconds: float) -> bytes:
    """Return the transcript as a file, with one cue for each line."""
    lines = words.split("\n") or [""]
    step = seconds / len(lines)
    cues = [f"{_at(n * step)} --> {_at((n + 1) * step)}\n{line}" for n, line in enumerate(lines)]
    return "\n\n".join(("WEBVTT", *cues)).encode()


def _at(seconds: float) -> str:
    return f"{int(seconds) // 60:02}:{seconds % 60:06.3f}"
