"""chatgpt/chat.py over TLS against the practice OpenAI: requests, what is repaired in them, and errors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from cocoai.chatgpt.chat import Ending, Usage
from cocoai.conversation import Conversation, Turn
from cocoai.engine.client.client import USER_AGENT
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.proxied import ProxyClient
from cocoai.errors import Permanent
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from tests.chatgpt.chats import (
    ALL,
    ANSWER,
    CONVERSATION,
    LONGER,
    QUESTION,
    Chats,
    Script,
    Scripted,
    events,
    failure,
    parameters,
    read,
    stream_of,
    texts,
)


@pytest.mark.parametrize(
    "new_http_client", [DirectClient, partial(ProxyClient, proxy=None)], ids=["direct", "by requests"]
)
def test_the_answer_comes_in_pieces_and_ends_with_its_usage(chats: Chats, practice: PracticeOpenAI) -> None:
    """The text comes as it is written, then one ending with the model, the reason and the tokens."""
    practice.switches.pieces = 5
    *pieces, ending = chats.at(practice.base_url).reply(CONVERSATION)

    assert 1 <= len(texts(pieces)) <= 5
    assert ANSWER == "".join(texts(pieces))
    assert isinstance(ending, Ending)
    assert ("stop", "gpt-6-luna", False) == (ending.finish_reason, ending.model, ending.refusal)
    assert isinstance(ending.usage, Usage)
    assert (0, 16) == (ending.usage.cached_tokens, ending.usage.reasoning_tokens)
    assert ending.usage.prompt_tokens > 0
    assert ending.usage.completion_tokens > 16


def test_the_request(chats: Chats, practice: PracticeOpenAI) -> None:
    """The instructions go as system, people as user, CocoAI as assistant; OpenAI is to store nothing."""
    conversation = Conversation("親切に。", (Turn("asker", "やあ"), Turn("cocoai", "どうも"), Turn("asker", QUESTION)))
    read(chats.at(practice.base_url), conversation)

    assert practice.requests[0].body == {
        "model": "gpt-6-luna",
        "messages": [
            {"role": "system", "content": "親切に。"},
            {"role": "user", "content": "やあ"},
            {"role": "assistant", "content": "どうも"},
            {"role": "user", "content": QUESTION},
        ],
        "max_completion_tokens": 2000,
        "reasoning_effort": "low",
        "store": False,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert USER_AGENT == practice.requests[0].headers["user-agent"]


def test_empty_settings_are_not_sent(chats: Chats, practice: PracticeOpenAI) -> None:
    """Empty instructions make no system message, and an empty effort no reasoning_effort."""
    read(chats.at(practice.base_url, reasoning_effort=""), Conversation("", (Turn("asker", QUESTION),)))

    assert [ALL - {"reasoning_effort"}] == parameters(practice)
    assert [{"role": "user", "content": QUESTION}] == practice.requests[0].body["messages"]


def test_half_a_surrogate_pair_becomes_a_question_mark(chats: Chats, practice: PracticeOpenAI) -> None:
    """A lone surrogate, which JSON may contain, does not prevent the request."""
    read(chats.at(practice.base_url), Conversation("", (Turn("asker", "a\ud83db"),)))

    assert "a?b" == practice.requests[0].body["messages"][0]["content"]


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("/v1", "/v1/chat/completions"),
        ("/v1/", "/v1/chat/completions"),
        ("", "/chat/completions"),
        ("/openai/v1/", "/openai/v1/chat/completions"),
        ("/a/b?api-version=1", "/a/b/chat/completions?api-version=1"),
    ],
)
def test_the_path_of_the_base_url_is_kept(
    chats: Chats, scripted: Callable[[Script], Scripted], base: str, expected: str
) -> None:
    """The path of the base URL is kept, with a slash at its end or without, and so is its query."""
    server = scripted(lambda _: events(stream_of("a", "stop")))
    read(chats.at(server.url + base))

    assert expected == f"{server.seen[0].path}?{server.seen[0].query}".rstrip("?")


@pytest.mark.parametrize("switch", ["refuses", "refuses_in_words"])
@pytest.mark.parametrize("name", ["reasoning_effort", "store", "stream_options"])
def test_a_refused_parameter_is_dropped_for_good(
    chats: Chats, practice: PracticeOpenAI, switch: str, name: str
) -> None:
    """The request is sent again without the refused parameter, and so are all further ones."""
    setattr(practice.switches, switch, frozenset({name}))
    chat = chats.at(practice.base_url)

    assert (ANSWER, ANSWER) == (read(chat)[0], read(chat)[0])
    assert [ALL, ALL - {name}, ALL - {name}] == parameters(practice)


def test_an_older_model_gets_no_reasoning_effort(chats: Chats, practice: PracticeOpenAI) -> None:
    """OpenAI's own older models refuse the parameter in their message alone."""
    assert ANSWER == read(chats.at(practice.base_url, model="gpt-4o-mini"))[0]
    assert [ALL, ALL - {"reasoning_effort"}] == parameters(practice)


