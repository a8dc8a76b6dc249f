"""Fixtures for tests of any part: a real MariaDB server, and a new database on it.

A test that runs on files and on MariaDB asks for the database only if it is its turn:
`request.getfixturevalue("database")`. The server is started by the first test of a process that asks, within a second.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB
    from cocoai.engine.mariadb.session import MariaDBSession
    from tests.mariadb.server import Server

PATIENCE = 60.0
"""Seconds for a statement in a test's own processes: the disk of a busy machine may need more than a worker has."""

_numbers = itertools.count(1)

_sessions: weakref.WeakSet[MariaDBSession] = weakref.WeakSet()


@pytest.fixture(scope="session")
def mariadb_of_process(
    tmp_path_factory: pytest.TempPathFactory, short_folder: Callable[[], Path]
) -> Iterator[tuple[Server, MariaDB]]:
    """Start the server of this test process, and return it with a connection of its own; skip if there is none here."""
    pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")
    from cocoai.engine.mariadb import mariadb as engine
    from cocoai.engine.mariadb.mariadb import MariaDB
    from cocoai.engine.mariadb.session import MariaDBSession
    from tests.mariadb.server import COMMANDS, Server, find, new_data

    if not (find(COMMANDS[0]) and find(COMMANDS[1])):
        pytest.skip("MARIADB IS NOT TESTED: {} and {} are missing ({})".format(*COMMANDS))
    common = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent
    server = Server(short_folder(), new_data(common / "mariadb"))
    server.start()
    root = MariaDB(server.address(), timeout=PATIENCE)
    try:
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(engine, "TIMEOUT", PATIENCE)
            monkeypatch.setattr(engine, "AT_ONCE", PATIENCE)
            monkeypatch.setattr(engine, "MariaDBSession", _noted(MariaDBSession))
            yield server, root
    finally:
        root.close()
        if server.is_running:
            server.kill9()  # its data go with it


def _noted(make: Callable[..., MariaDBSession]) -> Callable[..., MariaDBSession]:
    """Return what makes a session and keeps it in mind."""

    def made(*arguments: Any) -> MariaDBSession:
        session = make(*arguments)
        _sessions.add(session)
        return session

    return made


@pytest.fixture
def mariadb(mariadb_of_process: tuple[Server, MariaDB]) -> Iterator[Server]:
    """Return the running server. A test may stop, kill or stall it; for the next one it runs again."""
    server, _ = mariadb_of_process
    yield server
    # Whoever made one may be in the garbage, to be collected in the midst of another test, which would fail.
    for each in list(_sessions):
        each.drop()
    server.restore()


@pytest.fixture
def database(mariadb: Server, mariadb_of_process: tuple[Server, MariaDB]) -> Iterator[MariaDB]:
    """Return a new, empty database as a process speaks to it; `database.address` is for others.

    What it holds is dropped behind the test, and each session on it is ended.
    """
    from cocoai.engine.mariadb.errors import MariaDBError
    from cocoai.engine.mariadb.mariadb import MariaDB

    _, root = mariadb_of_process
    name = f"test_{next(_numbers)}"
    root.execute(f"CREATE DATABASE {name}")
    database = MariaDB(mariadb.address(name))
    yield database
    database.close()
    mariadb.restore()
    # A transaction that a session has left open would let DROP wait.
    for (session,) in root.rows("SELECT id FROM information_schema.processlist WHERE db = %s", (name,)):
        with contextlib.suppress(MariaDBError):  # it has ended meanwhile
            root.execute(f"KILL CONNECTION {session}")
    root.execute(f"DROP DATABASE {name}")
