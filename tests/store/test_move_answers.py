"""What waits and what is being answered when all is moved is answered once, whichever store it is in by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault
from tests.answer_harness import AnswerHarness
from tests.deployment import payload

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.store.moving import FILES, MARIADB

if TYPE_CHECKING:
    from tests.store.moving import Machine


class Mover(AnswerHarness):
    """A harness whose jobs are moved from store to store; nothing that a dead process may have sent is waited for."""

    def settle(self, seconds: float) -> None:
        """Do not wait."""

    def move(self, machine: Machine, target: str) -> None:
        """Move all jobs, and go on with them there."""
        machine.move(target)
        spool: Any = machine.spool(target)
        spool._clock = self.clock
        self.spool = spool

    def run_some(self, number: int) -> None:
        """Run so many job processes."""
        for _ in range(number):
            self.run()


def test_each_question_is_answered_once(machine: Machine, certificates: Certificates) -> None:
    """There and back, with placeholders in Slack, answers that were not delivered, and answers that were."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        harness = Mover(machine.var, certificates, slack, openai)
        questions = [harness.ask(f"question {number}") for number in range(12)]
        harness.run_some(3)
        for number, job in enumerate(harness.spool.each_without("placeholder")):
            harness.answerer().post_placeholder(job)
            if number == 3:
                break
        slack.fail("chat.update", SlackFault("broken"), times=2)
        harness.run_some(2)
        harness.move(machine, MARIADB)
        harness.run_some(3)
        harness.move(machine, FILES)
        harness.wait()
        while harness.spool.keys("ready"):
            harness.wait()
            harness.run()
        harness.close_connections()
        kinds = [[payload(reply).get("kind") for reply in harness.replies(question)] for question in questions]

    assert [["answer"]] * 12 == kinds
    assert 12 == len(openai.requests)
    assert (0, 12, 0) == tuple(harness.spool.count(state) for state in ("ready", "done", "failed"))
