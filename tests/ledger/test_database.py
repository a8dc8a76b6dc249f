"""The ledger's file: made, locked, read and refused. Whatever is wrong with it, the error is `LedgerBroken`."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from cocoai.engine.process.fork import fork
from cocoai.ledger import database
from cocoai.ledger.caps import Caps
from cocoai.ledger.charge import NOTHING_PAID, Bill, PaidCall, Payer
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.money import NANO
from cocoai.ledger.months import Months
from cocoai.ledger.store import LedgerBroken
from tests.ledger.charges import CENT, charge, hold, rows

CALL = PaidCall("C9-1.0-1.0", 1, Payer("T1", "C1", "U1"), "chat", "gpt-6-luna", CENT, "{}")


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return the path of a ledger that is not made yet."""
    return str(tmp_path / database.FILE)


def ledger_at(path: str) -> Ledger:
    return Ledger(SqliteStore(path), Caps(NANO), Months({"2026-11": 0.0, "2026-12": 2.0**40}))


def count(path: str) -> int:
    """Return how many charges a ledger has, by a connection of its own."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM charge").fetchone()[0])


def in_child(run: Callable[[], None]) -> bool:
    """Run in a forked child, and return True if it did not raise."""
    return os.waitstatus_to_exitcode(os.waitpid(fork(run, name="ledger", detach=False), 0)[1]) == 0


# a file that is right


def test_the_first_transaction_makes_the_file(path: str) -> None:
    """It can be read by its owner alone, and so can the journal beside it."""
    before = os.umask(0)
    try:
        charge(path)
    finally:
        os.umask(before)

    assert {0o600} == {stat.S_IMODE(os.stat(name).st_mode) for name in (path, f"{path}-journal")}
    assert 1 == count(path)


def test_the_journal_s_mode_and_the_fsyncs_are_those_that_lose_nothing(path: str) -> None:
    """WAL has a fault that loses commits, DELETE loses the last one in a power cut, and FULL is less than EXTRA."""
    with database.transaction(path) as connection:
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]

    assert ["truncate", 3] == found
    assert b"SQLite format 3\0" == Path(path).read_bytes()[:16]
    assert b"\x01\x01" == Path(path).read_bytes()[18:20]  # neither written nor read as WAL


def test_reading_makes_no_file(path: str) -> None:
    """What is not there is an empty ledger."""
    assert [] == ledger_at(path).open_holds()
    assert not os.path.exists(path)


def test_an_empty_file_is_an_empty_ledger(path: str) -> None:
    """A process was killed between making the file and its tables."""
    database.make(path)

    assert [] == ledger_at(path).open_holds()
    assert 1 == ledger_at(path).hold(CALL)


def test_an_error_in_the_block_rolls_back(path: str) -> None:
    """The error itself is raised, and the ledger goes on."""

    def fail() -> None:
        with database.transaction(path) as connection:
            connection.execute("INSERT INTO notice VALUES ('2026-11', 'team', 50, 0, NULL)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert [] == ledger_at(path).take_notices()


@pytest.mark.parametrize("value", ["'12x'", "1.5", "NULL"])
def test_an_amount_is_a_whole_number(path: str, value: str) -> None:
    """Nothing else can be written as what a call holds."""
    charge(path)

    with pytest.raises(LedgerBroken), database.transaction(path) as connection:
        connection.execute(f"UPDATE charge SET held = {value}")


def test_a_killed_writer_s_half_is_rolled_back(path: str) -> None:
    """The next one finds what was committed, and no lock."""
    charge(path)

    def die() -> None:
        with database.transaction(path) as connection:
            connection.execute("PRAGMA cache_spill = 1")
            connection.execute("UPDATE charge SET spent = 7")
            os.kill(os.getpid(), signal.SIGKILL)

    assert not in_child(die)
    assert [(CENT,)] == rows(path, "spent")
    assert 1 == ledger_at(path).hold(CALL)


# a file that is wrong


def broken(path: str) -> list[str]:
    """Return what each of the ledger's methods raises."""
    ledger = ledger_at(path)
    calls: list[Callable[[], object]] = [
        partial(ledger.hold, CALL),
        partial(ledger.settle, CALL.key, 1, NOTHING_PAID),
        ledger.take_notices,
        ledger.open_holds,
        partial(ledger.most_reasoning, "gpt-6-luna"),
    ]
    found = []
    for call in calls:
        with pytest.raises(LedgerBroken) as error:
            call()
        assert not error.value.may_pass
        found.append(str(error.value))
    return found


