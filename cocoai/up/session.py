"""A program and all that it starts, as one session: so that whoever is left of it is found at the end.

Whoever calls setsid leaves the session and is not ended with it, as CocoAI's job processes do.
Linux only: it reads /proc and waits by pidfd.
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

LAST = 5.0
"""Seconds that the killed may take to vanish."""


class Session:
    """`command`, running as the leader of a session of its own."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        if shutil.which("setpriv"):
            # Should we be killed outright, the leader is told, and can end the others.
            command = ["setpriv", "--pdeathsig", "TERM", *command]
        self._leader = subprocess.Popen(  # noqa: S603 (the command is our own)
            command, env=dict(environ), stdin=subprocess.DEVNULL, start_new_session=True
        )
        self._pidfd = os.pidfd_open(self._leader.pid)

    @property
    def pid(self) -> int:
        """The leader's, and the session's number."""
        return self._leader.pid

    def ended(self) -> bool:
        """Has the leader ended?"""
        return self._leader.poll() is not None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the leader's end; false if it did not come within `timeout` seconds."""
        readable, _, _ = select.select([self._pidfd], [], [], timeout)
        return bool(readable)

    def end(self, patience: float) -> None:
        """Ask the leader to end, and wait for it; after `patience` seconds, or if interrupted, kill all."""
        try:
            self._leader.terminate()
            self.wait(patience)
        finally:
            self._kill()
            os.close(self._pidfd)

    def _kill(self) -> None:
        deadline = time.monotonic() + LAST
        while (left := list(members(self._leader.pid))) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        self._leader.wait()


def members(session: int) -> Iterator[int]:
    """The pids of a session's living processes."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
            # proc(5): after the name in brackets come state, ppid, pgrp, session. A zombie is nobody any more.
            state, _parent, _group, its_session = stat.read().rpartition(")")[2].split()[:4]
            if int(its_session) == session and state != "Z":
                yield int(name)
