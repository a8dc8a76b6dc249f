"""One row of the table: an outage while an answer is in hand and others ask, and what came of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.outages.stand import Stand
from cocoai.rehearsal.slack.event_delivery import Delivery
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import payload
from tests.held_answers import HeldAnswers
from tests.processes import wait_until

IN_HAND = "in hand"
"""What stands in the question that is being answered when the outage begins."""

PATIENCE = 240.0

ASKED = 3
"""Questions that are asked during an outage."""


@dataclass(frozen=True)
class Row:
    """What has come of an outage. `healed` are the seconds from its end until all had their answers."""

    name: str
    away: float
    heard: str
    read: str
    healed: float

    def lines(self) -> list[str]:
        """Return the row for a terminal."""
        return [
            f"  {self.name}; {self.away:.0f} s",
            f"      Slack: {self.heard}",
            f"      asker: {self.read}",
            f"      well again after {self.healed:.1f} s",
        ]


def produce(on: Stand, name: str, begin: Callable[[], object], end: Callable[[], object], seconds: float) -> Row:
    """Let an outage last for some seconds, with an answer in hand that the model writes meanwhile; return the row.

    Raise AssertionError if a question is lost, or answered twice.
    """
    built = on.built
    built.answer_to(built.ask(f"before {name}"))
    built.openai.switches.answer = answers = HeldAnswers("Whole.", words=IN_HAND)
    in_hand = built.ask(IN_HAND)
    wait_until(lambda: bool(answers.asked))
    built.slack.wait_for_deliveries()
    seen, began = len(built.slack.deliveries), time.monotonic()
    begin()
    asked = []
    for number in range(ASKED):
        asked.append(built.ask(f"meanwhile {number}"))
        time.sleep(seconds / ASKED)
        answers.let_go.set()
    meanwhile = [_shown(built.replies(each)) for each in (in_hand, *asked)]
    away = time.monotonic() - began
    end()
    ended = time.monotonic()
    for each in (in_hand, *asked):
        built.answer_to(each, PATIENCE)
    healed = time.monotonic() - ended
    heard = built.slack.wait_for_deliveries(PATIENCE)[seen:]
    return Row(name, away, told(heard), _read(on, in_hand, asked, meanwhile, answers), healed)


def told(deliveries: Sequence[Delivery]) -> str:
    """Return what Slack has heard: how many deliveries had which status, and the longest time."""
    statuses = Counter(each.status or each.failure for each in deliveries)
    redelivered = sum(1 for each in deliveries if each.attempt)
    text = ", ".join(f"{number} x {status}" for status, number in sorted(statuses.items(), key=str))
    longest = max((each.milliseconds for each in deliveries), default=0.0)
    return f"{text}; {redelivered} redelivered; longest {longest / 1000:.2f} s"


def _read(on: Stand, in_hand: Message, asked: Sequence[Message], meanwhile: Sequence[str], answers: HeldAnswers) -> str:
    """Return what the askers have read, during the outage and behind it."""
    replies = [on.built.replies(each) for each in (in_hand, *asked)]
    assert all(len(each) == 1 for each in replies), replies
    paid = sum(1 for each in answers.asked if IN_HAND in each)
    shown = ", ".join(f"{number} x {each}" for each, number in Counter(meanwhile[1:]).items())
    return f"in hand: {meanwhile[0]}, asked {paid} x; new: {shown}; then one answer each"


def _shown(replies: Sequence[Message]) -> str:
    if not replies:
        return "nothing yet"
    return "its answer" if payload(replies[0]).get("kind") == "answer" else "its placeholder"
