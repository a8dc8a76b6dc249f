"""Tests of both formats over a corpus, its beginnings, mixtures of it, random markup, and hostile markup.

The properties are in properties.py; a test at the end makes sure that each of them finds a fault.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from cocoai.slack.markdown.block_parser import normalize_markdown
from cocoai.slack.markdown.inline_parser import ZWSP
from cocoai.slack.markdown.message_layout import Layout, Shown
from cocoai.slack.markdown.to_mrkdwn import break_pings, escape_pings
from tests.each_case import check_each
from tests.slack.markdown.corpus import CASES, EMPHASISED, ODD
from tests.slack.markdown.properties import (
    CHECKS,
    Parts,
    check_delimiters,
    check_fences,
    check_letters,
    check_limits,
    check_pings,
    check_tables,
    in_blocks,
    without_code,
)
from tests.slack.markdown.reader import PARSER, letters, read_markdown

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

MARKDOWN = Layout("markdown")
MRKDWN = Layout("mrkdwn")
STATUS = "✍️ 書いています…"
ALL = {**CASES, **ODD}

SHOWN_AS_CODE = {"a table too wide for Slack"}

ENDED_EARLY = {"a table right behind a line"}
"""By GFM its last line, which has no `|`, belongs to the table; it is not meant to."""


@pytest.mark.parametrize("layout", [MARKDOWN, MRKDWN], ids=["markdown", "mrkdwn"])
def test_a_case_in_parts(layout: Layout) -> None:
    """An answer is shown within Slack's limits, with no letter lost, every fence closed, and without a ping."""

    def check_parts(name: str) -> None:
        markdown = ALL[name]
        parts = layout.parts(markdown)

        for check in CHECKS:
            if check is not check_tables or (layout is MARKDOWN and name not in SHOWN_AS_CODE | ENDED_EARLY):
                check(markdown, parts)
        if name in CASES:
            check_delimiters(markdown, parts)

    check_each(check_parts, ALL)


def test_a_commonmark_parser_sees_the_emphasis() -> None:
    """A strict parser takes just those words for emphasised that were meant."""

    def check(name: str) -> None:
        (part,) = MARKDOWN.parts(CASES[name])

        assert EMPHASISED[name] == read_markdown(in_blocks(part)).emphasised

    check_each(check, EMPHASISED)


@pytest.mark.parametrize("seed", range(12))
def test_mixtures(seed: int) -> None:
    """Every property holds for cases of the corpus behind each other in any order."""
    chance = random.Random(seed)
    short = [case for name, case in CASES.items() if len(case) < 2_000 and name not in SHOWN_AS_CODE | ENDED_EARLY]
    markdown = "\n\n".join(chance.choices(short, k=chance.randrange(2, 250)))

    for check in (*CHECKS, check_delimiters):
        check(markdown, MARKDOWN.parts(markdown))
        if check is not check_tables:
            check(markdown, MRKDWN.parts(markdown))


@pytest.mark.parametrize("seed", range(60))
def test_random_markup(seed: int) -> None:
    """Pieces of markup in any order stay within the limits, leave no fence open, cannot ping, and lose no kanji."""
    chance = random.Random(seed)
    pieces = [
        *"*_~`[]()<>|#-\n ",
        "**",
        "```",
        "\n\n",
        "| a | b |\n|---|---|\n",
        "漢字",
        "かな",
        "word",
        "<@U0ASKER01>",
        "> ",
    ]
    markdown = "".join(chance.choices(pieces, k=chance.randrange(1, 400)))

    for layout in (MARKDOWN, MRKDWN):
        parts = layout.parts(markdown)
        check_limits(markdown, parts)
        check_pings(markdown, parts)
        assert all(part.text.count("```") % 2 == 0 for part in parts)
        assert sum(map(markdown.count, "漢字")) <= sum("".join(map(repr, parts)).count(each) for each in "漢字")
        check_limits(markdown.strip() and "x", [layout.growing(markdown, STATUS)])


def test_a_part_that_begins_deep_in_a_list_is_no_code() -> None:
    """A part that begins with nested list items is outdented: without the items above, CommonMark takes it for code."""
    parts = MARKDOWN.parts("- a\n  - b\n    - c\n" + "\n".join(f"      - 項目{n} を**確認**する" for n in range(900)))

    assert len(parts) > 1
    assert not any(token.type == "code_block" for part in parts for token in PARSER.parse(in_blocks(part)))


# Unfinished answers


def ends(markdown: str) -> list[int]:
    """Return where to cut off the text: everywhere if it is short, else in a few places."""
    step = 1 if len(markdown) < 300 else len(markdown) // 3
    return list(range(1, len(markdown) + 1, step))


