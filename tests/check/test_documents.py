"""What `cocoai check` finds of the team's documents and the history."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cocoai.check import documents as module
from cocoai.check.as_user import results_as
from cocoai.check.documents import documents
from cocoai.check.look import from_the_pool
from cocoai.check.result import Finding, Result
from cocoai.check.target import Target, User, find_target
from cocoai.check.words.languages import LANGUAGES
from cocoai.documents.document import FOLDER, HISTORY_FILE, SLACK, Document
from cocoai.documents.file_history import FileHistory
from cocoai.documents.folder_walk import FolderWalk
from cocoai.documents.history import Exchange
from cocoai.documents.index import DocumentIndex
from cocoai.documents.index_task import set_due
from cocoai.documents.indexing import problems_key
from cocoai.documents.problems import LEFT_OUT, PROBLEMS
from tests.check.desk import found
from tests.documents.team import SETTINGS, Team
from tests.history_rooms import history_on

NOBODY = User(65534, 65534, "nobody")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """Return a team whose documents were indexed just now."""
    made = Team(tmp_path)
    made.indexes()
    set_due(str(made.var))
    return made


def target(team: Team, **more: Any) -> Target:
    """Return the target of a team's settings."""
    return replace(find_target(team.settings, str(team.file)), **more)


def cases(team: Team, **more: Any) -> list[tuple[str, str, str]]:
    """Return the part, the case and the level of all that is found."""
    return [(each.part, each.case, each.level) for each in documents(target(team, **more))]


def one(team: Team, part: str) -> Finding:
    """Return the finding on a part, in English."""
    (only,) = found(list(documents(target(team))), part)
    return only


def test_nothing_is_said_where_there_are_none(team: Team) -> None:
    """Neither of documents nor of a history."""
    team.set("[paths]\nvar = var\n")

    assert [] == cases(team)


def test_all_is_well(team: Team) -> None:
    """What was left out is only to be known."""
    assert [
        ("documents.search", "ok", "ok"),
        ("documents.folder", "ok", "ok"),
        ("documents.readers", "ok", "ok"),
        ("documents.index", "ok", "ok"),
        ("documents.unread", "empty", "note"),
        ("documents.left_out", "other_type", "note"),
    ] == cases(team)
    assert "14 documents in 14 passages" in one(team, "documents.index").found
    assert "1 × nothing is in it: empty.md" == one(team, "documents.unread").found


