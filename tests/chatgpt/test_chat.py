"""chatgpt/chat.py over TLS against the practice OpenAI, and against servers that are odder than that."""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from cocoai.chatgpt.chat import ChatGPTChat, Ending, Usage
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
"""Seconds: a time-out that is to strike; and one that must not, PATIENCE."""

QUESTION = "富士山の高さは？"
ANSWER = practice_answer(QUESTION, 1)
CONVERSATION = Conversation("Be kind.", (Turn("asker", QUESTION),))
LONGER = Conversation(
    "Be kind.",
    (Turn("asker", "first " * 200), Turn("cocoai", "second"), Turn("asker", "third"), Turn("asker", QUESTION)),
)

Script = Callable[[Incoming], Outgoing]


class Scripted(PracticeServer):
    """Says what it was given to say."""

    def __init__(self, certificates: Certificates, script: Script) -> None:
        super().__init__(certificates)
        self.script = script
        self.seen: list[Incoming] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        self.seen.append(incoming)
        return self.script(incoming)


@dataclass(frozen=True)
class Client:
    """Makes chats on one line."""

    line: HttpClient

    def chat(self, base_url: str, **changes: Any) -> ChatGPTChat:
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
        return ChatGPTChat(self.line, base_url=base_url, **settings | changes)


@pytest.fixture(scope="module")
def context(certificates: Certificates) -> ssl.SSLContext:
    return tls_context(certificates.ca_file)


@pytest.fixture(params=[DirectClient, partial(ProxyClient, proxy=None)], ids=["direct", "by requests"])
def client(context: ssl.SSLContext, request: pytest.FixtureRequest) -> Iterator[Client]:
    """On either kind of line."""
    line = request.param(context)
    yield Client(line)
    line.close()


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeOpenAI]:
    with PracticeOpenAI(certificates) as practice:
        yield practice


@pytest.fixture
def scripted(certificates: Certificates) -> Iterator[Callable[[Script], Scripted]]:
    servers: list[Scripted] = []

    def start(script: Script) -> Scripted:
        servers.append(Scripted(certificates, script).start())
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def read(chat: ChatGPTChat, conversation: Conversation = CONVERSATION) -> tuple[str, Ending]:
    """The whole text, and the ending that comes last and once."""
    *pieces, ending = chat.reply(conversation)
    assert isinstance(ending, Ending)
    return "".join(piece for piece in pieces if isinstance(piece, str)), ending


def failure(chat: ChatGPTChat, conversation: Conversation = CONVERSATION) -> tuple[str, CocoAIError]:
    """The text that came before the error, and the error."""
    pieces: list[str] = []

    def collect() -> None:
        pieces.extend(piece for piece in chat.reply(conversation) if isinstance(piece, str))

    with pytest.raises(CocoAIError) as raised:
        collect()
    return "".join(pieces), raised.value


def parameters(practice: PracticeOpenAI) -> list[set[str]]:
    """Which parameters each request had, beside what they all have."""
    return [set(asked.body) - {"model", "messages"} for asked in practice.asked]


ALL = {"max_completion_tokens", "reasoning_effort", "store", "stream", "stream_options"}


def stream_of(word: str, reason: str | None) -> bytes:
    """An event as OpenAI writes it."""
    choice = {"index": 0, "delta": {"content": word}, "finish_reason": reason}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def events(*pieces: bytes) -> Outgoing:
    return Outgoing(body=pieces, headers=(("Content-Type", "text/event-stream"),))


def test_the_answer_comes_in_pieces_and_ends_with_its_usage(client: Client, practice: PracticeOpenAI) -> None:
    """The text as it was written, then one ending with the model, the reason and the tokens."""
    practice.manner.pieces = 5
    *pieces, ending = client.chat(practice.base_url).reply(CONVERSATION)

    assert 1 <= len(pieces) <= 5
    assert ANSWER == "".join(map(str, pieces))
    assert isinstance(ending, Ending)
    assert ("stop", "gpt-6-luna", False) == (ending.finish_reason, ending.model, ending.refusal)
    assert isinstance(ending.usage, Usage)
    assert (0, 16) == (ending.usage.cached_tokens, ending.usage.reasoning_tokens)
    assert ending.usage.prompt_tokens > 0
    assert ending.usage.completion_tokens > 16


