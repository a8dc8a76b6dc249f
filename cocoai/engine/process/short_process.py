"""Short processes: what cannot wait for a job process, and is done by one call within seconds.

Each holds one lock of a few while it lives, so that there are never many of them: a burst of requests forks no crowd.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from functools import partial

from cocoai.engine.process import fork, locks
from cocoai.engine.process.scoreboard import Scoreboard

log = logging.getLogger(__name__)


class ShortProcesses:
    """At most `number` processes at a time that are named `process`, each of which ends within `seconds`.

    Their lock files `NAME-0.lock`, `NAME-1.lock` ... lie in `folder`.
    """

    def __init__(
        self, folder: str, name: str, process: str, scoreboard: Scoreboard, *, number: int, seconds: float
    ) -> None:
        self._paths = [os.path.join(folder, f"{name}-{index}.lock") for index in range(number)]
        self._name = process
        self._scoreboard = scoreboard
        self._seconds = seconds

    def start(self, run: Callable[[], None]) -> bool:
        """Fork a process that calls `run`, and do not wait for it; return False if `number` of them live already.

        Return False too if no process can be forked, which is logged. One that lives for `seconds` is ended by SIGALRM.
        """
        for path in self._paths:
            if (lock := locks.take(path)) is not None:
                try:
                    return self._fork(run, lock.fd)
                finally:
                    # The child holds the lock through its own copy; this closes ours.
                    lock.release()
        return False

    def _fork(self, run: Callable[[], None], fd: int) -> bool:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # this process waits for no child of its own
        try:
            fork.fork(partial(self._run, run), name=self._name, keep=frozenset({fd}))
        except OSError:
            log.exception("process=%s outcome=not-forked", self._name)
            return False
        return True

    def _run(self, run: Callable[[], None]) -> None:
        """Call `run`, in the child."""
        # SIGALRM has its default action here: a hung process simply ends, and the kernel frees its lock.
        signal.setitimer(signal.ITIMER_REAL, self._seconds)
        self._scoreboard.release_row()  # or it would write to the row of the process that forked it
        run()
