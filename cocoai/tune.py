"""`cocoai tune`: from what was measured to the settings, and the reckoning in words that an operator can check.

It measures nothing itself (cocoai/rehearsal/measure.py does) and reads nothing but /proc/meminfo.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

KERNEL = 95
"""MiB of a small machine that Linux never offers: a 512 MB instance has 417 MiB (amazon-ssm-agent issue 615)."""

SYSTEM = 120
"""MiB for what else runs on a small Amazon Linux 2023: an assumption, for a machine that is not this one."""

BASELINES = {512: 5.0, 1024: 10.0, 2048: 20.0}
"""Percent of each vCPU that Lightsail guarantees, by the plan's MB (AWS, baseline CPU performance)."""

WHOLE = 100.0
"""Percent of a processor that nobody rations."""

SPARE = 80
SPARE_WITH_SWAP = 40
"""MiB kept free for the disk's cache, a login, an update. Without swap the kernel kills whoever asks for more."""

ANSWER_SECONDS = 20.0
"""What an answer takes from its first word to its last, usually: a slot is taken that long."""

MOST_SLOTS = 1000
"""The settings allow no more."""


@dataclass(frozen=True)
class Measured:
    """MiB and milliseconds. `master`, `worker`, `nginx`, `supervisord`: PSS; `job`: what one more answer adds.

    `rss` is what ps would make of nginx and the pool at rest: what they share is counted in each.
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
        """The pool at rest."""
        return self.master + self.workers * self.worker


@dataclass(frozen=True)
class Machine:
    """MiB: what Linux has, what others use of it, and swap. `baseline`: percent of each processor that is ours."""

    name: str
    memory: float
    others: float
    swap: float
    processors: int
    baseline: float

    @property
    def spare(self) -> int:
        """MiB to be kept free."""
        return SPARE_WITH_SWAP if self.swap else SPARE

    @property
    def cpu_seconds(self) -> float:
        """Seconds of CPU a minute that it may use for ever."""
        return self.processors * self.baseline / 100 * 60


def this_machine(*, own: float, baseline: float | None = None) -> Machine:
    """The machine we are on; `own` MiB of what is in use now are a running CocoAI's."""
    meminfo = dict(_meminfo())
    total = meminfo["MemTotal"]
    others = max(0.0, total - meminfo["MemAvailable"] - own)
    percent = baseline or (_plan_baseline(total) if _is_lightsail() else WHOLE)
    return Machine("this machine", total, others, meminfo["SwapTotal"], os.cpu_count() or 1, percent)


def planned_machine(megabytes: int, *, swap: bool, baseline: float | None = None) -> Machine:
    """A machine that is sold with so much memory and two vCPU, with nothing on it but a system."""
    memory = float(megabytes - KERNEL)
    return Machine(f"{megabytes} MB", memory, SYSTEM, 1024.0 * swap, 2, baseline or _plan_baseline(megabytes))


def _meminfo() -> Iterator[tuple[str, float]]:
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            name, size, *_ = line.split()
            yield name.rstrip(":"), int(size) / 1024


def _is_lightsail() -> bool:
    try:
        with open("/sys/class/dmi/id/sys_vendor", encoding="ascii") as file:
            return file.read().startswith("Amazon")
    except OSError:
        return False


def _plan_baseline(megabytes: float) -> float:
    """The guarantee of the smallest plan that has so much; a bigger one is taken to have all of it."""
    return next((percent for plan, percent in BASELINES.items() if megabytes <= plan), WHOLE)


@dataclass(frozen=True)
class Advice:
    """What the machine bears. `pool`, `for_answers`: MiB; the slots that memory bears, and those the CPU keeps busy."""

    workers: str
    pool: float
    for_answers: float
    by_memory: int
    by_cpu: int

    @property
    def slots(self) -> int:
        """0 where not even one answer fits."""
        return min(self.by_memory, self.by_cpu)

    @property
    def is_bound_by_cpu(self) -> bool:
        return self.by_cpu < self.by_memory


def advise(measured: Measured, machine: Machine) -> Advice:
    """How many workers and slots."""
    left = machine.memory - machine.others - machine.spare - measured.nginx - measured.supervisord
    # Two workers, unless their memory is all that the first answers have: then they come when they are wanted.
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


def questions_a_minute(measured: Measured, machine: Machine) -> float:
    """How many the guaranteed part of the processors answers, for ever."""
    return machine.cpu_seconds * 1000 / measured.question_ms


def report(measured: Measured, machine: Machine) -> Iterator[str]:
    """The measurement, the reckoning and the settings, line by line."""
    yield from _measurement(measured)
    advice = advise(measured, machine)
    yield from _reckoning(measured, machine, advice)
    if not advice.slots:
        yield "This memory does not bear one answer. Take a bigger machine, or move what else runs on it."
        return
    yield "[pool]"
    yield f"workers = {advice.workers}"
    yield f"slots = {advice.slots}"
    yield ""
    yield from _processor(measured, machine, advice)


def _measurement(measured: Measured) -> Iterator[str]:
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


def _reckoning(measured: Measured, machine: Machine, advice: Advice) -> Iterator[str]:
    swap = f"with {machine.swap:.0f} MiB of swap" if machine.swap else "no swap: the kernel would kill"
    yield f"The reckoning for {machine.name}, MiB:"
    yield _row("what Linux has", machine.memory)
    yield _row("the system and others", -machine.others)
    yield _row("kept free", -machine.spare, swap)
    yield _row("supervisord, nginx", -measured.supervisord - measured.nginx)
    yield _row("pool at rest", -advice.pool, f"workers = {advice.workers}")
    yield _row("left for answers", advice.for_answers, f"{advice.by_memory} of {measured.job:.1f}")
    yield ""


def _processor(measured: Measured, machine: Machine, advice: Advice) -> Iterator[str]:
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
    return f"  {what:24}{mebibytes:8.1f}   {remark}".rstrip()
