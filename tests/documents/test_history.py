"""The history in both rooms: what is kept, found, forgotten and too old; and its file."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from cocoai.documents.document import FOLDER, HISTORY, HISTORY_FILE, Document
from cocoai.documents.file_history import FileHistory, delete
from cocoai.documents.history import Exchange, History, HistoryBroken
from cocoai.documents.history_source import DAY, HistorySource, title
from cocoai.documents.kept_rules import KeptRules
from cocoai.documents.source import Unreadable
from tests.history_rooms import ROOMS, history_in

pytestmark = pytest.mark.pure

SECRET = "秘密の合言葉"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / HISTORY_FILE


@pytest.fixture(params=ROOMS)
def history(request: pytest.FixtureRequest, tmp_path: Path) -> History:
    return history_in(request.param, tmp_path, request)


def exchange(number: int, **changes: object) -> Exchange:
    """Return an exchange of U1 in C1, each in a thread of its own; `number` is when it was asked, in days."""
    ts = f"{number}.000100"
    key = f"C1-{ts}-{ts}"
    made = Exchange(key, key, "C1", ts, "U1", int(number * DAY), "ja", f"{SECRET}{number}", "答え" * 4000)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_an_exchange_is_kept_once(history: History) -> None:
    """What is kept stays as it was; of jobs that were looked at, those that were swept are remembered no longer."""
    assert 2 == history.keep([exchange(1), exchange(2)], ["a", "b"])
    assert 1 == history.keep([exchange(2, question="another"), exchange(3)], ["b", "c"], ["a", "z"])
    assert exchange(2) == history.read(exchange(2).key)
    assert ({"b", "c"}, (3, int(DAY))) == (history.seen(), history.figures())
    assert history.size() > 0


def test_any_words_come_back(history: History) -> None:
    """As they are, whatever they are: 4 bytes in UTF-8, signs of SQL, ends in spaces, case, no question."""
    words = ["🍣 %s ? ' \" \\ ; -- 100%", "ﾊ は ハ １ 1 e\u0301", "line\nline\r\n\ttab  ", "", "🍺" * 20_000]
    made = [exchange(number, question=text, answer=f"{text}.") for number, text in enumerate(words, 1)]

    assert len(made) == history.keep(made, [])
    assert made == [history.read(each.key) for each in made]
    assert [(each.key, "C1", (each.question or each.answer)[:9]) for each in made] == history.beginnings(9)


def test_a_history_that_was_never_kept_is_empty(history: History) -> None:
    """And nothing is kept of a key that differs by a letter's case."""
    assert (set(), set(), set(), set(), (0, 0), None, []) == (
        *(history.keys(), history.seen(), history.kept(["a"]), history.find(person="U1", keys=["a"])),
        *(history.figures(), history.read("a"), history.beginnings(9)),
    )
    assert (0, 0) == (history.forget([], 1.0), history.remove_older_than(1.0))
    assert (0, set()) == (history.keep([], []), history.kept([]))
    history.keep([exchange(1)], [])
    assert (None, set()) == (history.read(exchange(1).key.lower()), history.kept([exchange(1).key.lower()]))


