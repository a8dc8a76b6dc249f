"""chatgpt/chat.py over TLS against the practice OpenAI, and against servers that behave worse than that."""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from cocoai.chatgpt.chat import AnswerPieces, ChatGPTChat, Ending, Usage
from cocoai.chatgpt.stream import INTERRUPTED, Interruption
from cocoai.conversation import Attachment, Conversation, Turn
from cocoai.engine.client.client import USER_AGENT, HttpClient
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.factory import new_client
from cocoai.engine.client.proxied import ProxyClient
from cocoai.engine.client.tls import tls_context
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.answer import practice_answer
from cocoai.rehearsal.openai.practice import API_KEY, PracticeOpenAI
from cocoai.rehearsal.server import Incoming, Outgoing, PracticeServer

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


@pytest.fixture(scope="module")
def context(certificates: Certificates) -> ssl.SSLContext:
    return tls_context(certificates.ca_file)


@pytest.fixture
def new_http_client() -> Callable[[ssl.SSLContext], Any]:
    """Return what makes the HTTP client; tests/engine/client/test_client.py holds both kinds to one contract."""
    return DirectClient


@pytest.fixture
def chats(context: ssl.SSLContext, new_http_client: Callable[[ssl.SSLContext], Any]) -> Iterator[Chats]:
    """Make chats on one HTTP client, which is closed in the end."""
    client = new_http_client(context)
    yield Chats(client)
    client.close()


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeOpenAI]:
    """Start a practice OpenAI for one test."""
    with PracticeOpenAI(certificates) as practice:
        yield practice


@pytest.fixture
def scripted(certificates: Certificates) -> Iterator[Callable[[Script], Scripted]]:
    """Return what starts scripted servers; they are stopped after the test."""
    servers: list[Scripted] = []

    def start(script: Script) -> Scripted:
        servers.append(Scripted(certificates, script).start())
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


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
    return [set(request.body) - {"model", "messages"} for request in practice.asked]


ALL = {"max_completion_tokens", "reasoning_effort", "store", "stream", "stream_options"}


def stream_of(text: str, reason: str | None) -> bytes:
    """Return an event with a piece of text, as OpenAI sends it."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def events(*pieces: bytes) -> Outgoing:
    """Return a response that streams these pieces of bytes."""
    return Outgoing(body=pieces, headers=(("Content-Type", "text/event-stream"),))


@pytest.mark.parametrize(
    "new_http_client", [DirectClient, partial(ProxyClient, proxy=None)], ids=["direct", "by requests"]
)
def test_the_answer_comes_in_pieces_and_ends_with_its_usage(chats: Chats, practice: PracticeOpenAI) -> None:
    """The text comes as it is written, then one ending with the model, the reason and the tokens."""
    practice.manner.pieces = 5
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

    assert practice.asked[0].body == {
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
    assert USER_AGENT == practice.asked[0].headers["user-agent"]


def test_empty_settings_are_not_sent(chats: Chats, practice: PracticeOpenAI) -> None:
    """Empty instructions make no system message, and an empty effort no reasoning_effort."""
    read(chats.at(practice.base_url, reasoning_effort=""), Conversation("", (Turn("asker", QUESTION),)))

    assert [ALL - {"reasoning_effort"}] == parameters(practice)
    assert [{"role": "user", "content": QUESTION}] == practice.asked[0].body["messages"]


def test_half_a_surrogate_pair_becomes_a_question_mark(chats: Chats, practice: PracticeOpenAI) -> None:
    """A lone surrogate, which JSON may contain, does not prevent the request."""
    read(chats.at(practice.base_url), Conversation("", (Turn("asker", "a\ud83db"),)))

    assert "a?b" == practice.asked[0].body["messages"][0]["content"]


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
    server = scripted(lambda _: events(b"data: [DONE]\n\n"))
    read(chats.at(server.url + base))

    assert expected == f"{server.seen[0].path}?{server.seen[0].query}".rstrip("?")


def test_the_first_piece_is_yielded_when_it_arrives(chats: Chats, practice: PracticeOpenAI) -> None:
    """The first words are yielded while the model still writes the rest."""
    practice.fail("pause", after=1)
    with closing(chats.at(practice.base_url).reply(CONVERSATION)) as reply:
        first = next(reply)

    assert isinstance(first, str)
    assert ANSWER.startswith(first)


@pytest.mark.parametrize("switch", ["refuses", "refuses_in_words"])
@pytest.mark.parametrize("name", ["reasoning_effort", "store", "stream_options"])
def test_a_refused_parameter_is_dropped_for_good(
    chats: Chats, practice: PracticeOpenAI, switch: str, name: str
) -> None:
    """The request is sent again without the refused parameter, and so are all further ones."""
    setattr(practice.manner, switch, frozenset({name}))
    chat = chats.at(practice.base_url)

    assert (ANSWER, ANSWER) == (read(chat)[0], read(chat)[0])
    assert [ALL, ALL - {name}, ALL - {name}] == parameters(practice)


def test_an_older_model_gets_no_reasoning_effort(chats: Chats, practice: PracticeOpenAI) -> None:
    """OpenAI's own older models refuse the parameter in their message alone."""
    assert ANSWER == read(chats.at(practice.base_url, model="gpt-4o-mini"))[0]
    assert [ALL, ALL - {"reasoning_effort"}] == parameters(practice)


