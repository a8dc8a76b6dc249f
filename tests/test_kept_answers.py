"""Which jobs become exchanges of the history, and when they are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cocoai.config.document_settings import HistorySettings
from cocoai.document_sources import document_sources
from cocoai.document_tasks import document_tasks
from cocoai.documents.document import HISTORY_FILE
from cocoai.documents.file_history import FileHistory
from cocoai.documents.history import History
from cocoai.errors import Temporary
from cocoai.kept_answers import AT_ONCE, Collector, exchange_of
from cocoai.slack.model.question import Question
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import Fact
from cocoai.spool.job_words import JobWords
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from tests.history_rooms import ROOMS, history_in
from tests.options import FixedIdentity
from tests.status.samples import settings_in

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB

pytestmark = pytest.mark.pure

FILES = ("documents.sqlite3", "history.sqlite3")
KEY = Key("C1", "1.000100", "2.000100")
ANSWER: Fact = {"fact": "answer", "text": "四月です。", "finish": "stop", "refusal": False, "bill": {"spent": 1}}
DELIVERED: Fact = {"fact": "delivered"}


def asked(text: str = "<@U0COCOAI> deep: 有休はいつ &lt;から&gt;？", **changes: Any) -> Fact:
    """Return a job's first line."""
    made = Question("mention", "C1", "1.000100", "2.000100", "U1", "T1", text, "Ev", 2)
    return {**made.facts(), **changes}


def kept(first: Fact, *facts: Fact) -> tuple[str, str] | None:
    """Return the question and the answer that are kept of a job with these lines; None if none are."""
    exchange = exchange_of(KEY, [first, *facts], "U0COCOAI", {"deep": "gpt-6-sol"})
    return (exchange.question, exchange.answer) if exchange else None


def test_the_asker_s_words_are_kept_as_the_model_was_shown_them() -> None:
    """Without our mention and the model's prefix, and with Slack's escapes read; the rest says whose they are."""
    exchange = exchange_of(KEY, [asked(), ANSWER, DELIVERED], "U0COCOAI", {"deep": "gpt-6-sol"})

    assert exchange is not None
    assert ("有休はいつ <から>？", "四月です。", "ja") == (exchange.question, exchange.answer, exchange.language)
    assert (str(KEY), str(KEY), "C1", "1.000100", "U1", 2) == (
        *(exchange.key, exchange.original, exchange.channel, exchange.thread_ts),
        *(exchange.person, exchange.asked_at),
    )


def test_what_is_asked_once_more_names_the_first_question() -> None:
    """Whoever asked that first may forget both."""
    exchange = exchange_of(KEY, [asked(kind="again", again="1.000200"), ANSWER, DELIVERED], "U0COCOAI", {})

    assert exchange is not None
    assert "C1-1.000100-1.000200" == exchange.original


def test_what_was_heard_belongs_to_the_question() -> None:
    """Whole as a model has heard it, else as it begins in the answer."""
    heard: Fact = {"fact": "heard", "file": "F1", "text": "鍵はどこ"}
    beginning = {**ANSWER, "heard": [{"text": "鍵は"}]}

    assert ("これ\n\n鍵はどこ", "四月です。") == kept(asked("これ"), heard, beginning, DELIVERED)
    assert ("鍵は", "四月です。") == kept(asked(""), beginning, DELIVERED)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([asked(kind="translate"), ANSWER, DELIVERED], id="task"),
        pytest.param([asked(kind="ask"), ANSWER, DELIVERED], id="about-a-message"),
        pytest.param([asked(kind="thanks"), ANSWER, DELIVERED], id="thanks"),
        pytest.param([asked(kind="command"), ANSWER, DELIVERED], id="command"),
        pytest.param([asked(kind="of-tomorrow"), ANSWER, DELIVERED], id="unknown-kind"),
        pytest.param([asked(), DELIVERED], id="own-note"),
        pytest.param([asked(), ANSWER], id="not-delivered"),
        pytest.param([asked(), {**ANSWER, "bill": None}, DELIVERED], id="no-model"),
        pytest.param([asked(), {**ANSWER, "refusal": True}, DELIVERED], id="refused"),
        pytest.param([asked(), {**ANSWER, "text": " \n"}, DELIVERED], id="empty"),
        pytest.param([asked(), {"fact": "drawing"}, ANSWER, DELIVERED], id="picture"),
        pytest.param([asked(), {"fact": "private", "why": "not_in_channel"}, ANSWER, DELIVERED], id="private"),
        pytest.param([asked(), ANSWER, DELIVERED, {"fact": "forgotten"}], id="forgotten"),
        pytest.param([{"kind": "mention"}, ANSWER, DELIVERED], id="no-question"),
    ],
)
def test_anything_else_is_not_kept(lines: Sequence[Fact]) -> None:
    """Only what a model has answered where everybody in the channel could read it."""
    assert exchange_of(KEY, lines, "U0COCOAI", {}) is None


