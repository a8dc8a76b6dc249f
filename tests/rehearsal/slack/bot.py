"""Bot: the receiver of the practice Slack's events and clicks, which records them and answers as a test says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import Gone, Incoming, Outgoing, PracticeServer

Reply = Callable[["Bot", Incoming], Outgoing]


def hang(bot: Bot, _: Incoming) -> Outgoing:
    """Never answer, until the bot is stopped."""
    bot.pause(3600)
    return Outgoing()


def vanish(*_: object) -> Outgoing:
    """Close the connection without a response."""
    raise Gone


def status(number: int, *headers: tuple[str, str]) -> Reply:
    """Return a reply with a status and headers."""

    def reply(*_: object) -> Outgoing:
        return Outgoing(number, headers=headers)

    return reply


class Bot(PracticeServer):
    """A bot that records what it receives. It sends `replies` in order, then 200."""

    def __init__(self, certificates: Certificates | None = None) -> None:
        super().__init__(certificates)
        self.received: list[Incoming] = []
        self.replies: list[Reply] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        """Record a request, and return the next reply."""
        self.received.append(incoming)
        return self.replies.pop(0)(self, incoming) if self.replies else Outgoing()

    @property
    def payloads(self) -> list[dict[str, Any]]:
        """Return the JSON of all requests."""
        return [json.loads(each.body) for each in self.received]

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return the events of all requests."""
        return [payload["event"] for payload in self.payloads]
