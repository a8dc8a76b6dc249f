"""Run a program as a session of its own, so that every process that is left of it is found at the end.

A process that calls setsid leaves the session and is not ended with it: CocoAI's job processes do that.
This works on Linux only: it reads /proc and waits by pidfd.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence

KILL_TIMEOUT = 5.0
"""Seconds that killed processes may take to disappear."""


class Session:
    """A `command` that runs as the leader of a session of its own, started by the constructor."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        if shutil.which("setpriv"):
            # If we are killed ourselves, the kernel sends TERM to the leader, which then ends the others.
            command = ["setpriv", "--pdeathsig", "TERM", *command]
        self._leader = subprocess.Popen(  # noqa: S603 (the command is our own)
            command, env=dict(environ), stdin=subprocess.DEVNULL, start_new_session=True
        )
        self._pidfd = os.pidfd_open(self._leader.pid)

    @property
    def pid(self) -> int:
        """Return the leader's pid, which is also the session's ID."""
        return self._leader.pid

    def ended(self) -> bool:
        """Return True if the leader has ended. Do not wait."""
        return self._leader.poll() is not None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the leader ends; return False if it has not ended within `timeout` seconds (None: no limit)."""
        readable, _, _ = select.select([self._pidfd], [], [], timeout)
        return bool(readable)

    def end(self, patience: float) -> None:
        """Send TERM to the leader and wait until it ends; then kill whatever is left of the session.

        The wait is over after `patience` seconds, or when it is interrupted.
        """
        try:
            self._leader.terminate()
            self.wait(patience)
        finally:
            self._kill()
            os.close(self._pidfd)

    def _kill(self) -> None:
        """Kill every process of the session, again until none is left: one may fork while we look.

        Stop after KILL_TIMEOUT seconds, and reap the leader.
        """
        deadline = time.monotonic() + KILL_TIMEOUT
        while (left := list(members(self._leader.pid))) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        self._leader.wait()


def members(session: int) -> Iterator[int]:
    """Yield the pids of the living processes in the session with this ID."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
            # proc(5): after the name in brackets come state, ppid, pgrp, session. A zombie has ended.
            state, _parent, _group, session_of_it = stat.read().rpartition(")")[2].split()[:4]
            if int(session_of_it) == session and state != "Z":
                yield int(name)
