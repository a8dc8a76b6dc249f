"""Flow: an event each tenth of a second, signed as Slack's, over https; what becomes of each is kept."""

from __future__ import annotations

import http.client
import itertools
import json
import ssl
import threading
import time
from dataclasses import dataclass

from tests.slack_payloads import envelope, message_event, signed_headers

PERIOD = 0.1
TIMEOUT = 10.0


@dataclass(frozen=True)
class Outcome:
    """What became of one event: when it was sent (monotonic seconds), its status (0: none), and the seconds it took."""

    at: float
    status: int
    seconds: float


class Flow:
    """Messages that are nothing to CocoAI, one each PERIOD, while the context lasts."""

    def __init__(self, domain: str, secret: str, authority: str) -> None:
        self.outcomes: list[Outcome] = []
        self._domain, self._secret = domain, secret
        self._context = ssl.create_default_context(cafile=authority)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._senders: list[threading.Thread] = []

    def __enter__(self) -> Flow:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, and wait for what is under way."""
        self._ended.set()
        self._thread.join()
        for sender in self._senders:
            sender.join()

    def refused(self, *, until: float = float("inf")) -> int:
        """Return how many had no 200."""
        return sum(1 for outcome in self.outcomes if outcome.status != 200 and outcome.at < until)

    def slowest(self) -> float:
        """Return the longest time until a 200, in seconds."""
        return max((outcome.seconds for outcome in self.outcomes if outcome.status == 200), default=0.0)

    def gap(self) -> float:
        """Return the longest time between two events that were accepted, in seconds: how long nothing was."""
        times = sorted(outcome.at + outcome.seconds for outcome in self.outcomes if outcome.status == 200)
        return max((later - earlier for earlier, later in itertools.pairwise(times)), default=float("inf"))

    def _run(self) -> None:
        while not self._ended.wait(PERIOD):
            sender = threading.Thread(target=self._send)
            sender.start()
            self._senders.append(sender)

    def _send(self) -> None:
        body = json.dumps(envelope(message_event("nothing to it"), event_id=f"Ev{time.monotonic_ns()}")).encode()
        headers = {"Content-Type": "application/json", **signed_headers(body, time.time(), self._secret)}
        began, status = time.monotonic(), 0
        connection = http.client.HTTPSConnection(self._domain, timeout=TIMEOUT, context=self._context)
        try:
            connection.request("POST", "/slack/events", body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        self.outcomes.append(Outcome(began, status, time.monotonic() - began))