def test_the_request_says_what_we_want_and_no_more(client: Client, practice: PracticeOpenAI) -> None:
    """The instructions as system, people as user, ourselves as assistant; nothing is stored at OpenAI."""
    conversation = Conversation("親切に。", (Turn("asker", "やあ"), Turn("cocoai", "どうも"), Turn("asker", QUESTION)))
    read(client.chat(practice.base_url), conversation)

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


def test_what_is_unset_is_not_sent(client: Client, practice: PracticeOpenAI) -> None:
    """No instructions, no system message; no effort, no reasoning_effort."""
    read(client.chat(practice.base_url, reasoning_effort=""), Conversation("", (Turn("asker", QUESTION),)))

    assert [ALL - {"reasoning_effort"}] == parameters(practice)
    assert [{"role": "user", "content": QUESTION}] == practice.asked[0].body["messages"]


def test_half_a_character_cannot_stop_a_request(client: Client, practice: PracticeOpenAI) -> None:
    """A lone surrogate, which JSON can smuggle in, becomes a question mark."""
    read(client.chat(practice.base_url), Conversation("", (Turn("asker", "a\ud83db"),)))

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
    client: Client, scripted: Callable[[Script], Scripted], base: str, expected: str
) -> None:
    """With a slash at its end or without."""
    server = scripted(lambda _: events(b"data: [DONE]\n\n"))
    read(client.chat(server.url + base))

    assert expected == f"{server.seen[0].path}?{server.seen[0].query}".rstrip("?")


def test_a_piece_is_handed_on_when_it_arrives(client: Client, practice: PracticeOpenAI) -> None:
    """The first words are there while the model is still silent about the rest."""
    practice.fail("pause", after=1)
    with closing(client.chat(practice.base_url).reply(CONVERSATION)) as reply:
        first = next(reply)

    assert isinstance(first, str)
    assert ANSWER.startswith(first)


@pytest.mark.parametrize("switch", ["refuses", "refuses_in_words"])
@pytest.mark.parametrize("name", ["reasoning_effort", "store", "stream_options"])
def test_a_parameter_that_is_refused_is_dropped_once_and_for_all(
    client: Client, practice: PracticeOpenAI, switch: str, name: str
) -> None:
    """Tried again at once, and remembered: the next question goes without it from the start."""
    setattr(practice.manner, switch, frozenset({name}))
    chat = client.chat(practice.base_url)

    assert (ANSWER, ANSWER) == (read(chat)[0], read(chat)[0])
    assert [ALL, ALL - {name}, ALL - {name}] == parameters(practice)


def test_an_older_model_thinks_without_effort(client: Client, practice: PracticeOpenAI) -> None:
    """As OpenAI's own older models refuse it: in words alone."""
    assert ANSWER == read(client.chat(practice.base_url, model="gpt-4o-mini"))[0]
    assert [ALL, ALL - {"reasoning_effort"}] == parameters(practice)


def test_the_limit_goes_by_its_old_name_where_it_must(client: Client, practice: PracticeOpenAI) -> None:
    """A compatible server that knows only max_tokens still gets the limit."""
    practice.manner.refuses = frozenset({"max_completion_tokens"})
    read(client.chat(practice.base_url, model="gpt-4o", reasoning_effort=""))

    assert 2000 == practice.asked[1].body["max_tokens"]
    assert "max_completion_tokens" not in practice.asked[1].body


def test_there_is_no_answer_without_a_limit(client: Client, practice: PracticeOpenAI) -> None:
    """A server that refuses the limit by both names could cost anything: it is not asked."""
    practice.manner.refuses = frozenset({"max_completion_tokens", "max_tokens"})
    _, error = failure(client.chat(practice.base_url, reasoning_effort=""))

    assert isinstance(error, Permanent)
    assert ("unsupported_parameter", 2) == (error.code, len(practice.asked))


