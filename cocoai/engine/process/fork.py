"""Fork, detach, run, end: the one way in which CocoAI makes a process.

The parent's half is short and comes first; the child's half ends in `os._exit` on every path, so that no
exception, no `sys.exit` and no clean-up of the parent's ever runs a second time.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import signal
from collections.abc import Callable, Iterator

SIGNALS = frozenset(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}

STDERR = 2

NICE = 19
"""How far a detached process stands back: a hundred of them together weigh about as much as one worker."""

log = logging.getLogger(__name__)


def fork(run: Callable[[], None], *, name: str, keep: frozenset[int] = frozenset(), detach: bool = True) -> int:
    """Run `run` in a process of its own and return its pid; `OSError` if there can be none.

    Of the parent's descriptors the child keeps 1, 2 and `keep`. A detached child leads a session of its own
    and is the first to go when memory runs out. `name` is what `ps` shows (at most 15 bytes).
    """
    with blocked_signals():
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            _become(name, keep, detach=detach)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            run()
            status = 0
        except BaseException:
            log.exception("process=%s outcome=died", name)
        finally:
            os._exit(status)


@contextlib.contextmanager
def blocked_signals() -> Iterator[None]:
    """No signal is delivered inside: a child must never run a handler that speaks for its parent."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _become(name: str, keep: frozenset[int], *, detach: bool) -> None:
    signal.set_wakeup_fd(-1)
    faulthandler.unregister(signal.SIGUSR2)
    restore_signals()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # a nudge (bell.py): who has no bell yet must not end of it
    faulthandler.register(signal.SIGUSR2, file=STDERR)  # whatever hangs can be asked where
    if detach:
        os.setsid()
    drop_descriptors(keep | {1, 2})
    if detach:
        _give_way()
    name_process(name)


def _give_way() -> None:
    """Behind those who answer Slack within 3 seconds: for the processor, and when memory runs out."""
    os.nice(NICE)
    # Where autogroups are on, a session is a scheduling group, and only the group's own nice counts against others.
    _set_process_file("autogroup", str(NICE))
    _set_process_file("oom_score_adj", "500")


def name_process(name: str) -> None:
    """What `ps -o comm` and `top` show: at most 15 bytes."""
    _set_process_file("comm", name)


def restore_signals() -> None:
    """Every signal as a new Python finds it: a broken pipe and a file too large are exceptions to it."""
    for number in SIGNALS - {signal.SIGPIPE, signal.SIGXFSZ}:
        # Some numbers are the C library's own.
        with contextlib.suppress(OSError, ValueError):
            if signal.getsignal(number) is not signal.SIG_DFL:
                signal.signal(number, signal.SIG_DFL)


def drop_descriptors(keep: frozenset[int]) -> None:
    """Lay /dev/null over every open descriptor but `keep`.

    Not close: objects inherited from the parent still hold these numbers. When one of them is collected it closes
    its number once more, and by then that may be a file of ours. Tried: a job's claim was dropped that way.
    """
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for fd in sorted(int(entry) for entry in os.listdir("/proc/self/fd")):
        # The listing's own descriptor is in the list, and gone.
        if fd not in keep and fd != null:
            with contextlib.suppress(OSError):
                os.fstat(fd)
                os.dup2(null, fd, inheritable=fd <= 2)
    if null:  # else the parent had no 0, and this is ours
        os.close(null)


def _set_process_file(file: str, value: str) -> None:
    """Write below /proc/self. A container may forbid it, and nothing depends on it."""
    # A text file of Python's would cost each child 0.1 MiB of memory that it shares until it opens its first.
    with contextlib.suppress(OSError):
        fd = os.open(f"/proc/self/{file}", os.O_WRONLY)
        try:
            os.write(fd, value.encode())
        finally:
            os.close(fd)
