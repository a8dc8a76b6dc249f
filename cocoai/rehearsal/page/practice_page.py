"""Serve the page on which people try CocoAI on their own machine: a channel, its threads and an input field.

It serves a few files and some JSON, and only to the page itself: a request from another site, or for another host name
(DNS rebinding), is refused.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from cocoai.rehearsal.openai.billing import PracticeBooks
from cocoai.rehearsal.page.action_fields import MOST_BYTES, MOST_CELLS, MOST_FILES, MOST_ROWS
from cocoai.rehearsal.page.page_actions import PageActions, PageUser
from cocoai.rehearsal.page.page_places import CHANNELS, PEOPLE
from cocoai.rehearsal.page.page_responses import (
    IMAGE_TYPES,
    is_sound,
    json_response,
    page_file,
    shared_file,
    text_response,
)
from cocoai.rehearsal.page.surfaces import AppSurfaces, surfaces_json
from cocoai.rehearsal.page.typists import Typist, Typists
from cocoai.rehearsal.practice_server import Gone, Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.event_delivery import Delivery
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.shortcuts import COMMAND
from cocoai.rehearsal.slack.workspace import Person, PracticeChannel, PracticeMessage, Workspace

FILE_PATH = "/page/file/"
HOLD = 25.0
"""Seconds that a request for news is kept waiting while there are none (long polling)."""


class Visitor(PageUser, AppSurfaces, Protocol):
    """All that a person does at the page, and is shown there."""


class Page:
    """Answers the page's requests. `person` posts and presses buttons in the workspace, for the person at the page.

    `delivery_of` takes a message's channel and ts, and returns the delivery of its event to the bot, or None. `books`
    are those of the practice OpenAI whose total the page shows; None, as at first, shows no total. `typists` knows who
    is writing at the page.
    """

    def __init__(
        self,
        workspace: Workspace,
        person: Visitor,
        delivery_of: Callable[[str, str], Delivery | None],
    ) -> None:
        self._workspace = workspace
        self._person = person
        self.typists = Typists(workspace)
        self._actions = PageActions(workspace, person, self.typists)
        self._delivery_of = delivery_of
        self.books: PracticeBooks | None = None
        # Tells a page that was loaded from an earlier server that the changes are counted anew.
        self._run = secrets.token_hex(4)

    def answer(self, incoming: Incoming, stopping: threading.Event) -> Outgoing:
        """Return the response to a request: 403 if it is not from the page, else a page's file, JSON or an error.

        A request for news waits up to `HOLD` seconds. `stopping` is the server's: when it is set and `wake` is called,
        such a request ends and raises `Gone`.
        """
        if not _from_the_page(incoming):
            return text_response(403, "this page speaks only to itself")
        if incoming.method != "GET":
            response = self._actions.answer(incoming.path, incoming.body) if incoming.method == "POST" else None
            return response or text_response(405, "only GET is allowed here")
        if incoming.path == "/page/world":
            return self._world()
        if incoming.path == "/page/news":
            return self._news(incoming, stopping)
        if incoming.path.startswith(FILE_PATH):
            return shared_file(self._shared_file(incoming.path.removeprefix(FILE_PATH)))
        return page_file(incoming.path)

    def wake(self) -> None:
        """Wake every request that waits for news, so that it sees that its server stops."""
        self._workspace.notify()

    def _world(self) -> Outgoing:
        """Return, as JSON, what the page fetches once: the people, its channels, the limits of files and tables.

        With them are the ids of the people as whom one can act (`askers`), of the bot and of this run of the server,
        and the names of all channels, which messages refer to by their ids.
        """
        known = [self._workspace.channels[each] for each in CHANNELS]
        channels = [_channel(each) for each in known]
        world: dict[str, Any] = {"run": self._run, "askers": PEOPLE, "bot": self._workspace.installation.user_id}
        world |= {"people": {each.id: _person(each) for each in self._workspace.people.values()}, "channels": channels}
        world["channel_names"] = {each.id: each.name for each in self._workspace.channels.values() if not each.user}
        world["command"] = COMMAND
        world["people"]["USLACKBOT"] = {"name": "Slackbot", "bot": True, "locale": ""}
        limits = {"most_files": MOST_FILES, "most_bytes": MOST_BYTES, "most_rows": MOST_ROWS, "most_cells": MOST_CELLS}
        return json_response(world | limits)

    def _news(self, incoming: Incoming, stopping: threading.Event) -> Outgoing:
        """Return, as JSON, the messages that changed or were removed since the change with the number `after`.

        With them are the number of the newest change (`at`), who is writing, what the app shows outside of messages,
        unless the page knows that (`surfaces` in the query), and what the practice OpenAI has billed so far. Wait until
        there are any, but at most `HOLD` seconds: then the lists are empty. A page of another run of the server (`run`
        in the query) gets all messages at once. Raise `Gone` if the server stops.
        """
        query = parse_qs(incoming.query)
        # A page that was loaded from an earlier server counts that server's changes: it gets all messages at once.
        is_same_run = query.get("run") == [self._run]
        known = _number(query.get("after", ["0"])[0]) if is_same_run else 0
        known_surfaces = query.get("surfaces", [""])[0]

        def is_due() -> bool:
            return not is_same_run or stopping.is_set() or self._any_news(known, known_surfaces)

        with self._workspace.changed:
            self._workspace.changed.wait_for(is_due, HOLD)
            if stopping.is_set():
                raise Gone
            messages = [self._message_json(each) for each in self._messages(known)]
            removed = [[channel, ts] for change, channel, ts in self._workspace.removed if change > known]
            news = {"run": self._run, "at": self._workspace.changes, "messages": messages, "removed": removed}
            news["typing"] = [_typist(each) for each in self.typists.since(known)]
            surfaces = surfaces_json(self._person)
            news["surfaces"] = None if surfaces["key"] == known_surfaces else surfaces
        return json_response(news | {"billed": self._billed()})

    def _billed(self) -> dict[str, int] | None:
        """Return the total of the books for the page: nano-dollars and requests; None if there are no books."""
        if self.books is None:
            return None
        bills = self.books.bills
        return {"nano_dollars": sum(bill.nano_dollars for bill in bills), "requests": len(bills)}

    def _any_news(self, known: int, known_surfaces: str) -> bool:
        """Return True if there is news after the change number `known`, or the app's surfaces are others.

        News is any message that was removed, a message of `_messages`, and somebody who writes.
        """
        if any(change > known for change, _, _ in self._workspace.removed[-1:]):
            return True
        if self._messages(known) or self.typists.since(known):
            return True
        return bool(surfaces_json(self._person)["key"] != known_surfaces)

    def _messages(self, known: int) -> list[PracticeMessage]:
        """Return the messages of the page's channels, changed after the change number `known`, that its people see."""
        changed = self._workspace.changed_since(known)
        return [each for each in changed if each.channel in CHANNELS and each.only_for in ("", *PEOPLE)]

    def _shared_file(self, file_id: str) -> PracticeFile | None:
        """Return a shared file by its id, or None if there is none."""
        with self._workspace.changed:
            return self._workspace.files.get(file_id)

    def _message_json(self, message: PracticeMessage) -> dict[str, Any]:
        """Return the JSON of a message for the page: author, text, blocks, attachments, files, who reacted how.

        `writing` is true while the bot has yet to answer in it, and `only_for` names the one person to whom the page
        shows an ephemeral message. Messages that people wrote at the page have the `delivery` of their event: its
        duration in ms and its failure ("" if the bot accepted it).
        """
        delivery = self._delivery_of(message.channel, message.ts)
        shown: dict[str, Any] = {"channel": message.channel, "ts": message.ts, "thread_ts": message.thread_ts}
        shown |= {"user": message.user, "text": message.text, "edited": bool(message.edited)}
        shown |= {"blocks": list(message.blocks), "files": [_file(each) for each in message.files]}
        shown |= {"only_for": message.only_for, "subtype": message.subtype}
        shown["attachments"] = [_attachment(each, self._workspace) for each in message.attachments]
        shown["votes"] = message.votes
        shown["reactions"] = message.reactions
        shown["writing"] = _is_placeholder(message)
        if delivery and message.user in PEOPLE:
            shown["delivery"] = {"ms": round(delivery.milliseconds), "failure": delivery.failure}
        return shown