def test_another_model_may_be_asked(client: Client, practice: PracticeOpenAI) -> None:
    """For one answer; and what one of them refuses is kept from no other."""
    chat = client.chat(practice.base_url)
    endings = [list(chat.reply(CONVERSATION, model=model))[-1] for model in ("gpt-4o-mini", "", "gpt-4o-mini")]

    assert ["gpt-4o-mini", "gpt-6-luna", "gpt-4o-mini"] == [
        ending.model for ending in endings if isinstance(ending, Ending)
    ]
    assert [ALL, ALL - {"reasoning_effort"}, ALL, ALL - {"reasoning_effort"}] == parameters(practice)


def test_a_model_that_may_not_stream_answers_whole(client: Client, practice: PracticeOpenAI) -> None:
    """Then stream_options go too, and the usage comes all the same."""
    practice.manner.refuses = frozenset({"stream"})
    text, ending = read(client.chat(practice.base_url))

    assert ANSWER == text
    assert ending.usage is not None
    assert ALL - {"stream", "stream_options"} == parameters(practice)[-1]


def test_everything_may_be_refused_one_after_another(client: Client, practice: PracticeOpenAI) -> None:
    """Each costs one request, once."""
    practice.manner.refuses = frozenset({"max_completion_tokens", "store"})
    practice.manner.refuses_in_words = frozenset({"reasoning_effort", "stream_options"})
    chat = client.chat(practice.base_url, model="gpt-4o")

    assert ANSWER == read(chat)[0]
    assert [5, 5, 4, 3, 2] == [len(names) for names in parameters(practice)]
    assert ANSWER == read(chat)[0]
    assert 6 == len(practice.asked)


def test_a_conversation_that_is_too_long_is_shortened_once(client: Client, practice: PracticeOpenAI) -> None:
    """The older half goes, the instructions and the question stay; the estimate is of what was sent in the end."""
    practice.manner.context_tokens = 100
    _, ending = read(client.chat(practice.base_url), LONGER)

    assert LONGER.without_oldest().estimated() == ending.estimated
    assert ["context_length_exceeded", "ok"] == [asked.outcome for asked in practice.asked]
    assert ["Be kind.", "third", QUESTION] == [said["content"] for said in practice.asked[1].body["messages"]]


@pytest.mark.parametrize(("conversation", "requests_made"), [(LONGER, 2), (CONVERSATION, 1)])
def test_what_stays_too_long_is_given_up(
    client: Client, practice: PracticeOpenAI, conversation: Conversation, requests_made: int
) -> None:
    """Nothing is cut twice, and a lone question not at all."""
    practice.manner.context_tokens = 5
    _, error = failure(client.chat(practice.base_url), conversation)

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
def test_what_passes_is_temporary(
    client: Client, practice: PracticeOpenAI, kind: Any, code: str, status: int, retry_after: float | None
) -> None:
    """With the code, the status, the request's id and the wait that was asked for; answered, and so not billed."""
    practice.fail(kind, seconds=1.5)
    _, error = failure(client.chat(practice.base_url))

    assert isinstance(error, Temporary)
    assert ("OpenAI", code, status, "req_practice1") == (error.source, error.code, error.status, error.request_id)
    assert (retry_after, False) == (error.retry_after, error.sent)


@pytest.mark.parametrize(
    "code", ["insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded"]
)
def test_no_credit_is_permanent(client: Client, practice: PracticeOpenAI, code: str) -> None:
    """A 429 that no waiting mends."""
    practice.fail("no credit", code=code)
    _, error = failure(client.chat(practice.base_url))

    assert isinstance(error, Permanent)
    assert (code, 429, "req_practice1") == (error.code, error.status, error.request_id)


@pytest.mark.parametrize("key", ["sk-wrong", "sk-wrong-日本", "sk-wrong\n", "sk-wrong\udc80"])
def test_a_bad_key_is_permanent_and_stays_secret(client: Client, practice: PracticeOpenAI, key: str) -> None:
    """Also one that no header can hold; and it shows neither in the error, nor in what caused it, nor in `repr`."""
    chat = client.chat(practice.base_url, api_key=key)
    _, error = failure(chat)

    assert isinstance(error, Permanent)
    assert "invalid_api_key" == error.code
    assert "sk-wrong" not in f"{error!r} {error} {error.__cause__!r} {chat!r}"
    assert error.__suppress_context__ or error.__context__ is None


