"""answer/earlier_runs.py: only what was cut off, or in doubt, may have left a message that is not recorded."""

from __future__ import annotations

import pytest

from cocoai.answer.earlier_runs import is_after_cut, may_have_posted
from cocoai.spool.job import Fact

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

QUESTION: Fact = {"kind": "mention"}
SETTLED = {"fact": "retry", "free": False, "sent": True}
"""OpenAI was asked, and did not answer in time."""
REFUSED = {"fact": "retry", "free": True, "sent": False}
"""Slack has limited a call."""
IN_DOUBT = {"fact": "retry", "free": True, "sent": True}
"""A call of Slack's has left, and no response came."""
DISK = {"fact": "retry", "free": True, "sent": False, "disk": True}
"""Our own disk has failed."""


def lines(*facts: str | Fact) -> list[Fact]:
    """Return the lines of a job with these facts, the first of our own run behind them."""
    named = [{"fact": each} if isinstance(each, str) else each for each in facts]
    return [QUESTION, *named, {"fact": "attempt"}]


@pytest.mark.parametrize(
    ("facts", "is_first", "is_part", "is_cut"),
    [
        ((), False, False, False),
        (("visit", "placeholder"), False, False, False),
        (("visit", "unposted"), False, False, False),
        (("visit", "unposted", "visit", "placeholder"), False, False, False),
        (("visit",), True, True, True),
        (("visit", "unposted", "visit"), True, True, True),
        (("visit", REFUSED), False, False, False),
        (("visit", IN_DOUBT), True, True, False),
        (("attempt",), True, True, True),
        (("attempt", "placeholder"), True, True, True),
        (("attempt", "placeholder", "answer", "part"), True, True, True),
        (("attempt", "placeholder", SETTLED), True, False, False),
        (("attempt", "placeholder", "answer", REFUSED), True, False, False),
        (("attempt", "placeholder", "answer", IN_DOUBT), True, True, False),
        (("attempt", "placeholder", "answer", DISK), True, True, False),
        (("attempt", "placeholder", "attempt", SETTLED), True, True, False),
        (("attempt", "placeholder", SETTLED, "attempt"), True, True, True),
        (("visit", "placeholder", "attempt", "placeholder", "error", "failed", "retried"), True, False, False),
        (("restored", "retried"), True, True, True),
        (("visit", "placeholder", "restored", "retried"), True, True, True),
        (("attempt", "placeholder", "restored", "retried", "attempt", SETTLED), True, True, False),
    ],
)
def test_what_an_earlier_run_may_have_left(
    facts: tuple[str | Fact, ...], is_first: bool, is_part: bool, is_cut: bool
) -> None:
    """The first message is in doubt after any attempt, since a full disk may have refused its fact."""
    job = lines(*facts)

    assert (is_first, is_part, is_cut) == (may_have_posted(job), may_have_posted(job, 2), is_after_cut(job))


def test_the_facts_of_our_own_run_do_not_count() -> None:
    """What we have posted ourselves is recorded, or not posted."""
    assert not may_have_posted([*lines("visit", "placeholder"), {"fact": "answer"}, {"fact": "part"}], 2)
