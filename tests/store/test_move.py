"""cocoai store move: all that is kept goes from files into a database and back, once, whatever is killed when."""

from __future__ import annotations

import shutil
import time

import pytest

from cocoai.cli import main
from cocoai.engine.pool.master_lock import MASTER_LOCK
from cocoai.engine.process import locks
from cocoai.engine.web.request import Request
from cocoai.errors import CocoAIError
from cocoai.spool.job import Fact
from cocoai.spool.key import Key

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.inbox.inbox import Inbox
from cocoai.spool.mariadb.mariadb_spool import MariaDBSpool
from cocoai.store.job_copy import JobCopy
from cocoai.store.moving import FILES, MARIADB
from cocoai.store.schema import WrongSchema
from tests.store.moving import (
    AGAIN,
    ANSWERED,
    BOTH,
    CLICK,
    CUT_OFF,
    KINDS,
    NOTHING,
    QUESTION,
    Machine,
    end,
    fill,
    held,
    key,
    start,
)


@pytest.mark.parametrize(("source", "target"), BOTH)
def test_all_that_is_kept_is_moved(machine: Machine, source: str, target: str) -> None:
    """Jobs with their files and stop requests, threads, the ledger and the history; nothing stays behind."""
    kept = fill(machine, source)

    lines = machine.move(target)

    assert ["ledger: 2 calls", "history: 1 answers", "jobs: 4 ready, 1 done, 1 failed"] == lines[:3]
    assert kept == machine.kept(target)
    assert NOTHING == machine.kept(source)


@pytest.mark.parametrize(("source", "target"), BOTH)
def test_what_was_moved_is_known_and_goes_on(machine: Machine, source: str, target: str) -> None:
    """A redelivery, its twin, and a question that is asked again meanwhile are known; each waits as long as before."""
    fill(machine, source)
    machine.move(target)
    spool = machine.spool(target)

    puts = {
        name: spool.put(each, {"kind": "mention", "user": "U0ASKER02", **fields})
        for name, each, fields in [
            ("redelivered", ANSWERED, {}),
            ("twin", key(1_763_000_011), {"client_msg_id": "g-1"}),
            ("new", key(1_763_000_012), {}),
        ]
    }
    spool.put(Key(*AGAIN[:3], "again_ja"), {"kind": "mention", "user": "U0ASKER02", "again": QUESTION.ts})
    limited = [each for each in spool.keys("ready") if spool.peek("ready", each)[0]["kind"] == "limited"]
    claimed = []
    while (job := spool.claim()) is not None:
        claimed.append(job.key)
        spool.finish(job)

    assert {"redelivered": False, "twin": False, "new": True} == puts
    assert 1 == len(limited)
    # A stop request ends one wait: so it comes at once, in its turn.
    assert {CLICK, CUT_OFF, QUESTION, AGAIN, key(1_763_000_012), *limited} == set(claimed)
    assert claimed.index(QUESTION) < claimed.index(AGAIN)


def test_a_wait_is_kept(machine: Machine) -> None:
    """What is to be tried again later is so in the database, too."""
    spool = machine.spool(FILES)
    spool.put(QUESTION, {"kind": "mention"})
    job = held(spool, QUESTION)
    job.record("retry", retry_at=time.time() + 200, why="busy", free=False, sent=False)
    job.release()
    machine.move(MARIADB)

    moved = machine.spool(MARIADB)
    assert moved.claim() is None
    assert 100 < moved.seconds_to_retry() <= 200


@pytest.mark.parametrize(("source", "target"), BOTH)
def test_what_a_pool_has_done_since_stays(machine: Machine, source: str, target: str) -> None:
    """A pool of another machine goes on with a job that is moved, before the move is killed: it is not asked anew."""
    machine.spool(source).put(QUESTION, {"kind": "mention"})
    steps = 0
    while not machine.spool(target).keys("ready"):
        assert machine.move_until(target, steps)
        steps += 1
    assert [QUESTION] == machine.spool(source).keys("ready")
    end(machine.spool(target), QUESTION, machine.spool(target).finish)

    machine.move(target)

    assert [QUESTION] == machine.spool(target).keys("done")
    assert [] == [*machine.spool(source).keys("ready"), *machine.spool(target).keys("ready")]


def test_a_swept_job_is_not_answered_again(machine: Machine) -> None:
    """Its row has the key alone by then."""
    machine.spool(FILES).put(QUESTION, {"kind": "mention"})
    copy = machine.var.with_name("copy")
    shutil.copytree(machine.var, copy)
    machine.move(MARIADB)
    shutil.rmtree(machine.var)
    copy.rename(machine.var)
    machine.database.execute("UPDATE job SET state = 3, lines_ = ''")

    machine.move(MARIADB)

    assert [] == [*machine.spool(FILES).keys("ready"), *machine.spool(MARIADB).keys("ready")]


