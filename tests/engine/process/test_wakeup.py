"""engine/process/wakeup.py: a signal to a real process, which hears of it wherever it waits, and lives on."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from cocoai.engine.process import fork
from cocoai.engine.process.wakeup import SIGNAL, WakeupPipe
from tests.engine.conftest import ended, is_alive
from tests.processes import PATIENCE


class Talk:
    """Two pipes between the test and a child: what the child says, and the word on which it goes on."""

    def __init__(self) -> None:
        self._said, self._say = os.pipe()
        self._heard, self._hear = os.pipe()
        self.kept = frozenset({self._say, self._heard})

    def say(self, word: bytes) -> None:
        """In the child."""
        os.write(self._say, word)

    def wait(self) -> None:
        """In the child: until the test says go."""
        os.read(self._heard, 1)

    def heard(self) -> bytes:
        """In the test: what the child says next, waited for."""
        ready, _, _ = select.select([self._said], [], [], PATIENCE)
        assert ready, "the child says nothing"
        return os.read(self._said, 1)

    def go(self) -> None:
        os.write(self._hear, b"!")

    def close(self) -> None:
        for fd in (self._said, self._say, self._heard, self._hear):
            os.close(fd)


@pytest.fixture
def talk() -> Iterator[Talk]:
    made = Talk()
    yield made
    made.close()


def child(run: Callable[[], None], talk: Talk) -> int:
    """A process as the pool makes them."""
    return fork.fork(run, name="rung", keep=talk.kept)


def has_rung(bell: WakeupPipe, seconds: float = 0.0) -> bool:
    ready, _, _ = select.select([bell.fd], [], [], seconds)
    return bool(ready)


def test_a_new_process_does_not_end_of_the_signal(talk: Talk) -> None:
    """Whoever nudges cannot know whether the bell hangs already."""

    def run() -> None:
        talk.say(b"+")
        talk.wait()

    pid = child(run, talk)
    talk.heard()
    os.kill(pid, SIGNAL)
    was_alive = is_alive(pid)
    talk.go()

    assert was_alive
    assert 0 == ended(pid)


def test_the_signal_rings_until_it_is_hushed(talk: Talk) -> None:
    """However often it has come: once hushed the bell is silent, and it rings again."""

    def run() -> None:
        bell = WakeupPipe()
        bell.install()
        talk.say(b"y" if has_rung(bell) else b"n")
        for _ in range(2):
            for _ in range(3):
                os.kill(os.getpid(), SIGNAL)
            talk.say(b"y" if has_rung(bell, PATIENCE) else b"n")
            bell.drain()
            talk.say(b"y" if has_rung(bell) else b"n")

    pid = child(run, talk)

    assert [b"n", b"y", b"n", b"y", b"n"] == [talk.heard() for _ in range(5)]
    assert 0 == ended(pid)


def test_a_bell_that_nobody_hushes_harms_nobody(talk: Talk) -> None:
    """More rings than the descriptor holds: the process goes on, without a warning to its log."""

    def run() -> None:
        bell = WakeupPipe()
        bell.install()
        os.write(bell._rope, b"!" * 65536)  # as many as there is room for
        os.kill(os.getpid(), SIGNAL)
        talk.say(b"y" if has_rung(bell) else b"n")
        bell.drain()
        talk.say(b"y" if has_rung(bell) else b"n")

    pid = child(run, talk)

    assert [b"y", b"n"] == [talk.heard() for _ in range(2)]
    assert 0 == ended(pid)


def test_what_knows_no_bell_goes_on_waiting(talk: Talk) -> None:
    """A call to Slack, or a rest between two tries, is interrupted by the system, and taken up again by Python."""

    def run() -> None:
        bell = WakeupPipe()
        bell.install()
        began = time.monotonic()
        talk.say(b"+")
        time.sleep(0.3)
        talk.say(b"y" if time.monotonic() - began >= 0.3 and has_rung(bell) else b"n")

    pid = child(run, talk)
    talk.heard()
    os.kill(pid, SIGNAL)

    assert b"y" == talk.heard()
    assert 0 == ended(pid)


def test_the_child_of_who_has_a_bell_has_none(talk: Talk) -> None:
    """It ignores the signal, and its parent's bell does not ring for it."""

    def run() -> None:
        bell = WakeupPipe()
        bell.install()
        inner = fork.fork(lambda: os.kill(os.getpid(), SIGNAL), name="inner", keep=frozenset({bell.fd}))
        status = ended(inner)
        talk.say(b"y" if status == 0 and not has_rung(bell) else b"n")

    pid = child(run, talk)

    assert b"y" == talk.heard()
    assert 0 == ended(pid)


def test_the_signal_is_one_that_the_rest_of_the_pool_ignores() -> None:
    """USR1 means nothing to master and workers (test_pool.py kills them with it); USR2 is for stacks."""
    assert signal.SIGUSR1 == SIGNAL
