"""Fixtures for all tests, and two checks of every run: it leaves no process behind, and the work tree as it was.

A process of this run is known by a mark: in its environment if it was started, in its memory map if it was forked.
Neither a new session nor another parent takes that away.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests import processes

if TYPE_CHECKING:
    from cocoai.rehearsal.certificates import Certificates

ROOT = Path(__file__).parent.parent

PATIENCE = 20.0
"""Seconds that processes may take to leave after the last test; a job finishes the question in hand."""

# On a busy machine an example may take long, and that says nothing.
hypothesis.settings.register_profile("cocoai", deadline=None)
hypothesis.settings.load_profile("cocoai")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A certificate authority made for this run, and its certificate for 127.0.0.1 and localhost."""
    from cocoai.rehearsal import certificates

    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A function: a port of 127.0.0.1 that nobody listens at, another each time.

    It is bound and let go, so another program could take it; what can choose a port by itself (0) should.
    """
    return processes.free_port


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Callable[[], Path]]:
    """A function: a new folder whose path is short enough for unix sockets, which `tmp_path` often is not."""
    with contextlib.ExitStack() as made:
        yield lambda: Path(made.enter_context(tempfile.TemporaryDirectory(prefix="c-", ignore_cleanup_errors=True)))


class Mark:
    """The sign on every process of this run."""

    def __init__(self) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="cocoai-tests-", suffix=".mark")  # noqa: SIM115 (till close)
        self._file.truncate(mmap.PAGESIZE)
        self._map = mmap.mmap(self._file.fileno(), mmap.PAGESIZE)
        self._name = os.path.basename(self._file.name)
        self._before = os.environ.get("TESTS_MARK")
        os.environ["TESTS_MARK"] = self._name

    def close(self) -> None:
        """Take it off; whoever bears it still does."""
        if self._before is None:
            del os.environ["TESTS_MARK"]
        else:
            os.environ["TESTS_MARK"] = self._before
        self._map.close()
        self._file.close()

    def bearers(self) -> Iterator[int]:
        """The pids of other processes that bear the mark."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            if int(pid) != os.getpid() and self._is_on(Path("/proc", pid)):
                yield int(pid)

    def _is_on(self, process: Path) -> bool:
        try:
            return any(self._name.encode() in (process / name).read_bytes() for name in ("environ", "maps"))
        except OSError:
            return False  # it has just gone, or is somebody else's


def left_behind(mark: Mark, patience: float) -> list[str]:
    """Who still bears the mark after `patience` seconds, in words; they are killed."""
    deadline = time.monotonic() + patience
    while (pids := list(mark.bearers())) and time.monotonic() < deadline:
        time.sleep(0.05)
    told = [f"{pid} {_command(pid)}" for pid in pids]
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return told


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def work_tree_status(folder: Path) -> frozenset[str]:
    """Return the lines of `git status --porcelain` for the checkout that `folder` is; none if it is no checkout."""
    if not (folder / ".git").exists():  # it may still lie inside the checkout of something else
        return frozenset()
    command = ["git", "--no-optional-locks", "-C", str(folder), "status", "--porcelain"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return frozenset()
    return frozenset(done.stdout.splitlines())


_mark: Mark | None = None
_status_before: frozenset[str] = frozenset()
_left: list[str] = []


def pytest_sessionstart() -> None:
    """Put the mark on this run, and note the state of the work tree."""
    global _mark, _status_before
    _mark = Mark()
    _status_before = work_tree_status(ROOT)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if processes outlive the tests, or the work tree has changed."""
    if _mark is None:
        return
    _left.extend(f"left behind by the tests, and killed: {process}" for process in left_behind(_mark, PATIENCE))
    _mark.close()
    _left.extend(f"changed in the work tree: {line}" for line in sorted(work_tree_status(ROOT) ^ _status_before))
    if _left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left behind or changed."""
    for line in _left:
        terminalreporter.write_line(line, red=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a browser test that is skipped has failed: there the browser is a matter of installing it."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and item.get_closest_marker("browser"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI does not allow"
    return report
