"""Slack, a model's server and the spool as one question meets them, all in memory: no socket, and hardly a file."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast
from urllib.parse import parse_qs

from bench.fuzz.check import NOW, US, require
from cocoai.answer import Answerer
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.engine.client.client import FullResponse, StreamedResponse
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.model.question import Question
from cocoai.spool.job import Fact, Job, encode_line, whole_lines
from cocoai.spool.key import Key
from cocoai.spool.store_error import StoreError
from tests.books import no_books
from tests.options import FixedIdentity, options

BOOKS = no_books()

MOST_CALLS = 60
"""Calls of Slack, or of the model, for one question: more are a loop."""


@dataclass
class PlayedResponse:
    """A response that comes in these pieces, and then ends: with its end, a `reset`, or a `timeout`."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Sequence[bytes] = ()
    end: str = ""

    def streamed(self) -> StreamedResponse:
        """Return it with its body unread."""
        return StreamedResponse(self.status, self.headers, cast("Any", PlayedBody(self)), _nothing)

    def full(self) -> FullResponse:
        """Return it with its whole body."""
        return FullResponse(self.status, self.headers, PlayedBody(self).read_all(1.0))


class PlayedBody:
    """The unread body of a played response, as engine/client/body.py reads one from a connection."""

    wakeup: int | None = None
    is_last = True
    is_complete = False

    def __init__(self, response: PlayedResponse) -> None:
        self._pieces = iter(response.pieces)
        self._end = response.end

    def read(self, *_: float) -> bytes:
        """Return the next piece, b"" at the end; raise TimeoutError or ConnectionResetError if it ends so."""
        piece = next(self._pieces, b"")
        if not piece and self._end == "timeout":
            raise TimeoutError
        if not piece and self._end == "reset":
            raise ConnectionResetError("reset by the peer")
        return piece

    def read_all(self, seconds: float, most: int = 4 * 1024 * 1024) -> bytes:
        """Return the whole body. Raise ConnectionError if it is longer than `most` bytes, and as `read` does."""
        whole = b"".join(iter(lambda: self.read(seconds), b""))
        if len(whole) > most:
            raise ConnectionError("too long")
        return whole

    def wait_for_more(self, seconds: float) -> None:
        """Do nothing: all pieces are there."""
        del seconds

    def has_data(self) -> bool:
        """Return True: there is no wait."""
        return True


def _nothing() -> None: ...


class PlayedModel:
    """The HTTP client of `ChatGPTChat`: each request gets the next response, and the last one again and again.

    `requests` are the bodies.
    """

    def __init__(self, responses: Sequence[PlayedResponse]) -> None:
        self._responses = responses
        self.requests: list[bytes] = []

    def post(self, _: str, body: bytes, *__: object) -> FullResponse:
        """Return the next response, whole."""
        return self._next(body).full()

    def post_unread(self, _: str, body: bytes, *__: object) -> StreamedResponse:
        """Return the next response, unread."""
        return self._next(body).streamed()

    def post_streamed(self, _: str, body: bytes, *__: object) -> _Pending:
        """Return the next response as one that is still to come."""
        return _Pending(self._next(body))

    def get(self, *_: object) -> NoReturn:
        """Raise AssertionError: nothing is fetched from a model's server."""
        raise AssertionError("a GET at the model's server")

    def _next(self, body: bytes) -> PlayedResponse:
        self.requests.append(body)
        require(len(self.requests) < MOST_CALLS, "requests without an end")
        return self._responses[min(len(self.requests), len(self._responses)) - 1]


class _Pending:
    def __init__(self, response: PlayedResponse) -> None:
        self._response = response

    def response(self, *_: object, **__: object) -> StreamedResponse:
        """Return the response at once."""
        return self._response.streamed()

    def close(self) -> None:
        """Do nothing."""


class PlayedSlack:
    """The HTTP client of `SlackChat`. `replies` are the JSON of each method, in bytes; `file` is what a GET returns.

    `sent` are the arguments of each call that writes.
    """

    def __init__(self, replies: Mapping[str, bytes], file: Callable[[str], PlayedResponse]) -> None:
        self._replies = replies
        self._file = file
        self._calls = 0
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def post(self, url: str, body: bytes, *_: object) -> FullResponse:
        """Answer one call."""
        return FullResponse(200, {"content-type": "application/json"}, self._answer(url, body))

    def post_unread(self, url: str, body: bytes, *_: object) -> StreamedResponse:
        """Answer one call, the body unread, in two pieces."""
        data = self._answer(url, body)
        half = len(data) // 2
        return PlayedResponse(200, {}, [piece for piece in (data[:half], data[half:]) if piece]).streamed()

    def post_streamed(self, *_: object) -> NoReturn:
        """Raise AssertionError: Slack streams nothing."""
        raise AssertionError("a stream from Slack")

    def get(self, url: str, *_: object) -> StreamedResponse:
        """Return a file."""
        self._count()
        return self._file(url).streamed()

    def _answer(self, url: str, body: bytes) -> bytes:
        self._count()
        method = url.rpartition("/")[2]
        if method in self._replies:
            return self._replies[method]
        arguments = json.loads(body) if body[:1] == b"{" else {k: v[0] for k, v in parse_qs(body.decode()).items()}
        self.sent.append((method, arguments))
        message = {"thread_ts": arguments.get("thread_ts", "1.0")}
        return json.dumps({"ok": True, "ts": f"{NOW}.{len(self.sent):06}", "message": message}).encode()

    def _count(self) -> None:
        self._calls += 1
        require(self._calls < MOST_CALLS, "calls of Slack without an end")


