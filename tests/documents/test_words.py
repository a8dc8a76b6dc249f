"""The words of a text: the same however it is written, and every word of Japanese inside a longer run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.documents.spelling import is_near
from cocoai.documents.stems import stem
from cocoai.documents.synonyms import FILE, synonyms_of
from cocoai.documents.words import clean, comparable_text, exact_query, indexed_words, question_terms

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("有休申請", "有休 休申 申請 請"),
        ("鍵", "鍵"),
        ("VPN接続です。", "vpn 接続 続で です す"),
        ("ﾊﾟｽﾜｰﾄﾞ １２３ Ａ", "パス スワ ワー ード ド 123 a"),
        ("か\u3099くせい", "がく くせ せい い"),  # as a Mac writes it
        ("葛\U000e0100城", "葛城 城"),
        ("foo-bar_baz C++", "foo bar baz c"),
        ("Meetings were booked", "meet wer book"),
        ("人々〆切", "人々 々〆 〆切 切"),
        ("\0a\ud83cb\u200b", "a b"),
        ("한국어", "한국 국어 어"),
        ("", ""),
        ("「」、。 ☆", ""),
    ],
)
def test_a_text_has_these_words(text: str, words: str) -> None:
    assert words == indexed_words(text)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("総務部", '"総務 務部"'),
        ("鍵", '"鍵"*'),
        ("VPN", '"vpn"'),
        ("VPN接続 総務", '"vpn 接続" AND "総務"'),
        ("VPN鍵", '"vpn 鍵"*'),
        ("foo-bar:baz* NOT", '"foo bar baz" AND "not"'),
        ('"("', ""),
        ("", ""),
    ],
)
def test_words_are_asked_for_exactly(text: str, query: str) -> None:
    assert query == exact_query(text)


def test_a_question_is_asked_by_what_tells_something() -> None:
    """Particles, endings, stop words and kanji of asking are none of it, unless there is nothing else."""
    assert ["会議", "議室", "室の", "の鍵", "鍵は", "会*", "議*", "室*", "鍵*"] == question_terms("会議室の鍵はどこ？")
    assert ["reset", "password"] == question_terms("How do I reset my password?")
    assert ["これ", "れは", "はな", "なに"] == question_terms("これはなに？")
    assert [] == question_terms("？？")


def test_an_english_word_has_one_stem() -> None:
    for words in ("book books booked booking bookings", "policy policies", "plan planned planning", "expense expenses"):
        assert 1 == len({stem(word) for word in words.split()}), words
    assert ["bus", "status", "vpn", "2fa", "boss"] == [stem(word) for word in ("buses", "status", "vpn", "2fa", "boss")]


@pytest.mark.parametrize(
    ("word", "other", "near"),
    [
        ("deploy", "depoly", True),
        ("deploy", "deplooy", True),
        ("deploy", "dploy", True),
        ("deploy", "deplay", True),
        ("deploy", "deploy", False),
        ("deploy", "dpleoy", False),
        ("deploy", "employ", False),
        ("deploy", "deploying", False),
    ],
)
def test_a_word_is_near_another(word: str, other: str, *, near: bool) -> None:
    """One letter is another, is missing, is one too many, or has changed places with the next."""
    assert near == is_near(word, other) == is_near(other, word)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("健診はいつですか", "健康診断"),
        ("ボーナスは何月？", "賞与"),
        ("can I get a pay rise", "salary increase"),
        ("whose keys are these", "lock"),
    ],
)
def test_other_words_for_the_same_thing_are_known(question: str, found: str) -> None:
    assert found in synonyms_of(comparable_text(question))


@pytest.mark.parametrize("question", ["日本の本社", "スキーの板", "hay", "かぎかっこ"])
def test_part_of_another_word_is_no_word(question: str) -> None:
    """Neither 本 in 日本, nor キー in スキー."""
    others = synonyms_of(comparable_text(question))

    assert not {"書籍", "鍵", "salary"} & set(others)


def test_the_synonyms_are_written_as_they_are_compared() -> None:
    """Else they would never be found."""
    with open(FILE, encoding="utf-8") as file:
        lines = [line for line in file.read().splitlines() if line and line[0] != "#"]

    assert len(lines) > 300
    for line in lines:
        group = line.split("|")
        assert line == comparable_text(line)
        assert len(group) == len(set(group)) > 1
        assert all(word == word.strip() and indexed_words(word) for word in group), line


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    """Its words are the same once more, and can be written as UTF-8; questions are quoted whole."""
    words = indexed_words(text)

    assert words.encode() == indexed_words(clean(text)).encode()
    assert 0 == exact_query(text).count('"') % 2
    assert all(term.encode() for term in question_terms(text))


@given(st.text(alphabet="有休申請会議室のを鍵ー", min_size=2, max_size=12), st.data())
def test_each_part_of_a_run_is_a_phrase_of_its_words(run: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(run) - 2))
    end = data.draw(st.integers(start + 2, len(run)))
    phrase = exact_query(run[start:end]).strip('"')

    assert f" {phrase} " in f" {indexed_words(run)} "