def test_a_model_that_is_gone_is_permanent(client: Client, practice: PracticeOpenAI) -> None:
    """404 model_not_found."""
    _, error = failure(client.chat(practice.base_url, model="gpt-3.5-turbo"))

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
def test_an_address_that_is_none_is_permanent(client: Client, base_url: str) -> None:
    """And plain http to another machine is none."""
    with pytest.raises(Permanent):
        list(client.chat(base_url).reply(CONVERSATION))


def test_a_redirect_is_not_followed(client: Client, scripted: Callable[[Script], Scripted]) -> None:
    """The key goes to the address in the settings and nowhere else."""
    server = scripted(lambda _: Outgoing(307, headers=(("Location", "/elsewhere"),)))
    _, error = failure(client.chat(server.url))

    assert isinstance(error, Permanent)
    assert ("307", 1) == (error.code, len(server.seen))


def test_a_page_is_no_answer(client: Client, scripted: Callable[[Script], Scripted]) -> None:
    """Status 200 and HTML: somebody wants a person to log in, or the address is wrong."""
    server = scripted(lambda _: Outgoing(body=b"<html>Welcome!</html>", headers=(("Content-Type", "text/html"),)))
    _, error = failure(client.chat(server.url))

    assert isinstance(error, Permanent)
    assert ("not_an_api", 200) == (error.code, error.status)


def test_nobody_there(client: Client) -> None:
    """A refused connection is temporary, and nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    _, error = failure(client.chat(f"https://127.0.0.1:{port}/v1"))

    assert isinstance(error, Temporary)
    assert ("connection_failed", False) == (error.code, error.sent)


def test_a_proxy_that_is_not_there(context: ssl.SSLContext) -> None:
    """It is named, so that the operator looks in the right place."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
    _, error = failure(Client(new_client(context, proxy)).chat("https://practice.example/v1"))

    assert isinstance(error, Temporary)
    assert ("proxy_failed", False) == (error.code, error.sent)


def test_a_certificate_that_is_not_trusted(practice: PracticeOpenAI) -> None:
    """Nothing is sent to a stranger; a clock that is wrong for a while looks the same, so it is temporary."""
    _, error = failure(Client(new_client(tls_context())).chat(practice.base_url))

    assert isinstance(error, Temporary)
    assert ("tls_failed", False, []) == (error.code, error.sent, practice.asked)


