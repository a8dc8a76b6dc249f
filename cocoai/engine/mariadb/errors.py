"""The errors of a statement, by MariaDB's and its client's numbers.

Source: mariadb.com/kb/en/mariadb-error-codes; tried on 10.11 and 11.8.
"""

from __future__ import annotations

import re

CONTENDED = frozenset({1020, 1205, 1213})
"""Others were in the way: a record changed since it was read, a lock was waited for too long, a deadlock."""

UNDONE = frozenset({1020, 1213})
"""Those of them that took no time: the statement was undone, and may be sent again at once."""

LOST = frozenset({0, 1040, 1047, 1053, 1180, 1203, 1226, 1290, 1927, 2003, 2006, 2013, 2055})
"""There is no connection, or it broke: PyMySQL says 0 of one that it closed before. Or there are too many (1040; of one
user 1203 and 1226), or it leads to a server that may only be read (1290), as one does whose replica has taken over, or
to a node of Galera that is cut off from most others (1047), at a commit of which nobody knows what became (1180).
"""

TOO_LONG = 1153
"""A statement is longer than the server takes."""

NO_ROOM = frozenset({1021, 1114, 3675})
"""The server's disk or a table is full."""

NO_TABLE = 1146
"""There is no such table."""

_KEY = re.compile(r"for key '([^']*)'$")


class MariaDBError(Exception):
    """A statement that failed. `number` is MariaDB's or the client's."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"MariaDB {number}: {text}")
        self.number = number
        self.text = text

    @property
    def may_pass(self) -> bool:
        """Check whether the same may succeed later: others were in the way, the server is away, its disk full."""
        return self.number in CONTENDED | LOST | NO_ROOM


class Unreachable(MariaDBError):
    """There is no connection to the server. What was sent last may have been done, or not.

    Of a server that does not let us in, `may_pass` is False: an operator has to look.
    """


class DuplicateKey(MariaDBError):
    """A row of this key is there already (1062). `key` is the name of the index, `PRIMARY` or a table's own."""

    @property
    def key(self) -> str:
        """Return the name of the index, without that of its table; "" if the server has not told it."""
        found = _KEY.search(self.text)
        return found[1].rpartition(".")[2] if found else ""


def error_of(number: int, text: str) -> MariaDBError:
    """Return the error for a number that MariaDB or its client has told, with its text."""
    if number in LOST:
        return Unreachable(number, text)
    return DuplicateKey(number, text) if number == 1062 else MariaDBError(number, text)
