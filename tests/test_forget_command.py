"""`cocoai forget`: nothing is left of a person, a channel or a thread, however often the command is killed."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from cocoai import config
from cocoai.cli import main
from cocoai.documents.document import HISTORY, HISTORY_FILE
from cocoai.documents.file_history import FileHistory
from cocoai.documents.history_source import HistorySource
from cocoai.documents.index import DocumentIndex
from cocoai.documents.index_task import index_lock_path, index_path
from cocoai.documents.indexing import index_slice
from cocoai.documents.kept_rules import KeptRules
from cocoai.documents.search import PassageSearch
from cocoai.engine.process import locks
from cocoai.kept_answers import Collector
from cocoai.ledger import database
from cocoai.slack.model.question import Question
from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from cocoai.usage import forgetting
from tests.killed import is_killed_at
from tests.ledger.charges import charge, hold, rows
from tests.options import FixedIdentity

pytestmark = pytest.mark.pure

SECRET = "桃色の象の話"
OTHER = "青い鯨の話"
FORMS = [SECRET.encode(), json.dumps(SECRET)[1:-1].encode(), b" ".join(SECRET[at : at + 2].encode() for at in range(3))]
"""What is looked for: the words as they are, as JSON writes them, and as the index has them."""

PERSON, CHANNEL, THREAD = ("--person", "U1"), ("--channel", "C1"), ("--thread", "C1-1.000100")


class Machine:
    """A `var` with a spool, a ledger, names and a history, and somebody who types commands there."""

    def __init__(self, folder: Path, keep_days: int) -> None:
        self.file = folder / "cocoai.ini"
        self.file.write_text(f"[paths]\nvar = var\n[history]\nkeep_days = {keep_days}\n")
        self.file.chmod(0o600)
        self.settings = config.read(str(self.file), {}, secrets=False)
        self.var = Path(self.settings.paths.var)
        self.spool = FileSpool(str(self.var))
        self.spool.make_folders()
        (self.var / "people").mkdir(exist_ok=True)
        (self.var / "people" / "U1").write_text("Ann\n")
        self.history = FileHistory(str(self.var / HISTORY_FILE))

    def put(self, key: Key, user: str, text: str) -> None:
        """Put a question."""
        asked = Question("mention", key.channel, key.thread_ts, key.ts, user, "T1", text, "Ev", 2)
        assert self.spool.put(key, asked.facts())

    def answer(self, key: Key, user: str, text: str, *, fails: bool = False) -> None:
        """Put a question, answer it and pay for it."""
        self.put(key, user, text)
        job = self.spool.claim()
        assert job is not None
        job.record("answer", text=f"You say {text}", model="m", finish="stop", refusal=False, bill={"spent": 9})
        charge(str(self.var / database.FILE), key=str(key), channel=key.channel, person=user)
        if fails:
            job.record("picture", file="picture.png")
            (self.var / "spool/files" / f"{key}.picture.png").write_text(text)
            self.spool.fail(job, "Slack is_archived")
        else:
            job.record("delivered")
            self.spool.finish(job)

    def index(self) -> None:
        """Do what the indexing process does."""
        collector = Collector(self.spool, FixedIdentity(), dict)
        source = HistorySource(self.history, 36_500, collector.collect)
        index_slice(index_path(str(self.var)), [source] if self.settings.history.keep_days else [])

    def finds(self, words: str) -> list[str]:
        """Return the names of the documents that are found by these words, and have them; none without an index."""
        search = PassageSearch(index_path(str(self.var)), KeptRules(history=lambda: self.history))
        found = [
            each
            for channel in ("C1", "C2")
            for each in search.list_exact(words, channel=channel, is_shared=False, sources=(HISTORY,), limit=99)
        ]
        return [each.passage.document.name for each in found if words in each.passage.text]

    def types(self, *arguments: str) -> list[str]:
        """Run `cocoai forget` here."""
        return list(forgetting.forget(self.settings, forgetting.read_whose(*_three(*arguments))))

    def places(self, forms: list[bytes] = FORMS) -> list[str]:
        """Return the files of `var` in which one of these stands."""
        files = (path for path in self.var.rglob("*") if path.is_file())
        return sorted(
            str(path.relative_to(self.var)) for path in files if any(form in path.read_bytes() for form in forms)
        )


def _three(option: str, value: str) -> list[str | None]:
    return [value if option == each else None for each in ("--person", "--channel", "--thread")]


@pytest.fixture(params=[90, 0], ids=["on", "off"])
def machine(tmp_path: Path, request: pytest.FixtureRequest) -> Machine:
    """Return a machine with a history, or one that keeps none, that has answered."""
    made = Machine(tmp_path, request.param)
    fill(made)
    return made


def fill(machine: Machine) -> None:
    """Let U1 have asked in one thread, once with a picture that could not be delivered, and U2 in two others."""
    machine.answer(Key("C1", "1.000100", "1.000100"), "U1", SECRET)
    machine.answer(Key("C1", "1.000100", "2.000100"), "U1", SECRET)
    machine.answer(Key("C1", "1.000100", "3.000100"), "U1", SECRET, fails=True)
    machine.answer(Key("C1", "4.000100", "4.000100"), "U2", OTHER)
    machine.answer(Key("C2", "5.000100", "5.000100"), "U2", OTHER)
    machine.index()


@pytest.mark.parametrize("whose", [PERSON, CHANNEL, THREAD], ids=["person", "channel", "thread"])
def test_nothing_is_left_of_it(machine: Machine, whose: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """The words are in no file; the rest stays, and each month's sum; the command says what it has done."""
    is_on = machine.settings.history.keep_days > 0
    before, others = rows(str(machine.var / database.FILE), "sum(spent)"), whose is CHANNEL
    assert is_on == ("documents.sqlite3" in machine.places()) == bool(machine.finds(SECRET))

    assert 0 == main(["forget", *whose, "--config", str(machine.file)])

    lines = capsys.readouterr().out.splitlines()
    assert f"history: {(2 + others) * is_on} questions with their answers deleted" == lines[0]
    assert f"spool: of {3 + others} jobs the words and files deleted; their names stay, against redelivery" == lines[1]
    assert "index: nothing of it is left" == lines[2]
    assert [] == machine.places()
    assert [] == list((machine.var / "spool/files").iterdir())
    assert 2 - others + 2 * is_on == len(machine.places([OTHER.encode(), json.dumps(OTHER)[1:-1].encode()]))
    assert before == rows(str(machine.var / database.FILE), "sum(spent)")
    assert (4, 1) == (len(machine.spool.keys("done")), len(machine.spool.keys("failed")))
    assert (whose is PERSON) != (machine.var / "people/U1").exists()
    named = [key for (key,) in rows(str(machine.var / database.FILE), "key")]
    assert [] == [key for key in named if "C1-1." in key or (others and "C1" in key)]
    assert is_on == (machine.var / HISTORY_FILE).exists()
    assert (2 - others) * is_on == len(machine.finds(OTHER))
    machine.index()
    assert [] == machine.places()
    assert [] == [name for name in machine.finds(SECRET) if "C1-1." in name]


