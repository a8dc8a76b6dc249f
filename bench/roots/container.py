"""Start a tree's own systemd, or another program, as process 1 of namespaces of its own, and find it again.

By seccomp and capabilities systemd-nspawn(1) refuses the root what would reach this machine itself: swapon, setting the
clock, loading modules. Nothing here hangs on a systemd of this machine.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cocoai.engine.process.proc import send_signal, start_time

_OPTIONS = (
    "--quiet",
    "--register=no",  # no systemd of this machine is asked
    "--keep-unit",
    "--settings=no",
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    "--console=pipe",
)
# The first: cgroup v2, which is all that systemd 257 knows, whatever this machine has. The second: /tmp is on the disk
# or not as the release itself has it.
_ENVIRONMENT = {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1", "SYSTEMD_NSPAWN_TMPFS_TMP": "0"}

# nspawn makes its groups inside the one that it is started in: without one of its own, two roots would share theirs.
_IN_OWN_GROUPS = 'for each in $GROUPS_TO_JOIN; do echo $$ > "$each/cgroup.procs"; done; exec "$@"'


@dataclass(frozen=True)
class Leader:
    """Process 1 of a booted root, by its pid on this machine and its start time (`cocoai.engine.process.proc`)."""

    pid: int
    start: int

    @property
    def is_alive(self) -> bool:
        """Tell whether this very process lives."""
        return self.start != 0 and start_time(self.pid) == self.start

    def signal(self, number: int) -> None:
        """Send it a signal, if it still lives."""
        send_signal(self.pid, self.start, number)

    def processes(self) -> Iterator[int]:
        """Yield the pids on this machine of all processes in its pid namespace."""
        own = _pid_namespace(self.pid)
        for entry in filter(str.isdigit, os.listdir("/proc")):
            if own and _pid_namespace(int(entry)) == own:
                yield int(entry)


def start(
    name: str, tree: Path, namespace: Path, console: Path, patience: float, payload: Sequence[str] = ("--boot",)
) -> tuple[subprocess.Popen[bytes], Leader]:
    """Start the tree's systemd in a network namespace; return nspawn's process and the new process 1.

    `name` becomes the host name; what systemd writes to its console is appended to a file. `payload` is what nspawn is
    told besides: options, and a program with its arguments in place of systemd. Raise RuntimeError with the console's
    end if there is no process 1 within `patience` seconds.
    """
    nspawn = spawn(name, tree, namespace, console, payload)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and nspawn.poll() is None:
        if pid := _first_process(nspawn.pid, tree):
            return nspawn, Leader(pid, start_time(pid))
        time.sleep(0.05)
    nspawn.kill()
    nspawn.wait()
    raise RuntimeError(f"{name} has no process 1: {console.read_text(errors='replace')[-2000:]}")


def spawn(name: str, tree: Path, namespace: Path, console: Path, payload: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start nspawn as `start` does, and return its process at once; it exits as the program of the payload does."""
    groups = list(_groups(name))
    for group in groups:
        group.mkdir(exist_ok=True)
    environment = os.environ | _ENVIRONMENT | {"GROUPS_TO_JOIN": " ".join(map(str, groups))}
    command = ["sh", "-c", _IN_OWN_GROUPS, "sh", "systemd-nspawn", *_OPTIONS, f"--machine={name}"]
    command += [f"--directory={tree}", f"--network-namespace-path={namespace}", *payload]
    with open(console, "ab") as log:
        return subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def enter(leader: Leader) -> list[str]:
    """Return the beginning of a command line that runs a program in all namespaces of a root, with no environment.

    Such a program has all of this machine's capabilities: let it only speak to the root's systemd.
    """
    namespaces = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root")
    return ["nsenter", f"--target={leader.pid}", *namespaces, "env", "--ignore-environment", "--chdir=/"]


def is_running(name: str) -> bool:
    """Tell whether a process of the root, or its nspawn, still lives."""
    for group in _groups(name):
        for folder, _, _ in os.walk(group):
            with contextlib.suppress(FileNotFoundError):  # nspawn, at its end, has just removed it
                if (Path(folder) / "cgroup.procs").read_text():
                    return True
    return False


def remove_groups(name: str) -> None:
    """Remove the cgroups of a root that has ended."""
    for group in _groups(name):
        for folder, _, _ in os.walk(group, topdown=False):
            os.rmdir(folder)


def _groups(name: str) -> Iterator[Path]:
    """Yield the cgroups in which a root is started: one in cgroup v2, one in systemd's own v1 tree if there is one."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(",")):
            yield Path(place) / f"cocoai-root-{name}"


def _first_process(nspawn: int, tree: Path) -> int:
    """Return the child of nspawn that is process 1 of a namespace, with the tree as its root folder; 0 if none."""
    with contextlib.suppress(OSError, StopIteration):  # it has just ended
        for child in Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split():
            status = Path(f"/proc/{child}/status").read_text()
            numbers = next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:"))
            if len(numbers) > 1 and numbers[-1] == "1" and os.path.samefile(f"/proc/{child}/root", tree):
                return int(child)
    return 0


def _pid_namespace(pid: int) -> str:
    """Return the pid namespace of a process; empty if it has ended."""
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""
