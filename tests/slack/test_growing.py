"""slack/growing.py against the practice Slack: what is shown, and for how long nothing more will be."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from cocoai.engine.direct import Direct
from cocoai.engine.tls import tls_context
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.limits import Fault
from cocoai.rehearsal.slack.practice import TOKEN, PracticeSlack
from cocoai.slack.chat import SlackChat
from cocoai.slack.growing import Growing
from cocoai.slack.messages import Mark

CHANNEL = "C0PRACTICE"
INTERVAL = 600.0
"""Seconds; no test lasts so long."""


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeSlack]:
    with PracticeSlack(certificates) as server:
        yield server


@pytest.fixture
def growing(practice: PracticeSlack, certificates: Certificates) -> Iterator[Growing]:
    line = Direct(tls_context(certificates.ca_file))
    slack = SlackChat(line, api_url=practice.api_url, token=TOKEN)
    mark = Mark("C0PRACTICE-1.0-1.0", "placeholder")
    asked = practice.say("U0ASKER01", "hello?")
    yield Growing(slack, CHANNEL, slack.post(CHANNEL, "...", asked.ts, mark), mark, INTERVAL)
    line.close()


def shown(practice: PracticeSlack) -> str:
    return practice.messages(CHANNEL)[-1].text


def test_the_first_words_are_shown_at_once_and_no_more_for_a_while(growing: Growing, practice: PracticeSlack) -> None:
    """Nobody need wake up for what will not be shown."""
    before = growing.spare()
    growing.show("one")
    growing.show("one two")

    assert (0.0, "one") == (before, shown(practice))
    assert 0 < growing.spare() <= INTERVAL


def test_a_busy_slack_is_left_alone_for_longer(growing: Growing, practice: PracticeSlack) -> None:
    """As long as it has asked for, on top."""
    practice.fail("chat.update", Fault("limited", seconds=100 * INTERVAL))
    growing.show("one")

    assert "..." == shown(practice)
    assert growing.spare() > INTERVAL


def test_a_message_that_is_gone_grows_no_more(growing: Growing, practice: PracticeSlack) -> None:
    """Whoever posts the whole answer will see to it."""
    practice.delete(CHANNEL, practice.messages(CHANNEL)[-1].ts)
    growing.show("one")

    assert math.inf == growing.spare()
