"""Passages: a document's text, whole and in order, in pieces that can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.documents.document import FOLDER, Document, DocumentSection
from cocoai.documents.passages import LONGEST, passages_of
from cocoai.documents.words import clean

pytestmark = pytest.mark.pure

DOCUMENT = Document(FOLDER, "a.md", "A", "1")


def texts(text: str) -> list[str]:
    return [passage.text for passage in passages_of(DOCUMENT, [DocumentSection("H", text)])]


def test_passages_are_numbered_through_the_sections() -> None:
    """Each has its section's heading and place; a section without text has none."""
    sections = [DocumentSection("One", "a", "p. 1"), DocumentSection("Two", " \n"), DocumentSection("Three", "b")]

    found = [(each.number, each.heading, each.text, each.place) for each in passages_of(DOCUMENT, sections)]

    assert [(0, "One", "a", "p. 1"), (1, "Three", "b", "")] == found


def test_paragraphs_stay_whole() -> None:
    """Short ones are put together, and one that is not much longer than usual is not cut."""
    short, long = "短い文です。" * 10, "少し長い文です。" * 50

    assert [f"{short}\n\n{short}", long, short * 2] == texts(f"{short}\n\n{short}\n\n{long}\n\n{short * 2}")


def test_a_long_paragraph_is_cut_at_sentences() -> None:
    for sentence in ("この文には二十四の文字があるということです。", "This sentence has about forty letters. "):
        found = texts(sentence * 40)

        assert len(found) > 2
        assert all(each.endswith(sentence.strip()[-1]) and len(each) <= LONGEST for each in found)


def test_a_short_rest_is_left_with_what_is_before_it() -> None:
    long, short = "短い文です。" * 47, "短い文です。" * 10

    assert [f"{long}\n\n{short}"] == texts(f"{long}\n\n{short}")
    assert [long, short * 2] == texts(f"{long}\n\n{short * 2}")


def test_text_without_any_end_is_cut_all_the_same() -> None:
    """But not between a character and its marks."""
    assert [300, 300, 300, 100] == [len(each) for each in texts("x" * 1000)]
    for cluster in ("か\u3099", "👨\u200d👩\u200d👧", "ée\u0301"):
        found = texts(cluster * 300)

        assert all(0 == len(each) % len(cluster) for each in found), cluster


@given(st.text(alphabet="ab あ。、\n\n.!k\u3099\ud83c\0", max_size=2000))
def test_nothing_is_lost_or_doubled(text: str) -> None:
    """All but the space between passages is there once, in order."""
    found = texts(text)

    assert "".join("".join(found).split()) == "".join(clean(text).split())
    assert all(0 < len(each) <= LONGEST and each == each.strip() for each in found)
