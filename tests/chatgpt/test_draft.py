"""chatgpt/draft.py, by requests over TLS: what is repaired in a request, and how often it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cocoai.conversation import Conversation, Turn
from cocoai.errors import Permanent, Temporary
from cocoai.rehearsal.practice_server import Gone, Incoming, Outgoing
from tests.chatgpt.chats import CONVERSATION, Chats, Script, Scripted, events, read, stream_of
from tests.chatgpt.test_request_recorder import noted

Start = Callable[[Script], Scripted]

LONG = Conversation("Be kind.", tuple(Turn("cocoai" if n % 2 else "asker", f"word {n} " * 50) for n in range(9)))
"""Nine turns; the last one is the question."""

WELL = events(stream_of("Well.", "stop"), b"data: [DONE]\n\n")


def refused(status: int, **error: Any) -> Outgoing:
    """Return a refusal with this error."""
    body = json.dumps({"error": error}).encode()
    return Outgoing(status, body=body, headers=(("Content-Type", "application/json"),))


def whole(text: str) -> Outgoing:
    """Return an answer that is not streamed."""
    body = json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}).encode()
    return Outgoing(body=body, headers=(("Content-Type", "application/json"),))


def bodies(server: Scripted) -> list[dict[str, Any]]:
    """Return the JSON of each request."""
    return [json.loads(incoming.body) for incoming in server.seen]


def recorded(
    chats: Chats, server: Scripted, conversation: Conversation = CONVERSATION, **options: Any
) -> tuple[list[str], Any]:
    """Read a whole reply; return what its recorder was told, each request before it left, and the error, or None."""
    return noted(chats.at(server.url), conversation, received=lambda: len(server.seen), **options)


def counts(server: Scripted) -> list[int]:
    """Return the number of messages in each request."""
    return [len(body["messages"]) for body in bodies(server)]


TOO_LONG = [
    refused(400, code="context_length_exceeded", type="invalid_request_error", param="messages"),
    refused(400, code=400, type="exceed_context_size_error", message="exceeds the available context size"),
    refused(400, code="400", message="litellm.ContextWindowExceededError: too long"),
    refused(413, message="Request too large for gpt on tokens per minute"),
    events(b'data: {"error": {"code": "context_length_exceeded"}}\n\n'),
    events(b'{"error": {"code": 400, "type": "exceed_context_size_error", "message": "too long"}}'),
    events(b'event: error\ndata: {"code": 400, "message": "This model\'s maximum context length is 9 tokens."}\n\n'),
]


@pytest.mark.parametrize("refusal", TOO_LONG)
@pytest.mark.parametrize(("window", "sent"), [(7, [10, 5]), (4, [10, 5, 3]), (2, [10, 5, 3, 2])])
def test_a_conversation_is_halved_until_it_fits(
    chats: Chats, scripted: Start, refusal: Outgoing, window: int, sent: list[int]
) -> None:
    """The instructions and the question stay, and no refused request counts as billed."""
    server = scripted(lambda incoming: WELL if len(json.loads(incoming.body)["messages"]) <= window else refusal)
    told, error = recorded(chats, server, LONG)

    assert error is None
    assert sent == counts(server)
    assert ["asked", "unasked"] * (len(sent) - 1) + ["asked"] == [
        "asked" if each == "asked" else "unasked" for each in told
    ]
    assert [LONG.instructions, LONG.turns[-1].text] == [
        bodies(server)[-1]["messages"][place]["content"] for place in (0, -1)
    ]


@pytest.mark.parametrize("refusal", TOO_LONG)
def test_a_question_that_is_too_long_alone_is_an_error(chats: Chats, scripted: Start, refusal: Outgoing) -> None:
    """After the last half nothing is left to drop."""
    server = scripted(lambda _: refusal)
    told, error = recorded(chats, server, LONG)

    assert isinstance(error, Permanent)
    assert ("context_length_exceeded", False) == (error.code, error.sent)
    assert [10, 5, 3, 2] == counts(server)
    assert 4 == told.count("asked") == len(told) - 4


@pytest.mark.parametrize(
    "message",
    [
        "'max_completion_tokens' is too large: 2000. This model's maximum context length is 1024 tokens",
        "This model's maximum context length is 1024 tokens. You requested 2050 (50 and 2000 in the completion).",
    ],
)
def test_the_limit_of_the_answer_gives_way_too(chats: Chats, scripted: Start, message: str) -> None:
    """Where it counts for the length, it is halved for this reply, but for the first time."""

    def answer(incoming: Incoming) -> Outgoing:
        fits = json.loads(incoming.body)["max_completion_tokens"] <= 600
        return WELL if fits else refused(400, message=message, code=400)

    server = scripted(answer)
    chat = chats.at(server.url)
    read(chat, LONG)
    limits = [body["max_completion_tokens"] for body in bodies(server)]
    read(chat, CONVERSATION)

    assert [2000, 2000, 1000, 500] == limits
    assert 2000 == bodies(server)[4]["max_completion_tokens"]


def test_a_limit_that_is_over_the_window_gives_way_alone(chats: Chats, scripted: Start) -> None:
    """The thread is not to blame, and stays."""

    def answer(incoming: Incoming) -> Outgoing:
        limit = json.loads(incoming.body)["max_completion_tokens"]
        message = f"max_completion_tokens={limit} cannot be greater than max_model_len=1024. Please request fewer."
        return WELL if limit <= 1024 else refused(400, message=message, param="max_completion_tokens", code=400)

    server = scripted(answer)
    read(chats.at(server.url), LONG)

    assert [10, 10] == counts(server)
    assert [2000, 1000] == [body["max_completion_tokens"] for body in bodies(server)]


def test_the_limit_stays_above_a_few_words(chats: Chats, scripted: Start) -> None:
    """A server that is never content ends it."""
    server = scripted(lambda _: refused(400, message="maximum context length: reduce max_tokens", code=400))
    _, error = recorded(chats, server)

    assert "context_length_exceeded" == error.code
    assert 64 == bodies(server)[-1]["max_completion_tokens"]
    assert len(server.seen) <= 7


def broken_off() -> Iterator[bytes]:
    """Break a body off before its first byte."""
    raise Gone
    yield b""


EMPTY: dict[str, Callable[[], Outgoing]] = {
    "nothing": lambda: Outgoing(body=b"", headers=(("Content-Type", "text/event-stream"),)),
    "nothing, as JSON": lambda: Outgoing(body=b"", headers=(("Content-Type", "application/json"),)),
    "[DONE] alone": lambda: events(b"data: [DONE]\n\n"),
    "comments": lambda: events(b": hello\n\n", b": hello\n\n"),
    "events without a choice": lambda: events(b'data: {"choices": []}\n\n', b"data: [DONE]\n\n"),
    "blank lines": lambda: events(b"\n\n\r\n"),
    "broken off": lambda: Outgoing(body=broken_off(), headers=(("Content-Type", "text/event-stream"),)),
}
"""Streams without a word, by what is in them."""


@pytest.fixture(params=EMPTY)
def empty(request: pytest.FixtureRequest) -> Callable[[], Outgoing]:
    """Return what makes each of the EMPTY responses."""
    return EMPTY[request.param]


def test_an_empty_stream_is_asked_for_as_a_whole(chats: Chats, scripted: Start, empty: Callable[[], Outgoing]) -> None:
    """The first request may be billed, and so is the second; the next question is streamed again."""
    server = scripted(lambda incoming: empty() if json.loads(incoming.body).get("stream") else whole("Well."))
    chat = chats.at(server.url)
    told, error = noted(chat, received=lambda: len(server.seen))

    assert (["asked", "asked"], None) == (told, error)
    assert "Well." == read(chat)[0]
    assert [True, None, True, None] == [body.get("stream") for body in bodies(server)]
    assert ["stream_options" in body for body in bodies(server)] == [True, False, True, False]


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (401, {"code": "invalid_api_key"}, "invalid_api_key"),
        (429, {"code": "rate_limit_exceeded"}, "rate_limit_exceeded"),
        (429, {"code": "insufficient_quota"}, "insufficient_quota"),
        (400, {"code": "content_filter"}, "refused"),
        (404, {"code": "model_not_found"}, "model_not_found"),
    ],
)
def test_the_error_behind_an_empty_stream(
    chats: Chats, scripted: Start, empty: Callable[[], Outgoing], status: int, error: dict[str, str], expected: str
) -> None:
    """Asked without `stream`, the server tells what is the matter; only the second request is known not to have run."""
    streamed = [empty(), refused(status, **error)]
    server = scripted(lambda _: streamed.pop(0))
    told, raised = recorded(chats, server)

    assert (expected, ["asked", "asked", str(raised)]) == (raised.code, told)


def test_a_conversation_that_is_too_long_behind_an_empty_stream(
    chats: Chats, scripted: Start, empty: Callable[[], Outgoing]
) -> None:
    """It is halved until it fits, without a stream from then on: one request at most may be billed for nothing."""

    def answer(incoming: Incoming) -> Outgoing:
        body = json.loads(incoming.body)
        if body.get("stream"):
            return empty()
        fits = len(body["messages"]) <= 3
        return whole("Now it fits.") if fits else refused(400, code="context_length_exceeded")

    server = scripted(answer)
    told, error = recorded(chats, server, LONG)

    assert error is None
    assert [10, 10, 5, 3] == counts(server)
    assert [True, None, None, None] == [body.get("stream") for body in bodies(server)]
    assert (4, 2) == (told.count("asked"), len(told) - told.count("asked"))


def test_what_stays_empty_is_an_error(chats: Chats, scripted: Start, empty: Callable[[], Outgoing]) -> None:
    """It is asked once more, not for ever; both requests may be billed."""
    server = scripted(lambda _: empty())
    told, error = recorded(chats, server)

    assert isinstance(error, Temporary)
    assert ("empty_answer", True, ["asked", "asked"]) == (error.code, error.sent, told)
    assert 2 == len(server.seen)


def test_an_answer_that_breaks_off_later_is_not_asked_again(chats: Chats, scripted: Start) -> None:
    """Its model has run: whether to ask again is the caller's decision."""

    def started() -> Iterator[bytes]:
        yield b'data: {"choices": [{"del'
        raise Gone

    server = scripted(lambda _: Outgoing(body=started(), headers=(("Content-Type", "text/event-stream"),)))
    told, error = recorded(chats, server)

    assert ("stream_cut", ["asked"]) == (error.code, told)


