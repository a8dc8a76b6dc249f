"""The test server is a real one: it keeps what was committed when it is killed, and each test has an empty database."""

from __future__ import annotations

from cocoai.engine.mariadb.mariadb import MariaDB
from tests.mariadb.server import Server


def test_a_database_is_empty(database: MariaDB) -> None:
    """A test finds no table of another test."""
    database.execute("CREATE TABLE a (b INT) ENGINE=InnoDB")

    assert [("a",)] == database.rows("SHOW TABLES")


def test_another_database_is_empty(database: MariaDB) -> None:
    """The table of the test before is not there, though its name is."""
    assert [] == database.rows("SHOW TABLES")


def test_what_was_committed_outlives_a_kill(mariadb: Server, database: MariaDB) -> None:
    """A killed server has after its start what it had told to be done."""
    database.execute("CREATE TABLE a (b INT) ENGINE=InnoDB")
    database.execute("INSERT INTO a VALUES (1)")
    before = mariadb.pid

    mariadb.kill9()
    mariadb.start()

    assert before != mariadb.pid
    assert [(1,)] == MariaDB(database.address).rows("SELECT b FROM a")


def test_a_test_may_leave_the_server_dead(mariadb: Server, database: MariaDB) -> None:
    """The next test finds it alive."""
    database.execute("CREATE TABLE a (b INT) ENGINE=InnoDB")

    mariadb.kill9()

    assert not mariadb.is_running


def test_a_test_may_leave_the_server_stalled_and_a_transaction_open(mariadb: Server, database: MariaDB) -> None:
    """Neither keeps the database from being dropped."""
    database.execute("CREATE TABLE a (b INT) ENGINE=InnoDB")
    other = MariaDB(database.address)
    other.execute("START TRANSACTION")
    other.execute("INSERT INTO a VALUES (1)")

    mariadb.stall()

    assert mariadb.is_running
