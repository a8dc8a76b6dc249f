"""Short processes: never more than so many, each gone within its seconds, and each with a row and a lock of its own."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.engine.process import fork
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.short_process import ShortProcesses
from tests.processes import is_held, wait_until


class Play:
    """Short processes that write down who they are, and then wait for a pipe to be closed."""

    def __init__(self, folder: Path, seconds: float = 60.0) -> None:
        self.board = Scoreboard(None, slots=0)
        self.processes = ShortProcesses(str(folder), "modal", "cocoai-modal", self.board, number=2, seconds=seconds)
        self.locks = [folder / "modal-0.lock", folder / "modal-1.lock"]
        self._told = folder / "told"
        self._told.mkdir()

    def wait(self) -> None:
        """Be the work of one: tell that it runs, and stay until it is ended."""
        (self._told / f"{os.getpid()}.new").write_text(Path("/proc/self/comm").read_text().strip())
        self.board.own_row.note("of-the-child")
        os.rename(self._told / f"{os.getpid()}.new", self._told / str(os.getpid()))
        signal.pause()

    def end(self) -> None:
        """Be the work of one that ends at once."""

    def told(self) -> dict[int, str]:
        """Return the names of those that wait, by pid."""
        return {int(path.name): path.read_text() for path in self._told.iterdir() if path.suffix != ".new"}


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    before = signal.getsignal(signal.SIGCHLD)
    made = Play(tmp_path)
    yield made
    for pid in made.told():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_held, made.locks)))
    signal.signal(signal.SIGCHLD, before)


def test_no_more_than_so_many_live_at_one_time(play: Play) -> None:
    """The next one is refused at once, and one that dies makes room, however it dies."""
    assert play.processes.start(play.wait)
    assert play.processes.start(play.wait)
    assert not play.processes.start(play.end)
    wait_until(lambda: len(play.told()) == 2)

    first = next(iter(play.told()))
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not all(map(is_held, play.locks)))

    assert play.processes.start(play.end)


def test_it_has_a_name_and_no_row_of_its_parents(play: Play) -> None:
    """What it notes is not seen in the worker's row."""
    play.board.take_row(play.board.helper_row("placeholder"))
    play.board.own_row.note("of-the-parent")
    play.processes.start(play.wait)

    wait_until(play.told)

    assert ["cocoai-modal"] == list(play.told().values())
    assert "of-the-parent" == play.board.key(play.board.own_row)


def test_one_that_hangs_is_ended_by_its_own_timer(tmp_path: Path) -> None:
    """And its lock is free again."""
    before = signal.getsignal(signal.SIGCHLD)
    play = Play(tmp_path, seconds=0.05)

    assert play.processes.start(play.wait)
    assert play.processes.start(play.wait)
    wait_until(lambda: not any(map(is_held, play.locks)))

    assert play.processes.start(play.end)
    wait_until(lambda: not any(map(is_held, play.locks)))
    signal.signal(signal.SIGCHLD, before)


def test_without_a_process_nothing_is_held(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller is told, and can tell whoever waits."""

    def refuse(*_: object, **__: object) -> int:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(fork, "fork", refuse)

    assert not play.processes.start(play.end)
    assert not any(map(is_held, play.locks))
