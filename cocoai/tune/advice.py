"""Calculate the settings from a measurement, and report the calculation so that an operator can check it.

It measures nothing itself (measure.py does); all that it reads is about the machine, such as /proc/meminfo.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

KERNEL = 95
"""MiB of a small machine that Linux never offers: a 512 MB instance has 417 MiB (amazon-ssm-agent issue 615)."""

SYSTEM = 120
"""MiB assumed for what else runs on a small Amazon Linux 2023, for a machine that is not this one."""

BASELINES = {512: 5.0, 1024: 10.0, 2048: 20.0}
"""Percent of each vCPU that Lightsail guarantees, by the plan's MB (AWS, baseline CPU performance)."""

WHOLE = 100.0
"""Percent of a processor without a limit on its use."""

KEPT_FREE = 80
KEPT_FREE_WITH_SWAP = 40
"""MiB kept free for the disk's cache, a login, an update. Without swap the kernel kills a process that needs more."""

ANSWER_SECONDS = 20.0
"""Seconds that an answer usually takes, and occupies a slot."""

MOST_SLOTS = 1000
"""The largest number that the settings allow."""


@dataclass(frozen=True)
class Measurement:
    """The memory and the CPU time that CocoAI was measured to take, in MiB and in milliseconds.

    `nginx`, `supervisord`, `master` and `worker` are PSS at rest, `job` is the PSS that one more answer adds. `rss` is
    the sum of nginx and the pool at rest as ps shows it, with shared pages counted in each process. `question_ms` and
    `message_ms` are the CPU time for a question, and for a message that is none.
    """

    nginx: float
    supervisord: float
    master: float
    worker: float
    workers: int
    job: float
    rss: float
    question_ms: float
    message_ms: float

    @property
    def pool(self) -> float:
        """Return the MiB of PSS of the pool at rest: the master and all workers."""
        return self.master + self.workers * self.worker


@dataclass(frozen=True)
class Machine:
    """A machine to calculate the settings for: its memory, what other programs use of it, and its swap, in MiB.

    `baseline` is the percentage of each of its `processors` that may be used permanently.
    """

    name: str
    memory: float
    others: float
    swap: float
    processors: int
    baseline: float

    @property
    def kept_free(self) -> int:
        """Return the MiB that CocoAI must leave free: fewer on a machine with swap."""
        return KEPT_FREE_WITH_SWAP if self.swap else KEPT_FREE

    @property
    def cpu_seconds(self) -> float:
        """Return the seconds of CPU time, of all processors together, that may be used in each minute permanently."""
        return self.processors * self.baseline / 100 * 60


def this_machine(*, own: float, baseline: float | None = None) -> Machine:
    """Describe the machine that we run on. `own` is how many of the MiB in use now belong to a running CocoAI.

    `baseline` is in percent; if None, it is that of a Lightsail plan of this size on Amazon's machines, else 100.
    """
    meminfo = dict(_meminfo())
    total = meminfo["MemTotal"]
    others = max(0.0, total - meminfo["MemAvailable"] - own)
    percent = baseline or (_plan_baseline(total) if _is_lightsail() else WHOLE)
    return Machine("this machine", total, others, meminfo["SwapTotal"], os.cpu_count() or 1, percent)


def planned_machine(megabytes: int, *, swap: bool, baseline: float | None = None) -> Machine:
    """Describe a machine that is sold with so many MB and two vCPU, and runs nothing but its system.

    With `swap` it has 1 GiB of swap. `baseline` is the percentage of CPU it may always use; None: its Lightsail plan's.
    """
    memory = float(megabytes - KERNEL)
    return Machine(f"{megabytes} MB", memory, SYSTEM, 1024.0 * swap, 2, baseline or _plan_baseline(megabytes))


def _meminfo() -> Iterator[tuple[str, float]]:
    """Yield the name and the MiB of each line of /proc/meminfo."""
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            name, size, *_ = line.split()
            yield name.rstrip(":"), int(size) / 1024


def _is_lightsail() -> bool:
    """Check whether this is a machine of Amazon's, whose CPU time may be limited by its plan."""
    try:
        with open("/sys/class/dmi/id/sys_vendor", encoding="ascii") as file:
            return file.read().startswith("Amazon")
    except OSError:
        return False


def _plan_baseline(megabytes: float) -> float:
    """Return the baseline, in percent, of the smallest plan with so many MB, or WHOLE beyond the largest plan."""
    return next((percent for plan, percent in BASELINES.items() if megabytes <= plan), WHOLE)


@dataclass(frozen=True)
class Advice:
    """The settings for a machine, and how they come about.

    `workers` is the setting's text, `2` or `0..2`. `pool` is the MiB of the pool at rest, `for_answers` what is then
    left. `by_memory` is how many slots fit into that, `by_cpu` how many the CPU can keep busy.
    """

    workers: str
    pool: float
    for_answers: float
    by_memory: int
    by_cpu: int

    @property
    def slots(self) -> int:
        """Return the number of slots; 0 if not even one answer fits."""
        return min(self.by_memory, self.by_cpu)

    @property
    def is_bound_by_cpu(self) -> bool:
        """Return True if the CPU, not memory, limits the slots."""
        return self.by_cpu < self.by_memory


