"""Describe a machine to calculate the settings for: this one, as /proc and /sys show it, or one that is planned."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from cocoai import config
from cocoai.engine.process.cgroup import MemoryLimit, memory_limit
from cocoai.errors import CocoAIError
from cocoai.status.status import Status, collect

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

MIB = 1024 * 1024
"""Bytes of a MiB."""


@dataclass(frozen=True)
class Machine:
    """A machine to calculate the settings for: its memory, what other programs use of it, and its swap, in MiB.

    `baseline` is the percentage of each of its `processors` that may be used permanently. `limited_by` is the control
    group whose limit `memory` is, "" if it is all that Linux has.
    """

    name: str
    memory: float
    others: float
    swap: float
    processors: int
    baseline: float
    limited_by: str = ""

    @property
    def kept_free(self) -> int:
        """Return the MiB that CocoAI must leave free: fewer on a machine with swap."""
        return KEPT_FREE_WITH_SWAP if self.swap else KEPT_FREE

    @property
    def cpu_seconds(self) -> float:
        """Return the seconds of CPU time, of all processors together, that may be used in each minute permanently."""
        return self.processors * self.baseline / 100 * 60


def check_options(memory: int | None, baseline: float | None) -> None:
    """Raise CocoAIError if `memory` (MB) or `baseline` (percent) is out of bounds; None is neither."""
    if memory is not None and memory <= KERNEL:
        raise CocoAIError(f"--memory {memory}: Linux alone takes {KERNEL} MB of it")
    if baseline is not None and not 0 < baseline <= WHOLE:
        raise CocoAIError(f"--cpu {baseline:g}: expected a percentage, more than 0 and at most {WHOLE:g}")


def this_machine(settings: config.Settings, *, baseline: float | None = None) -> Machine:
    """Describe the machine that we run on, with a control group's limit on the pool of these settings.

    If that pool does not run, this process's control group counts. `baseline` is in percent; if None, it is that of a
    Lightsail plan of this size on Amazon's machines, else 100.
    """
    status = _running(settings)
    own = status.pool_pss / 1024 if status else 0.0
    limit = status.limit if status else memory_limit(os.getpid())
    return described(dict(_meminfo()), limit, own=own, baseline=baseline)


def described(
    meminfo: dict[str, float], limit: MemoryLimit | None, *, own: float, baseline: float | None = None
) -> Machine:
    """Describe this machine from the lines of /proc/meminfo, by name and in MiB, and a control group's limit, if any.

    `own` is how many of the MiB in use now belong to a running CocoAI. `baseline` is as in `this_machine`.
    """
    total, swap = meminfo["MemTotal"], meminfo["SwapTotal"]
    percent = baseline or (_plan_baseline(total) if _is_lightsail() else WHOLE)
    processors = os.cpu_count() or 1
    if limit is None or limit.most / MIB >= total:
        others = max(0.0, total - meminfo["MemAvailable"] - own)
        return Machine("this machine", total, others, swap, processors, percent)
    others = max(0.0, limit.used / MIB - own)
    swap = swap if limit.swap is None else min(swap, limit.swap / MIB)
    return Machine("this machine", limit.most / MIB, others, swap, processors, percent, limit.group)


def planned_machine(megabytes: int, *, swap: bool, baseline: float | None = None) -> Machine:
    """Describe a machine that is sold with so many MB and two vCPU, and runs nothing but its system.

    With `swap` it has 1 GiB of swap. `baseline` is the percentage of CPU it may always use; None: its Lightsail plan's.
    """
    memory = float(megabytes - KERNEL)
    return Machine(f"{megabytes} MB", memory, SYSTEM, 1024.0 * swap, 2, baseline or _plan_baseline(megabytes))


def _running(settings: config.Settings) -> Status | None:
    """Return the status of the pool of these settings; None if it does not run, or cannot be read."""
    try:
        status = collect(settings)
    except OSError:
        return None
    return status if status.is_running else None


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
