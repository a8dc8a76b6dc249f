"""chatgpt/chat.py over TLS: which requests it tells its recorder of, and for which of them the model did not run."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

import pytest

from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.chatgpt.request_size import RequestSize
from cocoai.conversation import Conversation
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.proxied import ProxyClient
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.practice_server import Outgoing
from tests.chatgpt.chats import CONVERSATION, LONGER, SOON, Chats, Script, Scripted

BOTH_CLIENTS = pytest.mark.parametrize(
    "new_http_client", [DirectClient, partial(ProxyClient, proxy=None)], ids=["direct", "by requests"]
)


class Noted(list[str]):
    """A recorder that is the list of its calls. It refuses a request once it has `most` entries."""

    most = 100
    received: Callable[[], int] = staticmethod(lambda: 0)
    """Return how many requests the server has received."""

    def asked(self, size: RequestSize) -> None:
        """Note the request; check that it has not left yet."""
        if len(self) >= self.most:
            raise BlockingIOError("no more")
        assert self.received() == self.count("asked")
        self.append("asked")

    def unasked(self, why: str) -> None:
        """Note why the model did not run."""
        self.append(why)


def noted(chat: ChatGPTChat, conversation: Conversation = CONVERSATION, **options: Any) -> tuple[list[str], Any]:
    """Read a whole reply; return what its recorder was told, and the error, or None."""
    recorder = Noted()
    vars(recorder).update(options)
    try:
        for _ in chat.reply(conversation, recorder=recorder):
            pass
    except (CocoAIError, OSError) as error:
        return list(recorder), error
    return list(recorder), None


@BOTH_CLIENTS
def test_a_request_is_recorded_before_it_leaves(chats: Chats, practice: PracticeOpenAI) -> None:
    """The server has received none when it is recorded; an answer needs no second word."""
    assert (["asked"], None) == noted(chats.at(practice.base_url), received=lambda: len(practice.requests))


@BOTH_CLIENTS
def test_a_request_that_cannot_be_recorded_is_not_sent(chats: Chats, practice: PracticeOpenAI) -> None:
    """What the recorder raises is passed on as it is."""
    told, error = noted(chats.at(practice.base_url), most=0)

    assert ([], BlockingIOError, []) == (told, type(error), list(practice.requests))


@pytest.mark.parametrize("kind", ["rate limited", "no credit", "bad key", "filtered", "server error", "overloaded"])
def test_a_refusal_in_place_of_an_answer_is_unasked(chats: Chats, practice: PracticeOpenAI, kind: Any) -> None:
    """The reason is the error as the log has it."""
    practice.fail(kind)
    told, error = noted(chats.at(practice.base_url))

    assert ["asked", str(error)] == told


@pytest.mark.parametrize("status", [408, 504, 524])
def test_a_time_out_of_a_gateway_stays_asked(chats: Chats, scripted: Callable[[Script], Scripted], status: int) -> None:
    """The model behind it may be at work."""
    server = scripted(lambda _: Outgoing(status, body=b"<html>Time-out</html>"))
    told, error = noted(chats.at(server.url))

    assert (["asked"], Temporary) == (told, type(error))


@pytest.mark.parametrize(
    ("kind", "after", "code"),
    [
        ("gone", 0, ""),
        ("cut", 0, ""),
        ("cut", 2, ""),
        ("unfinished", 0, ""),
        ("error", 0, "server_error"),
        ("error", 2, 429),
        ("error", 2, "invalid_request_error"),
    ],
)
def test_what_fails_after_it_was_sent_stays_asked(
    chats: Chats, practice: PracticeOpenAI, kind: Any, after: int, code: str | int
) -> None:
    """The connection is lost, or the answer had begun."""
    practice.fail(kind, after=after, code=code)
    told, error = noted(chats.at(practice.base_url))

    assert ["asked"] == told
    assert error.sent


@pytest.mark.parametrize("code", [429, "insufficient_quota", "invalid_request_error", "server_is_overloaded"])
def test_a_refusal_in_an_empty_stream_is_unasked(chats: Chats, practice: PracticeOpenAI, code: str | int) -> None:
    """Some servers send even refusals with status 200."""
    practice.fail("error", after=0, code=code)
    told, error = noted(chats.at(practice.base_url))

    assert ["asked", str(error)] == told


def test_a_model_that_stays_silent_stays_asked(chats: Chats, practice: PracticeOpenAI) -> None:
    """It may be thinking, which is billed."""
    practice.fail("silent")
    told, error = noted(chats.at(practice.base_url, first_word_timeout=SOON))

    assert (["asked"], "first_word_timeout") == (told, error.code)


@BOTH_CLIENTS
def test_a_failed_connection_is_unasked(chats: Chats) -> None:
    """Nothing of the request has left."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    told, error = noted(chats.at(f"https://127.0.0.1:{port}/v1"))

    assert (["asked", str(error)], False) == (told, error.sent)


@pytest.mark.parametrize(
    "changes", [{"base_url": "http://192.0.2.1/v1"}, {"base_url": "https://"}, {"api_key": "sk-wrong\n"}]
)
def test_what_cannot_be_sent_is_unasked(chats: Chats, practice: PracticeOpenAI, changes: dict[str, str]) -> None:
    """The address or the key cannot be used."""
    told, error = noted(chats.at(**{"base_url": practice.base_url, **changes}))

    assert (["asked", str(error)], Permanent) == (told, type(error))


def test_a_page_in_place_of_an_answer_is_unasked(chats: Chats, scripted: Callable[[Script], Scripted]) -> None:
    """It is another server's, which has no model."""
    server = scripted(lambda _: Outgoing(body=b"<html>Welcome!</html>", headers=(("Content-Type", "text/html"),)))
    told, _ = noted(chats.at(server.url))

    assert ["asked", "OpenAI not_an_api 200"] == told


def test_each_repaired_request_is_unasked(chats: Chats, practice: PracticeOpenAI) -> None:
    """A refused parameter is dropped and a conversation shortened: three requests leave, and one of them runs."""
    practice.switches.refuses = frozenset({"store"})
    practice.switches.context_tokens = 100
    told, error = noted(chats.at(practice.base_url), LONGER, received=lambda: len(practice.requests))

    assert error is None
    assert ["asked", "unsupported_parameter", "asked", "context_length_exceeded", "asked"] == [
        each if each == "asked" else each.split()[1] for each in told
    ]


def test_a_reader_that_stops_leaves_it_asked(chats: Chats, practice: PracticeOpenAI) -> None:
    """The words so far are billed."""
    practice.switches.piece_delay = 0.05
    recorder = Noted()
    with closing(chats.at(practice.base_url).reply(CONVERSATION, recorder=recorder)) as reply:
        next(reply)

    assert ["asked"] == recorder
