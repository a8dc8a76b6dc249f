"""The warm-up: the master answers a few made-up questions before it forks, so that its children share more memory.

Whatever runs for the first time writes into memory: imports inside functions, caches, the interpreter's specialised
bytecode, everything that OpenSSL makes for its first handshake. Done here, those pages are shared; otherwise each job
process writes its own, 1.1 MiB of them (bench/memory.py).

    the master: Answerer, SlackChat, ChatGPTChat ── TLS ─► a child process, which plays Slack and OpenAI

TLS is spoken without certificates, on contexts made for it: over plain http two thirds of the gain were lost.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from cocoai.answer import AnswererFactory
from cocoai.config import Settings
from cocoai.config.value_types import Secret
from cocoai.engine.process import fork
from cocoai.slack.model.question import Question
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool

QUESTIONS = 3
"""Number of questions answered. The first makes most of the difference; a fourth makes none that can be measured."""

TIME_LIMIT = 10
"""Seconds after which the child ends by itself, and with it the warm-up: the pool must start, warm or not."""

ANONYMOUS_CIPHERS = "ADH:AECDH:@SECLEVEL=0"
"""OpenSSL's ciphers without certificates; its default security level forbids them."""

SLACK_RESPONSE = (
    b'{"ok": true, "ts": "1000000000.000004", "user_id": "U0WARM", "team_id": "T0WARM", "bot_id": "B0WARM",'
    b' "user": {"profile": {"display_name": "Asker"}}, "messages": ['
    b'{"ts": "1000000000.000001", "user": "U0ASKER", "text": "<@U0WARM> warm?"},'
    b'{"ts": "1000000000.000002", "user": "U0WARM", "bot_id": "B0WARM", "text": "*Warm.*", "metadata": {"event_type":'
    b' "cocoai", "event_payload": {"key": "C0WARM-1000000000.000001-1000000000.000001", "kind": "answer", "n": 1}},'
    b' "blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": ['
    b'{"type": "text", "text": "Warm."}]}]}]},'
    b'{"ts": "1000000000.000003", "user": "U0OTHER", "text": "<@U0WARM> and now?"}]}'
)
"""The response to every method of Slack's: it has what each of them that an answer takes must have."""

ANSWER = """\
## Warm
**Warm**は `now`, *and* **「そう」**です。 See [this](https://example.com/?a=1&b=2) or https://example.com/.

- one
  1. two

> quoted

| What | How |
| --- | --- |
| あ | **warm** |

```python
print("warm")
```
It goes on. """
"""A piece of the answer, with every kind of Markdown that we render."""

PIECES = 3
"""How many pieces the answer is streamed in."""

PAUSE = 0.005
"""Seconds after each piece, in which the reply is updated."""

log = logging.getLogger(__name__)


def warm_up(settings: Settings, answerers: Callable[[Settings, ssl.SSLContext], AnswererFactory]) -> bool:
    """Answer QUESTIONS made-up questions in this process, for TIME_LIMIT at most; return True if all are answered.

    Log a failure and return False: nothing but memory depends on it. `answerers` is called with changed settings and a
    TLS context, and returns a factory of answerers that use them. No process, thread, descriptor or file is left.
    """
    try:
        with _folder(os.path.join(settings.paths.var, "run", "warm-up")) as var, _fake_servers() as url, _no_logging():
            context = _anonymous_context(ssl.PROTOCOL_TLS_CLIENT)
            done = _answer_questions(FileSpool(var), answerers(_warm_up_settings(settings, var, url), context))
    except OSError as error:
        log.warning("warm-up outcome=failed reason=%s", error)
        return False
    if done < QUESTIONS:
        log.warning("warm-up outcome=failed answered=%d", done)
    return done == QUESTIONS


@contextlib.contextmanager
def _folder(path: str) -> Iterator[str]:
    """Make `path` an empty folder, yield it, and remove it with its contents at the end, as a context manager.

    What an earlier run has left there is removed first.
    """
    # By hand, since what `tempfile` imports would stay in memory for good.
    _remove(path)
    os.makedirs(path, mode=0o700)
    try:
        yield path
    finally:
        _remove(path)


def _remove(path: str) -> None:
    """Remove a folder with all its contents; do nothing if there is none."""
    for folder, _, files in os.walk(path, topdown=False):
        for file in files:
            os.unlink(os.path.join(folder, file))
        os.rmdir(folder)


