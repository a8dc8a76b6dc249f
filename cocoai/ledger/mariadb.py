"""The ledger in a MariaDB database that several machines share: its tables, and how one process at a time writes them.

Each that writes first counts one row up, and so keeps all others waiting until it commits, as each sum is of rows that
others may be about to write: without it two machines that hold at the same time would each see the budget that the
other has not taken yet. `SELECT … FOR UPDATE` would do on one server. Where several servers take writes (Galera), each
knows its own locks alone, but at the commit they compare which rows were written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from cocoai.engine.mariadb import mariadb
from cocoai.engine.mariadb.errors import MariaDBError, Unreachable
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.ledger.store import PATIENCE, LedgerBroken, Result, Row, Statements

# The columns are those of database.py, where it is said what they are.
_CHARGE = """
CREATE TABLE IF NOT EXISTS charge (
id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
`key` VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
`call` INT UNSIGNED NOT NULL,
claim INT UNSIGNED NOT NULL,
at BIGINT NOT NULL,
month CHAR(7) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
team VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
channel VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
person VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
kind VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
model VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
tier VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL DEFAULT '',
prompt BIGINT NULL, cached BIGINT NULL, written BIGINT NULL, output BIGINT NULL, reasoning BIGINT NULL,
units BIGINT NULL, held BIGINT NOT NULL, spent BIGINT NULL,
how VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL,
price TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
UNIQUE KEY of_job (`key`, `call`), KEY by_month (month, spent, held, person, channel)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
"""

_NOTICE = """
CREATE TABLE IF NOT EXISTS notice (
month CHAR(7) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
scope VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
threshold INT UNSIGNED NOT NULL,
at BIGINT NOT NULL,
told BIGINT NULL,
PRIMARY KEY (month, scope, threshold)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
"""

# One row. number: how often the ledger was written.
_TURN = """
CREATE TABLE IF NOT EXISTS ledger_turn (
id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
number BIGINT UNSIGNED NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
"""

FIRST_TURN = "INSERT INTO ledger_turn (id, number) VALUES (1, 0) ON DUPLICATE KEY UPDATE id = id"
"""What makes the row that is counted up, where it is missing."""

LEDGER_TABLES = (_CHARGE, _NOTICE, _TURN, FIRST_TURN)
"""The statements that make the ledger's tables, and the row that is counted up. They may be run again."""

NO_TURN = "ledger_turn has no row, without which nothing is written: `cocoai store init` makes it"
"""What is wrong where that row is missing."""

_TAKE_TURN = "UPDATE ledger_turn SET number = number + 1 WHERE id = 1"
# The newest month is the one that counts against the budget. Nothing is examined that no call would read.
_EXAMINED = (
    "SELECT * FROM charge ORDER BY id DESC LIMIT 1",
    "SELECT sum(spent), sum(held) FROM charge WHERE month = (SELECT max(month) FROM charge)",
    "SELECT month, scope, threshold, at, told FROM notice LIMIT 1",
)

_AT_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"


class MariaDBStore:
    """The ledger in `database`, a LedgerStore."""

    def __init__(self, database: MariaDB) -> None:
        self.database = database

    def read(
        self, run: Callable[[Statements], Result], *, patience: float = PATIENCE, at_one_moment: bool = False
    ) -> Result:
        """Return what `run` reads. Nobody waits for a reader, nor a reader for anybody."""
        del patience
        with _as_ledger_errors():
            if not at_one_moment:
                return run(_Statements(self.database))
            # That is of the transaction that is begun next.
            self.database.execute(_AT_ONE_MOMENT)
            return self.database.transaction(lambda statements: run(_Statements(statements)))

    def write(self, run: Callable[[Statements], Result]) -> Result:
        """Call `run` while no other process on any machine writes, and commit what it has written.

        Where the connection breaks it is called once more: whether it was committed, its own rows tell.
        """

        def in_turn(statements: mariadb.Transaction) -> Result:
            if not statements.execute(_TAKE_TURN):
                raise LedgerBroken(f"{self.database.address}: {NO_TURN}")
            return run(_Statements(statements))

        with _as_ledger_errors():
            try:
                return self.database.transaction(in_turn)
            except Unreachable:
                return self.database.transaction(in_turn)

    def trouble(self) -> str:
        """Return what is wrong with the tables, "" if nothing is: all that is written must be there to be read."""

        def run(statements: Statements) -> str:
            for query in _EXAMINED:
                statements.rows(query)
            return "" if statements.rows("SELECT 1 FROM ledger_turn WHERE id = 1") else NO_TURN

        return self.read(run)

    def is_made(self) -> bool:
        """Return True: `cocoai store init` makes the tables."""
        return True

    def compact(self) -> None:
        """Do nothing: the server writes over what was deleted."""


class _Statements:
    """The ledger's own statements, with MariaDB's sign for a value."""

    def __init__(self, statements: mariadb.Transaction) -> None:
        self._statements = statements

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        return self._statements.execute(_translated(sql), values)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        return self._statements.rows(_translated(sql), values)


def _translated(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


@contextmanager
def _as_ledger_errors() -> Iterator[None]:
    """Raise `LedgerBroken` in place of MariaDB's errors, as a context manager."""
    try:
        yield
    except MariaDBError as error:
        raise LedgerBroken(str(error), may_pass=error.may_pass) from error
