"""The commands as people say them: commands.json, a table written by somebody who did not write the rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cocoai.texts import command, starts_over
from cocoai.texts.command_phrases import PHRASES
from cocoai.texts.commands import LONGEST

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

TABLE = json.loads(Path(__file__).with_name("commands.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "expected"), [(row["text"], row["expected"]) for row in TABLE])
def test_a_command_is_recognised_and_no_question_is_taken_for_one(text: str, expected: str) -> None:
    """Each text is that command, or a question in which only its words occur."""
    assert expected == (command(text) or "question")


def test_the_table_has_tempting_questions() -> None:
    """A third of it are questions, and both languages are in it."""
    assert len(TABLE) >= 120
    assert sum(row["expected"] == "question" for row in TABLE) >= 50
    assert {"ja", "en"} == {row["lang"] for row in TABLE}


@pytest.mark.parametrize("name", PHRASES)
def test_each_phrase_is_its_command(name: str) -> None:
    """No phrase stands twice, and each is short enough to be compared."""
    phrases = [phrase.strip() for phrase in PHRASES[name].split(",")]

    assert [name] * len(phrases) == [command(phrase) for phrase in phrases]
    assert len(set(phrases)) == len(phrases)
    assert max(map(len, phrases)) <= LONGEST


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("リセット？", ""),
        ("reset?", ""),
        ("can you reset?", "reset"),
        ("続き？", "continue"),
        ("model?", "model"),
        (":wave: ヘルプ :pray:", "help"),
        ("？？？", "help"),
        ("。", ""),
    ],
)
def test_a_question_mark(text: str, expected: str) -> None:
    """A question mark is no matter where a command is asked for, but a bare "reset?" asks what that would do."""
    assert expected == command(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("忘れて", "forget"),
        ("忘れてください。", "forget"),
        ("ごめん、忘れて", ""),
        ("このスレッドは忘れてほしい", "forget"),
        ("Forget this, please!", "forget"),
        ("please forget this thread", "forget"),
        ("全部忘れて", "forget_all"),
        ("すべて忘れてください", "forget_all"),
        ("Forget everything.", "forget_all"),
        ("私の質問を全部忘れて", "forget_me"),
        ("私の履歴を消してください", "forget_me"),
        ("can you forget all my questions?", "forget_me"),
        ("忘れて？", ""),
        ("forget this?", ""),
        ("forget it", ""),
        ("never mind, forget that", ""),
        ("それは忘れて", ""),
        ("忘れてた", ""),
        ("パスワードを忘れてしまいました", ""),
        ("傘を忘れて困っています", ""),
        ("forget this error for now, how do I log in?", ""),
        ("how do I make git forget everything?", ""),
        ("「忘れて」を英語にして", ""),
        ("会話を忘れて", "reset"),
        ("forget this conversation", "reset"),
    ],
)
def test_who_wants_something_forgotten_says_so(text: str, expected: str) -> None:
    """What asks to put something aside, or tells that somebody has forgotten, deletes nothing."""
    assert expected == command(text)
    assert starts_over(text) == bool(expected)
