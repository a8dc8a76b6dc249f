"""The index: what is put in is found, what is taken out is gone, and what is broken is made anew."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cocoai.documents import database
from cocoai.documents.document import FOLDER, HISTORY, Document, DocumentSection
from cocoai.documents.index import DocumentIndex
from cocoai.documents.index_reader import IndexReader
from tests.documents.indexes import document, integrity, known, names_found, put


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
        versions = (index.known(FOLDER), index.known(HISTORY))

    figures = IndexReader(path).figures()
    assert ({"a.md": "1", "b.pdf": "1", "c.pdf": "1"}, {"C1-1.0-1.0": "1"}) == versions
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

    assert {"a.md": "1", "b.md": "1"} == known(path)
    assert (["a.md"], ["b.md"]) == (names_found(path, "会議室"), names_found(path, "駐車場"))


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
    assert sorted(there) == sorted(known(path))
    for name, text in there.items():
        assert [name] == names_found(path, text[:3])
