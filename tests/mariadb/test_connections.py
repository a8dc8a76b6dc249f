"""The connection of a process breaks, hangs, is refused or inherited; no statement is lost, or mistaken for another.

Each is produced on a real server. What a statement costs beside is not measured here: errors are counted by their
numbers, so that a busy machine changes nothing.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

import pymysql

from cocoai.engine.mariadb import mariadb as engine
from cocoai.engine.mariadb.address import Address
from cocoai.engine.mariadb.errors import MariaDBError, Unreachable
from cocoai.engine.mariadb.mariadb import MariaDB, Transaction
from cocoai.errors import CocoAIError
from cocoai.stores import check_tables
from tests.mariadb.server import Server
from tests.processes import free_port, wait_until


@pytest.fixture
def table(database: MariaDB) -> MariaDB:
    """Return the database with a table of two rows."""
    database.execute("CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB")
    database.execute("INSERT INTO t VALUES (1, 0), (2, 0)")
    return database


@pytest.fixture
def user(mariadb: Server, database: MariaDB) -> Iterator[Address]:
    """Return the address of the database for a user who may do no more there than CocoAI needs."""
    name = f"u_{database.address.database}"
    database.execute(f"CREATE USER {name}@localhost IDENTIFIED BY 'pass word'")
    database.execute(f"GRANT ALL ON {database.address.database}.* TO {name}@localhost")
    yield Address(database.address.database, name, "pass word", socket=mariadb.socket)
    database.execute(f"DROP USER {name}@localhost")


def number_of(database: MariaDB) -> int:
    """Return the number that the server gives the session."""
    return int(database.rows("SELECT CONNECTION_ID()")[0][0])


def sessions(database: MariaDB) -> list[int]:
    """Return the numbers of all sessions on this database."""
    asked = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() ORDER BY id"
    return [int(number) for (number,) in database.rows(asked)]


def _socket_of(database: MariaDB) -> socket.socket:
    assert database._session
    found: socket.socket = database._session._connection._sock  # type: ignore[attr-defined]
    return found


# dead connections


def test_a_session_that_was_killed_is_replaced(table: MariaDB) -> None:
    """The statement that finds out is run on the new one, which has our settings again."""
    us = MariaDB(table.address)
    first = number_of(us)
    us.execute("SET time_zone = '+09:00'")
    table.execute(f"KILL CONNECTION {first}")

    assert 1 == us.execute("UPDATE t SET n = n + 1 WHERE id = 1")

    assert [(1, "+00:00")] == us.rows("SELECT n, @@time_zone FROM t WHERE id = 1")
    assert first != number_of(us)
    us.close()


@pytest.mark.parametrize("end", ["stop", "kill9"])
def test_a_server_that_was_restarted_is_not_noticed(mariadb: Server, table: MariaDB, end: str) -> None:
    """Nothing was asked of it meanwhile."""
    number_of(table)
    getattr(mariadb, end)()
    mariadb.start()

    assert 1 == table.execute("UPDATE t SET n = n + 1 WHERE id = 1")
    assert [(1,)] == table.rows("SELECT n FROM t WHERE id = 1")


def test_while_the_server_is_away_each_statement_fails_at_once(
    mariadb: Server, table: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One attempt is made, then none for a while; its socket is closed. Then all is as it was."""
    monkeypatch.setattr(engine, "PAUSE", 600.0)
    noted: list[int] = []
    us = MariaDB(table.address, note=noted.append)
    mariadb.kill9()
    errors = []
    for _ in range(3):
        with pytest.raises(Unreachable) as caught:
            us.execute("UPDATE t SET n = n + 1")
        errors.append((caught.value.number, caught.value.may_pass, caught.value.text.endswith("(a moment ago)")))
    gc.collect()  # a socket that was left open would be told of now
    mariadb.start()
    us._down_until = 0.0

    assert [(2003, True, False), (2003, True, True), (2003, True, True)] == errors
    assert [2003] == noted
    assert 2 == us.execute("UPDATE t SET n = n + 1")
    us.close()


