"""What is sent for a question begins with what was sent for the one before, whatever is read of the thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer.model_call import cache_key
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.slack.model.question import Question
from cocoai.spool.key import Key
from tests.answer_harness import AnswerHarness

BEGAN = 1_700_000_000.0


class Thread(AnswerHarness):
    """One thread, in which a question is asked every two minutes; `now` is the time of all clocks."""

    def __init__(self, folder: Path, certificates: Certificates, slack: PracticeSlack, openai: PracticeOpenAI) -> None:
        self.now = BEGAN
        super().__init__(folder, certificates, slack, openai)
        self._thread_ts: str | None = None

    def clock(self) -> float:
        return self.now

    def goes_on(self, number: int, question: str, answer: str) -> None:
        """Let a question be asked and answered, both with the number in front."""
        self.now += 120
        self.openai.switches.answer = f"{number} {answer}"
        asked = self.ask(f"{number} {question}", self._thread_ts)
        self._thread_ts = self._thread_ts or asked.ts
        self.run()

    def goes_on_in_the_box(self, number: int) -> None:
        """Let a line of a direct message's box be answered in the thread under it."""
        self.now += 120
        asked = self.slack.say("U0ASKER01", f"{number} and?", channel="D0PRACTICE")
        question = Question("direct", asked.channel, asked.ts, asked.ts, asked.user, "T0", asked.text, "Ev", 0)
        assert self.spool.put(Key.parse(question.key), question.facts())
        self.run()

    def sent(self) -> list[list[Any]]:
        """Return the messages of each request to the model."""
        return [request.body["messages"] for request in self.openai.requests]

    def breaks(self) -> list[int]:
        """Return the numbers of the requests that do not begin with all the messages of the one before."""
        return [
            number
            for number, (earlier, later) in enumerate(pairwise(self.sent()), 1)
            if later[: len(earlier)] != earlier
        ]


@pytest.fixture
def thread(tmp_path: Path, certificates: Certificates) -> Iterator[Thread]:
    made: list[Thread] = []

    def clock() -> float:
        return made[0].now if made else BEGAN

    with PracticeSlack(certificates, clock=clock) as slack, PracticeOpenAI(certificates, clock=clock) as openai:
        made.append(Thread(tmp_path, certificates, slack, openai))
        yield made[0]


@pytest.mark.parametrize("length", [10, 400])
def test_a_thread_s_requests_begin_alike_but_for_the_steps(thread: Thread, length: int) -> None:
    """At the tenth question five exchanges are left, and every five questions again, also where the oldest are unread.

    With the longer ones the newest ten exchanges are read of the thread, and the limit of tokens is not reached.
    """
    for number in range(22):
        thread.goes_on(number, "あ" * (length // 2), "い" * length)

    assert [10, 15, 20] == thread.breaks()
    assert [5, 5, 5] == [(len(thread.sent()[number]) - 2) // 2 for number in (10, 15, 20)]


def test_where_the_tokens_are_full_there_are_steps_too(thread: Thread) -> None:
    """Four exchanges are sent at least, as they fill two thirds; six would not fit."""
    thread.changes["max_history_tokens"] = 6000
    for number in range(16):
        thread.goes_on(number, "あ" * 60, "い" * 1000)

    assert len(thread.breaks()) <= 7
    assert {4, 5} == {(len(messages) - 2) // 2 for messages in thread.sent()[4:]}


def test_a_box_s_requests_begin_alike(thread: Thread) -> None:
    """The steps are the same."""
    for number in range(12):
        thread.goes_on_in_the_box(number)

    assert [10] == thread.breaks()


def test_a_conversation_has_one_cache_key() -> None:
    """A thread has one, and so have all lines of a box, whatever the reply's place; it tells nothing about Slack."""
    asked = Question("mention", "C0PRACTICE", "1.000100", "1.000100", "U0ASKER01", "T0", "?", "Ev", 0)
    later = replace(asked, ts="2.000100")
    line = replace(asked, channel="D0PRACTICE")
    next_line = replace(line, thread_ts="2.000100", ts="2.000100")
    in_a_thread = replace(line, ts="3.000100")

    keys = [cache_key(each) for each in (asked, later, line, next_line, in_a_thread)]

    assert keys[0] == keys[1]
    assert keys[2] == keys[3]
    assert 3 == len(set(keys))
    assert not any("PRACTICE" in key for key in keys)
