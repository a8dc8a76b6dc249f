"""Others are in the way of a statement for longer than the server lets it wait: another one's, or its own first try.

So it is where the server's disk hangs, and on a Galera cluster while it makes up its mind which node is gone: what was
sent is committed some seconds later, long after whoever has sent it was told that the time is over.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pytest

from cocoai.spool.store_error import StoreUnreachable
from tests.spool.rooms import MariaDBRoom, claimed, key

pytest.importorskip("pymysql")

from cocoai.engine.mariadb import mariadb as engine
from cocoai.engine.mariadb import session
from cocoai.engine.mariadb.errors import error_of
from cocoai.engine.mariadb.mariadb import MariaDB


@pytest.fixture
def room(mariadb_room: MariaDBRoom, monkeypatch: pytest.MonkeyPatch) -> MariaDBRoom:
    """Return a room in which nobody waits for rows that are locked."""
    monkeypatch.setattr(engine, "PAUSE", 0.0)
    monkeypatch.setattr(session, "LOCK_TIMEOUT", 0)
    return mariadb_room


@pytest.fixture
def other(room: MariaDBRoom) -> Iterator[MariaDB]:
    """Yield a connection in a transaction, which keeps the rows from others that it has locked."""
    made = MariaDB(room.database.address)
    made.execute("START TRANSACTION")
    yield made
    made.close()


def facts(room: MariaDBRoom, state: str = "done") -> list[str]:
    """Return the names of all facts of the only job, in their order."""
    return [line["fact"] for line in room.here.peek(state, key(1))[1:]]


def lock(other: MariaDB) -> None:
    """Keep all jobs from others until the transaction ends."""
    other.rows("SELECT 1 FROM job FOR UPDATE")


def in_turn(*steps: Callable[[], object]) -> Callable[[float], object]:
    """Return a sleep that does one of these each time."""
    left = iter(steps)
    return lambda _: next(left)()


def test_what_is_to_be_recorded_waits(room: MariaDBRoom, other: MariaDB) -> None:
    """For as long as the lease lasts, as it waits for a server that is away: what was paid is kept."""
    room.put(key(1))
    spool = room.spool()
    job = claimed(spool)
    lock(other)
    room.sleep = in_turn(bool, partial(other.execute, "COMMIT"))
    job.record("answer", text="!")
    spool.finish(job)

    assert ["attempt", "answer", "finished"] == facts(room)


def test_it_waits_no_longer_than_the_lease(room: MariaDBRoom, other: MariaDB) -> None:
    """Then the job may be another one's."""
    room.put(key(1))
    job = claimed(room.spool())
    lock(other)
    room.sleep = in_turn(lambda: setattr(room, "_passed", 31.0))

    with pytest.raises(StoreUnreachable, match="1205"):
        job.record("answer", text="!")


def test_a_first_try_that_is_still_being_committed_is_waited_for(
    room: MariaDBRoom, other: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same is sent again, and kept from the row by the first: it stands there once, and its process goes on."""
    room.put(key(1))
    spool = room.spool()
    job = claimed(spool)
    execute, tries = MariaDB.execute, itertools.count()

    def lose_the_first(database: MariaDB, sql: str, values: Sequence[object] = ()) -> int:
        if database is not other and next(tries) == 0:
            execute(other, sql, values)
            raise error_of(2013, "timed out")
        return execute(database, sql, values)

    monkeypatch.setattr(MariaDB, "execute", lose_the_first)
    room.sleep = in_turn(bool, partial(execute, other, "COMMIT"))
    job.record("answer", text="!")
    spool.finish(job)

    assert ["attempt", "answer", "finished"] == facts(room)


def test_a_claim_that_could_not_be_given_up_is_given_up_later(room: MariaDBRoom, other: MariaDB) -> None:
    """Its process lives on, so its master renews the lease: nobody else would ever come to the job."""
    room.put(key(1))
    spool = room.spool()
    job = claimed(spool)
    lock(other)
    job.release()
    other.execute("COMMIT")
    room.pass_time(25)
    assert not room.spool().is_due(), "the master of the same machine, which sees that the process lives"

    spool.is_claimable()

    assert 2 == claimed(room.spool(machine="other")).attempt
