"""What a run is done to, set up: one machine on files, or several on MariaDB, each `var` on a small disk of its own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from bench.chaos import processes
from bench.chaos.disk_faults import DiskFaults
from bench.chaos.faults import FaultKind
from bench.chaos.own_disk import disk
from bench.chaos.pool_faults import PoolFaults
from bench.chaos.questions import answer_to, number_of_clip, question_text
from bench.chaos.rooms import FileRoom
from bench.chaos.stack import Machine, Stack
from cocoai.rehearsal.certificates import Certificates, make
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from tests.deployment import Deployment, deploy

RETRY_WAITS = (0.0, 1.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""Seconds before each of Slack's redeliveries, made shorter; the later ones stand for its hourly Delayed Events."""

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

Kinds = Mapping[str, FaultKind]


class Setup:
    """A running stack, `log_folders`, and the faults that befall it alone, each a kind by its name."""

    def __init__(self, stack: Stack, *, log_folders: Sequence[Path]) -> None:
        self.stack = stack
        self.log_folders = log_folders
        self.pools: list[PoolFaults] = []

    def kinds(self, over: threading.Event, *, may_mount: bool) -> Kinds:
        """Return the kinds of fault of the processes and of the disk. What they last ends early once `over` is set."""
        (machine,) = self.stack.machines
        self.pools = [PoolFaults(self.stack, machine, over)]
        return self.pools[0].kinds() | DiskFaults(machine.var, over, may_mount=may_mount).kinds()

    def revive(self) -> list[str]:
        """Start the programs that a supervisord has given up; return their names."""
        return [name for pool in self.pools for name in pool.revive()]


@contextlib.contextmanager
def on_files(folder: Path, seconds: float, run_id: str) -> Iterator[Setup]:
    """Start one machine with its files below `folder`."""
    with ExitStack() as ends:
        var = ends.enter_context(disk(folder, seconds))
        environ = SETTINGS | {processes.RUN_ID: run_id}
        built = ends.enter_context(_deploy(make(folder / "certificates"), var, **environ))
        machine = Machine(var, built.up, run_id)
        yield Setup(Stack(built.slack, built.openai, [machine], FileRoom(var), run_id), log_folders=[folder / "log"])


@contextlib.contextmanager
def on_mariadb(folder: Path, seconds: float, run_id: str, number: int) -> Iterator[Setup]:
    """Start so many machines with their files below `folder`, and a server that they share."""
    # Imported here, because what speaks to the database is an extra.
    from bench.chaos.machine_faults import MachineFaults, of_any
    from bench.chaos.machines import several

    class SharedSetup(Setup):
        def kinds(self, over: threading.Event, *, may_mount: bool) -> Kinds:
            """Return those of each machine, which befall any of them, and those of all together."""
            stack = self.stack
            self.pools = [PoolFaults(stack, machine, over) for machine in stack.machines]
            disks = [DiskFaults(it.var, over, may_mount=may_mount, has_jobs=False) for it in stack.machines]
            each = [pool.kinds() | of_disk.kinds() for pool, of_disk in zip(self.pools, disks, strict=True)]
            return of_any(each) | MachineFaults(stack, self.pools, ways, server, over).kinds()

    with ExitStack() as ends:
        folders = [folder / str(each) for each in range(number)]
        for each in folders:
            each.mkdir()
        vars_ = [ends.enter_context(disk(each, seconds)) for each in folders]
        start = partial(_deploy, make(folder / "certificates"))
        stack, server, ways = ends.enter_context(several(folder, vars_, start, run_id, SETTINGS))
        yield SharedSetup(stack, log_folders=[each / "log" for each in folders])


def _deploy(certificates: Certificates, var: Path, **environ: str) -> AbstractContextManager[Deployment]:
    manner = SlackSwitches(retry_waits=RETRY_WAITS)
    return deploy(var, certificates, manner=manner, openai=_model, **environ)


def _model(certificates: Certificates) -> PracticeOpenAI:
    """Make a practice OpenAI that answers each question with an answer of its own, in three quick pieces.

    In a clip it hears the question of the clip's number.
    """
    switches = Model(first_delay=0.05, piece_delay=0.05, pieces=3, answer=answer_to)
    switches.heard = _heard
    return PracticeOpenAI(certificates, switches=switches)


def _heard(sound: Any) -> str:
    return question_text(number_of_clip(sound.size))


def clear_faults(stack: Stack) -> None:
    """Let the practice Slack and OpenAI work without faults, latency and needless redeliveries from now on."""
    stack.slack.clear_faults()
    stack.openai.clear_faults()
    stack.slack.switches.repeat, stack.slack.switches.latency = 0, 0.0
    stack.slack.switches.share_delay = 0.3
