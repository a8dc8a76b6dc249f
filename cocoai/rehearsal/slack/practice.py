"""PracticeSlack: the other side of the bot, to practise with. It answers the Web API and delivers signed events.

It plays Slack from the documentation alone and shares no code with cocoai/slack. What it does is on record: each call,
each delivery, each message; and nobody who waits for one of them has to poll.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.page.page import Page
from cocoai.rehearsal.server import Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.clicks import Clicked, Clicks
from cocoai.rehearsal.slack.delivery import Delivery
from cocoai.rehearsal.slack.downloads import Download, FileServer
from cocoai.rehearsal.slack.files import PracticeFile
from cocoai.rehearsal.slack.front import Call, Front
from cocoai.rehearsal.slack.herald import Herald
from cocoai.rehearsal.slack.limits import Fault
from cocoai.rehearsal.slack.manner import Manner
from cocoai.rehearsal.slack.outbound import JSON, Destination, Outbound, signed
from cocoai.rehearsal.slack.shapes import Payload
from cocoai.rehearsal.slack.workspace import Channel, Message, Person, Workspace

T = TypeVar("T")
TOKEN = "xoxb-practice"
SIGNING_SECRET = "practice-signing-secret"
PATIENCE = 30.0
"""Seconds that a test waits for something before it gives up."""


class PracticeSlack(PracticeServer):
    """The Web API below `api_url`, shared files, and the page at `/`.

    `manner` holds the switches, which may be turned at any time. `request_url` None: nobody has subscribed, and events
    go nowhere until `subscribe`. `calls`, `deliveries`, `payloads`, `clicks` and `downloads` only ever grow.
    """

    def __init__(
        self,
        certificates: Certificates | None = None,
        *,
        port: int = 0,
        token: str = TOKEN,
        signing_secret: str = SIGNING_SECRET,
        request_url: str | None = None,
        manner: Manner | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(certificates, port=port)
        self.api_url = f"{self.url}/api/"
        self.manner = manner or Manner()
        self.workspace = Workspace(clock, self.url)
        self._clock, self._secret = clock, signing_secret
        self._outbound = outbound = Outbound(self.manner, self.stopping)
        self._front = Front(self.workspace, self, token, self.manner)
        self._herald = Herald(
            self.workspace, signing_secret, self.manner, outbound, clock=clock, stopping=self.stopping
        )
        self._clicks = Clicks(self.workspace, signing_secret, self.manner, outbound, clock=clock)
        self._downloads: list[Download] = []
        self._files = FileServer(self.workspace.files, token, self.manner, self._downloaded)
        self.page = Page(self.workspace, self, self._herald.heard)
        if request_url:
            self.subscribe(request_url)

    # What it says to those who call

    def answer(self, incoming: Incoming) -> Outgoing:
        if incoming.path.startswith("/api/"):
            return self._front.answer(incoming.path.removeprefix("/api/"), incoming)
        if self._files.serves(incoming):
            return self._files.answer(incoming)
        return self.page.answer(incoming, self.stopping)

    def fail(self, method: str, fault: Fault, times: int = 1) -> None:
        """Let the next `times` calls of a method (`*`: of any) meet a fault."""
        self._front.faults.add(method, fault, times)

    def mend(self) -> None:
        """Forget the faults that have not happened yet."""
        self._front.faults.clear()

    # What people do

    def say(self, user: str, text: str, *, channel: str = "C0PRACTICE", thread_ts: str | None = None) -> Message:
        """A person writes; the event goes out in a thread of its own. `text` as Slack stores it: `<@U0COCOAI> hi`."""
        known = self.workspace.people[user]
        return self.workspace.post(channel, known.id, text, thread_ts=thread_ts, client_msg_id=str(uuid.uuid4()))

    def share(
        self,
        user: str,
        text: str,
        files: Sequence[PracticeFile],
        *,
        channel: str = "C0PRACTICE",
        thread_ts: str | None = None,
    ) -> Message:
        """A person writes, with files; `text` may be empty. The message's `files` have their ids and addresses."""
        known = self.workspace.people[user]
        kept = tuple(self.workspace.keep(file, known.id) for file in files)
        more = {"thread_ts": thread_ts, "client_msg_id": str(uuid.uuid4()), "subtype": "file_share", "files": kept}
        return self.workspace.post(channel, known.id, text, **more)

    def delete_file(self, file: str) -> None:
        """A file is taken away, by its id: its messages keep a tombstone, and message_changed goes out."""
        self.workspace.delete_file(file)

    def click(self, user: str, channel: str, ts: str, action: str, *, repeat: int = 0) -> Clicked:
        """A person presses the button `action` (its action_id) of a message, and confirms if asked; how that fared.

        It waits for the answer. `repeat` sends the very same bytes so many times more, as a forger who listened would.
        ValueError: there is no such button, or not for this person.
        """
        return self._clicks.click(user, channel, ts, action, repeat)

    def edit(self, channel: str, ts: str, text: str) -> None:
        """A person edits a message: message_changed goes out."""
        message = self.workspace.find(channel, ts)
        if message:
            self.workspace.edit(message, text)

    def delete(self, channel: str, ts: str) -> None:
        """A message is taken away: message_deleted goes out. KeyError: there is none."""
        self.workspace.delete(channel, ts)

    def add(self, new: Channel | Person) -> None:
        if isinstance(new, Channel):
            self.workspace.channels[new.id] = new
        else:
            self.workspace.people[new.id] = new

    def change_channel(self, channel: str, **changes: Any) -> None:
        """Turn `shared`, `archived` or `member` of a channel."""
        self.workspace.channels[channel] = replace(self.workspace.channels[channel], **changes)

    # Events

    def subscribe(self, events_url: str, interactions_url: str | None = None, *, ca_file: str | None = None) -> None:
        """Send events there from now on, and clicks, if anywhere; `ca_file` for practice certificates."""
        self._herald.courier.destination = Destination(events_url, ca_file)
        self._clicks.destination = Destination(interactions_url, ca_file) if interactions_url else None

    def verify_url(self) -> bool:
        """Send url_verification, as Slack does when the address is saved; True when it was answered rightly."""
        return self._herald.verify_url()

    def deliver(self, *payloads: Payload) -> None:
        """Deliver raw payloads as they are, each with Slack's redeliveries, without waiting."""
        self._herald.deliver(*payloads)

    def redeliver(self, event_id: str, *, number: int = 1, reason: str = "http_timeout") -> None:
        """Deliver an event once more though it was accepted. KeyError: there is no such event."""
        self._herald.redeliver(event_id, number, reason)

    def signed(
        self, body: bytes, *, at: float | None = None, secret: str | None = None, content_type: str = JSON
    ) -> dict[str, str]:
        """The headers that Slack would send with these bytes now, or a forger at another time or by another secret."""
        return signed(body, secret or self._secret, self._clock() if at is None else at, content_type)

    # What is on record

    @property
    def calls(self) -> list[Call]:
        with self.workspace.changed:
            return list(self._front.calls)

    @property
    def deliveries(self) -> list[Delivery]:
        with self.workspace.changed:
            return list(self._herald.deliveries)

    @property
    def payloads(self) -> list[Payload]:
        with self.workspace.changed:
            return list(self._herald.payloads)

    @property
    def clicks(self) -> list[Clicked]:
        with self.workspace.changed:
            return list(self._clicks.delivered)

    @property
    def downloads(self) -> list[Download]:
        """Every request for a file, and whose token came with it."""
        with self.workspace.changed:
            return list(self._downloads)

    def messages(self, channel: str = "C0PRACTICE") -> tuple[Message, ...]:
        """All of a channel, replies too, oldest first."""
        return self.workspace.messages(channel)

    def whispers(self, channel: str = "C0PRACTICE") -> tuple[Message, ...]:
        """What the bot said there to one person only, oldest first."""
        return self.workspace.whispers(channel)

    def thread(self, channel: str, ts: str) -> tuple[Message, ...]:
        """A thread by the ts of any message in it, the parent first."""
        return self.workspace.thread(channel, ts)

    def wait_for(self, predicate: Callable[[], T | None], timeout: float = PATIENCE) -> T:
        """The first true value of `predicate`, looked at after each change. Raises TimeoutError after `timeout` s."""
        return self.workspace.wait_for(predicate, timeout)

    def wait_for_deliveries(self, timeout: float = PATIENCE) -> list[Delivery]:
        """Wait until no delivery is under way and no redelivery due; what was delivered so far."""
        self.wait_for(lambda: self._herald.courier.busy == 0, timeout)
        return self.deliveries

    def stop(self) -> None:
        self.stopping.set()
        self.workspace.note()
        self._outbound.stop()
        super().stop()
        self._herald.courier.stop()

    def _downloaded(self, download: Download) -> None:
        with self.workspace.changed:
            self._downloads.append(download)
            self.workspace.note()