def test_what_is_under_way_is_left_alone_and_told(machine: Machine) -> None:
    """A waiting question, and a call that is not settled, keep what they need."""
    key = Key("C1", "1.000100", "9.000100")
    machine.put(key, "U1", SECRET)
    hold(str(machine.var / database.FILE), key=str(key), channel="C1", person="U1")

    lines = machine.types(*THREAD)

    assert "! 1 questions wait or are in hand: run this once more when they are answered" in lines
    assert "! 1 calls are under way and name their message: run this once more in an hour" in lines
    assert [f"spool/ready/{key}"] == machine.places()


def test_copies_are_named(machine: Machine) -> None:
    """Backups below `var`, and what a restore has moved aside, have the words still: nothing else would say so."""
    (machine.var / "backups").mkdir()
    (machine.var / "backups" / "cocoai-2026-12-01T023000.tar.gz").write_text("packed")
    (machine.var / "before-restore-2026-11-01T000000").mkdir()

    lines = machine.types(*PERSON)

    remedy = "may have it still: delete them, or wait until they are replaced"
    assert [
        f"! 1 copies in {folder}, the newest of them {name}, {remedy}"
        for folder, name in (
            (machine.var / "backups", "cocoai-2026-12-01T023000.tar.gz"),
            (machine.var, "before-restore-2026-11-01T000000"),
        )
    ] == lines[-2:]


