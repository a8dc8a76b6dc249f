"""The index: what is put in is found, what is taken out is gone, and what is broken is made anew."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from cocoai.documents import database
from cocoai.documents.database import IndexUnavailable
from cocoai.documents.document import FOLDER, HISTORY, Document, DocumentSection
from cocoai.documents.index import DocumentIndex, IndexReader
from tests.documents.indexes import document, integrity, names_found, put


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return the path of an index that is not made yet."""
    return str(tmp_path / database.FILE)


def test_a_document_is_replaced_as_a_whole(path: str) -> None:
    """Its earlier words find nothing, and it stands once in the lists."""
    put(path, "a.md", "会議室の鍵は総務部にあります。")
    put(path, "a.md", "駐車場は地下一階です。", version="2")

    reader = IndexReader(path)
    assert [] == names_found(path, "総務部")
    assert ["a.md"] == names_found(path, "地下")
    assert ["駐車場は地下一階です。"] == [each.text for each in reader.passages(FOLDER, "a.md")]
    assert [("a.md", "2", 1, "")] == [
        (each.document.name, each.document.version, each.passages, each.problem) for each in reader.documents()
    ]
    assert [] == integrity(path)


def test_the_figures_are_those_of_the_documents(path: str) -> None:
    put(path, "a.md", "一" * 700)
    with DocumentIndex(path) as index:
        index.note_problem(document("b.pdf"), "encrypted")
        index.note_problem(document("c.pdf"), "broken")
        index.put(Document(HISTORY, "C1-1.0-1.0", "t", "1", channel="C1"), [DocumentSection("", "前の質問")])
        known = (index.known(FOLDER), index.known(HISTORY))

    figures = IndexReader(path).figures()
    assert ({"a.md": "1", "b.pdf": "1", "c.pdf": "1"}, {"C1-1.0-1.0": "1"}) == known
    assert (4, 4, {"encrypted": 1, "broken": 1}) == (figures.documents, figures.passages, figures.problems)
    assert os.path.getsize(path) == figures.bytes
    assert figures.newest > 1.7e9


def test_a_problem_takes_the_passages_away(path: str) -> None:
    put(path, "a.md", "会議室の鍵")
    with DocumentIndex(path) as index:
        index.note_problem(document("a.md", "2"), "broken")

    assert [] == names_found(path, "会議室")
    assert [] == IndexReader(path).passages(FOLDER, "a.md")


def test_sections_that_fail_change_nothing(path: str) -> None:
    """Neither by themselves nor in a batch, of which the rest is kept."""

    def sections() -> Iterator[DocumentSection]:
        yield DocumentSection("", "半分")
        raise ZeroDivisionError

    put(path, "a.md", "会議室の鍵")
    with DocumentIndex(path) as index:
        with pytest.raises(ZeroDivisionError):
            index.put(document("a.md", "2"), sections())
        with suppress(ZeroDivisionError), index.batch():
            index.put(document("b.md"), [DocumentSection("", "駐車場")])
            index.put(document("a.md", "2"), sections())
            pytest.fail("the error of the sections is raised")

    assert {"a.md": "1", "b.md": "1"} == _known(path)
    assert (["a.md"], ["b.md"]) == (names_found(path, "会議室"), names_found(path, "駐車場"))


def _known(path: str) -> dict[str, str]:
    with DocumentIndex(path) as index:
        return index.known(FOLDER)


def test_any_text_can_be_put(path: str) -> None:
    """With halves of emoji and NUL, too; a name that is odd is the same name once more."""
    for _ in range(2):
        put(path, "\ud83c\0.md", "a\0b \ud83c 鍵", heading="\udfff")
    with DocumentIndex(path) as index:
        assert 1 == len(index.known(FOLDER))
        index.remove(FOLDER, ["\ud83c\0.md"])

        assert {} == index.known(FOLDER)
    assert [] == integrity(path)


def test_meta_is_kept(path: str) -> None:
    with DocumentIndex(path) as index:
        index.set_meta("listed", "1")
        assert ("1", "") == (index.meta("listed"), index.meta("other"))


# forgetting


