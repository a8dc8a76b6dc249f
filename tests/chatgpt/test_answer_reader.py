"""chatgpt/answer_reader.py, by replies over TLS: pieces of text, time-outs, and how an answer ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from cocoai.chatgpt.chat import Ending
from cocoai.errors import Temporary
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.practice_server import Outgoing
from tests.chatgpt.chats import (
    ANSWER,
    CONVERSATION,
    PATIENCE,
    SOON,
    Chats,
    Script,
    Scripted,
    events,
    failure,
    read,
    stream_of,
)


def test_the_first_piece_is_yielded_when_it_arrives(chats: Chats, practice: PracticeOpenAI) -> None:
    """The first words are yielded while the model still writes the rest."""
    practice.fail("pause", after=1)
    with closing(chats.at(practice.base_url).reply(CONVERSATION)) as reply:
        first = next(reply)

    assert isinstance(first, str)
    assert ANSWER.startswith(first)


@pytest.mark.parametrize("kind", ["silent", "pause"])
@pytest.mark.parametrize("keep_alives", [False, True])
def test_the_first_word_time_out(chats: Chats, practice: PracticeOpenAI, kind: Any, keep_alives: bool) -> None:
    """Neither silence nor headers, a role and comments are text; the request was sent, so it may be billed."""
    practice.switches.keep_alives = keep_alives
    practice.fail(kind)
    text, error = failure(chats.at(practice.base_url, first_word_timeout=SOON))

    assert isinstance(error, Temporary)
    assert ("first_word_timeout", "OpenAI", True, "") == (error.code, error.source, error.sent, text)


@pytest.mark.parametrize("keep_alives", [False, True])
def test_the_silence_time_out(chats: Chats, practice: PracticeOpenAI, keep_alives: bool) -> None:
    """The text before the silence is yielded, and comments count as silence."""
    practice.switches.keep_alives = keep_alives
    practice.fail("pause", after=2)
    text, error = failure(chats.at(practice.base_url, silence_timeout=SOON))

    assert isinstance(error, Temporary)
    assert ("silence_timeout", "OpenAI", True) == (error.code, error.source, error.sent)
    assert "req_practice1" == error.request_id
    assert ANSWER[:32] == text


@pytest.mark.parametrize("ignores_stream", [False, True])
def test_the_total_time_out(chats: Chats, practice: PracticeOpenAI, ignores_stream: bool) -> None:
    """The total time-out ends an answer that trickles, and a single body that does not come."""
    practice.switches.ignores_stream = ignores_stream
    practice.switches.piece_size, practice.switches.piece_delay = 1, SOON / 4
    practice.switches.first_delay = PATIENCE if ignores_stream else 0.0
    text, error = failure(chats.at(practice.base_url, total_timeout=2 * SOON))

    assert isinstance(error, Temporary)
    assert ("total_timeout", "OpenAI", True) == (error.code, error.source, error.sent)
    assert bool(text) != ignores_stream
    assert ANSWER.startswith(text)


def test_a_slow_caller_is_not_a_silent_model(chats: Chats, practice: PracticeOpenAI) -> None:
    """Text that waits in the kernel while the caller is busy does not count as silence."""
    practice.switches.pieces = 3
    pieces: list[str] = []
    for piece in chats.at(practice.base_url, silence_timeout=SOON).reply(CONVERSATION):
        pieces.append(piece if isinstance(piece, str) else "")
        time.sleep(1.5 * SOON if len(pieces) == 1 else 0)

    assert ANSWER == "".join(pieces)


@pytest.mark.parametrize(
    ("after", "code", "sent"),
    [
        (0, "rate_limit_exceeded", False),
        (0, "server_is_overloaded", False),
        (0, 429, False),
        (0, 503, False),
        (0, "server_error", True),
        (0, 502, True),
        (2, "server_error", True),
        (2, 429, True),
    ],
)
def test_an_error_inside_the_stream(
    chats: Chats, practice: PracticeOpenAI, after: int, sent: bool, code: str | int
) -> None:
    """An error inside the stream counts as sent unless it comes before the first words and says "not now"."""
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
    practice.switches.ignores_stream = ignores_stream
    practice.fail(kind, after=after)
    text, error = failure(chats.at(practice.base_url))

    assert isinstance(error, Temporary)
    assert (True, ANSWER[: 16 * after]) == (error.sent, text)
    ends_in_order = "unreadable_answer" if ignores_stream else "stream_unfinished"
    assert ("stream_cut" if kind == "cut" else ends_in_order) == error.code


def test_a_stream_without_done_is_complete(chats: Chats, practice: PracticeOpenAI) -> None:
    """A reason is enough to make the answer complete."""
    practice.switches.says_done = False
    text, ending = read(chats.at(practice.base_url))

    assert (ANSWER, "stop") == (text, ending.finish_reason)
    assert ending.usage is not None


def test_a_server_that_ignores_the_stream_parameter(chats: Chats, practice: PracticeOpenAI) -> None:
    """A JSON body is read instead of a stream, with its usage."""
    practice.switches.ignores_stream = True
    text, ending = read(chats.at(practice.base_url))

    assert ANSWER == text
    assert ending.usage is not None


@pytest.mark.parametrize(
    "content_type", ["text/event-stream", "application/json", "text/html; charset=utf-8", "text/plain", "a/b"]
)
@pytest.mark.parametrize("is_streamed", [False, True])
def test_the_content_type_decides_nothing(
    chats: Chats, scripted: Callable[[Script], Scripted], content_type: str, is_streamed: bool
) -> None:
    """A stream or a body is read under any name."""
    whole = b'{"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}'
    body = stream_of("a", "stop") if is_streamed else whole
    server = scripted(lambda _: Outgoing(body=body, headers=(("Content-Type", content_type),)))
    text, ending = read(chats.at(server.url))

    assert ("a", "stop", 1) == (text, ending.finish_reason, len(server.seen))


def test_usage_may_be_missing(chats: Chats, practice: PracticeOpenAI) -> None:
    """Without usage the ending has None, and the answer is complete."""
    practice.switches.refuses = frozenset({"stream_options"})
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
    practice.switches.ignores_stream = ignores_stream
    practice.fail("refusal")
    text, ending = read(chats.at(practice.base_url))

    assert ("", True) == (text, ending.refusal)


def test_closing_the_reply_closes_the_connection(chats: Chats, practice: PracticeOpenAI) -> None:
    """Closing the generator in the middle of an answer closes the connection."""
    practice.switches.answer = "x" * 2_000_000
    reply = chats.at(practice.base_url, max_output_tokens=1_000_000).reply(CONVERSATION)
    next(reply)
    reply.close()

    assert practice.wait_for(lambda: practice.hung_up == 1, PATIENCE)


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
            b'{"content": "\xe7\xad\x94"}}]}\n\n',
        ),
    ],
)
def test_the_cuts_of_the_network_change_nothing(
    chats: Chats, scripted: Callable[[Script], Scripted], pieces: tuple[bytes, ...]
) -> None:
    """Characters, lines and events may be cut anywhere."""
    server = scripted(lambda _: events(*pieces, b"\n\ndata: [DONE]\n\n"))
    text, _ = read(chats.at(server.url))

    assert "答" == text
