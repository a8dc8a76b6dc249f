"""slack/api/transcript.py: the words of a WebVTT transcript."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.api.transcript import transcript_of

pytestmark = pytest.mark.pure

SLACKS = (
    "\ufeffWEBVTT \n\n00:00:05.488 --> 00:00:13.349\n- This is a clip sent from the\n\n"
    "00:00:13.349 --> 00:00:14.210\nphone today.\n\n\n"
)
"""A transcript as Slack writes it."""

NAMED = (
    "WEBVTT\n\nNOTE by a test\n\nSTYLE\n::cue{}\n\n1\n00:00.000 --> 00:01.000\n<v Ann>Hello</v> <i>there</i>\n\n"
    "00:01.000 --> 00:02.000\n<v Ann>again, 1 &lt; 2\n\n00:02.000 --> 00:03.000\n<v.loud Ben>Hi"
)
"""A transcript with all that WebVTT allows besides."""


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (SLACKS, "This is a clip sent from the phone today."),
        (
            "WEBVTT\r\n\r\na-1/0\r\n00:01.000 --> 00:03.000 align:start\r\n来週の会議は\r\n金曜日です。\r\n",
            "来週の会議は 金曜日です。",
        ),
        (NAMED, "Ann: Hello there again, 1 < 2\nBen: Hi"),
        ("WEBVTT\n\n", ""),
        ("WEBVTT", ""),
        ("", None),
        ("WEBVTTX\n\n00:00.000 --> 00:01.000\nx", None),
        ("<!DOCTYPE html><html>", None),
        ("1\n00:00:00,000 --> 00:00:01,000\nSubRip", None),
    ],
)
def test_the_words_are_read(data: str, expected: str | None) -> None:
    """Cues become text without times and tags; where speakers are named, each turn is a line behind its name."""
    assert expected == transcript_of(data.encode())


@given(st.binary(max_size=400))
def test_any_bytes_can_be_read(data: bytes) -> None:
    """Any bytes behind the header are read without an error, and give a text that can be encoded."""
    (transcript_of(b"WEBVTT\n\n0 --> 1\n" + data) or "").encode()
