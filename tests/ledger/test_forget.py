"""Take a person out of the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from cocoai.ledger import database
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.forget import Forgotten, forget_person
from cocoai.ledger.store import LedgerStore
from tests.ledger.charges import CENT, charge, hold, rows

pytestmark = pytest.mark.pure


def notice(store: LedgerStore, scope: str) -> None:
    """Write a warning about a budget."""
    query = "INSERT INTO notice (month, scope, threshold, at) VALUES ('2026-11', ?, 80, 0)"
    store.write(lambda statements: statements.execute(query, (scope,)))


def sums(store: LedgerStore) -> list[tuple[object, ...]]:
    """Return the sum, the holds and the number of charges of each month."""
    query = "SELECT month, sum(spent), sum(held), count(*) FROM charge GROUP BY month ORDER BY month"
    return store.read(lambda statements: statements.rows(query))


def test_nobody_is_left_and_the_sums_stay(store: LedgerStore) -> None:
    """The charges stay, each with a key that names no message."""
    charge(store, key="C1-1.0-1.0", month="2026-10")
    charge(store, key="C1-1.0-2.0")
    charge(store, key="C1-1.0-2.0", call=2)
    charge(store, key="C1-1.0-3.0", person="U2")
    hold(store, key="C1-1.0-4.0", person="U2")
    before = sums(store)

    assert Forgotten(charges=3, keys=3) == forget_person(store, "U1")
    assert before == sums(store)
    assert [
        ("forgotten-1", "", "C1", CENT),
        ("forgotten-2", "", "C1", CENT),
        ("forgotten-3", "", "C1", CENT),
        ("C1-1.0-3.0", "U2", "C1", CENT),
        ("C1-1.0-4.0", "U2", "C1", None),
    ] == rows(store)


def test_nothing_of_the_person_is_left_in_the_file(tmp_path: Path) -> None:
    """SQLite leaves what it has replaced in the file's free places, where it can be found; these are written over."""
    path = str(tmp_path / database.FILE)
    for number in range(20):
        charge(path, person="U0FORGET", key=f"C1-1.0-1763822000.{number:06}")
    with database.transaction(path) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("DELETE FROM charge WHERE id > 10")
    before = Path(path).read_bytes()

    forget_person(SqliteStore(path), "U0FORGET")

    assert b"1763822000.000019" in before
    assert b"U0FORGET" not in Path(path).read_bytes()
    assert b"1763822000.0000" not in Path(path).read_bytes()


def test_a_direct_message_names_a_person_too(store: LedgerStore) -> None:
    """The person's own channel is emptied with them; a channel of several stays."""
    charge(store, channel="D1", key="D1-1.0-1.0")
    charge(store, channel="C1")
    charge(store, channel="D2", person="U2")

    forget_person(store, "U1")

    assert ["", "C1", "D2"] == [channel for (channel,) in rows(store, "channel")]


def test_a_call_under_way_keeps_its_key(store: LedgerStore) -> None:
    """Its hold is settled by that key. The next run, for whomever, replaces it."""
    hold(store, key="C1-1.0-1.0")
    charge(store, key="C1-1.0-1.0", call=2)

    assert Forgotten(charges=2, kept_keys=2) == forget_person(store, "U1")
    assert [("C1-1.0-1.0", ""), ("C1-1.0-1.0", "")] == rows(store, "key, person")

    query = "UPDATE charge SET spent = 7, how = 'priced' WHERE `key` = 'C1-1.0-1.0' AND `call` = 1"
    store.write(lambda statements: statements.execute(query))

    assert Forgotten(keys=2) == forget_person(store, "U9")
    assert [("forgotten-1", 7), ("forgotten-2", CENT)] == rows(store, "key, spent")


def test_a_job_that_has_not_ended_keeps_its_key(store: LedgerStore) -> None:
    """Its next call is numbered after those that have its key."""
    charge(store, key="C1-1.0-1.0")

    assert Forgotten(charges=1, kept_keys=1) == forget_person(store, "U1", ["C1-1.0-1.0"])
    assert Forgotten(keys=1) == forget_person(store, "U1")


def test_the_person_s_warnings_are_deleted(store: LedgerStore) -> None:
    """Those of others, of the team and of channels stay, save of the person's own direct messages."""
    charge(store, channel="D1")
    for scope in ("person U1", "person U11", "team", "channel C1", "channel D1", "report"):
        notice(store, scope)

    assert 2 == forget_person(store, "U1").notices
    left = store.read(lambda statements: statements.rows("SELECT scope FROM notice"))
    assert {"person U11", "team", "channel C1", "report"} == {scope for (scope,) in left}


def test_a_second_run_finds_nothing(store: LedgerStore) -> None:
    """It may be run as often as one likes."""
    charge(store)
    forget_person(store, "U1")
    before = rows(store)

    assert Forgotten() == forget_person(store, "U1")
    assert before == rows(store)


def test_without_a_ledger_there_is_nothing_to_forget(tmp_path: Path) -> None:
    """No file is made."""
    assert Forgotten() == forget_person(SqliteStore(str(tmp_path / database.FILE)), "U1")
    assert [] == list(tmp_path.iterdir())