def test_max_tokens_replaces_a_refused_max_completion_tokens(chats: Chats, practice: PracticeOpenAI) -> None:
    """A server that knows only max_tokens still gets the limit."""
    practice.manner.refuses = frozenset({"max_completion_tokens"})
    read(chats.at(practice.base_url, model="gpt-4o", reasoning_effort=""))

    assert 2000 == practice.asked[1].body["max_tokens"]
    assert "max_completion_tokens" not in practice.asked[1].body


def test_no_request_goes_without_a_limit(chats: Chats, practice: PracticeOpenAI) -> None:
    """A server that refuses the limit under both names gets no third request, which could cost anything."""
    practice.manner.refuses = frozenset({"max_completion_tokens", "max_tokens"})
    _, error = failure(chats.at(practice.base_url, reasoning_effort=""))

    assert isinstance(error, Permanent)
    assert ("unsupported_parameter", 2) == (error.code, len(practice.asked))


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
    practice.manner.refuses = frozenset({"stream"})
    text, ending = read(chats.at(practice.base_url))

    assert ANSWER == text
    assert ending.usage is not None
    assert ALL - {"stream", "stream_options"} == parameters(practice)[-1]


def test_several_parameters_are_refused_one_after_another(chats: Chats, practice: PracticeOpenAI) -> None:
    """Each refused parameter costs one request, once."""
    practice.manner.refuses = frozenset({"max_completion_tokens", "store"})
    practice.manner.refuses_in_words = frozenset({"reasoning_effort", "stream_options"})
    chat = chats.at(practice.base_url, model="gpt-4o")

    assert ANSWER == read(chat)[0]
    assert [5, 5, 4, 3, 2] == [len(names) for names in parameters(practice)]
    assert ANSWER == read(chat)[0]
    assert 6 == len(practice.asked)


def test_a_conversation_that_is_too_long_is_shortened_once(chats: Chats, practice: PracticeOpenAI) -> None:
    """The older half goes, the instructions and the question stay; the estimate is of what was sent last."""
    practice.manner.context_tokens = 100
    _, ending = read(chats.at(practice.base_url), LONGER)

    assert LONGER.without_oldest().estimated_tokens() == ending.estimated_tokens
    assert ["context_length_exceeded", "ok"] == [request.outcome for request in practice.asked]
    assert ["Be kind.", "third", QUESTION] == [message["content"] for message in practice.asked[1].body["messages"]]


@pytest.mark.parametrize(("conversation", "requests_made"), [(LONGER, 2), (CONVERSATION, 1)])
def test_a_conversation_that_stays_too_long_is_an_error(
    chats: Chats, practice: PracticeOpenAI, conversation: Conversation, requests_made: int
) -> None:
    """A conversation is shortened only once, and a question alone never."""
    practice.manner.context_tokens = 5
    _, error = failure(chats.at(practice.base_url), conversation)

    assert isinstance(error, Permanent)
    assert ("context_length_exceeded", 400) == (error.code, error.status)
    assert requests_made == len(practice.asked)


