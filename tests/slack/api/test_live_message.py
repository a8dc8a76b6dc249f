"""slack/api/live_message.py against the practice Slack: what is shown, and when the next update may come."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.tls import tls_context
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.live_message import FIRST_WORDS_DELAY, PER_MINUTE, LiveMessage
from cocoai.slack.markdown.message_layout import MOST_SECTION, Layout
from cocoai.slack.model.messages import MessageMetadata
from tests.options import FixedWriters
from tests.processes import wait_until

CHANNEL = "C0PRACTICE"
INTERVAL = 600.0
"""Seconds between updates; no test lasts so long."""


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeSlack]:
    with PracticeSlack(certificates) as server:
        yield server


@pytest.fixture
def writers() -> int:
    return 1


@pytest.fixture
def live(practice: PracticeSlack, certificates: Certificates, writers: int) -> Iterator[LiveMessage]:
    client = DirectClient(tls_context(certificates.ca_file))
    slack = SlackChat(client, api_url=practice.api_url, token=TOKEN)
    metadata = MessageMetadata("C0PRACTICE-1.0-1.0", "placeholder")
    question = practice.say("U0ASKER01", "hello?")
    ts = slack.post(CHANNEL, "...", question.ts, metadata)
    yield LiveMessage(
        slack,
        CHANNEL,
        ts,
        metadata,
        layout=Layout("mrkdwn"),
        writing="",
        buttons=(),
        interval=INTERVAL,
        writers=FixedWriters(writers),
    )
    client.close()


def shown(practice: PracticeSlack) -> str:
    return practice.messages(CHANNEL)[-1].text


def show_after_pause(live: LiveMessage, text: str) -> None:
    """Show the text once the pause before the first update is over."""
    live.show(text)
    wait_until(lambda: not live.seconds_to_next())
    live.show(text)


def test_the_first_update_waits_a_moment(live: LiveMessage, practice: PracticeSlack) -> None:
    """The first words are shown after a short pause, even if nothing has been added by then."""
    before = live.seconds_to_next()
    live.show("one")

    assert (0.0, "...") == (before, shown(practice))
    assert 0 < live.seconds_to_next() <= FIRST_WORDS_DELAY

    wait_until(lambda: not live.seconds_to_next())
    live.show("one")

    assert "one" == shown(practice)


def test_no_update_within_the_interval(live: LiveMessage, practice: PracticeSlack) -> None:
    """After an update the next one waits for the interval, and `seconds_to_next` returns the rest of it."""
    show_after_pause(live, "one")
    live.show("one two")

    assert "one" == shown(practice)
    assert INTERVAL - 60 < live.seconds_to_next() <= INTERVAL


@pytest.mark.parametrize("writers", [1000])
def test_many_writers_share_the_updates_a_minute(live: LiveMessage, practice: PracticeSlack, writers: int) -> None:
    """With many writers each waits so long that all together send no more than PER_MINUTE updates a minute."""
    show_after_pause(live, "one")

    assert "one" == shown(practice)
    assert INTERVAL < live.seconds_to_next() <= 60 / PER_MINUTE * writers


def test_an_update_that_changes_nothing_is_not_sent(live: LiveMessage, practice: PracticeSlack) -> None:
    """A text that is laid out as before, because the message is full, causes no update."""
    live._interval = 0.0
    full = "word " * MOST_SECTION
    for more in range(3):
        live.show(full + "more " * more)

    assert MOST_SECTION >= len(shown(practice)) > MOST_SECTION - 10
    assert 1 == sum(call.method == "chat.update" for call in practice.calls)


def test_after_a_429_the_next_update_waits_longer(live: LiveMessage, practice: PracticeSlack) -> None:
    """The wait that a 429 asks for is added to the interval."""
    practice.fail("chat.update", SlackFault("limited", seconds=100 * INTERVAL))
    show_after_pause(live, "one")

    assert "..." == shown(practice)
    assert live.seconds_to_next() > INTERVAL


def test_what_slack_refused_for_now_is_shown_later(live: LiveMessage, practice: PracticeSlack) -> None:
    """A text counts as shown only once Slack has it: after a 429 the very same text is sent again."""

    def show() -> bool:
        live.show("one")
        return live.shown > 0

    live._interval = 0.0
    practice.fail("chat.update", SlackFault("limited", seconds=0))
    is_shown = show()
    before = (is_shown, shown(practice))
    wait_until(show)

    assert (False, "...") == before
    assert (3, "one") == (live.shown, shown(practice))


def test_a_429_is_not_waited_out(live: LiveMessage, practice: PracticeSlack) -> None:
    """An update that Slack refuses for a second is skipped at once, although the final one would be waited for."""
    practice.fail("chat.update", SlackFault("limited", seconds=1))
    show_after_pause(live, "one")

    assert "..." == shown(practice)


def test_a_text_that_has_not_grown_is_not_sent(live: LiveMessage, practice: PracticeSlack) -> None:
    """A text no longer than what an earlier attempt has shown, and one of blanks alone, cause no update."""
    live._interval = 0.0
    live.show(" \n")
    live.shown = 3
    live.show("one")

    assert "..." == shown(practice)
    assert 0 == sum(call.method == "chat.update" for call in practice.calls)


@pytest.mark.parametrize("writers", [2])
def test_two_writers_share_the_updates_a_minute(live: LiveMessage, practice: PracticeSlack, writers: int) -> None:
    """Two writers each wait for two shares of a minute, although the settings want no pause."""
    live._interval = 0.0
    live.show("one")

    assert "one" == shown(practice)
    assert 2 < live.seconds_to_next() <= 60 / PER_MINUTE * writers


def test_the_blocks_are_sent(live: LiveMessage, practice: PracticeSlack) -> None:
    """An update shows the blocks of the layout, not only their fallback."""
    live._message = Layout("markdown").growing_message("writing")
    live._interval = 0.0
    live.show("**one**")

    markdown, context = practice.messages(CHANNEL)[-1].blocks
    assert ("markdown", "**one**") == (markdown["type"], markdown["text"])
    assert "context" == context["type"]


def test_a_deleted_message_gets_no_more_updates(live: LiveMessage, practice: PracticeSlack) -> None:
    """After Slack has refused an update for good, there is no other one."""
    practice.delete(CHANNEL, practice.messages(CHANNEL)[-1].ts)
    show_after_pause(live, "one")

    assert math.inf == live.seconds_to_next()
