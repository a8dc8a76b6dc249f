"""Thoughts that a server shows are signs of life: the first word's time-out ends with them, and silence is counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cocoai.chatgpt.stream import INTERRUPTED
from cocoai.errors import Temporary
from cocoai.rehearsal.practice_server import Outgoing
from tests.chatgpt.chats import CONVERSATION, PATIENCE, SOON, Chats, Script, Scripted, events, failure, read, stream_of

THOUGHTS: list[dict[str, Any]] = [
    {"reasoning_content": "hmm "},
    {"reasoning": "hmm "},
    {"content": "<think>hmm "},
    {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hmm "}]}]},
]
EACH_KIND = pytest.mark.parametrize("thought", THOUGHTS)


def event(delta: dict[str, Any]) -> bytes:
    """Return an event with this delta."""
    return b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() + b"\n\n"


@EACH_KIND
def test_a_model_that_thinks_aloud_is_not_taken_for_dead(
    chats: Chats, scripted: Callable[[Script], Scripted], thought: dict[str, Any]
) -> None:
    """The first word may come long after its time-out, as long as thoughts come."""

    def thinking() -> Iterator[bytes]:
        yield event(thought)
        for _ in range(5):
            server.pause(SOON / 3)
            yield event(
                {"reasoning_content": "hmm "} if thought.get("content") is None else {"content": thought["content"]}
            )
        yield event({"content": "</think>"}) if str(thought.get("content")).startswith("<") else b": hello\n\n"
        yield stream_of("Forty-two.", "stop")

    server = scripted(lambda _: Outgoing(body=thinking(), headers=(("Content-Type", "text/event-stream"),)))
    text, ending = read(chats.at(server.url, first_word_timeout=SOON))

    assert ("Forty-two.", "stop") == (text, ending.finish_reason)


@EACH_KIND
@pytest.mark.parametrize("keep_alive", [b": hello\n\n", b"\n"])
def test_a_model_that_falls_silent_while_it_thinks(
    chats: Chats, scripted: Callable[[Script], Scripted], thought: dict[str, Any], keep_alive: bytes
) -> None:
    """After the first thought silence is counted, which comments do not end; it may be billed."""

    def thinking() -> Iterator[bytes]:
        yield event(thought)
        while True:
            server.pause(SOON / 8)
            yield keep_alive

    server = scripted(lambda _: Outgoing(body=thinking(), headers=(("Content-Type", "text/event-stream"),)))
    text, error = failure(chats.at(server.url, silence_timeout=SOON))

    assert isinstance(error, Temporary)
    assert ("", "silence_timeout", True) == (text, error.code, error.sent)


@EACH_KIND
@pytest.mark.parametrize("code", [429, "rate_limit_exceeded", "invalid_request_error"])
def test_an_error_behind_a_thought_may_be_billed(
    chats: Chats, scripted: Callable[[Script], Scripted], thought: dict[str, Any], code: str | int
) -> None:
    """The model has run, whatever the error says."""
    failed = b"data: " + json.dumps({"error": {"code": code}}).encode() + b"\n\n"
    server = scripted(lambda _: events(event(thought), failed))
    _, error = failure(chats.at(server.url))

    assert error.sent
    assert 1 == len(server.seen)


@EACH_KIND
def test_the_caller_can_look_around_while_the_model_thinks(
    chats: Chats, scripted: Callable[[Script], Scripted], thought: dict[str, Any]
) -> None:
    """No thought is yielded, but INTERRUPTED is: a stop is obeyed meanwhile."""

    def thinking() -> Iterator[bytes]:
        yield event(thought)
        server.pause(PATIENCE)
        yield b""

    server = scripted(lambda _: Outgoing(body=thinking(), headers=(("Content-Type", "text/event-stream"),)))
    reply = chats.at(server.url).reply(CONVERSATION)
    first = next(reply)
    reply.close()

    assert INTERRUPTED == first
