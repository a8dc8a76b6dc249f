"""Chaos on one database: processes of three machines are killed and stopped, the server too, and no job minds.

Eight processes answer two hundred questions in threads of eight, which others put as Slack does, again and again. They
are killed at any moment, and stop by themselves for longer than their leases, which are short here. What they say
outside stands in one file, which no process can take back.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import ClaimLost, StoreError
from tests.spool.rooms import forked, key, question

JOBS, IN_THREAD, CLAIMERS = 200, 8, 8

LEASE = 2.0
"""Seconds of a lease. Who stops stays stopped for longer."""

STOPS = 0.01
"""The part of its steps behind which a process stops."""

KEYS = [key(1000 + number, thread=1000 + number % (JOBS // IN_THREAD)) for number in range(JOBS)]


def shorten_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let leases, and what goes by them, be as short as LEASE."""
    from cocoai.engine.mariadb import mariadb
    from cocoai.spool.mariadb import claimed_rows, mariadb_job

    short = f"INTERVAL {int(LEASE * 1e6)} MICROSECOND"
    for module in (mariadb_job, claimed_rows):
        for name, text in list(vars(module).items()):
            if isinstance(text, str) and "INTERVAL 30 SECOND" in text:
                monkeypatch.setattr(module, name, text.replace("INTERVAL 30 SECOND", short))
        monkeypatch.setattr(module, "LEASE", LEASE)
        monkeypatch.setattr(module, "RENEWED", LEASE / 4)
    monkeypatch.setattr(mariadb_job, "MESSAGE", LEASE / 4)
    monkeypatch.setattr(mariadb, "PAUSE", 0.05)


class Database(Protocol):
    """A database of jobs; `here` is the spool of the process that looks on."""

    @property
    def here(self) -> Spool:
        """Return that spool."""

    def spool(self, *, machine: str = "a") -> Spool:
        """Return the spool of another process, on this machine."""


class World:
    """What stands outside of the database: all messages, and what each process was told to be kept."""

    def __init__(self, folder: Path) -> None:
        self._messages = str(folder / "messages")
        self._kept = str(folder / "kept")
        for path in (self._messages, self._kept):
            Path(path).touch()

    @staticmethod
    def _say(path: str, *words: object) -> None:
        with open(path, "ab", buffering=0) as file:
            file.write((" ".join(map(str, words)) + "\n").encode())

    @staticmethod
    def _said(path: str) -> list[list[str]]:
        return [line.split() for line in Path(path).read_text().splitlines()]

    def post(self, job: Key, attempt: int) -> None:
        """Post the answer to a question."""
        self._say(self._messages, job, attempt)

    def messages(self) -> list[list[str]]:
        """Return the key and the attempt of each message, in their order."""
        return self._said(self._messages)

    def keep(self, job: Key, fact: str) -> None:
        """Note that a process was told that this fact is kept."""
        self._say(self._kept, job, fact)

    def kept(self) -> list[list[str]]:
        """Return the key and the text of each fact that is kept."""
        return self._said(self._kept)


def put_all(room: Database, world: World) -> None:
    """Put all questions in the order in which people ask, as Slack does: each until it is accepted, and all twice."""
    spool = room.spool(machine="putter")
    for each in KEYS * 2:
        while not is_put(spool, world, each):
            time.sleep(0.02)


def is_put(spool: Spool, world: World, job: Key) -> bool:
    """Put a question; return False if the server is away."""
    try:
        if spool.put(job, question(f"U0{job.ts[:4]}")):
            world.keep(job, "put")
    except StoreError:
        return False
    return True


def answer_all(room: Database, world: World, machine: str, seed: int) -> None:
    """Answer one question after another, as a job process does, until none is left."""
    dice = random.Random(seed)

    def maybe_stop() -> None:
        if dice.random() < STOPS:
            os.kill(os.getpid(), signal.SIGSTOP)

    spool, is_done = room.spool(machine=machine), False
    while not is_done:
        try:
            answer_one(spool, world, maybe_stop)
            is_done = spool.count("done") == JOBS
        except StoreError:  # the server is away
            time.sleep(0.05)


def answer_one(spool: Spool, world: World, maybe_stop: Callable[[], None]) -> None:
    """Claim and answer one question, if there is any. What may have been posted before is looked for, as in Slack."""
    job = spool.claim()
    if job is None:
        time.sleep(0.01)
        return
    try:
        maybe_stop()
        text = f"{os.getpid()}-{time.monotonic_ns()}"
        if job.last("answer") is None:
            job.record("answer", text=text)
            world.keep(job.key, text)
        maybe_stop()
        if job.last("posted") is None:
            job.check_claim()
            if not (job.attempt > 1 and any(each[0] == str(job.key) for each in world.messages())):
                world.post(job.key, job.attempt)
            maybe_stop()
            job.record("posted")
        maybe_stop()
        spool.finish(job)
    except ClaimLost:
        pass
    finally:
        job.release()


