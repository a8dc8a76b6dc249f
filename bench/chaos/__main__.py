"""Chaos: the production shape, killed at random for N seconds; then counted whether anything is lost or said twice.

    python -m bench.chaos --seconds 1800              a fresh seed, which is printed
    python -m bench.chaos --seconds 60 --seed 17      the same choices again (the machine's own timing differs)

nginx, supervisor and the pool stand between the practice Slack, which redelivers, and the practice OpenAI, which has
bad days. Meanwhile job processes, workers, the master and nginx are killed, reloaded and restarted; as root, the disk
is full now and then (`var` is a small tmpfs in a mount namespace of our own). Then all is mended and left alone until
it is quiet. Exit 1 if anything accepted was neither answered nor told that it failed, or anything was said twice.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.chaos import processes, report
from bench.chaos.askers import Askers
from bench.chaos.clickers import Clickers
from bench.chaos.ledger import Account, Ledger, answer_to
from bench.chaos.mischief import Deed, Mischief
from cocoai.rehearsal.certificates import Certificates, make
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from tests.house import House, house

LONGEST = 24 * 3600

RETRY_WAITS = (0.0, 1.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""Slack's redeliveries, made quicker; the later ones play its hourly Delayed Events."""

QUIET = 200.0
"""Seconds that the stack may take to come to rest: OpenAI is asked again after 120."""

LEAVE = 20.0
"""Seconds that job processes may take to leave once the pool has stopped."""

SETTINGS = {
    "COCOAI_OPENAI_FIRST_WORD_TIMEOUT": "5",
    "COCOAI_OPENAI_SILENCE_TIMEOUT": "5",
    "COCOAI_OPENAI_MAX_OUTPUT_TOKENS": "9000",
    "COCOAI_SLACK_UPDATE_INTERVAL": "0.5",
    "COCOAI_SLACK_FORMAT": "mrkdwn",  # in it a message's text says all that the message shows
}

OWN_MOUNTS = "CHAOS_OWN_MOUNTS"
"""Set in the environment once we are in a mount namespace of our own: nothing has to be unmounted, however we end."""


def main() -> int:
    """0: nothing lost, nothing twice."""
    parser = argparse.ArgumentParser(
        prog="bench.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="how long things die (default 60)")
    parser.add_argument("--seed", help="of every random choice; a fresh one is drawn and printed if it is not given")
    given = parser.parse_args()
    enter_own_mounts()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = given.seed or secrets.token_hex(4)
    print(f"chaos: seed {seed}, {given.seconds:g} s", flush=True)
    seconds = min(given.seconds, LONGEST)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="c-", ignore_cleanup_errors=True)))
        return Run(folder, stack.enter_context(disk(folder, seconds)), seed, seconds).run()


def enter_own_mounts() -> None:
    """As root: begin again in a mount namespace that ends with us, if the system lets us have one."""
    if os.geteuid() != 0 or OWN_MOUNTS in os.environ or not shutil.which("unshare"):
        return
    unshare = ["unshare", "--mount", "--"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0:
        os.environ[OWN_MOUNTS] = "yes"
        os.execvp(unshare[0], [*unshare, sys.executable, "-m", "bench.chaos", *sys.argv[1:]])


@contextlib.contextmanager
def disk(folder: Path, seconds: float) -> Iterator[Path]:
    """`var`, on a small disk of its own if we may mount one; its logs lie outside, for they are evidence."""
    var, log = folder / "var", folder / "log"
    var.mkdir(mode=0o700)
    log.mkdir(mode=0o700)
    # A question takes a block or two for as long as done/ remembers it.
    size = int(48 + seconds * 6 * 12 / 1024)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=0700", "chaos", str(var)]
    mounted = OWN_MOUNTS in os.environ and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    (var / "log").symlink_to(log)
    try:
        yield var
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(var)], check=False)