@pytest.mark.parametrize(
    ("kind", "code", "status", "retry_after"),
    [
        ("rate limited", "rate_limit_exceeded", 429, 1.5),
        ("server error", "server_error", 500, None),
        ("overloaded", "server_is_overloaded", 503, None),
        ("broken", "502", 502, None),
    ],
)
def test_an_error_that_passes_is_temporary(
    chats: Chats, practice: PracticeOpenAI, kind: Any, code: str, status: int, retry_after: float | None
) -> None:
    """The error has the code, the status, the request's id and the wait, and counts as not billed."""
    practice.fail(kind, seconds=1.5)
    _, error = failure(chats.at(practice.base_url))

    assert isinstance(error, Temporary)
    assert ("OpenAI", code, status, "req_practice1") == (error.source, error.code, error.status, error.request_id)
    assert (retry_after, False) == (error.retry_after, error.sent)


@pytest.mark.parametrize(
    "code", ["insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded"]
)
def test_no_credit_is_permanent(chats: Chats, practice: PracticeOpenAI, code: str) -> None:
    """A 429 for missing credit is permanent."""
    practice.fail("no credit", code=code)
    _, error = failure(chats.at(practice.base_url))

    assert isinstance(error, Permanent)
    assert (code, 429, "req_practice1") == (error.code, error.status, error.request_id)


@pytest.mark.parametrize("key", ["sk-wrong", "sk-wrong-日本", "sk-wrong\n", "sk-wrong\udc80"])
def test_a_bad_key_is_permanent_and_stays_secret(chats: Chats, practice: PracticeOpenAI, key: str) -> None:
    """The key, also one that no header can hold, is not in the error, its cause or any `repr`."""
    chat = chats.at(practice.base_url, api_key=key)
    _, error = failure(chat)

    assert isinstance(error, Permanent)
    assert "invalid_api_key" == error.code
    assert "sk-wrong" not in f"{error!r} {error} {error.__cause__!r} {chat!r}"
    assert error.__suppress_context__ or error.__context__ is None


def test_a_missing_model_is_permanent(chats: Chats, practice: PracticeOpenAI) -> None:
    """A 404 with model_not_found is permanent."""
    _, error = failure(chats.at(practice.base_url, model="gpt-3.5-turbo"))

    assert isinstance(error, Permanent)
    assert ("model_not_found", 404) == (error.code, error.status)


@pytest.mark.parametrize(
    "base_url",
    [
        "ftp://127.0.0.1/v1",
        "https://",
        "no address",
        "https://[::1",
        "https://127.0.0.1:99999/v1",
        "https://a..b/v1",
        f"https://{'a' * 70}.example/v1",
        "http://192.0.2.1/v1",
    ],
)
def test_an_invalid_base_url_is_permanent(chats: Chats, base_url: str) -> None:
    """An address that cannot be used is permanent, and so is plain http to another machine."""
    with pytest.raises(Permanent):
        list(chats.at(base_url).reply(CONVERSATION))


def test_a_redirect_is_not_followed(chats: Chats, scripted: Callable[[Script], Scripted]) -> None:
    """The key is sent to the configured address only."""
    server = scripted(lambda _: Outgoing(307, headers=(("Location", "/elsewhere"),)))
    _, error = failure(chats.at(server.url))

    assert isinstance(error, Permanent)
    assert ("307", 1) == (error.code, len(server.seen))


def test_an_html_page_is_permanent(chats: Chats, scripted: Callable[[Script], Scripted]) -> None:
    """Status 200 with HTML means a login page, or a wrong address."""
    server = scripted(lambda _: Outgoing(body=b"<html>Welcome!</html>", headers=(("Content-Type", "text/html"),)))
    _, error = failure(chats.at(server.url))

    assert isinstance(error, Permanent)
    assert ("not_an_api", 200) == (error.code, error.status)


