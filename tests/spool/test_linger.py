"""spool/job_process.py: one process lingers behind its last job, and is woken for the next one instead of a fork."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cocoai.engine.process.locks import take
from cocoai.spool import job_process
from tests.processes import wait_until
from tests.spool.test_runner import JobSetup, key, make

__all__ = ["make"]

LONG, SHORT = 60.0, 0.03
"""Seconds: of a process that is still there whatever the machine does, and of one whose time is soon over."""


def lingering(setup: JobSetup) -> int:
    """Wait until a process lingers, and return its pid."""
    wait_until(lambda: [each for each in setup.shown("linger") if each.state == "idle"])
    return setup.shown("linger")[0].pid


def test_the_next_question_is_answered_by_the_same_process(make: Callable[..., JobSetup]) -> None:
    """It is woken by a signal, takes a slot, and lingers again."""
    setup = make(linger=LONG)
    setup.put(1)
    setup.wait_until_done(key(1))
    pid = lingering(setup)

    assert ["linger.lock"] == setup.locked()
    setup.put(2)
    setup.wait_until_done(key(1), key(2))
    assert pid == lingering(setup)
    assert [str(pid)] == setup.traced("start")
    assert [str(pid)] * 2 == setup.traced("answered")


def test_at_most_one_process_lingers(make: Callable[..., JobSetup]) -> None:
    """The others end as they always did."""
    setup = make(linger=LONG, slots=4)
    setup.hold()
    for ts in range(1, 5):
        setup.put(ts)
    wait_until(lambda: len(setup.traced("answering-q")) == 4)
    setup.let_go()
    setup.wait_until_number_done(4)
    pid = lingering(setup)

    wait_until(lambda: setup.locked() == ["linger.lock"])
    assert [str(pid)] == setup.traced("rest")
    assert 4 <= len(set(setup.traced("start")))


def test_questions_that_come_at_once_are_answered_at_once(make: Callable[..., JobSetup]) -> None:
    """The woken process starts others for what it cannot do itself: all slots are taken."""
    setup = make(linger=LONG, slots=4)
    setup.put(1)
    pid = lingering(setup)
    setup.hold()

    for ts in range(2, 6):
        setup.put(ts)

    wait_until(lambda: len(setup.traced("answering-q")) == 5)
    assert str(pid) in setup.traced("answering-q")[1:]
    setup.let_go()
    setup.wait_until_number_done(5)


def test_it_ends_when_its_time_is_over(make: Callable[..., JobSetup]) -> None:
    """Nothing is left of it: no lock, and no row."""
    setup = make(linger=0.5)

    setup.put(1)
    setup.wait_until_done(key(1))
    wait_until(lambda: setup.traced("rest") and setup.is_at_rest())

    wait_until(lambda: not setup.shown("linger"))


def test_no_question_is_lost_when_its_time_is_over(make: Callable[..., JobSetup]) -> None:
    """Whenever a question is put, somebody sees it: a tick would come after five seconds, and here there is none."""
    setup = make(linger=SHORT)
    pauses = random.Random(1)

    for ts in range(1, 41):
        setup.put(ts)
        time.sleep(SHORT * pauses.uniform(0.8, 1.4))

    setup.wait_until_number_done(40)
    assert 1 < len(setup.traced("start")) < 40


@pytest.mark.parametrize("how", ["TERM", "stopped", "started anew"])
def test_it_ends_at_once(make: Callable[..., JobSetup], how: str) -> None:
    """At TERM, and when a master stops or starts: no old code takes up new work."""
    setup = make(linger=LONG)
    setup.put(1)
    pid = lingering(setup)

    if how == "TERM":
        os.kill(pid, signal.SIGTERM)
    elif how == "stopped":
        setup.runner.end()
    else:
        setup.runner.begin()

    wait_until(setup.is_at_rest)
    setup.put(2)
    if how != "stopped":  # else nobody takes up new work
        setup.wait_until_done(key(1), key(2))
    assert [str(pid)] == [each for each in setup.traced("answered") if each == str(pid)]


def test_it_answers_no_more_than_its_number(make: Callable[..., JobSetup], monkeypatch: pytest.MonkeyPatch) -> None:
    """The last question is the last also for a process that could linger."""
    monkeypatch.setattr(job_process, "MOST_QUESTIONS", 2)
    setup = make(linger=LONG)

    setup.put(1)
    lingering(setup)
    setup.put(2)
    setup.wait_until_number_done(2)
    wait_until(setup.is_at_rest)
    setup.put(3)
    setup.wait_until_number_done(3)

    first, second, third = setup.traced("answered")
    assert first == second != third


def test_one_that_has_grown_does_not_linger(make: Callable[..., JobSetup], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a large question has taken is given back by its end."""
    monkeypatch.setattr(job_process, "MOST_GROWTH", -1)
    setup = make(linger=LONG)

    setup.put(1)
    setup.wait_until_done(key(1))
    wait_until(setup.is_at_rest)

    assert [] == setup.traced("rest")


def test_a_killed_one_is_replaced(make: Callable[..., JobSetup]) -> None:
    """Its row still stands there, but its process cannot be signalled: another one is forked."""
    setup = make(linger=LONG)
    setup.put(1)
    pid = lingering(setup)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists())

    setup.put(2)

    setup.wait_until_done(key(1), key(2))
    assert str(pid) != setup.traced("answered")[1]


def test_it_holds_its_own_lock_alone(make: Callable[..., JobSetup]) -> None:
    """No slot, no job, nothing of the question that it has answered."""
    setup = make(linger=LONG)
    setup.put(1)
    pid = lingering(setup)

    opened = {os.path.realpath(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    held = {path for path in opened if path.startswith(str(setup.folder))}

    assert {str(setup.folder / "locks" / "linger.lock")} == held
    slot = take(str(setup.folder / "locks" / "slot-0"))
    assert slot is not None
    slot.release()
