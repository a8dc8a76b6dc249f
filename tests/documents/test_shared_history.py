"""The history that several machines share: each machine's index finds what any keeps, and loses what any forgets.

Each machine has a connection, a folder and an index of its own: MariaDB knows no machines.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cocoai.documents.database import throw_away
from cocoai.documents.document import HISTORY, Document
from cocoai.documents.history import Exchange, HistoryBroken
from cocoai.documents.history_source import DAY
from cocoai.documents.index import DocumentIndex
from cocoai.documents.index_reader import IndexReader
from cocoai.documents.indexing import SliceResult, index_slice
from cocoai.documents.kept_rules import KeptRules
from tests.history_rooms import history_on
from tests.killed import is_killed_at

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.documents import followed_history, mariadb_history
from cocoai.documents.followed_history import MARK, FollowedHistory
from cocoai.documents.mariadb_history import MariaDBHistory
from cocoai.engine.mariadb.errors import error_of
from cocoai.engine.mariadb.mariadb import MariaDB

if TYPE_CHECKING:
    from tests.mariadb.server import Server

SECRET = "zebra-42"


class Machine:
    """A machine's history, and its index of it."""

    def __init__(self, database: MariaDB, folder: Path) -> None:
        self.database = MariaDB(database.address)
        self.history = MariaDBHistory(self.database)
        self.index = str(folder / "documents.sqlite3")
        self.followed = Followed(self.history, 36_500, lambda _: None, index=self.index)

    def look(self) -> SliceResult:
        """Do a slice of indexing."""
        return index_slice(self.index, [self.followed])

    def indexed(self) -> list[str]:
        """Return the names of what the index has."""
        return [each.document.name for each in IndexReader(self.index).documents()]

    def mark(self) -> dict[str, str]:
        """Return the index's mark."""
        found: dict[str, str] = json.loads(IndexReader(self.index).meta(MARK))
        return found


class Followed(FollowedHistory):
    """A source that counts the changes of which the database has told it at the last look."""

    told = 0

    def _follow(self, *arguments: object) -> object:  # type: ignore[override]
        self.told = 0
        changes = self.history.changes

        def counted(*of: object) -> object:
            for each in changes(*of):  # type: ignore[arg-type]
                self.told += 1
                yield each

        vars(self.history)["changes"] = counted
        try:
            return super()._follow(*arguments)  # type: ignore[arg-type]
        finally:
            del vars(self.history)["changes"]


@pytest.fixture
def machines(database: MariaDB, tmp_path: Path) -> Iterator[list[Machine]]:
    """Yield two machines that share a history, with nothing in it."""
    history_on(database)
    made = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        made.append(Machine(database, tmp_path / name))
    yield made
    for each in made:
        each.database.close()


def exchange(number: int, **changes: object) -> Exchange:
    """Return an exchange of U1 in C1; `number` is when it was asked, in days."""
    ts = f"{number}.000100"
    key = f"C1-{ts}-{ts}"
    made = Exchange(key, key, "C1", ts, "U1", int(number * DAY), "en", f"{SECRET} {number}", "an answer")
    return replace(made, **changes)  # type: ignore[arg-type]


def keys(*numbers: int) -> list[str]:
    """Return the keys of these exchanges, in the order of an index."""
    return sorted(exchange(number).key for number in numbers)


def backdate(machine: Machine, key: str, by: timedelta) -> None:
    """Let the last change of an exchange have been earlier."""
    earlier = "UPDATE exchange SET changed_at = changed_at - INTERVAL %s SECOND WHERE `key` = %s"
    assert 1 == machine.database.execute(earlier, (by.total_seconds(), key))


# followed


def test_what_one_machine_keeps_or_forgets_the_other_s_index_follows(machines: list[Machine]) -> None:
    """Within a slice, for good: nothing of the words is left in its file."""
    first, second = machines
    first.history.keep([exchange(1), exchange(2)], [])
    assert (2, 2) == (first.look().put, second.look().put)
    assert keys(1, 2) == first.indexed() == second.indexed()

    second.history.keep([exchange(3)], [])
    first.history.forget([exchange(1).key], 0.0)

    assert (1, 1) == (first.look().put, second.look().put)
    assert keys(2, 3) == first.indexed() == second.indexed()
    for machine in machines:
        assert b"zebra-42 1" not in Path(machine.index).read_bytes()
        assert b"zebra-42 2" in Path(machine.index).read_bytes()
    documents = [each.document for each in IndexReader(first.index).documents()]
    assert Document(HISTORY, exchange(3).key, f"{SECRET} 3", "1", channel="C1") in documents