def test_a_server_that_hangs_is_waited_for_once(
    mariadb: Server, table: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a second time on a new connection, nor by the next statement: Slack waits for three seconds in all."""
    monkeypatch.setattr(engine, "PAUSE", 600.0)
    monkeypatch.setattr(engine, "AT_ONCE", 0.05)
    noted: list[int] = []
    us, new = (MariaDB(table.address, timeout=0.2, note=noted.append) for _ in range(2))
    number_of(us)
    mariadb.stall()
    for database in (us, us, new, new):
        with pytest.raises(Unreachable):
            database.rows("SELECT 1")
    mariadb.resume()
    us._down_until = 0.0

    assert [2013, 2013] == noted
    assert [(1,)] == us.rows("SELECT 1")
    us.close()


# interrupted statements


class Interrupted(BaseException):
    """Whatever ends a statement in the midst of it, such as Ctrl-C or a time limit."""


def test_an_interrupted_statement_leaves_no_result_behind(table: MariaDB) -> None:
    """The next statement gets its own result."""

    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(Interrupted):
            table.rows("SELECT SLEEP(0.5), 'old'")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert [("new",)] == table.rows("SELECT 'new'")


def test_one_that_is_interrupted_between_asking_and_reading_leaves_none_either(
    table: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyMySQL itself would give its result to the next statement."""

    def interrupt(*_: object, **__: object) -> None:
        raise Interrupted

    number_of(table)
    with monkeypatch.context() as patch:
        patch.setattr(pymysql.connections.Connection, "_read_query_result", interrupt)
        with pytest.raises(Interrupted):
            table.rows("SELECT 'old'")

    assert [("new",)] == table.rows("SELECT 'new'")


# forks


def _in_child(run: Any) -> int:
    """Run `run` in a forked child; return its exit code."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if run() else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _holds(inode: int) -> bool:
    """Check whether this process has a descriptor of the file or socket."""
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the one by which the folder was read
            if os.fstat(int(name)).st_ino == inode:
                return True
    return False


@pytest.mark.parametrize("does", ["asks", "closes", "forgets"])
def test_a_child_leaves_the_session_of_its_parent_alone(table: MariaDB, does: str) -> None:
    """It has one of its own, and closes its copy of the other's socket without a word to the server."""
    parents = number_of(table)
    inode = os.fstat(_socket_of(table).fileno()).st_ino

    def child() -> bool:
        assert _holds(inode)
        if does == "asks":
            assert parents != number_of(table)
        elif does == "closes":
            table.close()
        else:
            table._session = None
            gc.collect()
        has_let_go = not _holds(inode)
        table.close()
        return has_let_go

    assert 0 == _in_child(child)
    wait_until(lambda: sessions(table) == [parents])


def test_a_process_that_has_forked_may_open_its_session_later(table: MariaDB) -> None:
    """What was made before the fork is used on both sides of it."""
    us = MariaDB(table.address)

    assert 0 == _in_child(lambda: us.execute("UPDATE t SET n = n + 1 WHERE id = 1") == 1)
    assert [(1,)] == us.rows("SELECT n FROM t WHERE id = 1")
    us.close()


# who is not let in


def test_a_wrong_password_is_for_an_operator(user: Address) -> None:
    """It is as if the server were away, so that nothing is lost meanwhile; but it does not pass by itself."""
    noted: list[int] = []
    us = MariaDB(user.with_password("wrong"), note=noted.append)
    for _ in range(2):
        with pytest.raises(Unreachable, match="Access denied") as caught:
            us.rows("SELECT 1")
        assert (1045, False) == (caught.value.number, caught.value.may_pass)
        assert "pass word" not in str(caught.value)

    with pytest.raises(CocoAIError, match="Access denied"):  # nor does a pool start
        check_tables(MariaDB(user.with_password("wrong")))

    assert [1045] == noted
    assert [(1,)] == MariaDB(user).rows("SELECT 1")


def test_too_many_sessions_are_fewer_later(table: MariaDB, user: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one user, or of all: a session that ends lets the next one in."""
    monkeypatch.setattr(engine, "PAUSE", 0.0)
    table.execute(f"ALTER USER {user.user}@localhost WITH MAX_USER_CONNECTIONS 1")
    first, second = MariaDB(user), MariaDB(user)
    number_of(first)
    with pytest.raises(Unreachable) as caught:
        number_of(second)
    first.close()

    assert (1226, True) == (caught.value.number, caught.value.may_pass)
    wait_until(lambda: second.rows("SELECT 1") if len(sessions(table)) == 1 else None)
    second.close()


def test_all_places_of_the_server_may_be_taken(table: MariaDB, user: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes then is told so, as by a server that is away."""
    monkeypatch.setattr(engine, "PAUSE", 0.0)
    table.execute("SET GLOBAL max_connections = 10")
    taken = [MariaDB(user) for _ in range(11)]
    try:
        with pytest.raises(Unreachable) as caught:
            list(map(number_of, taken))
    finally:
        table.execute("SET GLOBAL max_connections = 100")
        for each in taken:
            each.close()

    assert (1040, True) == (caught.value.number, caught.value.may_pass)


def test_a_server_that_may_only_be_read_is_left(table: MariaDB, user: Address) -> None:
    """As the old one is, where a replica has taken over: the next connection may lead to the new one."""
    us = MariaDB(user)
    first = number_of(us)
    table.execute("SET GLOBAL read_only = ON")
    try:
        with pytest.raises(Unreachable, match="read-only") as caught:
            us.execute("UPDATE t SET n = 1")
    finally:
        table.execute("SET GLOBAL read_only = OFF")

    assert (1290, True) == (caught.value.number, caught.value.may_pass)
    assert 2 == us.execute("UPDATE t SET n = 1")
    assert first != number_of(us)
    us.close()


# transactions


def test_a_transaction_is_committed_as_a_whole_or_not_at_all(table: MariaDB) -> None:
    """Whatever is raised in it rolls it back, and nothing stays locked."""
    other = MariaDB(table.address)

    def write(transaction: Transaction) -> int:
        transaction.execute("UPDATE t SET n = 1 WHERE id = 1")
        assert [(0,)] == other.rows("SELECT n FROM t WHERE id = 1")
        return transaction.execute("UPDATE t SET n = 1 WHERE id = 2")

    def fail(transaction: Transaction) -> None:
        transaction.execute("UPDATE t SET n = 9")
        raise Interrupted

    assert 1 == table.transaction(write)
    with pytest.raises(Interrupted):
        table.transaction(fail)
    with pytest.raises(MariaDBError, match="1146"):
        table.transaction(lambda transaction: transaction.execute("UPDATE no_such_table SET n = 9"))

    assert [(1, 1), (2, 1)] == other.rows("SELECT id, n FROM t ORDER BY id")
    assert 2 == other.execute("UPDATE t SET n = 2")
    other.close()


def test_a_transaction_whose_connection_breaks_is_not_run_again(table: MariaDB) -> None:
    """Whoever asked for it looks whether it was committed. This one was not."""
    us, runs = MariaDB(table.address), []

    def write(transaction: Transaction) -> None:
        runs.append(transaction.execute("UPDATE t SET n = 1"))
        table.execute(f"KILL CONNECTION {transaction.rows('SELECT CONNECTION_ID()')[0][0]}")
        transaction.execute("UPDATE t SET n = 2")

    with pytest.raises(Unreachable):
        us.transaction(write)

    assert [2] == runs
    wait_until(lambda: 2 == table.execute("UPDATE t SET n = n"))
    assert [(0,), (0,)] == us.rows("SELECT n FROM t")
    us.close()


def test_a_commit_on_another_connection_does_not_look_like_success(table: MariaDB) -> None:
    """A transaction that goes on behind a connection's end, which it has overlooked, has failed."""
    us = MariaDB(table.address)

    def write(transaction: Transaction) -> None:
        transaction.execute("UPDATE t SET n = 1")
        table.execute(f"KILL CONNECTION {number_of(us)}")
        with contextlib.suppress(Unreachable):
            transaction.execute("UPDATE t SET n = 2")
        assert us.rows("SELECT 1")

    with pytest.raises(Unreachable):
        us.transaction(write)

    assert [(0,), (0,)] == table.rows("SELECT n FROM t")
    us.close()


@pytest.mark.parametrize("is_transaction", [False, True])
def test_what_was_undone_in_a_deadlock_is_done_again(table: MariaDB, is_transaction: bool) -> None:
    """InnoDB undoes the one that has written less; a single statement that locks two rows may be one."""
    noted: list[int] = []
    other, us = MariaDB(table.address), MariaDB(table.address, timeout=60.0, note=noted.append)
    table.execute("CREATE TABLE much (id INT PRIMARY KEY) ENGINE=InnoDB")
    other.execute("START TRANSACTION")
    other.execute("INSERT INTO much VALUES (1), (2), (3), (4), (5)")
    other.execute("UPDATE t SET n = n + 10 WHERE id = 2")

    def both() -> None:
        sql = "UPDATE t SET n = n + 1 ORDER BY id"
        if is_transaction:
            us.transaction(lambda transaction: transaction.execute(sql))
        else:
            us.execute(sql)

    us.execute("SET innodb_lock_wait_timeout = 60")
    waits = re.compile(rf"\nLOCK WAIT [^\n]*\nMariaDB thread id {number_of(us)},")
    thread = threading.Thread(target=both)
    thread.start()
    # The table of transactions would show how they were when it was last read.
    wait_until(lambda: waits.search(table.rows("SHOW ENGINE INNODB STATUS")[0][2]))
    other.execute("UPDATE t SET n = n + 10 WHERE id = 1")
    other.execute("COMMIT")
    thread.join()

    assert [1213] == noted
    assert [(11,), (11,)] == table.rows("SELECT n FROM t")
    other.close()
    us.close()


def test_tcp_connections_are_looked_after_while_idle(mariadb: Server, table: MariaDB) -> None:
    """What lies between may forget a connection of which it hears nothing."""
    mariadb.stop()
    port = free_port()
    mariadb.start(f"--port={port}", "--bind-address=127.0.0.1")
    name = table.address.database
    table.execute("CREATE USER u_tcp@'127.0.0.1' IDENTIFIED BY 'x'")
    table.execute(f"GRANT ALL ON {name}.* TO u_tcp@'127.0.0.1'")
    us = MariaDB(Address(name, "u_tcp", "x", host="127.0.0.1", port=port, is_plain=True))
    number_of(us)
    sock = _socket_of(us)

    assert (1, 30) == (
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
        sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
    )
    us.close()
    table.execute("DROP USER u_tcp@'127.0.0.1'")
