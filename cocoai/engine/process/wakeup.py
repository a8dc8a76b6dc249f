"""The bell of a job process: a signal (SIGUSR1) becomes a byte in a descriptor that can be waited for with others.

It carries no word. Whoever hears it looks where the truth is; so one that was not heard costs time and nothing else,
and one that was meant for the question before costs a look. Until it is installed a new process ignores the signal
(background.py), whose default would end it.
"""

from __future__ import annotations

import contextlib
import os
import signal

SIGNAL = signal.SIGUSR1

_MANY = 512


class WakeupPipe:
    """Of one process. `fd` can be read once it has rung, until it is hushed."""

    def __init__(self) -> None:
        self.fd, self._rope = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def install(self) -> None:
        """From here on the signal rings. In the main thread of its process; a child of that has no bell."""
        signal.set_wakeup_fd(self._rope, warn_on_full_buffer=False)
        signal.signal(SIGNAL, _ring)

    def drain(self) -> None:
        """Take what has rung for heard: before looking, so that what comes after the look rings again."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self.fd, _MANY):
                pass


def _ring(*_: object) -> None:
    """Python itself has written into the wake-up descriptor by now."""
