"""The ledger of a chaos run: what was asked, what was answered 200, how often the model was called, what was posted.

It is kept outside the stack, from what the practice servers have seen. It is pure, and knows nothing of how a question
is answered: only what must have become of it in the end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cocoai.rehearsal.openai.practice_openai import RecordedRequest
from cocoai.rehearsal.slack.event_delivery import Delivery
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message

WORDS, MANY_WORDS, LONG_EVERY = 3, 900, 20
"""Words of an answer; words of a long one, which takes three messages; every how many questions one is long."""

UNPAID = frozenset({"rate_limit_exceeded", "server_error", "server_is_overloaded", "broken", "gone"})
"""Outcomes of a request to the model that cost nothing."""


@dataclass(frozen=True)
class Question:
    """A question of the run: the `number` in its text and the message that asked it.

    If it was asked again by a click, `again` is the click's time (`action_ts`); else it is empty.
    """

    number: int
    message: Message
    again: str = ""

    @property
    def key(self) -> str:
        """Return the name of the question's job in the spool."""
        return f"{self.message.channel}-{self.message.thread_ts or self.message.ts}-{self.again or self.message.ts}"


def question_text(number: int) -> str:
    return f"question #{number}?"


def number_in(text: str) -> int | None:
    """Return the number of the last question in `text`, or None if there is none."""
    found = re.findall(r"question #(\d+)\?", text)
    return int(found[-1]) if found else None


def answer_to(text: str) -> str:
    """Return the model's answer: numbered words, so that a missing, repeated or foreign word is noticed."""
    number = number_in(text)
    if number is None:
        return "?"
    count = MANY_WORDS if number % LONG_EVERY == 0 else WORDS
    return "\n".join(f"a{number}w{index}e" for index in range(count))


def words_of(texts: Iterable[str]) -> list[str]:
    """Return the numbered words in these texts. Half a word, where the model was stopped, does not count."""
    return [found for text in texts for found in re.findall(r"a\d+w\d+e", text)]


def is_whole(number: int, texts: Iterable[str], *, is_stopped: bool = False) -> bool:
    """Check whether these texts together are the answer to question `number`: each word once and in order.

    The answer to a stopped question may end after any word.
    """
    words, expected = words_of(texts), answer_to(question_text(number)).split()
    return words == (expected[: len(words)] if is_stopped else expected)


@dataclass
class Account:
    """What became of one question.

    `messages` are ours under it; `paid` counts the model's calls; `clicks` are the actions that were clicked under its
    reply, and `accepted_clicks` those of them that were answered 200.
    """

    question: Question
    is_accepted: bool
    messages: Sequence[Message]
    paid: int
    clicks: frozenset[str] = frozenset()
    accepted_clicks: frozenset[str] = frozenset()

    @property
    def kinds(self) -> Counter[tuple[str, int]]:
        """Count the messages of each kind and part number."""
        payloads = [payload(message) for message in self.messages]
        return Counter((str(each["kind"]), int(str(each["n"]))) for each in payloads)

    @property
    def is_answered(self) -> bool:
        """Return True if an answer was posted."""
        return ("answer", 1) in self.kinds

    @property
    def is_reported(self) -> bool:
        """Return True if the asker was told that the question failed."""
        return ("error", 1) in self.kinds

    @property
    def is_lost(self) -> bool:
        """Return True if the question was accepted, but neither answered, reported as failed nor deleted by a click."""
        is_deleted = "delete" in self.clicks and not self.messages
        return self.is_accepted and not (self.is_answered or self.is_reported or is_deleted)

    @property
    def is_twice(self) -> bool:
        """Return True if there is more than one first message, or one part more than once."""
        firsts = sum(count for (kind, _), count in self.kinds.items() if kind != "part")
        return firsts > 1 or any(count > 1 for count in self.kinds.values())

    @property
    def is_garbled(self) -> bool:
        """Return True if the question was answered with anything but its own whole answer."""
        ordered = sorted(self.messages, key=_part_number)
        texts = [each.text for each in ordered]
        is_whole_answer = is_whole(self.question.number, texts, is_stopped="stop" in self.clicks)
        return self.is_answered and not self.is_twice and not is_whole_answer

    @property
    def is_undeleted(self) -> bool:
        """Return True if messages are still there although a click to delete them was accepted."""
        return "delete" in self.accepted_clicks and bool(self.messages)

    @property
    def faults(self) -> list[str]:
        """Name everything that is wrong with this question; empty if nothing is."""
        checks = {
            "lost": self.is_lost,
            "twice": self.is_twice,
            "garbled": self.is_garbled,
            "undeleted": self.is_undeleted,
        }
        return [name for name, is_so in checks.items() if is_so]

    @property
    def is_wrong(self) -> bool:
        """Return True if anything is wrong with this question."""
        return bool(self.faults)


class AcknowledgedClick(NamedTuple):
    """A click: the key of the question whose reply was clicked, the action, and whether it was answered 200."""

    key: str
    action: str
    is_accepted: bool


@dataclass
class Ledger:
    """Every question and every click, in the order in which they were made."""

    questions: list[Question] = field(default_factory=list)
    clicks: list[AcknowledgedClick] = field(default_factory=list)

    def accounts(
        self,
        deliveries: Iterable[Delivery],
        requests: Iterable[RecordedRequest],
        thread: Callable[[str, str], Sequence[Message]],
    ) -> list[Account]:
        """Return the account of each question, from Slack's `deliveries` and the model's `requests`.

        `thread` returns the messages of a thread by channel and ts.
        """
        accepted = {(each.channel, each.ts) for each in deliveries if each.status == 200}
        paid = Counter(number_asked(each) for each in requests if each.outcome not in UNPAID)
        # A request does not show for which repetition of a question it was made. Each repetition costs the same, so
        # the repetitions are taken off the count of the number that they share.
        paid.subtract(question.number for question in self.questions if question.again)
        return [self._account(each, accepted, paid[each.number], thread) for each in self.questions]

    def _account(
        self,
        question: Question,
        accepted: set[tuple[str, str]],
        paid: int,
        thread: Callable[[str, str], Sequence[Message]],
    ) -> Account:
        """Return the account of one question; `accepted` has channel and ts of each message that was answered 200."""
        message = question.message
        ours = [each for each in thread(message.channel, message.ts) if payload(each).get("key") == question.key]
        is_accepted = bool(question.again) or (message.channel, message.ts) in accepted
        clicks = [click for click in self.clicks if click.key == question.key]
        clicked = frozenset(click.action for click in clicks)
        accepted_clicks = frozenset(click.action for click in clicks if click.is_accepted)
        return Account(question, is_accepted, ours, paid, clicked, accepted_clicks)


def number_asked(request: RecordedRequest) -> int | None:
    """Return the number of the question that a request to the model ends with, or None if it holds no messages."""
    messages = request.body.get("messages", []) if isinstance(request.body, dict) else []
    return number_in(str(messages[-1].get("content", ""))) if messages else None


def payload(message: Message) -> dict[str, object]:
    """Return the payload of our metadata; {} if the message is a person's."""
    return dict((message.metadata or {}).get("event_payload", {}))


def _part_number(message: Message) -> int:
    return int(str(payload(message)["n"]))
