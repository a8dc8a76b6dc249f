"""Run a server of somebody else's in a process group of its own, and end it whatever happens."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

START = 240.0
"""Seconds until a server must answer: one that loads a model on a busy machine takes its time."""
END = 10.0
"""Seconds between the request to end and the order."""


class DidNotStart(Exception):
    """The server ended, or did not answer in time; the text is the end of what it printed."""


@contextmanager
def running(
    command: Sequence[str], *, port: int, folder: Path, path: str = "/", environ: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Start `command` and wait until GET `path` at its port is answered below 500, as a context manager.

    Leaving it ends the process and all that it has started. Raise `DidNotStart` with its last words.
    """
    log = folder / f"{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(process, port, path, log)
            yield
        finally:
            _end(process)


def _wait(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    deadline = time.monotonic() + START
    while not _answers(port, path):
        if process.poll() is not None or time.monotonic() > deadline:
            raise DidNotStart(log.read_text(errors="replace")[-2000:])
        time.sleep(0.2)


def _answers(port: int, path: str) -> bool:
    """Check whether the server answers GET `path` with a status below 500."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and its children: it leads a session of its own, so that its group has the same number."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END)