def test_many_are_handled_in_parts(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them, once, whatever the size of a part."""
    if not isinstance(history, FileHistory):
        monkeypatch.setattr("cocoai.documents.mariadb_history.AT_ONCE", 3)
    made = [exchange(number, question=f"{number}") for number in range(1, 11)]
    keys = [each.key for each in made]

    assert 10 == history.keep(made, keys)
    assert set(keys) == history.seen() == history.keys() == history.kept([*keys, "C9-1.0-1.0"])
    assert set(keys[2:8]) == history.find(keys=keys[2:8])
    assert keys == [key for key, _, _ in history.beginnings(60)]
    assert 7 == history.forget(keys[:7], 1000.0)
    history.keep([], [], keys[:7])
    assert set(keys[7:]) == history.seen() == history.keys()
    assert 3 == history.remove_older_than(11 * DAY)


def test_the_file_is_its_owner_s_alone(path: Path) -> None:
    """Nobody else on the machine reads what people ask."""
    FileHistory(str(path)).keep([exchange(1)], [])

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_no_file_is_made_to_look_or_to_forget(path: Path) -> None:
    """A history that is off leaves nothing."""
    history = FileHistory(str(path))

    assert 0 == history.size()
    assert (set(), set(), (0, 0), None) == (
        history.keys(),
        history.find(person="U1"),
        history.figures(),
        history.read("a"),
    )
    assert (0, 0) == (history.forget(["a"], 1.0), history.remove_older_than(1.0))
    assert [] == os.listdir(path.parent)


@pytest.mark.parametrize(
    ("of", "numbers"),
    [
        ({"person": "U1"}, [1, 2, 4]),
        ({"person": "U2"}, [3, 4]),
        ({"channel": "C2"}, [2]),
        ({"channel": "C1", "thread_ts": "1.000100"}, [1, 4]),
        ({"person": "U2", "channel": "C1", "thread_ts": "1.000100"}, [4]),
        ({"person": "U9"}, []),
        ({"keys": ["C1-3.000100-3.000100"]}, [3]),
        ({}, []),
    ],
)
def test_what_is_somebody_s_is_found(history: History, of: dict[str, str], numbers: list[int]) -> None:
    """What another person has asked once more is the first one's too."""
    first = exchange(1)
    made = [first, exchange(2, channel="C2"), exchange(3, person="U2")]
    made.append(exchange(4, person="U2", original=first.key, thread_ts=first.thread_ts))
    history.keep(made, [])

    assert {each.key for each in made if each.asked_at / DAY in numbers} == history.find(**of)


def test_what_was_forgotten_is_not_kept_again(history: History) -> None:
    """By a process that had read it before, whether it was kept by then or not; others stay."""
    history.keep([exchange(1), exchange(2), exchange(3)], [])

    assert 2 == history.forget([exchange(1).key, exchange(3).key, exchange(4).key], 1000.0, is_made=True)
    assert 0 == history.forget([exchange(1).key], 1000.0)
    assert 0 == history.keep([exchange(1), exchange(4)], [])
    assert {exchange(2).key} == history.keys() == history.kept([exchange(each).key for each in (1, 2, 3, 4)])
    assert (None, None) == (history.read(exchange(1).key), history.read(exchange(4).key))
    assert [exchange(2).key] == [key for key, _, _ in history.beginnings(9)]
    assert {exchange(2).key} == history.find(person="U1") == history.find(channel="C1", keys=[exchange(1).key])
    assert (1, int(2 * DAY)) == history.figures()


def test_nothing_is_left_in_the_file_of_what_was_forgotten(path: Path) -> None:
    """Nor is it kept again by a process that had read it before; other exchanges stay."""
    history = FileHistory(str(path))
    history.keep([exchange(1), exchange(2), exchange(3)], [])
    assert SECRET.encode() in path.read_bytes()

    assert 2 == history.forget([exchange(1).key, exchange(3).key, "C9-1.0-1.0"], 1000.0)
    assert 0 == history.keep([exchange(1), replace(exchange(4), key="C9-1.0-1.0")], [])
    assert {exchange(2).key} == history.keys() == history.kept([exchange(1).key, exchange(2).key])
    written = path.read_bytes()
    assert (1, 0) == (written.count(SECRET.encode()), written.count(f"{SECRET}1".encode()))
    assert not any(each.read_bytes() for each in path.parent.iterdir() if each != path)


def test_a_history_that_was_never_made_forgets_beforehand(history: History) -> None:
    """Somebody may be collecting for the first time just now."""
    assert 0 == history.forget([exchange(1).key], 1000.0, is_made=True)
    assert 0 == history.keep([exchange(1)], [])


def test_what_is_too_old_is_gone_for_good(history: History, path: Path) -> None:
    """The source removes it, by the clock handed in, and lists the rest as documents."""
    history.keep([exchange(1), exchange(2), exchange(3)], [])
    source = HistorySource(history, 10, lambda _: None, clock=lambda: 12 * DAY + 1)

    listed = source.listed()

    document = Document(HISTORY, exchange(3).key, f"{SECRET}3", "1", channel="C1")
    assert {exchange(3).key: document} == listed
    assert source.is_gone(exchange(1).key)
    assert (None, exchange(3)) == (history.read(exchange(1).key), history.read(exchange(3).key))
    if path.exists():
        left = [number for number in (1, 2, 3) if f"{SECRET}{number}".encode() in path.read_bytes()]
        assert [3] == left


def test_what_is_too_old_is_told_by_the_history_s_own_clock(history: History) -> None:
    """That is the server's, where several machines share one."""
    old, young = exchange(1, asked_at=int(time.time() - 11 * DAY)), exchange(2, asked_at=int(time.time() - 9 * DAY))
    history.keep([old, young], [])

    assert [young.key] == list(HistorySource(history, 10, lambda _: None).listed())


def test_a_deleted_history_leaves_nothing(path: Path) -> None:
    """Nor does what SQLite has left beside it."""
    FileHistory(str(path)).keep([exchange(1)], [])

    assert (True, False) == (delete(str(path)), delete(str(path)))
    assert [] == os.listdir(path.parent)


def test_an_exchange_is_read_under_its_question(history: History) -> None:
    """A long question is a section of its own, as its title is only the beginning; the place is its day."""
    long = "有休の申請は\nいつまでに " + "長い話 " * 30
    history.keep([exchange(1), exchange(2, question=long), exchange(3, question="")], [])
    source = HistorySource(history, 3650, lambda _: None, clock=lambda: 3 * DAY)
    listed = list(source.listed().values())

    short, longer, none = (list(source.sections(document)) for document in listed)

    assert [exchange(1).answer] == [section.text for section in short]
    assert [long, exchange(2).answer] == [section.text for section in longer]
    assert [exchange(3).answer] == [section.text for section in none][-1:]
    assert ["1970-01"] == list({section.place[:7] for section in (*short, *longer)})
    assert listed[1].title.startswith("有休の申請は いつまでに 長い話")
    history.forget([exchange(1).key], 0.0)
    with pytest.raises(Unreadable, match="changed"):
        list(source.sections(listed[0]))


@pytest.mark.parametrize(
    ("words", "expected"), [("a\n b", "a b"), ("あ" * 60, "あ" * 60), ("あ" * 61, "あ" * 59 + "…"), ("", "")]
)
def test_a_title_is_one_short_line(words: str, expected: str) -> None:
    """It is cut at 60 characters."""
    assert expected == title(words)


def test_a_file_that_is_no_history_is_told_and_left(path: Path) -> None:
    """It is no copy of anything: nobody throws it away."""
    path.write_bytes(b"no database at all, but somebody's" * 99)
    with pytest.raises(HistoryBroken, match="not a database"):
        FileHistory(str(path)).keys()
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
    with pytest.raises(HistoryBroken, match="it is of version 7, and this CocoAI knows version 1"):
        FileHistory(str(path)).keep([exchange(1)], [])
    assert path.exists()


def test_only_what_is_kept_still_is_shown(path: Path) -> None:
    """Whatever the index has; other documents need no history, and a broken one shows nothing of itself."""
    FileHistory(str(path)).keep([exchange(1), exchange(2)], [])
    FileHistory(str(path)).forget([exchange(2).key], 0.0)
    rules = KeptRules(history=lambda: FileHistory(str(path)))

    def is_shown(name: str, channel: str = "C1", source: str = HISTORY) -> bool:
        document = Document(source, name, "", "1", channel=channel)
        return rules.may_be_shown(document, "C1", is_shared=False)

    assert is_shown(exchange(1).key)
    assert not is_shown(exchange(2).key)
    assert not is_shown(exchange(1).key, channel="C2")
    assert is_shown("a.md", channel="", source=FOLDER)
    path.write_bytes(b"no database" * 99)
    assert not is_shown(exchange(1).key)
    assert is_shown("a.md", channel="", source=FOLDER)