def test_a_job_in_hand_is_waited_for(machine: Machine) -> None:
    """The others are moved; the one is by the next try."""
    for each in (QUESTION, ANSWERED):
        machine.spool(MARIADB).put(each, {"kind": "mention"})
    spool = MariaDBSpool(machine.other, str(machine.var.with_name("elsewhere")), **KINDS)
    job = held(spool, QUESTION)
    job.record("attempt", n=1)
    machine.other.close()

    with pytest.raises(CocoAIError, match="1 jobs are worked on, so run it again"):
        machine.move(FILES)
    left = machine.spool(MARIADB).keys("ready")
    spool.finish(job)
    machine.other.close()
    machine.move(FILES)

    assert [QUESTION] == left
    assert ([ANSWERED], [QUESTION]) == (machine.spool(FILES).keys("ready"), machine.spool(FILES).keys("done"))


def test_a_damaged_job_stays_where_it_is(machine: Machine) -> None:
    """It is named, and holds up nothing."""
    machine.spool(FILES).put(QUESTION, {"kind": "mention"})
    damaged = machine.var / "spool" / "failed" / str(ANSWERED)
    damaged.write_bytes(b"\x00\x00")

    lines = machine.move(MARIADB)

    assert f"damaged, and left where it is: {ANSWERED}: no question in it" in lines
    assert [QUESTION] == machine.spool(MARIADB).keys("ready")
    assert damaged.exists()
    start(machine)


@pytest.mark.parametrize("target", [MARIADB, FILES])
def test_a_running_pool_is_in_the_way(machine: Machine, target: str) -> None:
    """Nothing is changed then."""
    (machine.var / "run").mkdir()
    lock = locks.take(str(machine.var / "run" / MASTER_LOCK))
    assert lock is not None

    with pytest.raises(CocoAIError, match="the pool runs"):
        machine.move(target)

    lock.release()
    start(machine)


def test_a_pool_of_another_machine_is_in_the_way(machine: Machine) -> None:
    """It would put questions into the database that is left; into the one that is filled it may."""
    machine.other.rows("SELECT 1")
    machine.move(MARIADB)

    with pytest.raises(CocoAIError, match="1 other connections: stop the pools"):
        machine.move(FILES)

    start(machine)


def test_requests_in_the_inbox_are_in_the_way(machine: Machine) -> None:
    """Nothing would take them in any more, once jobs are files again."""
    inbox = Inbox(str(machine.var))
    inbox.make_folders()
    inbox.keep(Request("POST", "/slack/events", {}, b"{}"), 1_763_000_000.0)

    with pytest.raises(CocoAIError, match=r"1 requests wait in .+/inbox"):
        machine.move(FILES)


def test_other_tables_are_refused(machine: Machine) -> None:
    """`init` comes first."""
    machine.database.execute("DROP TABLE meta")

    with pytest.raises(WrongSchema, match="cocoai store init"):
        machine.move(MARIADB)


def test_the_command_says_what_was_moved(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """It names both stores, so that nobody moves the wrong way."""
    fill(machine, FILES)
    command = ["store", "--config", machine.settings.file, "move", "--from", FILES, "--to"]

    codes = [main([*command, MARIADB]), main([*command, FILES])]

    out, err = capsys.readouterr()
    assert [0, 1] == codes
    assert ["ledger: 2 calls", "history: 1 answers", "jobs: 4 ready, 1 done, 1 failed"] == out.splitlines()[:3]
    assert "--from and --to are both files" in err


WORDS, ATTEMPT, FINISHED, FORGOTTEN = (
    {"kind": "mention", "text": "a"},
    {"fact": "attempt"},
    {"fact": "finished"},
    {"fact": "forgotten"},
)


@pytest.mark.parametrize(
    ("ours", "others", "is_ahead"),
    [
        (("ready", [WORDS]), ("ready", [WORDS]), False),
        (("ready", [WORDS, ATTEMPT]), ("ready", [WORDS]), True),
        (("ready", [WORDS]), ("ready", [WORDS, ATTEMPT]), False),
        (("ready", [WORDS]), ("done", [WORDS, ATTEMPT, FINISHED]), False),
        (("done", [WORDS, ATTEMPT, FINISHED]), ("ready", [WORDS]), True),
        (("done", [WORDS]), ("ready", [WORDS]), True),
        (("ready", [WORDS]), ("done", [WORDS]), False),
        (("done", [WORDS, FINISHED]), ("ready", [WORDS, ATTEMPT]), True),
        (("ready", [WORDS, FINISHED]), ("ready", [WORDS, ATTEMPT]), False),
        (("done", [{"kind": "mention"}, FORGOTTEN]), ("done", [WORDS, FINISHED]), True),
        (("done", [WORDS, FINISHED]), ("done", [{"kind": "mention"}, FORGOTTEN]), False),
    ],
)
def test_of_two_copies_the_one_that_knows_more_stays(
    ours: tuple[str, list[Fact]], others: tuple[str, list[Fact]], is_ahead: bool
) -> None:
    """That is the longer one, else the one that has ended; what was forgotten stays so."""
    assert is_ahead is JobCopy(QUESTION, *ours, 0.0).is_ahead_of(JobCopy(QUESTION, *others, 0.0))