class Processes:
    """The processes that put and answer; those that have died are replaced."""

    def __init__(self, room: Database, world: World, seed: int) -> None:
        self._room, self._world, self._seed = room, world, seed
        self._started = 0
        self._stopped: dict[int, float] = {}
        self.answering: set[int] = set()
        self.killed = self.woken = 0
        self._putting = {forked(partial(put_all, room, world)) for _ in range(2)}

    def tend(self) -> None:
        """Replace processes that have died, and wake those that have been stopped for longer than a lease."""
        while len(self.answering) < CLAIMERS:
            self._started += 1
            machine, seed = "abc"[self._started % 3], self._seed + self._started
            self.answering.add(forked(partial(answer_all, self._room, self._world, machine, seed)))
        for pid in [*self.answering, *self._putting]:
            found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
            if found and os.WIFSTOPPED(status):
                self._stopped[pid] = time.monotonic() + 1.5 * LEASE
            elif found:
                self._forget(pid)
        for pid, until in list(self._stopped.items()):
            if time.monotonic() > until:
                del self._stopped[pid]
                os.kill(pid, signal.SIGCONT)
                self.woken += 1

    def _forget(self, pid: int) -> None:
        self.answering.discard(pid)
        self._putting.discard(pid)
        self._stopped.pop(pid, None)

    def kill_one(self, dice: random.Random) -> None:
        """Kill a process that answers, whatever it does."""
        if self.answering:
            pid = dice.choice(sorted(self.answering))
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            self._forget(pid)
            self.killed += 1

    def end(self) -> None:
        """Kill all that are left."""
        for pid in [*self.answering, *self._putting]:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def answer_everything(
    room: Database, world: World, seed: int, *, disturb: Callable[[int], object], patience: float
) -> Processes:
    """Let processes put and answer all questions, and kill some; `disturb` is told how many are done, again and again.

    Return the processes, which have ended. Fail if it takes longer than `patience` seconds.
    """
    dice = random.Random(seed)
    masters = [room.spool(machine=machine) for machine in "ab"]  # the third machine has none
    processes = Processes(room, world, seed)
    deadline, next_kill = time.monotonic() + patience, time.monotonic() + 0.3
    try:
        done = 0
        while done < JOBS:
            assert time.monotonic() < deadline, f"{done} done, seed {seed}"
            processes.tend()
            with contextlib.suppress(StoreError):
                for master in masters:
                    master.is_due()
                done = room.here.count("done")
            if time.monotonic() > next_kill:
                next_kill = time.monotonic() + 0.25
                processes.kill_one(dice)
            disturb(done)
            time.sleep(0.04)
    finally:
        processes.end()
    return processes


def check(room: Database, world: World, seed: int) -> None:
    """Look at what has become of all questions."""
    lines = {str(each): room.here.peek("done", each) for each in room.here.keys("done")}
    messages, kept = world.messages(), world.kept()

    # nothing is lost, and nothing is there twice
    assert set(map(str, KEYS)) == lines.keys(), seed
    assert {1} == set(Counter(job for job, _ in messages).values()), seed
    assert set(map(str, KEYS)) == {job for job, _ in messages}, seed
    put = Counter(job for job, fact in kept if fact == "put")
    assert 1 == max(put.values()), seed
    for name in ("answer", "posted", "finished"):
        counts = Counter(sum(line.get("fact") == name for line in each) for each in lines.values())
        assert {1: JOBS} == counts, (seed, name)

    # what a process was told to be kept is there
    answers = {job: next(line["text"] for line in each if line.get("fact") == "answer") for job, each in lines.items()}
    for job, fact in kept:
        assert fact in ("put", answers[job]), (seed, job)

    # a thread is answered in its order
    threads = defaultdict(list)
    for job, _ in messages:
        threads[Key.parse(job).thread].append(Key.parse(job))
    for each in threads.values():
        assert sorted(each, key=lambda job: job.age) == each, seed

    # nobody has posted behind the next one's back
    for job, attempt in messages:
        begun = [line["at"] for line in lines[job] if line.get("fact") == "attempt"]
        assert int(attempt) <= len(begun), (seed, job)
        posted = next(number for number, line in enumerate(lines[job]) if line.get("fact") == "posted")
        before = [line for line in lines[job][:posted] if line.get("fact") == "attempt"]
        assert int(attempt) <= len(before), (seed, job)
