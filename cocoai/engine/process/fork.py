"""Fork a process that runs one function and exits: the only way in which CocoAI makes a process.

The parent's half is short and comes first; the child's half ends in `os._exit` on every path, so that no
exception, no `sys.exit` and no clean-up of the parent's ever runs a second time. What the child does is handed in.
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
"""The nice value of a detached process: a hundred of them together get about as much CPU as one worker."""

log = logging.getLogger(__name__)


def fork(run: Callable[[], None], *, name: str, keep: frozenset[int] = frozenset(), detach: bool = True) -> int:
    """Fork a process that calls `run` and exits; return its pid to the caller at once, without waiting for it.

    It exits with status 0, or with 1 if `run` raises, which is logged. Raise OSError if the kernel cannot make a
    process. Of the parent's descriptors the child keeps 1, 2 and `keep`. Signals have their default action in it,
    except SIGUSR1, which is ignored, and SIGUSR2, which writes the stack to the log. A detached child leads a session
    of its own, has nice value 19, and is the first that the kernel kills when memory runs out. `name` is what `ps`
    shows (at most 15 bytes).
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
    """Block every signal while the `with` block runs, then restore the earlier mask, as a context manager.

    A child forked inside must never run a handler that acts for its parent.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _become(name: str, keep: frozenset[int], *, detach: bool) -> None:
    """Turn the forked copy into a process of its own, `name` in `ps`, with the descriptors 1, 2 and `keep` only.

    Every signal gets its default action, except SIGUSR1, which is ignored, and SIGUSR2, which writes the stack to the
    log. With `detach` the process also leads a new session and gets a lower priority.
    """
    signal.set_wakeup_fd(-1)
    faulthandler.unregister(signal.SIGUSR2)
    restore_signals()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # wakeup.py's: a process without a pipe must not end of it
    faulthandler.register(signal.SIGUSR2, file=STDERR)  # an operator can ask where it hangs
    if detach:
        os.setsid()
    drop_descriptors(keep | {1, 2})
    if detach:
        _lower_priority()
    name_process(name)


def _lower_priority() -> None:
    """Give this process nice value 19, and let the kernel kill it before others when memory runs out.

    So a detached process stands back behind the workers, whose clients wait.
    """
    os.setpriority(os.PRIO_PROCESS, 0, NICE)
    # Where autogroups are on, a session is a scheduling group, and only the group's own nice counts against others.
    _set_process_file("autogroup", str(NICE))
    _set_process_file("oom_score_adj", "500")


def name_process(name: str) -> None:
    """Set the name of this process that `ps -o comm` and `top` show: at most 15 bytes. It may fail silently."""
    _set_process_file("comm", name)


def restore_signals() -> None:
    """Give every signal its default action, except SIGPIPE and SIGXFSZ, which stay ignored.

    Python ignores these two, so that a failed write raises an exception.
    """
    for number in SIGNALS - {signal.SIGPIPE, signal.SIGXFSZ}:
        # Some numbers are the C library's own.
        with contextlib.suppress(OSError, ValueError):
            if signal.getsignal(number) is not signal.SIG_DFL:
                signal.signal(number, signal.SIG_DFL)


def drop_descriptors(keep: frozenset[int]) -> None:
    """Make every open descriptor of this process, except those in `keep`, refer to /dev/null.

    They are not closed, for objects inherited from the parent still hold these numbers. When one of them is collected
    it closes its number once more, and by then that may be a file of the child's. Tried: a lock was dropped that way.
    """
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for fd in sorted(int(entry) for entry in os.listdir("/proc/self/fd")):
        # The listing's own descriptor is in the list, and closed by now.
        if fd not in keep and fd != null:
            with contextlib.suppress(OSError):
                os.fstat(fd)
                os.dup2(null, fd, inheritable=fd <= 2)
    if null:  # else the parent had no descriptor 0, and this one stays as the child's
        os.close(null)


def _set_process_file(file: str, value: str) -> None:
    """Write `value` to /proc/self/`file`. Ignore an OSError: a container may forbid it, and nothing depends on it."""
    # A text file of Python's would cost each child 0.1 MiB of memory that it shares until it opens its first.
    with contextlib.suppress(OSError):
        fd = os.open(f"/proc/self/{file}", os.O_WRONLY)
        try:
            os.write(fd, value.encode())
        finally:
            os.close(fd)
