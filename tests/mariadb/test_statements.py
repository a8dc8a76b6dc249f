"""What a statement returns and raises on a real server, and what each session begins with."""

from __future__ import annotations

import pytest

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.engine.mariadb.errors import DuplicateKey, MariaDBError
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.engine.mariadb.session import LONGEST

TABLE = "CREATE TABLE t (k VARCHAR(80) PRIMARY KEY, other INT, n INT, UNIQUE KEY others (other)) ENGINE=InnoDB"


@pytest.fixture
def table(database: MariaDB) -> MariaDB:
    """Return the database with a table of one row."""
    database.execute(TABLE)
    database.execute("INSERT INTO t VALUES ('a', 1, 0)")
    return database


def test_a_row_that_is_found_counts_even_if_it_stays_as_it_is(table: MariaDB) -> None:
    """A lease that is renewed twice within a second does not look lost."""
    assert [1, 1, 0] == [table.execute("UPDATE t SET n = 5 WHERE k = %s", (key,)) for key in ("a", "a", "b")]


def test_values_come_back_as_they_went_in(table: MariaDB) -> None:
    """Signs that mean something to SQL or to the client do not."""
    texts = ["%", "%s", "'", '"', "\\", "`", "\0", "\n", " ", "日本語", "🙂", "é", "a " * 3]

    assert [(text,) for text in texts] == [row for text in texts for row in table.rows("SELECT %s", (text,))]
    assert [("50%", 1)] == table.rows("SELECT '50%%', 1")
    assert [("50%", 1)] == table.rows("SELECT '50%%', %s", (1,))


@pytest.mark.parametrize(
    ("values", "key"), [(("a", 2), "PRIMARY"), (("b", 1), "others"), (("x' for key 'others'", 2), "PRIMARY")]
)
def test_a_key_that_is_there_already_is_named(table: MariaDB, values: tuple[str, int], key: str) -> None:
    """By the index, whatever the values say."""
    table.execute("INSERT INTO t VALUES (%s, 7, 0)", ("x' for key 'others'",))
    with pytest.raises(DuplicateKey) as caught:
        table.execute("INSERT INTO t VALUES (%s, %s, 0)", values)

    assert (1062, key, False) == (caught.value.number, caught.value.key, caught.value.may_pass)


def test_a_wrong_statement_is_no_reason_to_wait(table: MariaDB) -> None:
    """Nor to connect anew: the server has answered."""
    before = table.rows("SELECT CONNECTION_ID()")
    numbers = []
    for sql in ("SELECT 1 FROM no_such_table", "NO SQL", "INSERT INTO t VALUES (NULL, 1, 1)"):
        with pytest.raises(MariaDBError) as caught:
            table.execute(sql)
        numbers.append((caught.value.number, caught.value.may_pass))

    assert [(1146, False), (1064, False), (1048, False)] == numbers
    assert before == table.rows("SELECT CONNECTION_ID()")


def test_a_statement_that_is_too_long_is_not_sent(table: MariaDB) -> None:
    """The server would break the connection, as if it were away, each time. One that just fits is sent."""
    room = LONGEST - len("SELECT LENGTH('')")
    before = table.rows("SELECT CONNECTION_ID()")
    for text in ("x" * (room + 1), "語" * (room // 3 + 1)):
        with pytest.raises(MariaDBError, match="a statement of more than") as caught:
            table.rows("SELECT LENGTH(%s)", (text,))
        assert (1153, False) == (caught.value.number, caught.value.may_pass)

    assert [(room,)] == table.rows("SELECT LENGTH(%s)", ("x" * room,))
    assert before == table.rows("SELECT CONNECTION_ID()")


@pytest.mark.parametrize(("timeout", "lock_wait"), [(1.3, 1), (600.0, 480)])
def test_each_session_begins_with_our_settings(database: MariaDB, timeout: float, lock_wait: int) -> None:
    """A table that is being changed is waited for no longer than the result of the statement."""
    asked = "@@tx_isolation, @@time_zone, @@innodb_lock_wait_timeout, @@lock_wait_timeout, @@idle_transaction_timeout"
    patient = MariaDB(database.address, timeout=timeout)

    rows = patient.rows(f"SELECT {asked}, @@autocommit, @@character_set_client")
    patient.close()

    assert [("READ-COMMITTED", "+00:00", 1, lock_wait, 5, 1, "utf8mb4")] == rows


def test_what_others_have_locked_is_waited_for_a_second(table: MariaDB) -> None:
    """Here a table that is being changed: the same may succeed later, and the connection stays."""
    noted: list[int] = []
    other, us = MariaDB(table.address), MariaDB(table.address, note=noted.append)
    before = us.rows("SELECT CONNECTION_ID()")
    other.execute("LOCK TABLES t WRITE")
    with pytest.raises(MariaDBError) as caught:
        us.execute("UPDATE t SET n = 1")
    other.close()
    after = us.rows("SELECT CONNECTION_ID()")
    us.close()

    assert (1205, True, [1205]) == (caught.value.number, caught.value.may_pass, noted)
    assert before == after