def test_a_sqlite_without_full_text_search(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """No document can be found by such a Python."""

    def connect(_: str) -> sqlite3.Connection:
        raise sqlite3.OperationalError("no such module: fts5")

    monkeypatch.setattr("cocoai.check.documents.sqlite3.connect", connect)

    assert ("no_fts5", "wrong") == (module._fts5().case, module._fts5().level)
    assert sys.executable in found([module._fts5()], "documents.search")[0].remedy


def test_a_folder_that_is_not_there(team: Team) -> None:
    """Of [readers] nothing can be said then."""
    team.files.rename(team.files.with_name("elsewhere"))

    assert ("documents.folder", "missing", "wrong") in cases(team)
    assert not {"documents.readers"} & {part for part, *_ in cases(team)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_folder_that_the_pool_s_user_may_not_read(short_folder: Callable[[], Path]) -> None:
    """It is asked as that user; one who is somebody else is told that it cannot be asked."""
    folder = short_folder()
    folder.chmod(0o755)
    team = Team(folder)
    team.files.chmod(0o700)
    team.var.chmod(0o700)
    seen = target(team, owner=NOBODY)

    results = results_as(NOBODY, lambda: list(documents(seen)))

    assert ("closed", "wrong") in [(each.case, each.level) for each in results if each.part == "documents.folder"]
    assert ["documents.search", "documents"] == [each.part for each in documents(seen)]


# [readers]


@pytest.mark.parametrize(
    ("rule", "case"),
    [
        ("hr = C0BOARD001", "ok"),
        ("HR/Board/ = C0BOARD001", "ok"),
        ("hr/bord = C0BOARD001", "unknown"),
        ("hr/leave.md = C0BOARD001", "unknown"),
        (".hidden = C0BOARD001", "unknown"),
        ("linked = C0BOARD001", "unknown"),
        ("hr/bord = all", "spare"),
        ("C0GENERAL1 = C0BOARD001", "spare"),
        ("コンカ\N{COMBINING KATAKANA-HIRAGANA VOICED SOUND MARK} = C0BOARD001", "ok"),
    ],
)
def test_names_of_readers(team: Team, rule: str, case: str) -> None:
    """One that should have kept a sub-folder to few, and names none, is wrong: everybody is shown what was meant."""
    team.write(".hidden/a.md", "hidden")
    team.write("コンガ/a.md", "composed")
    (team.files / "linked").symlink_to(team.files / "hr")
    team.set(SETTINGS.replace("hr/board = C0BOARD001", rule))
    result = one(team, "documents.readers")

    assert (case, {"ok": "ok", "unknown": "wrong", "spare": "warning"}[case]) == (result.case, result.level)


@pytest.mark.parametrize("name", ["hr", "hr/board", "コンガ", "nowhere", "hr/leave.md", ".hidden"])
def test_a_name_is_known_where_the_walk_has_documents_of_it(team: Team, name: str) -> None:
    """The check sees the folders that the indexing sees."""
    team.write(".hidden/a.md", "hidden")
    team.write("コンガ/a.md", "composed")
    walk = FolderWalk(str(team.files))
    walk.run()

    assert any(each.startswith(f"{name}/") for each in walk.documents) is module._is_sub_folder(str(team.files), name)


def test_channels_of_readers(team: Team) -> None:
    """One of [documents] channels is known, whatever its case."""
    team.set(SETTINGS.replace("[readers]", "channels = C0GENERAL1\n[readers]\nc0general1 = all"))

    assert ("documents.readers", "ok", "ok") in cases(team)


# the index


def test_an_index_that_was_not_looked_after(team: Team) -> None:
    """The pool looks every ten minutes at least."""
    assert ("documents.index", "late", "warning") in cases(team, clock=lambda: time.time() + 3700)


@pytest.mark.parametrize(("content", "case", "level"), [(None, "missing", "note"), (b"x" * 5000, "broken", "warning")])
def test_an_index_that_cannot_be_read(team: Team, content: bytes | None, case: str, level: str) -> None:
    """It is made anew by itself."""
    team.index.unlink()
    if content:
        team.index.write_bytes(content)

    before = sorted(os.listdir(team.var))
    assert ("documents.index", case, level) in cases(team)
    assert before == sorted(os.listdir(team.var))


def test_each_code_has_words_and_counts(team: Team) -> None:
    """Of documents three are named; a code of Slack's that we do not know is shown as it is."""
    codes = [*PROBLEMS, "new_code"]
    with DocumentIndex(str(team.index)) as index:
        for code in codes:
            for number in range(4):
                index.note_problem(Document(FOLDER, f"{code}-{number}", "", "1"), code)
        index.set_meta(problems_key(SLACK), '{"new_code": 2}')
        index.set_meta(problems_key(FOLDER), str(dict.fromkeys(LEFT_OUT, 3)).replace("'", '"'))
    results = list(documents(target(team)))
    unread = {each.values["code"]: each for each in results if each.part == "documents.unread"}
    left_out = [each for each in results if each.part == "documents.left_out"]

    assert set(codes) == unread.keys()
    assert {*LEFT_OUT, "new_code"} == {each.values["code"] for each in left_out} | module.ELSEWHERE
    assert "broken-0, broken-1, broken-2, …" == unread["broken"].values["examples"]
    assert {"needs_extra"} == {code for code, each in unread.items() if each.level == "warning"}
    assert "pip install 'cocoai[documents]'" in found(results, "documents.unread")[codes.index("needs_extra")].remedy
    for words in LANGUAGES.values():
        shown = [words.finding(each) for each in results]
        assert all("…" not in f"{each.found}{each.remedy}".replace(", …", "") for each in shown)


def test_little_room(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is written once more beside itself, at times."""
    real = os.statvfs(team.var)
    full = os.statvfs_result((real[0], 4096, real[2], 2, 2, *real[5:]))
    monkeypatch.setattr("cocoai.check.documents.os.statvfs", lambda _: full)

    assert ("documents.room", "little", "warning") in cases(team)


# the history


def test_the_history(team: Team) -> None:
    """How much is kept; nothing yet; and a file that cannot be read, which is no copy of anything."""
    team.set(SETTINGS + "[history]\nkeep_days = 3\n")
    path = team.var / HISTORY_FILE
    nothing = one(team, "history")
    exchange = Exchange("key", "key", "C1", "1.0", "U1", int(time.time()), "en", "What?", "That.")
    FileHistory(str(path)).keep([exchange], [])
    kept = one(team, "history")
    path.write_bytes(b"x" * 5000)
    broken = one(team, "history")

    assert [("not_yet", "note"), ("ok", "ok"), ("broken", "wrong")] == [
        (each.case, each.level) for each in (nothing, kept, broken)
    ]
    assert kept.found.startswith("1 questions and answers, the oldest of ")
    assert f"{path} cannot be read (file is not a database)" in broken.found
    assert "restore" in broken.remedy


def test_the_history_of_several_machines(team: Team, request: pytest.FixtureRequest) -> None:
    """In a database that is not ready for it yet, and in one that is."""
    pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")
    database = request.getfixturevalue("database")
    team.set(f"{SETTINGS}[history]\nkeep_days = 3\n[store]\nurl = {database.address}\n")

    away = one(team, "history")
    history_on(database).keep([Exchange("key", "key", "C1", "1.0", "U1", 86_400, "en", "What?", "That.")], [])
    kept = one(team, "history")

    assert [("away", "wrong"), ("ok", "ok")] == [(each.case, each.level) for each in (away, kept)]
    assert away.found.startswith(f"{database.address} cannot be read (MariaDB 1146: ")
    assert "cocoai store check" in away.remedy
    assert kept.found.startswith("1 questions and answers, the oldest of 1970-01-0")


# the whole


def test_the_pool_finds_it_of_itself(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip in [readers] stands in the status within the hour."""
    monkeypatch.setattr("cocoai.check.look._network", lambda *_, **__: {})
    team.set(SETTINGS.replace("hr/board", "hr/bord"))
    results: list[Result] = from_the_pool(target(team))

    assert ["unknown"] == [each.case for each in results if each.part == "documents.readers"]
