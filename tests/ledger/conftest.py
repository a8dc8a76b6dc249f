"""Fixtures for the tests of the ledger."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager

import pytest

from cocoai.ledger import database


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process wait for others' transactions for a tenth of a second only."""
    connected = database._connected

    def connected_hastily(path: str, patience: float = 0.1) -> AbstractContextManager[sqlite3.Connection]:
        return connected(path, min(patience, 0.1))

    monkeypatch.setattr(database, "_connected", connected_hastily)
