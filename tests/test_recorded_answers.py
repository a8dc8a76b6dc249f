"""An answer that is recorded is never taken away: whatever its delivery meets, no error text takes its place in Slack.

    its delivery, or the end of its job, meets       what becomes of it
    -----------------------------------------------  ---------------------------------------------------------------
    put.lock held, done/ on another disk, no room    it stands; the job is moved when the disk allows, and no attempt
                                                     counts
    five kills                                       all of it is shown as text alone; nothing is shortened meanwhile
    nine kills                                       what stands stays; the job fails with its answer
    a bug of ours                                    tried again; then as with kills
    a refusal of Slack's for good                    what stands stays; the job fails with its answer

tests/kill/test_kill_answers.py has the same with processes that are really killed.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cocoai.answer import Answerer
from cocoai.answer.attempt import Attempt
from cocoai.answer.failures import MAX_ATTEMPTS, MOST_CLAIMS
from cocoai.answer.reply import AnswerWords, Reply
from cocoai.answer.retry import DELAYS
from cocoai.engine.process import locks
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.practice_server import Incoming, Outgoing
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.markdown.message_layout import Layout
from cocoai.spool import folders
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import LONGEST_DELAY
from cocoai.texts import ENGLISH
from tests.answer_harness import AnswerHarness, FickleDisk
from tests.deployment import payload

ANSWER = "Because of the tea."
LONG = "\n\n".join(f"Paragraph {n}: " + "text " * 150 for n in range(20))
"""An answer of two messages in blocks, and of six without."""


class DiskOfTwo(FickleDisk):
    """A disk on which no file can be moved while `is_split`: its folders lie on two file systems."""

    is_split = False

    def rename(self, source: str, target: str) -> None:
        if self.is_split:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source, None, target)
        super().rename(source, target)


class WatchedSlack(PracticeSlack):
    """A practice Slack that calls `watch` after each call that it has answered."""

    watch: Callable[[], object] | None = None

    def answer(self, incoming: Incoming) -> Outgoing:
        outgoing = super().answer(incoming)
        if self.watch is not None:
            self.watch()
        return outgoing


class HarnessOfTwo(AnswerHarness):
    """An answerer on a `DiskOfTwo` that does not wait for what a killed process may have sent."""

    def __init__(self, var: Path, certificates: Certificates, slack: PracticeSlack, openai: PracticeOpenAI) -> None:
        super().__init__(var, certificates, slack, openai)
        self.disk: DiskOfTwo = DiskOfTwo()
        self.spool = FileSpool(str(var), clock=self.clock, disk=self.disk)
        self.openai.switches.answer = ANSWER

    def settle(self, seconds: float) -> None:
        """Do not wait: no killed process has sent anything."""

    def run_and_wait(self, times: int) -> None:
        """Run so many attempts, each when it is due."""
        for _ in range(times):
            self.run()
            self.wait()

    def kill(self, times: int) -> None:
        """Claim the job and die, so many times."""
        for _ in range(times):
            self.claim().release()

    def shown(self, question: Message) -> str:
        """Return everything that our messages under a question show."""
        texts = [block.get("text", "") for each in self.replies(question) for block in each.blocks]
        return "\n".join(map(str, (*texts, *(each.text for each in self.replies(question)))))


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[HarnessOfTwo]:
    with WatchedSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        yield HarnessOfTwo(tmp_path, certificates, slack, openai)


def retries(harness: AnswerHarness) -> list[float]:
    """Return the waits before each new try of the only job in done/, in seconds."""
    return [round(fact["retry_at"] - fact["at"]) for fact in harness.facts("done", "retry")]


def kinds(harness: AnswerHarness, question: Message) -> set[object]:
    """Return the kinds of our messages under a question."""
    return {payload(message)["kind"] for message in harness.replies(question)}


# errors of our own disk


def test_an_answer_outlasts_a_held_put_lock(harness: HarnessOfTwo, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the job cannot be moved, the answer stands; it is delivered once, and the tries become rarer."""
    monkeypatch.setattr(folders, "PUT_LOCK_PATIENCE", 0.02)
    question = harness.ask()
    lock = locks.take(str(harness.var / "locks" / "put.lock"))
    assert lock is not None

    harness.run_and_wait(MOST_CLAIMS)
    held = (harness.reply(question), harness.ended())
    calls = len(harness.slack.calls)
    lock.release()
    harness.run()

    assert (("answer", ANSWER), (1, 0, 0)) == held
    assert ("answer", ANSWER) == harness.reply(question)
    assert ((0, 1, 0), 1, calls) == (harness.ended(), len(harness.openai.requests), len(harness.slack.calls))
    assert [5, 10, 20, 40, 80, 160, 300, 300, 300] == retries(harness)


