"""What a message shows, in both formats, over a corpus, over its beginnings, and over mixtures.

What a reader sees is told by an independent reader (reader.py). Each property is a check of its own, and is shown a
fault that it has to find.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from cocoai.slack.markdown.block_parser import clean
from cocoai.slack.markdown.inline_parser import GAP
from cocoai.slack.markdown.message_layout import Button, Layout, Shown, with_buttons
from cocoai.slack.markdown.partial import close_line
from cocoai.slack.markdown.to_mrkdwn import harmless, unpinged
from tests.slack.markdown.corpus import CASES, EMPHASISED, ODD
from tests.slack.markdown.reader import PARSER, letters, misses, mrkdwn_words, seen, stays_open

pytestmark = pytest.mark.pure

MARKDOWN = Layout("markdown")
MRKDWN = Layout("mrkdwn")
MARK = "✍️ 書いています…"
ALL = {**CASES, **ODD}

REFUSED = {"a table too wide for Slack"}
"""Shown as code."""

JOINED = {"a table right behind a line"}
"""By the book its last line belongs to the table; it is not meant to."""

Parts = Sequence[Shown]


def in_blocks(shown: Shown) -> str:
    """The Markdown of a message."""
    return "\n\n".join(block["text"] for block in shown.blocks if block["type"] == "markdown")


def without_code(mrkdwn: str) -> str:
    """mrkdwn with a letter in the place of all code."""
    return re.sub(r"```.*?```|`[^`\n]*`", "c", mrkdwn, flags=re.DOTALL)


# The properties


def check_limits(markdown: str, parts: Parts) -> None:
    """Slack's limits: 12,000 characters of Markdown, under 4,000 of text, 3,000 where a section has to hold it."""
    assert bool(clean(markdown).strip()) is bool(parts)
    for part in parts:
        assert len(part.text) < (4_000 if part.blocks else 3_000)
        assert len(in_blocks(part)) <= 12_000
        assert len(part.blocks) <= 50
        assert part.text.strip()


def check_letters(markdown: str, parts: Parts) -> None:
    """Every letter that a reader of the Markdown sees is there, in its order."""
    whole = letters(seen(clean(markdown)).words)
    shown = [seen(in_blocks(part)).words if part.blocks else mrkdwn_words(part.text) for part in parts]

    assert "" == misses(whole, letters("".join(shown)))
    if len(parts) == 1 and parts[0].blocks:
        assert whole == letters(shown[0])


def check_fences(markdown: str, parts: Parts) -> None:
    """No part leaves a fence open, and nothing else that would swallow what comes behind."""
    for part in parts:
        assert part.text.count("```") % 2 == 0
        assert not stays_open(in_blocks(part))


def check_tables(markdown: str, parts: Parts) -> None:
    """Every part of a table has its head, and no row is lost or said twice."""
    whole = seen(clean(markdown))
    shown = [seen(in_blocks(part)) for part in parts]
    rows = [letters(row) for part in shown for row in part.rows]

    assert {letters(head) for part in shown for head in part.heads} <= {letters(head) for head in whole.heads}
    assert [letters(row) for row in whole.rows] == rows
    assert all(len(part.rows) < 100 for part in shown)


def check_pings(markdown: str, parts: Parts) -> None:
    """Nothing can ping, and to make sure of it again changes nothing."""
    for part in parts:
        assert part.text == harmless(part.text)
        assert not re.search(r"<[@!]", part.text)
        assert in_blocks(part) == unpinged(in_blocks(part))
        assert not re.search(r"<@[A-Z]|<!(?:here|channel|everyone|subteam)", in_blocks(part))


def check_marks(markdown: str, parts: Parts) -> None:
    """No mark of emphasis or code is seen as it is written, where it was meant as one."""
    for part in parts:
        raw = [words for words in seen(in_blocks(part)).prose if re.search(r"\*\*|~~|`", words)]

        assert [] == raw
        assert not re.search(r"\*\*|~~", without_code(part.text))


