"""Ask a subject one question after another, and tell what one costs in CPU beside a rest of the same length."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from cocoai.rehearsal.slack.gateway import Call
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import payload
from tests.processes import wait_until

PATIENCE = 240.0
"""Seconds to wait for an answer, and for the events about it."""

UNCOUNTED = 3
"""Questions that warm everything up."""

REST = 60.0
"""Seconds without a question, to measure what belongs to none: as long as the pause of the master's rarest task."""

Spent = dict[str, float]
"""CPU seconds, or milliseconds a question, of each kind of process."""

SpentSoFar = Callable[[], Spent]


@dataclass(frozen=True)
class Cost:
    """Of a question: milliseconds of CPU, what the same time costs without one, and updates before the answer."""

    spent: Spent
    rest: Spent
    updates: float


@dataclass(frozen=True)
class Asked:
    """A subject that can be asked: `spent` counts its CPU.

    `is_done` tells when the last question is done, and `is_over` when also its process has ended.
    """

    slack: PracticeSlack
    spent: SpentSoFar
    is_done: Callable[[], bool]
    is_over: Callable[[], bool]

    def warm_up(self) -> Spent:
        """Ask UNCOUNTED questions, the last after a rest, and return the CPU seconds of each second of that rest."""
        for _ in range(UNCOUNTED - 1):
            ask(self.slack, self.is_done)
        wait_until(self.is_over)
        began = self.spent()
        time.sleep(REST)
        rest = {kind: value / REST for kind, value in difference(self.spent(), began).items()}
        ask(self.slack, self.is_done)
        return rest

    def cost(self, questions: int, rest: Spent, until: Callable[[], bool]) -> Cost:
        """Ask so many questions, each of them when `until` is true of the last, and return the cost of one."""
        calls, began, since = len(self.slack.calls), self.spent(), time.monotonic()
        for _ in range(questions):
            ask(self.slack, until)
        total, seconds = difference(self.spent(), began), time.monotonic() - since
        at_rest = {kind: value * seconds for kind, value in rest.items()}
        updates = Counter(map(kind_of_update, self.slack.calls[calls:]))["placeholder"]
        return Cost(each(difference(total, at_rest), questions), each(at_rest, questions), updates / questions)


def ask(slack: PracticeSlack, until: Callable[[], bool]) -> None:
    """Ask a question; wait for its answer, for the deliveries of every event about it, and until `until` is true."""
    question = slack.say("U0ASKER01", "<@U0COCOAI> What costs what?")
    slack.wait_for(lambda: answers_to(slack, question) or None, PATIENCE)
    slack.wait_for_deliveries(PATIENCE)
    wait_until(until)


def answers_to(slack: PracticeSlack, question: Message) -> list[Message]:
    """Return our finished answers in the question's thread."""
    return [each for each in slack.thread(question.channel, question.ts) if payload(each).get("kind") == "answer"]


def kind_of_update(call: Call) -> str:
    """Return the kind of message in the metadata of a chat.update, such as `answer`; "" for other calls."""
    if call.method != "chat.update":
        return ""
    metadata = call.arguments["metadata"]
    if isinstance(metadata, str):  # a form has JSON in its field, a body of JSON has the object itself
        metadata = json.loads(metadata)
    return str(metadata["event_payload"]["kind"])


def difference(later: Spent, earlier: Spent) -> Spent:
    return {kind: later[kind] - earlier[kind] for kind in later}


def each(seconds: Spent, questions: int) -> Spent:
    """Convert the seconds of so many questions into milliseconds a question."""
    return {kind: value * 1000 / questions for kind, value in seconds.items()}
