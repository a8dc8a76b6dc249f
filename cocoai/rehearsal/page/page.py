"""The page: a channel, its threads and a box to write in, for people who try CocoAI on their own machine.

It serves a few files and a little JSON, and listens to nobody but the page itself: a request from another site, or for
another host's name (DNS rebinding), is refused.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cocoai.rehearsal.page.deeds import CHANNELS, MOST_BYTES, MOST_FILES, PERSON, Deeds, Hands
from cocoai.rehearsal.page.replies import PICTURES, as_json, as_line, own_file, shared_file
from cocoai.rehearsal.server import Gone, Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.delivery import Delivery
from cocoai.rehearsal.slack.files import PracticeFile
from cocoai.rehearsal.slack.workspace import Message, Workspace

FILE_PATH = "/page/file/"
HOLD = 25.0
"""Seconds that a request for news is held when there are none."""


class Page:
    """Answers the page's requests. `hands` do in the workspace what its person does; `heard` tells how a message's
    event fared."""

    def __init__(
        self,
        workspace: Workspace,
        hands: Hands,
        heard: Callable[[str, str], Delivery | None],
    ) -> None:
        self._workspace = workspace
        self._deeds = Deeds(workspace, hands)
        self._heard = heard
        self._run = secrets.token_hex(4)

    def answer(self, incoming: Incoming, stopping: threading.Event) -> Outgoing:
        """`stopping` is that of the server which asks: when it is set and `wake` called, nothing is held any longer."""
        if not _from_the_page(incoming):
            return as_line(403, "this page speaks only to itself")
        if incoming.method != "GET":
            done = self._deeds.answer(incoming.path, incoming.body) if incoming.method == "POST" else None
            return done or as_line(405, "only GET is allowed here")
        if incoming.path == "/page/world":
            return self._world()
        if incoming.path == "/page/news":
            return self._news(incoming, stopping)
        if incoming.path.startswith(FILE_PATH):
            return shared_file(self._shared(incoming.path.removeprefix(FILE_PATH)))
        return own_file(incoming.path)

    def wake(self) -> None:
        """Let go of every request that is held."""
        self._workspace.note()

    def _world(self) -> Outgoing:
        """Who and what there is; fetched once."""
        known = self._workspace.channels
        channels = [{"id": each, "name": known[each].name, "kind": known[each].kind} for each in CHANNELS]
        people = {each.id: {"name": each.name, "bot": each.bot} for each in self._workspace.people.values()}
        told = {"run": self._run, "me": PERSON, "bot": self._workspace.installation.user_id, "people": people}
        return as_json(told | {"channels": channels, "most_files": MOST_FILES, "most_bytes": MOST_BYTES})

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
            messages = [self._shown(each) for each in self._messages(known)]
            removed = [[channel, ts] for change, channel, ts in self._workspace.removed if change > known]
            told = {"run": self._run, "at": self._workspace.changes, "messages": messages, "removed": removed}
        return as_json(told)

    def _any_news(self, known: int) -> bool:
        if any(change > known for change, _, _ in self._workspace.removed[-1:]):
            return True
        return bool(self._messages(known))

    def _messages(self, known: int) -> list[Message]:
        """What the page's person sees of what changed since."""
        since = self._workspace.since(known)
        return [each for each in since if each.channel in CHANNELS and each.only_for in ("", PERSON)]

    def _shared(self, file_id: str) -> PracticeFile | None:
        with self._workspace.changed:
            return self._workspace.files.get(file_id)

    def _shown(self, message: Message) -> dict[str, Any]:
        delivery = self._heard(message.channel, message.ts)
        shown: dict[str, Any] = {"channel": message.channel, "ts": message.ts, "thread_ts": message.thread_ts}
        shown |= {"user": message.user, "text": message.text, "edited": bool(message.edited)}
        shown |= {"blocks": list(message.blocks), "files": [_file(each) for each in message.files]}
        shown |= {"whispered": bool(message.only_for)}
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


def _file(file: PracticeFile) -> dict[str, Any]:
    told = {"id": file.id, "name": file.name, "type": file.media_type, "size": len(file.data), "gone": file.deleted}
    return told | {"url": FILE_PATH + file.id, "picture": file.media_type in PICTURES}


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


def _number(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() else 0
