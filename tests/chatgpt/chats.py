"""Chats on one HTTP client, scripted servers, and helpers that read a reply: for the tests of chatgpt/ over TLS."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from cocoai.chatgpt.chat import AnswerPieces, ChatGPTChat, Ending
from cocoai.chatgpt.stream import Interruption
from cocoai.conversation import Conversation, Turn
from cocoai.engine.client.client import HttpClient
from cocoai.errors import CocoAIError
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_answer import practice_answer
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI
from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer

PATIENCE = 30.0
SOON = 0.4
"""Seconds: SOON for a time-out that must come in a test, PATIENCE for one that must not."""

QUESTION = "富士山の高さは？"
ANSWER = practice_answer(QUESTION, 1)
CONVERSATION = Conversation("Be kind.", (Turn("asker", QUESTION),))
LONGER = Conversation(
    "Be kind.",
    (Turn("asker", "first " * 200), Turn("cocoai", "second"), Turn("asker", "third"), Turn("asker", QUESTION)),
)
Script = Callable[[Incoming], Outgoing]


class Scripted(PracticeServer):
    """A server that answers each request by its `script`, and keeps the requests in `seen`."""

    def __init__(self, certificates: Certificates, script: Script) -> None:
        super().__init__(certificates)
        self.script = script
        self.seen: list[Incoming] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        self.seen.append(incoming)
        return self.script(incoming)


@dataclass(frozen=True)
class Chats:
    """Makes chats on one HTTP client."""

    client: HttpClient

    def at(self, base_url: str, **changes: Any) -> ChatGPTChat:
        """Return a chat with the models at this address; `changes` replace its other settings."""
        settings: dict[str, Any] = {
            "api_key": API_KEY,
            "model": "gpt-6-luna",
            "max_output_tokens": 2000,
            "reasoning_effort": "low",
            "connect_timeout": PATIENCE,
            "first_word_timeout": PATIENCE,
            "silence_timeout": PATIENCE,
            "total_timeout": PATIENCE,
        }
        return ChatGPTChat(self.client, base_url=base_url, **settings | changes)


def read(chat: ChatGPTChat, conversation: Conversation = CONVERSATION) -> tuple[str, Ending]:
    """Return the whole text, and the ending, which comes last and once."""
    *pieces, ending = chat.reply(conversation)
    assert isinstance(ending, Ending)
    return "".join(texts(pieces)), ending


def texts(pieces: Iterable[str | Interruption | Ending]) -> list[str]:
    """Return the pieces of text, without interruptions and the ending."""
    return [piece for piece in pieces if isinstance(piece, str)]


def gathered(reply: AnswerPieces, seconds: float) -> Iterator[str | Interruption | Ending]:
    """Yield the pieces of a reply, whose caller needs no further text for `seconds` after each."""
    piece = next(reply)
    while not isinstance(piece, Ending):
        yield piece
        piece = reply.send(seconds)
    yield piece


def failure(chat: ChatGPTChat, conversation: Conversation = CONVERSATION) -> tuple[str, CocoAIError]:
    """Return the text that came before the error, and the error."""
    pieces: list[str] = []

    def collect() -> None:
        pieces.extend(piece for piece in chat.reply(conversation) if isinstance(piece, str))

    with pytest.raises(CocoAIError) as raised:
        collect()
    return "".join(pieces), raised.value


def parameters(practice: PracticeOpenAI) -> list[set[str]]:
    """Return the parameters of each request, without those that all have."""
    return [set(request.body) - {"model", "messages"} for request in practice.requests]


ALL = {"max_completion_tokens", "reasoning_effort", "store", "stream", "stream_options"}


def stream_of(text: str, reason: str | None) -> bytes:
    """Return an event with a piece of text, as OpenAI sends it."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def events(*pieces: bytes) -> Outgoing:
    """Return a response that streams these pieces of bytes."""
    return Outgoing(body=pieces, headers=(("Content-Type", "text/event-stream"),))


@dataclass(frozen=True)
class Wakeup:
    """A pipe whose reading end, `fd`, the test makes readable."""

    fd: int
    writer: int

    def write(self) -> None:
        """Make `fd` readable."""
        os.write(self.writer, b"!")

    def drain(self) -> None:
        """Empty the pipe again."""
        os.read(self.fd, 1)
