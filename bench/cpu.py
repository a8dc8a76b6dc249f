"""CPU time of a tree of processes, those included that ended unwaited for and those that moved to another parent.

/proc knows a process only while it lives, and a parent that ignores SIGCHLD, as a worker does, never learns what its
children took. A control group (version 2) counts all of it, in the kernel. Making one takes root.
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
"""Seconds of CPU that the check of an account burns."""


class Account:
    """A control group: whoever is admitted, and whatever those fork from then on, is counted here for good."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    def admit(self, pids: Iterable[int]) -> None:
        """Count these processes from now on."""
        for pid in pids:
            (self._folder / "cgroup.procs").write_text(str(pid))

    def pids(self) -> list[int]:
        """The living ones."""
        return [int(pid) for pid in (self._folder / "cgroup.procs").read_text().split()]

    def seconds(self) -> float:
        """CPU time, the user's and the kernel's, of the living and of the dead."""
        usage = (self._folder / "cpu.stat").read_text().split()
        return int(usage[usage.index("usage_usec") + 1]) / 1e6

    def close(self, refuge: Path) -> None:
        """Give the processes that still live back to `refuge`, and the group up."""
        for pid in self.pids():
            (refuge / "cgroup.procs").write_text(str(pid))
        self._folder.rmdir()


@contextmanager
def accounts(*names: str) -> Iterator[dict[str, Account]]:
    """An account for each name. Raises SystemExit, in words, where none can be made."""
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
    """CPU seconds of one living process (its only thread), to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def children(pid: int) -> list[int]:
    """The living children of `pid`, oldest first; none if it has ended. `pid` has one thread."""
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def parent(pid: int) -> int:
    """The pid of its parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def descendants(pid: int) -> Iterator[int]:
    """The living processes below `pid`, parents first."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def command(pid: int) -> str:
    """Its name, as `ps` shows it; empty if it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _home() -> Path:
    """This process's own control group."""
    mounted = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    mounts = [Path(fields[1]) for fields in mounted if fields[2] == "cgroup2"]
    if not mounts:
        raise SystemExit("counting CPU takes control groups of version 2, and none are mounted here")
    groups = Path("/proc/self/cgroup").read_text().splitlines()
    return mounts[0] / next(line for line in groups if line.startswith("0::")).removeprefix("0::/")


def _check(account: Account) -> None:
    """What a child takes that nobody waits for is on the account, or all that follows would be too little."""
    before = account.seconds()
    alive, its_end = os.pipe()
    child = os.fork()
    if not child:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        account.admit([os.getpid()])
        if not os.fork():
            while time.process_time() < BURNT:
                pass
        os._exit(0)
    os.close(its_end)
    os.waitpid(child, 0)
    os.read(alive, 1)  # the end of the file is the grandchild's own end
    os.close(alive)
    counted = account.seconds() - before
    if not BURNT <= counted < 2 * BURNT:
        raise SystemExit(f"the kernel counts {counted:.3f} s of {BURNT} s of CPU: its figures are worth nothing here")
