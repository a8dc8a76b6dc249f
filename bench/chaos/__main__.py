"""Chaos: run the production shape for N seconds under faults of all kinds; count what is lost, doubled or taken away.

    python -m bench.chaos --seconds 1800              a fresh seed, which is printed
    python -m bench.chaos --seconds 60 --seed 17      the same choices again (the machine's own timing differs)

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
from pathlib import Path

from bench.chaos import left_jobs, processes, report
from bench.chaos.channel_limits import ChannelLimits
from bench.chaos.clicks import ClickLoad
from bench.chaos.disk_faults import DiskFaults
from bench.chaos.faults import FaultInjector, InjectedFault
from bench.chaos.history import History
from bench.chaos.ledger import Account, Ledger
from bench.chaos.load import CHANNELS, CROWD, DIRECT, QuestionLoad
from bench.chaos.money import MoneyAccount
from bench.chaos.own_disk import disk, enter_own_mounts
from bench.chaos.pictures import NO_RECORD, JobRecord
from bench.chaos.pool_faults import PoolFaults
from bench.chaos.questions import answer_to, number_of_clip, question_text
from bench.never_over.laws import read_charges
from cocoai.answer.dead_holds import settle_dead_holds
from cocoai.ledger import database
from cocoai.ledger.money import NANO
from cocoai.rehearsal.certificates import Certificates, make
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.spool.files import owner_of
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import NoSuchJob
from tests.books import books
from tests.deployment import Deployment, deploy

LONGEST = 24 * 3600
"""Seconds that a run may last at most."""

PROGRESS = 60.0
"""Seconds between two lines of progress."""

RETRY_WAITS = (0.0, 1.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""Seconds before each of Slack's redeliveries, made shorter; the later ones stand for its hourly Delayed Events."""

CLICKS_AFTER = 10.0
"""Seconds for which buttons are still clicked once all faults are undone, while the backlog is answered.

In a short run there may be no answers to click before.
"""

QUIET = 330.0
"""Seconds, after a job has ended, until the next one must: a job may wait 300 s before it is tried again."""

LEAVE = 20.0
"""Seconds that job processes may take to end once the pool has stopped."""

CAP = 10 * NANO
"""The nano-dollars that may be spent in a month by default, far more than a run costs."""

SETTINGS = {
    "COCOAI_BUDGET_QUESTIONS_PER_MINUTE": "0",  # one person asks more than anybody may
    "COCOAI_OPENAI_FIRST_WORD_TIMEOUT": "5",
    "COCOAI_OPENAI_SILENCE_TIMEOUT": "5",
    "COCOAI_OPENAI_MAX_OUTPUT_TOKENS": "9000",
    "COCOAI_SLACK_FOLLOW_UPS": "answered",  # whoever speaks: what is lost or doubled is no matter of manners
    "COCOAI_SLACK_UPDATE_INTERVAL": "0.5",
    "COCOAI_SLACK_FORMAT": "mrkdwn",  # in this format the text holds everything that the message shows
    "COCOAI_IMAGES_USE": "on",
    "COCOAI_IMAGES_PER_PERSON_A_DAY": "0",
    "COCOAI_IMAGES_TOTAL_TIMEOUT": "5",
    "COCOAI_SPEECH_USE": "model",
    "COCOAI_SPEECH_MINUTES_A_DAY": "0",
}


def main() -> int:
    """Run once and return the exit status: 0 if no question went wrong."""
    parser = argparse.ArgumentParser(
        prog="bench.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="how long faults are injected (default 60)")
    parser.add_argument("--seed", help="of every random choice; a fresh one is drawn and printed if it is not given")
    arguments = parser.parse_args()
    enter_own_mounts()
    signal.signal(signal.SIGTERM, _exit_on_signal)
    seed = arguments.seed or secrets.token_hex(4)
    print(f"chaos: seed {seed}, {arguments.seconds:g} s", flush=True)
    seconds = min(arguments.seconds, LONGEST)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="c-", ignore_cleanup_errors=True)))
        return ChaosRun(folder, stack.enter_context(disk(folder, seconds)), seed, seconds).run()


