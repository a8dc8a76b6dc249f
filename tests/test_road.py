"""The road from a claimed job to the socket is short enough to be read."""

from __future__ import annotations

import traceback
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.answer_harness import AnswerHarness
from tests.test_answer import harness

__all__ = ["harness"]

MOST_FRAMES = 13
"""Frames of ours from `Answerer.answer` to the one that writes the socket."""


def frames_of_ours() -> list[str]:
    """Return the functions on this thread's stack that are the product's, from `Answerer.answer` on."""
    names = [frame.name for frame in traceback.extract_stack() if "/cocoai/" in frame.filename]
    return names[names.index("answer") :] if "answer" in names else []


def test_few_frames_lie_between_a_claimed_job_and_the_socket(
    harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an answer sends to Slack or OpenAI, at most 13 frames of ours lead there."""
    roads: set[tuple[str, ...]] = set()
    send = HTTPConnection.send

    def noting_send(self: HTTPConnection, data: Any) -> None:
        roads.add(tuple(frames_of_ours()))
        send(self, data)

    monkeypatch.setattr(HTTPConnection, "send", noting_send)
    harness.ask()
    harness.run()

    longest = max(roads, key=len)
    assert {"post_placeholder", "deliver", "ask"} <= {name for road in roads for name in road}
    assert MOST_FRAMES >= len(longest), " > ".join(longest)
