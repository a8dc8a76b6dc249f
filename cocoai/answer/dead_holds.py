"""Settle the holds whose process has died: the hourly sweep does it before it removes the jobs that tell about them."""

from __future__ import annotations

import logging

from cocoai.answer.paid_requests import Books, bill_by_facts
from cocoai.ledger.charge import OpenHold
from cocoai.ledger.store import LedgerBroken
from cocoai.spool.job import Fact
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import JobInUse, StoreError

log = logging.getLogger(__name__)


def settle_dead_holds(spool: Spool, books: Books) -> int:
    """Settle each open hold whose job no process works on, by the job's facts. Return how many there were.

    Of a job that is gone nobody knows anything: its holds count as lost. A broken ledger, and a job that cannot be
    read, are only logged.
    """
    settled = 0
    try:
        for hold in books.ledger.open_holds():
            facts = _facts_if_dead(spool, hold)
            if facts is not None:
                books.ledger.settle(hold.key, hold.call, bill_by_facts(hold, facts) if facts else hold.lost())
                settled += 1
    except LedgerBroken as error:
        log.error("ledger outcome=not-swept reason=%s", error)  # noqa: TRY400 (the words say all)
    return settled


def _facts_if_dead(spool: Spool, hold: OpenHold) -> list[Fact] | None:
    """Return the lines of the hold's job, [] if it is gone; None while a process works on it, or it cannot be read."""
    try:
        return spool.lines_at_rest(Key.parse(hold.key))
    except ValueError:
        return []  # another version's key, or one that was forgotten
    except JobInUse:
        return None
    except StoreError:
        log.exception("ledger key=%s outcome=not-settled", hold.key)
        return None
