"""Fixtures for the tests of the ledger."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from cocoai.ledger import database
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.store import LedgerStore


@pytest.fixture(params=["files", "mariadb"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> LedgerStore:
    """Return the store of a ledger that has nothing in it."""
    if request.param == "files":
        return SqliteStore(str(tmp_path / database.FILE))
    pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")
    from cocoai.ledger.mariadb import LEDGER_TABLES, MariaDBStore

    shared = request.getfixturevalue("database")
    for statement in LEDGER_TABLES:
        shared.execute(statement)
    return MariaDBStore(shared)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process wait for others' transactions for a tenth of a second only."""
    connected = database._connected

    def connected_hastily(path: str, patience: float = 0.1) -> AbstractContextManager[sqlite3.Connection]:
        return connected(path, min(patience, 0.1))

    monkeypatch.setattr(database, "_connected", connected_hastily)
