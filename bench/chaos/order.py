"""The order of a thread: what was asked first ends first, by what the jobs themselves say. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from bench.chaos.ledger import Account
from cocoai.spool.key import Key

A_LOOK = 2.0
"""Seconds by which a job may be claimed after the look that chose it: an older one that came meanwhile was not seen."""


def out_of_order(accounts: Iterable[Account], seen_at: Mapping[str, float]) -> Iterator[str]:
    """Tell of each question that was begun before an older one of its thread had ended, which was ready by then.

    `seen_at` has the time at which each job was seen to be ready, in epoch seconds. One that came late, as Slack sent
    it again or a machine could not store it at once, is answered late.
    """
    threads = defaultdict[str, list[Account]](list)
    for account in accounts:
        key = Key.parse(account.question.key)
        threads[key.thread].append(account)
        if key.channel.startswith("D") and key.thread_ts == key.ts:  # the lines of the box itself
            threads[key.channel].append(account)
    for theirs in threads.values():
        theirs.sort(key=lambda account: Key.parse(account.question.key).age)
        for number, older in enumerate(theirs):
            for younger in theirs[number + 1 :]:
                ready, began, ended = seen_at.get(older.question.key), younger.job.began_at, older.job.ended_at
                if ready is not None and began is not None and ended is not None and ready + A_LOOK < began < ended:
                    times = f"was ready at {ready:.3f} and ended at {ended:.3f}"
                    yield f"{younger.question.key} was begun at {began:.3f}, {older.question.key} {times}"