def _exit_on_signal(number: int, _: object) -> None:
    """Exit as a shell reports a process that a signal ended; the stack is taken down on the way."""
    sys.exit(128 + number)


class ChaosRun:
    """One run: the stack's `var`, the seed of its choices, and the figures that it notes.

    `folder` holds what must outlive `var`: logs and certificates.
    """

    def __init__(self, folder: Path, var: Path, seed: str, seconds: float) -> None:
        self._folder = folder
        self._var = var
        self._seed = seed
        self._seconds = seconds
        self._run_id = secrets.token_hex(8)
        self._ledger = Ledger()
        self._notes: dict[str, object] = {"seed": seed, "seconds": f"{seconds:g}"}

    def run(self) -> int:
        """Run to the end, print the report, and return the exit status."""
        certificates = make(self._folder / "certificates")
        manner = SlackSwitches(retry_waits=RETRY_WAITS)
        settings: Mapping[str, str] = SETTINGS | {processes.RUN_ID: self._run_id}
        try:
            with deploy(self._var, certificates, manner=manner, openai=model, **settings) as built:
                logs = report.Logs(self._folder / "log", self._folder / "kept")
                history = History(built.slack.workspace)
                faults, counts = self._inject_faults(built, logs)
                left_in_ready = left_jobs.left_jobs(self._var / "spool" / "ready", self._run_id, time.time())
                accounts = self._accounts(built, history)
                money = self._money(built)
                left_files = self._left_files(built)
                is_wrong = any(account.is_wrong for account in accounts)
                is_wrong |= bool(money.faults or left_files or left_in_ready)
                # The evidence is collected while the stack is up: part of it lies in the practice servers.
                evidence = list(report.evidence(accounts, built, built.slack.deliveries, faults, logs))
                evidence += left_jobs.evidence(left_in_ready, logs)
        finally:
            left = processes.wait_for_none(self._run_id, LEAVE)
        self._notes["files in ready/"] = len(left_in_ready)
        self._notes["files in files/"] = len(left_files)
        self._notes["processes left behind"] = len(left)
        print_table({**report.figures(accounts, CROWD), **money.figures, **counts, **self._notes})
        print("\n".join([*evidence, *money.faults[: report.MOST_SHOWN], *(f"left: {name}" for name in left_files)]))
        if is_wrong:
            self._keep_evidence()
        return int(is_wrong)

    def _inject_faults(self, built: Deployment, logs: report.Logs) -> tuple[list[InjectedFault], dict[str, int]]:
        """Put load on the stack and inject faults for the run's time, then wait until it is idle.

        Return the faults, and how many there were of each kind.
        """
        may_mount = os.path.ismount(self._var)
        if not may_mount:
            print(
                "chaos: neither full disk nor mount in this run: they need root and a file system of its own",
                flush=True,
            )
        over = threading.Event()
        pool = PoolFaults(built, self._run_id, over)
        disk_faults = DiskFaults(self._var, over, may_mount=may_mount)
        limits = ChannelLimits(built.slack, (*CHANNELS, DIRECT), over)
        injector = FaultInjector(pool.kinds() | disk_faults.kinds() | limits.kinds(), self._seed, over)
        questions = QuestionLoad(built, self._ledger, random.Random(f"{self._seed} askers"))
        clicks = ClickLoad(built, self._ledger, random.Random(f"{self._seed} clickers"))
        with contextlib.ExitStack() as ends:  # in reverse order: the faults end first, the clicks last
            clicks.start()
            ends.callback(clicks.end)
            ends.callback(time.sleep, CLICKS_AFTER)
            ends.callback(clear_faults, built)
            questions.start()
            ends.callback(questions.end)
            injector.start()
            ends.callback(injector.end)
            self._report_progress(injector, logs)
        self._notes["given up by supervisord"] = ", ".join(pool.revive()) or "nothing"
        self._wait_until_idle(built, logs)
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

    def _wait_until_idle(self, built: Deployment, logs: report.Logs) -> None:
        """Wait until nothing is waiting, under way or to be delivered again, or no job has ended for `QUIET` s."""
        began = last_end = time.monotonic()
        waiting: set[str] = set()
        while time.monotonic() < last_end + QUIET:
            logs.keep()
            before, waiting = waiting, self._names("ready")
            last_end = last_end if before <= waiting else time.monotonic()
            with contextlib.suppress(TimeoutError):
                built.slack.wait_for_deliveries(1.0)
                if not self._names("ready") and not processes.jobs(self._run_id):
                    break
            time.sleep(0.2)
        logs.keep()
        self._notes["quiet after (s)"] = f"{time.monotonic() - began:.1f}"
        self._notes["files in tmp/"] = len(self._names("tmp"))

    def _names(self, folder: str) -> set[str]:
        return set(os.listdir(self._var / "spool" / folder))

    def _accounts(self, built: Deployment, history: History) -> list[Account]:
        def job(key: str) -> JobRecord:
            try:
                return JobRecord(*built.spool.find(Key.parse(key)))
            except NoSuchJob:
                return NO_RECORD

        return self._ledger.accounts(built.slack.deliveries, built.openai.requests, built.slack.thread, history.of, job)

    def _left_files(self, built: Deployment) -> list[str]:
        """Sweep the spool as it is swept each hour, and return what is left of files that no job needs any more."""
        built.spool.sweep()
        return sorted(name for name in self._names("files") if str(owner_of(name)) not in self._names("failed"))

    def _money(self, built: Deployment) -> MoneyAccount:
        """Sweep the ledger as it is swept each hour, and return what it and the practice OpenAI say."""
        settle_dead_holds(built.spool, books(self._var))
        charges = read_charges(database.SqliteStore(os.path.join(self._var, database.FILE)))
        bills = [bill.nano_dollars for bill in built.openai.bills]
        places = self._ledger.numbers()
        numbers = {charge.key: places.get(place_of(built.spool, charge.key)) for charge in charges}
        return MoneyAccount(charges, bills, self._ledger.paid(built.openai.requests), numbers, CAP)

    def _keep_evidence(self) -> None:
        """Copy spool, ledger and logs into a folder that outlives the run, and print its path."""
        kept = Path(tempfile.mkdtemp(prefix=f"chaos-{self._seed}-"))
        shutil.copytree(self._var / "spool", kept / "spool")
        shutil.copy(self._var / database.FILE, kept)
        shutil.copytree(self._folder / "kept", kept / "log")
        print(f"\nspool, ledger and logs are kept in {kept}")


def place_of(spool: Spool, key: str) -> tuple[str, str]:
    """Return the channel and the ts of the message that a job answers, by the job: a click may have asked again."""
    question = spool.find(Key.parse(key))[1][0]
    return question["channel"], question["again"] or question["ts"]


def model(certificates: Certificates) -> PracticeOpenAI:
    """Make a practice OpenAI that answers each question with an answer of its own, in three quick pieces.

    In a clip it hears the question of the clip's number.
    """
    switches = Model(first_delay=0.05, piece_delay=0.05, pieces=3, answer=answer_to)
    switches.heard = lambda sound: question_text(number_of_clip(sound.size))
    return PracticeOpenAI(certificates, switches=switches)


def clear_faults(built: Deployment) -> None:
    """Let the practice Slack and OpenAI work without faults, latency and needless redeliveries from now on."""
    built.slack.clear_faults()
    built.openai.clear_faults()
    built.slack.switches.repeat, built.slack.switches.latency = 0, 0.0
    built.slack.switches.share_delay = 0.3


def print_table(figures: Mapping[str, object]) -> None:
    """Print a line for each figure: its name and its value."""
    for name, value in figures.items():
        print(f"  {name:46} {value!s:>10}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
