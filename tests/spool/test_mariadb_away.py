"""The server is killed, away or cut off at each step of a job: nothing is lost, nothing is done twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from cocoai.spool.spool import Spool
from cocoai.spool.store_error import ClaimLost, StoreUnreachable
from tests.mariadb.lossy_way import LossyWay
from tests.mariadb.server import WITHOUT_NETWORK, Server
from tests.processes import wait_until
from tests.spool.rooms import MariaDBRoom, claimed, key, question


@pytest.fixture
def room(mariadb_room: MariaDBRoom, monkeypatch: pytest.MonkeyPatch) -> MariaDBRoom:
    """Return a room in which a server that is back is found at once."""
    from cocoai.engine.mariadb import mariadb

    monkeypatch.setattr(mariadb, "PAUSE", 0.02)
    return mariadb_room


@pytest.fixture
def way(mariadb: Server, short_folder: Callable[[], Path]) -> Iterator[LossyWay]:
    made = LossyWay(short_folder(), mariadb.socket)
    yield made
    made.close()


def facts(room: MariaDBRoom, state: str = "ready", ts: int = 1) -> list[str]:
    """Return the names of all facts of a job, in their order."""
    return [line["fact"] for line in room.here.peek(state, key(ts))[1:]]


def live(room: MariaDBRoom, spool: Spool, before: Callable[[str], object]) -> bool:
    """Put a question, claim and finish it, and call `before` with a word of each step's statement; return if it is new.

    The words are in no other statement. What a step cannot do while the server is away is done again by whoever would.
    """
    spool.count("ready")  # on a connection that is there already, a statement is sent twice
    before("INSERT INTO job ")
    try:
        is_new = spool.put(key(1), question())
    except StoreUnreachable:  # Slack sends it again
        is_new = spool.put(key(1), question())
    before('"fact":"visit')
    for job in spool.each_without("placeholder"):
        before('"fact":"placeholder')
        job.record("placeholder", ts="1.1")
        before("SET lease_until = NULL")
    before('"fact":"attempt')
    try:
        job = claimed(spool)
    except StoreUnreachable:  # its process ends, and the next one waits until the claim is over
        room.pass_time(31)
        job = claimed(spool)
    before('"fact":"answer')
    job.record("answer", text="!")
    before("INTERVAL 30 SECOND\nWHERE")
    job.renew()  # type: ignore[attr-defined]
    before('"fact":"finished')
    spool.finish(job)
    return is_new


LIFE = ["visit", "placeholder", "attempt", "answer", "finished"]


def test_an_answer_of_the_server_may_be_lost_at_each_step(room: MariaDBRoom, way: LossyWay) -> None:
    """It was done, and is sent once more: the question is known, each fact stands there once, and nobody stumbles."""
    is_new = live(room, room.spool(way=way.path), way.lose)

    assert (False, 8) == (is_new, way.lost)
    assert room.here.keys("done") == [key(1)]
    assert LIFE == facts(room, "done")


def test_the_server_may_be_killed_at_each_step(room: MariaDBRoom, way: LossyWay, mariadb: Server) -> None:
    """Behind each commit of put, claim, record and finish, before anybody hears of it; what was committed is there."""
    killed = []

    def kill() -> None:
        mariadb.kill9()
        mariadb.start()
        killed.append(mariadb.pid)

    def lose(words: str) -> None:
        if any(each in words for each in ("INSERT", "attempt", "answer", "finished")):
            way.lose(words, kill)

    is_new = live(room, room.spool(way=way.path), lose)

    assert (False, 4) == (is_new, len(killed))
    told = facts(room, "done")
    assert LIFE == sorted(set(told), key=told.index)
    assert 1 <= told.count("attempt") <= 2
    assert len(LIFE) >= len(told) - 1


def test_each_other_verb_may_be_sent_twice(room: MariaDBRoom, way: LossyWay) -> None:
    """An answer is lost to the limits, to whom it may concern, to the operator, and to who clicks on buttons."""
    spool = room.spool(way=way.path, questions_per_minute=1, light_kinds={"limited"})
    again = {"kind": "again", "again": "1.1"}

    way.lose("INSERT INTO person")
    assert spool.put(key(1), question(**again))
    way.lose("UPDATE person")
    assert spool.put(key(61), question())
    way.lose("INSERT INTO person")
    assert spool.is_to_be_told("U0OTHER", key(2))
    way.lose("told_by =")
    assert spool.is_to_be_told("U0ASKER", key(2))
    way.lose("stops = IF")
    assert spool.request_stop(key(1), "U0ASKER")
    assert ("U0ASKER",) == spool.stop_requesters(key(1))
    spool.fail(claimed(spool), "reason")
    way.lose("lines_ = ")
    assert spool.annotate(key(1), "opinion", opinion="up")
    way.lose("pending = ")
    spool.retry(key(1))
    way.lose("INSERT INTO thread")
    spool.note("C0PRACTICE", "1.000100", lambda _: {"a": 1})
    way.lose("UPDATE thread")
    spool.note("C0PRACTICE", "1.000100", lambda _: {"b": 2})
    way.lose("INSERT INTO job_file")
    with spool.files.new(key(1), 10) as file:
        file.write(b"cat")
        file.keep("picture.png")

    assert 10 == way.lost
    assert ["attempt", "failed", "opinion", "retried"] == facts(room)
    assert {"a": 1, "b": 2} == room.here.mark_of("C0PRACTICE", "1.000100")
    assert [f"{key(1)}.picture.png"] == room.files()
    kinds = [room.here.peek("ready", key(ts))[0]["kind"] for ts in (1, 61)]
    assert ["again", "mention"] == kinds
    assert spool.put(key(62), question())
    assert "limited" == room.here.peek("ready", key(62))[0]["kind"]


def test_while_the_server_is_away(room: MariaDBRoom, mariadb: Server) -> None:
    """Nothing is accepted or claimed; what is in hand goes on for one message by its own clock, and then waits.

    That it was given up is told the server once it is back: nobody waits for its lease.
    """
    room.put(key(1), key(2))
    spool = room.spool()
    job = claimed(spool)
    mariadb.kill9()

    for verb in (
        lambda: spool.put(key(3), question()),
        spool.claim,
        spool.begin,
        lambda: spool.request_stop(key(1), "U0ASKER"),
        lambda: spool.mark_of("C0PRACTICE", "1.000100"),
        lambda: spool.annotate(key(1), "opinion"),
        spool.sweep,
    ):
        with pytest.raises(StoreUnreachable):
            verb()
    assert () == spool.stop_requesters(key(1))
    job.check_claim()
    room.sleep = room_passes(room)
    room._passed += 13
    job.check_claim()
    room._passed += 2
    with pytest.raises(StoreUnreachable):
        job.check_claim()
    with pytest.raises(StoreUnreachable):  # not before its lease may be another's
        job.record("answer", text="!")
    assert room._passed == pytest.approx(24, abs=1)
    job.release()

    mariadb.start()
    assert [(key(1), 2), (key(2), 1)] == [(job.key, job.attempt) for job in (claimed(spool), claimed(spool))]
    assert spool.put(key(3), question())


def room_passes(room: MariaDBRoom) -> Callable[[float], None]:
    """Return what lets a process's own clock go on at once when it sleeps."""

    def sleep(seconds: float) -> None:
        room._passed += seconds

    return sleep