@pytest.mark.parametrize("half", [0, pytest.param(1, marks=pytest.mark.long)])
def test_an_unfinished_case_in_markdown(half: int) -> None:
    """An unfinished answer shows a beginning of the whole, with nothing half-open, and never less than before."""
    check_each(check_beginnings, list(CASES)[half::2])


def check_beginnings(name: str) -> None:
    """Check each beginning of a case."""
    markdown = normalize_markdown(CASES[name])
    whole = letters(read_markdown(markdown).text)
    before = ""
    for end in ends(markdown):
        shown = MARKDOWN.growing(markdown[:end], STATUS)
        words = letters(read_markdown(in_blocks(shown)).text)

        assert whole.startswith(words)
        assert words.startswith(before)
        assert shown.text.endswith(STATUS)
        assert [] == [raw for raw in read_markdown(in_blocks(shown)).prose if re.search(r"\*\*|~~|`|^\||\]\(", raw)]
        check_fences(markdown, [shown])
        check_limits("x", [shown])
        before = words


def test_an_unfinished_case_in_mrkdwn() -> None:
    """Without blocks it stays within the limit, its fences closed, no delimiter or table raw, and the status below."""
    check_each(check_beginnings_in_mrkdwn, ALL)


def check_beginnings_in_mrkdwn(name: str) -> None:
    """Check some beginnings of a case, without blocks."""
    markdown = normalize_markdown(ALL[name])
    for end in ends(markdown)[:: 2 if name in CASES else 5]:
        shown = MRKDWN.growing(markdown[:end], STATUS)

        assert () == shown.blocks
        assert shown.text.endswith(STATUS)
        check_limits("x", [shown])
        check_fences(markdown, [shown])
        if name in CASES:
            assert not re.search(r"\*\*|~~|(?m:^\|)", without_code(shown.text))


HOSTILE = {
    "space before words": " " * 12_000 + "a b",
    "space before a line that must be cut": " " * 5_990 + "x y" * 3_000,
    "a quote's signs": ">" * 12_000,
    "a quote's signs apart": ">   " * 3_000 + "word",
    "a quote's signs and no fence": ">  " * 60 + "x```",
    "a fence in quotes": ">" * 12_000 + "```\nx",
    "a table in quotes": ">  " * 60 + "|a|\n" + ">  " * 60 + "|-|\n" + ">  " * 59 + "|1|",
    "ticks": "`" * 12_000,
    "words behind ticks": "```" + "a b " * 4_000 + "\ncode\n```",
    "a table's rule": "|a|\n|" + "-" * 20_000 + "|\n|1|",
    "pings": "<!channel> " * 3_000,
    "a break": "<br>",
    "breaks": "<br>" * 4_000,
}
"""Markup that nobody means, but that a user can have the model write."""


@pytest.mark.parametrize("layout", [MARKDOWN, MRKDWN])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markup(name: str, layout: Layout) -> None:
    """Hostile markup is shown within the limits and without a ping, unfinished and in the end, in a short time."""
    parts = layout.parts(HOSTILE[name])
    growing = layout.growing(HOSTILE[name], STATUS)

    check_limits(HOSTILE[name], parts)
    check_limits(STATUS, [growing])
    for part in (*parts, growing):
        assert escape_pings(part.text) == part.text
        assert break_pings(in_blocks(part)) == in_blocks(part)


# Every check finds a fault


def replacing(pattern: str, replacement: str) -> Callable[[str], str]:
    """Return a function that replaces each match of `pattern` in a text."""
    return partial(re.sub, pattern, replacement)


def with_text(part: Shown, change: Callable[[str], str]) -> Shown:
    """Return the part with its Markdown changed by `change`."""
    return replace(part, blocks=tuple({**block, "text": change(block["text"])} for block in part.blocks))


@pytest.mark.parametrize(
    ("check", "name", "spoil"),
    [
        (check_limits, "long prose", replacing("(?s)(.+)", r"\1\1")),
        (check_letters, "long of all", replacing("名前はまだ無い", "名はまだ無い")),
        (check_letters, "a table", replacing("4", "")),
        (check_fences, "long code", replacing(r"```\Z", "")),
        (check_tables, "long table", replacing(r"\A.*\n.*\n", "")),  # without its header
        (check_tables, "long table", replacing(r"\n.*\Z", "")),  # without its last row
        (check_pings, "one line", replacing(r"\Z", " <!channel>")),
        (check_delimiters, "emphasis with brackets", replacing(ZWSP, "")),
        (check_delimiters, "emphasis beside emphasis", replacing("~~", "~~ ")),
    ],
)
def test_each_check_finds_its_fault(
    check: Callable[[str, Parts], None], name: str, spoil: Callable[[str], str]
) -> None:
    """Each check passes for what the product renders, and fails once that is spoilt."""
    parts = MARKDOWN.parts(CASES[name])
    check(CASES[name], parts)

    with pytest.raises(AssertionError):
        check(CASES[name], [with_text(part, spoil) for part in parts])
