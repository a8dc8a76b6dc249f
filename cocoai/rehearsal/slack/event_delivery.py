"""Deliver events as Slack does: signed, and redelivered if the bot does not accept them within three seconds.

Source: https://docs.slack.dev/apis/events-api. Of a payload this module reads only what identifies its event. Each
event has a thread of its own, so that its caller does not wait for the bot.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cocoai.rehearsal.slack.outbound import Destination, Outbound, Outcome, signed
from cocoai.rehearsal.slack.slack_switches import SlackSwitches

Payload = dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """One attempt to deliver an event: `attempt` 0 is the first, those above are redeliveries.

    `kind` is the event's type, as `app_mention`; `channel` and `ts` are the message's. `failure` is Slack's name for
    the failure, or empty; `status` is 0 if no response came; `time` (epoch seconds) is the start.
    """

    event_id: str
    kind: str
    channel: str
    ts: str
    attempt: int
    status: int
    failure: str
    milliseconds: float
    time: float
    reply: bytes = b""
    no_retry: bool = False

    @property
    def is_accepted(self) -> bool:
        """Return True if the bot accepted the event: it answered with a status 2xx in time."""
        return not self.failure


class EventSender:
    """Sends payloads to the bot, each in a thread of its own.

    `record` is called with each attempt as it ends, `on_end` when an event needs no further attempt; both are called in
    the event's thread. `destination` None means that the bot has no request URL: nothing is sent.
    """

    def __init__(
        self,
        secret: str,
        switches: SlackSwitches,
        outbound: Outbound,
        *,
        record: Callable[[Delivery], None],
        on_end: Callable[[], None],
        clock: Callable[[], float],
        stopping: threading.Event,
    ) -> None:
        self.destination: Destination | None = None
        self._secret = secret
        self._switches = switches
        self._outbound = outbound
        self._record = record
        self._on_end = on_end
        self._clock = clock
        self._stopping = stopping
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()

    def is_idle(self) -> bool:
        """Return True if no event is under way, and none waits for a redelivery."""
        with self._lock:
            return not self._threads

    def send(self, *payloads: Payload) -> None:
        """Start to deliver payloads in this order, and return at once.

        Each is sent once the first attempt of the one before has ended, or after `twin_gap` seconds, and is redelivered
        as Slack would. Nothing is sent without a request URL, or while the server stops.
        """
        # Each in a thread of its own, so that the second event of a mention does not wait for a slow bot.
        before: threading.Event | None = None
        for payload in payloads:
            answered = threading.Event()
            self._start(self._deliver, payload, before, answered)
            before = answered

    def redeliver(self, payload: Payload, number: int, reason: str) -> None:
        """Start to send a payload once more, whatever the outcome of its earlier attempts; return at once.

        `number` (from 1) and `reason` are sent as X-Slack-Retry-Num and X-Slack-Retry-Reason.
        """
        self._start(self._attempt, payload, number, reason)

    def attempt(self, payload: Payload) -> Delivery:
        """Send a payload once, without redeliveries; wait for the outcome, and return it."""
        return self._attempt(payload, 0, "")

    def stop(self) -> None:
        """Wait for all threads, at most 10 s for each; `stopping` must be set, and the outbound connections cut."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(10)

    def _start(self, work: Callable[..., object], *arguments: Any) -> None:
        """Run `work` in a new thread, unless the bot has no request URL or the server is stopping."""
        if self.destination is None or self._stopping.is_set():
            return
        thread = threading.Thread(target=self._run, args=(work, *arguments), daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _run(self, work: Callable[..., object], *arguments: Any) -> None:
        """Run `work` in this thread; then, even after an error, count the thread as ended and call `on_end`."""
        try:
            work(*arguments)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())
            self._on_end()

    def _deliver(self, payload: Payload, before: threading.Event | None, answered: threading.Event) -> None:
        """Send a payload after the one before, set `answered`, and redeliver it as often as Slack would.

        `before` is the `answered` of the payload before (None: there is none), awaited at most `twin_gap` seconds.
        Redeliveries end when the bot has accepted (and the switch `repeat` asks for no more) or forbids them, when all
        `retry_waits` are over, or when the server stops.
        """
        if before:
            before.wait(self._switches.twin_gap)
        delivery = self._attempt(payload, 0, "")
        answered.set()
        for number, wait in enumerate(self._switches.retry_waits, 1):
            # `repeat` redelivers even what was accepted, as if the bot's 200 had been lost.
            is_done = (delivery.is_accepted and number > self._switches.repeat) or delivery.no_retry
            if is_done or self._stopping.wait(wait):
                return
            delivery = self._attempt(payload, number, delivery.failure or "http_timeout")

    def _attempt(self, payload: Payload, number: int, reason: str) -> Delivery:
        """Post a payload once and wait for the response; record and return the attempt.

        A `number` above 0 makes it a redelivery, with the `reason` (Slack's name of a failure) for it.
        """
        body = json.dumps(payload, separators=(",", ":")).encode()  # as Slack writes it, without blanks
        # Each attempt is signed anew: the bot refuses an old timestamp.
        headers = signed(body, self._secret, self._clock())
        if number:
            headers |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
        started = self._clock()
        outcome = self._outcome(body, headers)
        event = payload.get("event", {})
        delivery = Delivery(
            event_id=str(payload.get("event_id", "")),
            kind=str(event.get("type") or payload.get("type", "")),
            channel=str(event.get("channel", "")),
            ts=str(event.get("ts", "")),
            attempt=number,
            status=outcome.status,
            failure=outcome.failure,
            milliseconds=outcome.milliseconds,
            time=started,
            reply=outcome.reply,
            no_retry=outcome.no_retry,
        )
        self._record(delivery)
        return delivery

    def _outcome(self, body: bytes, headers: dict[str, str]) -> Outcome:
        """Post a request and return its outcome; without a request URL that is `connection_failed`."""
        if self.destination is None:
            return Outcome(0, "connection_failed", 0.0)
        return self._outbound.post(self.destination, body, headers)