def test_the_extra_request_needs_leave_like_any_other(
    chats: Chats, scripted: Start, empty: Callable[[], Outgoing]
) -> None:
    """A recorder that refuses it ends the reply."""
    server = scripted(lambda _: empty())
    told, error = recorded(chats, server, most=1)

    assert (["asked"], BlockingIOError, 1) == (told, type(error), len(server.seen))


ALTERNATE = [
    refused(400, message="Jinja Exception: conversation roles must alternate user/assistant/user/assistant/..."),
    refused(500, message="Conversation roles must alternate user/assistant/user/assistant/..."),
    refused(400, code="400", message="litellm.BadRequestError: roles must alternate between user and assistant"),
]
ROLES = Conversation(
    "Be kind.",
    (Turn("cocoai", "Hello."), Turn("asker", "a: Loud pump."), Turn("asker", "Why?"), Turn("cocoai", "Wear."),
     Turn("asker", "b: Old."), Turn("asker", "And now?")),
)  # fmt: skip


@pytest.mark.parametrize("refusal", ALTERNATE)
def test_roles_alternate_for_a_model_that_wants_it(chats: Chats, scripted: Start, refusal: Outgoing) -> None:
    """Turns in a row of one speaker become one, and none of the model's stands in front; that is remembered."""

    def answer(incoming: Incoming) -> Outgoing:
        roles = [message["role"] for message in json.loads(incoming.body)["messages"]]
        return WELL if roles[1::2] == ["user"] * len(roles[1::2]) and roles[1] != roles[2:3] else refusal

    server = scripted(answer)
    chat = chats.at(server.url)
    read(chat, ROLES)
    read(chat, ROLES)

    assert [7, 4, 4] == counts(server)
    assert ["Be kind.", "a: Loud pump.\n\nWhy?", "Wear.", "b: Old.\n\nAnd now?"] == [
        message["content"] for message in bodies(server)[1]["messages"]
    ]


