"""The warm-up: before it forks, the master answers a few questions of its own, so that its children need not learn how.

Whatever is done for the first time writes into memory: imports in the middle of a function, caches, what the
interpreter learns of each function, all that OpenSSL makes for its first handshake. Done here, the pages are shared;
else every job process writes its own: 1.1 MiB of them (bench/memory.py).

    the master: Answerer, SlackChat, ChatGPTChat ── TLS ─► a child of ours, which plays Slack and OpenAI

TLS goes without certificates, on contexts of its own: over plain http, two thirds of the gain were lost.
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
from typing import Any

from cocoai.answer import AnswererFactory
from cocoai.config import Settings
from cocoai.config.value_types import Secret
from cocoai.engine.process import fork
from cocoai.slack.model.question import Question
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool

TIMES = 3
"""Questions. The first makes most of the difference; more than three make none that can be measured."""

PATIENCE = 10
"""Seconds after which the child ends by itself, and with it the warm-up: the pool must start, warm or not."""

WITHOUT_CERTIFICATES = "ADH:AECDH:@SECLEVEL=0"

FROM_SLACK = (
    b'{"ok": true, "ts": "1000000000.000004", "user_id": "U0WARM", "team_id": "T0WARM", "bot_id": "B0WARM",'
    b' "user": {"profile": {"display_name": "Asker"}}, "messages": ['
    b'{"ts": "1000000000.000001", "user": "U0ASKER", "text": "<@U0WARM> warm?"},'
    b'{"ts": "1000000000.000002", "user": "U0WARM", "bot_id": "B0WARM", "text": "*Warm.*", "metadata": {"event_type":'
    b' "cocoai", "event_payload": {"key": "C0WARM-1000000000.000001-1000000000.000001", "kind": "answer", "n": 1}},'
    b' "blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": ['
    b'{"type": "text", "text": "Warm."}]}]}]},'
    b'{"ts": "1000000000.000003", "user": "U0OTHER", "text": "<@U0WARM> and now?"}]}'
)
"""Serves for each of the methods that an answer takes."""

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
"""All that an answer may hold."""

PIECES = 3
"""In which it comes, each followed by a pause."""

PAUSE = 0.005
"""Seconds; then what has come is shown."""

log = logging.getLogger(__name__)


def warm_up(settings: Settings, answerers: Callable[[Settings, ssl.SSLContext], AnswererFactory]) -> bool:
    """Answer TIMES questions. False if that did not go well, which is logged: nothing but memory depends on it.

    `answerers` returns a factory of answerers with these settings and this TLS context. No process, thread,
    descriptor or file is left.
    """
    try:
        with _folder(os.path.join(settings.paths.var, "run", "warm-up")) as var, _other_side() as url, _silence():
            done = _answer(Spool(var), answerers(_practice(settings, var, url), _anonymous(ssl.PROTOCOL_TLS_CLIENT)))
    except OSError as error:
        log.warning("warm-up outcome=failed reason=%s", error)
        return False
    if done < TIMES:
        log.warning("warm-up outcome=failed answered=%d", done)
    return done == TIMES


@contextlib.contextmanager
def _folder(path: str) -> Iterator[str]:
    """An empty folder, taken away in the end. By hand: what `tempfile` imports would stay in memory for good."""
    _remove(path)
    os.makedirs(path, mode=0o700)
    try:
        yield path
    finally:
        _remove(path)


def _remove(path: str) -> None:
    for folder, _, files in os.walk(path, topdown=False):
        for file in files:
            os.unlink(os.path.join(folder, file))
        os.rmdir(folder)


def _practice(settings: Settings, var: str, url: str) -> Settings:
    """The same house with another address for the world; its secrets stay at home, and replies grow at every word."""
    return replace(
        settings,
        slack=replace(settings.slack, api_url=f"{url}/api/", bot_token=Secret("none"), update_interval=0.0),
        openai=replace(settings.openai, base_url=f"{url}/v1", api_key=Secret("none")),
        paths=replace(settings.paths, var=var),
    )


def _answer(spool: Spool, answerers: AnswererFactory) -> int:
    """Answer TIMES questions, each with an answerer of its own; return how many were answered."""
    for number in range(TIMES):
        question = _question(number)
        spool.put(Key.parse(question.key), question.facts())
        job = spool.claim()
        if job is not None:
            answerers.make().answer(job)
            job.release()
    return len(spool.keys("done"))


def _question(number: int) -> Question:
    """By turns: one that opens a thread, one of whose files Slack must tell, one in a thread of several people."""
    ts = f"{time.time():.0f}.{number:06d}"
    opens = "1000000000.000001" if number % 3 == 2 else ts
    text = "<@U0WARM> warm?"
    return Question("mention", "C0WARM", opens, ts, "U0ASKER", "T0WARM", text, "Ev0WARM", 0, is_bare=number % 3 == 1)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """The operator's log is for questions that somebody asked."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@contextlib.contextmanager
def _other_side() -> Iterator[str]:
    """The address at which a child answers, until the end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        keep = frozenset({listener.fileno()})
        child = fork.fork(lambda: _serve(listener), name="cocoai-warm-up", keep=keep, detach=False)
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _serve(listener: socket.socket) -> None:
    """In the child, which may import what the pool has no use for."""
    import socketserver

    signal.alarm(PATIENCE)
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _handler(), bind_and_activate=False)
    server.socket = _anonymous(ssl.PROTOCOL_TLS_SERVER).wrap_socket(listener, server_side=True)
    server.serve_forever()


def _handler() -> type:
    from http.server import BaseHTTPRequestHandler

    class Handler(BaseHTTPRequestHandler):
        """Slack below /api/, OpenAI elsewhere: whatever is asked of it."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            if self.path.startswith("/api/"):
                self._begin("application/json", ("Content-Length", str(len(FROM_SLACK))))
                self.wfile.write(FROM_SLACK)
            else:
                self._begin("text/event-stream", ("Transfer-Encoding", "chunked"))
                for piece in (*_written(), b""):
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    time.sleep(PAUSE)

        def _begin(self, kind: str, size: tuple[str, str]) -> None:
            self.send_header("Content-Type", kind)
            self.send_header(*size)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _written() -> Iterator[bytes]:
    """What OpenAI streams: the answer in so many pieces, its end, the bill."""
    for _ in range(PIECES):
        yield _event({"model": "warm", "choices": [{"delta": {"content": ANSWER}}]})
    yield _event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    yield _event({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 100}}) + b"data: [DONE]\n\n"


def _event(told: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % json.dumps(told).encode()


def _anonymous(protocol: ssl._SSLMethod) -> ssl.SSLContext:
    """A context for either end that shows no certificate. Raises `ssl.SSLError` where OpenSSL does not allow it."""
    context = ssl.SSLContext(protocol)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # the last that knows anonymous ciphers
    context.set_ciphers(WITHOUT_CERTIFICATES)
    return context