@pytest.mark.parametrize("content", [b"no database, but long enough for a header of one" * 40, b"\0" * 4096])
def test_a_file_that_is_no_database(path: str, content: bytes) -> None:
    """The error has the code for the asker, and the path and the reason for the operator; the file stays as it is."""
    Path(path).write_bytes(content)

    errors = broken(path)

    assert {f"ledger ledger_broken {path}: file is not a database"} == set(errors)
    assert content == Path(path).read_bytes()


def test_a_ledger_of_a_newer_version(path: str) -> None:
    """It is not touched: a newer CocoAI has more in it than this one knows."""
    charge(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    before = Path(path).read_bytes()

    assert all("version 2, and this CocoAI knows version 1" in error for error in broken(path))
    assert before == Path(path).read_bytes()


def test_another_program_s_database(path: str) -> None:
    """Its tables are in the way; nothing of it is changed."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE charge (a)")
        connection.execute("CREATE TABLE notice (a)")
        connection.commit()
    before = Path(path).read_bytes()

    with pytest.raises(LedgerBroken, match="table charge already exists"):
        ledger_at(path).hold(CALL)
    assert before == Path(path).read_bytes()


def test_a_damaged_ledger(path: str) -> None:
    """Its pages are overwritten behind the header."""
    for number in range(50):
        charge(path, key=f"C1-1.0-{number}.5")
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8 * 4096)

    with pytest.raises(LedgerBroken):
        ledger_at(path).hold(CALL)
    with pytest.raises(LedgerBroken):
        ledger_at(path).open_holds()


def test_a_folder_in_the_ledger_s_place(path: str) -> None:
    """And a folder that is missing."""
    Path(path).mkdir()

    assert all("unable to open database file" in error for error in broken(path))
    with pytest.raises(LedgerBroken, match="No such file or directory"):
        ledger_at(f"{path}/none/of/these").hold(CALL)


# a disk that refuses


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes: writing more fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize("size", [0, 100, 600, 4096, 5000, 20_000])
def test_a_full_disk_pays_for_nothing(path: str, size: int) -> None:
    """Whether the journal or the file finds no room; with room again all that was committed is there, and no more."""
    hold(path, key="C1-1.0-2.0")
    for number in range(3, 40):
        charge(path, key=f"C1-1.0-{number}.5")

    with largest_file(size):
        held = [_is_held(path, number) for number in range(50, 120)]

    assert not held[-1]
    assert ["ok"] == _check(path)
    assert 38 + sum(held) == count(path)
    assert 1 == ledger_at(path).hold(CALL)


def _is_held(path: str, number: int) -> bool:
    """Hold a call and return True; return False if the disk is full."""
    try:
        ledger_at(path).hold(PaidCall(f"C1-1.0-{number}.0", 1, CALL.payer, "chat", "m" * 500, 0, "{}"))
    except LedgerBroken as error:
        return not error.may_pass
    return True


def _check(path: str) -> list[str]:
    """Return what SQLite says of the file's integrity."""
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("PRAGMA integrity_check").fetchall()]


def test_a_full_disk_at_the_very_first(path: str) -> None:
    """With room again the ledger is made."""
    with largest_file(0), pytest.raises(LedgerBroken) as error:
        ledger_at(path).hold(CALL)

    assert error.value.may_pass
    assert 1 == ledger_at(path).hold(CALL)


def test_a_settling_that_fails_leaves_the_hold(path: str) -> None:
    """It covers what may have been billed."""
    ledger_at(path).hold(CALL)

    with largest_file(0), pytest.raises(LedgerBroken):
        ledger_at(path).settle(CALL.key, 1, Bill(1, "priced"))

    assert [CENT] == [each.held for each in ledger_at(path).open_holds()]


