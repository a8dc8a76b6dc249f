"""Buttons that cannot do what they say: what whoever clicked reads of it, and what is done in the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cocoai.answer import Answerer
from cocoai.answer.attempt import Attempt
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.texts import LANGUAGES, Texts
from tests.failures.counter import QUESTIONS, Counter
from tests.failures.scenarios import WEEK


def replied(desk: Counter, language: str) -> Message:
    """Our reply to a question in that language."""
    (reply,) = desk.replies(desk.answered(QUESTIONS[language]))
    return reply


def stands(desk: Counter, reply: Message) -> bool:
    """Is it still there to be read?"""
    return any(reply.ts == message.ts for message in desk.slack.thread(reply.channel, reply.thread_ts or ""))


def swept(desk: Counter) -> None:
    """A week later nothing of it is kept here."""
    desk.ahead += WEEK
    desk.spool.sweep()


def kept(desk: Counter) -> None:
    """All of it still is."""


SAID: dict[tuple[str, str], Callable[[Texts], str]] = {
    ("delete", "U0ASKER02"): lambda words: words.only_asker,
    ("up", "U0ASKER02"): lambda words: words.thanks,
}
"""By button and by who presses it: what he alone reads."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("action", "user"), SAID)
@pytest.mark.parametrize("meanwhile", [kept, swept])
def test_who_clicks_reads_it_in_the_language_of_the_reply(
    desk: Counter, action: str, user: str, meanwhile: Callable[[Counter], None], language: str
) -> None:
    """Whether the question is kept or not; the reply stands."""
    reply = replied(desk, language)
    meanwhile(desk)

    desk.click(reply, action, user)
    desk.run_to_the_end()

    told = [(whisper.only_for, whisper.text) for whisper in desk.slack.ephemeral_messages()]
    assert [(user, SAID[action, user](LANGUAGES[language]))] == told
    assert stands(desk, reply)


@pytest.mark.parametrize("fault", [Fault("broken"), Fault("gone"), Fault("limited", seconds=30), Fault("reply lost")])
def test_a_slack_that_comes_back_gets_the_deletion(desk: Counter, fault: Fault) -> None:
    """Tried until it is done; what is gone already is no error."""
    reply = replied(desk, "en")
    desk.slack.fail("chat.delete", fault, times=3)

    desk.click(reply, "delete")
    desk.run_to_the_end()

    assert not stands(desk, reply)
    assert (0, 2, 0) == desk.ended()


@pytest.mark.parametrize("code", ["cant_delete_message", "token_revoked", "channel_not_found"])
def test_a_deletion_that_slack_forbids_is_the_operators(
    desk: Counter, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Failed, with Slack's word for it; whoever clicked sees that the reply stands, and reads nothing more."""
    reply = replied(desk, "en")
    desk.slack.fail("chat.delete", Fault("refused", code=code))

    desk.click(reply, "delete")
    desk.run_to_the_end()

    assert (0, 1, 1) == desk.ended()
    assert f"reason=Slack {code}" in caplog.text
    assert () == desk.slack.ephemeral_messages()
    assert stands(desk, reply)


class Killed(Answerer):
    """One that does not come to the end of its question, though the answer stands in Slack."""

    def _finish(self, run: Attempt, outcome: str) -> None:
        pass


def test_a_reply_whose_question_has_not_ended_is_deleted_when_it_has(desk: Counter) -> None:
    """Deleted at once, it would be posted again by whoever comes after a process that dies just there."""
    question = desk.ask("hello?")
    job = desk.claim()
    desk.answerer(Killed).answer(job)
    (reply,) = desk.replies(question)
    desk.ahead += 1
    desk.click(reply, "delete")
    desk.run()
    stood = stands(desk, reply)
    job.release()
    desk.wait()

    desk.run_to_the_end()

    assert stood
    assert [] == desk.replies(question)
    assert (0, 2, 0) == desk.ended()


def test_what_another_cocoai_has_replied_to_the_same_question_stays(desk: Counter) -> None:
    """A QA copy in the same channel marks its messages as we do; Slack would not let us delete them."""
    reply = replied(desk, "en")
    theirs = desk.slack.workspace.post(
        reply.channel, "U0OTHER01", "Theirs.", thread_ts=reply.thread_ts, metadata=reply.metadata
    )

    desk.click(reply, "delete")
    desk.run_to_the_end()

    assert [False, True] == [stands(desk, reply), stands(desk, theirs)]
    assert [] == desk.spool.keys("failed")
