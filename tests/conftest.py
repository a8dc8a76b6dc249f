"""Fixtures for all tests, and two checks after the last: no process was left behind, the work tree is as it was.

A process of this test run is recognized by a tag: in its environment if it was started by exec, in its memory map if
it was only forked. It keeps the tag in a new session and under another parent.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import mmap
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tests import processes

if TYPE_CHECKING:
    from selenium import webdriver

    from cocoai.rehearsal.certificates import Certificates

ROOT = Path(__file__).parent.parent

pytest_plugins = ("tests.mariadb.fixtures",)

LONGEST = (
    "kill/test_kill_points.py",
    "kill/test_kill_media.py",
    "test_waiting.py",
    "test_chaos.py",
    "crash/test_enumeration.py",
    "test_direct_messages.py",
    "test_journey.py",
    "crash/test_enumeration_deeper.py",
    "test_soak.py",
    "test_talk.py",
    "rehearsal/page/test_page_browser.py",
    "test_faults.py",
    "kill/test_kill_clicks.py",
    "crash/test_broken_variants.py",
    "test_controls.py",
    "status/test_page.py",
    "engine/pool/test_master.py",
    "test_tune_measure.py",
    "slack/markdown/test_corpus.py",
    "test_attached.py",
    "test_fuzz.py",
    "slack/rendering/test_rendering.py",
    "test_manners.py",
    "spool/test_runner.py",
    "test_failures.py",
)
"""The files whose tests take longest, the longest first."""

IN_BROWSER = ("tests/rehearsal/page/test_page_", "tests/status/test_browser.py")
"""How the names of the files begin whose tests share one browser."""

WANTED = re.compile(r"(?P<pure>(not )?pure)( and not (long|thorough))?")
"""What bin/test gives with `-m`."""

PATIENCE = 20.0
"""Seconds that processes may take to exit after the last test; a job process first finishes its question."""

# On a busy machine an example may take long without being slow by itself.
hypothesis.settings.register_profile("cocoai", deadline=None, max_examples=50)
# Each run draws other examples: the many short ones find as much as the few long ones.
hypothesis.settings.register_profile("many", deadline=None, max_examples=200)
# For the other Pythons: what more examples find, they find on ours.
hypothesis.settings.register_profile("few", deadline=None, max_examples=10)
hypothesis.settings.load_profile("cocoai")

# A shell starts a command in the background with SIGINT ignored, and every process of ours would inherit that. A signal
# with a Python handler has its default action again in a program that is executed.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return a certificate authority made for this run, and its certificate for 127.0.0.1 and localhost."""
    from cocoai.rehearsal import certificates

    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Start one browser for all tests of pages: its start takes longer than most of them."""
    from tests import browser

    with browser.chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Return a function that returns a port of 127.0.0.1 on which nothing listens, another port each time.

    The port was bound and released, so another program could take it; a server that can choose its port (0) should.
    """
    return processes.free_port


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Callable[[], Path]]:
    """Yield a function that makes a folder whose path is short enough for Unix sockets; `tmp_path` often is not."""
    with contextlib.ExitStack() as stack:

        def make_folder() -> Path:
            folder = tempfile.TemporaryDirectory(prefix="c-", ignore_cleanup_errors=True)
            return Path(stack.enter_context(folder))

        yield make_folder


class ProcessTag:
    """A tag that every process started after it inherits: an environment variable, and a mapped file of its name."""

    def __init__(self) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="cocoai-tests-", suffix=".tag")  # noqa: SIM115 (till close)
        self._file.truncate(mmap.PAGESIZE)
        self._map = mmap.mmap(self._file.fileno(), mmap.PAGESIZE)
        self._name = os.path.basename(self._file.name)
        self._before = os.environ.get("TESTS_TAG")
        os.environ["TESTS_TAG"] = self._name

    def close(self) -> None:
        """Remove the tag from this process; processes that have inherited it keep it."""
        if self._before is None:
            del os.environ["TESTS_TAG"]
        else:
            os.environ["TESTS_TAG"] = self._before
        self._map.close()
        self._file.close()

    def pids(self) -> Iterator[int]:
        """Yield the pids of other processes that have the tag."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            if int(pid) != os.getpid() and self._is_on(Path("/proc", pid)):
                yield int(pid)

    def _is_on(self, process: Path) -> bool:
        try:
            return any(self._name.encode() in (process / name).read_bytes() for name in ("environ", "maps"))
        except OSError:
            return False  # the process has just exited, or belongs to another user


def kill_left_behind(tag: ProcessTag, patience: float) -> list[str]:
    """Kill the processes that still have the tag after `patience` seconds; return their pids with their commands."""
    deadline = time.monotonic() + patience
    while (pids := list(tag.pids())) and time.monotonic() < deadline:
        time.sleep(0.05)
    commands = [f"{pid} {_command(pid)}" for pid in pids]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return commands


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


_tag: ProcessTag | None = None
_status_before: frozenset[str] = frozenset()
_faults: list[str] = []


def pytest_sessionstart() -> None:
    """Tag this test run, and note the state of the work tree."""
    global _tag, _status_before
    _tag = ProcessTag()
    _status_before = work_tree_status(ROOT)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files of which bin/test wants no test with its `-m`, so that no process reads them for nothing."""
    wanted = WANTED.fullmatch(str(config.getoption("markexpr")).strip())
    if wanted is None or not collection_path.match("test_*.py"):
        return None
    text = collection_path.read_text("utf-8")
    marks = "".join(re.findall(r"^pytestmark\b.*", text, re.MULTILINE))
    is_left_out = wanted["pure"] == "pure" and "mark.pure" not in text
    is_left_out |= any(f"mark.{name}" in marks for name in re.findall(r"not (\w+)", wanted[0]))
    return is_left_out or None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage while tests are collected: there is none, and to look for it takes a third of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Close what the answerers of this test have open: the garbage collector finds them during some later test."""
    if harness := sys.modules.get("tests.answer_harness"):
        for each in list(harness.HARNESSES):
            each.close_connections()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: of two processes, none is then left alone with one of them in the end."""
    places = {ROOT / "tests" / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the files of all pages in one process, with one browser; all others get whole files."""
    if config.getoption("dist") != "loadfile":
        return None
    scheduler = importlib.import_module("xdist.scheduler").LoadFileScheduling(config, log)
    file_of = scheduler._split_scope
    scheduler._split_scope = lambda nodeid: "browser" if nodeid.startswith(IN_BROWSER) else file_of(nodeid)
    return scheduler


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Kill processes that outlive the tests; let the run fail if there are any, or the work tree has changed."""
    if _tag is None:
        return
    _faults.extend(f"left behind by the tests, and killed: {line}" for line in kill_left_behind(_tag, PATIENCE))
    _tag.close()
    _faults.extend(f"changed in the work tree: {line}" for line in sorted(work_tree_status(ROOT) ^ _status_before))
    if hasattr(session.config, "workeroutput"):  # a worker of pytest-xdist: its exit status is seen by nobody
        session.config.workeroutput["faults"] = _faults
    if _faults:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the faults that a worker of pytest-xdist has found."""
    _faults.extend(getattr(node, "workeroutput", {}).get("faults", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the processes that were left behind, and the changes of the work tree."""
    for fault in _faults:
        terminalreporter.write_line(fault, red=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report a skipped browser test as failed in CI, where the browser has to be installed."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and item.get_closest_marker("browser"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI does not allow"
    return report
