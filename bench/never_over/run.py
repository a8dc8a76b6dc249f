"""The run: put jobs, keep workers at work, kill them, sweep, and check the laws meanwhile and at the end."""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.never_over.biller import BilledCall, read_bills, serve
from bench.never_over.laws import (
    ChargedCall,
    Violation,
    call_witness,
    hear_witness,
    read_charges,
    violations,
    violations_at_the_end,
)
from bench.never_over.places import InFile, Place
from bench.never_over.worker import POINTS, Death, Worker
from cocoai.answer import Books
from cocoai.answer.dead_holds import settle_dead_holds
from cocoai.chatgpt.token_ratio import TokenRatio
from cocoai.engine.process.fork import fork
from cocoai.ledger.caps import Caps
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.money import NANO
from cocoai.ledger.months import Months, read_months
from cocoai.ledger.prices import read_prices
from cocoai.ledger.store import LedgerStore
from cocoai.ledger.tariff import Tariff
from cocoai.slack.model.question import Question
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key

EDGE = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp())
"""The first second of a month in UTC, about which the workers' clocks jump."""

JUMPS = (-10 * 3600, -3600, 3600)
"""Seconds from EDGE to the times that a worker's clock tells, one at random each time it is read.

In Tokyo the month begins nine hours before EDGE, so the zones do not agree on the second one.
"""

ZONES = ("UTC", "Asia/Tokyo")
"""The zones of the workers, in turn: as if the setting were changed again and again."""

PEOPLE, CHANNELS = 5, 3

LONGEST_LIFE = 0.4
"""Seconds after which a worker is killed at the latest that is to be killed wherever it is just then."""

SWEEP_EVERY = 0.5
"""Seconds between two sweeps, and two looks at the laws, while workers are at work."""

Clock = Callable[[], float]


def make_books(store: LedgerStore, folder: str, caps: Caps, months: Months, clock: Clock) -> Books:
    """Return the product's books; all but the ledger lies in `folder`."""
    ledger = Ledger(store, caps, months, clock=clock)
    tariff = Tariff(read_prices(), "https://api.openai.com/v1")
    return Books(ledger, tariff, TokenRatio(os.path.join(folder, "calibration.json")), clock)


@dataclass(frozen=True)
class Shape:
    """The size of a run: `calls` are jobs, of which each pays for a call or a few."""

    processes: int
    calls: int
    kills: int
    caps: Caps
    seed: str


