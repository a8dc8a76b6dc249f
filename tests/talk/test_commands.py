"""The commands as people say them: commands.json, a table written by somebody who did not write the rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cocoai.texts import command
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
