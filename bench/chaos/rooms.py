"""Where the jobs and the ledger of a run lie: what the run asks of them, in files or in a database.

A store that cannot be reached just now is as it was last seen: the run goes on asking, as people would.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.chaos import left_jobs, processes
from bench.chaos.processes import Process
from cocoai.answer.dead_holds import settle_dead_holds
from cocoai.ledger import database
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.store import LedgerStore
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.files import owner_of
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import NoSuchJob
from tests.books import books

HAS_ENDED = ("done", "failed")


class Room(ABC):
    """The store of a run's jobs, and `seen_at`: when each was first seen to be ready, in epoch seconds.

    `spool` and `ledger` are for the thread of the run alone; all else is for any.
    """

    spool: Spool
    ledger: LedgerStore

    def __init__(self, vars_: Sequence[Path]) -> None:
        self.seen_at: dict[str, float] = {}
        self._vars = vars_

    @abstractmethod
    def waiting(self) -> set[str]:
        """Return the names of what waits or is in hand, of what was not taken in yet too."""

    @abstractmethod
    def has(self, state: str, key: str) -> bool:
        """Check whether a job is in one of the states HAS_ENDED, as far as that is known."""

    @abstractmethod
    def in_hand(self, run_id: str) -> Iterator[tuple[Process, str]]:
        """Yield each process that works on a job, with the job's lines."""

    @abstractmethod
    def left(self, run_id: str) -> list[tuple[str, str]]:
        """Return the name of each job that is ready, with a line that tells all about it."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Copy all jobs and the ledger into a folder that is there."""

    def lines(self, key: str) -> Iterator[str]:
        """Yield the lines of a job, with its state."""
        with contextlib.suppress(NoSuchJob):
            state, lines = self.spool.find(Key.parse(key))
            yield from (f"{state}/ {str(line)[:300]}" for line in lines)

    def left_files(self) -> list[str]:
        """Sweep as each hour, and return what is left of files that no job needs any more."""
        self._sweep()
        failed = {str(key) for key in self.spool.keys("failed")}
        return sorted(name for name in self._files() if str(owner_of(name)) not in failed)

    def settle(self) -> None:
        """Sweep the ledger as it is swept each hour."""
        settle_dead_holds(self.spool, books(self._vars[0], store=self.ledger))

    def half_stored(self) -> int:
        """Return how many files lie in a tmp/."""
        folders = (var / place / "tmp" for var in self._vars for place in ("spool", "inbox"))
        return sum(len(os.listdir(folder)) for folder in folders if folder.exists())

    def _files(self) -> Iterable[str]:
        """Return the names of all files of jobs."""
        return (name for var in self._vars for name in os.listdir(var / "spool" / "files"))

    @abstractmethod
    def _sweep(self) -> None:
        """Sweep the store of jobs."""

    def _note_seen(self, names: Iterable[str]) -> None:
        now = time.time()
        for name in names:
            self.seen_at.setdefault(name, now)


class FileRoom(Room):
    """Jobs and ledger in the files below one `var`."""

    def __init__(self, var: Path) -> None:
        super().__init__((var,))
        self._var = var
        self._spool = var / "spool"
        self.spool = FileSpool(str(var))
        self.ledger = SqliteStore(os.path.join(var, database.FILE))

    def waiting(self) -> set[str]:
        """Return the names in ready/."""
        names = set(os.listdir(self._spool / "ready"))
        self._note_seen(names)
        return names

    def has(self, state: str, key: str) -> bool:
        """Check whether the job's file is in this folder."""
        return (self._spool / state / key).exists()

    def in_hand(self, run_id: str) -> Iterator[tuple[Process, str]]:
        """Yield each process that has a job in ready/ open, with the job's lines."""
        for process in processes.jobs(run_id):
            for path in processes.open_files(process):
                if path.parent == self._spool / "ready":
                    with contextlib.suppress(FileNotFoundError):  # it has been moved meanwhile
                        yield process, path.read_text("utf-8", "replace")

    def left(self, run_id: str) -> list[tuple[str, str]]:
        """Return the files in ready/."""
        return left_jobs.left_jobs(self._spool / "ready", run_id, time.time())

    def save(self, folder: Path) -> None:
        """Copy the folder and the ledger's file."""
        shutil.copytree(self._spool, folder / "spool")
        shutil.copy(self._var / database.FILE, folder)

    def _sweep(self) -> None:
        self.spool.sweep()