def test_an_answer_outlasts_a_done_folder_on_another_disk(harness: HarnessOfTwo) -> None:
    """The job waits in ready/ until done/ lies on its disk again."""
    harness.disk.is_split = True
    question = harness.ask()

    harness.run_and_wait(MAX_ATTEMPTS + 1)
    split = (harness.reply(question), harness.ended())
    harness.disk.is_split = False
    harness.run()

    assert (("answer", ANSWER), (1, 0, 0)) == split
    assert (("answer", ANSWER), (0, 1, 0)) == (harness.reply(question), harness.ended())


def test_an_answer_outlasts_a_disk_that_keeps_no_word(harness: HarnessOfTwo, caplog: pytest.LogCaptureFixture) -> None:
    """If not even the next time to try can be recorded, the log says so, and the job is free again at once."""
    harness.disk.refuses = b'"retry"'
    harness.disk.is_split = True
    question = harness.ask()
    for _ in range(MAX_ATTEMPTS + 1):
        harness.run()
    full = (harness.reply(question), harness.ended())
    harness.disk.refuses, harness.disk.is_split = b"", False

    harness.run()

    assert (("answer", ANSWER), (1, 0, 0)) == full
    assert "outcome=not-kept" in caplog.text
    assert (("answer", ANSWER), (0, 1, 0)) == (harness.reply(question), harness.ended())
    assert 1 == len(harness.openai.requests)


def test_an_answer_that_could_not_be_recorded_is_no_less_an_answer(harness: HarnessOfTwo) -> None:
    """Its delivery is recorded: the next attempt moves the job, and neither pays nor apologizes."""

    def refuse_answer(_: str) -> str:
        harness.disk.refuses = b'"answer"'
        harness.disk.is_split = True
        return ANSWER

    harness.openai.switches.answer = refuse_answer
    question = harness.ask()
    harness.run()
    harness.disk.refuses, harness.disk.is_split = b"", False
    harness.wait()

    harness.run()

    assert (("answer", ANSWER), (0, 1, 0)) == (harness.reply(question), harness.ended())
    assert 1 == len(harness.openai.requests)


@pytest.mark.parametrize("answer", [ANSWER, LONG])
def test_no_apology_replaces_an_answer_that_no_disk_has(harness: HarnessOfTwo, answer: str) -> None:
    """Twice the model answers on a full disk and the answer is shown, but nothing is recorded: a third is not paid."""

    def fill_the_disk(_: str) -> str:
        harness.disk.refuses = b'"fact"'
        harness.disk.is_split = True
        return answer

    harness.openai.switches.answer = fill_the_disk
    question = harness.ask()
    shown = []
    for _ in range(3):
        harness.run()
        harness.disk.refuses, harness.disk.is_split = b"", False
        shown.append(harness.shown(question))

    assert 2 == len(harness.openai.requests)
    assert "answer" in kinds(harness, question)
    assert "error" not in kinds(harness, question)
    assert shown[1] == shown[2]
    assert answer.split()[-1] in shown[2]
    assert (0, 0, 1) == harness.ended()


def test_a_note_outlasts_a_disk_that_refuses(harness: HarnessOfTwo) -> None:
    """What we say by ourselves is said once, too."""
    harness.disk.is_split = True
    question = harness.ask("")

    harness.run_and_wait(MAX_ATTEMPTS + 1)
    harness.disk.is_split = False
    updates = harness.called("chat.update")
    harness.run()

    assert ("note", 0) == (harness.reply(question)[0], updates)
    assert (0, 1, 0) == harness.ended()


def test_an_apology_is_said_again_until_its_job_can_be_moved(harness: HarnessOfTwo) -> None:
    """A disk that refuses uses up no attempt here either; the reason stays the first one."""
    harness.openai.fail("no credit")
    harness.disk.is_split = True
    question = harness.ask()

    harness.run_and_wait(MAX_ATTEMPTS + 1)
    harness.disk.is_split = False
    harness.run()

    assert ("error", ENGLISH.sorry["operator"]) == harness.reply(question)
    assert ((0, 0, 1), 1) == (harness.ended(), len(harness.openai.requests))


