"""Tests for slack/markdown/delimiter_runs.py: what is emphasis, and what is a sign in a formula, in both formats."""

from __future__ import annotations

import time

import pytest

from cocoai.slack.markdown.commonmark_fixes import fix_line
from cocoai.slack.markdown.inline_parser import ZWSP, parse_inlines, text_of
from tests.slack.markdown.reader import read_markdown

pytestmark = pytest.mark.pure

FORMULAS = (
    "=(A1*B1)*(C1*D1)",
    "単価*数量*税率",
    "面積＝(縦*横)*高さ*2",
    "「単価」*「数量」*「税率」",
    "=SUM(A1*B1)*1.1+(C1*2)*D1",
    '=A2&"*"&B2&"*"',
    "f^*(x) と g^*(y)",
    "2**10 と 3**4、(a)**2 + (b)**2",
    "COUNT(*) と SUM(*)",
    "10%*20%*5",
    "/* a */ と /* b */",
    "3~5、7~9、10~20個",
    "*.py,*.js",
    "2 * 3 * 4",
)

EMPHASIS = (
    ("これは*斜体*です", ["斜体"]),
    ("重要**事項**確認", ["事項"]),
    ("**B**old と **HT**ML", ["B", "HT"]),
    ("**pull request**s", ["pullrequest"]),
    ("**注:**一部と**URL:**https://a.example", ["注", "URL"]),
    ("**A**/**B**・**C**", ["A", "B", "C"]),
    ("これは**！！**です", [""]),
    ("（*注*）と「*注*」", ["注", "注"]),
    ("**A社***1 と **B社***2", ["A社", "B社"]),
    ("東京*重要*です", ["重要"]),
)


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_no_emphasis(formula: str) -> None:
    """Every sign of a formula is shown, in a block by a strict reader, and as mrkdwn."""
    seen = read_markdown(fix_line(f"式: {formula} 以上"))

    assert [] == seen.emphasised
    assert formula in seen.text
    assert f"式: {formula} 以上" == text_of(parse_inlines(f"式: {formula} 以上"))


@pytest.mark.parametrize(("line", "expected"), EMPHASIS)
def test_emphasis_is_seen(line: str, expected: list[str]) -> None:
    """Emphasis beside Japanese, within words and beside signs is seen by a strict reader, and as mrkdwn."""
    inlines = parse_inlines(line)

    assert expected == read_markdown(fix_line(line)).emphasised
    assert len(expected) == sum(bool(inline.delimiters) for inline in inlines)


def test_two_lines_of_products_are_no_emphasis() -> None:
    """An asterisk without a role cannot match one in the next line of its paragraph."""
    lines = [fix_line("税込*数量"), fix_line("税抜*数量")]

    assert [] == read_markdown("\n".join(lines)).emphasised
    assert not any(ZWSP in line for line in lines)


@pytest.mark.parametrize("hostile", ["a*b*", "あ*い*", "*a*", "**a** ", "***a", "(*a)*"])
def test_matching_takes_linear_time(hostile: str) -> None:
    """30,000 characters of runs are matched within 2 seconds of CPU."""
    began = time.process_time()
    fix_line(hostile * (30_000 // len(hostile)))

    assert time.process_time() - began < 2
