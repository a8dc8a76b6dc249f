"""A backup beside processes that put, finish and fail jobs and write the ledger; and one that is killed."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cocoai.backup import backup as backup_module
from cocoai.backup.archive import ArchiveWriter
from cocoai.backup.backup import write_backup
from cocoai.backup.contents import NAME
from cocoai.engine.process.fork import fork
from cocoai.errors import CocoAIError
from cocoai.ledger import database
from cocoai.ledger.store import LedgerBroken
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from cocoai.spool.store_error import StoreError
from tests.backup.machine import Machine, contents, empty_machine, machine_in, names_in
from tests.ledger.charges import CHARGE
from tests.processes import wait_until

BACKUPS = 4


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a machine with an empty spool and an empty ledger."""
    made = empty_machine(tmp_path / "machine")
    made.spool.make_folders()
    with database.transaction(made.ledger):
        pass
    return made


def note(path: Path, line: str) -> None:
    """Append a line to a file in one write, which whoever reads the file sees whole or not at all."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, f"{line}\n".encode())
    os.close(fd)


def noted(path: Path) -> list[str]:
    """Return the lines of that file; none if it is not there yet."""
    return path.read_text().split() if path.exists() else []


def put_and_end(machine: Machine, number: int) -> None:
    """Put a job, note its key, then finish or fail the next one or leave it, for ever; now and then retry one."""
    spool = FileSpool(str(machine.var))
    second = number * 1_000_000
    while True:
        second += 1
        key = Key("C0PRACTICE", f"{second}.000100", f"{second}.000100")
        with suppress(StoreError, ValueError, IndexError):  # a lock was held for too long, or a job has moved
            spool.put(key, {"kind": "mention", "text": "Why?" * 50})
            note(machine.folder / "put", str(key))
            job = spool.claim() if second % 3 else None
            if job is not None:
                job.record("answer", text="Because." * 50)
                (spool.finish if second % 2 else partial(spool.fail, reason="test"))(job)
            if second % 5 == 0:
                spool.retry(spool.keys("failed")[-1])


def pay(machine: Machine, number: int) -> None:
    """Write two charges in one transaction, which together are 1,000 nano-dollars, and note that; for ever."""
    row = 0
    while True:
        row += 1
        try:
            with database.transaction(machine.ledger) as connection:
                for part, spent in ((1, row % 1000), (2, 1000 - row % 1000)):
                    values = CHARGE | {"key": f"C1-{number}.0-{row}.{part}", "spent": spent}
                    columns, places = ", ".join(values), ", ".join("?" * len(values))
                    connection.execute(f"INSERT INTO charge ({columns}) VALUES ({places})", tuple(values.values()))
        except LedgerBroken as error:
            if not error.may_pass:  # another process had it locked for too long
                raise
        else:
            note(machine.folder / "paid", str(row))


@contextmanager
def at_work(*runs: Callable[[], None]) -> Iterator[None]:
    """Run each in a process of its own until the block ends; fail if one ended by itself."""
    pids = [fork(run, name="at-work", detach=False) for run in runs]
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        ends = [os.waitpid(pid, 0)[1] for pid in pids]
    assert [signal.SIGKILL] * len(pids) == ends


def test_a_ledger_that_stays_locked_is_told(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup waits for longer than anybody who answers, and then says why there is none."""
    monkeypatch.setattr(backup_module, "PATIENCE", 0.05)
    with closing(sqlite3.connect(machine.ledger, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CocoAIError, match=r"cannot back up: the ledger cannot be copied: .*database is locked"):
            write_backup(machine.settings, str(tmp_path / "kept"), keep=7)

    assert not os.listdir(tmp_path / "kept")


def test_no_job_is_missing_and_the_ledger_is_that_of_one_moment(machine: Machine, tmp_path: Path) -> None:
    """Whatever two processes do to the spool and two to the ledger meanwhile."""
    runs = [*(partial(put_and_end, machine, n) for n in (1, 2)), *(partial(pay, machine, n) for n in (1, 2))]
    kept = str(tmp_path / "kept")
    with at_work(*runs):
        wait_until(lambda: len(noted(machine.folder / "put")) > 30 and len(noted(machine.folder / "paid")) > 30)
        for number in range(BACKUPS):
            jobs, pairs = set(noted(machine.folder / "put")), len(noted(machine.folder / "paid"))
            time.sleep(0.05)
            path = write_backup(machine.settings, kept, keep=7, clock=lambda number=number: 1e9 + number).path  # type: ignore[misc]

            names = [name.split("/") for name in names_in(path) if name.startswith("var/spool/")]
            found = [name[-1] for name in names if name[2] in ("ready", "done", "failed")]
            assert len(found) == len(set(found))
            assert jobs <= set(found)
            check_ledger(contents(path)["var/ledger.sqlite3"], tmp_path / "copy.sqlite3", pairs)
    assert BACKUPS == len(os.listdir(kept))


def check_ledger(data: bytes, path: Path, pairs: int) -> None:
    """Check that a copy of the ledger is whole, and has at least so many pairs of charges, each of them whole."""
    path.write_bytes(data)
    with closing(sqlite3.connect(path)) as copy:
        assert ("ok",) == copy.execute("PRAGMA integrity_check").fetchone()
        number, spent = copy.execute("SELECT count(*), sum(spent) FROM charge").fetchone()
    assert number >= 2 * pairs
    assert (0, 1000 * number // 2) == (number % 2, spent)


# killed


def die() -> None:
    """Die by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed_at(number: int, calls: Callable[..., Any]) -> Callable[..., Any]:
    """Return `calls` so that this process is killed in front of its `number`th call."""
    left = [number]

    def call(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            die()
        return calls(*arguments, **named)

    return call


@pytest.mark.parametrize(
    ("owner", "name", "number"),
    [
        (ArchiveWriter, "add_file", 1),
        (ArchiveWriter, "add_file", 3),
        (ArchiveWriter, "add_file", 9),
        (ArchiveWriter, "close", 1),
        (backup_module, "_copy_ledger", 1),
        (os, "fsync", 1),
        (os, "rename", 1),
    ],
    ids=lambda each: getattr(each, "__name__", str(each)),
)
def test_killed_anywhere_it_leaves_no_half_file_under_a_backup_s_name(
    tmp_path: Path, owner: Any, name: str, number: int
) -> None:
    """And the next backup is whole."""
    machine = machine_in(tmp_path / "machine")
    kept = tmp_path / "kept"

    def run() -> None:
        setattr(owner, name, killed_at(number, getattr(owner, name)))
        write_backup(machine.settings, str(kept), keep=7)

    _, status = os.waitpid(fork(run, name="killed", detach=False), 0)

    assert signal.SIGKILL == status
    assert not [name for name in os.listdir(kept) if NAME.fullmatch(name)]
    assert os.listdir(kept)
    path = write_backup(machine.settings, str(kept), keep=7).path
    assert "end.json" == names_in(path)[-1]


def test_killed_behind_the_rename_it_leaves_a_whole_one(tmp_path: Path) -> None:
    """The rename is the instant that commits."""
    machine = machine_in(tmp_path / "machine")
    kept = tmp_path / "kept"

    def run() -> None:
        backup_module._fsync_folder = lambda folder: die()
        write_backup(machine.settings, str(kept), keep=7)

    _, status = os.waitpid(fork(run, name="killed", detach=False), 0)

    assert signal.SIGKILL == status
    (name,) = os.listdir(kept)
    assert "end.json" == names_in(kept / name)[-1]


def test_a_full_disk_is_one_sentence_and_nothing_is_left(tmp_path: Path) -> None:
    """Here the kernel lets this process write no file of more than 2 KB; older backups stay."""
    machine = machine_in(tmp_path / "machine")
    kept = str(tmp_path / "kept")
    older = write_backup(machine.settings, kept, keep=7, clock=lambda: 1e9).path

    def run() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
        with pytest.raises(CocoAIError, match="cannot back up: "):
            write_backup(machine.settings, kept, keep=1)

    _, status = os.waitpid(fork(run, name="full", detach=False), 0)

    assert 0 == status
    assert [os.path.basename(older)] == os.listdir(kept)


# cheap


def test_it_takes_little_memory_however_much_there_is(tmp_path: Path) -> None:
    """8,000 threads and a ledger of 8 MB: no more than 2 MiB beyond what an empty var takes."""
    small = peak_of_backup(tmp_path / "small", 1, 1)

    assert peak_of_backup(tmp_path / "large", 8000, 30_000) < small + 2048


def peak_of_backup(folder: Path, threads: int, charges: int) -> int:
    """Return the peak of RSS in KiB of a process that backs up a var with so many threads and charges."""
    machine, small = empty_machine(folder), machine_in(folder / "small")
    machine.spool.make_folders()
    for number in range(threads):
        (machine.var / "threads" / f"C0PRACTICE-{number}.000100").write_bytes(os.urandom(20).hex().encode())
    with database.transaction(machine.ledger) as connection:
        columns, places = ", ".join(CHARGE), ", ".join("?" * len(CHARGE))
        rows = ((*CHARGE.values(), f"C0PRACTICE-{n}.000100-{n}.000100") for n in range(charges))
        connection.executemany(f"INSERT INTO charge ({columns}, key) VALUES ({places}, ?)", rows)

    def run() -> None:
        write_backup(small.settings, str(folder / "first"), keep=7)  # so that all is imported
        Path("/proc/self/clear_refs").write_text("5")
        write_backup(machine.settings, str(folder / "kept"), keep=7)
        status = Path("/proc/self/status").read_text().split()
        (folder / "peak").write_text(status[status.index("VmHWM:") + 1])

    os.waitpid(fork(run, name="measured", detach=False), 0)
    return int((folder / "peak").read_text())
