"""What `cocoai status` says of the jobs of a database, and while it is away."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from cocoai import config
from cocoai.cli import main
from cocoai.spool.key import Key
from cocoai.status.status import as_json, collect
from tests.status.samples import scoreboard_of

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.engine.mariadb.errors import MariaDBError
from cocoai.engine.mariadb.mariadb import MariaDB, Transaction
from cocoai.store.schema import migrate
from cocoai.stores import database_of, spool_of
from tests.mariadb.server import Server


@pytest.fixture
def settings(tmp_path: Path, database: MariaDB) -> config.Settings:
    """Return the settings of a machine on a database with our tables, whose pool has begun in this process."""
    file = tmp_path / "cocoai.ini"
    file.write_text(f"[paths]\nvar = var\n[store]\nurl = {database.address}\n")
    file.chmod(0o600)
    migrate(database)
    made = config.read(str(file), {}, secrets=False)
    (tmp_path / "var" / "run").mkdir(parents=True)
    scoreboard_of(made).begin(1, 4)
    return made


def test_the_pool_is_shown_while_the_database_is_away(
    settings: config.Settings, database: MariaDB, mariadb: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is known of the jobs then, and the first lines say why."""
    spool_of(settings, database).put(Key("C0", "1.000100", "1.000100"), {"kind": "mention"})
    mariadb.kill9()

    code = main(["status", "--config", settings.file])

    out = capsys.readouterr().out
    assert 0 == code
    assert re.search("! Database +cannot be reached", out)
    assert "what Slack sends waits here" in out


def test_what_the_pool_has_met_in_the_database_is_counted(
    settings: config.Settings, mariadb: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its processes; what a command meets is not."""
    pool, command = database_of(settings, is_tallied=True), database_of(settings)
    assert pool is not None
    assert command is not None
    pool.execute("CREATE TABLE one (id INT PRIMARY KEY, name INT NULL)")
    pool.execute("INSERT INTO one VALUES (1, 1)")
    spool_of(settings, pool).put(Key("C0", "1.000100", "1.000100"), {"kind": "mention"})

    def wait(statements: Transaction) -> None:
        statements.execute("UPDATE one SET name = 2")
        for each in (pool, command):
            each.close()
            with pytest.raises(MariaDBError, match="1205"):
                each.execute("UPDATE one SET name = 3")

    MariaDB(pool.address).transaction(wait)

    shown = as_json(collect(settings))["store"]
    assert 0 == main(["status", "--config", settings.file])
    assert {"1020": 0, "1205": 1, "1213": 0, "2013": 0} == shown["errors"]
    assert 1 == shown["puts"]
    assert 0 < shown["put_median"] == shown["put_p99"]
    assert re.search(r"Others in the way +1 +1 waited for too long \(1205\)", capsys.readouterr().out)


def test_what_another_machine_has_in_hand_does_not_wait(
    settings: config.Settings, database: MariaDB, tmp_path: Path
) -> None:
    """Any machine's status tells it."""
    for ts in ("1.000100", "2.000100"):
        spool_of(settings, database).put(Key("C0", ts, ts), {"kind": "mention"})
    other = replace(settings, paths=replace(settings.paths, var=str(tmp_path / "other")))
    job = spool_of(other, database).claim()

    found = collect(settings)

    assert job is not None
    assert (1, 1, "") == (found.spool.in_hand, found.waiting, found.store_trouble)