class PracticePage(PracticeServer):
    """A server of the page without TLS, for a browser that does not trust the practice authority.

    A `published` one answers only requests for this machine's own name too: a browser sends those to a published port.
    """

    def __init__(self, page: Page, *, port: int = 0, published: bool = False) -> None:
        super().__init__(port=port, published=published)
        self._page = page

    def answer(self, incoming: Incoming) -> Outgoing:
        """Return the page's response; a request for news may wait up to `HOLD` seconds."""
        return self._page.answer(incoming, self.stopping)

    def stop(self) -> None:
        """Stop the server, first ending the requests that wait for news."""
        self.stopping.set()
        self._page.wake()
        super().stop()


def _is_placeholder(message: PracticeMessage) -> bool:
    """Check whether the bot still writes a message, by the metadata that our own messages bear."""
    payload = (message.metadata or {}).get("event_payload", {})
    return isinstance(payload, Mapping) and payload.get("kind") == "placeholder"


def _typist(typist: Typist) -> dict[str, Any]:
    """Return the JSON of somebody who writes: the person, the channel, and the thread or null."""
    return {"user": typist.user, "channel": typist.channel, "thread_ts": typist.thread_ts}


def _channel(channel: PracticeChannel) -> dict[str, Any]:
    """Return a conversation's JSON for the page: its name, its kind, its one person or "", if the bot is in it."""
    shown = {"id": channel.id, "name": channel.name, "kind": channel.kind, "user": channel.user}
    return shown | {"has_bot": channel.is_member}


