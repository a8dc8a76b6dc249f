"""PracticeSlack: a Slack on this machine. It answers the Web API and delivers signed events and clicks.

It is written from Slack's documentation alone and shares no code with `cocoai/slack`. It records each call, each
delivery and each message, and a caller can wait for them without polling.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.page.practice_page import Page
from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.block_actions import ClickDelivery, ClickSender
from cocoai.rehearsal.slack.event_delivery import Delivery
from cocoai.rehearsal.slack.event_dispatch import EventDispatcher
from cocoai.rehearsal.slack.file_changes import FileChanges
from cocoai.rehearsal.slack.file_server import Download, FileServer
from cocoai.rehearsal.slack.gateway import Call, Gateway
from cocoai.rehearsal.slack.interactions import Interaction, Interactivity
from cocoai.rehearsal.slack.json_shapes import Payload
from cocoai.rehearsal.slack.modals import ModalSender
from cocoai.rehearsal.slack.outbound import JSON, Destination, Outbound, signed
from cocoai.rehearsal.slack.people_actions import PeopleActions
from cocoai.rehearsal.slack.pins import PinKind, PinMethods, PinStore
from cocoai.rehearsal.slack.reactions import ReactionMethods, ReactionStore
from cocoai.rehearsal.slack.response_urls import ResponseUrls
from cocoai.rehearsal.slack.shortcuts import ShortcutSender
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.triggers import Triggers
from cocoai.rehearsal.slack.views import ViewMethods, Views
from cocoai.rehearsal.slack.workspace import PracticeMessage, Workspace

T = TypeVar("T")
TOKEN = "xoxb-practice"
SIGNING_SECRET = "practice-signing-secret"
PATIENCE = 30.0
"""Seconds that `wait_for` waits by default."""


class PracticeSlack(PeopleActions, PracticeServer):
    """A server with the Web API below `api_url`, shared files, and the page at `/`.

    `token` and `signing_secret` are those that the bot is configured with. `switches` may be changed at any time. With
    `request_url` None no events are delivered until `subscribe`. `calls`, `deliveries`, `payloads`, `clicks`,
    `interactions` and `downloads` only ever grow.
    """

    def __init__(
        self,
        certificates: Certificates | None = None,
        *,
        port: int = 0,
        token: str = TOKEN,
        signing_secret: str = SIGNING_SECRET,
        request_url: str | None = None,
        switches: SlackSwitches | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(certificates, port=port)
        self.api_url = f"{self.url}/api/"
        self.switches = switches or SlackSwitches()
        self.workspace = Workspace(clock, self.url)
        self.token, self.signing_secret = token, signing_secret
        self._clock = clock
        self._outbound = outbound = Outbound(self.switches, self.stopping)
        self._events = EventDispatcher(
            self.workspace, signing_secret, self.switches, outbound, clock=clock, stopping=self.stopping
        )
        self._interactivity = Interactivity(self.workspace, signing_secret, self.switches, outbound, clock=clock)
        self._reactions = ReactionStore(self.workspace, self._events.reacted)
        self._pins = PinStore(self.workspace, self._pinned, clock)
        self._file_changes = FileChanges(self.workspace, self._events.file_changed, clock)
        self.views = Views(self.workspace, clock)
        self._triggers = triggers = Triggers(self.switches, clock)
        self._urls = urls = ResponseUrls(self.workspace, self.switches, self.url, clock)
        self._clicks = ClickSender(self.workspace, self._interactivity, triggers, urls)
        self._shortcuts = ShortcutSender(self.workspace, self.switches, self._interactivity, triggers, urls)
        self._modals = ModalSender(self.workspace, self._interactivity, self.views, triggers)
        reactions = ReactionMethods(self.workspace, self._reactions)
        views = ViewMethods(self.workspace, self.switches, self.views, triggers)
        pins = PinMethods(self.workspace, self._pins)
        more = {**reactions.methods, **views.methods, **pins.methods}
        self._gateway = Gateway(self.workspace, self, token, self.switches, more)
        self._downloads: list[Download] = []
        self._files = FileServer(self.workspace.files, token, self.switches, self._record_download)
        self.page = Page(self.workspace, self, self._events.delivery_of)
        if request_url:
            self.subscribe(request_url)

    # Answering requests

    @property
    def clock_shift(self) -> float:
        """Return the seconds by which the header Date is ahead of the true time."""
        return self.switches.clock_shift

    def answer(self, incoming: Incoming) -> Outgoing:
        """Return the response of the Web API (`/api/`), to an upload or a response_url, of a file, or else of the page.

        Raise `Gone` to close the connection without one.
        """
        if incoming.path.startswith("/api/"):
            return self._gateway.answer(incoming.path.removeprefix("/api/"), incoming)
        if self._gateway.uploads.serves(incoming):
            return self._gateway.receive(incoming)
        if self._urls.serves(incoming):
            return self._gateway.post(self._urls, incoming)
        if self._files.serves(incoming):
            return self._files.answer(incoming)
        return self.page.answer(incoming, self.stopping)

    def fail(self, method: str, fault: SlackFault, times: int = 1) -> None:
        """Let the next `times` calls of a method, as `chat.update` (`*`: any method), meet a fault."""
        self._gateway.faults.add(method, fault, times)

    def clear_faults(self) -> None:
        """Remove the faults that have not happened yet."""
        self._gateway.faults.clear()

    def show_uploads(self, most: int | None = None) -> None:
        """Show files at once that the bot has uploaded and that are still to be shown: all, or the oldest `most`."""
        self._gateway.uploads.show_now(most)

    def use_up_limit(self, channel: str, seconds: float) -> None:
        """Use up a channel's rate limit: its next chat.postMessage is allowed after `seconds`, then one a second.

        Until then each is refused with 429 and Retry-After, if the switches `rate_limits` or `limited` say so.
        """
        self._gateway.tiers.use_up(channel, seconds)

    # Events

    def subscribe(
        self,
        events_url: str,
        interactions_url: str | None = None,
        commands_url: str | None = None,
        *,
        ca_file: str | None = None,
    ) -> None:
        """Set the bot's request URLs: for events; for clicks, shortcuts and modals; for the slash command.

        With None these are not delivered. `ca_file` names the authority to trust for https URLs, None the public ones.
        """
        self._events.sender.destination = Destination(events_url, ca_file)
        self._interactivity.destination = Destination(interactions_url, ca_file) if interactions_url else None
        self._interactivity.commands = Destination(commands_url, ca_file) if commands_url else None

    def unsubscribe(self) -> None:
        """Remove the bot's request URLs: events are still recorded in `payloads`, but delivered nowhere."""
        self._events.sender.destination = None
        self._interactivity.destination = self._interactivity.commands = None

    def verify_url(self) -> bool:
        """Send url_verification, as Slack does when a request URL is saved, and wait for the response.

        Return True if it holds the challenge.
        """
        return self._events.verify_url()

    def deliver(self, *payloads: Payload) -> None:
        """Start to deliver payloads as they are, in this order, each with Slack's redeliveries; return at once."""
        self._events.deliver(*payloads)

    def redeliver(self, event_id: str, *, number: int = 1, reason: str = "http_timeout") -> None:
        """Start to deliver an event once more, even if it was accepted; return at once.

        `number` and `reason` are those of Slack's retry headers. Raise KeyError if there is no event with this id.
        """
        self._events.redeliver(event_id, number, reason)

    def signed(
        self, body: bytes, *, at: float | None = None, secret: str | None = None, content_type: str = JSON
    ) -> dict[str, str]:
        """Return the headers with which Slack would send a body: its signature, made now with the signing secret.

        `at` (epoch seconds) and `secret` sign it for another time, or with another secret.
        """
        return signed(body, secret or self.signing_secret, self._clock() if at is None else at, content_type)

    # The record

    @property
    def calls(self) -> list[Call]:
        """Return every call of the Web API so far, in the order in which they ended."""
        with self.workspace.changed:
            return list(self._gateway.calls)

    @property
    def deliveries(self) -> list[Delivery]:
        """Return every attempt to deliver an event so far, in the order in which they ended."""
        with self.workspace.changed:
            return list(self._events.deliveries)

    @property
    def payloads(self) -> list[Payload]:
        """Return the payload of every event so far, in the order of sending; redeliveries add none."""
        with self.workspace.changed:
            return list(self._events.payloads)

    @property
    def clicks(self) -> list[ClickDelivery]:
        """Return every delivery of a click so far, in the order in which they ended."""
        with self.workspace.changed:
            return list(self._clicks.delivered)

    @property
    def interactions(self) -> list[Interaction]:
        """Return every shortcut, command and modal that was posted so far, in the order in which they ended."""
        with self.workspace.changed:
            return list(self._interactivity.done)

    @property
    def downloads(self) -> list[Download]:
        """Return every request for a file so far, oldest first."""
        with self.workspace.changed:
            return list(self._downloads)

    def messages(self, channel: str = "C0PRACTICE") -> tuple[PracticeMessage, ...]:
        """Return a channel's messages, replies too but no ephemeral ones, oldest first."""
        return self.workspace.messages(channel)

    def ephemeral_messages(self, channel: str = "C0PRACTICE") -> tuple[PracticeMessage, ...]:
        """Return the bot's ephemeral messages in a channel, oldest first."""
        return self.workspace.ephemeral_messages(channel)

    def thread(self, channel: str, ts: str) -> tuple[PracticeMessage, ...]:
        """Return a thread by the ts of any message in it, the parent first; empty if there is no such message."""
        return self.workspace.thread(channel, ts)

    def wait_for(self, predicate: Callable[[], T | None], timeout: float = PATIENCE) -> T:
        """Wait until `predicate` returns a true value, and return it. Raise TimeoutError after `timeout` seconds.

        It is called at once, then after each message, call, delivery, click and download that is recorded.
        """
        return self.workspace.wait_for(predicate, timeout)

    def wait_for_deliveries(self, timeout: float = PATIENCE) -> list[Delivery]:
        """Wait until no delivery is under way and no redelivery due; return all deliveries so far.

        Raise TimeoutError if that takes over `timeout` seconds.
        """
        self.wait_for(self._events.sender.is_idle, timeout)
        return self.deliveries

    def stop(self) -> None:
        """Stop the server, cut all requests and deliveries under way, and wait for their threads."""
        # First wake all that wait (the page's requests too) and cut what is sent: else the threads would end late.
        self.stopping.set()
        self.workspace.notify()
        self._outbound.stop()
        super().stop()
        self._gateway.uploads.stop()
        self._events.sender.stop()

    def _pinned(self, kind: PinKind, message: PracticeMessage, user: str, item: Payload) -> None:
        """Have the event of a pin delivered."""
        self._events.pinned(kind, message, user, item, len(self._pins.listed(message.channel)))

    def _record_download(self, download: Download) -> None:
        """Add a request for a file to `downloads`, and wake `wait_for`."""
        with self.workspace.changed:
            self._downloads.append(download)
            self.workspace.notify()
