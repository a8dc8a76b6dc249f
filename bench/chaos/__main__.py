"""Chaos: run the production shape for N seconds under faults of all kinds; count what is lost, doubled or taken away.

    python -m bench.chaos --seconds 1800              a fresh seed, which is printed
    python -m bench.chaos --seconds 60 --seed 17      the same choices again (the machine's own timing differs)
    python -m bench.chaos --seconds 1800 --store mariadb --machines 3

nginx, supervisor and the pool stand between the practice Slack, which redelivers, and the practice OpenAI, which fails
now and then. One person asks most of the questions. Meanwhile job processes, workers, the master and nginx are killed,
reloaded and restarted, and all of them together are stopped and started as systemd does it; locks are held and moved,
done/ refuses jobs, Slack limits a channel, and as root the disk is full now and then (`var` is a small tmpfs in a mount
namespace of our own). Then every fault is undone, and the stack is left alone until it is idle. The exit status is 1 if
an accepted question was neither answered nor reported as failed, if anything was posted twice, if an answer that stood
was taken away, if a question was paid for more than twice each time that it was asked, if a picture that was recorded
does not stand once in its thread, is paid again, or is left on the disk, if a job of any kind is left in ready/, or if
the ledger does not agree with the practice OpenAI's own books: one charge for each paid request, none below what was
billed, and no hold left open once it is swept.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from bench.chaos import left_jobs, processes, report
from bench.chaos.channel_limits import ChannelLimits
from bench.chaos.clicks import ClickLoad
from bench.chaos.faults import FaultInjector, InjectedFault
from bench.chaos.history import History
from bench.chaos.ledger import Account, Ledger
from bench.chaos.load import CHANNELS, CROWD, DIRECT, QuestionLoad
from bench.chaos.money import MoneyAccount
from bench.chaos.order import out_of_order
from bench.chaos.own_disk import enter_own_mounts
from bench.chaos.pictures import NO_RECORD, JobRecord
from bench.chaos.rooms import Room
from bench.chaos.setup import Setup, clear_faults, on_files, on_mariadb
from bench.chaos.stack import Stack
from bench.never_over.laws import read_charges
from cocoai.ledger.money import NANO
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import NoSuchJob

LONGEST = 24 * 3600
"""Seconds that a run may last at most."""

MOST_MACHINES = 9

LOOK = 0.5
"""Seconds behind which a room has looked again."""

PROGRESS = 60.0
"""Seconds between two lines of progress."""

CLICKS_AFTER = 10.0
"""Seconds for which buttons are still clicked once all faults are undone, while the backlog is answered.

