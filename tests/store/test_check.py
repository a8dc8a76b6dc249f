"""`cocoai check` looks at the database, where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cocoai import config
from cocoai.check.money import ledger
from cocoai.check.result import Result
from cocoai.check.target import Target, find_target
from cocoai.check.words.languages import words_for
from cocoai.cli import main

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.check.store import store
from cocoai.engine.mariadb.mariadb import MariaDB

if TYPE_CHECKING:
    from tests.mariadb.server import Server
    from tests.store.moving import Machine


def target_of(settings: config.Settings) -> Target:
    """Return what is checked by these settings."""
    return find_target(settings, settings.file)


def cases(found: list[Result]) -> list[tuple[str, str]]:
    """Return the case and the level of each result; see that both languages have words for it."""
    for language in ("en", "ja"):
        for each in found:
            finding = words_for(language, {}).finding(each)
            assert "…" not in finding.found + finding.remedy
    return [(each.case, each.level) for each in found]


def test_a_database_that_is_fit(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is told in one line, and of the ledger that lies there in another."""
    monkeypatch.setattr("cocoai.store.fitness.SLOW", 60_000.0)
    target = target_of(machine.settings)

    assert [("ok", "ok"), ("shared", "ok")] == cases([*store(target), *ledger(target)])


def test_a_ledger_that_cannot_be_read(machine: Machine) -> None:
    """It is told why; where only its turn's row is missing, `init` makes that."""
    target = target_of(machine.settings)
    machine.database.execute("DELETE FROM ledger_turn")
    [without_turn] = ledger(target)
    assert 0 == main(["store", "--config", machine.settings.file, "init"])
    [mended] = ledger(target)
    machine.database.execute("ALTER TABLE charge DROP COLUMN held")
    [damaged] = ledger(target)

    assert [("unfit", "wrong"), ("shared", "ok"), ("unfit", "wrong")] == cases([without_turn, mended, damaged])
    assert "`cocoai store init`" in without_turn.values["reason"]
    assert "held" in damaged.values["reason"]


def test_a_ledger_whose_database_is_away(machine: Machine, mariadb: Server) -> None:
    """Nothing is known of it then, which is not its own fault."""
    mariadb.kill9()

    assert [("away", "note")] == cases(list(ledger(target_of(machine.settings))))


def test_a_database_without_our_tables(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first word is what to type."""
    monkeypatch.setattr("cocoai.store.fitness.SLOW", 60_000.0)
    machine.database.execute("DROP TABLE meta")

    found = list(store(target_of(machine.settings)))

    assert [("unfit", "wrong")] == cases(found)
    assert "run `cocoai store init`" in found[0].values["text"]


def test_a_database_that_refuses_us(machine: Machine, database: MariaDB, tmp_path: Path) -> None:
    """It is named with the server's reason, and without the password."""
    url = str(database.address).replace("root@", "nobody@")
    environ = {"COCOAI_STORE_URL": url, "COCOAI_STORE_PASSWORD": "hush-hush"}
    settings = config.read(machine.settings.file, environ, secrets=False)

    found = list(store(target_of(settings)))

    assert [("away", "wrong")] == cases(found)
    assert "nobody" in found[0].values["reason"]
    assert "hush" not in repr(found)


def test_without_a_database_nothing_is_said(tmp_path: Path) -> None:
    """Most have none."""
    (tmp_path / "cocoai.ini").touch(mode=0o600)

    assert [] == list(store(target_of(config.read(str(tmp_path / "cocoai.ini"), {}, secrets=False))))