CHECKS = (check_limits, check_letters, check_fences, check_tables, check_pings)


@pytest.mark.parametrize("layout", [MARKDOWN, MRKDWN], ids=["markdown", "mrkdwn"])
@pytest.mark.parametrize("name", ALL)
def test_a_case_in_parts(name: str, layout: Layout) -> None:
    """Within Slack's limits, whole, every part complete in itself, and without a ping."""
    markdown = ALL[name]
    parts = layout.parts(markdown)

    for check in CHECKS:
        if check is not check_tables or (layout is MARKDOWN and name not in REFUSED | JOINED):
            check(markdown, parts)
    if name in CASES:
        check_marks(markdown, parts)


@pytest.mark.parametrize("name", EMPHASISED)
def test_emphasis_is_seen(name: str) -> None:
    """A strict reader sees just those words emphasised that were meant."""
    (part,) = MARKDOWN.parts(CASES[name])

    assert EMPHASISED[name] == seen(in_blocks(part)).emphasised


@pytest.mark.parametrize("seed", range(12))
def test_mixtures(seed: int) -> None:
    """Whatever stands behind whatever, all of it holds."""
    chance = random.Random(seed)
    short = [case for name, case in CASES.items() if len(case) < 2_000 and name not in REFUSED | JOINED]
    markdown = "\n\n".join(chance.choices(short, k=chance.randrange(2, 250)))

    for check in (*CHECKS, check_marks):
        check(markdown, MARKDOWN.parts(markdown))
        if check is not check_tables:
            check(markdown, MRKDWN.parts(markdown))


@pytest.mark.parametrize("seed", range(60))
def test_rubbish(seed: int) -> None:
    """Pieces of marks in any order: limits, fences and pings hold, and no letter is lost."""
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
        check_limits(markdown.strip() and "x", [layout.growing(markdown, MARK)])


def test_a_part_that_begins_deep_in_a_list_is_no_code() -> None:
    """What it stood under is in the message before: as far in as it was, it would be taken for code."""
    parts = MARKDOWN.parts("- a\n  - b\n    - c\n" + "\n".join(f"      - 項目{n} を**確認**する" for n in range(900)))

    assert len(parts) > 1
    assert not any(token.type == "code_block" for part in parts for token in PARSER.parse(in_blocks(part)))


# While it is written


def ends(markdown: str) -> list[int]:
    """Where to stop in it: everywhere if it is short, else in a few places."""
    step = 1 if len(markdown) < 300 else len(markdown) // 3
    return list(range(1, len(markdown) + 1, step))


@pytest.mark.parametrize("name", CASES)
def test_a_case_while_it_is_written(name: str) -> None:
    """At every moment it reads well: a beginning of the whole, nothing half-open, and no less than a moment before."""
    markdown = clean(CASES[name])
    whole = letters(seen(markdown).words)
    before = ""
    for end in ends(markdown):
        shown = MARKDOWN.growing(markdown[:end], MARK)
        words = letters(seen(in_blocks(shown)).words)

        assert whole.startswith(words)
        assert words.startswith(before)
        assert shown.text.endswith(MARK)
        assert [] == [raw for raw in seen(in_blocks(shown)).prose if re.search(r"\*\*|~~|`|^\||\]\(", raw)]
        check_fences(markdown, [shown])
        check_limits("x", [shown])
        before = words


