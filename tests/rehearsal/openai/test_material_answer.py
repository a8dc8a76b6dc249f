"""The practice OpenAI's answers from passages, in the form in which CocoAI sends them."""

from __future__ import annotations

import pytest

from cocoai.answer.material_words import ShownPassage, under_question
from cocoai.answer.search_words import SEARCHING, words_in
from cocoai.documents.document import FOLDER, Document, Passage
from cocoai.rehearsal.openai.material_answer import asks_for_words, material_answer, read_material, search_words

pytestmark = pytest.mark.pure

RULES = Document(FOLDER, "rules.md", "就業規則", "1")


def under(question: str, *texts: str) -> str:
    """Return a question with passages of these texts under it."""
    shown = [ShownPassage(n, Passage(RULES, n, "", text)) for n, text in enumerate(texts, 1)]
    return f"{question}\n\n{under_question(shown, 'documents')}"


def test_the_passage_that_fits_is_quoted_with_its_number() -> None:
    """By its words, or by other words for the same."""
    texts = ("有給休暇は10日です。", "賞与は6月に支給します。", "Badges are at the desk.")

    assert "> 有給休暇は10日です。 [1]" in material_answer(read_material(under("有給休暇は何日？", *texts)))
    assert "> 賞与は6月に支給します。 [2]" in material_answer(read_material(under("ボーナスはいつ？", *texts)))
    assert "> Badges are at the desk. [3]" in material_answer(read_material(under("where are the badges?", *texts)))


@pytest.mark.parametrize("texts", [(), ("賞与は6月に支給します。",)])
def test_it_says_where_nothing_was_found(texts: tuple[str, ...]) -> None:
    """Also if no passage has a word of the question."""
    assert "見つかりませんでした" in material_answer(read_material(under("今日の天気は？", *texts)))


def test_a_question_without_a_search_is_left_alone() -> None:
    """It has no passages, and no word that they were looked for."""
    asked = read_material("what is 2 + 2?")

    assert ("what is 2 + 2?", (), "") == (asked.text, asked.passages, material_answer(asked))


def test_search_words_are_named_as_they_are_asked_for() -> None:
    """A hyphen, which names none, for what no document would have."""
    asked = "<question>\nボーナスはいつ？\n</question>"

    assert asks_for_words(SEARCHING)
    assert ("賞与", "期末手当") == words_in(search_words(asked))
    assert () == words_in(search_words("<question>\nhello\n</question>"))


def test_what_a_model_writes_as_words_is_read() -> None:
    """Three at most, with signs around them, and none that is a sentence."""
    assert ("賞与", "期末手当", "ボーナス規程") == words_in("「賞与」、期末手当、ボーナス規程、給与")
    assert ("paid leave",) == words_in("\n paid leave.\nThat is all.")
    assert () == words_in("I am sorry, ".strip(", ") + " but this is no matter of any documents of the team at all")
    assert () == words_in("-")