def _warm_up_settings(settings: Settings, var: str, url: str) -> Settings:
    """Return the settings for the fake servers at `url`: with this `var`, no secrets, and an update each piece."""
    return replace(
        settings,
        slack=replace(settings.slack, api_url=f"{url}/api/", bot_token=Secret("none"), update_interval=0.0),
        openai=replace(settings.openai, base_url=f"{url}/v1", api_key=Secret("none")),
        paths=replace(settings.paths, var=var),
        store=replace(settings.store, url=None),  # its jobs are nobody else's
    )


def _answer_questions(spool: Spool, answerers: AnswererFactory) -> int:
    """Put QUESTIONS questions into the spool and answer them, each with an answerer of its own.

    Return how many were answered.
    """
    for number in range(QUESTIONS):
        question = _question(number)
        spool.put(Key.parse(question.key), question.facts())
        job = spool.claim()
        if job is not None:
            answerers.make().answer(job)
            job.release()
        # A job process looks for more before it ends.
        spool.is_claimable()
        spool.has_light_work(0.0, "placeholder")
    return len(spool.keys("done"))


def _question(number: int) -> Question:
    """Return a made-up question. Its kind goes by `number` modulo 3, so that different code runs.

    0: one that opens a thread; 1: one that does too, but for whose files the thread is read; 2: one inside a thread.
    """
    ts = f"{time.time():.0f}.{number:06d}"
    thread_ts = "1000000000.000001" if number % 3 == 2 else ts
    text = "<@U0WARM> warm?"
    is_bare = number % 3 == 1
    return Question("mention", "C0WARM", thread_ts, ts, "U0ASKER", "T0WARM", text, "Ev0WARM", 0, is_bare=is_bare)


@contextlib.contextmanager
def _no_logging() -> Iterator[None]:
    """Switch off all logging inside, as a context manager: the operator's log is for questions that a person asked."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@contextlib.contextmanager
def _fake_servers() -> Iterator[str]:
    """Fork a child that plays Slack and OpenAI, yield its URL, and kill it at the end, as a context manager."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        keep = frozenset({listener.fileno()})
        child = fork.fork(partial(_serve, listener), name="cocoai-warm-up", keep=keep, detach=False)
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _serve(listener: socket.socket) -> None:
    """Respond to all requests that arrive at `listener`, in the child, until it is killed or after TIME_LIMIT."""
    import socketserver  # here, since the pool itself has no use for it

    signal.alarm(TIME_LIMIT)
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _handler_class(), bind_and_activate=False)
    server.socket = _anonymous_context(ssl.PROTOCOL_TLS_SERVER).wrap_socket(listener, server_side=True)
    server.serve_forever()


def _handler_class() -> type:
    """Return the class that responds to the fake servers' requests. What it is derived from is imported only here."""
    from http.server import BaseHTTPRequestHandler

    class Handler(BaseHTTPRequestHandler):
        """The handler of one connection: it responds as Slack below /api/, and as OpenAI elsewhere."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Send SLACK_RESPONSE to any call of Slack's API, and a streamed answer to any other request."""
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            if self.path.startswith("/api/"):
                self._send_headers("application/json", ("Content-Length", str(len(SLACK_RESPONSE))))
                self.wfile.write(SLACK_RESPONSE)
            else:
                self._send_headers("text/event-stream", ("Transfer-Encoding", "chunked"))
                for piece in (*_answer_stream(), b""):
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    time.sleep(PAUSE)

        def _send_headers(self, content_type: str, size: tuple[str, str]) -> None:
            self.send_header("Content-Type", content_type)
            self.send_header(*size)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _answer_stream() -> Iterator[bytes]:
    """Yield the server-sent events of an answer, as OpenAI streams them: PIECES pieces, the end, the usage."""
    for _ in range(PIECES):
        yield _event({"model": "warm", "choices": [{"delta": {"content": ANSWER}}]})
    yield _event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    yield _event({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 100}}) + b"data: [DONE]\n\n"


def _event(chunk: dict[str, Any]) -> bytes:
    """Return one server-sent event with `chunk` as its JSON."""
    return b"data: %b\n\n" % json.dumps(chunk).encode()


def _anonymous_context(protocol: ssl._SSLMethod) -> ssl.SSLContext:
    """Return a TLS context without certificates, for the client or the server by `protocol`.

    Raise `ssl.SSLError` if OpenSSL does not allow that.
    """
    context = ssl.SSLContext(protocol)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # the last that knows anonymous ciphers
    context.set_ciphers(ANONYMOUS_CIPHERS)
    return context
