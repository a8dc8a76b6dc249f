"""What the asker is told where Slack takes no reply: one private message, in his language, or none."""

from __future__ import annotations

import pytest

from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.rehearsal.slack.workspace import PracticeChannel
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.texts import LANGUAGES
from tests.failures.harness import ASKER, QUESTIONS, LocalizedHarness

DIRECT = "D0PRACTICE"
READ_ONLY = ("restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_locked")


def close(harness: LocalizedHarness, name: str) -> None:
    """Have Slack take no more messages of ours where the question was asked."""
    changes = {"archived": {"is_archived": True}, "removed": {"is_member": False}}
    if name in changes:
        harness.slack.add(PracticeChannel("C0PRACTICE", "practice", **changes[name]))  # type: ignore[arg-type]
    else:  # the next call is the one with which the asker is told
        harness.slack.fail("chat.postMessage", Fault("refused", code=name), times=2)


def asked(harness: LocalizedHarness, name: str, text: str) -> Message:
    """Ask a question, close the place before it is worked on, and run until its job has ended."""
    question = harness.ask(text)
    close(harness, name)
    harness.run_to_the_end()
    return question


def told(harness: LocalizedHarness) -> tuple[list[str], list[str]]:
    """Return the texts of our ephemeral messages and of our direct ones."""
    return (
        [message.text for message in harness.slack.ephemeral_messages()],
        [message.text for message in harness.slack.messages(DIRECT)],
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["archived", "removed", "channel_not_found"])
def test_where_nothing_can_be_posted_the_asker_gets_a_direct_message(
    harness: LocalizedHarness, name: str, language: str
) -> None:
    """An archived channel, or one that we were removed from, while a question waits."""
    asked(harness, name, QUESTIONS[language])

    assert ([], [LANGUAGES[language].elsewhere]) == told(harness)
    assert (0, 0, 1) == harness.ended()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", READ_ONLY)
def test_where_only_some_may_write_the_asker_gets_an_ephemeral_message(
    harness: LocalizedHarness, name: str, language: str
) -> None:
    """Nobody else sees it, and it is shown although there is no thread."""
    asked(harness, name, QUESTIONS[language])

    (message,) = harness.slack.ephemeral_messages()
    assert (LANGUAGES[language].elsewhere, ASKER, None) == (message.text, message.only_for, message.thread_ts)
    assert [] == told(harness)[1]


def test_an_ephemeral_message_that_is_refused_becomes_a_direct_one(harness: LocalizedHarness) -> None:
    """A channel that takes no ephemeral messages either."""
    harness.slack.fail("chat.postEphemeral", Fault("refused", code="restricted_action"))
    asked(harness, "restricted_action", QUESTIONS["en"])

    assert ([], [LANGUAGES["en"].elsewhere]) == told(harness)


def test_if_slack_lets_us_tell_nothing_the_job_fails(
    harness: LocalizedHarness, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator's log says so."""
    harness.slack.fail("chat.postMessage", Fault("refused", code="is_archived"), times=3)
    harness.ask("what is this")
    harness.run_to_the_end()

    assert ([], []) == told(harness)
    assert (0, 0, 1) == harness.ended()
    assert "outcome=failed-untold" in caplog.text


def test_while_slack_is_in_trouble_the_asker_is_told_later(harness: LocalizedHarness) -> None:
    """The job waits, and tells him once."""
    question = harness.ask("what is this")
    close(harness, "restricted_action")
    harness.slack.fail("chat.postEphemeral", Fault("broken"))
    harness.run()
    in_between = harness.ended()
    close(harness, "restricted_action")
    harness.wait()
    harness.run_to_the_end()

    assert ((1, 0, 0), (0, 0, 1)) == (in_between, harness.ended())
    assert ([LANGUAGES["en"].elsewhere], []) == told(harness)
    assert [] == harness.paragraphs(question)


def test_where_nothing_can_be_read_the_asker_is_told_all_the_same(harness: LocalizedHarness) -> None:
    """Without *:history a later attempt cannot tell whether the placeholder stands, so it posts none."""
    harness.slack.switches.scopes = SCOPES - {"channels:history"}
    harness.slack.fail("chat.postMessage", Fault("broken"))
    harness.ask("what is this")

    harness.run_to_the_end()

    assert ([LANGUAGES["en"].error_text("operator")], []) == told(harness)
    assert (0, 0, 1) == harness.ended()
    assert "channels:history" == harness.trouble("scope-history-C")


@pytest.mark.parametrize("facts", [1, 2])
def test_after_a_crash_the_asker_is_told_at_most_once_more(harness: LocalizedHarness, facts: int) -> None:
    """A process that died between its fact and the message may have told him: only one other tries again."""
    harness.ask("what is this")
    close(harness, "archived")
    for _ in range(facts):
        killed = harness.claim()
        killed.record("error", code="operator", reason="Slack is_archived")
        killed.record("aside")
        killed.release()

    harness.run_to_the_end()

    assert ([], [LANGUAGES["en"].elsewhere] * (2 - facts)) == told(harness)


def test_a_reply_never_lands_in_the_channel(harness: LocalizedHarness) -> None:
    """A question that was deleted before its placeholder was posted: Slack puts that into the channel, and it goes.

    Whoever has deleted the question is told nothing, and nothing is posted a second time.
    """
    before = len(harness.slack.messages())
    question = harness.ask("what is this")
    harness.slack.delete(question.channel, question.ts)

    harness.run_to_the_end()

    assert before == len(harness.slack.messages())
    assert ([], []) == told(harness)
    assert (1, 1) == (harness.called("chat.postMessage"), harness.called("chat.delete"))
    (failed,) = harness.facts("failed", "failed")
    assert failed["reason"].startswith("Slack thread_not_found")
    assert [] == harness.openai.requests


def test_a_message_that_cannot_be_taken_back_at_once_is_taken_back_then(harness: LocalizedHarness) -> None:
    """Passing trouble of Slack's leaves nothing in the channel."""
    harness.slack.fail("chat.delete", Fault("broken"), times=2)
    question = harness.ask("what is this")
    harness.slack.delete(question.channel, question.ts)

    harness.run_to_the_end()

    assert () == harness.slack.messages()


def test_a_reply_below_a_deleted_message_with_replies_stays_in_its_thread(harness: LocalizedHarness) -> None:
    """Slack keeps the thread of a deleted message that has replies: it is answered there as ever."""
    opening = harness.slack.say("U0ASKER02", "...")
    question = harness.ask("what is this", thread_ts=opening.ts)
    harness.slack.delete(opening.channel, opening.ts)

    harness.run_to_the_end()

    assert harness.paragraphs(question)
    assert (0, 1, 0) == harness.ended()


@pytest.mark.parametrize("code", ["missing_scope", "msg_too_long"])
def test_what_is_not_about_the_place_is_for_the_operator_alone(harness: LocalizedHarness, code: str) -> None:
    """No private message is tried."""
    harness.slack.fail("chat.postMessage", Fault("refused", code=code), times=2)
    harness.ask("what is this")
    harness.run_to_the_end()

    assert ([], []) == told(harness)
    assert 0 == sum(call.arguments.get("channel") == ASKER for call in harness.slack.calls)


def test_the_practice_slack_takes_a_person_s_id_as_a_channel(harness: LocalizedHarness) -> None:
    """As the real one does: the message is in the direct conversation, and an unknown person has none."""
    slack = harness.outside()[0]
    slack.post_direct(ASKER, "hello")

    assert ["hello"] == told(harness)[1]
    with pytest.raises(Exception, match="channel_not_found"):
        slack.post_direct("U0NOBODY0", "hello")