def test_waits_for_the_disk_are_no_waits_for_slack(harness: HarnessOfTwo) -> None:
    """A day of them leaves all of Slack's own day."""
    question = harness.ask()
    job = harness.claim()
    for _ in range(24 * 12 + 1):
        job.record("retry", retry_at=harness.clock() + LONGEST_DELAY, free=True, sent=False, disk=True)
    job.release()
    harness.wait()
    harness.slack.fail("chat.postMessage", Fault("broken"))
    harness.run()
    harness.wait()

    harness.run()

    assert "answer" == harness.reply(question)[0]


def test_a_damaged_question_outlasts_a_disk_that_refuses(
    harness: HarnessOfTwo, caplog: pytest.LogCaptureFixture
) -> None:
    """The job process goes on; the job fails when it can be moved."""
    question = harness.ask()
    (key,) = harness.spool.keys("ready")
    (harness.var / "spool" / "ready" / str(key)).write_text('{"kind":"mention"}\n')
    harness.disk.is_split = True

    harness.run_and_wait(2)
    harness.disk.is_split = False
    harness.run()

    assert "outcome=unreadable" in caplog.text
    assert ((0, 0, 1), []) == (harness.ended(), harness.replies(question))


def test_a_question_without_a_placeholder_outlasts_a_disk_that_refuses(harness: HarnessOfTwo) -> None:
    """The placeholder process goes on with the next question."""
    harness.ask()
    job = harness.claim()
    job.record("delivered")
    harness.disk.refuses = b'"placeholder"'

    harness.answerer().post_placeholder(job)

    assert {"delivered", "retry"} < {line.get("fact") for line in job.lines}


class BuggyReply(Reply):
    """A reply whose delivery has a bug, unless it is in text alone."""

    def deliver(self, ts: str, words: AnswerWords, *, as_text: bool = False) -> bool:
        if not as_text:
            raise ZeroDivisionError
        return super().deliver(ts, words, as_text=True)


class BuggyAnswerer(Answerer):
    """An answerer with a `BuggyReply`."""

    def _reply(self, attempt: Attempt) -> Reply:
        reply = super()._reply(attempt)
        reply.__class__ = BuggyReply
        return reply


def test_a_bug_on_a_full_disk_does_not_end_the_process(harness: HarnessOfTwo, caplog: pytest.LogCaptureFixture) -> None:
    """The next time to try cannot be recorded: the log says so, and the job is free at once."""
    harness.ask()
    job = harness.claim()
    harness.disk.refuses = b'"retry"'

    harness.answerer(BuggyAnswerer).answer(job)
    job.release()

    assert "outcome=bug" in caplog.text
    assert "outcome=not-kept" in caplog.text
    assert (1, 0, 0) == harness.ended()


# attempts that are used up


def test_after_five_kills_the_whole_answer_is_shown_as_text(harness: HarnessOfTwo) -> None:
    """Perhaps its blocks have killed them. At no moment is a part of what stood not to be read."""
    harness.changes |= {"layout": Layout("markdown"), "buttons": True}
    harness.openai.switches.answer = LONG
    harness.disk.refuses = b'"delivered"'
    harness.disk.is_split = True
    question = harness.ask()
    harness.run()
    stood = [payload(message)["n"] for message in harness.replies(question)]
    harness.disk.refuses, harness.disk.is_split = b"", False
    harness.wait()
    harness.kill(MAX_ATTEMPTS)
    seen: list[list[int]] = []
    assert isinstance(harness.slack, WatchedSlack)
    harness.slack.watch = lambda: seen.append(
        [n for n in range(20) if f"Paragraph {n}: " not in harness.shown(question)]
    )

    harness.run()

    texts = [message.text for message in harness.replies(question)]
    assert [1, 2] == stood
    assert [[]] * len(seen) == seen
    assert len(seen) > len(texts) > len(stood)
    assert {()} == {message.blocks for message in harness.replies(question)}
    assert [1] * 20 == ["\n".join(texts).count(f"Paragraph {n}: ") for n in range(20)]
    assert ((0, 1, 0), 1) == (harness.ended(), len(harness.openai.requests))