def test_a_refused_connection_is_temporary(chats: Chats) -> None:
    """A refused connection is temporary, and the request was not sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    _, error = failure(chats.at(f"https://127.0.0.1:{port}/v1"))

    assert isinstance(error, Temporary)
    assert ("connection_failed", False) == (error.code, error.sent)


def test_a_missing_proxy_has_its_own_code(context: ssl.SSLContext) -> None:
    """A proxy that cannot be reached has its own code, so that the operator looks in the right place."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
    _, error = failure(Chats(new_client(context, proxy)).at("https://practice.example/v1"))

    assert isinstance(error, Temporary)
    assert ("proxy_failed", False) == (error.code, error.sent)


def test_an_untrusted_certificate_is_temporary(practice: PracticeOpenAI) -> None:
    """Nothing is sent, and the error is temporary, because a wrong clock has the same effect."""
    _, error = failure(Chats(new_client(tls_context())).at(practice.base_url))

    assert isinstance(error, Temporary)
    assert ("tls_failed", False, []) == (error.code, error.sent, practice.asked)


def test_the_connect_time_out_includes_the_handshake(chats: Chats) -> None:
    """A server that never finishes the handshake causes connect_timeout, and the request was not sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        _, error = failure(chats.at(url, connect_timeout=SOON))

    assert isinstance(error, Temporary)
    assert ("connect_timeout", "OpenAI", False) == (error.code, error.source, error.sent)


@pytest.mark.parametrize("kind", ["silent", "pause"])
@pytest.mark.parametrize("keep_alives", [False, True])
def test_the_first_word_time_out(chats: Chats, practice: PracticeOpenAI, kind: Any, keep_alives: bool) -> None:
    """Neither silence nor headers, a role and comments are text; the request was sent, so it may be billed."""
    practice.manner.keep_alives = keep_alives
    practice.fail(kind)
    text, error = failure(chats.at(practice.base_url, first_word_timeout=SOON))

    assert isinstance(error, Temporary)
    assert ("first_word_timeout", "OpenAI", True, "") == (error.code, error.source, error.sent, text)


@pytest.mark.parametrize("keep_alives", [False, True])
def test_the_silence_time_out(chats: Chats, practice: PracticeOpenAI, keep_alives: bool) -> None:
    """The text before the silence is yielded, and comments count as silence."""
    practice.manner.keep_alives = keep_alives
    practice.fail("pause", after=2)
    text, error = failure(chats.at(practice.base_url, silence_timeout=SOON))

    assert isinstance(error, Temporary)
    assert ("silence_timeout", "OpenAI", True) == (error.code, error.source, error.sent)
    assert "req_practice1" == error.request_id
    assert ANSWER[:32] == text


@pytest.mark.parametrize("ignores_stream", [False, True])
def test_the_total_time_out(chats: Chats, practice: PracticeOpenAI, ignores_stream: bool) -> None:
    """The total time-out ends an answer that trickles, and a single body that does not come."""
    practice.manner.ignores_stream = ignores_stream
    practice.manner.piece_size, practice.manner.piece_delay = 1, SOON / 4
    practice.manner.first_delay = PATIENCE if ignores_stream else 0.0
    text, error = failure(chats.at(practice.base_url, total_timeout=2 * SOON))

    assert isinstance(error, Temporary)
    assert ("total_timeout", "OpenAI", True) == (error.code, error.source, error.sent)
    assert bool(text) != ignores_stream
    assert ANSWER.startswith(text)


def test_a_slow_caller_is_not_a_silent_model(chats: Chats, practice: PracticeOpenAI) -> None:
    """Text that waits in the kernel while the caller is busy does not count as silence."""
    practice.manner.pieces = 3
    pieces: list[str] = []
    for piece in chats.at(practice.base_url, silence_timeout=SOON).reply(CONVERSATION):
        pieces.append(piece if isinstance(piece, str) else "")
        time.sleep(1.5 * SOON if len(pieces) == 1 else 0)

    assert ANSWER == "".join(pieces)


def test_text_is_gathered_as_long_as_the_caller_says(chats: Chats, practice: PracticeOpenAI) -> None:
    """Text is gathered for the seconds that the caller sends, but the end of the answer is yielded at once."""
    practice.manner.pieces, practice.manner.piece_delay = 60, 0.01
    chat = chats.at(practice.base_url, silence_timeout=8 * PATIENCE, total_timeout=8 * PATIENCE)
    began = time.monotonic()
    *pieces, _ = gathered(chat.reply(CONVERSATION), 4 * PATIENCE)

    assert len(pieces) <= 2
    assert ANSWER == "".join(texts(pieces))
    assert time.monotonic() - began < PATIENCE


def test_gathering_is_short_if_the_connection_stays_open(chats: Chats) -> None:
    """If the server does not close the connection, only reading shows the end of the answer."""
    first, second = stream_of("a", None), stream_of("b", "stop")
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as threads:

        def serve() -> socket.socket:
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + first)
            return connection

        serving = threads.submit(serve)
        chat = chats.at(f"http://127.0.0.1:{listener.getsockname()[1]}", total_timeout=8 * PATIENCE)
        began = time.monotonic()
        reply = chat.reply(CONVERSATION)
        pieces = [next(reply)]
        with serving.result() as connection:
            connection.sendall(second)
            pieces += [reply.send(4 * PATIENCE)]

    assert ["a", "b"] == pieces
    assert time.monotonic() - began < PATIENCE


def test_nothing_is_gathered_before_the_first_words(chats: Chats, practice: PracticeOpenAI) -> None:
    """The first words are yielded when they arrive."""
    practice.fail("pause", after=1)
    chat = chats.at(practice.base_url, silence_timeout=8 * PATIENCE, total_timeout=8 * PATIENCE)
    with closing(chat.reply(CONVERSATION)) as reply:
        began = time.monotonic()
        next(reply)

    assert time.monotonic() - began < PATIENCE


def test_the_silence_time_out_while_text_is_gathered(chats: Chats, practice: PracticeOpenAI) -> None:
    """A caller that needs no text for long does not make the silence time-out longer."""
    practice.fail("pause", after=1)
    chat = chats.at(practice.base_url, silence_timeout=SOON)
    pieces: list[str | Ending] = []
    with pytest.raises(Temporary, match="silence_timeout"):
        pieces.extend(
            piece for piece in gathered(chat.reply(CONVERSATION), 4 * PATIENCE) if not isinstance(piece, Interruption)
        )

    assert 1 == len(pieces)


@pytest.mark.parametrize(("after", "sent"), [(0, False), (2, True)])
@pytest.mark.parametrize("code", ["server_error", 429])
def test_an_error_inside_the_stream(
    chats: Chats, practice: PracticeOpenAI, after: int, sent: bool, code: str | int
) -> None:
    """An error inside the stream counts as sent after the first words, because they may be billed."""
    practice.fail("error", after=after, code=code)
    text, error = failure(chats.at(practice.base_url))

    assert isinstance(error, Temporary)
    assert (str(code), sent, "req_practice1") == (error.code, error.sent, error.request_id)
    assert ANSWER[: 16 * after] == text


@pytest.mark.parametrize("kind", ["cut", "unfinished"])
@pytest.mark.parametrize(("after", "ignores_stream"), [(0, False), (2, False), (0, True)])
def test_an_answer_that_breaks_off(
    chats: Chats, practice: PracticeOpenAI, kind: Any, after: int, ignores_stream: bool
) -> None:
    """An answer that ends too early, streamed or not, is yielded as far as it came, and is an error."""
    practice.manner.ignores_stream = ignores_stream
    practice.fail(kind, after=after)
    text, error = failure(chats.at(practice.base_url))

    assert isinstance(error, Temporary)
    assert (True, ANSWER[: 16 * after]) == (error.sent, text)
    assert ("unreadable_answer" if ignores_stream and kind == "unfinished" else "stream_cut") == error.code


def test_a_connection_closed_before_the_response(chats: Chats, practice: PracticeOpenAI) -> None:
    """The request had been read, so it counts as sent, and is not sent again."""
    practice.fail("gone")
    _, error = failure(chats.at(practice.base_url))

    assert isinstance(error, Temporary)
    assert ("connection_lost", True, 1) == (error.code, error.sent, len(practice.asked))


def test_a_stream_without_done_is_complete(chats: Chats, practice: PracticeOpenAI) -> None:
    """A reason is enough to make the answer complete."""
    practice.manner.says_done = False
    text, ending = read(chats.at(practice.base_url))

    assert (ANSWER, "stop") == (text, ending.finish_reason)
    assert ending.usage is not None


def test_a_server_that_ignores_the_stream_parameter(chats: Chats, practice: PracticeOpenAI) -> None:
    """A JSON body is read instead of a stream, with its usage."""
    practice.manner.ignores_stream = True
    text, ending = read(chats.at(practice.base_url))

    assert ANSWER == text
    assert ending.usage is not None


def test_usage_may_be_missing(chats: Chats, practice: PracticeOpenAI) -> None:
    """Without usage the ending has None, and the answer is complete."""
    practice.manner.refuses = frozenset({"stream_options"})
    text, ending = read(chats.at(practice.base_url))

    assert (ANSWER, None) == (text, ending.usage)


def test_an_answer_may_be_empty(chats: Chats, practice: PracticeOpenAI) -> None:
    """If the reasoning takes all tokens, there is no text, the reason is `length`, and the usage is there."""
    practice.fail("empty")
    text, ending = read(chats.at(practice.base_url, max_output_tokens=50))

    assert ("", "length", False) == (text, ending.finish_reason, ending.refusal)
    assert ending.usage is not None
    assert (50, 50) == (ending.usage.completion_tokens, ending.usage.reasoning_tokens)


def test_an_answer_cut_at_its_limit(chats: Chats, practice: PracticeOpenAI) -> None:
    """The text up to the limit is yielded, and the reason is `length`."""
    text, ending = read(chats.at(practice.base_url, max_output_tokens=40))

    assert "length" == ending.finish_reason
    assert text
    assert ANSWER.startswith(text)


@pytest.mark.parametrize("ignores_stream", [False, True])
def test_a_refusal_is_in_the_ending(chats: Chats, practice: PracticeOpenAI, ignores_stream: bool) -> None:
    """The text of a refusal is not yielded: the caller has texts of its own."""
    practice.manner.ignores_stream = ignores_stream
    practice.fail("refusal")
    text, ending = read(chats.at(practice.base_url))

    assert ("", True) == (text, ending.refusal)


PNG = Attachment("image", "a.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(300_000))
PDF = Attachment("pdf", "plan.pdf", "application/pdf", b"%PDF-1.7\n/Type /Page\n")
TEXT = Attachment("text", "notes.md", "text/markdown", "覚え書き".encode())


def attached(*attachments: Attachment) -> Conversation:
    """Return a conversation of one question with these attachments."""
    return Conversation("Be kind.", (Turn("asker", QUESTION, attachments),))


def test_attachments_reach_the_model(chats: Chats, practice: PracticeOpenAI) -> None:
    """Every byte of each attachment arrives with its type, and the question is the text behind them."""
    text, ending = read(chats.at(practice.base_url), attached(PNG, PDF, TEXT))
    seen = [(each.kind, each.media_type, each.size, each.name) for each in practice.asked[0].attached]

    assert ("image", "image/png", len(PNG.data), "") == seen[0]
    assert ("pdf", "application/pdf", len(PDF.data), "plan.pdf") == seen[1]
    assert ("text", len("notes.md:\n\n") + len(TEXT.data)) == (seen[2][0], seen[2][2])
    assert f"> {QUESTION}\n" in text
    assert 0 == ending.estimated_tokens


def test_an_attached_text_is_estimated(chats: Chats, practice: PracticeOpenAI) -> None:
    """The ending has an estimate if only texts are attached."""
    assert attached(TEXT).estimated_tokens() == read(chats.at(practice.base_url), attached(TEXT))[1].estimated_tokens


@pytest.mark.parametrize(
    ("attachment", "code"),
    [
        (Attachment("image", "a", "image/png", b"no picture"), "image_parse_error"),
        (Attachment("image", "a", "image/bmp", b"BM"), "invalid_image_format"),
        (Attachment("image", "a", "image/png", b""), "empty_image_file"),
        (Attachment("pdf", "a", "application/pdf", b"no PDF"), "invalid_file"),
        (Attachment("pdf", "a", "text/plain", b"%PDF-"), "invalid_value"),
    ],
)
def test_a_refused_attachment_is_permanent(
    chats: Chats, practice: PracticeOpenAI, attachment: Attachment, code: str
) -> None:
    """The code is `attachment` for the caller, OpenAI's own is kept beside it, and one request is made."""
    _, error = failure(chats.at(practice.base_url), attached(attachment))

    assert isinstance(error, Permanent)
    assert ("attachment", code, 400, "req_practice1") == (error.code, error.their_code, error.status, error.request_id)
    assert 1 == len(practice.asked)


