"""What may happen to a machine in production, each with questions in the making and an event each tenth of a second."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.production.flow import Flow
from bench.production.machine import CHECKOUT, PATIENCE, Machine

IN_THE_MAKING = 4
"""Answers that are being written when it happens: as many as there are slots by default."""

LATER = 3
"""Questions that are asked right after it."""


@dataclass(frozen=True)
class Row:
    """What an event has cost.

    `lost` and `doubled` are questions; `paid_twice` are requests to the model beyond one a question; `refused` are
    events of the flow without a 200, `slowest` the longest that one of the others took, and `gap` the longest time in
    which none was accepted, in seconds.
    """

    lost: int
    doubled: int
    paid_twice: int
    refused: int
    slowest: float
    gap: float

    def line(self, name: str) -> str:
        """Return the row of a table."""
        counts = f"{self.lost:>6}{self.doubled:>9}{self.paid_twice:>12}{self.refused:>9}"
        return f"{name:<44}{counts}{self.slowest:>9.2f}{self.gap:>7.1f}"


HEADINGS = f"{'what happens':<44}{'lost':>6}{'doubled':>9}{'paid twice':>12}{'refused':>9}{'slowest':>9}{'gap':>7}"


def happen(machine: Machine, event: Callable[[Machine], None]) -> Row:
    """Let something happen while answers are in the making and events come, and count what it has cost."""
    trusted = machine.folder / f"{machine.domain}.pem"
    paid = len(machine.openai.requests)
    with Flow(machine.domain, machine.slack.signing_secret, str(trusted)) as flow:
        questions = [machine.ask(number) for number in range(IN_THE_MAKING)]
        machine.slack.wait_for(lambda: all(map(machine.placeholders, questions)) or None, PATIENCE)
        time.sleep(1)
        event(machine)
        questions += [machine.ask(number) for number in range(LATER)]
        deadline = time.monotonic() + PATIENCE
        while not all(map(machine.answers, questions)) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1)  # for what would come twice
    counts = [len(machine.answers(question)) for question in questions]
    requests = len(machine.openai.requests) - paid
    return Row(
        counts.count(0),
        sum(1 for count in counts if count > 1),
        max(0, requests - len(questions)),
        flow.refused(),
        flow.slowest(),
        flow.gap(),
    )


def kill(service: str, words: str) -> Callable[[Machine], None]:
    """Return an event: kill -9 of the first process of a service in whose name or command line stand `words`."""

    def event(machine: Machine) -> None:
        process = next(each for each in machine.root.memory(service) if words in f"{_name(each.pid)} {each.command}")
        os.kill(process.pid, signal.SIGKILL)

    return event


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def plug(machine: Machine) -> None:
    """Pull the plug, and boot again."""
    machine.root.pull_plug()
    machine.root.boot()


def reboot(machine: Machine) -> None:
    """Boot again in order."""
    machine.root.reboot()


def typed(command: str) -> Callable[[Machine], None]:
    """Return an event: a command is typed."""

    def event(machine: Machine) -> None:
        machine.type(command)

    return event


def upgrade(machine: Machine) -> None:
    """Install a later version, which the operator has fetched: the same, with another commit."""
    clone = machine.folder / "later"
    subprocess.run(["rm", "-rf", str(clone)], check=True)
    subprocess.run(["git", "clone", "-q", str(CHECKOUT), str(clone)], check=True)
    version = clone / "cocoai" / "__init__.py"
    version.write_text(version.read_text() + "\n# later\n")
    author = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    subprocess.run(["git", "-C", str(clone), *author, "commit", "-qam", "later"], check=True)
    machine.copy_checkout(clone)
    machine.type("cocoai/bin/install --yes")


def rollback(machine: Machine) -> None:
    """Go back to the version before."""
    machine.type("cocoai/bin/install --rollback")
