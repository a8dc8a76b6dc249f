"""Bot: the other side of the practice Slack's events and clicks. It keeps what it receives, and answers as told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import Gone, Incoming, Outgoing, PracticeServer

Reply = Callable[["Bot", Incoming], Outgoing]


def hang(bot: Bot, _: Incoming) -> Outgoing:
    bot.pause(3600)
    return Outgoing()


def vanish(*_: object) -> Outgoing:
    raise Gone


def status(number: int, *headers: tuple[str, str]) -> Reply:
    return lambda *_: Outgoing(number, headers=headers)


class Bot(PracticeServer):
    """Keeps what it receives. `replies` are given in order, then 200."""

    def __init__(self, certificates: Certificates | None = None) -> None:
        super().__init__(certificates)
        self.received: list[Incoming] = []
        self.replies: list[Reply] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        self.received.append(incoming)
        return self.replies.pop(0)(self, incoming) if self.replies else Outgoing()

    @property
    def payloads(self) -> list[dict[str, Any]]:
        return [json.loads(each.body) for each in self.received]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [payload["event"] for payload in self.payloads]