def test_somebody_who_takes_the_call_and_does_not_speak(client: Client) -> None:
    """The connect time-out holds for the handshake too; the request had not been sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        _, error = failure(client.chat(url, connect_timeout=SOON))

    assert isinstance(error, Temporary)
    assert ("connect_timeout", "OpenAI", False) == (error.code, error.source, error.sent)


@pytest.mark.parametrize("kind", ["silent", "pause"])
@pytest.mark.parametrize("keep_alives", [False, True])
def test_the_first_word_is_not_awaited_for_ever(
    client: Client, practice: PracticeOpenAI, kind: Any, keep_alives: bool
) -> None:
    """Not a byte, or headers, a role and comments without end: no words. It had been sent, so it may be billed."""
    practice.manner.keep_alives = keep_alives
    practice.fail(kind)
    text, error = failure(client.chat(practice.base_url, first_word_timeout=SOON))

    assert isinstance(error, Temporary)
    assert ("first_word_timeout", "OpenAI", True, "") == (error.code, error.source, error.sent, text)


@pytest.mark.parametrize("keep_alives", [False, True])
def test_silence_after_the_first_words(client: Client, practice: PracticeOpenAI, keep_alives: bool) -> None:
    """The words that came are handed on; comments are silence."""
    practice.manner.keep_alives = keep_alives
    practice.fail("pause", after=2)
    text, error = failure(client.chat(practice.base_url, silence_timeout=SOON))

    assert isinstance(error, Temporary)
    assert ("silence_timeout", "OpenAI", True) == (error.code, error.source, error.sent)
    assert "req_practice1" == error.request_id
    assert ANSWER[:32] == text


@pytest.mark.parametrize("ignores_stream", [False, True])
def test_the_total_ends_what_would_not_end(client: Client, practice: PracticeOpenAI, ignores_stream: bool) -> None:
    """Texts that trickle, or a whole answer that does not come."""
    practice.manner.ignores_stream = ignores_stream
    practice.manner.piece_size, practice.manner.piece_delay = 1, SOON / 4
    practice.manner.first_delay = PATIENCE if ignores_stream else 0.0
    text, error = failure(client.chat(practice.base_url, total_timeout=2 * SOON))

    assert isinstance(error, Temporary)
    assert ("total_timeout", "OpenAI", True) == (error.code, error.source, error.sent)
    assert bool(text) != ignores_stream
    assert ANSWER.startswith(text)


def test_a_slow_caller_is_not_a_silent_model(client: Client, practice: PracticeOpenAI) -> None:
    """What waits at our door while the caller is busy does not count as silence."""
    practice.manner.pieces = 3
    texts = []
    for piece in client.chat(practice.base_url, silence_timeout=SOON).reply(CONVERSATION):
        texts.append(piece if isinstance(piece, str) else "")
        time.sleep(1.5 * SOON if len(texts) == 1 else 0)

    assert ANSWER == "".join(texts)


def test_words_that_trickle_are_taken_in_together(client: Client, practice: PracticeOpenAI) -> None:
    """As long as the caller can do without them; but the end wakes us at once."""
    practice.manner.pieces, practice.manner.piece_delay = 60, 0.01
    chat = client.chat(practice.base_url, silence_timeout=8 * PATIENCE, total_timeout=8 * PATIENCE)
    began = time.monotonic()
    *texts, _ = chat.reply(CONVERSATION, spare=lambda: 4 * PATIENCE)

    assert len(texts) <= 2
    assert ANSWER == "".join(map(str, texts))
    assert time.monotonic() - began < PATIENCE


def test_a_server_that_will_not_close_is_not_left_alone_for_long(client: Client) -> None:
    """Nothing tells the end of what it says but reading it."""
    first, second = (stream_of(word, reason) for word, reason in (("a", None), ("b", "stop")))
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as threads:

        def serve() -> socket.socket:
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + first)
            return connection

        serving = threads.submit(serve)
        chat = client.chat(f"http://127.0.0.1:{listener.getsockname()[1]}", total_timeout=8 * PATIENCE)
        began = time.monotonic()
        reply = chat.reply(CONVERSATION, spare=lambda: 4 * PATIENCE)
        words = [next(reply)]
        with serving.result() as connection:
            connection.sendall(second)
            words += [next(reply)]

    assert ["a", "b"] == words
    assert time.monotonic() - began < PATIENCE


def test_nobody_rests_before_the_first_word(client: Client, practice: PracticeOpenAI) -> None:
    """However long the caller could do without it."""
    practice.fail("pause", after=1)
    chat = client.chat(practice.base_url, silence_timeout=8 * PATIENCE, total_timeout=8 * PATIENCE)
    with closing(chat.reply(CONVERSATION, spare=lambda: 4 * PATIENCE)) as reply:
        began = time.monotonic()
        next(reply)

    assert time.monotonic() - began < PATIENCE


def test_a_silent_model_is_found_out_in_the_middle_of_a_rest(client: Client, practice: PracticeOpenAI) -> None:
    """A caller who needs nothing for a long time does not make the silence longer."""
    practice.fail("pause", after=1)
    chat = client.chat(practice.base_url, silence_timeout=SOON)
    texts: list[str | Ending] = []
    with pytest.raises(Temporary, match="silence_timeout"):
        texts.extend(piece for piece in chat.reply(CONVERSATION, spare=lambda: 4 * PATIENCE) if piece)

    assert 1 == len(texts)


@pytest.mark.parametrize(("after", "sent"), [(0, False), (2, True)])
@pytest.mark.parametrize("code", ["server_error", 429])
def test_an_error_inside_the_stream(
    client: Client, practice: PracticeOpenAI, after: int, sent: bool, code: str | int
) -> None:
    """After the first words it may have been billed, whatever it says."""
    practice.fail("error", after=after, code=code)
    text, error = failure(client.chat(practice.base_url))

    assert isinstance(error, Temporary)
    assert (str(code), sent, "req_practice1") == (error.code, error.sent, error.request_id)
    assert ANSWER[: 16 * after] == text


@pytest.mark.parametrize("kind", ["cut", "unfinished"])
@pytest.mark.parametrize(("after", "ignores_stream"), [(0, False), (2, False), (0, True)])
def test_an_answer_that_breaks_off(
    client: Client, practice: PracticeOpenAI, kind: Any, after: int, ignores_stream: bool
) -> None:
    """With the connection or in good order, streamed or whole: what came is handed on, and that it is not all."""
    practice.manner.ignores_stream = ignores_stream
    practice.fail(kind, after=after)
    text, error = failure(client.chat(practice.base_url))

    assert isinstance(error, Temporary)
    assert (True, ANSWER[: 16 * after]) == (error.sent, text)
    assert ("unreadable_answer" if ignores_stream and kind == "unfinished" else "stream_cut") == error.code


def test_a_connection_that_is_closed_without_a_word(client: Client, practice: PracticeOpenAI) -> None:
    """The request had been read: nobody knows what became of it. And it is not sent twice."""
    practice.fail("gone")
    _, error = failure(client.chat(practice.base_url))

    assert isinstance(error, Temporary)
    assert ("connection_lost", True, 1) == (error.code, error.sent, len(practice.asked))


def test_nobody_need_say_that_it_is_done(client: Client, practice: PracticeOpenAI) -> None:
    """A reason is enough."""
    practice.manner.says_done = False
    text, ending = read(client.chat(practice.base_url))

    assert (ANSWER, "stop") == (text, ending.finish_reason)
    assert ending.usage is not None


def test_a_server_that_ignores_the_wish_for_a_stream(client: Client, practice: PracticeOpenAI) -> None:
    """Its JSON is read, with the usage."""
    practice.manner.ignores_stream = True
    text, ending = read(client.chat(practice.base_url))

    assert ANSWER == text
    assert ending.usage is not None


def test_usage_may_be_missing(client: Client, practice: PracticeOpenAI) -> None:
    """Then it is None, and the answer stands."""
    practice.manner.refuses = frozenset({"stream_options"})
    text, ending = read(client.chat(practice.base_url))

    assert (ANSWER, None) == (text, ending.usage)


def test_an_empty_answer_is_the_callers_to_explain(client: Client, practice: PracticeOpenAI) -> None:
    """All the allowance went into thinking: no text, finish_reason length, and the bill."""
    practice.fail("empty")
    text, ending = read(client.chat(practice.base_url, max_output_tokens=50))

    assert ("", "length", False) == (text, ending.finish_reason, ending.refusal)
    assert ending.usage is not None
    assert (50, 50) == (ending.usage.completion_tokens, ending.usage.reasoning_tokens)


def test_an_answer_cut_at_its_limit_says_so(client: Client, practice: PracticeOpenAI) -> None:
    """What was written is there; the reason is length."""
    text, ending = read(client.chat(practice.base_url, max_output_tokens=40))

    assert "length" == ending.finish_reason
    assert text
    assert ANSWER.startswith(text)


@pytest.mark.parametrize("ignores_stream", [False, True])
def test_a_refusal_is_told(client: Client, practice: PracticeOpenAI, ignores_stream: bool) -> None:
    """Its words are not the answer: the caller has his own."""
    practice.manner.ignores_stream = ignores_stream
    practice.fail("refusal")
    text, ending = read(client.chat(practice.base_url))

    assert ("", True) == (text, ending.refusal)


PNG = Attachment("image", "a.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(300_000))
PDF = Attachment("pdf", "plan.pdf", "application/pdf", b"%PDF-1.7\n/Type /Page\n")
TEXT = Attachment("text", "notes.md", "text/markdown", "覚え書き".encode())


def attached(*attachments: Attachment) -> Conversation:
    return Conversation("Be kind.", (Turn("asker", QUESTION, attachments),))


def test_what_is_attached_reaches_the_model(client: Client, practice: PracticeOpenAI) -> None:
    """Every byte of it, as what it is; and the answer is to the question, not to the text before it."""
    text, ending = read(client.chat(practice.base_url), attached(PNG, PDF, TEXT))
    seen = [(each.kind, each.media_type, each.size, each.name) for each in practice.asked[0].attached]

    assert ("image", "image/png", len(PNG.data), "") == seen[0]
    assert ("pdf", "application/pdf", len(PDF.data), "plan.pdf") == seen[1]
    assert ("text", len("notes.md:\n\n") + len(TEXT.data)) == (seen[2][0], seen[2][2])
    assert f"> {QUESTION}\n" in text
    assert 0 == ending.estimated


def test_a_text_that_is_attached_can_be_estimated(client: Client, practice: PracticeOpenAI) -> None:
    """It is words like any."""
    assert attached(TEXT).estimated() == read(client.chat(practice.base_url), attached(TEXT))[1].estimated


@pytest.mark.parametrize(
    ("attachment", "theirs"),
    [
        (Attachment("image", "a", "image/png", b"no picture"), "image_parse_error"),
        (Attachment("image", "a", "image/bmp", b"BM"), "invalid_image_format"),
        (Attachment("image", "a", "image/png", b""), "empty_image_file"),
        (Attachment("pdf", "a", "application/pdf", b"no PDF"), "invalid_file"),
        (Attachment("pdf", "a", "text/plain", b"%PDF-"), "invalid_value"),
    ],
)
def test_what_the_model_will_not_have_is_told_as_such(
    client: Client, practice: PracticeOpenAI, attachment: Attachment, theirs: str
) -> None:
    """One name for the caller, OpenAI's own for the operator, and not asked twice."""
    _, error = failure(client.chat(practice.base_url), attached(attachment))

    assert isinstance(error, Permanent)
    assert ("attachment", theirs, 400, "req_practice1") == (error.code, error.theirs, error.status, error.request_id)
    assert 1 == len(practice.asked)