def caps_for(calls: int) -> Caps:
    """Return caps that so many calls reach: all together, some people and some channels."""
    cap = calls * NANO // 9
    return Caps(cap, person=cap // 5, channel=cap * 2 // 5)


@dataclass
class NeverOver:
    """One run in `folder`. `make_books` makes a worker's books, with the ledger in `place`; None is a file in `folder`.

    `killed` counts the kills by the point at which they came, "anywhere" for those from outside. `looks` counts how
    often the laws were checked meanwhile, `swept` the holds that the sweeps have settled.
    """

    folder: Path
    shape: Shape
    make_books: Callable[[LedgerStore, str, Caps, Months, Clock], Books] = make_books
    place: Place | None = None
    violations: list[Violation] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)
    looks: int = 0
    swept: int = 0
    _put: int = 0
    _workers: dict[int, str] = field(default_factory=dict)
    _to_kill: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.shape.seed)
        self._spool = FileSpool(str(self.folder))
        self._months = [read_months(zone, lambda: EDGE) for zone in ZONES]
        self._address, self.bills_file = str(self.folder / "biller"), self.folder / "bills"
        self._place = self.place or InFile(self.folder)
        self._store = self._place.open()
        self._over = self.folder / "over"
        self._plans = self._random.sample(list(range(self.shape.kills)), self.shape.kills)

    def run(self) -> NeverOver:
        """Run to the end, with what the laws say in `violations`, and return this object."""
        self._spool.make_folders()
        self.bills_file.touch()
        call_witness(self._store, self.shape.caps)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self._address)
            listener.listen(64)
            biller = fork(
                lambda: serve(listener, str(self.bills_file), self.shape.seed),
                name="biller",
                keep=frozenset({listener.fileno()}),
                detach=False,
            )
        try:
            self._work()
        finally:
            for pid in (*self._workers, biller):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        self._sweep()
        self.violations += violations_at_the_end(*self._books_now(), self.shape.caps)
        self.violations += hear_witness(self._store)
        return self

    def _work(self) -> None:
        """Keep the workers at work until all jobs have ended."""
        next_sweep = time.monotonic()
        while self._workers or not self._over.exists():
            self._put_jobs()
            self._start_workers()
            self._kill_workers()
            self._reap_workers()
            self._place.disturb(self._put / self.shape.calls)
            if time.monotonic() >= next_sweep:
                next_sweep = time.monotonic() + SWEEP_EVERY
                self._sweep()
                self._look()
            time.sleep(0.002)

    def _put_jobs(self) -> None:
        """Put jobs as long as few wait; a long queue would only cost time."""
        missing = 3 * self.shape.processes - len(self._spool.keys("ready"))
        for _ in range(min(missing, self.shape.calls - self._put)):
            self._put += 1
            at, channel = f"{self._put}.000100", f"C{self._random.randrange(CHANNELS)}"
            asker = f"U{self._random.randrange(PEOPLE)}"
            question = Question("mention", channel, at, at, asker, "T0", "how much?", f"Ev{self._put}", 0)
            self._spool.put(Key.parse(question.key), question.facts())
        if self._put == self.shape.calls:
            self._over.touch()

    def _start_workers(self) -> None:
        """Start as many workers as are missing, unless nothing is left to do."""
        while len(self._workers) < self.shape.processes and not (self._over.exists() and not self._spool.keys("ready")):
            point, death = "", Death()
            if self._plans:
                number = self._plans.pop()
                # Half of them die at each of the points in turn, the others wherever they are when their time comes.
                point = POINTS[number // 2 % len(POINTS)] if number % 2 else "anywhere"
                death = Death(point, self._random.randint(1, 2))
            months = self._months[len(self._workers) % len(self._months)]
            pid = fork(partial(self._run_worker, months, death), name="worker", detach=False)
            self._workers[pid] = point
            if point == "anywhere":
                self._to_kill[pid] = time.monotonic() + self._random.uniform(0, LONGEST_LIFE)

    def _run_worker(self, months: Months, death: Death) -> None:
        books = self._books(months, self._place.open())
        Worker(str(self.folder), books, self._address, death=death, is_over=self._over.exists).run()

    def _books(self, months: Months, store: LedgerStore) -> Books:
        jumps = random.Random()

        def clock() -> float:
            return EDGE + jumps.choice(JUMPS)

        return self.make_books(store, str(self.folder), self.shape.caps, months, clock)

    def _kill_workers(self) -> None:
        for pid, at in list(self._to_kill.items()):
            if time.monotonic() >= at:
                os.kill(pid, signal.SIGKILL)
                del self._to_kill[pid]

    def _reap_workers(self) -> None:
        """Count the workers that were killed. Raise RuntimeError if one has ended by an error."""
        for pid, point in list(self._workers.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._workers[pid]
                self._to_kill.pop(pid, None)
                code = os.waitstatus_to_exitcode(status)
                if code == -signal.SIGKILL:
                    self.killed[point] += 1
                elif code:
                    raise RuntimeError(f"a worker has ended with {code}")

    def _sweep(self) -> None:
        """Settle the holds of dead workers, beside the living ones, as the hourly sweep does."""
        self.swept += settle_dead_holds(self._spool, self._books(self._months[0], self._store))

    def _look(self) -> None:
        """Check the laws as they must hold at every moment."""
        self.looks += 1
        self.violations += violations(*self._books_now(), self.shape.caps)

    def _books_now(self) -> tuple[list[ChargedCall], list[BilledCall]]:
        """Return the ledger's charges and the biller's bills; those are read first, since every bill has its charge."""
        bills = read_bills(str(self.bills_file))
        return read_charges(self._store), bills

    def figures(self) -> dict[str, str]:
        """Return the figures of a run that is over, by their names."""
        charges, bills = self._books_now()
        hows = Counter(str(charge.how) for charge in charges)
        spent = sum(charge.spent or 0 for charge in charges)
        months = sorted({charge.month for charge in charges})
        billed = sum(bill.amount for bill in bills)
        return {
            "jobs": str(self._put),
            "of these, refused for a cap": str(len(self._spool.keys("failed"))),
            "charges": str(len(charges)),
            **{f"of these, {how}": str(count) for how, count in sorted(hows.items())},
            "requests billed": str(len(bills)),
            "billed (nano-dollars)": f"{billed:,}",
            "spent by the ledger": f"{spent:,}",
            "more than billed (%)": f"{100 * (spent - billed) / max(1, billed):.2f}",
            "the cap, in each of these months": f"{self.shape.caps.team:,} {' '.join(months)}",
            "kills": str(self.killed.total()),
            **{f"killed {point}": str(count) for point, count in sorted(self.killed.items())},
            "kills of the server": str(self._place.kills),
            "holds settled by the sweep": str(self.swept),
            "looks at the laws meanwhile": str(self.looks),
            "holds open at the end": str(sum(charge.spent is None for charge in charges)),
            "laws broken": str(len(self.violations)),
        }
