"""Take a person out of the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from cocoai.ledger import database
from cocoai.ledger.forget import Forgotten, forget_person
from tests.ledger.charges import CENT, charge, hold, rows

pytestmark = pytest.mark.pure


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return the path of a ledger that is not made yet."""
    return str(tmp_path / database.FILE)


def notice(path: str, scope: str) -> None:
    """Write a warning about a budget."""
    with database.transaction(path) as connection:
        connection.execute("INSERT INTO notice VALUES ('2026-11', ?, 80, 0, NULL)", (scope,))


def sums(path: str) -> list[tuple[object, ...]]:
    """Return the sum, the holds and the number of charges of each month."""
    with database.reading(path) as connection:
        query = "SELECT month, sum(spent), sum(held), count(*) FROM charge GROUP BY month ORDER BY month"
        return connection.execute(query).fetchall()


def test_nobody_is_left_and_the_sums_stay(path: str) -> None:
    """The charges stay, each with a key that names no message."""
    charge(path, key="C1-1.0-1.0", month="2026-10")
    charge(path, key="C1-1.0-2.0")
    charge(path, key="C1-1.0-2.0", call=2)
    charge(path, key="C1-1.0-3.0", person="U2")
    hold(path, key="C1-1.0-4.0", person="U2")
    before = sums(path)

    assert Forgotten(charges=3, keys=3) == forget_person(path, "U1")
    assert before == sums(path)
    assert [
        ("forgotten-1", "", "C1", CENT),
        ("forgotten-2", "", "C1", CENT),
        ("forgotten-3", "", "C1", CENT),
        ("C1-1.0-3.0", "U2", "C1", CENT),
        ("C1-1.0-4.0", "U2", "C1", None),
    ] == rows(path)


def test_nothing_of_the_person_is_left_in_the_file(path: str) -> None:
    """SQLite leaves what it has replaced in the file's free places, where it can be found; these are written over."""
    for number in range(20):
        charge(path, person="U0FORGET", key=f"C1-1.0-1763822000.{number:06}")
    with database.transaction(path) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("DELETE FROM charge WHERE id > 10")
    before = Path(path).read_bytes()

    forget_person(path, "U0FORGET")

    assert b"1763822000.000019" in before
    assert b"U0FORGET" not in Path(path).read_bytes()
    assert b"1763822000.0000" not in Path(path).read_bytes()


def test_a_direct_message_names_a_person_too(path: str) -> None:
    """The person's own channel is emptied with them; a channel of several stays."""
    charge(path, channel="D1", key="D1-1.0-1.0")
    charge(path, channel="C1")
    charge(path, channel="D2", person="U2")

    forget_person(path, "U1")

    assert ["", "C1", "D2"] == [channel for (channel,) in rows(path, "channel")]


def test_a_call_under_way_keeps_its_key(path: str) -> None:
    """Its hold is settled by that key. The next run, for whomever, replaces it."""
    hold(path, key="C1-1.0-1.0")
    charge(path, key="C1-1.0-1.0", call=2)

    assert Forgotten(charges=2, kept_keys=2) == forget_person(path, "U1")
    assert [("C1-1.0-1.0", ""), ("C1-1.0-1.0", "")] == rows(path, "key, person")

    with database.transaction(path) as connection:
        connection.execute("UPDATE charge SET spent = 7, how = 'priced' WHERE key = 'C1-1.0-1.0' AND call = 1")

    assert Forgotten(keys=2) == forget_person(path, "U9")
    assert [("forgotten-1", 7), ("forgotten-2", CENT)] == rows(path, "key, spent")


def test_a_job_that_has_not_ended_keeps_its_key(path: str) -> None:
    """Its next call is numbered after those that have its key."""
    charge(path, key="C1-1.0-1.0")

    assert Forgotten(charges=1, kept_keys=1) == forget_person(path, "U1", ["C1-1.0-1.0"])
    assert Forgotten(keys=1) == forget_person(path, "U1")


def test_the_person_s_warnings_are_deleted(path: str) -> None:
    """Those of others, of the team and of channels stay, save of the person's own direct messages."""
    charge(path, channel="D1")
    for scope in ("person U1", "person U11", "team", "channel C1", "channel D1", "report"):
        notice(path, scope)

    assert 2 == forget_person(path, "U1").notices
    with database.reading(path) as connection:
        left = [scope for (scope,) in connection.execute("SELECT scope FROM notice ORDER BY rowid").fetchall()]
    assert ["person U11", "team", "channel C1", "report"] == left


def test_a_second_run_finds_nothing(path: str) -> None:
    """It may be run as often as one likes."""
    charge(path)
    forget_person(path, "U1")
    before = rows(path)

    assert Forgotten() == forget_person(path, "U1")
    assert before == rows(path)


def test_without_a_ledger_there_is_nothing_to_forget(path: str) -> None:
    """No file is made."""
    assert Forgotten() == forget_person(path, "U1")
    assert not Path(path).exists()
