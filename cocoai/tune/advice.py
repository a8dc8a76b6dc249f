"""Calculate the settings from a measurement, and report the calculation so that an operator can check it.

It measures nothing itself (measure.py does), and knows of a machine what machine.py says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cocoai.tune.machine import Machine
from cocoai.tune.observed import Observed, report_observed
from cocoai.tune.proposal import lines_to_paste, propose, wanted_workers
from cocoai.tune.throughput import ANSWER_SECONDS, bounds, questions_by_cpu, report_throughput

MOST_WORKERS = 4
"""The most workers that are advised: that many are enough for a burst of 200 questions."""

FIRST_ANSWERS = 2
"""Answers that must have room beside all workers; for their sake fewer workers are advised."""

MOST_SLOTS = 1000
"""The largest number that the settings allow."""


@dataclass(frozen=True)
class Measurement:
    """The memory and the CPU time that CocoAI was measured to take, in MiB and in milliseconds.

    `nginx`, `supervisord` and `master` are PSS at rest, when there is no worker; `worker` and `job` are the PSS that
    one more worker, or one more answer, adds. `rss` is the sum of nginx and the master at rest as ps shows it, with
    shared pages counted in each process. `question_ms` and `message_ms` are the CPU time for a question, and for a
    message that is none.
    """

    nginx: float
    supervisord: float
    master: float
    worker: float
    job: float
    rss: float
    question_ms: float
    message_ms: float


@dataclass(frozen=True)
class Advice:
    """The settings for a machine, and how they come about.

    `most` is how many workers there may be, `pool` the MiB of the master and all of them, `for_answers` what is then
    left. `by_memory` is how many slots fit into that, `by_cpu` how many the CPU can keep busy.
    """

    most: int
    pool: float
    for_answers: float
    by_memory: int
    by_cpu: int

    @property
    def workers(self) -> str:
        """Return the workers as text for the settings: they come on demand."""
        return f"0..{self.most}"

    @property
    def slots(self) -> int:
        """Return the number of slots; 0 if not even one answer fits."""
        return min(self.by_memory, self.by_cpu)

    @property
    def is_bound_by_cpu(self) -> bool:
        """Return True if the CPU, not memory, limits the slots."""
        return self.by_cpu < self.by_memory


def advise(measured: Measurement, machine: Machine, wanted: int = MOST_WORKERS) -> Advice:
    """Calculate how many workers and slots the machine has memory and CPU time for.

    Workers come on demand, up to `wanted`. Where memory is too tight for two answers beside all of them, fewer are
    advised.
    """
    left = machine.memory - machine.others - machine.kept_free - measured.nginx - measured.supervisord
    for_workers = left - measured.master - FIRST_ANSWERS * measured.job
    workers = max(1, min(wanted, int(for_workers / measured.worker)))
    pool = measured.master + workers * measured.worker
    by_cpu = questions_by_cpu(measured.question_ms, machine) * ANSWER_SECONDS / 60
    return Advice(
        most=workers,
        pool=pool,
        for_answers=left - pool,
        by_memory=min(MOST_SLOTS, max(0, int((left - pool) / measured.job))),
        by_cpu=max(1, int(by_cpu)),
    )


def report(measured: Measurement, machine: Machine, seen: Observed | None = None) -> Iterator[str]:
    """Yield the lines of the report: the measurement, the calculation, what the pool has seen, the settings, the speed.

    If a pool has seen too little, no settings are proposed; without a pool, those that the machine bears at most.
    """
    yield from _measurement(measured)
    advice = advise(measured, machine)
    yield from _calculation(measured, machine, advice)
    if not advice.slots:
        yield "This memory does not bear one answer. Take a bigger machine, or move what else runs on it."
        return
    if seen is None:
        yield "[pool]"
        yield f"workers = {advice.workers}"
        yield f"slots = {advice.slots}"
    else:
        yield f"At most workers = {advice.workers} and slots = {advice.slots} fit."
        yield ""
        yield from report_observed(seen)
        if seen.is_enough:
            bound = advise(measured, machine, wanted_workers(seen))
            yield from lines_to_paste(propose(seen, workers=bound.most, slots=bound.slots))
    yield ""
    yield from report_throughput(bounds(measured.question_ms, machine, advice.by_memory, seen))
    yield from _warnings(measured, machine, advice)


def _measurement(measured: Measurement) -> Iterator[str]:
    """Yield the lines on what was measured, in MiB and ms."""
    yield "Measured here, MiB of PSS (what processes share is counted once):"
    yield _row("nginx", measured.nginx)
    yield _row("pool at rest", measured.master, "the master alone: workers come on demand")
    yield _row("supervisord", measured.supervisord, "beside it")
    yield _row("one more worker", measured.worker)
    yield _row("one more answer", measured.job)
    yield ""
    yield "nginx and the pool at rest, and what they do:"
    yield f"  RSS {_mebibytes(measured.rss)}   as `ps` adds it up: a page that processes share is counted in each"
    pss = _mebibytes(measured.nginx + measured.master)
    yield f"  PSS {pss}   such a page is counted once: this is what the machine has to have"
    message = f"{measured.message_ms:.2f} ms for a message that is nothing to it"
    yield f"  CPU {measured.question_ms:8.0f} ms for a question, {message}"
    yield ""


def _calculation(measured: Measurement, machine: Machine, advice: Advice) -> Iterator[str]:
    """Yield the lines that show how the machine's memory is divided, and how many slots fit."""
    swap = f"with {machine.swap:.0f} MiB of swap" if machine.swap else "no swap: the kernel would kill"
    yield f"The reckoning for {machine.name}, MiB:"
    if machine.limited_by:
        yield _row("a control group's limit", machine.memory, machine.limited_by)
    else:
        yield _row("what Linux has", machine.memory)
    yield _row("the system and others", -machine.others)
    yield _row("kept free", -machine.kept_free, swap)
    yield _row("supervisord, nginx", -measured.supervisord - measured.nginx)
    yield _row("pool, all workers", -advice.pool, f"workers = {advice.workers}")
    yield _row("left for answers", advice.for_answers, f"{advice.by_memory} of {measured.job:.1f}")
    yield ""


def _warnings(measured: Measurement, machine: Machine, advice: Advice) -> Iterator[str]:
    """Yield warnings if the CPU is scarce or there is no swap."""
    questions = questions_by_cpu(measured.question_ms, machine)
    if advice.is_bound_by_cpu:
        yield (
            f"WARNING: the CPU is the limit, not memory. Memory bears {advice.by_memory} slots, but {questions:.0f}"
            f" questions a minute, of {ANSWER_SECONDS:.0f} s each, keep {advice.by_cpu} busy."
        )
    if not machine.swap:
        yield "There is no swap: make a file of 1 GiB before anything is installed or updated; dnf is killed without."


def _mebibytes(mebibytes: float) -> str:
    """Return memory in MiB, as `cocoai status` has it, and in MB (10^6 bytes)."""
    return f"{mebibytes:8.1f} MiB = {mebibytes * 1024 * 1024 / 1e6:.1f} MB"


def _row(what: str, mebibytes: float, remark: str = "") -> str:
    """Return one line of a table: a label, a number of MiB, and a remark."""
    return f"  {what:24}{mebibytes:8.1f}   {remark}".rstrip()
