"""The self-pipe of a job process: a signal (SIGUSR1) becomes a byte in a pipe, which can be waited for with sockets.

The byte carries no message. The process that reads it looks where the truth is, so a signal that was missed costs time
and nothing else, and one that was meant for an earlier job costs a look. Until the pipe is installed a new process
ignores the signal (fork.py), whose default action would end it.
"""

from __future__ import annotations

import contextlib
import os
import signal

SIGNAL = signal.SIGUSR1

_CHUNK = 512
"""Bytes of one read."""


class WakeupPipe:
    """The pipe of one process. `fd` is readable from the first signal until `drain`."""

    def __init__(self) -> None:
        self.fd, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def install(self) -> None:
        """Turn the signal into a byte from here on. To be called in the main thread; a forked child has no pipe."""
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        signal.signal(SIGNAL, _note_signal)

    def drain(self) -> None:
        """Empty the pipe. To be called before the look that it is for, so that a later signal is seen again."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self.fd, _CHUNK):
                pass


def _note_signal(*_: object) -> None:
    """Do nothing: Python has written to the pipe before it calls this."""