@pytest.mark.parametrize("attachment", [PNG, PDF])
def test_a_model_without_vision(chats: Chats, practice: PracticeOpenAI, attachment: Attachment) -> None:
    """A model without vision takes text, also an attached one, and refuses images and PDFs."""
    practice.manner.vision = False
    chat = chats.at(practice.base_url)
    _, error = failure(chat, attached(attachment))

    assert ("attachment", "invalid_request_error") == (error.code, error.their_code)
    assert read(chat, attached(TEXT))


def test_no_attachment_is_blamed_if_there_is_none(chats: Chats, scripted: Callable[[Script], Scripted]) -> None:
    """Without attachments in the conversation the error keeps the API's own code."""
    body = json.dumps({"error": {"message": "Invalid image.", "code": "image_parse_error"}}).encode()
    server = scripted(lambda _: Outgoing(400, body, (("Content-Type", "application/json"),)))
    _, error = failure(chats.at(server.url))

    assert ("image_parse_error", "") == (error.code, error.their_code)


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


@pytest.fixture
def wakeup() -> Iterator[Wakeup]:
    """Make a wake-up descriptor for one test."""
    pipe = Wakeup(*os.pipe())
    yield pipe
    os.close(pipe.fd)
    os.close(pipe.writer)


@pytest.mark.parametrize("content_type", ["text/event-stream", "application/json"])
def test_wakeup_interrupts_the_wait_for_the_first_word(
    chats: Chats, scripted: Callable[[Script], Scripted], wakeup: Wakeup, content_type: str
) -> None:
    """INTERRUPTED is yielded in a stream and in a single body; reading on loses nothing."""
    goes_on = threading.Event()
    payload = {"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}
    body = json.dumps(payload).encode() if "json" in content_type else stream_of("a", "stop")

    def thinking() -> Iterator[bytes]:
        yield body[:7]
        goes_on.wait(PATIENCE)
        yield body[7:]

    server = scripted(lambda _: Outgoing(body=thinking(), headers=(("Content-Type", content_type),)))
    reply = chats.at(server.url).reply(CONVERSATION, wakeup=wakeup.fd)
    wakeup.write()
    pieces = [next(reply), next(reply)]
    wakeup.drain()
    goes_on.set()

    assert [INTERRUPTED, INTERRUPTED] == pieces
    assert ["a", Ending("stop", "gpt-6-luna", None, estimated_tokens=CONVERSATION.estimated_tokens())] == list(reply)


def test_wakeup_interrupts_gathering(chats: Chats, practice: PracticeOpenAI, wakeup: Wakeup) -> None:
    """INTERRUPTED is yielded at once, however long text was to be gathered."""
    practice.fail("pause", after=1)
    chat = chats.at(practice.base_url, silence_timeout=8 * PATIENCE, total_timeout=8 * PATIENCE)
    began = time.monotonic()
    with closing(chat.reply(CONVERSATION, wakeup=wakeup.fd)) as reply:
        first = next(reply)
        wakeup.write()
        second = reply.send(4 * PATIENCE)

    assert (ANSWER[:16], INTERRUPTED) == (first, second)
    assert time.monotonic() - began < PATIENCE


@pytest.mark.parametrize(("after", "code"), [(0, "first_word_timeout"), (1, "silence_timeout")])
def test_wakeup_does_not_extend_a_time_out(
    chats: Chats, practice: PracticeOpenAI, wakeup: Wakeup, after: int, code: str
) -> None:
    """The time-outs run on, however often the wait is interrupted and however busy the caller is."""
    practice.fail("pause", after=after)
    now = [0.0]
    chat = chats.at(practice.base_url, clock=lambda: now[0], total_timeout=3 * PATIENCE)
    reply = chat.reply(CONVERSATION, wakeup=wakeup.fd)
    pieces = [next(reply) for _ in range(after)]
    wakeup.write()
    pieces.append(next(reply))
    now[0] += 2 * PATIENCE / 3
    pieces.append(next(reply))
    now[0] += 2 * PATIENCE / 3

    assert [INTERRUPTED, INTERRUPTED] == pieces[after:]
    assert ANSWER[: 16 * after] == "".join(texts(pieces))
    with pytest.raises(Temporary, match=code):
        next(reply)


def test_closing_the_reply_closes_the_connection(chats: Chats, practice: PracticeOpenAI) -> None:
    """Closing the generator in the middle of an answer closes the connection."""
    practice.manner.answer = "x" * 2_000_000
    reply = chats.at(practice.base_url, max_output_tokens=1_000_000).reply(CONVERSATION)
    next(reply)
    reply.close()

    assert practice.wait_for(lambda: practice.hung_up == 1, PATIENCE)


def test_a_connection_serves_one_request(chats: Chats, practice: PracticeOpenAI) -> None:
    """A connection is closed after its response, so none is used that the server has closed meanwhile."""
    practice.fail("rate limited")
    chat = chats.at(practice.base_url)
    failure(chat)
    read(chat)
    practice.drop_connections()

    assert ANSWER == read(chat)[0]
    assert ["close"] * 3 == [request.headers["connection"] for request in practice.asked]


def test_a_long_conversation_is_sent_completely(chats: Chats, practice: PracticeOpenAI) -> None:
    """A request may be bigger than any block in which it is sent."""
    turns = (Turn("asker", "長い" * 30_000), Turn("asker", QUESTION))
    read(chats.at(practice.base_url), Conversation("", turns))

    assert "長い" * 30_000 == practice.asked[0].body["messages"][0]["content"]


@pytest.mark.parametrize("last_event", [b"", b"data: [DONE]\n\n"])
def test_a_server_that_keeps_the_connection_open_delays_nothing(
    chats: Chats, scripted: Callable[[Script], Scripted], last_event: bytes
) -> None:
    """After the complete answer the wait for its usage is short, and nobody waits for the body's end.

    The clock runs fast here, and comments keep coming, so that the time-out is checked.
    """
    finished = b'data: {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}\n\n'

    def endless() -> Iterator[bytes]:
        yield finished + last_event
        while True:
            server.pause(0.01)
            yield b": still here\n\n"

    server = scripted(lambda _: Outgoing(body=endless(), headers=(("Content-Type", "text/event-stream"),)))
    chat = chats.at(
        server.url, clock=lambda: 20 * time.monotonic(), silence_timeout=20 * PATIENCE, total_timeout=20 * PATIENCE
    )

    assert ("a", Ending("stop", "gpt-6-luna", None, estimated_tokens=CONVERSATION.estimated_tokens())) == read(chat)


@pytest.mark.parametrize(
    "pieces",
    [
        (b'data: {"choices": [{"delta": {"content": "\xe7', b'\xad\x94", "x": 1}}]}\r', b"\n\r\ndata:[DONE]\r\n\r\n"),
        (
            b": hello\r\rdata:",
            b'{"choices": [],\rdata: "error": null}\r\r',
            b'data: {"choices": [{"delta":',
            b"{}}]}\n\n",
        ),
    ],
)
def test_the_cuts_of_the_network_change_nothing(
    chats: Chats, scripted: Callable[[Script], Scripted], pieces: tuple[bytes, ...]
) -> None:
    """Characters, lines and events may be cut anywhere."""
    server = scripted(lambda _: events(*pieces, b"\n\ndata: [DONE]\n\n"))
    text, _ = read(chats.at(server.url))

    assert text in ("答", "")
