"""Decide whether and when a job is tried again after a temporary error.

That depends on whether Slack is to blame, and on the tries so far. Pure: it reads facts and returns numbers.
"""

from __future__ import annotations

from cocoai.errors import Temporary
from cocoai.spool.job import LONGEST_DELAY, Job

DELAYS = (5.0, 30.0, 120.0)
"""Seconds before OpenAI is asked again; when they are used up, the asker is told."""

SLACK_AWAY = 24 * 3600.0
"""Seconds that all waits for a Slack in trouble may take together; after that the job is given up."""


def is_slacks_fault(error: Temporary) -> bool:
    """Check whether the error came from Slack, not from OpenAI or ourselves: then the try counts as no attempt."""
    return error.source == "Slack"


def delay(job: Job, error: Temporary) -> float | None:
    """Return the seconds to wait before the job is tried again after this error; None if it is given up."""
    return _slack_delay(job, error) if is_slacks_fault(error) else _own_delay(job, error)


def _own_delay(job: Job, error: Temporary) -> float | None:
    """Return the next of DELAYS, or what the server asked for if that is longer, up to LONGEST_DELAY.

    Return None if the DELAYS are used up, if the server asked for a longer wait than that, or if for the second time a
    request had left whole: each of these may have been billed.
    """
    retries = [fact for fact in job.facts("retry") if not fact["free"]]
    # A request that had left whole may have been billed: it is paid twice at most.
    if len(retries) >= len(DELAYS) or (error.sent and any(fact["sent"] for fact in retries)):
        return None
    seconds = max(DELAYS[len(retries)], error.retry_after or 0.0)
    return seconds if seconds <= LONGEST_DELAY else None


def _slack_delay(job: Job, error: Temporary) -> float | None:
    """Return a wait that doubles with each try, or what Slack asked for if that is longer, up to LONGEST_DELAY.

    Return None if all waits so far come to more than SLACK_AWAY.
    """
    retries = [fact for fact in job.facts("retry") if fact["free"]]
    # Each wait as it was meant, not as the clock tells it afterwards: that may have jumped.
    if sum(fact["retry_at"] - fact["at"] for fact in retries) > SLACK_AWAY:
        return None
    return min(LONGEST_DELAY, max(error.retry_after or 0.0, DELAYS[0] * 2.0 ** min(len(retries), 6)))
