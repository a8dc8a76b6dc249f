"""slack/api/live_message.py against the practice Slack: what is shown, and for how long nothing more will be."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.tls import tls_context
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.live_message import COMPANY, PER_MINUTE, LiveMessage
from cocoai.slack.markdown.message_layout import MOST_SECTION, Layout
from cocoai.slack.model.messages import MessageMetadata
from tests.options import FixedWriters
from tests.processes import wait_until

CHANNEL = "C0PRACTICE"
INTERVAL = 600.0
"""Seconds; no test lasts so long."""


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeSlack]:
    with PracticeSlack(certificates) as server:
        yield server


@pytest.fixture
def writers() -> int:
    return 1


@pytest.fixture
def growing(practice: PracticeSlack, certificates: Certificates, writers: int) -> Iterator[LiveMessage]:
    line = DirectClient(tls_context(certificates.ca_file))
    slack = SlackChat(line, api_url=practice.api_url, token=TOKEN)
    mark = MessageMetadata("C0PRACTICE-1.0-1.0", "placeholder")
    asked = practice.say("U0ASKER01", "hello?")
    ts = slack.post(CHANNEL, "...", asked.ts, mark)
    yield LiveMessage(
        slack,
        CHANNEL,
        ts,
        mark,
        layout=Layout("mrkdwn"),
        writing="",
        buttons=(),
        interval=INTERVAL,
        writers=FixedWriters(writers),
    )
    line.close()


def shown(practice: PracticeSlack) -> str:
    return practice.messages(CHANNEL)[-1].text


def show_at_last(growing: LiveMessage, text: str) -> None:
    """The first words have had their company."""
    growing.show(text)
    wait_until(lambda: not growing.seconds_to_next())
    growing.show(text)


def test_the_first_words_wait_a_moment_for_company(growing: LiveMessage, practice: PracticeSlack) -> None:
    """A single syllable is no news; but whoever writes no more for long is shown all the same."""
    before = growing.seconds_to_next()
    growing.show("one")

    assert (0.0, "...") == (before, shown(practice))
    assert 0 < growing.seconds_to_next() <= COMPANY

    wait_until(lambda: not growing.seconds_to_next())
    growing.show("one")

    assert "one" == shown(practice)


def test_no_more_is_shown_for_a_while(growing: LiveMessage, practice: PracticeSlack) -> None:
    """Nobody need wake up for what will not be shown."""
    show_at_last(growing, "one")
    growing.show("one two")

    assert "one" == shown(practice)
    assert INTERVAL - 60 < growing.seconds_to_next() <= INTERVAL


@pytest.mark.parametrize("writers", [1000])
def test_many_writers_share_what_slack_bears(growing: LiveMessage, practice: PracticeSlack, writers: int) -> None:
    """Each is shown less often: all together no more than their part of the minute's allowance."""
    show_at_last(growing, "one")

    assert "one" == shown(practice)
    assert INTERVAL < growing.seconds_to_next() <= 60 / PER_MINUTE * writers


def test_what_shows_nothing_new_is_not_sent(growing: LiveMessage, practice: PracticeSlack) -> None:
    """A first part that is full stays as it is: further words come in the next message."""
    growing._interval = 0.0
    full = "word " * MOST_SECTION
    for more in range(3):
        growing.show(full + "more " * more)

    assert MOST_SECTION >= len(shown(practice)) > MOST_SECTION - 10
    assert 1 == sum(call.method == "chat.update" for call in practice.calls)


def test_a_busy_slack_is_left_alone_for_longer(growing: LiveMessage, practice: PracticeSlack) -> None:
    """As long as it has asked for, on top."""
    practice.fail("chat.update", Fault("limited", seconds=100 * INTERVAL))
    show_at_last(growing, "one")

    assert "..." == shown(practice)
    assert growing.seconds_to_next() > INTERVAL


def test_a_message_that_is_gone_grows_no_more(growing: LiveMessage, practice: PracticeSlack) -> None:
    """Whoever posts the whole answer will see to it."""
    practice.delete(CHANNEL, practice.messages(CHANNEL)[-1].ts)
    show_at_last(growing, "one")

    assert math.inf == growing.seconds_to_next()