def test_a_damaged_job_is_named(machine: Machine) -> None:
    """Its words cannot be told from the rest; all else is forgotten."""
    key = Key("C1", "1.000100", "8.000100")
    path = machine.var / "spool/failed" / str(key)
    path.write_text(f'{{"text": "{SECRET}')

    lines = machine.types(*THREAD)

    assert f"! {key} is damaged, so that its words cannot be told from the rest: delete its file in spool/" in lines
    assert [f"spool/failed/{key}"] == machine.places()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--person", "U1", "--channel", "C1"],
        ["--channel", ""],
        ["--channel", "general"],
        ["--thread", "C1"],
        ["--thread", "C1-1.000100-1.000100"],
        ["--thread", "../../C1-1.000100"],
        ["--thread="],
    ],
)
def test_what_names_nothing_is_refused(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is deleted."""
    machine = Machine(tmp_path, 90)
    fill(machine)

    with suppress(SystemExit):  # argparse's, for the first ones
        assert 1 == main(["forget", *arguments, "--config", str(machine.file)])

    said = capsys.readouterr().err
    assert any(word in said for word in ("expected", "required", "not allowed"))
    assert (machine.var / "people/U1").exists()
    assert machine.places()


def test_a_var_without_anything_is_no_error(tmp_path: Path) -> None:
    """There is nothing to forget, and nothing is made."""
    machine = Machine(tmp_path, 0)
    for folder in ("spool", "threads", "asked"):
        os.rename(machine.var / folder, tmp_path / folder)

    lines = machine.types(*CHANNEL)

    assert "spool: there is none yet" == lines[0]
    assert ["locks", "people"] == sorted(os.listdir(machine.var))


def test_an_index_that_is_being_built_is_left_and_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what it has, the history says that it may not be shown; the next slice removes it."""
    monkeypatch.setattr(forgetting, "PATIENCE", 0.0)
    names = machine.finds(SECRET)
    lock = locks.take(index_lock_path(str(machine.var)))
    assert lock is not None

    lines = machine.types(*PERSON)

    told = "! the index is being built: what it has of this is shown to nobody, and goes at its next look"
    assert told in lines
    assert set() == machine.history.kept(names)
    assert [] == [name for name in machine.finds(SECRET) if name in names]
    lock.release()
    machine.index()
    assert [] == machine.places()


def test_a_broken_index_is_no_hindrance(machine: Machine) -> None:
    """It is made anew, by whoever opens it for writing."""
    Path(index_path(str(machine.var))).write_bytes(f"no database, but {SECRET}".encode() * 99)

    assert "index: nothing of it is left" in machine.types(*PERSON)
    assert [] == machine.places()


# killed


KILLED_IN = [
    (Disk, "append"),
    (Disk, "fsync"),
    (Disk, "set_modified"),
    (Disk, "rename"),
    (Disk, "unlink"),
    (Disk, "fsync_folder"),
    (FileHistory, "forget"),
    (DocumentIndex, "remove"),
    (DocumentIndex, "optimize"),
    (forgetting, "forget_person"),
    (forgetting, "forget_keys"),
    (forgetting, "_remove_names"),
]
"""The steps of the command, before and behind each of which it is killed."""


@pytest.mark.parametrize("whose", [PERSON, THREAD], ids=["person", "thread"])
def test_killed_at_any_step_it_is_run_again_and_complete(tmp_path: Path, whose: tuple[str, str]) -> None:
    """Whatever a killed run has left, the next one finds it."""
    fill(Machine(tmp_path, 90))
    number = 0
    while True:
        number += 1
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "var", folder / "var")
        machine = Machine(folder, 90)
        if not is_killed_at(number, KILLED_IN, partial(machine.types, *whose)):
            break
        machine.types(*whose)

        assert [] == machine.places(), f"step {number}"
        assert [] == list((machine.var / "spool/files").iterdir())
        assert [] == [key for (key,) in rows(str(machine.var / database.FILE), "key") if "C1-1." in key]
        shutil.rmtree(folder)
    assert number > 30