def test_max_tokens_replaces_a_refused_max_completion_tokens(chats: Chats, practice: PracticeOpenAI) -> None:
    """A server that knows only max_tokens still gets the limit."""
    practice.switches.refuses = frozenset({"max_completion_tokens"})
    read(chats.at(practice.base_url, model="gpt-4o", reasoning_effort=""))

    assert 2000 == practice.requests[1].body["max_tokens"]
    assert "max_completion_tokens" not in practice.requests[1].body


def test_no_request_goes_without_a_limit(chats: Chats, practice: PracticeOpenAI) -> None:
    """A server that refuses the limit under both names gets no third request, which could cost anything."""
    practice.switches.refuses = frozenset({"max_completion_tokens", "max_tokens"})
    _, error = failure(chats.at(practice.base_url, reasoning_effort=""))

    assert isinstance(error, Permanent)
    assert ("unsupported_parameter", 2) == (error.code, len(practice.requests))


def test_a_reply_by_another_model(chats: Chats, practice: PracticeOpenAI) -> None:
    """Another model writes one answer, and what one model refuses is still sent to the others."""
    chat = chats.at(practice.base_url)
    endings = [list(chat.reply(CONVERSATION, model=model))[-1] for model in ("gpt-4o-mini", "", "gpt-4o-mini")]

    assert ["gpt-4o-mini", "gpt-6-luna", "gpt-4o-mini"] == [
        ending.model for ending in endings if isinstance(ending, Ending)
    ]
    assert [ALL, ALL - {"reasoning_effort"}, ALL, ALL - {"reasoning_effort"}] == parameters(practice)


def test_a_model_that_refuses_to_stream(chats: Chats, practice: PracticeOpenAI) -> None:
    """Without `stream` the request has no stream_options either, and the answer has its usage."""
    practice.switches.refuses = frozenset({"stream"})
    text, ending = read(chats.at(practice.base_url))

    assert ANSWER == text
    assert ending.usage is not None
    assert ALL - {"stream", "stream_options"} == parameters(practice)[-1]


def test_several_parameters_are_refused_one_after_another(chats: Chats, practice: PracticeOpenAI) -> None:
    """Each refused parameter costs one request, once."""
    practice.switches.refuses = frozenset({"max_completion_tokens", "store"})
    practice.switches.refuses_in_words = frozenset({"reasoning_effort", "stream_options"})
    chat = chats.at(practice.base_url, model="gpt-4o")

    assert ANSWER == read(chat)[0]
    assert [5, 5, 4, 3, 2] == [len(names) for names in parameters(practice)]
    assert ANSWER == read(chat)[0]
    assert 6 == len(practice.requests)


def test_a_conversation_that_is_too_long_is_shortened_once(chats: Chats, practice: PracticeOpenAI) -> None:
    """The older half goes, the instructions and the question stay; the estimate is of what was sent last."""
    practice.switches.context_tokens = 100
    _, ending = read(chats.at(practice.base_url), LONGER)

    assert LONGER.without_oldest().estimated_tokens() == ending.estimated_tokens
    assert ["context_length_exceeded", "ok"] == [request.outcome for request in practice.requests]
    assert ["Be kind.", "third", QUESTION] == [message["content"] for message in practice.requests[1].body["messages"]]


@pytest.mark.parametrize(("conversation", "requests_made"), [(LONGER, 3), (CONVERSATION, 1)])
def test_a_conversation_that_stays_too_long_is_an_error(
    chats: Chats, practice: PracticeOpenAI, conversation: Conversation, requests_made: int
) -> None:
    """A conversation is shortened until the question alone is left, which stays as it is."""
    practice.switches.context_tokens = 5
    _, error = failure(chats.at(practice.base_url), conversation)

    assert isinstance(error, Permanent)
    assert ("context_length_exceeded", 400) == (error.code, error.status)
    assert requests_made == len(practice.requests)


def test_a_connection_serves_one_request(chats: Chats, practice: PracticeOpenAI) -> None:
    """A connection is closed after its response, so none is used that the server has closed meanwhile."""
    practice.fail("rate limited")
    chat = chats.at(practice.base_url)
    failure(chat)
    read(chat)
    practice.drop_connections()

    assert ANSWER == read(chat)[0]
    assert ["close"] * 3 == [request.headers["connection"] for request in practice.requests]


def test_a_long_conversation_is_sent_completely(chats: Chats, practice: PracticeOpenAI) -> None:
    """A request may be bigger than any block in which it is sent."""
    turns = (Turn("asker", "長い" * 30_000), Turn("asker", QUESTION))
    read(chats.at(practice.base_url), Conversation("", turns))

    assert "長い" * 30_000 == practice.requests[0].body["messages"][0]["content"]
