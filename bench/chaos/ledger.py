"""The ledger of a chaos run: what was asked, what was answered 200, how often the model was called, what was shown.

It is kept outside the stack, from what the practice servers have seen. It is pure, and knows nothing of how a question
is answered: only what must have become of it in the end.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from bench.chaos.history import Revision, kind_and_part, part_number, payload, states
from cocoai.rehearsal.openai.practice_openai import RecordedRequest
from cocoai.rehearsal.slack.event_delivery import Delivery
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message

WORDS, MANY_WORDS, LONG_EVERY = 3, 900, 20
"""Words of an answer; words of a long one, which takes three messages; every how many questions one is long."""

UNPAID = frozenset({"rate_limit_exceeded", "server_error", "server_is_overloaded", "broken", "gone"})
"""Outcomes of a request to the model that cost nothing: it was refused before it ran."""

MOST_PAID = 2
"""Requests for one question, each time that it is asked, that may be paid for."""


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

    @property
    def asked_at(self) -> float:
        """Return when it was asked, in epoch seconds."""
        return float(self.again or self.message.ts)


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

    `messages` are ours under it, and `revisions` all that was ever shown there; `paid` counts the model's calls, and
    `called_at` is the time of the first, None if there was none; `clicks` are the actions that were clicked under its
    reply, and `accepted_clicks` those of them that were answered 200.
    """

    question: Question
    is_accepted: bool
    messages: Sequence[Message]
    paid: int
    clicks: frozenset[str] = frozenset()
    accepted_clicks: frozenset[str] = frozenset()
    revisions: Sequence[Revision] = ()
    called_at: float | None = None
    is_overpaid: bool = False

    @property
    def kinds(self) -> Counter[tuple[str, int]]:
        """Count the messages of each kind and part number."""
        return Counter(map(kind_and_part, self.messages))

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
        return self.is_answered and not self.is_twice and not self._is_whole(sorted(self.messages, key=part_number))

    @property
    def is_taken_away(self) -> bool:
        """Return True if the whole answer once stood there, and a word of it later did not, without a click on Delete.

        Whatever took its place: an error, a note, a shorter text, nothing. The answer to a stopped question is what
        stood when it was first called the answer.
        """
        stood: frozenset[str] = frozenset()
        for _, messages in states(self.revisions):
            shown = frozenset(words_of(each.text for each in messages))
            if not stood <= shown:
                return "delete" not in self.clicks
            if self._stands(messages):
                stood |= shown
        return False

    @cached_property
    def ended_at(self) -> float | None:
        """Return when the whole answer, or the error, was first shown, in epoch seconds; None if it never was."""
        shown = (time for time, messages in states(self.revisions) if self._stands(messages) or _tells_error(messages))
        return next(shown, None)

    def _stands(self, messages: Sequence[Message]) -> bool:
        """Check whether these messages, ordered by part, are the answer and all of it."""
        return ("answer", 1) in map(kind_and_part, messages) and self._is_whole(messages)

    def _is_whole(self, messages: Sequence[Message]) -> bool:
        texts = [each.text for each in messages]
        return is_whole(self.question.number, texts, is_stopped="stop" in self.clicks)

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
            "taken away": self.is_taken_away,
            "overpaid": self.is_overpaid,
        }
        return [name for name, is_so in checks.items() if is_so]

    @property
    def is_wrong(self) -> bool:
        """Return True if anything is wrong with this question."""
        return bool(self.faults)


class AcknowledgedClick(NamedTuple):
    """A click: the key of the question whose reply was clicked, the action, whether it was answered 200, and when.

    `time` is in epoch seconds.
    """

    key: str
    action: str
    is_accepted: bool
    time: float


@dataclass
class Calls:
    """The calls of the model for one number: when it was asked, first and again by clicks, and when a call was paid.

    `maybe` are the clicks that were not answered 200: such a click may have been put all the same. Times are in epoch
    seconds. A call does not show for which of the questions of this number it was made.
    """

    asked: list[float] = field(default_factory=list)
    paid: list[float] = field(default_factory=list)
    maybe: list[float] = field(default_factory=list)

    @property
    def paid_for_one(self) -> int:
        """Return how many calls were paid for one of the questions, if each of the others was paid for once."""
        return len(self.paid) - len(self.asked) + 1

    @property
    def is_overpaid(self) -> bool:
        """Return True if more calls were paid than `MOST_PAID` for each time that the number had been asked by then."""
        ends = (*sorted(self.asked + self.maybe)[1:], math.inf)
        return any(sum(paid < end for paid in self.paid) > MOST_PAID * times for times, end in enumerate(ends, 1))


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
        revisions: Callable[[str], Sequence[Revision]],
    ) -> list[Account]:
        """Return the account of each question, from Slack's `deliveries` and the model's `requests`.

        `thread` returns the messages of a thread by channel and ts; `revisions` those of our messages under a question,
        oldest first, by its key.
        """
        accepted = {(each.channel, each.ts) for each in deliveries if each.status == 200}
        calls = self._calls(requests)
        accounts = []
        for question in self.questions:
            message = question.message
            ours = [each for each in thread(message.channel, message.ts) if payload(each).get("key") == question.key]
            is_accepted = bool(question.again) or (message.channel, message.ts) in accepted
            account = self._account(question, ours, calls[question.number], is_accepted=is_accepted)
            accounts.append(replace(account, revisions=revisions(question.key)))
        return accounts

    def paid(self, requests: Iterable[RecordedRequest]) -> dict[int, int]:
        """Return how many requests were paid for, by the number of their question."""
        return {number: len(calls.paid) for number, calls in self._calls(requests).items() if number is not None}

    def _calls(self, requests: Iterable[RecordedRequest]) -> Mapping[int | None, Calls]:
        """Return the model's calls that were paid for, by the number of the question."""
        calls = defaultdict[int | None, Calls](Calls)
        for question in self.questions:
            calls[question.number].asked.append(question.asked_at)
        numbers = {question.key: question.number for question in self.questions}
        for click in self.clicks:
            if click.action == "again" and not click.is_accepted:
                calls[numbers[click.key]].maybe.append(click.time)
        for request in requests:
            if request.outcome not in UNPAID:
                calls[number_asked(request)].paid.append(request.time)
        return calls

    def _account(self, question: Question, ours: Sequence[Message], calls: Calls, *, is_accepted: bool) -> Account:
        """Return the account of one question, without its revisions; `ours` are our messages under it."""
        clicks = [click for click in self.clicks if click.key == question.key]
        clicked = frozenset(click.action for click in clicks)
        accepted_clicks = frozenset(click.action for click in clicks if click.is_accepted)
        account = Account(question, is_accepted, ours, calls.paid_for_one, clicked, accepted_clicks)
        # What is paid too often for a number is shown once, with its first question.
        is_overpaid = calls.is_overpaid and not question.again
        return replace(account, called_at=min(calls.paid, default=None), is_overpaid=is_overpaid)


def number_asked(request: RecordedRequest) -> int | None:
    """Return the number of the question that a request to the model ends with, or None if it holds no messages."""
    messages = request.body.get("messages", []) if isinstance(request.body, dict) else []
    return number_in(str(messages[-1].get("content", ""))) if messages else None


def _tells_error(messages: Iterable[Message]) -> bool:
    return ("error", 1) in map(kind_and_part, messages)
