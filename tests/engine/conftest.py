"""Workers to be asked: real processes over a real socket, forked as the master forks them, and ended by their pids."""

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
    """The workers of one test. They share `listener` with it, and each its lifeline."""

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
        """One more worker, accepting already; `keep` are descriptors that its handlers want. Returns its pid.

        At the board it has the first free seat.
        """
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        worker = web_worker.Worker(router, max_requests=max_requests, request_timeout=request_timeout, board=board)
        seat = board and board.worker_row(())

        def serve() -> None:
            speak_plainly()
            if board and seat:
                board.take_row(seat)
            worker.serve(self.listener, theirs)

        kept = keep | {self.listener.fileno(), theirs.fileno()}
        pid = fork.fork(serve, name="cocoai-worker", keep=kept, detach=False)
        theirs.close()
        self.lifelines[pid] = ours
        assert ours.recv(1) == b"+"
        return pid

    def wait(self, pid: int) -> int:
        """How this worker ended, as `os.waitstatus_to_exitcode` says it; waited for."""
        status = ended(pid)
        self.lifelines.pop(pid).close()
        return status

    def dismiss(self, pid: int) -> int:
        """End its lifeline, and wait."""
        self.lifelines[pid].close()
        return self.wait(pid)

    def end(self) -> None:
        """Whatever the test has come to."""
        for pid in list(self.lifelines):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self.wait(pid)
        self.listener.close()


def ended(pid: int) -> int:
    """How this child of ours ended, as `os.waitstatus_to_exitcode` says it; waited for, and reaped."""
    process = os.pidfd_open(pid)
    try:
        ready, _, _ = select.select([process], [], [], PATIENCE)
    finally:
        os.close(process)
    assert ready, f"process {pid} has not ended"
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def is_alive(pid: int) -> bool:
    """Whether this process is there and has not ended: whose child it is, and when it is reaped, is no matter."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def python_path() -> str:
    """PYTHONPATH for a program that is to find this house, as we do."""
    return os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)


def speak_plainly() -> None:
    """In a forked child: say to descriptor 2 what pytest would keep for itself."""
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115 (for the child's whole life)
    logging.root.handlers = [logging.StreamHandler(sys.stderr)]
    logging.root.setLevel(logging.INFO)


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    """Real workers over a socket in a folder of this test."""
    made = Workers(tmp_path)
    try:
        yield made
    finally:
        made.end()
