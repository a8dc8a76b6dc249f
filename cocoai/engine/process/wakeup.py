"""The self-pipe of a job process: SIGUSR1 becomes a byte in a descriptor that can be polled together with others.

The byte carries no message: its reader looks at the files that say what has happened. So a lost signal costs time and
nothing else, and one that was meant for an earlier job costs one look. Until the pipe is installed a new process
ignores the signal (fork.py), whose default action would end it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal

SIGNAL = signal.SIGUSR1

_READ_SIZE = 512


class WakeupPipe:
    """A pipe of one process. Its reading end, `fd`, becomes readable at each SIGUSR1 and stays so until `drain`."""

    def __init__(self) -> None:
        self.fd, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def install(self) -> None:
        """Begin to write a byte into the pipe at each SIGUSR1, so that `fd` becomes readable.

        Call it in the main thread; a forked child does not inherit it. Other signals with a Python handler write a byte
        too.
        """
        # A full pipe needs no warning: it is readable, and one byte is as good as many.
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        signal.signal(SIGNAL, _on_signal)  # without a Python handler no byte is written

    def wait(self, seconds: float) -> None:
        """Wait up to `seconds` until `fd` is readable, then drain it: return at once if a signal came before."""
        select.select([self.fd], [], [], max(0.0, seconds))
        self.drain()

    def drain(self) -> None:
        """Empty the pipe without waiting, so that `fd` is not readable until the next signal.

        Call it before looking at what has happened: then a signal that comes after the look makes `fd` readable again.
        """
        with contextlib.suppress(BlockingIOError):
            while os.read(self.fd, _READ_SIZE):
                pass


def _on_signal(*_: object) -> None:
    """Return at once: Python itself has already written into the wake-up descriptor."""