def test_half_an_emoji_is_kept_as_a_question_mark() -> None:
    """JSON may name what no file of a database takes."""
    first, answer = asked("a \ud83c b"), {**ANSWER, "text": "c \ud83c d"}

    assert ("a ? b", "c ? d") == kept(first, answer, DELIVERED)


# collected


class Machine:
    """A spool with a history beside it, and what collects."""

    def __init__(self, folder: Path, history: History, database: MariaDB | None = None) -> None:
        self.history = history
        self._folder = folder
        self._database = database
        self.spool = self.opened()
        self.spool.prepare()
        self.read: list[str] = []

    def opened(self) -> Spool:
        """Return the spool, opened anew."""
        if self._database is None:
            return FileSpool(str(self._folder))
        from cocoai.spool.mariadb.mariadb_spool import MariaDBSpool

        return MariaDBSpool(self._database, str(self._folder))

    def sweep(self, key: Key) -> None:
        """Remove a job that was answered, as if it was old."""
        if self._database is None:
            (self._folder / "spool/done" / str(key)).unlink()
        else:
            assert 1 == self._database.execute("DELETE FROM job WHERE job_key = %s", (str(key),))

    def answer(self, number: int, text: str = "what?") -> Key:
        """Put a question and answer it; return its key."""
        key = Key("C1", f"{number}.000100", f"{number}.000100")
        question = asked(text, thread_ts=key.thread_ts, ts=key.ts)
        assert self.spool.put(key, question)
        job = self.spool.claim()
        assert job is not None
        job.record(**{name: value for name, value in ANSWER.items() if name != "at"})
        job.record("delivered")
        self.spool.finish(job)
        return key

    def collect(self) -> int:
        """Collect; return how many jobs were read for it."""
        spool, before = self.opened(), len(self.read)
        peek = spool.peek

        def read(state: str, key: Key) -> list[Fact]:
            self.read.append(str(key))
            return peek(state, key)

        vars(spool)["peek"] = read
        Collector(spool, FixedIdentity(), dict, JobWords(self.spool)).collect(self.history)
        return len(self.read) - before


@pytest.fixture(params=ROOMS)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    """Return a machine whose jobs and history lie in files, or in a database."""
    history = history_in(request.param, tmp_path, request)
    return Machine(tmp_path, history, database_with_spool(request) if request.param == "mariadb" else None)


def database_with_spool(request: pytest.FixtureRequest) -> MariaDB:
    """Return the database of this test, with the tables of a spool."""
    from cocoai.spool.mariadb.tables import SPOOL_TABLES

    database: MariaDB = request.getfixturevalue("database")
    for statement in SPOOL_TABLES:
        database.execute(statement)
    return database


def test_each_job_is_read_once(machine: Machine) -> None:
    """Kept or not; and one that was swept is remembered no longer."""
    keys = [machine.answer(number) for number in range(3)]
    machine.spool.put(Key("C1", "9.000100", "9.000100"), asked(kind="up", user="U1"))
    job = machine.spool.claim()
    assert job is not None
    machine.spool.finish(job)

    assert (4, 0) == (machine.collect(), machine.collect())
    assert set(map(str, keys)) == machine.history.keys()
    machine.sweep(keys[0])
    machine.answer(10)
    assert 1 == machine.collect()
    assert str(keys[0]) not in machine.history.seen()
    assert 4 == len(machine.history.keys())