@pytest.mark.parametrize("name", ALL)
def test_a_case_while_it_is_written_in_mrkdwn(name: str) -> None:
    """The same without blocks: within the limit, fences closed, no bare marks or bars, and the mark under it."""
    markdown = clean(ALL[name])
    for end in ends(markdown)[:: 2 if name in CASES else 5]:
        shown = MRKDWN.growing(markdown[:end], MARK)

        assert () == shown.blocks
        assert shown.text.endswith(MARK)
        check_limits("x", [shown])
        check_fences(markdown, [shown])
        if name in CASES:
            assert not re.search(r"\*\*|~~|(?m:^\|)", without_code(shown.text))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("これは**強", "これは**強**"),
        ("これは**", "これは"),
        ("これは**強調*", "これは**強調**"),
        ("***both*", "***both***"),
        ("**a *b", "**a *b***"),
        ("~~go", "~~go~~"),
        ("~~gone~", "~~gone~~"),
        ("use `co", "use `co`"),
        ("use ``a`b", "use ``a`b``"),
        ("use `", "use"),
        ("**use `a * b", "**use `a * b`**"),
        ("see [te", "see te"),
        ("see [text]", "see text"),
        ("see [text](https://a.ex", "see text"),
        ("see [text](https://a.example)", "see [text](https://a.example)"),
        ('see [text](https://a.example "ti', "see text"),
        ("see ![alt](https://a", "see alt"),
        ("see <https://a.ex", "see"),
        ("a &am", "a"),
        ("a < b", "a < b"),
        ("-", ""),
        ("  - ", ""),
        ("- [", ""),
        ("- [x] ", ""),
        ("> - ", ""),
        ("12.", ""),
        ("##", ""),
        ("``", ""),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("done.", "done."),
    ],
)
def test_a_line_that_may_go_on(line: str, expected: str) -> None:
    """What is open is closed, and what is half a sign waits."""
    assert expected == close_line(line)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("a\n```py", "a"),
        ("a\n```py\n", "a"),
        ("a\n```py\nx = 1", "a\n```py\nx = 1\n```"),
        ("a\n```py\nx = 1\n``", "a\n```py\nx = 1\n```"),
        ("a\n\n| h |", "a"),
        ("a\n\n| h |\n|-", "a\n\n| h |\n|-"),
        ("a\n\n| h |\n|--|\n| 1 |\n| 2", "a\n\n| h |\n|--|\n| 1 |"),
        ("a\n\n| h |\n|--|\n| 1 |\n", "a\n\n| h |\n|--|\n| 1 |"),
        ("| a line with bars |\n| and one |\n| more |\n", "| a line with bars |\n| and one |\n| more |"),
    ],
)
def test_a_frame_that_may_go_on(markdown: str, expected: str) -> None:
    """A fence is closed, a row that is not whole waits, and a head without its rule too."""
    assert expected == in_blocks(MARKDOWN.growing(markdown, MARK))


def test_a_message_that_is_full_takes_nothing_back() -> None:
    """What does not fit any more waits for the next message; what was shown of its line stays."""
    markdown = "\n\n".join(["これは**強調**です。" * 60] * 18)
    before = ""
    for end in range(10_800, 12_600, 149):
        shown = in_blocks(MARKDOWN.growing(markdown[:end], MARK))

        assert letters(seen(shown).words).startswith(before)
        assert len(shown) <= 12_000
        before = letters(seen(shown).words)


def test_the_mark_stands_under_the_text() -> None:
    """In a line of its own, small where blocks are shown; alone while nothing can be shown."""
    (block, under) = MARKDOWN.growing("**a", MARK).blocks

    assert {"type": "markdown", "text": "**a**"} == block
    assert ("context", [MARK]) == (under["type"], [element["text"] for element in under["elements"]])
    assert f"*a*\n\n{MARK}" == MRKDWN.growing("**a", MARK).text
    assert Shown(MARK) == MARKDOWN.growing("- ", MARK) == MRKDWN.growing("", MARK)


