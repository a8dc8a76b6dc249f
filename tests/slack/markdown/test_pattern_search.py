"""Tests for slack/markdown/pattern_search.py, and that its callers name each start of their patterns."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoai.slack.markdown import inline_parser, model_habits, partial
from cocoai.slack.markdown.pattern_search import search_from
from tests.slack.markdown.corpus import CASES, HABITS, ODD

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

PATTERNS = [
    (inline_parser._TOKEN_START, inline_parser.TOKEN),
    (model_habits._HABIT_START, model_habits._HABIT),
    (partial._INCOMPLETE_TOKEN_START, partial._INCOMPLETE_TOKEN),
]
LINES = [line for text in (*CASES.values(), *ODD.values(), *HABITS) for line in text.split("\n") if len(line) < 300]
PIECES = [
    *"\\`*_~[]()<>&!/|$^ :h",
    *("http://a.b/c", "https://", "mailto:a@b", "htt", "<b>", "</b>", "<br>", "<img src=x>", "args", "**kwargs"),
    *(
        "[a](b)",
        "![",
        "[^1]",
        "   [a]: x",
        "&amp;",
        "&#39;",
        "\\(",
        "\\)",
        "\\[x^2\\]",
        "$$",
        "*.py",
        "/**",
        "__init__",
    ),
    *("word", "漢字"),
]


def assert_same(start: re.Pattern[str], pattern: re.Pattern[str], line: str) -> None:
    """Assert that the fast search finds in a line what the slow one does, from wherever it begins."""
    for at in range(0, len(line), 1 + len(line) // 8):
        slow, fast = pattern.search(line, at), search_from(start, pattern, line, at)
        assert (slow and (slow.span(), slow.groups())) == (fast and (fast.span(), fast.groups())), line


@pytest.mark.parametrize(("start", "pattern"), PATTERNS, ids=["token", "habit", "incomplete"])
def test_the_lines_of_the_corpus(start: re.Pattern[str], pattern: re.Pattern[str]) -> None:
    """In each line of the corpus, and in its beginnings, the same is found."""
    for line in LINES:
        for end in range(len(line), 0, -(1 + len(line) // 12)):
            assert_same(start, pattern, line[:end])


@pytest.mark.parametrize(("start", "pattern"), PATTERNS, ids=["token", "habit", "incomplete"])
@settings(max_examples=150)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=25))
def test_random_markup(start: re.Pattern[str], pattern: re.Pattern[str], pieces: list[str]) -> None:
    """In pieces of markup in any order the same is found."""
    assert_same(start, pattern, "".join(pieces))
