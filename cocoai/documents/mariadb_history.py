"""MariaDBHistory: the history in a MariaDB database that several machines share.

Each row says by the server's clock when it was last changed, and of what was forgotten or too old the key stays for
three days, without a word: so each machine's index follows the changes (followed_history.py), and no machine that has
read such a job just before keeps it again. Each step is one statement that is committed by itself, harmless when it is
sent twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from itertools import islice

from cocoai.documents.history import TOMBSTONE, Exchange, History, HistoryBroken
from cocoai.engine.mariadb.errors import CONTENDED, NO_TABLE, DuplicateKey, MariaDBError
from cocoai.engine.mariadb.mariadb import TRIES, MariaDB
from cocoai.engine.mariadb.session import Row

# The columns are those of file_history.py. gone: its words are forgotten, and of the others `key` alone is left.
_EXCHANGE = """
CREATE TABLE IF NOT EXISTS exchange (
`key` VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
original VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
channel VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
thread_ts VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
person VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
asked_at BIGINT NOT NULL,
language VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
question LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
answer LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
gone TINYINT UNSIGNED NOT NULL DEFAULT 0,
changed_at DATETIME(6) NOT NULL,
KEY changed (changed_at, `key`), KEY age (gone, asked_at), KEY place (channel, thread_ts), KEY person (person),
KEY original (original)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
"""

HISTORY_TABLES = (
    _EXCHANGE,
    # The jobs that were looked at while they lay in done/.
    """
CREATE TABLE IF NOT EXISTS seen_job (
job_key VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
""",
    # When a machine that keeps a history last looked at it.
    """
CREATE TABLE IF NOT EXISTS history_look (
id TINYINT UNSIGNED NOT NULL PRIMARY KEY, at DATETIME(6) NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
""",
)
"""The statements that make the history's tables."""

AT_ONCE = 500
"""Rows that one statement reads or changes, so that nobody waits for it."""

UNKEPT = 86_400
"""Seconds after which a history that no machine's settings keep any more is removed."""

FOREVER = 2.0**62

_NOW = "UTC_TIMESTAMP(6)"

_COLUMNS = "`key`, original, channel, thread_ts, person, asked_at, language, question, answer"

_INSERT = f"INSERT INTO exchange ({_COLUMNS}, changed_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, {_NOW})"  # noqa: S608 (names of ours)

_BLANK = (
    "original = '', channel = '', thread_ts = '', person = '', asked_at = 0, language = '', question = '', answer = '',"
    f" gone = 1, changed_at = {_NOW}"
)

_FORGET = f"""
INSERT INTO exchange ({_COLUMNS}, gone, changed_at) VALUES {{}} ON DUPLICATE KEY UPDATE {_BLANK}
"""  # noqa: S608 (names of ours)

_FORGOTTEN = f"(%s, '', '', '', '', 0, '', '', '', 1, {_NOW})"

_REMOVE = f"UPDATE exchange SET {_BLANK} WHERE gone = 0 AND asked_at < %s ORDER BY asked_at LIMIT {AT_ONCE}"  # noqa: S608

_DROP_TOMBSTONES = f"""
DELETE FROM exchange WHERE gone = 1 AND changed_at < {_NOW} - INTERVAL {int(TOMBSTONE)} SECOND LIMIT {AT_ONCE}
"""  # noqa: S608 (numbers of ours)

_CHANGES = f"""
SELECT changed_at, `key`, channel, LEFT(IF(question = '', answer, question), %s), gone FROM exchange
WHERE changed_at >= %s AND (changed_at > %s OR `key` > %s) ORDER BY changed_at, `key` LIMIT {AT_ONCE}
"""  # noqa: S608 (numbers of ours)

_LOOKED = f"INSERT INTO history_look VALUES (1, {_NOW}) ON DUPLICATE KEY UPDATE at = {_NOW}"  # noqa: S608

_SIZE = """
SELECT SUM(data_length + index_length) FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name = 'exchange'
"""

BEGINNING_OF_TIME = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Change:
    """What became of an exchange at a time of the server's: it `is_gone`, or was kept, in a channel, and so it begins.

    `at` is of UTC, without a zone.
    """

    at: datetime
    key: str
    channel: str
    beginning: str
    is_gone: bool


class MariaDBHistory(History):
    """The history in `database`, of all machines. It may be made before a fork."""

    def __init__(self, database: MariaDB) -> None:
        self._database = database

    @property
    def place(self) -> str:
        """Return the database's address, without a password."""
        return str(self._database.address)

    def now(self) -> float:
        """Return the server's time: no machine's clock has a say in what is removed for all."""
        return self.clock().replace(tzinfo=UTC).timestamp()

    def clock(self) -> datetime:
        """Return the server's time, of UTC and without a zone, as Change has it."""
        at: datetime = self._rows(f"SELECT {_NOW}")[0][0]
        return at

    def keep(self, exchanges: Iterable[Exchange], seen: Collection[str], swept: Collection[str] = ()) -> int:
        """Keep these exchanges, a statement each: one that is there, or was forgotten, is a duplicate."""
        kept = sum(self._insert(each) for each in exchanges)
        for some in _parts(seen):
            values = ", ".join(["(%s)"] * len(some))
            self._execute(f"INSERT INTO seen_job VALUES {values} ON DUPLICATE KEY UPDATE job_key = job_key", some)  # noqa: S608
        for some in _parts(swept):
            self._execute(f"DELETE FROM seen_job WHERE job_key IN ({_signs(some)})", some)  # noqa: S608
        return kept

    def seen(self) -> set[str]:
        """Return the keys of the jobs that any machine has looked at."""
        return {str(key) for (key,) in self._rows("SELECT job_key FROM seen_job")}

    def keys(self) -> set[str]:
        """Return the keys of all exchanges that are kept."""
        return {str(key) for (key,) in self._rows("SELECT `key` FROM exchange WHERE gone = 0")}

    def kept(self, names: Collection[str]) -> set[str]:
        """Return those of these keys whose exchanges are kept."""
        return set(self._of("SELECT `key` FROM exchange WHERE gone = 0 AND `key` IN ({})", names))

    def remove_older_than(self, moment: float) -> int:
        """Remove for good what was asked before `moment`; each index is told by what is left of it."""
        self._in_parts(_DROP_TOMBSTONES)
        return self._in_parts(_REMOVE, (int(moment),))

    def find(self, *, person: str = "", channel: str = "", thread_ts: str = "", keys: Collection[str] = ()) -> set[str]:
        """Return the keys of the exchanges of a person, a channel or a thread, "" for any, and those among `keys`."""
        of = {"person": person, "channel": channel, "thread_ts": thread_ts}
        wanted, given = set(keys), {column: value for column, value in of.items() if value}
        if given:
            conditions = " AND ".join(f"{column} = %s" for column in given)
            query = f"SELECT `key` FROM exchange WHERE gone = 0 AND {conditions}"  # noqa: S608 (names of ours)
            wanted |= {str(key) for (key,) in self._rows(query, tuple(given.values()))}
        again = self._of("SELECT `key` FROM exchange WHERE gone = 0 AND original IN ({})", wanted)
        return self.kept(wanted) | set(again)

    def forget(self, keys: Collection[str], now: float, *, is_made: bool = False) -> int:
        """Remove these exchanges for good, and remember their keys, whether they are kept yet or not."""
        del now, is_made
        count = len(self.kept(keys))
        for some in _parts(keys):
            self._execute(_FORGET.format(", ".join([_FORGOTTEN] * len(some))), some)
        return count

    def forgotten(self) -> set[str]:
        """Return the keys that are not kept again: also of what was too old."""
        return {str(key) for (key,) in self._rows("SELECT `key` FROM exchange WHERE gone = 1")}

    def read(self, key: str) -> Exchange | None:
        """Return one exchange; None if it is not kept, or not any more."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM exchange WHERE gone = 0 AND `key` = %s", (key,))  # noqa: S608
        return Exchange(*rows[0]) if rows else None

    def beginnings(self, most: int) -> list[tuple[str, str, str]]:
        """Return of each exchange its key, its channel, and how it begins: at most `most` characters."""
        # One that was changed meanwhile comes once more, as it is then.
        found = {change.key: change for change in self.changes(BEGINNING_OF_TIME, most)}
        return [(each.key, each.channel, each.beginning) for each in found.values() if not each.is_gone]

    def changes(self, since: datetime, most: int) -> Iterator[Change]:
        """Yield what was kept and what was forgotten since that time, by time and key; `most` as in beginnings()."""
        at, key = since, ""
        while True:
            rows = self._rows(_CHANGES, (most, at, at, key))
            for at, key, channel, beginning, gone in rows:
                yield Change(at, key, channel, beginning, bool(gone))
            if len(rows) < AT_ONCE:
                return

    def figures(self) -> tuple[int, int]:
        """Return how many exchanges are kept, and when the oldest of them was asked: epoch seconds, 0 for none."""
        count, oldest = self._rows("SELECT COUNT(*), MIN(asked_at) FROM exchange WHERE gone = 0")[0]
        return count, oldest or 0

    def size(self) -> int:
        """Return how many bytes the server uses for it."""
        return int(self._rows(_SIZE)[0][0] or 0)

    def note_look(self) -> None:
        """Note that the settings of this machine keep a history."""
        self._execute(_LOOKED)

    def remove_unkept(self) -> int:
        """Remove everything if no machine has kept a history for a day; return how many exchanges that were."""
        if self._rows(f"SELECT 1 FROM history_look WHERE at > {_NOW} - INTERVAL {UNKEPT} SECOND"):  # noqa: S608
            return 0
        return self.remove_older_than(FOREVER)

    def clear(self) -> None:
        """Leave nothing, not even what was forgotten. No machine may keep anything meanwhile."""
        for table in ("exchange", "seen_job", "history_look"):
            self._execute(f"DELETE FROM {table}")  # noqa: S608 (names of ours)

    def _insert(self, exchange: Exchange) -> bool:
        """Keep an exchange; return False if it is there already, or was forgotten."""
        try:
            self._execute(_INSERT, astuple(exchange))
        except DuplicateKey:
            return False
        return True

    def _of(self, query: str, names: Collection[str]) -> Iterator[str]:
        """Yield what a query returns for these values, a part of them at a time."""
        for some in _parts(names):
            yield from (str(key) for (key,) in self._rows(query.format(_signs(some)), some))

    def _in_parts(self, statement: str, values: Sequence[object] = ()) -> int:
        """Run a statement until there is nothing left for it to do; return how many rows it has found."""
        found = 0
        while number := self._execute(statement, values):
            found += number
            if number < AT_ONCE:
                break
        return found

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        with self._errors():
            return self._database.rows(query, values)

    def _execute(self, statement: str, values: Sequence[object] = ()) -> int:
        """Run a statement, again while others are in the way: several rows may be locked in another order."""
        with self._errors():
            return _again(lambda: self._database.execute(statement, values))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Raise `HistoryBroken` in place of MariaDB's errors, but for a duplicate, as a context manager."""
        try:
            yield
        except DuplicateKey:
            raise
        except MariaDBError as error:
            hint = "; `cocoai store init` makes its tables" if error.number == NO_TABLE else ""
            raise HistoryBroken(f"{self.place}: {error}{hint}") from error


def _again(run: Callable[[], int]) -> int:
    for _ in range(TRIES - 1):
        try:
            return run()
        except MariaDBError as error:
            if error.number not in CONTENDED:
                raise
    return run()


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    """Yield these values, sorted, so many at once as one statement is given."""
    rest = iter(sorted(values))
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _signs(values: Collection[str]) -> str:
    return ", ".join(["%s"] * len(values))
