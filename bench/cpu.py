"""The CPU time of a tree of processes: also of those that ended without a wait, or moved to another parent.

/proc shows a process only while it lives, and a parent that ignores SIGCHLD, as a worker does, never learns what its
children took. A control group (version 2) counts all of it in the kernel. Making one takes root.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

BURNT = 0.2
"""Seconds of CPU that the check of an account takes."""

PATIENCE = 5.0
"""Seconds in which a group is emptied of the processes that still live in it."""


class Account:
    """A control group: it counts the processes that are admitted, and everything that they fork from then on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    def admit(self, pids: Iterable[int]) -> None:
        """Count these processes from now on."""
        for pid in pids:
            (self._folder / "cgroup.procs").write_text(str(pid))

    def pids(self) -> list[int]:
        """Return the pids of the group's living processes."""
        return [int(pid) for pid in (self._folder / "cgroup.procs").read_text().split()]

    def seconds(self) -> float:
        """Return the CPU time so far, in user and kernel mode, of living and ended processes."""
        usage = (self._folder / "cpu.stat").read_text().split()
        return int(usage[usage.index("usage_usec") + 1]) / 1e6

    def close(self, refuge: Path) -> None:
        """Move the processes that still live to the group `refuge`, and remove this group.

        Raise OSError if it is not empty after PATIENCE.
        """
        end = time.monotonic() + PATIENCE
        while True:
            for pid in self.pids():
                with contextlib.suppress(ProcessLookupError):
                    (refuge / "cgroup.procs").write_text(str(pid))
            try:
                self._folder.rmdir()
            except OSError:  # one of them has just forked another, or is on its way out
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                return


@contextmanager
def accounts(*names: str) -> Iterator[dict[str, Account]]:
    """Yield an account for each name. Raise SystemExit with the reason if none can be made."""
    home = _home()
    made: dict[str, Account] = {}
    try:
        for name in names:
            made[name] = Account(home / f"bench-{os.getpid()}-{name}")
        _check(next(iter(made.values())))
        yield made
    except PermissionError as error:
        raise SystemExit(f"counting CPU takes a control group, and making one takes root: {error}") from error
    finally:
        for account in made.values():
            account.close(home)


def on_cpu(pid: int) -> float:
    """Return the CPU seconds of a living process that has one thread, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def children(pid: int) -> list[int]:
    """Return the living children of a process that has one thread, oldest first; [] if it has ended."""
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def parent(pid: int) -> int:
    """Return the pid of the process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def descendants(pid: int) -> Iterator[int]:
    """Yield the living processes below `pid`, parents before their children."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def command(pid: int) -> str:
    """Return the process's name as `ps` shows it; "" if it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _home() -> Path:
    """Return the folder of this process's own control group. Raise SystemExit if version 2 is not mounted."""
    mounted = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    mounts = [Path(fields[1]) for fields in mounted if fields[2] == "cgroup2"]
    if not mounts:
        raise SystemExit("counting CPU takes control groups of version 2, and none are mounted here")
    groups = Path("/proc/self/cgroup").read_text().splitlines()
    return mounts[0] / next(line for line in groups if line.startswith("0::")).removeprefix("0::/")


def _check(account: Account) -> None:
    """Check that the account counts a child that nobody waits for, and raise SystemExit if it does not.

    Where the kernel misses such children, every figure would be too small.
    """
    before = account.seconds()
    alive, its_end = os.pipe()
    child = os.fork()
    if not child:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # as a worker does, so that nobody waits for the grandchild
        account.admit([os.getpid()])
        if not os.fork():
            while time.process_time() < BURNT:
                pass
        os._exit(0)
    os.close(its_end)
    os.waitpid(child, 0)
    os.read(alive, 1)  # end of file: the grandchild has ended
    os.close(alive)
    counted = account.seconds() - before
    if not BURNT <= counted < 2 * BURNT:
        raise SystemExit(f"the kernel counts {counted:.3f} s of {BURNT} s of CPU: its figures are worth nothing here")
