"""The ledger of a chaos run: what was asked, what was answered 200, how often the models were called, what was shown.

It is kept outside the stack, from what the practice servers have seen. It is pure, and knows nothing of how a question
is answered: only what must have become of it in the end. Of a job it looks at what it says of its pictures alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from bench.chaos.calls import CallsByModel, by_number
from bench.chaos.history import Revision, kind_and_part, part_number, payload, states
from bench.chaos.pictures import NO_RECORD, JobRecord, messages_with_picture, wrong_pictures
from bench.chaos.questions import Question
from cocoai.rehearsal.openai.practice_openai import RecordedRequest
from cocoai.rehearsal.slack.event_delivery import Delivery
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message

ASKING = frozenset({"again", "continue"})
"""The actions of clicks that ask a question of their own."""


@dataclass
class Account:
    """What became of one question.

    `messages` are ours under it, and `revisions` all that was ever shown there; `paid` counts the calls of the model
    that it is for, and `called_at` is the time of the first, None if there was none; `clicks` are the actions that were
    clicked under its reply, and `accepted_clicks` those of them that were answered 200. `pictures` counts the messages
    that show its picture, and `job` is what its job says. `is_redrawn`: a picture was paid again that was recorded.
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
    pictures: int = 0
    job: JobRecord = NO_RECORD
    is_redrawn: bool = False

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
            shown = frozenset(self.question.words(each.text for each in messages))
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
        return self.question.is_whole([each.text for each in messages], is_stopped="stop" in self.clicks)

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
        return [*(name for name, is_so in checks.items() if is_so), *self.wrong_pictures]

    @property
    def wrong_pictures(self) -> list[str]:
        """Name everything that is wrong with its pictures."""
        redrawn = ["redrawn"] if self.is_redrawn else []
        return [*redrawn, *wrong_pictures(self.job, self.pictures, self.clicks, self.accepted_clicks)]

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
        job: Callable[[str], JobRecord],
    ) -> list[Account]:
        """Return the account of each question, from Slack's `deliveries` and the models' `requests`.

        `thread` returns the messages of a thread by channel and ts; `revisions` those of our messages under a question,
        oldest first, by its key; `job` what the job of this key says.
        """
        accepted = {(each.channel, each.ts) for each in deliveries if each.status == 200}
        calls = self._calls(requests)
        accounts = []
        for question in self.questions:
            message = question.message
            there = thread(message.channel, message.ts)
            ours = [each for each in there if payload(each).get("key") == question.key]
            is_accepted = bool(question.again) or (message.channel, message.ts) in accepted
            account = self._account(question, ours, calls[question.number], is_accepted=is_accepted)
            record, pictures = job(question.key), len(messages_with_picture(there, question.key))
            is_redrawn = calls[question.number]["picture"].is_paid_after(record.drawn_at or float("inf"))
            account = replace(account, pictures=pictures, job=record, is_redrawn=is_redrawn)
            accounts.append(replace(account, revisions=revisions(question.key)))
        return accounts

    def paid(self, requests: Iterable[RecordedRequest]) -> dict[int, int]:
        """Return how many requests were paid for, by the number of their question."""
        calls = self._calls(requests).items()
        return {
            number: sum(len(each.paid) for each in models.values()) for number, models in calls if number is not None
        }

    def numbers(self) -> dict[tuple[str, str], int]:
        """Return the number of each question, by the channel and the ts of the message that asked it."""
        return {(each.message.channel, each.message.ts): each.number for each in self.questions}

    def _calls(self, requests: Iterable[RecordedRequest]) -> dict[int | None, CallsByModel]:
        """Return the models' calls that were paid for, by the number of the question."""
        numbers = {question.key: question.number for question in self.questions}
        unsure = [click for click in self.clicks if click.action in ASKING and not click.is_accepted]
        return by_number(
            ((question.number, question.asked_at) for question in self.questions),
            ((numbers[click.key], click.time) for click in unsure),
            requests,
        )

    def _account(
        self, question: Question, ours: Sequence[Message], calls: CallsByModel, *, is_accepted: bool
    ) -> Account:
        """Return the account of one question, without its revisions; `ours` are our messages under it."""
        clicks = [click for click in self.clicks if click.key == question.key]
        clicked = frozenset(click.action for click in clicks)
        accepted_clicks = frozenset(click.action for click in clicks if click.is_accepted)
        own = calls["picture" if question.wanted == "picture" else "chat"]
        account = Account(question, is_accepted, ours, own.paid_for_one, clicked, accepted_clicks)
        # What is paid too often for a number is shown once, with its first question.
        is_overpaid = any(each.is_overpaid for each in calls.values()) and not question.again
        return replace(account, called_at=min(own.paid, default=None), is_overpaid=is_overpaid)


def _tells_error(messages: Iterable[Message]) -> bool:
    return ("error", 1) in map(kind_and_part, messages)
