"""The rate limits, counted by a clock that the test sets; and the order of the faults."""

from __future__ import annotations

import pytest

from cocoai.rehearsal.slack.rate_limits import CHANNEL_BURST, RateTiers
from cocoai.rehearsal.slack.slack_faults import SlackFault, SlackFaults

pytestmark = pytest.mark.pure


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def passed(tiers: RateTiers, method: str, channel: str, calls: int) -> int:
    """Call a method so many times, and return the number of calls that were not limited."""
    return [tiers.retry_after(method, channel) for _ in range(calls)].count(0)


@pytest.mark.parametrize(
    ("method", "first", "then"),
    [
        ("chat.delete", 50, 50),
        ("chat.postEphemeral", 100, 100),
        ("chat.update", 50, 50),
        ("conversations.replies", 50, 50),
        ("files.completeUploadExternal", 100, 100),
        ("files.delete", 50, 50),
        ("files.getUploadURLExternal", 100, 100),
        ("files.info", 100, 100),
        ("reactions.add", 50, 50),
        ("reactions.get", 50, 50),
        ("reactions.remove", 20, 20),
        ("users.info", 100, 100),
        ("views.open", 100, 100),
        ("views.publish", 100, 100),
        ("views.update", 100, 100),
    ],
)
def test_calls_a_minute(method: str, first: int, then: int) -> None:
    """A minute's allowance passes at once, and again a minute later; it is counted per method, not per channel."""
    clock = Clock()
    tiers = RateTiers(clock)

    assert first == passed(tiers, method, "C0PRACTICE", first + 20)
    clock.now += 60
    assert then == passed(tiers, method, "C0OTHER", then + 20)


def test_one_message_a_second_in_a_channel() -> None:
    """After a small burst a channel accepts one message a second; Retry-After is in whole seconds."""
    clock = Clock()
    tiers = RateTiers(clock)

    assert passed(tiers, "chat.postMessage", "C0PRACTICE", 20) == CHANNEL_BURST
    assert tiers.retry_after("chat.postMessage", "C0PRACTICE") == 1
    clock.now += 1
    assert passed(tiers, "chat.postMessage", "C0PRACTICE", 5) == 1


def test_channels_are_limited_separately() -> None:
    """Each channel has its own limit, beside that of several hundred messages a minute in all."""
    tiers = RateTiers(Clock())

    assert passed(tiers, "chat.postMessage", "C0PRACTICE", 20) == CHANNEL_BURST
    assert sum(passed(tiers, "chat.postMessage", f"C{n}", 4) for n in range(200)) == 300 - CHANNEL_BURST


def test_a_limit_that_is_used_up() -> None:
    """The next message of that channel waits as long as was said, then one a second passes; others do not wait."""
    clock = Clock()
    tiers = RateTiers(clock)
    tiers.use_up("C0PRACTICE", 7)

    assert 7 == tiers.retry_after("chat.postMessage", "C0PRACTICE")
    assert 0 == tiers.retry_after("chat.postMessage", "C0OTHER")
    clock.now += 7
    assert 1 == passed(tiers, "chat.postMessage", "C0PRACTICE", 5)


def test_refused_calls_are_not_counted() -> None:
    """Refused calls, however many, do not lengthen the wait."""
    clock = Clock()
    tiers = RateTiers(clock)
    passed(tiers, "chat.postMessage", "C0PRACTICE", 100)
    clock.now += 1

    assert tiers.retry_after("chat.postMessage", "C0PRACTICE") == 0


def test_auth_test_is_not_limited() -> None:
    """auth.test has no limit, as Slack documents no number for it."""
    assert passed(RateTiers(Clock()), "auth.test", "", 1000) == 1000


def test_order_of_faults() -> None:
    """A call takes the first fault that fits its method."""
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