class Run:
    """One run, in `folder`, with the stack's `var` there."""

    def __init__(self, folder: Path, var: Path, seed: str, seconds: float) -> None:
        self._folder = folder
        self._var = var
        self._seed = seed
        self._seconds = seconds
        self._mark = secrets.token_hex(8)
        self._ledger = Ledger()
        self._notes: dict[str, object] = {"seed": seed, "seconds": f"{seconds:g}"}

    def run(self) -> int:
        """The exit status."""
        certificates = make(self._folder / "certificates")
        manner = SlackSwitches(retry_waits=RETRY_WAITS)
        settings: Mapping[str, str] = SETTINGS | {processes.MARK: self._mark}
        try:
            with house(self._var, certificates, manner=manner, openai=model, **settings) as built:
                logs = report.Logs(self._folder / "log", self._folder / "kept")
                deeds, kills = self._suffer(built, logs)
                accounts = self._accounts(built)
                wrong = any(account.is_wrong for account in accounts)
                told = list(report.evidence(accounts, built, built.slack.deliveries, deeds, logs)) if wrong else []
        finally:
            left = processes.wait_for_none(self._mark, LEAVE)
        self._notes["processes left behind"] = len(left)
        print_table({**report.figures(accounts), **kills, **self._notes})
        print("\n".join(told))
        if wrong:
            self._keep()
        return int(wrong)

    def _suffer(self, built: House, logs: report.Logs) -> tuple[list[Deed], dict[str, int]]:
        mounted = os.path.ismount(self._var)
        if not mounted:
            print("chaos: no full disk in this run: that needs root and a file system of its own", flush=True)
        mischief = Mischief(built, self._mark, self._seed, ballast=self._var / "ballast" if mounted else None)
        askers = Askers(built, self._ledger, random.Random(f"{self._seed} askers"))
        clickers = Clickers(built, self._ledger, random.Random(f"{self._seed} clickers"))
        try:
            askers.start()
            clickers.start()
            mischief.start()
            deadline = time.monotonic() + self._seconds
            said = time.monotonic()
            while (now := time.monotonic()) < deadline:
                logs.keep()
                if now - said > 60:
                    said = now
                    print(f"chaos: {len(self._ledger.questions)} asked, {len(mischief.deeds)} deeds", flush=True)
                time.sleep(min(0.5, max(0.0, deadline - now)))
        finally:
            askers.end()
            clickers.end()
            mischief.end()
        built.slack.clear_faults()
        built.openai.clear_faults()
        built.slack.switches.repeat, built.slack.switches.latency = 0, 0.0
        self._notes["given up by supervisord"] = ", ".join(mischief.revive()) or "nothing"
        self._rest(built, logs)
        return mischief.deeds, {f"done to it: {kind}": count for kind, count in mischief.counts().items()}

    def _rest(self, built: House, logs: report.Logs) -> None:
        """Leave it alone until nothing is waiting, under way or to be sent again."""
        began = time.monotonic()
        while time.monotonic() < began + QUIET:
            logs.keep()
            with contextlib.suppress(TimeoutError):
                built.slack.wait_for_deliveries(1.0)
                if not self._waiting("ready") and not processes.jobs(self._mark):
                    break
            time.sleep(0.2)
        logs.keep()
        self._notes["quiet after (s)"] = f"{time.monotonic() - began:.1f}"
        self._notes["files in ready/"] = self._waiting("ready")
        self._notes["files in tmp/"] = self._waiting("tmp")

    def _waiting(self, folder: str) -> int:
        return len(os.listdir(self._var / "spool" / folder))

    def _accounts(self, built: House) -> list[Account]:
        return self._ledger.accounts(built.slack.deliveries, built.openai.requests, built.slack.thread)

    def _keep(self) -> None:
        """Lay spool and logs where they outlast us."""
        kept = Path(tempfile.mkdtemp(prefix=f"chaos-{self._seed}-"))
        shutil.copytree(self._var / "spool", kept / "spool")
        shutil.copytree(self._folder / "kept", kept / "log")
        print(f"\nspool and logs are kept in {kept}")


def model(certificates: Certificates) -> PracticeOpenAI:
    """A model that writes each question its own answer, in three quick pieces."""
    return PracticeOpenAI(certificates, switches=Model(first_delay=0.05, piece_delay=0.05, pieces=3, answer=answer_to))


def print_table(figures: Mapping[str, object]) -> None:
    for name, value in figures.items():
        print(f"  {name:34} {value!s:>10}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