def test_what_is_too_old_leaves_the_other_s_index_too(machines: list[Machine]) -> None:
    """Whichever machine removes it."""
    first, second = machines
    first.history.keep([exchange(1), exchange(2)], [])
    second.look()

    assert 1 == first.history.remove_older_than(1.5 * DAY)

    second.look()
    assert keys(2) == second.indexed()


def test_what_is_forgotten_is_shown_nowhere_before_an_index_has_lost_it(machines: list[Machine]) -> None:
    """Nor is anything while the database cannot tell."""
    first, second = machines
    first.history.keep([exchange(1), exchange(2)], [])
    second.look()
    first.history.forget([exchange(1).key], 0.0)

    def shown(history: MariaDBHistory) -> list[str]:
        rules = KeptRules(history=lambda: history)
        documents = (each.document for each in IndexReader(second.index).documents())
        return [each.name for each in documents if rules.may_be_shown(each, "C1", is_shared=False)]

    assert keys(1, 2) == second.indexed()
    assert keys(2) == shown(second.history)
    second.database.execute("RENAME TABLE exchange TO elsewhere")
    assert [] == shown(second.history)


def test_an_idle_look_is_told_of_the_last_minutes_alone(machines: list[Machine]) -> None:
    """What has long been in the index is neither sent nor read again."""
    first, second = machines
    first.history.keep([exchange(number) for number in range(1, 8)], [])
    for number in range(1, 8):
        backdate(first, exchange(number).key, timedelta(hours=1))
    assert (7, 7) == (second.look().put, second.followed.told)
    assert (0, 7) == (second.look().put, second.followed.told)  # it has them all: now the mark moves

    first.history.keep([exchange(8)], [])

    assert (1, 1) == (second.look().put, second.followed.told)
    assert (0, 0) == (second.look().put, second.look().removed)
    assert keys(*range(1, 9)) == second.indexed()


