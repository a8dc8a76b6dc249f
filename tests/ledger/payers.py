"""Two payers at once on a real ledger, one step at a time, in every order: tests/crash/scheduler.py chooses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.never_over.biller import BilledCall
from bench.never_over.laws import MoneyLaw, read_charges, violations_at_the_end
from cocoai.ledger import database
from cocoai.ledger.caps import BudgetHeld, Caps, OverBudget
from cocoai.ledger.charge import NOTHING_PAID, Bill, PaidCall, Payer
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.months import Months
from tests.crash.scheduler import Choice, Scheduler, every_interleaving
from tests.ledger.broken_ledgers import ChecksOutsideTheTransaction
from tests.ledger.charges import CENT, DAY, NOON

CAPS = Caps(100 * CENT)
MONTHS = Months({"2026-11": NOON - 14 * DAY, "2026-12": NOON + 15 * DAY})

STEP = 200
"""Seconds that pass at each step."""


@dataclass
class Payers:
    """Payers of one call each, of which only one fits under CAPS. Each is billed all that it holds.

    `make` makes the ledger. `runs` counts the interleavings, `paid` how many calls were paid in each; `broken` are the
    laws that were broken.
    """

    folder: Path
    make: Callable[..., Ledger] = Ledger
    bounds: tuple[int, ...] = (60 * CENT, 60 * CENT)
    runs: int = 0
    paid: list[int] = field(default_factory=list)
    broken: set[MoneyLaw] = field(default_factory=set)

    def run(self, preemptions: int = 3) -> Payers:
        """Run every interleaving with at most so many preemptions, each on a ledger of its own."""
        every_interleaving(self._run_once, preemptions)
        return self

    def _run_once(self, choices: list[int]) -> list[Choice]:
        self.runs += 1
        store = SqliteStore(str(self.folder / f"{self.runs}-{database.FILE}"))
        scheduler = Scheduler(choices)
        now = [float(NOON)]
        bills: list[BilledCall] = []

        def step() -> None:
            now[0] += STEP
            scheduler.step()

        ledger = self.make(store, CAPS, MONTHS, clock=lambda: now[0])
        if isinstance(ledger, ChecksOutsideTheTransaction):
            ledger.between = step
        calls = [
            PaidCall(f"C1-1.0-{n}.0", 1, Payer("T1", "C1", f"U{n}"), "chat", "gpt-6-luna", bound, "{}")
            for n, bound in enumerate(self.bounds)
        ]
        scheduler.run([partial(_pay, ledger, call, bills, step) for call in calls])
        self.paid.append(len(bills))
        self.broken |= {each.law for each in violations_at_the_end(read_charges(store), bills, CAPS)}
        return scheduler.made


def _pay(ledger: Ledger, call: PaidCall, bills: list[BilledCall], step: Callable[[], object]) -> None:
    """Pay for a call; if it does not fit, it is not made. It is tried once more while others hold the budget."""
    step()
    try:
        number = ledger.hold(call)
    except BudgetHeld:
        step()
        try:
            number = ledger.hold(call)
        except (OverBudget, BudgetHeld):
            return
    except OverBudget:
        return
    step()
    if call.bound == 0:
        ledger.settle(call.key, number, NOTHING_PAID)
        return
    bills.append(BilledCall(call.key, number, call.bound))
    step()
    ledger.settle(call.key, number, Bill(call.bound, "priced"))
