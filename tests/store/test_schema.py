"""cocoai store: its tables are made once, brought forward from the first version on, and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from cocoai.cli import main

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.store import schema
from cocoai.store.fitness import findings
from cocoai.store.schema import MIGRATIONS, VERSION, WrongSchema, check_version, migrate, version


def tables(database: MariaDB) -> list[str]:
    """Return the statements that would make the tables as they are, in the order of their names."""
    names = sorted(str(name) for (name,) in database.rows("SHOW TABLES"))
    return [str(database.rows(f"SHOW CREATE TABLE {name}")[0][1]) for name in names]


def make(database: MariaDB, number: int) -> None:
    """Make the tables of an earlier version, as its own `init` made them."""
    database.execute(schema._META)
    for statement in (statement for migration in MIGRATIONS[:number] for statement in migration):
        database.execute(statement)
    database.execute("INSERT INTO meta VALUES ('version', %s)", (str(number),))


def test_the_tables_are_made_once(database: MariaDB) -> None:
    """A second time nothing is changed."""
    assert 0 == version(database)
    assert (0, VERSION) == migrate(database)
    made = tables(database)
    assert (VERSION, VERSION) == migrate(database)
    assert made == tables(database)
    check_version(database)


@pytest.mark.parametrize("number", range(1, VERSION))
def test_an_earlier_version_is_brought_forward(database: MariaDB, number: int) -> None:
    """Its jobs and charges stay, and its tables are those of a new database."""
    make(database, number)
    job = "INSERT INTO job (job_key, thread, due_at, changed_at, lines_) VALUES ('k', 't', NOW(), NOW(), '{}')"
    database.execute(job)
    with pytest.raises(WrongSchema, match="run `cocoai store init`"):
        check_version(database)

    assert (number, VERSION) == migrate(database)
    brought_forward = tables(database)
    assert [("k",)] == database.rows("SELECT job_key FROM job")
    for (name,) in database.rows("SHOW TABLES"):
        database.execute(f"DROP TABLE {name}")
    migrate(database)
    assert brought_forward == tables(database)


class CutOff(Exception):
    """The process is killed here."""


class Mortal(MariaDB):
    """A connection whose process dies behind so many statements."""

    left = 0

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run a statement, or die."""
        if not self.left:
            raise CutOff
        self.left -= 1
        return super().execute(sql, values)


def test_a_migration_that_is_cut_off_is_completed_by_the_next(database: MariaDB) -> None:
    """One is begun anew again and again, and each dies one statement later than the last."""
    mortal = Mortal(database.address)
    for number in range(100):
        mortal.left = number
        try:
            migrate(mortal)
        except CutOff:
            continue
        break
    mortal.close()
    check_version(database)
    assert number > max(map(len, MIGRATIONS))


def test_a_newer_version_is_left_alone(database: MariaDB) -> None:
    """And the pool does not start on it."""
    migrate(database)
    database.execute("UPDATE meta SET value = '99'")

    for attempt in (migrate, check_version):
        with pytest.raises(WrongSchema, match=f"version 99, this CocoAI knows {VERSION}"):
            attempt(database)


def test_what_is_wrong_with_a_database_is_named(database: MariaDB) -> None:
    """Before its tables are made, after, and with a table that keeps nothing over a crash."""
    assert [f"tables of version 0, this CocoAI knows {VERSION}: run `cocoai store init`"] == errors(database)
    migrate(database)
    assert [] == errors(database)
    database.execute("ALTER TABLE thread ENGINE=MEMORY, DROP COLUMN facts, DEFAULT COLLATE utf8mb4_general_ci")
    database.execute("ALTER TABLE job MODIFY gesture VARCHAR(100) COLLATE utf8mb4_general_ci NULL")
    assert [
        "table thread is not of InnoDB",
        "column job.gesture utf8mb4_general_ci is collated so that two keys may be one",
    ] == errors(database)


def errors(database: MariaDB) -> list[str]:
    """Return what is found wrong."""
    return [each.text for each in findings(database, 10) if each.level == "error"]


def test_the_command(database: MariaDB, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what it has done, ends with 1 while the database is not fit, and names what is missing."""
    file = tmp_path / "cocoai.ini"
    file.write_text(f"[store]\nurl = {database.address}\n[paths]\nvar = {tmp_path}\n")
    command = ["store", "--config", str(file)]

    assert 1 == main([*command, "check"])
    assert 0 == main([*command, "init"])
    assert 0 == main([*command, "check"])
    assert f"{database.address}: version {VERSION}, made of version 0" in capsys.readouterr().out
    file.write_text(f"[paths]\nvar = {tmp_path}\n")
    assert main([*command, "check"])
    assert "[store] url is empty" in capsys.readouterr().err
