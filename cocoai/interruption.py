"""End a command that runs for long by a signal, as its operator expects: quietly, and in order."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Leave the block on Ctrl-C, TERM and HUP (the terminal was closed) without an error, as a context manager.

    The signals raise KeyboardInterrupt from here on, also when the block has ended.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):  # SIGINT has this handler from the start
        signal.signal(number, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        yield