@pytest.mark.parametrize("hostile", ["[", "[a](", "[a](b ", "![", "`a``", "<", "<http:", "&", "**a ", "| ", "> ", "- "])
def test_no_end_takes_long(hostile: str) -> None:
    """Thirty thousand characters of half-open markup are settled in a moment."""
    began = time.process_time()
    close_line(hostile * (30_000 // len(hostile)))

    assert time.process_time() - began < 2


HUGE = {
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
"""What nobody means, and anybody can have the model write."""


@pytest.mark.parametrize("layout", [MARKDOWN, MRKDWN])
@pytest.mark.parametrize("name", HUGE)
def test_too_much_of_one_thing(name: str, layout: Layout) -> None:
    """It is shown within the limits, and neither while it grows nor in the end does it take for ever."""
    parts = layout.parts(HUGE[name])
    growing = layout.growing(HUGE[name], MARK)

    check_limits(HUGE[name], parts)
    check_limits(MARK, [growing])
    for part in (*parts, growing):
        assert harmless(part.text) == part.text
        assert unpinged(in_blocks(part)) == in_blocks(part)


# Each property finds its fault


def with_text(part: Shown, change: Callable[[str], str]) -> Shown:
    """The part, its Markdown changed."""
    return replace(part, blocks=tuple({**block, "text": change(block["text"])} for block in part.blocks))


@pytest.mark.parametrize(
    ("check", "name", "spoil"),
    [
        (check_limits, "long prose", lambda text: text * 2),
        (check_letters, "long of all", lambda text: text.replace("名前はまだ無い", "名はまだ無い")),
        (check_letters, "a table", lambda text: text.replace("4", "")),
        (check_fences, "long code", lambda text: text.removesuffix("```")),
        (check_tables, "long table", lambda text: text.partition("\n")[2].partition("\n")[2]),
        (check_tables, "long table", lambda text: text.rpartition("\n")[0]),
        (check_pings, "one line", lambda text: text + " <!channel>"),
        (check_marks, "emphasis with brackets", lambda text: text.replace(GAP, "")),
        (check_marks, "emphasis beside emphasis", lambda text: text.replace("~~", "~~ ")),
    ],
)
def test_each_check_finds_its_fault(
    check: Callable[[str, Parts], None], name: str, spoil: Callable[[str], str]
) -> None:
    """A check that cannot fail proves nothing."""
    parts = MARKDOWN.parts(CASES[name])
    check(CASES[name], parts)

    with pytest.raises(AssertionError):
        check(CASES[name], [with_text(part, spoil) for part in parts])


# Fallback, fixed texts, buttons


def test_a_fallback_that_is_not_all_says_so() -> None:
    """Who reads only the notification sees that there is more in Slack."""
    long, short = MARKDOWN.parts("あ。" * 4_000)[0], MARKDOWN.parts("あ。")[0]

    assert long.text.endswith("。 …")
    assert "あ。" == short.text


def test_a_fixed_text_is_shown_as_it_is() -> None:
    """It is mrkdwn already, and harmless even so; one that is far too long ends with a line and a sign."""
    assert Shown("*a* & &lt;!channel> <https://a.example|b>") == MARKDOWN.plain(
        "*a* & <!channel> <https://a.example|b>"
    )
    assert "\n".join(["a" * 99] * 29) + " …" == MRKDWN.plain("\n".join(["a" * 99] * 50)).text


BUTTONS = (Button("stop", "⏹ 止める", "C1-1.0-1.0 U1"), Button("delete", "🗑", "C1-1.0-1.0 U1", confirm="本当に？"))


@pytest.mark.parametrize("shown", [MARKDOWN.parts("**a**")[0], MRKDWN.parts("**a**")[0]], ids=["markdown", "mrkdwn"])
def test_buttons_stand_under_the_text(shown: Shown) -> None:
    """Behind the blocks, or behind a section that says what the text says."""
    above, below = with_buttons(shown, BUTTONS).blocks
    stop, delete = below["elements"]

    assert (shown.blocks or ({"type": "section", "expand": True, "text": below_text(above)},)) == (above,)
    assert ("actions", "cocoai_stop", "C1-1.0-1.0 U1") == (below["type"], stop["action_id"], stop["value"])
    assert "confirm" not in stop
    assert "本当に？" == delete["confirm"]["text"]["text"]


def below_text(section: object) -> dict[str, object]:
    """What the section of a text without blocks holds."""
    return {"type": "mrkdwn", "text": "*a*", "verbatim": True}


def test_no_buttons_change_nothing() -> None:
    """With interactivity off a message stays as it is."""
    shown = MARKDOWN.parts("a")[0]

    assert shown is with_buttons(shown, ())