def test_after_nine_kills_nothing_more_is_said(harness: HarnessOfTwo, caplog: pytest.LogCaptureFixture) -> None:
    """The job fails with its answer, for the operator, whom the log tells; the operator's retry delivers it."""
    question = harness.ask()
    harness.slack.fail("chat.update", Fault("broken"))
    harness.run()
    harness.wait()
    harness.kill(MOST_CLAIMS)
    calls = len(harness.slack.calls)

    harness.run()

    assert ((0, 0, 1), calls) == (harness.ended(), len(harness.slack.calls))
    assert ("placeholder", 1) == (harness.reply(question)[0], len(harness.facts("failed", "answer")))
    assert "outcome=failed-with-its-answer reason=attempts" in caplog.text
    (key,) = harness.spool.keys("failed")
    harness.spool.retry(key)
    harness.run()
    assert (("answer", ANSWER), 1) == (harness.reply(question), len(harness.openai.requests))


def test_a_delivered_answer_is_only_moved(harness: HarnessOfTwo) -> None:
    """However often its process was killed after that: nothing more is said."""
    question = harness.ask()
    job = harness.claim()
    job.record("placeholder", ts="1763822000.000100")
    job.record("answer", text=ANSWER, model="gpt-6-luna", finish="stop", refusal=False, left_out=[], usage=None)
    job.record("delivered")
    job.release()
    harness.kill(2 * MOST_CLAIMS)

    harness.run()

    assert ((0, 1, 0), []) == (harness.ended(), list(harness.slack.calls))
    assert [] == harness.replies(question)


def test_a_delivered_answer_gets_no_placeholder(harness: HarnessOfTwo) -> None:
    """Its placeholder could not be recorded, or it was deleted: none is posted now, to stay there for ever."""
    question = harness.ask()
    job = harness.claim()
    job.record("delivered")
    job.release()

    for silent in harness.spool.each_without("placeholder"):
        harness.answerer().post_placeholder(silent)

    assert ([], False) == (harness.replies(question), harness.spool.any_without("placeholder"))


def test_an_error_recorded_beside_an_answer_is_not_told(harness: HarnessOfTwo) -> None:
    """An earlier version gave such jobs up, and may have died before it said so."""
    question = harness.ask()
    job = harness.claim()
    job.record("answer", text=ANSWER, model="gpt-6-luna", finish="stop", refusal=False, left_out=[], usage=None)
    job.record("error", code="attempts", reason="attempts")
    job.release()

    harness.run()

    assert (("answer", ANSWER), (0, 1, 0)) == (harness.reply(question), harness.ended())


def test_after_a_bug_in_its_delivery_an_answer_is_shown_as_text(harness: HarnessOfTwo) -> None:
    """It is tried again with the usual delays, the last of them repeated, and never apologized for."""
    question = harness.ask()
    met: list[set[object]] = []

    while harness.spool.keys("ready"):
        job = harness.claim()
        harness.answerer(BuggyAnswerer).answer(job)
        job.release()
        harness.wait()
        met.append(kinds(harness, question))

    assert [{"placeholder"}] * MAX_ATTEMPTS + [{"answer"}] == met
    assert [*DELAYS, DELAYS[-1], DELAYS[-1]] == retries(harness)
    assert 1 == len(harness.openai.requests)


@pytest.mark.parametrize("code", ["restricted_action_thread_locked", "is_archived"])
def test_if_slack_refuses_a_part_for_good_the_others_stay(
    harness: HarnessOfTwo, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The job fails with its answer, and the log has Slack's code."""
    harness.openai.switches.answer = LONG
    harness.slack.fail("chat.postMessage", Fault("slow"), times=2)  # the placeholder, and the second part
    harness.slack.fail("chat.postMessage", Fault("refused", code=code), times=1000)
    question = harness.ask()

    harness.run()

    assert ["answer", "part"] == [payload(message)["kind"] for message in harness.replies(question)]
    assert ((0, 0, 1), 1) == (harness.ended(), len(harness.facts("failed", "answer")))
    assert f"outcome=failed-with-its-answer reason=Slack {code}" in caplog.text


def test_an_unrecorded_answer_is_not_apologized_for(harness: HarnessOfTwo) -> None:
    """The disk has refused it and Slack refuses its second part: its first part stays."""
    harness.openai.switches.answer = LONG
    harness.disk.refuses = b'"answer"'
    harness.slack.fail("chat.postMessage", Fault("slow"))
    harness.slack.fail("chat.postMessage", Fault("refused", code="is_archived"), times=1000)
    question = harness.ask()

    harness.run()

    assert "answer" == harness.reply(question)[0]
    assert (0, 0, 1) == harness.ended()
