"""Voice clips in the practice Slack: what their JSON tells, and the transcript that comes late."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cocoai.rehearsal.slack.practice_file import MOST_PREVIEWED, Transcript, file_json
from cocoai.rehearsal.slack.voice_clip import recording, voice_clip
from cocoai.slack.api.transcript import transcript_of
from cocoai.slack.model.files import file_of
from tests.sounds import tone

pytestmark = pytest.mark.pure

SHARED: dict[str, Any] = {"id": "F0CLIP", "url": "https://files/a/clip.wav"}


def test_a_clip_is_known_by_its_subtype_and_has_its_true_length() -> None:
    """The media type may say video; the length is that of the bytes."""
    written = file_json(replace(voice_clip(tone(2.5), "clip.wav", "video/mp4"), **SHARED))

    assert ("slack_audio", "audio", 2500) == (
        written["subtype"],
        written["media_display_type"],
        written["duration_ms"],
    )
    assert ("voice", 2500) == (file_of(written).kind, file_of(written).milliseconds)
    assert "transcription" not in written


def test_an_uploaded_recording_has_no_subtype() -> None:
    """It is an audio file, whose words Slack may know all the same."""
    written = file_json(replace(recording(tone(1), "a.wav", "audio/wav", "hello"), **SHARED))

    assert "subtype" not in written
    assert ("audio", "hello", True) == (file_of(written).kind, file_of(written).text, file_of(written).is_whole)


def test_a_transcript_comes_late() -> None:
    """Until then its status is `processing`, and there is no file of it."""
    clip = replace(voice_clip(tone(1), words="何時ですか", delay=3600), **SHARED, created=2_000_000_000)
    early, ready = file_json(clip), file_json(replace(clip, created=0))

    assert {"status": "processing"} == early["transcription"]
    assert "vtt" not in early
    assert file_of(early).is_pending
    assert ("complete", "何時ですか") == (
        ready["transcription"]["status"],
        ready["transcription"]["preview"]["content"],
    )
    assert ready["vtt"].endswith("/vtt/clip.wav")


def test_of_a_long_transcript_the_file_has_all() -> None:
    """The description has the beginning, and says so; the file has a cue for each line."""
    words = "\n".join(f"line {n}" for n in range(60))
    clip = replace(voice_clip(tone(3), words=words), **SHARED)
    preview = file_json(clip)["transcription"]["preview"]

    assert (MOST_PREVIEWED, True) == (len(preview["content"]), preview["has_more"])
    assert " ".join(words.split("\n")) == transcript_of(clip.variants["vtt"])
    assert Transcript(words) == clip.transcript