def test_what_is_to_be_recorded_waits_for_the_server(room: MariaDBRoom, mariadb: Server) -> None:
    """It is back within the lease: the answer that was paid is kept, and its job ends."""
    room.put(key(1))
    spool = room.spool()
    job = claimed(spool)
    slept = threading.Event()

    def sleep(seconds: float) -> None:
        slept.set()
        time.sleep(seconds)

    room.sleep = sleep
    mariadb.kill9()

    def start() -> None:
        slept.wait()
        mariadb.start()

    starter = threading.Thread(target=start)
    starter.start()
    job.record("answer", text="!")
    starter.join()
    spool.finish(job)

    assert ["attempt", "answer", "finished"] == facts(room, "done")


def test_a_claim_of_which_nobody_has_heard_ends_with_its_process(
    room: MariaDBRoom, way: LossyWay, mariadb: Server
) -> None:
    """It was committed, and the server was killed: the process ends as it cannot go on, and the job is free again."""
    room.put(key(1))
    spool = room.spool(way=way.path, machine="a")

    def go_away() -> None:
        mariadb.kill9()
        way.close()

    way.lose('"fact":"attempt', go_away)

    with pytest.raises(StoreUnreachable):
        spool.claim()

    mariadb.start()
    other = room.spool(machine="other")
    assert other.claim() is None
    room.pass_time(31)
    assert 2 == claimed(other).attempt


def test_a_record_that_was_lost_with_its_claim_is_told(room: MariaDBRoom, way: LossyWay) -> None:
    """Its answer was lost, and when it is sent again another process has the job: it is no more ours."""
    room.put(key(1))
    job = claimed(room.spool(way=way.path))

    def others_turn() -> None:
        room.pass_time(31)
        claimed(room.spool(machine="other"))

    way.lose('"fact":"answer', others_turn)
    with pytest.raises(ClaimLost):
        job.record("answer", text="!")

    # It is there all the same, and the next one reads it: nothing of what was paid is lost.
    assert ["attempt", "answer", "attempt"] == facts(room)


def test_the_master_tells_once_that_the_server_is_away(
    room: MariaDBRoom, mariadb: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """And when it is back: it asks every few seconds."""
    caplog.set_level("INFO")
    spool = room.spool()
    assert not spool.is_due()
    mariadb.kill9()
    assert [False, False] == [spool.is_due(), spool.is_due()]
    mariadb.start()
    wait_until(lambda: not spool.is_due() and "outcome=reachable" in caplog.text)

    assert (1, 1) == (caplog.text.count("outcome=unreachable"), caplog.text.count("outcome=reachable"))


def test_a_server_whose_disk_is_full_is_as_good_as_away(mariadb: Server, room: MariaDBRoom) -> None:
    """What Slack posts is kept in the inbox then; once there is room, it is put."""
    from cocoai.engine.mariadb.errors import MariaDBError

    mariadb.stop()
    # A file that must not grow, however much the tests before have put into it.
    not_to_grow = f"--innodb-data-file-path=ibdata1:{mariadb.mebibytes}M"
    mariadb.start(WITHOUT_NETWORK, "--innodb-file-per-table=OFF", not_to_grow)
    spool = room.spool()
    room.database.execute("CREATE TABLE much (data LONGBLOB) ENGINE=InnoDB")
    room.database.execute("ALTER TABLE job ENGINE=InnoDB")
    for size in (1 << 20, 1 << 16):
        fill = partial(room.database.execute, "INSERT INTO much VALUES (REPEAT('x', %s))", (size,))
        with pytest.raises(MariaDBError, match="full") as caught:
            list(iter(fill, None))
    numbers = iter(range(1, 1000))
    with pytest.raises(StoreUnreachable, match="1114"):
        list(iter(lambda: spool.put(key(next(numbers)), question(text="x" * 32_000)), None))
    waiting = spool.count("ready")
    mariadb.stop()
    mariadb.start()

    assert caught.value.may_pass
    assert spool.put(key(next(numbers)), question())
    assert waiting + 1 == spool.count("ready")
