"""The ledger that several machines share: never over the cap, whatever runs at once, dies, or is not heard of.

Each process has a connection of its own, as on a machine of its own: MariaDB knows no machines.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.never_over.places import OnServer
from bench.never_over.run import NeverOver, Shape, caps_for
from cocoai.ledger.caps import BudgetHeld, Caps, OverBudget
from cocoai.ledger.charge import Bill, PaidCall, Payer
from cocoai.ledger.ledger import _UPDATE, Ledger
from cocoai.ledger.notices import Notice
from cocoai.ledger.store import LedgerBroken, Statements
from tests.ledger.charges import CENT, NOON
from tests.ledger.payers import MONTHS

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.engine.mariadb.errors import MariaDBError
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.ledger import mariadb as shared
from cocoai.ledger.mariadb import LEDGER_TABLES, MariaDBStore

if TYPE_CHECKING:
    from tests.mariadb.server import Server

CAP = 200 * CENT
BOUND = 7 * CENT
PROCESSES = 6
MOST_WAITS = 30
"""Tries in a row that others' holds keep from being made: then these are dead processes', which nobody settles here."""
SPENDING = "SELECT coalesce(sum(coalesce(spent, held)), 0) FROM charge"


@pytest.fixture
def books(database: MariaDB) -> MariaDB:
    """Return a database with an empty ledger."""
    for statement in LEDGER_TABLES:
        database.execute(statement)
    return database


def ledger_of(database: MariaDB) -> Ledger:
    """Return the ledger as another machine has it."""
    return Ledger(MariaDBStore(MariaDB(database.address)), Caps(CAP), MONTHS, clock=lambda: NOON)


def pay(database: MariaDB, number: int) -> None:
    """Hold and settle until the budget is used up, each bill twice. Now and then die with a hold open."""
    chance, ledger, call, waits = random.Random(number), ledger_of(database), 0, 0
    while waits < MOST_WAITS:
        call += 1
        key = f"C1-{number}.0-{call}.0"
        try:
            held = ledger.hold(PaidCall(key, 1, Payer("T1", "C1", f"U{number}"), "chat", "m", BOUND, "{}"))
        except OverBudget:
            return
        except (BudgetHeld, LedgerBroken) as error:
            waits = waits + 1 if isinstance(error, BudgetHeld) else 0
            time.sleep(0.01)
            continue
        waits = 0
        if chance.random() < 0.01:
            os.kill(os.getpid(), signal.SIGKILL)
        bill = Bill(chance.randint(1, BOUND // CENT) * CENT // 4, "priced")
        for _ in range(2):
            settle(ledger, key, held, bill)


def settle(ledger: Ledger, key: str, call: int, bill: Bill) -> None:
    """Settle a call, however often the server is away."""
    for _ in range(1000):
        try:
            ledger.settle(key, call, bill)
        except LedgerBroken:
            time.sleep(0.01)
        else:
            return


def run_all(database: MariaDB, meanwhile: Callable[[], object] = lambda: None) -> int:
    """Let all processes pay at once, until the budget is used up. Return the most that was spent and held at a time."""
    children = []
    for number in range(PROCESSES):
        child = os.fork()
        if not child:
            code = 1
            try:
                pay(database, number)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    most = 0
    ends = time.monotonic() + 60
    while children and time.monotonic() < ends:
        try:
            most = max(most, int(database.rows(SPENDING)[0][0]))
        except MariaDBError:
            time.sleep(0.05)
        meanwhile()
        children = [each for each in children if os.waitpid(each, os.WNOHANG) == (0, 0)]
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return most


def test_no_cent_over_the_cap_from_several_machines(books: MariaDB, mariadb: Server) -> None:
    """Also with the server killed in the middle, processes that die with a hold, and bills that are sent twice."""
    kills = 0

    def kill_the_server() -> None:
        nonlocal kills
        if kills < 2 and int(books.rows("SELECT count(*) FROM charge")[0][0]) > (kills + 1) * 10:
            mariadb.kill9()
            mariadb.start()
            kills += 1

    most = run_all(books, kill_the_server)

    assert 2 == kills
    assert CAP - BOUND < most <= CAP
    keys = books.rows("SELECT `key`, `call`, count(*) FROM charge GROUP BY 1, 2 HAVING count(*) > 1")
    assert [] == keys


def test_without_the_row_that_is_counted_up_the_cap_is_passed(books: MariaDB, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the test above would see it."""
    monkeypatch.setattr(shared, "_TAKE_TURN", "SELECT number FROM ledger_turn WHERE id = 1")

    passed = []
    for _ in range(20):  # two must hold in the same instant
        books.execute("DELETE FROM charge")
        passed.append(run_all(books) > CAP)
        if passed[-1]:
            break
    assert any(passed)


