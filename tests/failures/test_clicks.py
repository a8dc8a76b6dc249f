"""Clicks that cannot be carried out at once, or at all: what their user reads, and what is done in the end."""

from __future__ import annotations

import errno
from collections.abc import Callable
from operator import attrgetter
from typing import NoReturn

import pytest

from cocoai.answer import Answerer
from cocoai.answer.attempt import Attempt
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.model.question import Question
from cocoai.spool.key import Key
from cocoai.texts import LANGUAGES, Texts
from tests.failures.harness import QUESTIONS, LocalizedHarness
from tests.failures.scenarios import WEEK


def reply_in(harness: LocalizedHarness, language: str) -> Message:
    """Ask a question in this language and return our reply."""
    (reply,) = harness.replies(harness.ask_and_run(QUESTIONS[language]))
    return reply


def is_in_slack(harness: LocalizedHarness, reply: Message) -> bool:
    """Check whether a reply is still in its thread."""
    return any(reply.ts == message.ts for message in harness.slack.thread(reply.channel, reply.thread_ts or ""))


def swept(harness: LocalizedHarness) -> None:
    """Let a week pass and sweep the spool, so that nothing of the question is kept."""
    harness.ahead += WEEK
    harness.spool.sweep()


def kept(harness: LocalizedHarness) -> None:
    """Leave the question's job in the spool."""


NOTICES: dict[tuple[str, str], Callable[[Texts], str]] = {
    ("delete", "U0ASKER02"): attrgetter("only_asker"),
    ("up", "U0ASKER02"): attrgetter("thanks"),
}
"""By button and user: the ephemeral message that this user reads."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("action", "user"), NOTICES)
@pytest.mark.parametrize("meanwhile", [kept, swept])
def test_a_click_is_answered_in_the_language_of_the_reply(
    harness: LocalizedHarness, action: str, user: str, meanwhile: Callable[[LocalizedHarness], None], language: str
) -> None:
    """That user alone reads the notice, whether the question is kept or swept, and the reply stays."""
    reply = reply_in(harness, language)
    meanwhile(harness)

    harness.click(reply, action, user)
    harness.run_to_the_end()

    ephemeral = [(message.only_for, message.text) for message in harness.slack.ephemeral_messages()]
    assert [(user, NOTICES[action, user](LANGUAGES[language]))] == ephemeral
    assert is_in_slack(harness, reply)


@pytest.mark.parametrize("fault", [Fault("broken"), Fault("gone"), Fault("limited", seconds=30), Fault("reply lost")])
def test_a_deletion_is_tried_again_until_slack_accepts_it(harness: LocalizedHarness, fault: Fault) -> None:
    """After three failed calls the reply is deleted; that it is gone already is no error."""
    reply = reply_in(harness, "en")
    harness.slack.fail("chat.delete", fault, times=3)

    harness.click(reply, "delete")
    harness.run_to_the_end()

    assert not is_in_slack(harness, reply)
    assert (0, 2, 0) == harness.ended()


@pytest.mark.parametrize(
    ("method", "action", "user"),
    [
        ("conversations.replies", "delete", "U0ASKER01"),
        ("chat.delete", "delete", "U0ASKER01"),
        ("chat.postEphemeral", "delete", "U0ASKER02"),
    ],
)
def test_no_click_waits_for_slacks_limit(harness: LocalizedHarness, method: str, action: str, user: str) -> None:
    """The one process that does clicks goes on with other channels; this click is put off, and done later."""
    reply = reply_in(harness, "en")
    waits: list[float] = []
    harness.sleep = waits.append
    harness.slack.fail(method, Fault("limited", seconds=2))

    harness.click(reply, action, user)
    harness.run()
    in_between = harness.ended()
    harness.wait()
    harness.run_to_the_end()

    assert [] == waits
    assert ((1, 1, 0), (0, 2, 0)) == (in_between, harness.ended())


def test_what_is_done_is_not_said_again_while_done_refuses(
    harness: LocalizedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Feedback is recorded once; one word of thanks and one of waiting are read, though no job can be moved."""
    reply = reply_in(harness, "en")
    question = Question("mention", "C0PRACTICE", "9.1", "9.1", "U0ASKER02", "T0", "hello?", "Ev", 0)
    limited = {**question.facts(), "kind": "limited", "why": "rate", "seconds": 30}
    assert harness.spool.put(Key.parse(question.key), limited)
    harness.click(reply, "up")
    with monkeypatch.context() as patched:
        patched.setattr(harness.spool, "_move", refuse)
        for _ in range(3):
            harness.run()  # one of both is put off
            harness.run()
            harness.wait()
    harness.run_to_the_end()

    heard = sorted(message.text for message in harness.slack.ephemeral_messages())
    assert sorted([LANGUAGES["en"].thanks, LANGUAGES["en"].too_many.format(seconds=30)]) == heard
    rated = Key(reply.channel, reply.thread_ts or "", reply.thread_ts or "")
    assert 1 == [fact.get("fact") for fact in harness.spool.peek("done", rated)].count("opinion")