UNPRIVILEGED = 65534


def as_reader(run: Callable[[], None]) -> bool:
    """Run in a child that has no rights over root's files; return True if it did not raise."""

    def become() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(UNPRIVILEGED)
            os.setuid(UNPRIVILEGED)
        run()

    return in_child(become)


def fails(run: Callable[[], object]) -> None:
    """Raise AssertionError unless `run` raises LedgerBroken."""
    with pytest.raises(LedgerBroken) as error:
        run()
    assert not error.value.may_pass


@pytest.fixture
def open_folder(short_folder: Callable[[], Path]) -> Iterator[Path]:
    """Yield a folder that other users may enter."""
    folder = short_folder()
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)


def test_a_read_only_ledger(open_folder: Path) -> None:
    """Nothing is paid; what was paid can be read, if the file lets us."""
    path = str(open_folder / database.FILE)
    hold(path)
    os.chmod(path, 0o444)
    os.chmod(f"{path}-journal", 0o444)

    def look() -> None:
        fails(partial(ledger_at(path).hold, CALL))
        assert 1 == len(ledger_at(path).open_holds())

    assert as_reader(look)


def test_a_ledger_of_another_user(open_folder: Path) -> None:
    """It cannot even be read."""
    path = str(open_folder / database.FILE)
    hold(path)
    os.chmod(path, 0)

    assert as_reader(lambda: fails(ledger_at(path).open_holds))
    assert as_reader(lambda: fails(partial(ledger_at(path).hold, CALL)))


def test_a_read_only_folder(open_folder: Path) -> None:
    """No ledger can be made in it; where there is none, nothing was spent."""
    open_folder.chmod(0o555)
    path = str(open_folder / database.FILE)

    def look() -> None:
        fails(partial(ledger_at(path).hold, CALL))
        assert [] == ledger_at(path).open_holds()

    assert as_reader(look)


# others at work


@pytest.mark.usefixtures("impatient")
def test_a_writer_that_does_not_end(path: str) -> None:
    """After PATIENCE nothing is paid; readers still see what was committed."""
    charge(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE charge SET spent = 7")
        with pytest.raises(LedgerBroken, match="database is locked") as error:
            ledger_at(path).hold(CALL)
        seen = rows(path, "spent")

    assert error.value.may_pass
    assert [(CENT,)] == seen
    assert 1 == ledger_at(path).hold(CALL)


@pytest.mark.usefixtures("impatient")
def test_a_half_read_statement_keeps_others_from_committing(path: str) -> None:
    """The commit that waits in vain is rolled back, and leaves no lock behind."""
    for number in range(3):
        charge(path, key=f"C1-1.0-{number}.5")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        cursor = other.execute("SELECT * FROM charge")
        cursor.fetchone()
        with pytest.raises(LedgerBroken, match="database is locked"):
            ledger_at(path).hold(CALL)
        cursor.fetchall()
        held = ledger_at(path).hold(CALL)

    assert (1, 4) == (held, count(path))


def test_a_commit_waits_for_a_reader(path: str) -> None:
    """It is made as soon as the reader has all its rows."""
    for number in range(3):
        charge(path, key=f"C1-1.0-{number}.5")
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        cursor = other.execute("SELECT * FROM charge")
        cursor.fetchone()
        timer = threading.Timer(0.1, cursor.fetchall)
        timer.start()
        held = ledger_at(path).hold(CALL)
        timer.join()

    assert 1 == held


def test_ten_processes_hold_at_once(path: str) -> None:
    """Each gets its hold, and none is lost; no process has the number of another."""

    def hold_some(number: int) -> None:
        for each in range(5):
            ledger_at(path).hold(PaidCall("C1-1.0-1.0", number, CALL.payer, "chat", "m", each, "{}"))

    pids = [fork(partial(hold_some, number), name="ledger", detach=False) for number in range(10)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]

    assert [0] * 10 == codes
    assert list(range(1, 51)) == [number for (number,) in rows(path, "call")]
