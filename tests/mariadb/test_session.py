"""A session of ours is what we want it to be, however the server is set up."""

from __future__ import annotations

import pytest

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.engine.mariadb.errors import MariaDBError
from cocoai.engine.mariadb.mariadb import MariaDB
from tests.mariadb.server import WITHOUT_NETWORK, Server


@pytest.mark.parametrize("mode", ["", "ANSI"])
def test_what_is_too_long_is_refused(mariadb: Server, database: MariaDB, mode: str) -> None:
    """Of two keys that begin alike a lax server would make one; and a text between double quotes stays a text."""
    mariadb.stop()
    mariadb.start(WITHOUT_NETWORK, f"--sql-mode={mode}")
    database.execute("CREATE TABLE a (b VARCHAR(3) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY)")

    with pytest.raises(MariaDBError, match="1406"):
        database.execute("INSERT INTO a VALUES (%s)", ("long",))

    assert [("text",)] == database.rows('SELECT "text"')
