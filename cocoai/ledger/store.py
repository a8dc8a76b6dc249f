"""LedgerStore: the contract of what keeps the ledger's tables. database.py is SQLite's, mariadb.py MariaDB's.

The statements are written once, in the SQL that both know: `?` for each value, `key` and `call` between backticks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from cocoai.errors import Permanent

PATIENCE = 10.0
"""Seconds to wait for another process's transaction: ten processes at once were seen to wait for up to 3.6."""

Row = tuple[Any, ...]
Result = TypeVar("Result")


class LedgerBroken(Permanent):
    """The ledger cannot be read or written: nothing is paid until the operator has looked. `reason` is for the log.

    `may_pass` is True if that may end by itself, as a full disk does.
    """

    def __init__(self, reason: str, *, may_pass: bool = False) -> None:
        super().__init__("ledger_broken", source="ledger")
        self.reason = reason
        self.may_pass = may_pass

    def __str__(self) -> str:
        """Return the code and the reason, such as `ledger ledger_broken database disk image is malformed`."""
        return f"{super().__str__()} {self.reason}"


class Statements(Protocol):
    """What is given to those who read and write."""

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run a statement with `?` for each value; return the number of rows that it has changed."""

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run a query with `?` for each value, and return its rows. A sum is None, or what int() makes a number of."""


class LedgerStore(Protocol):
    """The ledger's tables, for one process. It may be made before a fork. Every method raises `LedgerBroken`."""

    def read(
        self, run: Callable[[Statements], Result], *, patience: float = PATIENCE, at_one_moment: bool = False
    ) -> Result:
        """Return what `run` reads; there are no charges if there is no ledger yet.

        Another process's commit is waited for, up to `patience` seconds. With `at_one_moment` all queries see the same.
        """

    def write(self, run: Callable[[Statements], Result]) -> Result:
        """Call `run` while no other process on any machine writes, commit what it has written, and return its result.

        Nothing is written if it raises. It may be called once more although it was committed, as nobody has heard of
        that: it must be harmless twice.
        """

    def is_made(self) -> bool:
        """Check whether there is a ledger yet."""

    def compact(self) -> None:
        """Write over what was deleted or replaced, where the database leaves that to us."""