def test_a_model_that_is_never_content_with_the_roles(chats: Chats, scripted: Start) -> None:
    """They are mended once."""
    server = scripted(lambda _: ALTERNATE[0])
    _, error = recorded(chats, server, ROLES)

    assert isinstance(error, Permanent)
    assert [7, 4] == counts(server)


def test_instructions_for_a_model_that_takes_no_system_message(chats: Chats, scripted: Start) -> None:
    """They stand in front of the first user message from then on, and the roles alternate too."""

    def answer(incoming: Incoming) -> Outgoing:
        roles = [message["role"] for message in json.loads(incoming.body)["messages"]]
        if "system" in roles:
            return refused(400, message="System role not supported", type="BadRequestError", code=400)
        return WELL if ["user", "assistant", "user"] == roles else ALTERNATE[0]

    server = scripted(answer)
    chat = chats.at(server.url)
    read(chat, ROLES)
    read(chat, ROLES)

    assert [7, 6, 3, 3] == counts(server)
    assert ["Be kind.\n\na: Loud pump.\n\nWhy?", "Wear.", "b: Old.\n\nAnd now?"] == [
        message["content"] for message in bodies(server)[3]["messages"]
    ]


def test_a_parameter_refused_inside_a_stream_is_dropped(chats: Chats, scripted: Start) -> None:
    """Some servers send even refusals with status 200."""
    refusal = events(b'data: {"error": {"code": "unsupported_parameter", "param": "reasoning_effort"}}\n\n')
    server = scripted(lambda incoming: refusal if b"reasoning_effort" in incoming.body else WELL)
    told, error = recorded(chats, server)

    assert error is None
    assert ["asked", "OpenAI unsupported_parameter", "asked"] == told
