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

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.check.store import store
from cocoai.engine.mariadb.mariadb import MariaDB

if TYPE_CHECKING:
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
    """All is told in one line, and of the ledger's file nothing."""
    monkeypatch.setattr("cocoai.store.fitness.SLOW", 60_000.0)
    target = target_of(machine.settings)

    assert ([("ok", "ok")], []) == (cases(list(store(target))), list(ledger(target)))


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
