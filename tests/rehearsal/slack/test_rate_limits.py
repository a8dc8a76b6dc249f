"""The rate tiers, counted on a clock of their own."""

from __future__ import annotations

import pytest

from cocoai.rehearsal.slack.rate_limits import CHANNEL_BURST, RateTiers
from cocoai.rehearsal.slack.slack_faults import SlackFault, SlackFaults

pytestmark = pytest.mark.pure


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def passed(tiers: RateTiers, method: str, channel: str, calls: int) -> int:
    return [tiers.retry_after(method, channel) for _ in range(calls)].count(0)


@pytest.mark.parametrize(
    ("method", "first", "then"),
    [
        ("chat.delete", 50, 50),
        ("chat.postEphemeral", 100, 100),
        ("chat.update", 50, 50),
        ("conversations.replies", 50, 50),
        ("files.info", 100, 100),
        ("reactions.add", 50, 50),
        ("users.info", 100, 100),
    ],
)
def test_tiers_by_the_minute(method: str, first: int, then: int) -> None:
    """A minute's allowance at once, then as much again a minute later; per method, whatever the channel."""
    clock = Clock()
    tiers = RateTiers(clock)

    assert first == passed(tiers, method, "C0PRACTICE", first + 20)
    clock.now += 60
    assert then == passed(tiers, method, "C0OTHER", then + 20)


def test_one_message_a_second_in_a_channel() -> None:
    """After a small burst one a second passes, and Retry-After says so in whole seconds."""
    clock = Clock()
    tiers = RateTiers(clock)

    assert passed(tiers, "chat.postMessage", "C0PRACTICE", 20) == CHANNEL_BURST
    assert tiers.retry_after("chat.postMessage", "C0PRACTICE") == 1
    clock.now += 1
    assert passed(tiers, "chat.postMessage", "C0PRACTICE", 5) == 1


def test_channels_do_not_hold_each_other_up() -> None:
    """Another channel has its own second, up to several hundred messages a minute in all."""
    tiers = RateTiers(Clock())

    assert passed(tiers, "chat.postMessage", "C0PRACTICE", 20) == CHANNEL_BURST
    assert sum(passed(tiers, "chat.postMessage", f"C{n}", 4) for n in range(200)) == 300 - CHANNEL_BURST


def test_a_refused_call_costs_nothing() -> None:
    """Who asks too early a hundred times waits no longer for it."""
    clock = Clock()
    tiers = RateTiers(clock)
    passed(tiers, "chat.postMessage", "C0PRACTICE", 100)
    clock.now += 1

    assert tiers.retry_after("chat.postMessage", "C0PRACTICE") == 0


def test_auth_test_has_no_tier() -> None:
    """Slack names no number for it."""
    assert passed(RateTiers(Clock()), "auth.test", "", 1000) == 1000


def test_faults_come_in_their_order() -> None:
    """Each call takes the first fault that fits it."""
    faults = SlackFaults()
    gone, broken = SlackFault("gone"), SlackFault("broken")
    faults.add("chat.update", gone, 1)
    faults.add("*", broken, 2)

    assert [broken, gone, broken, None] == [
        faults.take(method) for method in ("auth.test", "chat.update", "chat.update", "chat.update")
    ]
    faults.add("*", gone, 5)
    faults.clear()
    assert faults.take("auth.test") is None
