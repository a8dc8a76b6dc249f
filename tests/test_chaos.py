"""bench/chaos: three short runs, and tests of the faults that it injects. Its ledger has tests of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest

from bench.chaos import processes
from bench.chaos.disk_faults import DiskFaults, exchanged
from bench.chaos.faults import FaultInjector, FaultKind
from bench.chaos.left_jobs import left_jobs
from cocoai.spool.job import encode_line
from tests.processes import is_held, wait_until

ROOT = Path(__file__).parent.parent
PATIENCE = 480.0
"""Seconds that a run may take: the faults, the wait until it is idle, the start and the end."""


RARE = frozenset({"gone on with by a click", "injected: job that draws or hears"})
"""Figures that may be 0 in a short run on a busy machine."""


@pytest.mark.parametrize(
    ("seconds", "seed"),
    [
        pytest.param(30, "--seed=cocoai", id="the same each time"),
        pytest.param(20, "", id="a fresh one", marks=pytest.mark.long),
    ],
)
def test_chaos(seconds: int, seed: str) -> None:
    """Whatever is killed, held or refused, nothing is lost, posted twice or taken away, and no process is left.

    Each request that the model ran for has one charge, and the ledger agrees with the bills.
    """
    figures = figures_of(f"--seconds={seconds}", *filter(None, [seed]))
    assert seconds < int(figures["accepted"])
    assert 0 < int(figures["questions of people with one question"])
    if seed:  # with a fresh seed, some kind of fault or click may not be drawn at all
        counts = {name: int(count) for name, count in figures.items() if name not in RARE and count.isdecimal()}
        clicks = {name: count for name, count in counts.items() if name.endswith("by a click")}
        kills = {name: count for name, count in counts.items() if name.startswith("injected: ")}
        assert len(clicks) == 3
        assert 0 < counts["pictures drawn"]
        assert 0 < counts["voice clips"]
        assert all(clicks.values()), clicks
        assert all(kills.values()), kills


@pytest.mark.long
def test_chaos_of_three_machines() -> None:
    """The same holds of three machines on one MariaDB server, whatever dies, stalls or is cut off."""
    pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")
    from tests.mariadb.server import COMMANDS, find

    if not (find(COMMANDS[0]) and find(COMMANDS[1])):
        pytest.skip("MARIADB IS NOT TESTED: {} and {} are missing ({})".format(*COMMANDS))
    figures = figures_of("--seconds=40", "--store=mariadb", "--machines=3")

    assert 40 < int(figures["accepted"])
    assert 0 < int(figures["injected: machine"]) + int(figures["injected: mariadbd"])


def figures_of(*options: str) -> dict[str, str]:
    """Run once with these options, and return the figures of its table, which must tell of nothing wrong."""
    # Threads and mounts of a run belong to its process, so it runs in one of its own.
    command = [sys.executable, "-m", "bench.chaos", *options]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    print(run.stdout, run.stderr)

    assert 0 == run.returncode, run.stdout + run.stderr
    figures = table(run.stdout)
    assert "0" == figures["lost"] == figures["answered twice"] == figures["answered wrongly"]
    assert "0" == figures["not deleted"] == figures["taken away"] == figures["paid more than twice"]
    assert "0" == figures["out of order"] == figures["pictures wrong"]
    assert "0" == figures["wrong about money"] == figures["holds open after the sweep"]
    assert 0 < int(figures["requests billed"]) <= int(figures["charges"])
    assert "0" == figures["files in ready/"] == figures["files in files/"] == figures["processes left behind"]
    assert int(figures["pictures that stand there"]) <= int(figures["pictures drawn"])
    return figures


def table(printed: str) -> dict[str, str]:
    """Return the figures of the printed table by their names."""
    lines = [
        line.rsplit(maxsplit=1) for line in printed.splitlines() if line.startswith("  ") and len(line.split()) > 1
    ]
    return {name.strip(): value for name, value in lines}


@pytest.mark.pure
def test_a_folder_that_refuses(tmp_path: Path) -> None:
    """With a file in its place a folder takes nothing and cannot be asked; then it is back with all that it held."""
    folder, file = tmp_path / "done", tmp_path / "no-folder"
    folder.mkdir()
    (folder / "known").touch()
    (tmp_path / "job").touch()

    with exchanged(folder, file):
        with pytest.raises(NotADirectoryError):
            os.rename(tmp_path / "job", folder / "job")
        with pytest.raises(NotADirectoryError):
            os.stat(folder / "known")
    assert ["done", "job"] == sorted(os.listdir(tmp_path))
    assert ["known"] == os.listdir(folder)


@pytest.mark.pure
def test_a_lock_is_moved_and_held(tmp_path: Path) -> None:
    """A lock is held, or lies elsewhere, until the fault is over; put.lock is never moved."""
    (tmp_path / "locks").mkdir()
    over = threading.Event()
    kinds = DiskFaults(tmp_path, over, may_mount=False).kinds()
    put_lock, slot = tmp_path / "locks" / "put.lock", tmp_path / "locks" / "slot-0"
    put_lock.touch()
    with pytest.raises(FileNotFoundError):
        kinds["moved lock"].inject(Random("moved"))
    slot.touch()

    for kind, is_over in (("held put.lock", partial(is_held, put_lock)), ("moved lock", partial(is_away, slot))):
        over.clear()
        thread = threading.Thread(target=kinds[kind].inject, args=(Random(kind),))
        thread.start()
        wait_until(is_over)
        over.set()
        thread.join(30)
        assert not is_over()
    assert "full disk" not in kinds


def test_a_way_is_cut_and_hangs(short_folder: Callable[[], Path]) -> None:
    """A killed way breaks and refuses connections; over a stopped one, what was sent arrives once it goes on."""
    pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")
    from bench.chaos.machines import Way

    target = str(short_folder() / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket() as client:
        server.bind(target)
        server.listen()
        way = Way(target)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", way.port), PATIENCE)
        way.open()
        try:
            wait_until(lambda: client.connect_ex(("127.0.0.1", way.port)) == 0)
            far, _ = server.accept()
            client.sendall(b"one")
            assert b"one" == far.recv(10)
            way.send(signal.SIGSTOP)
            client.sendall(b"two")
            client.shutdown(socket.SHUT_WR)
            way.send(signal.SIGCONT)
            assert (b"two", b"") == (far.recv(10), far.recv(10))
        finally:
            way.close()
        assert b"" == client.recv(10)
        far.close()


@pytest.mark.pure
def test_the_open_files_of_a_process(tmp_path: Path) -> None:
    """A file is among those of a process while it has it open, also after it was moved."""
    this = processes.Process(os.getpid(), "python", os.getppid())
    with open(tmp_path / "job", "w", encoding="utf-8"):
        assert tmp_path / "job" in processes.open_files(this)
        os.rename(tmp_path / "job", tmp_path / "done")
        assert tmp_path / "done" in processes.open_files(this)

    assert tmp_path / "done" not in processes.open_files(this)


@pytest.mark.pure
def test_a_job_that_is_left_is_told_of(tmp_path: Path) -> None:
    """What it is, how far it came and what it waits for, without a word of what somebody has said."""
    lines: list[dict[str, object]] = [
        {"kind": "mention", "text": "secret"},
        {"fact": "attempt", "at": 1.0},
        {"fact": "attempt", "at": 2.0},
        {"fact": "drawing", "at": 3.0, "text": "secret"},
        {"fact": "retry", "at": 4.0, "retry_at": 304.0, "why": "Slack: broken"},
    ]
    (tmp_path / "C0-1.1-1.1").write_bytes(b"".join(map(encode_line, lines)))
    (tmp_path / "odd").touch()
    (name, line), (odd, bare) = left_jobs(tmp_path, "no run", 104.0)

    assert ("C0-1.1-1.1", "odd") == (name, odd)
    assert (
        "left in ready/: C0-1.1-1.1 kind=mention; facts: attempt 2, drawing 1, retry 1; tried again in 200.0 s:"
        " Slack: broken; open in no process"
    ) == line
    assert "left in ready/: odd kind=None; facts: none; open in no process" == bare


def is_away(lock: Path) -> bool:
    """Check whether a lock's file lies elsewhere."""
    return not lock.exists()


@pytest.mark.pure
def test_a_fault_that_fails_is_tried_again() -> None:
    """A fault with nothing to do it to, or that fails, is tried again until it is injected, and is counted once."""
    over = threading.Event()
    tries = iter(("", "busy", "done"))

    def inject(_: Random) -> str:
        detail = next(tries)
        if detail == "busy":
            raise OSError(detail)
        if detail:
            over.set()
        return detail

    kinds = {"fault": FaultKind(0.001, inject), "never": FaultKind(0.001, "".format)}
    injector = FaultInjector(kinds, "seed", over)
    injector.start()
    assert over.wait(30)
    injector.end()

    assert {"fault": 1, "never": 0} == injector.counts()
    assert [("fault (failed)", "OSError('busy')"), ("fault", "done")] == [
        (it.kind, it.detail) for it in injector.faults
    ]
