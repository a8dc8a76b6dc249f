"""The page: a channel, its threads and a box to write in, for people who try CocoAI on their own machine.

It serves three files and a little JSON, and listens to nobody but the page itself: a request from another site, or for
another host's name (DNS rebinding), is refused.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from importlib import resources
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from cocoai.rehearsal.server import Gone, Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.delivery import Delivery
from cocoai.rehearsal.slack.workspace import Message, Workspace, typed

FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/box.js": ("box.js", "text/javascript; charset=utf-8"),
    "/mrkdwn.js": ("mrkdwn.js", "text/javascript; charset=utf-8"),
    "/words.js": ("words.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
CHANNELS = ("C0PRACTICE", "D0PRACTICE")
PERSON = "U0ASKER01"
LONGEST = 12_000
"""Characters that Slack's own box takes."""
HOLD = 25.0
"""Seconds that a request for news is held when there are none."""
_GUARD = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
)


class Say(Protocol):
    """How a person's message gets into the workspace."""

    def __call__(self, user: str, text: str, *, channel: str, thread_ts: str | None) -> Message: ...


class Page:
    """Answers the page's requests. `heard` tells how a message's event fared."""

    def __init__(
        self,
        workspace: Workspace,
        say: Say,
        heard: Callable[[str, str], Delivery | None],
    ) -> None:
        self._workspace = workspace
        self._say = say
        self._heard = heard
        self._run = secrets.token_hex(4)

    def answer(self, incoming: Incoming, stopping: threading.Event) -> Outgoing:
        """`stopping` is that of the server which asks: when it is set and `wake` called, nothing is held any longer."""
        if not _from_the_page(incoming):
            return _line(403, "this page speaks only to itself")
        asked = (incoming.method, incoming.path)
        if asked == ("GET", "/page/world"):
            return self._world()
        if asked == ("GET", "/page/news"):
            return self._news(incoming, stopping)
        if asked == ("POST", "/page/say"):
            return self._said(incoming)
        return _file(incoming.path) if incoming.method == "GET" else _line(405, "only GET is allowed here")

    def wake(self) -> None:
        """Let go of every request that is held."""
        self._workspace.note()

    def _world(self) -> Outgoing:
        """Who and what there is; fetched once."""
        channels = [self._workspace.channels[each] for each in CHANNELS]
        people = {each.id: {"name": each.name, "bot": each.bot} for each in self._workspace.people.values()}
        told = {"run": self._run, "me": PERSON, "bot": self._workspace.installation.user_id, "people": people}
        return _json(told | {"channels": [{"id": each.id, "name": each.name, "kind": each.kind} for each in channels]})

    def _news(self, incoming: Incoming, stopping: threading.Event) -> Outgoing:
        """What changed after the change that the page knows of; held until there is something, or `HOLD` is over."""
        query = parse_qs(incoming.query)
        # A page that outlived its server counts another server's changes: it hears everything anew.
        same = query.get("run") == [self._run]
        known = _number(query.get("after", ["0"])[0]) if same else 0
        with self._workspace.changed:
            self._workspace.changed.wait_for(lambda: not same or stopping.is_set() or self._any_news(known), HOLD)
            if stopping.is_set():
                raise Gone
            messages = [self._shown(each) for each in self._workspace.since(known) if each.channel in CHANNELS]
            removed = [[channel, ts] for change, channel, ts in self._workspace.removed if change > known]
            told = {"run": self._run, "at": self._workspace.changes, "messages": messages, "removed": removed}
        return _json(told)

    def _any_news(self, known: int) -> bool:
        if any(change > known for change, _, _ in self._workspace.removed[-1:]):
            return True
        return any(message.channel in CHANNELS for message in self._workspace.since(known))

    def _said(self, incoming: Incoming) -> Outgoing:
        """A message of the person at the page: JSON with `channel`, `text` and perhaps `thread_ts`."""
        given = _object(incoming.body)
        channel, text, thread_ts = given.get("channel"), given.get("text"), given.get("thread_ts")
        written = isinstance(text, str) and text.strip() and len(text) <= LONGEST
        if not written or channel not in CHANNELS or not isinstance(thread_ts, str | None):
            return _line(400, "a channel of this page and 1 to 12000 characters of text are needed")
        if thread_ts and not self._workspace.find(channel, thread_ts):
            return _line(400, "there is no such thread")
        stored = typed(str(text).strip(), self._workspace.installation)
        return _json({"ts": self._say(PERSON, stored, channel=channel, thread_ts=thread_ts or None).ts})

    def _shown(self, message: Message) -> dict[str, Any]:
        delivery = self._heard(message.channel, message.ts)
        shown: dict[str, Any] = {"channel": message.channel, "ts": message.ts, "thread_ts": message.thread_ts}
        shown |= {"user": message.user, "text": message.text, "edited": bool(message.edited)}
        shown["reactions"] = {name: len(users) for name, users in message.reactions.items()}
        if delivery and message.user == PERSON:
            shown["delivery"] = {"ms": round(delivery.milliseconds), "failure": delivery.failure}
        return shown


class PracticePage(PracticeServer):
    """The same page without TLS, for a browser that does not know the practice authority."""

    def __init__(self, page: Page, *, port: int = 0) -> None:
        super().__init__(port=port)
        self._page = page

    def answer(self, incoming: Incoming) -> Outgoing:
        return self._page.answer(incoming, self.stopping)

    def stop(self) -> None:
        self.stopping.set()
        self._page.wake()
        super().stop()


def _from_the_page(incoming: Incoming) -> bool:
    """Own host name; and for what acts or tells, a page of our own origin. Browsers cannot forge these headers."""
    host = incoming.headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in ("127.0.0.1", "localhost", "::1"):
        return False
    if not incoming.path.startswith("/page/"):
        return True
    if incoming.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = incoming.headers.get("origin")
    if incoming.method == "GET":
        return origin is None or _host_of(origin) == host
    json_type = incoming.headers.get("content-type", "").partition(";")[0] == "application/json"
    return json_type and origin is not None and _host_of(origin) == host


def _host_of(origin: str) -> str:
    return urlsplit(origin).netloc


def _file(path: str) -> Outgoing:
    if path not in FILES:
        return _line(404, "there is nothing here")
    name, content_type = FILES[path]
    body = resources.files(__package__).joinpath(name).read_bytes()
    return Outgoing(200, body, (("Content-Type", content_type), *_GUARD))


def _json(told: dict[str, Any]) -> Outgoing:
    return Outgoing(200, json.dumps(told).encode(), (("Content-Type", "application/json"), *_GUARD))


def _line(status: int, text: str) -> Outgoing:
    return Outgoing(status, f"{text}\n".encode(), (("Content-Type", "text/plain; charset=utf-8"), *_GUARD))


def _number(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() else 0


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}
