"""chatgpt/answer_reader.py, by replies over TLS: text that is gathered, and waits that are interrupted."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from cocoai.chatgpt.chat import Ending
from cocoai.chatgpt.stream import INTERRUPTED, Interruption
from cocoai.errors import Temporary
from cocoai.rehearsal.openai.openai_faults import FaultKind
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
    Wakeup,
    gathered,
    stream_of,
    texts,
)


def test_text_is_gathered_as_long_as_the_caller_says(chats: Chats, practice: PracticeOpenAI) -> None:
    """Text is gathered for the seconds that the caller sends, but the end of the answer is yielded at once."""
    practice.switches.pieces, practice.switches.piece_delay = 60, 0.01
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


@pytest.mark.parametrize("keep_alives", [True, False])
@pytest.mark.parametrize("kind", ["silent", "pause"])
def test_patience_interrupts_the_wait_for_the_first_word_once(
    chats: Chats, practice: PracticeOpenAI, kind: FaultKind, *, keep_alives: bool
) -> None:
    """Before the response and behind its headers, also while the server sends what says nothing."""
    practice.switches.keep_alives = keep_alives
    practice.fail(kind, seconds=4 * SOON)

    pieces = list(chats.at(practice.base_url).reply(CONVERSATION, patience=SOON))

    first_word = next(n for n, piece in enumerate(pieces) if isinstance(piece, str))
    assert [INTERRUPTED] == pieces[:first_word]


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


def test_interrupted_is_yielded_if_nothing_was_gathered(chats: Chats, practice: PracticeOpenAI) -> None:
    """The caller may have something to show before the next wait, which may be long."""
    practice.fail("pause", after=1)
    with closing(chats.at(practice.base_url).reply(CONVERSATION)) as reply:
        pieces = [next(reply), reply.send(SOON)]

    assert [ANSWER[:16], INTERRUPTED] == pieces
