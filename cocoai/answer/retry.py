"""Decide whether and when a job is tried again after an error.

That depends on who is to blame (Slack, OpenAI, our own disk), and on the tries so far. Pure: it reads facts and returns
numbers.
"""

from __future__ import annotations

from cocoai.errors import CocoAIError, Temporary
from cocoai.ledger.caps import PayLater
from cocoai.slack.api.api_errors import is_shut_out
from cocoai.spool.job import LONGEST_DELAY, SHUT_OUT, Job

DELAYS = (5.0, 30.0, 120.0)
"""Seconds before OpenAI is asked again; when they are used up, the asker is told."""

MOST_OPEN_REQUESTS = 2
"""Requests for one answer that may be billed though nothing came of them; a third is not sent."""

NOT_BUSY = frozenset({"empty_answer", "error_in_stream", "stream_unfinished", "unknown_ending", "unreadable_answer"})
"""Codes of `Temporary` from OpenAI, or a server like it, that say nothing of its load: the asker is not told of any."""

AWAY = frozenset(
    {"connect_timeout", "connection_failed", "connection_lost", "proxy_failed", "stream_cut", "tls_failed"}
)
"""Codes of a server that cannot be reached, or has hung up."""

SILENT = frozenset({"first_word_timeout", "silence_timeout", "total_timeout"})
"""Codes of a server that does not respond in time."""

SLACK_AWAY = 24 * 3600.0
"""Seconds that all waits for a Slack in trouble may take together; after that the job is given up."""


SHUT_OUT_FOR = 72 * 3600.0
"""Seconds that all waits for an operator may take together, while Slack takes nothing of ours: a weekend.

After that the job is given up.
"""


def open_requests(job: Job) -> int:
    """Return how many requests to the model may be billed though the job has no answer of them.

    Those before the operator's last retry do not count. A request was recorded before it left (`asked`), and again if
    the model did not run for it (`unasked`), or when something came of it that is no answer yet: `heard`, `worded`,
    `picture`, `searched`.
    """
    requests = job.facts("asked")
    ended = [fact for name in ("unasked", "heard", "worded", "picture", "searched") for fact in job.facts(name)]
    since = requests[0]["at"] if requests else float("inf")
    # A version that did not record its requests told only of those that had left whole and then failed.
    unrecorded = [fact for fact in job.facts("retry") if fact["at"] < since and fact.get("sent") and not fact["free"]]
    return len(unrecorded) + len({fact["n"] for fact in requests} - {fact["n"] for fact in ended})


MOST_HELD = 600.0
"""Seconds for which a question waits for what other calls hold of the budget, or for a ledger without room."""


def is_free(error: CocoAIError) -> bool:
    """Check whether a try that ended so counts as no attempt.

    That is if Slack is in trouble or takes nothing of ours, or if nothing can be paid just now.
    """
    return is_slacks_fault(error) or isinstance(error, PayLater)


def was_shut_out(job: Job) -> bool:
    """Check whether the job has waited for an operator, since Slack took nothing of ours."""
    return any(SHUT_OUT in fact for fact in job.facts("retry"))


def has_waited_for_budget(job: Job, now: float) -> bool:
    """Check whether the job has waited MOST_HELD until it can be paid; `now` is in seconds since the epoch."""
    waits = [fact["at"] for fact in job.facts("retry") if fact.get("held")]
    return bool(waits) and not 0 <= now - waits[0] < MOST_HELD


def is_slacks_fault(error: CocoAIError) -> bool:
    """Check whether the error came from Slack, not from OpenAI or ourselves: then the try counts as no attempt."""
    return error.source == "Slack"


def tries(job: Job) -> int:
    """Return how many tries the model was given, those that count: the retries so far, and the first one."""
    return 1 + sum(1 for fact in job.facts("retry") if not fact["free"])


def is_wait_told(job: Job) -> bool:
    """Check whether the reply has said since the last try that the model is asked again: no answer stands there."""
    retry = job.last("retry")
    if not retry or (retry["free"] and "refused" not in retry):
        return False
    return sum(1 for attempt in job.facts("attempt") if attempt["at"] >= retry["at"]) <= 1


def cause(error: CocoAIError) -> str:
    """Return what an asker may know of an error: `busy`, `away`, `silent`, or "" if it says nothing about OpenAI."""
    if error.source != "OpenAI" or error.code in NOT_BUSY:
        return ""
    return "away" if error.code in AWAY else "silent" if error.code in SILENT else "busy"


def delay(job: Job, error: CocoAIError) -> float | None:
    """Return the seconds to wait before the job is tried again after this error; None if it is not."""
    if isinstance(error, PayLater):
        return error.retry_after
    if is_shut_out(error):
        return _shut_out_delay(job)
    if not isinstance(error, Temporary):
        return None
    return _slack_delay(job, error) if is_slacks_fault(error) else _own_delay(job, error)


def _own_delay(job: Job, error: Temporary) -> float | None:
    """Return the next of DELAYS, or what the server asked for if that is longer, up to LONGEST_DELAY.

    Return None if the DELAYS are used up, if the server asked for a longer wait than that, or if no further request may
    be sent. Once an answer or a picture is recorded, only the count of attempts ends the tries: then the last of DELAYS
    is repeated.
    """
    retries = [fact for fact in job.facts("retry") if not fact["free"]]
    if job.last("answer") or job.last("picture"):
        return DELAYS[min(len(retries), len(DELAYS) - 1)]
    if len(retries) >= len(DELAYS) or open_requests(job) >= MOST_OPEN_REQUESTS:
        return None
    seconds = max(DELAYS[len(retries)], error.retry_after or 0.0)
    return seconds if seconds <= LONGEST_DELAY else None


def _slack_delay(job: Job, error: Temporary) -> float | None:
    """Return a wait that doubles with each try, or what Slack asked for if that is longer, up to LONGEST_DELAY.

    Return None if all waits so far come to more than SLACK_AWAY.
    """
    others = ("disk", "held", "refused")
    retries = [
        fact
        for fact in job.facts("retry")
        if fact["free"] and SHUT_OUT not in fact and not any(fact.get(each) for each in others)
    ]
    # Each wait as it was meant, not as the clock tells it afterwards: that may have jumped.
    if sum(fact["retry_at"] - fact["at"] for fact in retries) > SLACK_AWAY:
        return None
    return min(LONGEST_DELAY, max(error.retry_after or 0.0, _doubled(len(retries))))


def _shut_out_delay(job: Job) -> float | None:
    """Return a wait that doubles with each try, up to LONGEST_DELAY; None if all come to more than SHUT_OUT_FOR."""
    retries = [fact for fact in job.facts("retry") if SHUT_OUT in fact and "refused" not in fact]
    waits = [fact["retry_at"] - fact["at"] for fact in retries]
    return None if sum(waits) > SHUT_OUT_FOR else min(LONGEST_DELAY, _doubled(len(waits)))


def disk_delay(job: Job) -> float:
    """Return the seconds to wait after an error of our own disk: a wait that doubles, up to LONGEST_DELAY."""
    return min(LONGEST_DELAY, _doubled(sum(1 for fact in job.facts("retry") if fact.get("disk"))))


def _doubled(tries: int) -> float:
    """Return the first of DELAYS, doubled with each of the tries before, six times at most."""
    return DELAYS[0] * 2.0 ** min(tries, 6)
