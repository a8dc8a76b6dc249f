"""Real workers over a real socket, forked as the master forks them, and ended by their pids."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.engine.process import fork
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web import worker as web_worker
from cocoai.engine.web.router import Router
from tests.engine.web.fastcgi_client import PATIENCE


class Workers:
    """The workers of one test, which share `listener` with it; `lifelines` are by pid."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "socket")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen(64)
        self.listener.settimeout(0)
        self.lifelines: dict[int, socket.socket] = {}

    def start(
        self,
        router: Router,
        *,
        max_requests: int = 0,
        request_timeout: float = PATIENCE,
        keep: frozenset[int] = frozenset(),
        board: Scoreboard | None = None,
    ) -> int:
        """Start a worker, wait until it accepts, and return its pid; `keep` are descriptors that its handlers need.

        It has the first free row of `board`.
        """
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        worker = web_worker.Worker(router, max_requests=max_requests, request_timeout=request_timeout, board=board)
        row = board and board.worker_row(())

        def serve() -> None:
            write_to_stderr()
            if board and row:
                board.take_row(row)
            worker.serve(self.listener, theirs)

        kept = keep | {self.listener.fileno(), theirs.fileno()}
        pid = fork.fork(serve, name="cocoai-worker", keep=kept, detach=False)
        theirs.close()
        self.lifelines[pid] = ours
        assert ours.recv(1) == b"+"
        return pid

    def wait(self, pid: int) -> int:
        """Wait until this worker ends; return its status as `os.waitstatus_to_exitcode` gives it."""
        status = ended(pid)
        self.lifelines.pop(pid).close()
        return status

    def dismiss(self, pid: int) -> int:
        """Close the worker's lifeline and wait until it ends; return its status."""
        self.lifelines[pid].close()
        return self.wait(pid)

    def end(self) -> None:
        """Kill the workers that are left."""
        for pid in list(self.lifelines):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self.wait(pid)
        self.listener.close()


def ended(pid: int) -> int:
    """Wait for this child and reap it; return its status as `os.waitstatus_to_exitcode` gives it."""
    process = os.pidfd_open(pid)
    try:
        ready, _, _ = select.select([process], [], [], PATIENCE)
    finally:
        os.close(process)
    assert ready, f"process {pid} has not ended"
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def is_alive(pid: int) -> bool:
    """Check whether this process is there and has not ended; a process that was not reaped yet has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def python_path() -> str:
    """Return PYTHONPATH for a program that is to import this checkout."""
    return os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)


def write_to_stderr() -> None:
    """Write the log to descriptor 2, in a forked child, instead of where pytest captures it."""
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115 (for the child's whole life)
    logging.root.handlers = [logging.StreamHandler(sys.stderr)]
    logging.root.setLevel(logging.INFO)


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    """Yield real workers over a socket in a folder of this test; kill them afterwards."""
    made = Workers(tmp_path)
    try:
        yield made
    finally:
        made.end()
