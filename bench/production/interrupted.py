"""The installer is killed at moments spread over its run, then typed again: does it end as one that was left alone?"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.production import state
from bench.production.machine import Machine
from bench.roots.root import HOME

UNIT = "typed-by-hand"
"""The unit in which the installer runs, by whose cgroup its whole process tree is found."""

MOST_TRIES = 3
PATIENCE = 600.0


@dataclass(frozen=True)
class Begun:
    """A task of the installer, and the seconds after its beginning at which it ended in the undisturbed run."""

    title: str
    seconds: float


def interrupted(machine: Machine, shape: str, kills: int) -> bool:
    """Kill the installer while apt works, twice, and `kills` times later on; print a table; return whether all is well.

    The installation is purged after each row; the first rows begin on a bare machine.
    """
    machine.copy_checkout()
    options = ("--domain", machine.domain, "--self-signed", "--yes", "--with", shape)
    rows = [_apt(machine, options)]
    machine.type("cocoai/bin/install --remove --purge")
    machine.fetch_packages()
    tasks = _undisturbed(machine, options)
    expected = _state(machine)
    rows[0] = _Row(rows[0].moment, rows[0].ended_in, rows[0].tries, rows[0].found, expected)
    print(f"\nkilled with -9, then typed again, by {shape}\n  {_HEADINGS}", flush=True)
    _print(rows[0])
    for number in range(kills):
        task = tasks[number % len(tasks)]
        part = (number // len(tasks) + 0.5) / -(-kills // len(tasks))
        machine.type("cocoai/bin/install --remove --purge")
        rows.append(_killed(machine, options, task, part, expected))
        _print(rows[-1])
    return all(not row.differences() for row in rows)


_COLUMNS = f"{'typed again':>12}{'differences':>13}{'answers':>9}"
_HEADINGS = f"{'killed in (part of its time)':<50}{'had come to':<44}{_COLUMNS}"


@dataclass(frozen=True)
class _Row:
    moment: str
    ended_in: str
    tries: int
    found: dict[str, str]
    expected: dict[str, str]

    def differences(self) -> list[str]:
        return state.differences(self.expected, self.found)

    def line(self) -> str:
        answers = "yes" if self.found["an answer over https"] == "True" else "NO"
        return f"{self.moment:<50}{self.ended_in:<44}{self.tries:>12}{len(self.differences()):>13}{answers:>9}"


def _print(row: _Row) -> None:
    print("\n    ".join([f"  {row.line()}", *row.differences()]), flush=True)


def _apt(machine: Machine, options: tuple[str, ...]) -> _Row:
    """Kill it on the bare machine while dpkg unpacks, then while dpkg configures; type it until it succeeds."""
    log = machine.root.tree / "var/log/dpkg.log"
    log.write_text("")  # of what debootstrap has done
    for words, count in ((" status unpacked ", 8), (" status half-configured ", 4)):
        log.write_text("")
        with _running(machine, options):
            _wait(lambda words=words, count=count: log.read_text().count(words) >= count)  # type: ignore[misc]
    return _Row("apt: unpacking, then configuring", "packages", _again(machine, options), _state(machine), {})


def _undisturbed(machine: Machine, options: tuple[str, ...]) -> list[Begun]:
    """Install undisturbed; return the tasks that did something."""
    began: list[tuple[str, float]] = []
    output = _output(machine)
    with _running(machine, options):
        while _pids(machine):
            if (title := _last_title(output)) and (not began or began[-1][0] != title):
                began.append((title, time.monotonic()))
            time.sleep(0.005)
    assert "CocoAI answers at" in output.read_text(), output.read_text()
    ends = [at for _, at in began[1:]] + [time.monotonic()]
    tasks = [Begun(title, end - at) for (title, at), end in zip(began, ends, strict=True)]
    return [task for task in tasks if f"- {task.title} ... nothing to do" not in output.read_text()]


def _killed(machine: Machine, options: tuple[str, ...], task: Begun, part: float, expected: dict[str, str]) -> _Row:
    output = _output(machine)
    with _running(machine, options):
        _wait(lambda: _last_title(output) == task.title or not _pids(machine))
        time.sleep(task.seconds * part)
    ended_in = _last_title(output)
    return _Row(f"{task.title[:42]} ({part:.2f})", ended_in[:42], _again(machine, options), _state(machine), expected)


def _again(machine: Machine, options: tuple[str, ...]) -> int:
    """Type it until it succeeds; return how often."""
    for number in range(1, MOST_TRIES + 1):
        result = machine.root.run(machine.command(*options))
        if not result.exit_code:
            return number
        print(result.output)
    raise AssertionError(f"not installed after {MOST_TRIES} times")


def _state(machine: Machine) -> dict[str, str]:
    """Return the state, then let the practice servers in and ask."""
    found = state.files(machine) | state.units(machine) | state.users(machine)
    machine.use_practice_servers()
    is_answered = machine.slack.verify_url()
    with contextlib.suppress(AssertionError):
        machine.await_answer(machine.ask(len(machine.typed)))
        return found | {"an answer over https": str(is_answered)}
    return found | {"an answer over https": "False"}


@contextlib.contextmanager
def _running(machine: Machine, options: tuple[str, ...]) -> Iterator[None]:
    """Begin an installation; at the block's end kill -9 all its processes, by their pids."""
    output = _output(machine)
    output.write_text("")
    line = f"cd {HOME}; exec >output 2>&1; {machine.command(*options)}"
    machine.root.run(["systemd-run", "-q", "--collect", f"--unit={UNIT}", "bash", "-c", line], check=True)
    _wait(lambda: _pids(machine))
    try:
        yield
    finally:
        while pids := _pids(machine):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _output(machine: Machine) -> Path:
    return machine.root.tree / "root/output"


def _last_title(output: Path) -> str:
    titles = [line for line in output.read_text(errors="replace").splitlines() if line.startswith("- ")]
    return titles[-1][2:].partition(" ... ")[0] if titles else ""


def _pids(machine: Machine) -> list[int]:
    """Return the pids on this machine of all processes of the installer."""
    found = []
    for pid in machine.root.leader.processes():
        with contextlib.suppress(OSError):  # it has just ended
            if f"/{UNIT}.service" in Path(f"/proc/{pid}/cgroup").read_text():
                found.append(pid)
    return found


def _wait(found: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.005)