def advise(measured: Measurement, machine: Machine) -> Advice:
    """Calculate how many workers and slots the machine has memory and CPU time for.

    If memory is too tight for two answers beside all workers, the advice is to start workers on demand (`0..2`).
    """
    left = machine.memory - machine.others - machine.kept_free - measured.nginx - measured.supervisord
    # Workers stay, unless their memory is needed for the first two answers: then they are started on demand.
    is_tight = left - measured.pool < 2 * measured.job
    pool = measured.master + (1 if is_tight else measured.workers) * measured.worker
    by_cpu = questions_a_minute(measured, machine) * ANSWER_SECONDS / 60
    return Advice(
        workers=f"0..{measured.workers}" if is_tight else str(measured.workers),
        pool=pool,
        for_answers=left - pool,
        by_memory=min(MOST_SLOTS, max(0, int((left - pool) / measured.job))),
        by_cpu=max(1, int(by_cpu)),
    )


def questions_a_minute(measured: Measurement, machine: Machine) -> float:
    """Return how many questions a minute the machine can answer permanently."""
    return machine.cpu_seconds * 1000 / measured.question_ms


def report(measured: Measurement, machine: Machine) -> Iterator[str]:
    """Yield the lines of the report: the measurement, the calculation and the settings."""
    yield from _measurement(measured)
    advice = advise(measured, machine)
    yield from _calculation(measured, machine, advice)
    if not advice.slots:
        yield "This memory does not bear one answer. Take a bigger machine, or move what else runs on it."
        return
    yield "[pool]"
    yield f"workers = {advice.workers}"
    yield f"slots = {advice.slots}"
    yield ""
    yield from _cpu(measured, machine, advice)


def _measurement(measured: Measurement) -> Iterator[str]:
    """Yield the lines on what was measured, in MiB and ms."""
    yield "Measured here, MiB of PSS (what processes share is counted once):"
    yield _row("nginx", measured.nginx)
    yield _row("pool at rest", measured.pool, f"a master of {measured.master:.1f}, workers of {measured.worker:.1f}")
    yield _row("supervisord", measured.supervisord, "beside it")
    yield _row("one more answer", measured.job)
    yield _row("RSS", measured.rss, "nginx and the pool as `ps` adds them up, what they share in each: no measure")
    yield (
        f"A question costs {measured.question_ms:.0f} ms of CPU,"
        f" a message that is nothing to it {measured.message_ms:.2f} ms."
    )
    yield ""


def _calculation(measured: Measurement, machine: Machine, advice: Advice) -> Iterator[str]:
    """Yield the lines that show how the machine's memory is divided, and how many slots fit."""
    swap = f"with {machine.swap:.0f} MiB of swap" if machine.swap else "no swap: the kernel would kill"
    yield f"The reckoning for {machine.name}, MiB:"
    yield _row("what Linux has", machine.memory)
    yield _row("the system and others", -machine.others)
    yield _row("kept free", -machine.kept_free, swap)
    yield _row("supervisord, nginx", -measured.supervisord - measured.nginx)
    yield _row("pool at rest", -advice.pool, f"workers = {advice.workers}")
    yield _row("left for answers", advice.for_answers, f"{advice.by_memory} of {measured.job:.1f}")
    yield ""


def _cpu(measured: Measurement, machine: Machine, advice: Advice) -> Iterator[str]:
    """Yield how much the CPU time is enough for, if it is limited, and warnings if it is scarce or there is no swap."""
    questions = questions_a_minute(measured, machine)
    if machine.baseline < WHOLE:
        messages = machine.cpu_seconds * 1000 / measured.message_ms
        yield (
            f"CPU: {machine.baseline:g} % of each of {machine.processors} vCPU is guaranteed,"
            f" {machine.cpu_seconds:.1f} s a minute: {questions:.0f} questions,"
            f" or {messages:.0f} messages that are nothing to it."
        )
    if advice.is_bound_by_cpu:
        yield (
            f"WARNING: the CPU is the limit, not memory. Memory bears {advice.by_memory} slots, but {questions:.0f}"
            f" questions a minute, of {ANSWER_SECONDS:.0f} s each, keep {advice.by_cpu} busy."
        )
    if not machine.swap:
        yield "There is no swap: make a file of 1 GiB before anything is installed or updated; dnf is killed without."


def _row(what: str, mebibytes: float, remark: str = "") -> str:
    """Return one line of a table: a label, a number of MiB, and a remark."""
    return f"  {what:24}{mebibytes:8.1f}   {remark}".rstrip()
