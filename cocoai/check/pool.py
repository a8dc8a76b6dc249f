"""Look at the pool from outside: does it run, once, and what is installed; what has it refused?

It is read from the scoreboard, from /proc and from the spool's folders; no lock is taken, since that would make a file,
and could keep a master waiting.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator

import cocoai
from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.target import Target
from cocoai.engine.pool.master_lock import MASTER_LOCK
from cocoai.engine.process.scoreboard_snapshot import Snapshot, read_snapshot
from cocoai.errors import COUNTERS, StaleSignature, WrongSignature
from cocoai.version import read_commit, version_text

STATES = ("ready", "done", "failed")
LOCKS = "/proc/locks"
MASTER = "cocoai-master"

TRIES = 4
"""How often Slack sends an event that is refused. Fewer wrong signatures may be our own question's, before a reload."""


def pool(target: Target) -> Iterator[Result]:
    """Yield whether one pool runs, of which version, with which memory, and what it has refused."""
    settings = target.settings
    if settings is None:
        return
    absent = wrong if target.instance else note
    facts = {"var": target.var, "start": target.start, "reload": target.reload}
    try:
        snapshot = read_snapshot(settings.paths.scoreboard, slots=settings.pool.slots, reasons=COUNTERS)
    except PermissionError:
        yield note("pool", "unseen", **facts)
        return
    except FileNotFoundError:
        # Without the right to look into `var` a file that is there looks the same.
        is_closed = os.path.isdir(target.var) and not os.access(target.var, os.X_OK)
        yield note("pool", "unseen", **facts) if is_closed else absent("pool", "never", **facts)
        return
    except (OSError, ValueError):
        yield warning("pool", "other_code", **facts)
        return
    if not snapshot.pid:
        yield absent("pool", "stopped", **facts)
    else:
        yield ok("pool", pid=snapshot.pid)
        yield from _version(snapshot, target)
    yield from _masters(target, snapshot.pid)
    yield _refused(snapshot, target)


def _version(snapshot: Snapshot, target: Target) -> Iterator[Result]:
    """Yield whether the running code is what is installed, and whether its memory is shared."""
    ours = version_text(cocoai.__version__, read_commit())
    theirs = version_text(snapshot.version, snapshot.commit)
    if ours == theirs:
        yield ok("pool.version", version=ours)
    else:
        yield warning("pool.version", "other", ours=ours, theirs=theirs, reload=target.reload)
    state, _, reason = snapshot.memory_sharing.partition(": ")
    if state == "off":
        yield note("pool.memory", "off", reason=reason)


def _masters(target: Target, pid: int) -> Iterator[Result]:
    """Yield whether the pool that the scoreboard shows is the one that holds the lock, and the only one."""
    holder = lock_holder(os.path.join(target.var, "run", MASTER_LOCK))
    if holder and holder != pid:
        yield wrong("pool.one", "another", pid=holder, shown=pid or "-", var=target.var, start=target.start)
        return
    orphans = [each for each in masters_of(target.file) if each not in (pid, holder)]
    if orphans:
        yield wrong("pool.one", "orphan", pid=orphans[0], number=len(orphans), var=target.var)
    elif pid:
        yield ok("pool.one", pid=pid, var=target.var)


def lock_holder(path: str, locks: str = LOCKS) -> int:
    """Return the pid of the process that holds the flock on a file, by /proc/locks; 0 if none does, or it is unseen."""
    try:
        found = os.stat(path)
        with open(locks, encoding="ascii") as file:
            lines = [line.split() for line in file]
    except (OSError, ValueError):
        return 0
    for line in lines:
        # proc_locks(5): number, FLOCK, ADVISORY, WRITE, pid, major:minor:inode, ...
        is_lock = len(line) > 5 and line[1] == "FLOCK" and line[5].rpartition(":")[2] == str(found.st_ino)
        # The device is no help, since some file systems show another one there; but only a master locks this file.
        if is_lock and is_master(f"/proc/{line[4]}"):
            return int(line[4])
    return 0


def is_master(folder: str) -> bool:
    """Check whether the process with this folder in /proc is a pool's master. Return False for one that is not seen."""
    try:
        with open(os.path.join(folder, "comm"), encoding="utf-8", errors="replace") as name:
            return name.read().strip() == MASTER
    except OSError:
        return False


def masters_of(file: str) -> list[int]:
    """Return the pids of the masters that were started with this settings file, as far as /proc shows them."""
    found = []
    for folder in filter(is_master, glob.glob("/proc/[0-9]*") if file else []):
        try:
            with open(os.path.join(folder, "cmdline"), "rb") as line:
                if os.fsencode(file) in line.read().split(b"\0"):
                    found.append(int(os.path.basename(folder)))
        except OSError:
            continue
    return sorted(found)


def _refused(snapshot: Snapshot, target: Target) -> Result:
    """Return what wrong signatures say: with none that was right ever, the secret is another app's."""
    wrong_ones, stale = (snapshot.refused.get(each.counter, 0) for each in (WrongSignature, StaleSignature))
    facts = {"number": str(wrong_ones), "stale": str(stale), "file": target.shown_file, "reload": target.reload}
    newest = newest_job(target.var)
    if not wrong_ones and not stale:
        return ok("pool.refused", number=snapshot.accepted)
    if stale and newest < snapshot.started:
        level = wrong if int(stale) >= TRIES else warning  # anybody may send a few
        return level("pool.refused", "stale", **facts)
    if wrong_ones and not newest:
        level = wrong if wrong_ones >= TRIES else warning
        return level("pool.refused", "never_right", **facts)
    if wrong_ones and newest < snapshot.started:
        return warning("pool.refused", "not_since_start", **facts)
    return note("pool.refused", "some", **facts)


def newest_job(var: str) -> float:
    """Return when a job was last written in the spool, in epoch seconds; 0.0 if there is none."""
    newest = 0.0
    for state in STATES:
        try:
            with os.scandir(os.path.join(var, "spool", state)) as entries:
                newest = max([newest, *(entry.stat().st_mtime for entry in entries)])
        except OSError:
            continue
    return newest
