"""One pool runs on a `var`: the real cocoai.fcgi beside another, beside its own check, and before `cocoai up`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cocoai.engine.pool.master_lock import MASTER_LOCK
from cocoai.engine.process.scoreboard_snapshot import read_snapshot
from cocoai.errors import COUNTERS
from tests.engine.conftest import is_alive
from tests.processes import PATIENCE, is_held, wait_until
from tests.test_install import SETTINGS

ROOT = Path(__file__).parent.parent
VAR = "var/rehearsal"
"""That of `cocoai rehearse`, so that both commands meet the running pool."""


class Pools:
    """Pools with the settings in `folder`, each with a socket of its own; all log into one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = folder / VAR / "run" / MASTER_LOCK
        self.started: list[subprocess.Popen[bytes]] = []
        (folder / "cocoai.ini").write_text(f"{SETTINGS}[paths]\nvar = {VAR}\n[pool]\nstatus_listen = off\n")
        (folder / "cocoai.ini").chmod(0o600)

    def environ(self) -> dict[str, str]:
        """Return the environment in which programs find this checkout and no other settings."""
        names = {name: text for name, text in os.environ.items() if not name.startswith("COCOAI")}
        return {**names, "PYTHONPATH": str(ROOT)}

    def start(self) -> subprocess.Popen[bytes]:
        """Start one more pool."""
        bind = f"unix:{self.folder}/socket-{len(self.started)}"
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "cocoai.fcgi"), "--bind", bind],
                stdin=subprocess.DEVNULL,
                stderr=log,
                cwd=self.folder,
                env=self.environ(),
            )
        self.started.append(process)
        return process

    def log(self) -> str:
        """Return what they have logged."""
        return (self.folder / "log").read_text()

    def await_log(self, text: str) -> None:
        """Wait until one of them has logged this text."""
        wait_until(lambda: text in self.log())

    def shown(self) -> int:
        """Return the pid of the master that the scoreboard shows."""
        return read_snapshot(str(self.lock.with_name("scoreboard")), slots=4, reasons=COUNTERS).pid

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of CocoAI in the folder, until it ends."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environ(),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def end(self) -> None:
        """Stop them."""
        for process in self.started:
            process.terminate()
            process.wait(PATIENCE)


@pytest.fixture(scope="module")
def running(short_folder: Callable[[], Path]) -> Iterator[Pools]:
    """Run one pool for several tests."""
    pools = Pools(short_folder())
    try:
        pools.start()
        pools.await_log("pool outcome=started")
        yield pools
    finally:
        pools.end()


def test_a_second_pool_waits_for_the_first_to_end(short_folder: Callable[[], Path]) -> None:
    """Meanwhile it listens nowhere and writes no generation; then it is the pool that the scoreboard shows."""
    pools = Pools(short_folder())
    try:
        first = pools.start()
        pools.await_log(f"pool outcome=started pid={first.pid}")
        generation = pools.lock.with_name("generation").read_text()
        second = pools.start()
        pools.await_log(f"another master (pid {first.pid}) is running in {pools.lock.parent}")
        listens = (pools.folder / "socket-1").exists()
        while_waiting = (listens, pools.lock.with_name("generation").read_text(), pools.shown())
        first.send_signal(signal.SIGTERM)
        pools.await_log(f"pool outcome=started pid={second.pid}")

        assert (False, generation, first.pid) == while_waiting
        assert 0 == first.wait(PATIENCE)
        assert (True, second.pid) == ((pools.folder / "socket-1").exists(), pools.shown())
    finally:
        pools.end()


def test_a_check_makes_no_lock(short_folder: Callable[[], Path]) -> None:
    """`cocoai.fcgi --check` in a new folder leaves none behind."""
    pools = Pools(short_folder())
    done = pools.command(str(ROOT / "cocoai.fcgi"), "--check")

    assert (0, True, False) == (done.returncode, pools.lock.parent.exists(), pools.lock.exists())


def test_a_check_waits_for_no_lock(running: Pools) -> None:
    """It looks at the settings beside a running pool, at once."""
    done = running.command(str(ROOT / "cocoai.fcgi"), "--check")

    assert (0, False) == (done.returncode, "waiting" in done.stderr)
    assert is_alive(running.started[0].pid)


@pytest.mark.parametrize("command", [["up", "--config", "cocoai.ini"], ["rehearse", "--port", "0"]], ids=" ".join)
def test_up_and_rehearse_are_refused_beside_a_pool(
    running: Pools, free_port: Callable[[], int], command: list[str]
) -> None:
    """As on the production machine: one line names the master, the exit code is 1, and nothing was started."""
    done = running.command("-m", "cocoai", *command, "--listen", f"127.0.0.1:{free_port()}")

    var, pid = running.folder / VAR, running.started[0].pid
    words = f"cocoai: another master (pid {pid}) is running in {var}; stop it first, or use another `var`\n"
    assert (1, words) == (done.returncode, done.stderr)
    assert not (var / "run/etc").exists()
    assert not (var / "run/supervisord.pid").exists()
    assert (True, pid) == (is_held(running.lock), running.shown())
