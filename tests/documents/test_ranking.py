"""The passages that answer the questions of bench.ranking are found among 10,000 others; see bench/search."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.ranking.questions import load_questions
from bench.search.corpus import ranking_documents
from bench.search.engines import Ours
from bench.search.quality import quality_of

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def test_most_answers_are_among_the_first_three(tmp_path: Path) -> None:
    """By the question alone, and more of them by a model's search words; these are rarely needed if much was found."""
    questions = load_questions()
    ours = Ours(str(tmp_path))
    ours.build(list(ranking_documents()))
    ours.open()

    alone = quality_of(lambda question: ours.find(question.question, ()), questions)
    words = quality_of(lambda question: ours.find(question.question, question.search_words), questions)
    weak = {question.id for question in questions if ours.is_weak(question.question)}
    strong = quality_of(
        lambda question: ours.find(question.question, ()), (each for each in questions if each.id not in weak)
    )

    assert alone.three["all"] >= 0.85 * len(questions)
    assert words.three["all"] >= 0.9 * len(questions)
    assert len(weak) < 0.4 * len(questions)
    assert strong.three["all"] >= 0.93 * strong.asked["all"]
