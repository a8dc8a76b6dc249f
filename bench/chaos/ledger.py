"""The ledger: what was asked, what was answered 200, how often the model was called, what was finally said.

It is kept outside the stack, from what the practice servers have seen. Pure: nothing here knows how a question is
answered, only what must have become of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from cocoai.rehearsal.openai.practice import Asked
from cocoai.rehearsal.slack.delivery import Delivery
from cocoai.rehearsal.slack.workspace import Message

WORDS, MANY_WORDS, LONG_EVERY = 3, 900, 20
"""An answer's words, a long answer's (three messages), and which questions get one."""

UNPAID = frozenset({"rate_limit_exceeded", "server_error", "server_is_overloaded", "broken", "gone"})
"""Outcomes of a request to the model that cost nothing."""


@dataclass(frozen=True)
class Question:
    """A question of ours: the `number` in its text, and the message as it was said."""

    number: int
    message: Message

    @property
    def key(self) -> str:
        return f"{self.message.channel}-{self.message.thread_ts or self.message.ts}-{self.message.ts}"


def asked_text(number: int) -> str:
    return f"question #{number}?"


def number_in(text: str) -> int | None:
    """Of the question that a request to the model ends with."""
    found = re.findall(r"question #(\d+)\?", text)
    return int(found[-1]) if found else None


def answer_to(text: str) -> str:
    """What the model says: numbered words, so that a missing, doubled or foreign one is seen."""
    number = number_in(text)
    if number is None:
        return "?"
    count = MANY_WORDS if number % LONG_EVERY == 0 else WORDS
    return "\n".join(f"a{number}w{index}e" for index in range(count))


def is_whole(number: int, texts: Iterable[str]) -> bool:
    """Whether these messages together are the answer: each word once, in order, and nobody else's."""
    said = [found for text in texts for found in re.findall(r"a\d+w\d+e", text)]
    return said == answer_to(asked_text(number)).split()


@dataclass
class Account:
    """What became of one question."""

    question: Question
    accepted: bool
    said: Sequence[Message]
    paid: int

    @property
    def kinds(self) -> Counter[tuple[str, int]]:
        """How many messages there are of each kind and part."""
        marks = [payload(message) for message in self.said]
        return Counter((str(mark["kind"]), int(str(mark["n"]))) for mark in marks)

    @property
    def answered(self) -> bool:
        return ("answer", 1) in self.kinds

    @property
    def told(self) -> bool:
        """That it failed."""
        return ("error", 1) in self.kinds

    @property
    def lost(self) -> bool:
        return self.accepted and not (self.answered or self.told)

    @property
    def twice(self) -> bool:
        """More than one first message, or a part more than once."""
        firsts = sum(count for (kind, _), count in self.kinds.items() if kind != "part")
        return firsts > 1 or any(count > 1 for count in self.kinds.values())

    @property
    def garbled(self) -> bool:
        """Answered, but not with the whole of its own answer."""
        ordered = sorted(self.said, key=lambda message: int(str(payload(message)["n"])))
        return self.answered and not self.twice and not is_whole(self.question.number, (each.text for each in ordered))

    @property
    def is_wrong(self) -> bool:
        return self.lost or self.twice or self.garbled


@dataclass
class Ledger:
    """Every question, in the order in which they were asked."""

    questions: list[Question] = field(default_factory=list)

    def accounts(
        self, deliveries: Iterable[Delivery], asked: Iterable[Asked], thread: Callable[[str, str], Sequence[Message]]
    ) -> list[Account]:
        """What became of each; `thread` gives a thread's messages by channel and ts."""
        accepted = {(each.channel, each.ts) for each in deliveries if each.status == 200}
        paid = Counter(number_asked(each) for each in asked if each.outcome not in UNPAID)
        accounts = []
        for question in self.questions:
            message = question.message
            said = [each for each in thread(message.channel, message.ts) if payload(each).get("key") == question.key]
            accounts.append(Account(question, (message.channel, message.ts) in accepted, said, paid[question.number]))
        return accounts


def number_asked(asked: Asked) -> int | None:
    """The question that this request to the model was for."""
    messages = asked.body.get("messages", []) if isinstance(asked.body, dict) else []
    return number_in(str(messages[-1].get("content", ""))) if messages else None


def payload(message: Message) -> dict[str, object]:
    """What our metadata says of a message; empty for people's."""
    return dict((message.metadata or {}).get("event_payload", {}))