In a short run there may be no answers to click before.
"""

MOST_AFTER = 120.0
"""Seconds for which it goes on where some button was not clicked yet: the machine is busy."""

QUIET = 330.0
"""Seconds, after a job has ended, until the next one must: a job may wait 300 s before it is tried again."""

LEAVE = 20.0
"""Seconds that job processes may take to end once the pool has stopped."""

CAP = 10 * NANO
"""The nano-dollars that may be spent in a month by default, far more than a run costs."""


def main() -> int:
    """Run once and return the exit status: 0 if no question went wrong."""
    parser = argparse.ArgumentParser(
        prog="bench.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="how long faults are injected (default 60)")
    parser.add_argument("--seed", help="of every random choice; a fresh one is drawn and printed if it is not given")
    parser.add_argument("--store", choices=("files", "mariadb"), default="files")
    parser.add_argument("--machines", type=int, default=3, help="that share the database (default 3)")
    arguments = parser.parse_args()
    enter_own_mounts()
    signal.signal(signal.SIGTERM, _exit_on_signal)
    seed = arguments.seed or secrets.token_hex(4)
    seconds = min(arguments.seconds, LONGEST)
    is_shared = arguments.store == "mariadb"
    print(f"chaos: seed {seed}, {seconds:g} s", f"on {arguments.store}" if is_shared else "", flush=True)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="c-", ignore_cleanup_errors=True)))
        run_id = secrets.token_hex(8)
        most = min(max(arguments.machines, 1), MOST_MACHINES)
        setup = on_mariadb(folder, seconds, run_id, most) if is_shared else on_files(folder, seconds, run_id)
        return ChaosRun(folder, setup, run_id, seed, seconds).run()


def _exit_on_signal(number: int, _: object) -> None:
    """Exit as a shell reports a process that a signal ended; the stack is taken down on the way."""
    sys.exit(128 + number)


class ChaosRun:
    """One run: how its stack is set up, the seed of its choices, and the figures that it notes.

    `folder` holds what must outlive each `var`: logs and certificates.
    """

    def __init__(
        self, folder: Path, setup: AbstractContextManager[Setup], run_id: str, seed: str, seconds: float
    ) -> None:
        self._folder = folder
        self._setup = setup
        self._seed = seed
        self._seconds = seconds
        self._run_id = run_id
        self._ledger = Ledger()
        self._notes: dict[str, object] = {"seed": seed, "seconds": f"{seconds:g}"}

    def run(self) -> int:
        """Run to the end, print the report, and return the exit status."""
        try:
            with self._setup as setup:
                stack, room = setup.stack, setup.stack.room
                logs = report.Logs(setup.log_folders, self._folder / "kept")
                history = History(stack.slack.workspace)
                faults, counts = self._inject_faults(setup, logs)
                left_in_ready = room.left(self._run_id)
                accounts = self._accounts(stack, history)
                disorder = list(out_of_order(accounts, room.seen_at))
                money = self._money(stack)
                left_files = room.left_files()
                is_wrong = any(account.is_wrong for account in accounts)
                is_wrong |= bool(money.faults or left_files or left_in_ready or disorder)
                # The evidence is collected while the stack is up: part of it lies in the practice servers.
                evidence = list(report.evidence(accounts, room.lines, stack.slack.deliveries, faults, logs))
                evidence += left_jobs.evidence(left_in_ready, logs)
                if is_wrong:
                    self._keep_evidence(room)
        finally:
            left = processes.wait_for_none(self._run_id, LEAVE)
        self._notes["files in ready/"] = len(left_in_ready)
        self._notes["files in files/"] = len(left_files)
        self._notes["processes left behind"] = len(left)
        wrong = {"out of order": len(disorder)}
        print_table({**report.figures(accounts, CROWD), **wrong, **money.figures, **counts, **self._notes})
        told = [*money.faults[: report.MOST_SHOWN], *disorder[: report.MOST_SHOWN]]
        print("\n".join([*evidence, *told, *(f"left: {name}" for name in left_files)]))
        return int(is_wrong)

    def _inject_faults(self, setup: Setup, logs: report.Logs) -> tuple[list[InjectedFault], dict[str, int]]:
        """Put load on the stack and inject faults for the run's time, then wait until it is idle.

        Return the faults, and how many there were of each kind.
        """
        stack = setup.stack
        may_mount = all(os.path.ismount(machine.var) for machine in stack.machines)
        if not may_mount:
            print(
                "chaos: neither full disk nor mount in this run: they need root and a file system of its own",
                flush=True,
            )
        over = threading.Event()
        limits = ChannelLimits(stack.slack, (*CHANNELS, DIRECT), over)
        kinds = {**setup.kinds(over, may_mount=may_mount), **limits.kinds()}
        injector = FaultInjector(kinds, self._seed, over)
        questions = QuestionLoad(stack, self._ledger, random.Random(f"{self._seed} askers"))
        clicks = ClickLoad(stack, self._ledger, random.Random(f"{self._seed} clickers"))
        with contextlib.ExitStack() as ends:  # in reverse order: the faults end first, the clicks last
            clicks.start()
            ends.callback(clicks.end)
            ends.callback(clicks.wait_for_each_kind, MOST_AFTER)
            ends.callback(time.sleep, CLICKS_AFTER)
            ends.callback(clear_faults, stack)
            questions.start()
            ends.callback(questions.end)
            injector.start()
            ends.callback(injector.end)
            self._report_progress(injector, logs)
        self._notes["given up by supervisord"] = ", ".join(setup.revive()) or "nothing"
        self._wait_until_idle(stack, logs)
        return injector.faults, {f"injected: {kind}": count for kind, count in injector.counts().items()}

    def _report_progress(self, injector: FaultInjector, logs: report.Logs) -> None:
        """Keep the logs and print a line of progress now and then, until the run's time is over."""
        deadline = time.monotonic() + self._seconds
        printed_at = time.monotonic()
        while (now := time.monotonic()) < deadline:
            logs.keep()
            if now - printed_at > PROGRESS:
                printed_at = now
                print(f"chaos: {len(self._ledger.questions)} asked, {len(injector.faults)} faults", flush=True)
            time.sleep(min(0.5, max(0.0, deadline - now)))

    def _wait_until_idle(self, stack: Stack, logs: report.Logs) -> None:
        """Wait until nothing is waiting, under way or to be delivered again, or no job has ended for `QUIET` s."""
        began = last_end = time.monotonic()
        waiting: set[str] = set()
        while time.monotonic() < last_end + QUIET:
            logs.keep()
            before, waiting = waiting, stack.room.waiting()
            last_end = last_end if before <= waiting else time.monotonic()
            with contextlib.suppress(TimeoutError):
                stack.slack.wait_for_deliveries(1.0)
                time.sleep(LOOK)  # what has come by the last of them is seen by then
                if not stack.room.waiting() and not processes.jobs(self._run_id):
                    break
            time.sleep(0.2)
        logs.keep()
        self._notes["quiet after (s)"] = f"{time.monotonic() - began:.1f}"
        self._notes["files in tmp/"] = stack.room.half_stored()

    def _accounts(self, stack: Stack, history: History) -> list[Account]:
        def job(key: str) -> JobRecord:
            try:
                return JobRecord(*stack.room.spool.find(Key.parse(key)))
            except NoSuchJob:
                return NO_RECORD

        slack = stack.slack
        return self._ledger.accounts(slack.deliveries, stack.openai.requests, slack.thread, history.of, job)

    def _money(self, stack: Stack) -> MoneyAccount:
        """Sweep the ledger as it is swept each hour, and return what it and the practice OpenAI say."""
        stack.room.settle()
        charges = read_charges(stack.room.ledger)
        bills = [bill.nano_dollars for bill in stack.openai.bills]
        places = self._ledger.numbers()
        numbers = {charge.key: places.get(place_of(stack.room.spool, charge.key)) for charge in charges}
        return MoneyAccount(charges, bills, self._ledger.paid(stack.openai.requests), numbers, CAP)

    def _keep_evidence(self, room: Room) -> None:
        """Copy spool, ledger and logs into a folder that outlives the run, and print its path."""
        kept = Path(tempfile.mkdtemp(prefix=f"chaos-{self._seed}-"))
        room.save(kept)
        shutil.copytree(self._folder / "kept", kept / "log")
        print(f"\nspool, ledger and logs are kept in {kept}")


def place_of(spool: Spool, key: str) -> tuple[str, str]:
    """Return the channel and the ts of the message that a job answers, by the job: a click may have asked again."""
    question = spool.find(Key.parse(key))[1][0]
    return question["channel"], question["again"] or question["ts"]


def print_table(figures: Mapping[str, object]) -> None:
    """Print a line for each figure: its name and its value."""
    for name, value in figures.items():
        print(f"  {name:46} {value!s:>10}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
