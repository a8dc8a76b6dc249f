"""History: the questions and answers that are kept, and what may be done with them, wherever they lie.

It is in one of two rooms: a SQLite file below `var` (file_history.py), or a database that several machines share
(mariadb_history.py). Both keep the same promises, and the same tests run on both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cocoai.errors import Temporary

TOMBSTONE = 3 * 86_400.0
"""Seconds for which it is remembered what was forgotten: longer than a job lies in done/, where it was found."""


class HistoryBroken(Temporary):
    """The history cannot be read or written; `reason` is for the operator."""

    def __init__(self, reason: str) -> None:
        super().__init__("history_broken")
        self.reason = reason

    def __str__(self) -> str:
        """Return the code and the reason, such as `history_broken var/history.sqlite3: file is not a database`."""
        return f"{super().__str__()} {self.reason}"


@dataclass(frozen=True)
class Exchange:
    """A question and the answer to it, of the job `key`.

    `original` is the key of the question that was asked once more, else the same. `question` are its asker's words as
    the model was shown them, `asked_at` is in epoch seconds, `language` is theirs, "" if unknown.
    """

    key: str
    original: str
    channel: str
    thread_ts: str
    person: str
    asked_at: int
    language: str
    question: str
    answer: str


class History(ABC):
    """All exchanges. Its methods raise `HistoryBroken` if they cannot be read or written."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Return where it lies, for an operator: a path, or a database's address."""

    @abstractmethod
    def now(self) -> float:
        """Return the epoch seconds by which it is told what is too old."""

    @abstractmethod
    def keep(self, exchanges: Iterable[Exchange], seen: Collection[str], swept: Collection[str] = ()) -> int:
        """Keep these exchanges, once each, but for those that were forgotten; return how many are new.

        `seen` are the keys of all jobs that were looked at for that; those that are `swept` are remembered no longer.
        Another machine may be keeping the same at this moment. Who is killed in between does it again.
        """

    @abstractmethod
    def seen(self) -> set[str]:
        """Return the keys of the jobs that were looked at when they were last collected."""

    @abstractmethod
    def keys(self) -> set[str]:
        """Return the keys of all exchanges that are kept."""

    @abstractmethod
    def kept(self, names: Collection[str]) -> set[str]:
        """Return those of these keys whose exchanges are kept, and so may be shown: an index may lag behind."""

    @abstractmethod
    def remove_older_than(self, moment: float) -> int:
        """Remove for good what was asked before `moment` (epoch seconds); return how many exchanges that were."""

    @abstractmethod
    def find(self, *, person: str = "", channel: str = "", thread_ts: str = "", keys: Collection[str] = ()) -> set[str]:
        """Return the keys of the exchanges of a person, a channel or a thread, "" for any, and those among `keys`.

        What somebody else has asked once more has the same words: it is theirs too.
        """

    @abstractmethod
    def forget(self, keys: Collection[str], now: float, *, is_made: bool = False) -> int:
        """Remove these exchanges for good, and never keep them again; return how many there were.

        `is_made`: a file is made if it is missing, so that a process that has read such a job does not keep it. `now`
        is in epoch seconds; a database has a clock of its own.
        """

    @abstractmethod
    def forgotten(self) -> set[str]:
        """Return the keys that are not kept again."""

    @abstractmethod
    def read(self, key: str) -> Exchange | None:
        """Return one exchange; None if it is not kept, or not any more."""

    @abstractmethod
    def beginnings(self, most: int) -> list[tuple[str, str, str]]:
        """Return of each exchange its key, its channel and how its question begins, else its answer: `most` characters.

        In the order in which they were kept.
        """

    @abstractmethod
    def figures(self) -> tuple[int, int]:
        """Return how many exchanges are kept, and when the oldest of them was asked: epoch seconds, 0 for none."""

    @abstractmethod
    def size(self) -> int:
        """Return how many bytes it takes; 0 while there is none yet."""