@pytest.mark.parametrize("attachment", [PNG, PDF])
def test_a_model_without_eyes(client: Client, practice: PracticeOpenAI, attachment: Attachment) -> None:
    """It takes words, an attached text too, and no more."""
    practice.manner.vision = False
    chat = client.chat(practice.base_url)
    _, error = failure(chat, attached(attachment))

    assert ("attachment", "invalid_request_error") == (error.code, error.theirs)
    assert read(chat, attached(TEXT))


def test_nothing_is_blamed_on_an_attachment_that_is_not_there(
    client: Client, scripted: Callable[[Script], Scripted]
) -> None:
    """Whatever the API says of one."""
    told = json.dumps({"error": {"message": "Invalid image.", "code": "image_parse_error"}}).encode()
    server = scripted(lambda _: Outgoing(400, told, (("Content-Type", "application/json"),)))
    _, error = failure(client.chat(server.url))

    assert ("image_parse_error", "") == (error.code, error.theirs)


@dataclass(frozen=True)
class Rope:
    """A bell's descriptor, and what pulls it."""

    fd: int
    end: int

    def ring(self) -> None:
        os.write(self.end, b"!")

    def drain(self) -> None:
        os.read(self.fd, 1)


@pytest.fixture
def bell() -> Iterator[Rope]:
    rope = Rope(*os.pipe())
    yield rope
    os.close(rope.fd)
    os.close(rope.end)


