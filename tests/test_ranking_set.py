"""The set of bench.ranking is what it says: each question has one section, marked with what makes it hard."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache

import pytest

from bench.ranking.noise import passages, words
from bench.ranking.questions import QuestionFile, RankingQuestion, load_documents, load_questions

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

FILES: dict[QuestionFile, list[RankingQuestion]] = {
    "questions.tsv": load_questions(),
    "held_out.tsv": load_questions("held_out.tsv"),
}
QUESTIONS = [question for questions in FILES.values() for question in questions]
HARD = [question for question in QUESTIONS if question.kind != "plain"]

each_file = pytest.mark.parametrize("questions", FILES.values(), ids=FILES)


def folded(text: str) -> str:
    """Return the text without the differences of width and case."""
    return unicodedata.normalize("NFKC", text).casefold()


@cache
def sections() -> dict[str, list[tuple[str, str]]]:
    """Return each document's headings with the text up to the next heading; a number sign in a code block is none."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, text in load_documents().items():
        without_code = re.sub(r"(?ms)^```.*?^```$", lambda code: re.sub("(?m)^#", " #", code[0]), text)
        parts = re.split(r"(?m)^#{1,6} (.+)$", without_code)
        assert not parts[0], f"{name} begins with a heading"
        found[name] = [(heading, body.strip()) for heading, body in zip(parts[1::2], parts[2::2], strict=True)]
    return found


def answer(question: RankingQuestion) -> str:
    """Return the section that answers the question, with its heading."""
    return "\n".join(next(part for part in sections()[question.document] if part[0] == question.heading))


def test_there_are_enough_sections_of_a_passages_size() -> None:
    """About 30 documents have at least 160 sections of 100 to 500 characters."""
    sizes = [len(body) for parts in sections().values() for _, body in parts]

    assert 30 <= len(sections()) <= 40
    assert 160 <= sum(100 <= size <= 500 for size in sizes)
    assert 500 >= max(sizes)


def test_headings_are_unique_in_their_document() -> None:
    """A document's name and a heading name one section."""
    twice = {name: Counter(heading for heading, _ in parts).most_common(1)[0] for name, parts in sections().items()}

    assert {} == {name: most for name, most in twice.items() if most[1] > 1}


@pytest.mark.parametrize(
    ("file_name", "least", "synonyms", "typos"), [("questions.tsv", 120, 30, 20), ("held_out.tsv", 100, 25, 15)]
)
def test_there_are_enough_questions_of_each_kind(
    file_name: QuestionFile, least: int, synonyms: int, typos: int
) -> None:
    """About two thirds of a file's questions are Japanese, and enough have synonyms or are mistyped."""
    questions = FILES[file_name]
    kinds = Counter(question.kind for question in questions)
    languages = Counter(question.language for question in questions)

    assert least <= len(questions)
    assert {"plain", "synonym", "typo"} == set(kinds)
    assert synonyms <= kinds["synonym"]
    assert typos <= kinds["typo"]
    assert {"ja", "en"} == set(languages)
    assert 0.6 < languages["ja"] / len(questions) < 0.75


def test_each_question_is_there_once() -> None:
    """No id and no question comes twice in the two files, whatever its width and case."""
    assert len(QUESTIONS) == len({question.id for question in QUESTIONS})
    assert len(QUESTIONS) == len({folded(question.question) for question in QUESTIONS})


@each_file
def test_each_question_has_its_section(questions: list[RankingQuestion]) -> None:
    """The document and the heading of each question exist."""
    known = {(name, heading) for name, parts in sections().items() for heading, _ in parts}

    assert [] == [each.id for each in questions if (each.document, each.heading) not in known]


@each_file
def test_the_language_is_that_of_the_letters(questions: list[RankingQuestion]) -> None:
    """A Japanese question has kana; an English one has no Japanese letter."""
    kana, japanese = re.compile(r"[ぁ-んァ-ヶｦ-ﾟ]"), re.compile(r"[ぁ-んァ-ヶｦ-ﾟ一-龠]")

    assert [] == [q.id for q in questions if q.language == "ja" and not kana.search(q.question)]
    assert [] == [q.id for q in questions if q.language == "en" and japanese.search(q.question)]


@each_file
def test_each_question_has_one_to_three_search_words(questions: list[RankingQuestion]) -> None:
    """They are short, not empty, and none of them is the whole question."""
    wrong = [
        question.id
        for question in questions
        if not 1 <= len(question.search_words) <= 3
        or len(set(question.search_words)) < len(question.search_words)
        or any(not word.strip() or len(word) > 30 or word == question.question for word in question.search_words)
    ]

    assert [] == wrong


@each_file
def test_plain_questions_have_no_mark(questions: list[RankingQuestion]) -> None:
    """`asked` and `written` are for synonyms and typing mistakes, which have both."""
    assert [] == [q.id for q in questions if (q.kind != "plain") != bool(q.asked) or bool(q.asked) != bool(q.written)]


@pytest.mark.parametrize("question", HARD, ids=lambda question: question.id)
def test_the_askers_word_is_not_the_documents(question: RankingQuestion) -> None:
    """The asker's word stands in the question and not in the section; the document's word is the other way round."""
    asked, written = folded(question.asked), folded(question.written)
    title = sections()[question.document][0][0]

    assert asked in folded(question.question)
    assert asked not in folded(answer(question))
    assert asked not in folded(title)
    assert written in folded(f"{title}\n{answer(question)}")
    assert written not in folded(question.question)


@cache
def noise() -> tuple[tuple[str, str, str], ...]:
    """Return the noise as it is measured with."""
    return tuple(passages())


def test_noise_is_of_the_promised_size() -> None:
    """10,000 passages of about 300 characters, no two alike, half of them Japanese."""
    sizes = [len(text) for _, _, text in noise()]
    kana = re.compile("[ぁ-んァ-ヶ]")

    assert 10_000 == len(noise()) == len({text for _, _, text in noise()})
    assert 5_000 == sum(bool(kana.search(text)) for _, _, text in noise())
    assert 290 < sum(sizes) / len(sizes) < 330
    assert 250 <= min(sizes)
    assert 450 >= max(sizes)


def test_noise_is_the_same_for_a_seed() -> None:
    """The same seed gives the same passages, a smaller count the first of them, another seed others."""
    assert noise()[:100] == tuple(passages(100)) == tuple(passages(100, 20))
    assert not {text for _, _, text in passages(100, 21)} & {text for _, _, text in noise()}


def test_noise_has_many_words() -> None:
    """At least 1,500 entries of the lists stand in it, and all slots are filled."""
    text = "\n".join(text for _, _, text in noise())

    assert 1_500 <= sum(word in text for word in words())
    assert not re.search("[{}]", text)


@pytest.mark.parametrize(
    "word", ["申請", "方法", "会議", "予約", "期限", "担当", "VPN", "経費", "request", "office", "meeting"]
)
def test_common_words_are_common_in_noise(word: str) -> None:
    """An everyday word of the questions stands in at least a hundred passages."""
    assert 100 <= sum(word in text for _, _, text in noise())


def test_noise_stands_apart_from_the_documents() -> None:
    """Each passage has its own document and heading, neither of which a question names."""
    places = [(document, heading) for document, heading, _ in noise()]

    assert len(places) == len(set(places))
    assert not {document for document, _ in places} & set(sections())
    assert not {heading for _, heading in places} & {question.heading for question in QUESTIONS}