def test_never_over(books: MariaDB, mariadb: Server, short_folder: Callable[[], Path]) -> None:
    """Processes pay by the product's own door, and are killed at each point of a call, and the server twice."""
    place = OnServer(mariadb, books.address, 2)
    run = NeverOver(short_folder(), Shape(4, 100, 10, caps_for(100), "cocoai"), place=place).run()
    figures = run.figures()

    assert [] == run.violations, figures
    assert 2 == place.kills
    assert "0" == figures["holds open at the end"]
    assert int(figures["of these, refused for a cap"]) > 0


def test_a_bill_that_is_sent_twice_counts_once(books: MariaDB) -> None:
    """The second finds the hold settled, even if it says something else."""
    ledger = ledger_of(books)
    number = ledger.hold(PaidCall("C1-1.0-1.0", 1, Payer("T1", "C1", "U1"), "chat", "m", BOUND, "{}"))

    ledger.settle("C1-1.0-1.0", number, Bill(3 * CENT, "priced"))
    ledger.settle("C1-1.0-1.0", number, Bill(5 * CENT, "priced"))

    assert 3 * CENT == ledger.spent(MONTHS.of(NOON))


def test_a_bill_that_does_not_look_whether_the_hold_is_open_is_caught(
    books: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above would see it."""
    monkeypatch.setattr("cocoai.ledger.ledger._UPDATE", _UPDATE.replace(" AND spent IS NULL", ""))

    with pytest.raises(AssertionError):
        test_a_bill_that_is_sent_twice_counts_once(books)


def test_a_hold_whose_commit_was_not_heard_of_is_one_hold(books: MariaDB) -> None:
    """It is looked for before it is made once more."""
    database = MariaDB(books.address)
    store = MariaDBStore(database)
    ledger = Ledger(store, Caps(CAP), MONTHS, clock=lambda: NOON)
    real = database.transaction

    def unheard(run: object) -> object:
        real(run)  # type: ignore[arg-type]
        database.transaction = real  # type: ignore[method-assign]
        from cocoai.engine.mariadb.errors import Unreachable

        raise Unreachable(2013, "Lost connection to server during query")

    database.transaction = unheard  # type: ignore[method-assign,assignment]
    number = ledger.hold(PaidCall("C1-1.0-1.0", 1, Payer("T1", "C1", "U1"), "chat", "m", BOUND, "{}"))

    assert (1, 1) == (number, len(ledger.open_holds()))


def test_who_reads_neither_waits_nor_lets_wait(books: MariaDB) -> None:
    """A summary is of one moment, though somebody is writing, and others write while it is read."""
    ledger, other = ledger_of(books), MariaDB(books.address)
    other.execute("START TRANSACTION")
    other.execute(shared._TAKE_TURN)
    other.execute("INSERT INTO notice (month, scope, threshold, at) VALUES ('2026-11', 'team', 50, 0)")
    count = "SELECT count(*) FROM notice"

    def read(statements: Statements) -> list[int]:
        before = int(statements.rows(count)[0][0])
        other.execute("COMMIT")
        return [before, int(statements.rows(count)[0][0])]

    assert [0, 0] == ledger.store.read(read, at_one_moment=True)
    assert [(1,)] == ledger.store.read(lambda statements: statements.rows(count))
    other.close()


def test_a_machine_that_stalls_while_it_writes_is_waited_for(books: MariaDB) -> None:
    """The server ends its session within seconds, and undoes what it has written; until then others try again."""
    errors: list[int] = []
    stalled, waiting = MariaDB(books.address), MariaDB(books.address, note=errors.append)
    stalled.execute("START TRANSACTION")
    stalled.execute(shared._TAKE_TURN)
    stalled.execute("INSERT INTO notice (month, scope, threshold, at) VALUES ('2026-11', 'team', 50, 0)")
    ledger = Ledger(MariaDBStore(waiting), Caps(CAP), MONTHS, clock=lambda: NOON)
    taken: list[Notice] | None = None
    while taken is None:
        with contextlib.suppress(LedgerBroken):
            taken = ledger.take_notices()

    assert [] == taken
    assert 1205 in errors
