"""Delivering events as Slack does: signed, answered within three seconds or sent again, each attempt on record.

Source: https://docs.slack.dev/apis/events-api. It knows nothing of what is in a payload but its event_id. Each event
has a thread of its own, so nobody waits for the bot.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cocoai.rehearsal.slack.manner import Manner
from cocoai.rehearsal.slack.outbound import Destination, Outbound, Outcome, signed

Payload = dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """One attempt: `attempt` 0 is the first, `failure` is Slack's word for what went wrong, or empty.

    `status` is 0 when no reply came; `time` (epoch seconds) is its start; `channel` and `ts` are the message's.
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
    def accepted(self) -> bool:
        return not self.failure


class Courier:
    """Carries payloads to the bot.

    `record` is called with each attempt as it ends, `rested` when an event is done with.
    """

    def __init__(
        self,
        secret: str,
        manner: Manner,
        outbound: Outbound,
        *,
        record: Callable[[Delivery], None],
        rested: Callable[[], None],
        clock: Callable[[], float],
        stopping: threading.Event,
    ) -> None:
        self.destination: Destination | None = None
        self._secret = secret
        self._manner = manner
        self._outbound = outbound
        self._record = record
        self._rested = rested
        self._clock = clock
        self._stopping = stopping
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()

    @property
    def busy(self) -> int:
        """Events under way, those that wait for a redelivery too."""
        with self._lock:
            return len(self._threads)

    def send(self, *payloads: Payload) -> None:
        """Deliver in this order: each leaves when the one before was answered, or when the twins' gap is over."""
        before: threading.Event | None = None
        for payload in payloads:
            answered = threading.Event()
            self._start(self._deliver, payload, before, answered)
            before = answered

    def again(self, payload: Payload, number: int, reason: str) -> None:
        """Redeliver once, whatever became of the earlier attempts."""
        self._start(self._attempt, payload, number, reason)

    def attempt(self, payload: Payload) -> Delivery:
        """Deliver once, and wait for it."""
        return self._attempt(payload, 0, "")

    def stop(self) -> None:
        """Wait for what is under way; `stopping` must be set, and what is outbound cut."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(10)

    def _start(self, work: Callable[..., object], *arguments: Any) -> None:
        if self.destination is None or self._stopping.is_set():
            return
        thread = threading.Thread(target=self._run, args=(work, *arguments), daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _run(self, work: Callable[..., object], *arguments: Any) -> None:
        try:
            work(*arguments)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())
            self._rested()

    def _deliver(self, payload: Payload, before: threading.Event | None, answered: threading.Event) -> None:
        if before:
            before.wait(self._manner.twin_gap)
        delivery = self._attempt(payload, 0, "")
        answered.set()
        for number, wait in enumerate(self._manner.retry_waits, 1):
            done = (delivery.accepted and number > self._manner.repeat) or delivery.no_retry
            if done or self._stopping.wait(wait):
                return
            delivery = self._attempt(payload, number, delivery.failure or "http_timeout")

    def _attempt(self, payload: Payload, number: int, reason: str) -> Delivery:
        body = json.dumps(payload).encode()
        headers = signed(body, self._secret, self._clock())
        if number:
            headers |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
        at = self._clock()
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
            time=at,
            reply=outcome.reply,
            no_retry=outcome.no_retry,
        )
        self._record(delivery)
        return delivery

    def _outcome(self, body: bytes, headers: dict[str, str]) -> Outcome:
        if self.destination is None:
            return Outcome(0, "connection_failed", 0.0)
        return self._outbound.post(self.destination, body, headers)