def _person(person: Person) -> dict[str, Any]:
    """Return a user's JSON for the page: the name, the language, and whether it is a bot."""
    return {"name": person.name, "bot": person.is_bot, "locale": person.locale}


def _attachment(attachment: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """Return an attachment's JSON for the page: Slack's own, but its files as the page has them."""
    files = [workspace.files[each["id"]] for each in attachment.get("files", ()) if each.get("id") in workspace.files]
    return {**attachment, "files": [_file(each) for each in files]}


def _file(file: PracticeFile) -> dict[str, Any]:
    """Return a file's JSON for the page: its name, title, type, size in bytes and URL; `alt` describes a picture.

    `gone` is true if it was deleted, `picture` if the page shows it as an image, `sound` if it plays it.
    """
    details = {
        "id": file.id,
        "name": file.name,
        "title": file.fields.get("title", file.name),
        "alt": file.fields.get("alt_txt", ""),
        "type": file.media_type,
        "size": len(file.data),
        "gone": file.is_deleted,
    }
    return details | {"url": FILE_PATH + file.id, "picture": file.media_type in IMAGE_TYPES, "sound": is_sound(file)}


def _from_the_page(incoming: Incoming) -> bool:
    """Return True if a request names this machine as its host and, below `/page/`, comes from a page of our origin.

    A POST must also be JSON. The Host, Origin and Sec-Fetch-Site headers tell; a script in a browser cannot forge them.
    """
    host = incoming.headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in ("127.0.0.1", "localhost", "::1"):
        return False
    if not incoming.path.startswith("/page/"):  # the page's files are no secret
        return True
    if incoming.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = incoming.headers.get("origin")
    if incoming.method == "GET":
        return origin is None or _host_of(origin) == host
    is_json = incoming.headers.get("content-type", "").partition(";")[0] == "application/json"
    # A form of another site can be posted without a preflight request, but not as JSON.
    return is_json and origin is not None and _host_of(origin) == host


def _host_of(origin: str) -> str:
    return urlsplit(origin).netloc


def _number(value: str) -> int:
    """Return a text of ASCII digits as a number, or 0 for any other text."""
    return int(value) if value.isascii() and value.isdigit() else 0
