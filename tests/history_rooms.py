"""The two rooms of the history, for tests that run in both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cocoai.documents.document import HISTORY_FILE
from cocoai.documents.file_history import FileHistory
from cocoai.documents.history import History

if TYPE_CHECKING:
    from cocoai.documents.mariadb_history import MariaDBHistory
    from cocoai.engine.mariadb.mariadb import MariaDB

ROOMS = ["files", "mariadb"]


def history_in(room: str, folder: Path, request: pytest.FixtureRequest) -> History:
    """Return an empty history in a room: in a file of `folder`, or in a new database."""
    if room == "files":
        return FileHistory(str(folder / HISTORY_FILE))
    pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")
    return history_on(request.getfixturevalue("database"))


def history_on(database: MariaDB) -> MariaDBHistory:
    """Return an empty history in a database, whose tables are made."""
    from cocoai.documents.mariadb_history import HISTORY_TABLES, MariaDBHistory

    for statement in HISTORY_TABLES:
        database.execute(statement)
    return MariaDBHistory(database)