class MemoryJob(Job):
    """A job whose lines are in memory, each of them as it would be read from the disk again."""

    def __init__(self, question: Question) -> None:
        super().__init__(Key.parse(question.key), clock=lambda: float(NOW))
        (line,), _ = whole_lines(encode_line(question.facts()))
        self._lines = [line, {"fact": "attempt", "at": NOW, "n": 1}]

    def record(self, fact: str, **values: Any) -> None:
        """Append a fact."""
        (line,), _ = whole_lines(encode_line({"fact": fact, "at": NOW, **values}))
        self._lines.append(line)

    def take(self) -> bool:
        """Return True: it is nobody else's."""
        return True

    def read(self) -> int:
        """Return 0: nothing is stored."""
        return 0

    def moments(self) -> list[tuple[str, float]]:
        """Return no time: nobody asks for it."""
        return []

    def check_claim(self) -> None:
        """Do nothing."""

    def _append(self, data: bytes, line: Fact) -> None:
        """Do nothing: record() keeps the line."""

    def release(self) -> None:
        """Do nothing."""


class MemorySpool:
    """A spool of one job; `ended` is the folder that it was moved to."""

    ended = "ready"

    def finish(self, _: Job) -> None:
        """Note that the job is done."""
        self.ended = "done"

    def fail(self, job: Job, reason: str, *, is_refusal: bool = False) -> None:
        """Note that the job has failed, or was refused, and why."""
        job.record("refused" if is_refusal else "failed", reason=reason)
        self.ended = "failed"

    def peek(self, folder: str, key: Key) -> list[Fact]:
        """Raise StoreError: no earlier answer is kept."""
        raise StoreError(f"no {key} in {folder}")

    def stop_requesters(self, _: Key) -> Sequence[str]:
        """Return (): nobody wants it to stop."""
        return ()

    def mark_of(self, _channel: str, _thread_ts: str) -> None:
        """Return None: nothing was noted of any thread."""

    def note(self, _channel: str, _thread_ts: str, _change: object) -> None:
        """Forget what is noted of a thread."""


@dataclass
class Answered:
    """What came of a question: where its job ended, its lines, and what was sent to Slack and to the model."""

    ended: str
    lines: list[Fact]
    sent: list[tuple[str, dict[str, Any]]]
    requests: list[bytes]

    def last(self, fact: str) -> Fact | None:
        """Return the last fact of this name, None if there is none."""
        return next((line for line in reversed(self.lines) if line.get("fact") == fact), None)


def answered(
    question: Question,
    slack: PlayedSlack,
    model: PlayedModel,
    *,
    format_: str = "markdown",
    update_interval: float = 60.0,
) -> Answered:
    """Answer a question as a job process does, and return what came of it. Raise what it takes for a bug."""
    job, spool = MemoryJob(question), MemorySpool()
    chat = SlackChat(
        cast("Any", slack), api_url="https://slack.com/api/", token="xoxb-none", sleep=_no_sleep, patience=0.0
    )
    chatgpt = ChatGPTChat(cast("Any", model), **OPENAI)
    answerer = Answerer(
        cast("Any", spool),
        options(layout=Layout(format_), update_interval=update_interval),
        chat,
        chatgpt,
        books=BOOKS,
        identity=FixedIdentity(US),
        folder="/nonexistent",
        clock=_now,
        sleep=_no_sleep,
    )
    with _bugs_raised():
        answerer.answer(job)
    return Answered(spool.ended, job.lines, slack.sent, model.requests)


OPENAI: dict[str, Any] = {
    "base_url": "http://127.0.0.1/v1",
    "api_key": "sk-none",
    "model": "gpt-6-luna",
    "max_output_tokens": 2000,
    "reasoning_effort": "low",
    "connect_timeout": 5.0,
    "first_word_timeout": 90.0,
    "silence_timeout": 30.0,
    "total_timeout": 180.0,
}


def _now() -> float:
    return float(NOW)


def _no_sleep(seconds: float) -> None:
    del seconds


class _Bugs(logging.Handler):
    """Keeps the first exception that is logged as a bug."""

    def __init__(self) -> None:
        super().__init__()
        self.error: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep its exception, if it is the first."""
        if record.exc_info and self.error is None:
            self.error = record.exc_info[1]


@contextmanager
def _bugs_raised() -> Iterator[None]:
    """Raise the exception that is logged inside, if any: what nobody expects is logged and taken for temporary."""
    log, bugs = logging.getLogger("cocoai"), _Bugs()
    propagate, log.propagate = log.propagate, False
    log.addHandler(bugs)
    try:
        yield
    finally:
        log.removeHandler(bugs)
        log.propagate = propagate
    if bugs.error is not None:
        raise bugs.error
