"""The files of jobs in the database: in pieces, brought to the machine that needs them, gone from all in the end."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from cocoai.spool.store_error import StoreError
from tests.spool.rooms import MariaDBRoom, claimed, key


def test_a_file_is_brought_to_the_machine_that_goes_on(mariadb_room: MariaDBRoom) -> None:
    """In pieces, whole, and of any bytes; it goes from all machines with its job."""
    room = mariadb_room
    data = bytes(range(256)) * 1500  # three pieces
    room.put(key(1))
    one, other = room.spool(machine="a"), room.spool(machine="b")
    with one.files.new(key(1), len(data)) as file:
        for start in range(0, len(data), 50_000):
            file.write(data[start : start + 50_000])
        here = file.keep("picture.png")

    there = other.files.path(key(1), "picture.png")

    assert here != there
    with open(there, "rb") as brought:
        assert data == brought.read()
    assert there == other.files.path(key(1), "picture.png")
    job = claimed(other)
    job.record("drawing")
    other.finish(job)
    assert ("", "") == (other.files.path(key(1), "picture.png"), room.spool(machine="c").files.path(key(1), "a"))
    assert os.path.exists(here)
    assert 1 == one.sweep()
    assert not os.path.exists(here)


def test_a_file_that_was_not_stored_whole_is_none(mariadb_room: MariaDBRoom) -> None:
    """Its process was killed between two pieces: the next one makes it anew, in its place."""
    room = mariadb_room
    room.put(key(1))
    files = room.spool(machine="b").files
    room.database.execute("INSERT INTO job_file VALUES (%s, 'picture.png', 1, 'half')", (str(key(1)),))

    assert "" == files.path(key(1), "picture.png")
    with files.new(key(1), 100) as file:
        file.write(b"whole")
        file.keep("picture.png")
    with open(room.spool(machine="c").files.path(key(1), "picture.png"), "rb") as brought:
        assert b"whole" == brought.read()


def test_a_file_that_is_on_one_machine_alone_is_stored_before_anybody_goes_by_it(mariadb_room: MariaDBRoom) -> None:
    """The server was away when it was made: whoever finds it later may be killed, and another machine goes on."""
    room = mariadb_room
    data = bytes(range(256)) * 1500
    room.put(key(1))
    alone = room.spool(machine="a").files
    path = os.path.join(alone.folder, f"{key(1)}.picture.png")
    with open(path, "wb") as file:
        file.write(data)

    assert path == alone.path(key(1), "picture.png") == alone.path(key(1), "picture.png")
    with open(room.spool(machine="b").files.path(key(1), "picture.png"), "rb") as brought:
        assert data == brought.read()


@pytest.mark.parametrize("anew", [b"anew!", b"longer", bytes(range(256)) * 1500], ids=["as long", "longer", "pieces"])
def test_a_file_that_another_machine_has_made_anew_is_brought_here(mariadb_room: MariaDBRoom, anew: bytes) -> None:
    """What the database has is what all machines go by, whatever an earlier run has left on one of them."""
    room = mariadb_room
    room.put(key(1))
    one, other = room.spool(machine="a").files, room.spool(machine="b").files
    for files, data in ((one, b"first"), (other, anew)):
        with files.new(key(1), len(data)) as file:
            file.write(data)
            file.keep("picture.png")

    with open(one.path(key(1), "picture.png"), "rb") as brought:
        assert anew == brought.read()


def test_two_processes_make_no_file_of_both(mariadb_room: MariaDBRoom) -> None:
    """A stopped one goes on storing while another one stores its own: that one is told, and tries again."""
    room = mariadb_room
    room.put(key(1))
    values = (str(key(1)), "picture.png", 1, b"another's")
    files = room.spool(machine="b").files
    execute = files._database.execute

    def intruded(sql: str, sent: Sequence[object] = ()) -> int:
        done = execute(sql, sent)
        if sql.startswith("DELETE"):
            room.database.execute("INSERT INTO job_file VALUES (%s, %s, %s, %s)", values)
        return done

    files._database.execute = intruded  # type: ignore[assignment, method-assign]
    with files.new(key(1), 100) as file:
        file.write(b"ours")
        with pytest.raises(StoreError, match="another process writes"):
            file.keep("picture.png")

    assert "" == room.spool(machine="c").files.path(key(1), "picture.png")


def test_nothing_of_a_forgotten_job_stays_on_another_machine(mariadb_room: MariaDBRoom) -> None:
    """A picture that a failed job keeps is erased with its words; what was brought elsewhere goes with the sweep."""
    room = mariadb_room
    room.put(key(1))
    one, other = room.spool(machine="a"), room.spool(machine="b")
    job = claimed(one)
    job.record("drawing")
    with one.files.new(key(1), 100) as file:
        file.write(b"cat")
        file.keep("picture.png")
    job.record("picture", file="picture.png")
    one.fail(job, "not_shared")
    there = other.files.path(key(1), "picture.png")
    assert other.sweep() == 0

    one.files.erase(key(1))

    assert os.path.exists(there)
    assert 1 == other.sweep()
    assert not os.path.exists(there)