@pytest.mark.parametrize("content_type", ["text/event-stream", "application/json"])
def test_a_bell_ends_the_wait_for_the_first_word(
    client: Client, scripted: Callable[[Script], Scripted], bell: Rope, content_type: str
) -> None:
    """With an empty piece; then it can be read on, and nothing is lost."""
    goes_on = threading.Event()
    told = {"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}
    body = json.dumps(told).encode() if "json" in content_type else stream_of("a", "stop")

    def thinking() -> Iterator[bytes]:
        yield body[:7]
        goes_on.wait(PATIENCE)
        yield body[7:]

    server = scripted(lambda _: Outgoing(body=thinking(), headers=(("Content-Type", content_type),)))
    reply = client.chat(server.url).reply(CONVERSATION, bell=bell.fd)
    bell.ring()
    looked_around = [next(reply), next(reply)]
    bell.drain()
    goes_on.set()

    assert ["", ""] == looked_around
    assert ["a", Ending("stop", "gpt-6-luna", None, estimated=CONVERSATION.estimated())] == list(reply)


def test_a_bell_ends_a_rest(client: Client, practice: PracticeOpenAI, bell: Rope) -> None:
    """However long the caller could do without further text."""
    practice.fail("pause", after=1)
    chat = client.chat(practice.base_url, silence_timeout=8 * PATIENCE, total_timeout=8 * PATIENCE)
    began = time.monotonic()
    with closing(chat.reply(CONVERSATION, spare=lambda: 4 * PATIENCE, bell=bell.fd)) as reply:
        first = next(reply)
        bell.ring()
        second = next(reply)

    assert (ANSWER[:16], "") == (first, second)
    assert time.monotonic() - began < PATIENCE


@pytest.mark.parametrize(("after", "code"), [(0, "first_word_timeout"), (1, "silence_timeout")])
def test_a_bell_makes_no_silence_shorter(
    client: Client, practice: PracticeOpenAI, bell: Rope, after: int, code: str
) -> None:
    """However often it rings, and however long the caller looks around: the model's time runs on."""
    practice.fail("pause", after=after)
    now = [0.0]
    chat = client.chat(practice.base_url, clock=lambda: now[0], total_timeout=3 * PATIENCE)
    reply = chat.reply(CONVERSATION, bell=bell.fd)
    words = [next(reply) for _ in range(after)]
    bell.ring()
    words.append(next(reply))
    now[0] += 2 * PATIENCE / 3
    words.append(next(reply))
    now[0] += 2 * PATIENCE / 3

    assert ANSWER[: 16 * after] == "".join(map(str, words))
    with pytest.raises(Temporary, match=code):
        next(reply)


def test_whoever_stops_reading_hangs_up(client: Client, practice: PracticeOpenAI) -> None:
    """Closing the reply closes the connection, in the middle of the answer."""
    practice.manner.answer = "x" * 2_000_000
    reply: Generator[str | Ending, None, None] = client.chat(practice.base_url, max_output_tokens=1_000_000).reply(
        CONVERSATION
    )
    next(reply)
    reply.close()

    assert practice.wait_for(lambda: practice.hung_up == 1, PATIENCE)


def test_a_connection_serves_one_request(client: Client, practice: PracticeOpenAI) -> None:
    """It is closed behind it, whatever came; so none is used that the server has closed meanwhile."""
    practice.fail("rate limited")
    chat = client.chat(practice.base_url)
    failure(chat)
    read(chat)
    practice.drop_connections()

    assert ANSWER == read(chat)[0]
    assert ["close"] * 3 == [asked.headers["connection"] for asked in practice.asked]


def test_a_long_conversation_leaves_whole(client: Client, practice: PracticeOpenAI) -> None:
    """Bigger than any one block on the way."""
    turns = (Turn("asker", "長い" * 30_000), Turn("asker", QUESTION))
    read(client.chat(practice.base_url), Conversation("", turns))

    assert "長い" * 30_000 == practice.asked[0].body["messages"][0]["content"]


@pytest.mark.parametrize("said", [b"", b"data: [DONE]\n\n"])
def test_a_server_that_does_not_hang_up_holds_nobody_up(
    client: Client, scripted: Callable[[Script], Scripted], said: bytes
) -> None:
    """Once the answer is complete, the wait for its usage is short, and there is none for the end of the body.

    The clock runs fast here, and comments keep coming, so that the wait is looked at.
    """
    finished = b'data: {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}\n\n'

    def endless() -> Iterator[bytes]:
        yield finished + said
        while True:
            server.pause(0.01)
            yield b": still here\n\n"

    server = scripted(lambda _: Outgoing(body=endless(), headers=(("Content-Type", "text/event-stream"),)))
    chat = client.chat(
        server.url, clock=lambda: 20 * time.monotonic(), silence_timeout=20 * PATIENCE, total_timeout=20 * PATIENCE
    )

    assert ("a", Ending("stop", "gpt-6-luna", None, estimated=CONVERSATION.estimated())) == read(chat)


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
def test_pieces_of_the_network_are_not_pieces_of_text(
    client: Client, scripted: Callable[[Script], Scripted], pieces: tuple[bytes, ...]
) -> None:
    """Characters, lines and events fall apart anywhere."""
    server = scripted(lambda _: events(*pieces, b"\n\ndata: [DONE]\n\n"))
    text, _ = read(client.chat(server.url))

    assert text in ("答", "")
