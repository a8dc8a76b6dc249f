"""People of ours whom the settings leave out: one word a day, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.model.question import Declined, DeclinedFor, Question
from cocoai.spool.key import Key
from cocoai.status.answers import last_day
from cocoai.texts import LANGUAGES
from tests.failures.harness import ASKER, QUESTIONS, LocalizedHarness, localized_harness

DIRECT = "D0PRACTICE"
DAY = 86_400.0


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[LocalizedHarness]:
    """Yield a harness between the practice servers."""
    with localized_harness(tmp_path, certificates) as opened:
        yield opened


def decline(harness: LocalizedHarness, message: Message, why: DeclinedFor) -> bool:
    """Put what the analyzer makes of a message that the settings leave out; return True if it is new."""
    ts = f"{float(message.ts) + harness.ahead:.6f}"
    asked = Question("mention", message.channel, message.thread_ts or ts, ts, ASKER, "T0", message.text, "Ev", 0)
    declined = Declined(asked, why)
    return harness.spool.put(Key.parse(declined.key), declined.facts())


@pytest.mark.parametrize("language", QUESTIONS)
@pytest.mark.parametrize("why", ["place", "person"])
def test_in_a_channel_nobody_else_sees_the_word(harness: LocalizedHarness, why: DeclinedFor, language: str) -> None:
    """It is in the language of the message, once a day, and no model is asked."""
    new = []
    for _ in range(3):
        new.append(decline(harness, harness.slack.say(ASKER, f"<@U0COCOAI> {QUESTIONS[language]}"), why))
        harness.run_to_the_end()
    harness.ahead += DAY
    new.append(decline(harness, harness.slack.say(ASKER, f"<@U0COCOAI> {QUESTIONS[language]}"), why))
    harness.run_to_the_end()

    shown = [(message.text, message.only_for) for message in harness.slack.ephemeral_messages()]
    assert [True, False, False, True] == new
    assert [(LANGUAGES[language].declined[why], ASKER)] * 2 == shown
    assert [] == harness.openai.requests
    assert 2 == last_day(harness.spool, time.time() + 1).declined
    assert 0 == last_day(harness.spool, time.time() + 1).answered


def test_in_a_direct_message_it_is_a_message(harness: LocalizedHarness) -> None:
    """`direct_messages = off`."""
    decline(harness, harness.slack.say(ASKER, "what is this", channel=DIRECT), "direct")

    harness.run_to_the_end()

    texts = [message.text for message in harness.slack.messages(DIRECT)]
    assert ["what is this", LANGUAGES["en"].declined["direct"]] == texts


def test_a_place_that_takes_nothing_is_left_alone(harness: LocalizedHarness) -> None:
    """The job ends all the same."""
    harness.slack.fail("chat.postEphemeral", Fault("refused", code="not_in_channel"))
    decline(harness, harness.slack.say(ASKER, "<@U0COCOAI> hi"), "place")

    harness.run_to_the_end()

    assert (0, 1, 0) == harness.ended()


def test_after_a_crash_it_is_not_said_again(harness: LocalizedHarness) -> None:
    """Once the word is recorded only the move is left."""
    decline(harness, harness.slack.say(ASKER, "<@U0COCOAI> hi"), "place")
    killed = harness.claim()
    killed.record("declined")
    killed.release()

    harness.run_to_the_end()

    assert () == tuple(harness.slack.ephemeral_messages())