def test_what_others_see_late_is_found(machines: list[Machine], monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that says to be some seconds older than the mark; without the overlap it would be missed."""
    first, second = machines
    first.history.keep([exchange(1)], [])
    second.look()
    for number in (2, 3):
        first.history.keep([exchange(number)], [])
        backdate(first, exchange(number).key, timedelta(seconds=30))
    first.history.forget([exchange(1).key], 0.0)
    backdate(first, exchange(1).key, timedelta(seconds=30))

    with monkeypatch.context() as patched:
        patched.setattr(followed_history, "OVERLAP", timedelta(0))
        second.look()
        assert keys(1) == second.indexed()
    second.look()
    assert keys(2, 3) == second.indexed()


def test_once_a_day_everything_is_looked_at(machines: list[Machine], monkeypatch: pytest.MonkeyPatch) -> None:
    """So what was restored, or what a clock that was set back has hidden, is found, and what left no trace is lost."""
    first, second = machines
    first.history.keep([exchange(1), exchange(2)], [])
    second.look()
    first.history.keep([exchange(3)], [])
    backdate(first, exchange(3).key, timedelta(hours=3))
    first.database.execute("DELETE FROM exchange WHERE `key` = %s", (exchange(1).key,))
    second.look()
    assert keys(1, 2) == second.indexed()

    monkeypatch.setattr(followed_history, "WHOLE_EVERY", timedelta(0))

    second.look()
    assert keys(2, 3) == second.indexed()


def test_a_machine_that_was_away_for_long_loses_what_was_forgotten_meanwhile(machines: list[Machine]) -> None:
    """Though what was left of that is gone from the database by then."""
    first, second = machines
    first.history.keep([exchange(1), exchange(2)], [])
    second.look()
    first.history.forget([exchange(1).key], 0.0)
    backdate(first, exchange(1).key, timedelta(days=4))
    first.history.remove_older_than(0.0)
    assert [(1,)] == first.database.rows("SELECT COUNT(*) FROM exchange")
    mark = second.mark()
    with DocumentIndex(second.index) as index:
        index.set_meta(MARK, json.dumps({**mark, "whole": "2026-01-01T00:00:00"}))

    second.look()

    assert keys(2) == second.indexed()
    second.look()
    assert second.mark()["whole"] > mark["whole"]


@pytest.mark.parametrize(
    "change",
    [{"place": "mariadb://another"}, {"since": "2999-01-01T00:00:00"}, {"whole": "2999-01-01T00:00:00"}],
    ids=["place", "since", "whole"],
)
def test_a_mark_that_says_nothing_is_not_relied_on(machines: list[Machine], change: dict[str, str]) -> None:
    """One of another database, or of a time that the server's clock has not reached yet."""
    first, second = machines
    first.history.keep([exchange(1)], [])
    backdate(first, exchange(1).key, timedelta(hours=1))
    second.look()
    second.look()
    mark = second.mark()
    with DocumentIndex(second.index) as index:
        index.set_meta(MARK, json.dumps({**mark, **change}))

    second.look()

    assert 1 == second.followed.told
    assert mark["place"] == second.mark()["place"]
    assert mark["since"] <= second.mark()["since"] < "2999"


def test_an_index_that_is_thrown_away_is_made_of_everything(machines: list[Machine]) -> None:
    """Its mark goes with it."""
    first, second = machines
    first.history.keep([exchange(1), exchange(2)], [])
    backdate(first, exchange(1).key, timedelta(hours=1))
    second.look()
    throw_away(second.index)

    assert 2 == second.look().put


def test_what_a_slice_has_not_come_to_is_in_the_next(machines: list[Machine], monkeypatch: pytest.MonkeyPatch) -> None:
    """However many slices it takes, and whatever happens meanwhile."""
    first, second = machines
    first.history.keep([exchange(number) for number in range(1, 10)], [])
    for number in range(1, 10):
        backdate(first, exchange(number).key, timedelta(hours=number))
    slices = 0
    while True:
        done = index_slice(second.index, [second.followed], cpu=itertools.count().__next__)  # a document a slice
        slices += 1
        if slices == 2:
            first.history.forget([exchange(9).key], 0.0)
            first.history.keep([exchange(10)], [])
        if not done.is_more:
            break

    assert slices > 3
    assert keys(1, 2, 3, 4, 5, 6, 7, 8, 10) == second.indexed()


def test_what_the_index_has_of_another_kind_is_read_anew(machines: list[Machine]) -> None:
    """As what another version has written, or what was changed while it was read."""
    first, second = machines
    first.history.keep([exchange(1), exchange(2)], [])
    for number in (1, 2):
        backdate(first, exchange(number).key, timedelta(hours=1))
    second.look()
    second.look()
    with DocumentIndex(second.index) as index:
        index.note_problem(Document(HISTORY, exchange(2).key, "", ""), "changed")

    assert 1 == second.look().put
    assert [f"{SECRET} 1", f"{SECRET} 2"] == [each.document.title for each in IndexReader(second.index).documents()]


def test_changes_of_one_moment_are_all_told(machines: list[Machine], monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever one query ends and the next begins."""
    monkeypatch.setattr("cocoai.documents.mariadb_history.AT_ONCE", 3)
    monkeypatch.setattr(mariadb_history, "_CHANGES", mariadb_history._CHANGES.replace("LIMIT 500", "LIMIT 3"))
    first, second = machines
    first.history.keep([exchange(number) for number in range(1, 9)], [])
    first.database.execute("UPDATE exchange SET changed_at = '2026-01-01 00:00:00.000001'")

    second.look()

    assert keys(*range(1, 9)) == second.indexed()


STEPS = [
    (DocumentIndex, "known"),
    (DocumentIndex, "set_meta"),
    (DocumentIndex, "remove"),
    (DocumentIndex, "put"),
    (DocumentIndex, "optimize"),
    (MariaDBHistory, "changes"),
    (MariaDBHistory, "remove_older_than"),
]
"""The steps of a slice, before and behind each of which it is killed."""


@pytest.mark.parametrize("leaves_trace", [True, False], ids=["followed", "whole"])
def test_killed_at_any_step_the_next_slice_completes_it(
    machines: list[Machine], leaves_trace: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it has noted, nothing is missed and nothing stays, though no look begins before the mark here."""
    monkeypatch.setattr(followed_history, "OVERLAP", timedelta(0))
    monkeypatch.setattr(followed_history, "MOVED_EVERY", timedelta(0))
    first, second = machines
    number = 0
    while True:
        number += 1
        gone = exchange(1000 + number)
        first.history.keep([exchange(number), gone], [])
        second.look()
        first.history.forget([gone.key], 0.0)
        if not leaves_trace:
            first.database.execute("DELETE FROM exchange WHERE gone = 1")
            with DocumentIndex(second.index) as index:
                index.set_meta(MARK, json.dumps({**second.mark(), "whole": "2026-01-01T00:00:00"}))
        first.history.keep([exchange(2000 + number)], [])
        if not is_killed_at(number, STEPS, second.look):
            break

        second.look()

        known = [*range(1, number + 1), *range(2001, 2001 + number)]
        assert keys(*known) == second.indexed(), f"step {number}"
        assert gone.question.encode() not in Path(second.index).read_bytes()
    assert number > 10


# at once, and without a server


def in_processes(runs: list[Callable[[], object]]) -> list[int]:
    """Run these at the same time, each in a process of its own; return their exit codes."""
    children = []
    for run in runs:
        child = os.fork()
        if not child:
            code = 1
            try:
                run()
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def test_several_machines_keep_and_forget_the_same_at_once(machines: list[Machine], database: MariaDB) -> None:
    """Each exchange is there once, or gone for good; nobody fails, in whatever order the rows are met."""
    made = [exchange(number) for number in range(1, 41)]
    names = [each.key for each in made]

    def keep(order: int) -> None:
        history = MariaDBHistory(MariaDB(database.address))
        for _ in range(3):
            history.keep(made[::order], names[::order], names[::2])

    def forget(order: int) -> None:
        history = MariaDBHistory(MariaDB(database.address))
        for start in range(0, 40, 4):
            history.forget(names[start : start + 2][::order], 0.0)
            history.remove_older_than(0.0)

    runs: list[Callable[[], object]] = [lambda: keep(1), lambda: keep(-1), lambda: forget(1), lambda: forget(-1)]
    assert [0, 0, 0, 0] == in_processes(runs)

    history = machines[0].history
    assert {name for number, name in enumerate(names) if number % 4 > 1} == history.keys()
    assert [(40,)] == database.rows("SELECT COUNT(*) FROM exchange")


def test_a_statement_that_is_sent_twice_is_harmless(machines: list[Machine]) -> None:
    """As one whose connection broke is: nobody knows whether it was done."""

    class Twice(MariaDB):
        def execute(self, sql: str, values: Sequence[object] = ()) -> int:
            super().execute(sql, values)
            return super().execute(sql, values)

    twice = Twice(machines[0].database.address)
    history = MariaDBHistory(twice)

    history.keep([exchange(1), exchange(2)], ["a", "b"], ["b"])
    history.forget([exchange(2).key, exchange(3).key], 0.0)
    history.keep([exchange(3)], [])

    assert ({exchange(1).key}, {"a"}) == (history.keys(), history.seen())
    assert exchange(1) == history.read(exchange(1).key)
    twice.close()


@pytest.mark.parametrize(("number", "is_repeated"), [(1213, True), (1205, True), (1020, True), (1114, False)])
def test_a_statement_in_whose_way_others_are_is_repeated(
    machines: list[Machine], number: int, is_repeated: bool
) -> None:
    """Two machines may lock the same rows in another order: the server ends one of the statements."""

    class Contended(MariaDB):
        tries = 0

        def execute(self, sql: str, values: Sequence[object] = ()) -> int:
            self.tries += 1
            if self.tries % 3:
                raise error_of(number, "others are in the way")
            return super().execute(sql, values)

    contended = Contended(machines[0].database.address)
    history = MariaDBHistory(contended)
    if is_repeated:
        assert 1 == history.keep([exchange(1)], ["a"])
        assert 1 == history.forget([exchange(1).key], 0.0)
        contended.close()
    else:
        with pytest.raises(HistoryBroken, match="1114"):
            history.keep([exchange(1)], [])


def test_a_server_that_is_away_is_told_and_what_was_kept_stays(mariadb: Server, machines: list[Machine]) -> None:
    """The index stays as it is known, and goes on when the server is back."""
    first, second = machines
    first.history.keep([exchange(1)], [])
    second.look()
    mariadb.kill9()

    second.look()
    assert keys(1) == second.indexed()
    assert {"history_broken": 1} == json.loads(IndexReader(second.index).meta("problems.history"))
    with pytest.raises(HistoryBroken, match="mariadb://"):
        first.history.keep([exchange(2)], [])

    mariadb.start()
    for each in machines:
        each.database.close()
    machines[:] = first, second = [Machine(each.database, Path(each.index).parent) for each in machines]
    first.history.keep([exchange(2)], [])
    second.look()
    assert keys(1, 2) == second.indexed()


def test_a_database_without_tables_says_what_makes_them(database: MariaDB) -> None:
    """As one does to which nobody has said `cocoai store init`."""
    with pytest.raises(HistoryBroken, match=r"Table .* doesn't exist; `cocoai store init` makes its tables"):
        MariaDBHistory(database).keys()


def test_a_history_that_no_machine_keeps_is_removed_after_a_day(machines: list[Machine]) -> None:
    """One machine whose settings keep none deletes nothing that another keeps."""
    first, second = machines
    first.history.keep([exchange(1), exchange(2)], [])
    first.look()

    assert 0 == second.history.remove_unkept()
    assert 2 == len(second.history.keys())

    first.database.execute("UPDATE history_look SET at = at - INTERVAL 25 HOUR")
    assert (2, 0) == (second.history.remove_unkept(), second.history.remove_unkept())
    assert [("", "", "")] == first.database.rows("SELECT DISTINCT question, answer, person FROM exchange")
