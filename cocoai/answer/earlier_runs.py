"""Tell from a job's facts how its earlier runs ended: may one of them have posted a message that it did not record?

A run is what one process does with a job, from its `attempt` or its `visit` (the placeholder process's). After a backup
was restored, there is one more, `restored`: whatever the machine did that was backed up. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from cocoai.spool.job import Fact

RESTORED = "restored"
"""The fact of a job that lay in a backup's ready/: it may have been answered after the backup, and nothing says so."""

BEGIN = frozenset({"attempt", "visit", RESTORED})
"""The first fact of a run."""

END_VISIT = frozenset({"placeholder", "unposted"})
"""The last fact of a visit that ended in order: the placeholder is posted, or a rate limit has prevented that."""

END = frozenset({"failed", "refused", "retried"})
"""Facts behind which nothing of a run is under way, beside `retry`."""


def may_have_posted(lines: Sequence[Fact], n: int = 1) -> bool:
    """Check whether an earlier run may have posted part `n` without a fact; the last run in the job's `lines` is ours.

    True if one was cut off, or left a post in doubt.
    """
    # An attempt goes on if a full disk refuses the fact of its first message, but posts no further one.
    return any(not _is_settled(run) or (n == 1 and _begin(run) == "attempt") for run in _runs(lines)[:-1])


def is_after_cut(lines: Sequence[Fact]) -> bool:
    """Check whether the run before ours was cut off, so that a message of its may still be on its way to Slack."""
    before = _runs(lines)[:-1]
    return bool(before) and before[-1][-1].get("fact") != "retry" and not _is_settled(before[-1])


def _runs(lines: Sequence[Fact]) -> list[list[Fact]]:
    """Return the facts of each run, oldest first."""
    runs: list[list[Fact]] = []
    for line in lines[1:]:
        if line.get("fact") in BEGIN:
            runs.append([])
        if runs:
            runs[-1].append(line)
    return runs


def _is_settled(run: Sequence[Fact]) -> bool:
    """Check whether a run ended in order, with each of its posts known to have arrived or not."""
    if _begin(run) == RESTORED:
        return False
    end = run[-1]
    if end.get("fact") == "retry":
        # A call of Slack's that had left whole may have posted; one of OpenAI's has not. And a disk that has put the
        # job off may have refused the fact of a message, too.
        return not (end.get("disk") or (end.get("free") and end.get("sent")))
    return end.get("fact") in END or (_begin(run) == "visit" and end.get("fact") in END_VISIT)


def _begin(run: Sequence[Fact]) -> object:
    return run[0].get("fact")