def test_many_are_kept_in_parts(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a process that is killed has not worked for nothing."""
    monkeypatch.setattr("cocoai.kept_answers.AT_ONCE", 3)
    for number in range(7):
        machine.answer(number)
    kept: list[int] = []
    keep = machine.history.keep
    monkeypatch.setattr(machine.history, "keep", lambda *arguments: kept.append(keep(*arguments)))

    machine.collect()

    assert [3, 3, 1] == kept
    assert AT_ONCE > 3


def test_a_reply_that_its_asker_deletes_is_not_kept(machine: Machine) -> None:
    """It is gone when that click is collected; somebody else's click deletes nothing."""
    keys = [machine.answer(number) for number in range(2)]
    machine.collect()
    for number, (key, user) in enumerate(zip(keys, ("U1", "U2"), strict=True)):
        click = {"kind": "delete", "channel": "C1", "user": user, "asker": "U1", "key": str(key)}
        machine.spool.put(Key("C1", f"5{number}.000100", f"5{number}.000100"), click)
        job = machine.spool.claim()
        assert job is not None
        job.record("obeyed")
        machine.spool.finish(job)

    machine.collect()

    assert {str(keys[1])} == machine.history.keys()


def test_a_kill_between_forgetting_and_keeping_loses_no_deletion(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are collected at once; the next look does what the first one did not come to."""
    key = machine.answer(1)
    click = {"kind": "delete", "channel": "C1", "user": "U1", "asker": "U1", "key": str(key)}
    machine.spool.put(Key("C1", "50.000100", "50.000100"), click)
    job = machine.spool.claim()
    assert job is not None
    job.record("obeyed")
    machine.spool.finish(job)
    for step in ("keep", "forget"):
        whole = getattr(type(machine.history), step)

        def do_and_die(*args: Any, _whole: Any = whole, **kwargs: Any) -> None:
            _whole(*args, **kwargs)
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(type(machine.history), step, do_and_die)
            with pytest.raises(KeyboardInterrupt):
                machine.collect()
        machine.collect()

        assert set() == machine.history.keys()
        machine.history.keep((), (), machine.history.seen())  # as if nothing had been seen yet


def test_what_was_forgotten_before_it_was_collected_is_not_kept(machine: Machine) -> None:
    """Its job is blank."""
    key = machine.answer(1)
    JobWords(machine.spool).blank("done", key)

    machine.collect()

    assert set() == machine.history.keys()


def test_what_was_forgotten_while_a_job_was_shown_it_has_no_title_there(machine: Machine, tmp_path: Path) -> None:
    """That job was in hand, and so left alone: it loses the title at the next look; what is kept stays named."""
    forgotten, kept, other = (machine.answer(number) for number in range(3))
    machine.collect()
    machine.history.forget({str(forgotten)}, 0)
    told = [{"source": "history", "name": str(key), "title": "四月の件"} for key in (forgotten, kept)]
    machine.spool.put(Key("C1", "60.000100", "60.000100"), asked())
    job = machine.spool.claim()
    assert job is not None
    job.record("material", passages=told, weak=False)
    machine.spool.finish(job)

    machine.collect()

    (material,) = [fact for fact in machine.spool.peek("done", job.key) if fact.get("fact") == "material"]
    assert [told[1]] == material["passages"]
    assert {str(kept), str(other)} == machine.history.keys()


def test_without_a_spool_nothing_is_collected(tmp_path: Path) -> None:
    """It is tried again, and no file is made."""
    with pytest.raises(Temporary, match="spool_unreadable"):
        Collector(FileSpool(str(tmp_path)), FixedIdentity(), dict).collect(FileHistory(str(tmp_path / HISTORY_FILE)))

    assert not (tmp_path / HISTORY_FILE).exists()


@pytest.mark.parametrize(("keep_days", "is_folder"), [(0, False), (0, True), (30, True)])
def test_a_history_that_the_settings_no_longer_keep_is_deleted(tmp_path: Path, keep_days: int, is_folder: bool) -> None:
    """With the index, if that is of no use either; else with the next slice, which knows of no such source."""
    (tmp_path / "papers").mkdir()
    settings = settings_in(tmp_path)
    folder = str(tmp_path / "papers") if is_folder else ""
    settings = replace(
        settings, documents=replace(settings.documents, folder=folder), history=HistorySettings(keep_days)
    )
    var = Path(settings.paths.var)
    (var / "locks").mkdir(parents=True)
    names = [*FILES, *(f"{name}-journal" for name in FILES)]
    for name in (*names, "ledger.sqlite3"):
        (var / name).write_text("")

    (task,) = document_tasks(settings)
    if is_folder:
        sources = document_sources(settings)
    else:
        assert task.is_wanted()
        task.run()
        assert not task.is_wanted()

    kept = names if keep_days else [name for name in names if is_folder and "history" not in name]
    assert sorted([*kept, "ledger.sqlite3"]) == sorted(path.name for path in var.iterdir() if path.is_file())
    if is_folder:
        assert ["folder", "history"][: 1 + (keep_days > 0)] == [source.name for source in sources]
