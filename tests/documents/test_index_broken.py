"""An index whose file is wrong is said to be unavailable, and is made anew by the next who writes."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cocoai.documents import database
from cocoai.documents.access import ReaderRules
from cocoai.documents.database import IndexUnavailable
from cocoai.documents.document import FOLDER, DocumentSection
from cocoai.documents.index import DocumentIndex
from cocoai.documents.index_reader import IndexReader
from cocoai.documents.search import PassageSearch, SearchQuery
from tests.documents.indexes import document, integrity, known, names_found, put


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return the path of an index that is not made yet."""
    return str(tmp_path / database.FILE)


def damaged(path: str) -> None:
    """Overwrite pages behind the first."""
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 6)


def cut(path: str) -> None:
    """Leave half of the file."""
    os.truncate(path, os.path.getsize(path) // 2)


def without_a_passage(path: str) -> None:
    """Take a passage out, and leave its words."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM passage WHERE id = 1")
        connection.commit()


def of_other_words(path: str) -> None:
    """Delete other words than were indexed: each ranked search that meets it fails."""
    with closing(sqlite3.connect(path)) as connection:
        (number,) = connection.execute("SELECT min(id) FROM passage").fetchone()
        sql = "INSERT INTO word (word, rowid, text, heading, title) VALUES ('delete', ?, '', '', '')"
        connection.execute(sql, (number,))
        connection.commit()


def no_database(path: str) -> None:
    Path(path).write_bytes(b"no database, but long enough for a header of one" * 40)


def of_another_program(path: str) -> None:
    os.unlink(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE meta (a)")


@pytest.mark.parametrize("spoil", [damaged, cut, without_a_passage, of_other_words, no_database, of_another_program])
def test_a_broken_index_is_made_anew(path: str, spoil: Callable[[str], None], caplog: pytest.LogCaptureFixture) -> None:
    """A reader says that it is unavailable; the next who writes begins anew, and says so."""
    for number in range(60):
        put(path, f"{number}.md", f"会議室の鍵 {number} " * 30)
    spoil(path)

    with pytest.raises(IndexUnavailable, match="broken"):
        names_found(path, "会議室の鍵")
    assert {} == known(path)
    assert "made anew" in caplog.text
    put(path, "a.md", "会議室の鍵")
    assert ["a.md"] == names_found(path, "会議室")
    assert [database.FILE, f"{database.FILE}-journal"] == sorted(os.listdir(os.path.dirname(path)))


def test_an_index_without_a_count_is_broken(path: str) -> None:
    """A question looks at how many passages there are."""
    put(path, "a.md", "会議室の鍵")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM meta WHERE name = 'passages'")
        connection.commit()

    search = PassageSearch(path, ReaderRules())
    with pytest.raises(IndexUnavailable, match="broken"):
        search.find(SearchQuery("会議室"), channel="C1", is_shared=False, sources=(FOLDER,))


@pytest.mark.parametrize("version", ["0 1 15.0.0", f"{database.VERSION} ", ""])
def test_an_index_of_another_version_is_made_anew(path: str, version: str) -> None:
    """Its words were made by another splitter, or from other tables of characters."""
    put(path, "a.md", "会議室の鍵")
    with DocumentIndex(path) as index:
        index.set_meta("version", version)

    with pytest.raises(IndexUnavailable, match="old"):
        IndexReader(path).figures()
    assert {} == known(path)


def test_a_broken_page_that_a_writer_meets(path: str) -> None:
    """The index is thrown away at once; a later call says so too, and harms no newer one."""
    for number in range(60):
        put(path, f"{number}.md", f"会議室の鍵 {number} " * 30)
    with DocumentIndex(path) as index:
        damaged(path)
        with pytest.raises(IndexUnavailable, match="broken"):
            index.remove(FOLDER, [f"{number}.md" for number in range(60)])
        assert not os.path.exists(path)
        put(path, "a.md", "会議室の鍵")
        with pytest.raises(IndexUnavailable, match="broken"):
            index.known(FOLDER)

    assert ["a.md"] == names_found(path, "会議室")


def test_whoever_only_looks_leaves_a_broken_index_as_it_is(path: str) -> None:
    """Nothing is written beside it, unlike by a search."""
    no_database(path)
    with pytest.raises(IndexUnavailable, match="broken"):
        IndexReader(path, marks_broken=False).documents()
    assert [database.FILE] == os.listdir(os.path.dirname(path))

    with pytest.raises(IndexUnavailable, match="broken"):
        IndexReader(path).documents()
    assert os.path.exists(path + database.BROKEN)


@pytest.mark.parametrize(
    ("error", "code"), [(PermissionError, "busy"), (NotADirectoryError, "missing"), (FileNotFoundError, "missing")]
)
@pytest.mark.parametrize("at", [0, 1])
def test_what_the_system_refuses_is_no_index(
    path: str, monkeypatch: pytest.MonkeyPatch, error: type[OSError], code: str, at: int
) -> None:
    """In a folder of somebody else's, or where it is deleted just then."""
    put(path, "a.md", "会議室の鍵")

    found: list[os.stat_result | None] = [os.stat(path)] * at + [None]

    def stat_or_refuse(_: str) -> os.stat_result:
        if (result := found.pop(0)) is None:
            raise error(1, "no")
        return result

    monkeypatch.setattr(os, "stat", stat_or_refuse)

    with pytest.raises(IndexUnavailable) as refused:
        IndexReader(path).figures()
    assert code == refused.value.code


def test_a_missing_index_is_not_made_by_reading(path: str) -> None:
    for read in (IndexReader(path).figures, IndexReader(path).documents):
        with pytest.raises(IndexUnavailable, match="missing"):
            read()
    assert not os.path.exists(path)


def test_an_empty_file_is_an_index_that_is_just_being_made(path: str) -> None:
    """A process may have died at that."""
    Path(path).touch()

    with pytest.raises(IndexUnavailable, match="missing"):
        IndexReader(path).figures()
    assert {} == known(path)
    assert not os.path.exists(path + database.BROKEN)


def test_a_journal_without_its_file_is_nothing(path: str) -> None:
    """A process died while it deleted the index: the new one is not filled from the old one's journal."""
    put(path, "a.md", "会議室の鍵")
    os.unlink(path)
    Path(f"{path}-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 2000)

    assert {} == known(path)
    assert [] == integrity(path)


def test_only_its_owner_reads_it(path: str) -> None:
    before = os.umask(0)
    try:
        put(path, "a.md", "会議室の鍵")
    finally:
        os.umask(before)

    assert {0o600} == {stat.S_IMODE(os.stat(name).st_mode) for name in (path, f"{path}-journal")}


# others at work


def test_readers_see_what_was_committed_while_another_writes(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is written; only the commit itself excludes them, for a moment."""
    put(path, "a.md", "会議室の鍵")
    with DocumentIndex(path) as index, index.batch():
        for number in range(300):
            index.put(document(f"{number}.md"), [DocumentSection("", f"駐車場 {number} " * 300)])

        assert ["a.md"] == names_found(path, "会議室")
        assert [] == names_found(path, "駐車場")
    assert names_found(path, "駐車場")

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(database, "READ_PATIENCE", 0.01)
        with pytest.raises(IndexUnavailable, match="busy"):
            IndexReader(path).figures()
