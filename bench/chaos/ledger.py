"""The ledger: what was asked, what was answered 200, how often the model was called, what was finally said.

It is kept outside the stack, from what the practice servers have seen. Pure: nothing here knows how a question is
answered, only what must have become of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from cocoai.rehearsal.openai.practice_openai import RecordedRequest
from cocoai.rehearsal.slack.event_delivery import Delivery
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message

WORDS, MANY_WORDS, LONG_EVERY = 3, 900, 20
"""An answer's words, a long answer's (three messages), and which questions get one."""

UNPAID = frozenset({"rate_limit_exceeded", "server_error", "server_is_overloaded", "broken", "gone"})
"""Outcomes of a request to the model that cost nothing."""


@dataclass(frozen=True)
class Question:
    """A question of ours: the `number` in its text, and the message as it was said; `again` is the time of a click."""

    number: int
    message: Message
    again: str = ""

    @property
    def key(self) -> str:
        return f"{self.message.channel}-{self.message.thread_ts or self.message.ts}-{self.again or self.message.ts}"


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


def words_of(texts: Iterable[str]) -> list[str]:
    """The numbered words in these messages; half a word, where a model was stopped, is none."""
    return [found for text in texts for found in re.findall(r"a\d+w\d+e", text)]


def is_whole(number: int, texts: Iterable[str], *, is_stopped: bool = False) -> bool:
    """Whether these messages together are the answer: each word once, in order, and nobody else's.

    One that was stopped may end anywhere.
    """
    said, meant = words_of(texts), answer_to(asked_text(number)).split()
    return said == (meant[: len(said)] if is_stopped else meant)


@dataclass
class Account:
    """What became of one question. `clicked` is what was pressed under its reply, `heard` what of that was accepted."""

    question: Question
    accepted: bool
    said: Sequence[Message]
    paid: int
    clicked: frozenset[str] = frozenset()
    heard: frozenset[str] = frozenset()

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
        is_gone = "delete" in self.clicked and not self.said
        return self.accepted and not (self.answered or self.told or is_gone)

    @property
    def twice(self) -> bool:
        """More than one first message, or a part more than once."""
        firsts = sum(count for (kind, _), count in self.kinds.items() if kind != "part")
        return firsts > 1 or any(count > 1 for count in self.kinds.values())

    @property
    def garbled(self) -> bool:
        """Answered, but not with the whole of its own answer."""
        ordered = sorted(self.said, key=lambda message: int(str(payload(message)["n"])))
        texts = [each.text for each in ordered]
        is_whole_answer = is_whole(self.question.number, texts, is_stopped="stop" in self.clicked)
        return self.answered and not self.twice and not is_whole_answer

    @property
    def left(self) -> bool:
        """Still there, though the asker had it taken away."""
        return "delete" in self.heard and bool(self.said)

    @property
    def faults(self) -> list[str]:
        """All that is wrong with it, in words."""
        return [name for name in ("lost", "twice", "garbled", "left") if getattr(self, name)]

    @property
    def is_wrong(self) -> bool:
        return bool(self.faults)


@dataclass
class Ledger:
    """Every question, in the order in which they were asked, and every click: key, action, whether Slack heard 200."""

    questions: list[Question] = field(default_factory=list)
    clicks: list[tuple[str, str, bool]] = field(default_factory=list)

    def accounts(
        self,
        deliveries: Iterable[Delivery],
        asked: Iterable[RecordedRequest],
        thread: Callable[[str, str], Sequence[Message]],
    ) -> list[Account]:
        """What became of each; `thread` gives a thread's messages by channel and ts."""
        accepted = {(each.channel, each.ts) for each in deliveries if each.status == 200}
        paid = Counter(number_asked(each) for each in asked if each.outcome not in UNPAID)
        # The model cannot tell for which of its askings a question comes: each has cost the same.
        paid.subtract(question.number for question in self.questions if question.again)
        accounts = []
        for question in self.questions:
            message = question.message
            said = [each for each in thread(message.channel, message.ts) if payload(each).get("key") == question.key]
            is_accepted = bool(question.again) or (message.channel, message.ts) in accepted
            clicks = [self._clicks(question.key), self._clicks(question.key, heard=True)]
            accounts.append(Account(question, is_accepted, said, paid[question.number], *clicks))
        return accounts

    def _clicks(self, key: str, *, heard: bool = False) -> frozenset[str]:
        return frozenset(action for of, action, was_heard in self.clicks if of == key and (was_heard or not heard))


def number_asked(asked: RecordedRequest) -> int | None:
    """The question that this request to the model was for."""
    messages = asked.body.get("messages", []) if isinstance(asked.body, dict) else []
    return number_in(str(messages[-1].get("content", ""))) if messages else None


def payload(message: Message) -> dict[str, object]:
    """What our metadata says of a message; empty for people's."""
    return dict((message.metadata or {}).get("event_payload", {}))
