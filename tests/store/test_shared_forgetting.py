"""Two machines keep a history in one database, by their settings alone: collected once, found by both, forgotten."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cocoai import config
from cocoai.cli import main
from cocoai.document_sources import document_sources
from cocoai.document_tasks import document_tasks
from cocoai.documents.database import IndexUnavailable
from cocoai.documents.index_reader import IndexReader
from cocoai.documents.index_task import index_path
from cocoai.documents.indexing import index_slice
from cocoai.errors import Temporary
from cocoai.slack.model.question import Question
from cocoai.spool.key import Key
from cocoai.stores import history_of, spool_of
from tests.spool.rooms import forked

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.store.schema import migrate

SECRET = "zebra-42"


class Machine:
    """A machine with settings and a folder of its own, and a connection to the database that it shares."""

    def __init__(self, folder: Path, database: MariaDB, keep_days: int = 90) -> None:
        folder.mkdir(exist_ok=True)
        self.file = folder / "cocoai.ini"
        self.file.write_text(
            f"[store]\nurl = {database.address}\n[paths]\nvar = .\n[history]\nkeep_days = {keep_days}\n"
        )
        self.file.chmod(0o600)
        self.settings = config.read(str(self.file), {}, secrets=False)
        self.var = Path(self.settings.paths.var)
        self.database = MariaDB(database.address)
        self.spool = spool_of(self.settings, self.database)
        self.spool.prepare()

    def answer(self, number: int, text: str, user: str = "U1") -> str:
        """Let a question be asked and answered here; return its key."""
        key = Key("C1", f"{number}.000100", f"{number}.000100")
        asked = Question("mention", "C1", key.ts, key.ts, user, "T1", text, "Ev", number)
        assert self.spool.put(key, asked.facts())
        job = self.spool.claim()
        assert job is not None
        job.record("answer", text=f"You say {text}", model="m", finish="stop", refusal=False, bill={"spent": 9})
        job.record("delivered")
        self.spool.finish(job)
        return str(key)

    def look(self) -> None:
        """Do what the process that indexes does."""
        index_slice(index_path(str(self.var)), document_sources(self.settings, self.database))

    def indexed(self) -> list[str]:
        """Return the keys of what the index has."""
        return [each.document.name for each in IndexReader(index_path(str(self.var))).documents()]

    def has_words(self) -> bool:
        """Check whether SECRET stands in any file of this machine."""
        return any(SECRET.encode() in path.read_bytes() for path in self.var.rglob("*") if path.is_file())


@pytest.fixture
def machines(database: MariaDB, tmp_path: Path) -> Iterator[list[Machine]]:
    """Yield two machines on an empty database."""
    migrate(database)
    made = [Machine(tmp_path / name, database) for name in ("first", "second")]
    yield made
    for each in made:
        each.database.close()


def words_in(database: MariaDB) -> list[str]:
    """Return the tables of the database in which SECRET stands, in any column."""
    found = []
    for (table,) in database.rows("SHOW TABLES"):
        if any(SECRET in str(value) for row in database.rows(f"SELECT * FROM `{table}`") for value in row):
            found.append(str(table))
    return found


def now_days(days: float) -> int:
    """Return the epoch seconds of so many days ago."""
    return int(time.time() - days * 86_400)


def test_an_answer_is_found_on_every_machine_and_forgotten_on_all(
    machines: list[Machine], database: MariaDB, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command on one of them: the words are in no table and no index, and what others asked stays."""
    first, second = machines
    mine = first.answer(now_days(1), f"what is {SECRET}?")
    other = second.answer(now_days(2), "what is a whale?", "U2")
    for machine in machines:
        machine.look()
        assert sorted([mine, other]) == sorted(machine.indexed())
        assert machine.has_words()
    assert ["exchange", "job"] == words_in(database)

    assert 0 == main(["forget", "--person", "U1", "--config", str(second.file)])

    said = capsys.readouterr().out
    assert "history: 1 questions with their answers deleted" in said
    assert "index: nothing of it is left" in said
    assert [] == words_in(database)
    assert (True, False) == (first.has_words(), second.has_words())
    first.look()
    for machine in machines:
        assert [other] == machine.indexed()
        assert not machine.has_words()
        assert not (machine.var / "history.sqlite3").exists()


def test_a_history_of_before_is_named(machines: list[Machine], capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing reads that file any more, so nothing is forgotten in it."""
    command = ["forget", "--person", "U1", "--config", str(machines[0].file)]
    assert 0 == main(command)
    assert "from before" not in capsys.readouterr().out
    (machines[0].var / "history.sqlite3").write_text("")

    assert 0 == main(command)

    assert "history.sqlite3, from before [store] url was set, may have it still: delete it" in capsys.readouterr().out


def test_machines_that_collect_at_once_keep_each_answer_once(machines: list[Machine], database: MariaDB) -> None:
    """Each in a process of its own, again and again, while others are answered."""
    first, second = machines
    made = {first.answer(now_days(1) + number, f"{number}?") for number in range(20)}

    def collect(machine: Machine) -> None:
        done = 0
        while done < 3:
            # On a busy machine others may be in the way for longer than is waited for; then the next look does it.
            # Of two on one machine, which a lock keeps apart elsewhere, one may begin the index anew.
            with contextlib.suppress(Temporary, IndexUnavailable):
                document_sources(machine.settings, machine.database)[0].listed()
                done += 1

    children = [forked(partial(collect, machine)) for machine in (first, second, first)]
    made |= {second.answer(now_days(1) + number, f"{number}?") for number in range(100, 110)}

    assert [0, 0, 0] == [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    second.look()
    assert sorted(made) == sorted(second.indexed()) == sorted(history_of(first.settings, first.database).keys())


def test_what_is_too_old_by_the_settings_goes(machines: list[Machine]) -> None:
    """By the server's clock, on all machines."""
    first, second = machines
    first.answer(now_days(91), f"what is {SECRET}?")
    young = first.answer(now_days(89), f"and {SECRET}?")

    second.look()

    assert [young] == second.indexed()


def test_a_machine_that_keeps_none_deletes_what_no_machine_keeps(machines: list[Machine], database: MariaDB) -> None:
    """Not what another does: one whose settings lack a line must not take it from all."""
    first, second = machines
    first.answer(now_days(1), f"what is {SECRET}?")
    first.look()
    none = Machine(second.var, database, keep_days=0)
    (*_, task) = document_tasks(none.settings, none.database)

    task.run()
    assert ["exchange", "job"] == words_in(database)

    database.execute("UPDATE history_look SET at = at - INTERVAL 25 HOUR")
    task.run()
    assert ["job"] == words_in(database)
    none.database.close()
