"""The history's file: what is kept, found, forgotten and too old."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from cocoai.documents.document import FOLDER, HISTORY, HISTORY_FILE, Document
from cocoai.documents.history import Exchange, History, HistoryBroken, delete
from cocoai.documents.history_source import DAY, HistorySource, title
from cocoai.documents.kept_rules import KeptRules
from cocoai.documents.source import Unreadable

pytestmark = pytest.mark.pure

SECRET = "秘密の合言葉"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / HISTORY_FILE


def exchange(number: int, **changes: object) -> Exchange:
    """Return an exchange of U1 in C1, each in a thread of its own; `number` is when it was asked, in days."""
    ts = f"{number}.000100"
    key = f"C1-{ts}-{ts}"
    made = Exchange(key, key, "C1", ts, "U1", int(number * DAY), "ja", f"{SECRET}{number}", "答え" * 4000)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_an_exchange_is_kept_once(path: Path) -> None:
    """What is kept stays as it was, and the file is its owner's alone."""
    history = History(str(path))

    assert 2 == history.keep([exchange(1), exchange(2)], ["a", "b"])
    assert 1 == history.keep([exchange(2, question="another"), exchange(3)], ["b"])
    assert exchange(2) == history.read(exchange(2).key)
    assert ({"b"}, (3, int(DAY))) == (history.seen(), history.figures())
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_no_file_is_made_to_look_or_to_forget(path: Path) -> None:
    """A history that is off leaves nothing."""
    history = History(str(path))

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
def test_what_is_somebody_s_is_found(path: Path, of: dict[str, str], numbers: list[int]) -> None:
    """What another person has asked once more is the first one's too."""
    first = exchange(1)
    made = [first, exchange(2, channel="C2"), exchange(3, person="U2")]
    made.append(exchange(4, person="U2", original=first.key, thread_ts=first.thread_ts))
    history = History(str(path))
    history.keep(made, [])

    assert {each.key for each in made if each.asked_at / DAY in numbers} == history.find(**of)


def test_nothing_is_left_in_the_file_of_what_was_forgotten(path: Path) -> None:
    """Nor is it kept again by a process that had read it before; other exchanges stay."""
    history = History(str(path))
    history.keep([exchange(1), exchange(2), exchange(3)], [])
    assert SECRET.encode() in path.read_bytes()

    assert 2 == history.forget([exchange(1).key, exchange(3).key, "C9-1.0-1.0"], 1000.0)
    assert 0 == history.keep([exchange(1), replace(exchange(4), key="C9-1.0-1.0")], [])
    assert {exchange(2).key} == history.keys() == history.kept([exchange(1).key, exchange(2).key])
    written = path.read_bytes()
    assert (1, 0) == (written.count(SECRET.encode()), written.count(f"{SECRET}1".encode()))
    assert not any(each.read_bytes() for each in path.parent.iterdir() if each != path)


def test_a_history_that_was_never_made_forgets_beforehand(path: Path) -> None:
    """Somebody may be collecting for the first time just now."""
    history = History(str(path))

    assert 0 == history.forget([exchange(1).key], 1000.0, is_made=True)
    assert 0 == history.keep([exchange(1)], [])


def test_what_is_too_old_is_gone_for_good(path: Path) -> None:
    """The source removes it, by the clock handed in, and lists the rest as documents."""
    history = History(str(path))
    history.keep([exchange(1), exchange(2), exchange(3)], [])
    source = HistorySource(history, 10, lambda _: None, clock=lambda: 12 * DAY + 1)

    listed = source.listed()

    document = Document(HISTORY, exchange(3).key, f"{SECRET}3", "1", channel="C1")
    assert {exchange(3).key: document} == listed
    assert f"{SECRET}1".encode() not in path.read_bytes()
    assert f"{SECRET}2".encode() not in path.read_bytes()
    assert f"{SECRET}3".encode() in path.read_bytes()
    assert source.is_gone(exchange(1).key)


def test_a_deleted_history_leaves_nothing(path: Path) -> None:
    """Nor does what SQLite has left beside it."""
    History(str(path)).keep([exchange(1)], [])

    assert (True, False) == (delete(str(path)), delete(str(path)))
    assert [] == os.listdir(path.parent)


def test_an_exchange_is_read_under_its_question(path: Path) -> None:
    """A long question is a section of its own, as its title is only the beginning; the place is its day."""
    history = History(str(path))
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
        History(str(path)).keys()
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
    with pytest.raises(HistoryBroken, match="it is of version 7, and this CocoAI knows version 1"):
        History(str(path)).keep([exchange(1)], [])
    assert path.exists()


def test_only_what_is_kept_still_is_shown(path: Path) -> None:
    """Whatever the index has; other documents need no history, and a broken one shows nothing of itself."""
    History(str(path)).keep([exchange(1), exchange(2)], [])
    History(str(path)).forget([exchange(2).key], 0.0)
    rules = KeptRules(history=str(path))

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