def refuse(*_: object) -> NoReturn:
    """Refuse to move a job, as a folder on another file system does."""
    raise OSError(errno.EXDEV, "Invalid cross-device link")


@pytest.mark.parametrize("code", ["cant_delete_message", "channel_not_found"])
def test_a_deletion_that_slack_forbids_fails_for_the_operator(
    harness: LocalizedHarness, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The click's job fails with Slack's code in the log; the reply stays, and nobody reads a notice."""
    reply = reply_in(harness, "en")
    harness.slack.fail("chat.delete", Fault("refused", code=code))

    harness.click(reply, "delete")
    harness.run_to_the_end()

    assert (0, 1, 1) == harness.ended()
    assert f"reason=Slack {code}" in caplog.text
    assert () == harness.slack.ephemeral_messages()
    assert is_in_slack(harness, reply)


class Killed(Answerer):
    """An Answerer that dies before it finishes the job, after the answer was posted."""

    def _finish(self, run: Attempt, outcome: str) -> None:
        pass


def test_a_reply_is_deleted_only_after_its_job_has_ended(harness: LocalizedHarness) -> None:
    """A click to delete waits until the job of the question has ended; whoever clicked hears once that it was heard."""
    # If the reply were deleted at once, and the process died here, the next process would post it again.
    question = harness.ask("hello?")
    job = harness.claim()
    harness.answerer(Killed).answer(job)
    (reply,) = harness.replies(question)
    harness.ahead += 1
    harness.click(reply, "delete")
    harness.run()
    was_in_slack = is_in_slack(harness, reply)
    assert harness.spool.claim(only_light=True) is None
    put_off = harness.spool.seconds_to_light()
    harness.ahead += 1
    harness.run()
    job.release()
    harness.ahead += 1
    heard = [message.text for message in harness.slack.ephemeral_messages()]

    harness.run()  # the click is put off once more
    harness.run()
    harness.wait()
    harness.run_to_the_end()

    assert was_in_slack
    assert put_off == pytest.approx(1.0, abs=0.5)
    assert [LANGUAGES["en"].heard] == heard
    assert [] == harness.replies(question)
    assert (0, 2, 0) == harness.ended()


def test_a_reply_of_another_cocoai_to_the_same_question_stays(harness: LocalizedHarness) -> None:
    """The reply of a QA copy in the same channel stays, although its metadata has the same form."""
    # Slack would not let us delete it.
    reply = reply_in(harness, "en")
    theirs = harness.slack.workspace.post(
        reply.channel, "U0OTHER01", "Theirs.", thread_ts=reply.thread_ts, metadata=reply.metadata
    )

    harness.click(reply, "delete")
    harness.run_to_the_end()

    assert [False, True] == [is_in_slack(harness, reply), is_in_slack(harness, theirs)]
    assert [] == harness.spool.keys("failed")