SECRET = ("極秘計画", "買収案件", "甲社の買収金額は百億円です zebraword", "飛行場")
"""A title, a heading, a text and a place."""


def traces(path: str) -> list[str]:
    """Return which words of the secret, and pairs of them, stand in the index's file or its journal."""
    files = [Path(path), Path(f"{path}-journal")]
    content = b"".join(file.read_bytes() for file in files if file.exists())
    pairs = [text[at : at + 2] for text in SECRET for at in range(len(text) - 1) if not text[at].isascii()]
    return [each for each in (*SECRET, "秘密.md", "zebraword", "zebra", *pairs) if each.encode() in content]


@pytest.mark.parametrize("others", [0, 1, 200])
@pytest.mark.parametrize("way", ["remove", "replace", "one batch"])
def test_what_is_forgotten_is_nowhere(path: str, others: int, way: str) -> None:
    """Not after optimize(), whatever else there is, and however it was taken out."""
    title, heading, text, place = SECRET
    secret = Document(FOLDER, "秘密.md", title, "1")
    sections = [DocumentSection(heading, f"{text} {number} " * 20, place) for number in range(3)]
    with DocumentIndex(path) as index:
        with index.batch():
            for number in range(others):
                index.put(document(f"{number}.md"), [DocumentSection("H", f"no {number} ordinary zebras " * 20)])
        if way == "one batch":
            with index.batch():
                index.put(secret, sections)
                index.remove(FOLDER, [secret.name])
        else:
            index.put(secret, sections)
            assert set(SECRET) <= set(traces(path))
            if way == "remove":
                index.remove(FOLDER, [secret.name])
            else:
                index.put(Document(FOLDER, "秘密.md", "a", "2"), [DocumentSection("", "nothing")])
                index.remove(FOLDER, [secret.name])
        assert index.has_remains
        assert traces(path), "the words are still there: so it is optimize() that takes them away"
        index.optimize()
        assert not index.has_remains

    assert {"zebra"} if others else set() == set(traces(path))
    assert others == IndexReader(path).figures().documents
    assert [] == integrity(path)


def test_any_order_of_changes_leaves_the_index_whole(path: str) -> None:
    """FTS5 agrees with the passages after each, and finds each text that is there, and no other."""
    generator = random.Random("cocoai")
    there: dict[str, str] = {}
    with DocumentIndex(path) as index:
        for step in range(120):
            name = f"{generator.randrange(12)}.md"
            match generator.choice(("put", "put", "remove", "optimize")):
                case "put":
                    there[name] = f"単語{chr(0x4E00 + step)}番 " * generator.randrange(1, 60)
                    index.put(document(name, str(step)), [DocumentSection("", there[name])])
                case "remove":
                    there.pop(name, None)
                    index.remove(FOLDER, [name])
                case _:
                    index.optimize()

    assert [] == integrity(path)
    assert sorted(there) == sorted(_known(path))
    for name, text in there.items():
        assert [name] == names_found(path, text[:3])


# what is wrong with the file


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
    assert {} == _known(path)
    assert "made anew" in caplog.text
    put(path, "a.md", "会議室の鍵")
    assert ["a.md"] == names_found(path, "会議室")
    assert [database.FILE, f"{database.FILE}-journal"] == sorted(os.listdir(os.path.dirname(path)))


@pytest.mark.parametrize("version", ["0 1 15.0.0", f"{database.VERSION} ", ""])
def test_an_index_of_another_version_is_made_anew(path: str, version: str) -> None:
    """Its words were made by another splitter, or from other tables of characters."""
    put(path, "a.md", "会議室の鍵")
    with DocumentIndex(path) as index:
        index.set_meta("version", version)

    with pytest.raises(IndexUnavailable, match="old"):
        IndexReader(path).figures()
    assert {} == _known(path)


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
    assert {} == _known(path)
    assert not os.path.exists(path + database.BROKEN)


def test_a_journal_without_its_file_is_nothing(path: str) -> None:
    """A process died while it deleted the index: the new one is not filled from the old one's journal."""
    put(path, "a.md", "会議室の鍵")
    os.unlink(path)
    Path(f"{path}-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 2000)

    assert {} == _known(path)
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
