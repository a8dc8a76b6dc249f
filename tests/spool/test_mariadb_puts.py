"""What is put into the database: in few ways to the server, and counted exactly, whatever others put at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest

from cocoai.spool.job import Job
from cocoai.spool.key import Key
from tests.spool.rooms import MariaDBRoom, claimed, key, question


def test_a_question_takes_few_ways_to_the_server(mariadb_room: MariaDBRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """One each to record and to end; to put one, and with a limit three; to claim it three."""
    from cocoai.engine.mariadb.session import MariaDBSession

    sent: list[str] = []
    run = MariaDBSession._run

    def counted(self: MariaDBSession, cursor: object, sql: str, values: Sequence[object]) -> None:
        sent.append(sql)
        run(self, cursor, sql, values)

    monkeypatch.setattr(MariaDBSession, "_run", counted)

    def number(run: Callable[[], object]) -> int:
        sent.clear()
        run()
        return len(sent)

    plain, limited = mariadb_room.spool(), mariadb_room.spool(questions_per_minute=5)
    put = [number(partial(spool.put, key(ts), question())) for ts, spool in ((1, plain), (2, limited))]
    jobs: list[Job] = []
    plain.keys("ready")
    claim = number(lambda: jobs.append(claimed(plain)))
    record = number(lambda: jobs[0].record("answer", text="!"))
    check = number(jobs[0].check_claim)
    finish = number(lambda: plain.finish(jobs[0]))

    # A process that looks for the first time reads the beginnings of all jobs that wait too.
    assert [[1, 3], 4, 1, 0, 1] == [put, claim, record, check, finish]
    assert 3 == number(lambda: jobs.append(claimed(plain)))


def test_what_is_no_new_question_takes_fewer(mariadb_room: MariaDBRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit, one look tells what was put before; nothing is counted and taken out of the count again."""
    from cocoai.spool.mariadb.putting import Putting

    spool = mariadb_room.spool(questions_per_minute=2)
    asked = question(client_msg_id="a", again="1.1")
    assert spool.put(key(1), asked)
    monkeypatch.setattr(Putting, "_is_noted", None)

    assert [False, False, True] == [
        spool.put(key(1), asked),
        spool.put(key(2), question(client_msg_id="a")),
        spool.put(key(3, thread=1), question(again="1.1")),
    ]


@pytest.mark.parametrize("same", [{"client_msg_id": "a"}, {"again": "1.1"}])
def test_a_twin_that_comes_at_once_is_not_counted(mariadb_room: MariaDBRoom, same: dict[str, str]) -> None:
    """Another machine puts the same between our look and our put: the person may ask one question more."""
    room = mariadb_room
    one, other = (room.spool(machine=each, questions_per_minute=2) for each in "ab")
    insert = one._putting._insert

    def late(job: Key, asked: Mapping[str, Any], *, is_light: bool) -> None:
        one._putting._insert = insert  # type: ignore[method-assign]
        assert other.put(key(1), question(**same))
        insert(job, asked, is_light=is_light)

    one._putting._insert = late  # type: ignore[assignment, method-assign]
    one.put(key(2, thread=1), question(**same))
    one.put(key(3), question())
    one.put(key(4), question())

    kinds = {each.ts: room.here.peek("ready", each)[0]["kind"] for each in room.here.keys("ready")}
    assert ("mention", "limited") == (kinds["3.000100"], kinds["4.000100"])
