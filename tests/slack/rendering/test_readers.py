"""The strict readers see what Slack shows, and the checks find each kind of fault: else the corpus proves nothing."""

from __future__ import annotations

import pytest

from cocoai.slack.markdown.message_layout import Layout, Shown
from tests.slack.rendering.as_mrkdwn import as_mrkdwn
from tests.slack.rendering.block_reader import read_block
from tests.slack.rendering.checks import growing_fault, structure_fault, whole_fault
from tests.slack.rendering.comparison import difference
from tests.slack.rendering.corpus import Case, read_cases
from tests.slack.rendering.mrkdwn_reader import AMBIGUOUS, inline, read_mrkdwn
from tests.slack.rendering.outline import parse_outline

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


@pytest.mark.parametrize(
    ("mrkdwn", "expected"),
    [
        ("a *b* c", "a ⟨b b⟩ c"),
        ("*a _b_ c*", "⟨b a⟩ ⟨bi b⟩ ⟨b c⟩"),
        ("a*b*c, a_b_c, 2*3*4", "a*b*c, a_b_c, 2*3*4"),
        ("あ\u200b*い*\u200bう", "あ⟨b い⟩う"),
        ("あ*い*う", "あ*い*う"),
        ("「*い*」", f"{AMBIGUOUS} 「*い*」"),
        ("* a * and *a", "* a * and *a"),
        ("(*a*), *b*.", "(⟨b a⟩), ⟨b b⟩."),
        ("~/a ~/b", "~/a ~/b"),
        ("~/a, ~/b", "~/a, ~/b"),
        ("`*a*` *`b`*", "⟨c *a*⟩ ⟨c b⟩"),
        (
            "<https://a.example/x_y_z|l *m*> *<https://b.example>*",
            "⟨a https://a.example/x_y_z|l *m*⟩ ⟨ba https://b.example⟩",
        ),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("**a**", "**a**"),
    ],
)
def test_marks_of_mrkdwn(mrkdwn: str, expected: str) -> None:
    """A mark counts only where all clients take it for one; where they differ, the line is ambiguous."""
    assert expected == inline(mrkdwn)


def test_blocks_of_mrkdwn() -> None:
    """Lines, items by their indentation, quotes, rules and fences are blocks."""
    shown = read_mrkdwn("a\nb\n\n• c\n  • d\n2. e\n> q\n> • r\n──────────\n```\n*x* &lt;\n\n```\nz")

    assert "p a|p b|- c|  - d|2. e|> p q|> - r|hr|code\n: *x* <\n: |p z" == "|".join(map(str, shown))
    assert "OPEN FENCE" == read_mrkdwn("```\nx")[0].kind


def test_blocks_of_markdown() -> None:
    """Headings, nested and loose items, code in an item, quotes, tables and tags are blocks."""
    markdown = (
        "# h\na  \nb\n\n3. c\n   - d\n\n     e\n\n   ```py\n   x\n   ```\n> > q\n\n|a|\n|-|\n|`b`|\n\n<div>x</div>"
    )

    assert [
        *("h h", "p a ⏎ b", "3. c", "  - d", "    p e", "  code py\n: x", "> > p q", "|= a", "| ⟨c b⟩"),
        "html <div>x</div>",
    ] == [str(block) for block in read_block(markdown)]


@pytest.mark.parametrize(
    ("shown", "is_right"),
    [
        (r"$a^*$ です", True),
        ("`a^*` です", True),
        ("`$a^*$` です", True),
        (r"a^* です", True),
        ("$a^$ です", False),
        ("$a^*$", False),
    ],
)
def test_a_formula_is_text_or_code(shown: str, is_right: bool) -> None:
    """A formula may be shown as text or code, with or without its delimiters, but never without a character."""
    assert is_right is (difference(parse_outline("p ⟨m $a^*$⟩ です"), read_block(shown)) == "")


def test_an_outline_reads_as_it_is_written() -> None:
    """An outline is read and written again without a change."""
    outline = "h a\n- b\n  1. c\n> p q\n|= a ¦ b\n| ⟨c x|y⟩ ¦ ⟨a https://a.example|l⟩\ncode py\n: x\n: \n:  y\nhr\nm z"

    assert outline == "\n".join(map(str, parse_outline(outline)))


def test_mrkdwn_has_fewer_structures() -> None:
    """For mrkdwn a heading is a bold line, a table code, and each line a block."""
    outline = "h a ⟨c b⟩ ⟨i c⟩\np ⟨b d ⏎ e⟩\n|= ⟨b f⟩ ¦ g\n| ⟨a https://a.example|h⟩ ¦\n> > p i"

    assert "p ⟨b a⟩ ⟨c b⟩ ⟨bi c⟩|p ⟨b d⟩|p ⟨b e⟩|code\n: f | g\n: h (https://a.example)|> p i" == "|".join(
        map(str, as_mrkdwn(parse_outline(outline)))
    )


CASE = """=== all
# 見出し

**太字**と [リンク](https://a.example/b) です。

- 一
  - 二

| a | b |
|---|---|
| 1 | 2 |

```py
x = 1
```
===>
h 見出し
p ⟨b 太字⟩と ⟨a https://a.example/b|リンク⟩ です。
- 一
  - 二
|= a ¦ b
| 1 ¦ 2
code py
: x = 1
"""


@pytest.mark.parametrize(
    ("written", "spoilt"),
    [
        ("# 見出し", "見出し"),
        ("**太字**", "太字"),
        ("太字", "太"),
        ("https://a.example/b", "https://a.example/"),
        ("  - 二", "- 二"),
        ("| 1 | 2 |", "| 1 |"),
        ("| 1 | 2 |\n", ""),
        ("x = 1", "x = "),
        ("```py\nx = 1\n```", "x = 1"),
    ],
)
def test_each_fault_of_a_block_is_found(written: str, spoilt: str) -> None:
    """Whatever is lost or changed is a fault, and nothing is without it."""
    (case,) = read_cases(CASE)

    assert "" == whole_fault(case, "markdown")
    assert "" == whole_fault(case, "mrkdwn")
    assert structure_fault(case.expected[0], read_block(case.markdown.replace(written, spoilt)), "markdown")


@pytest.mark.parametrize("shown", ["p", "太字と", "**太字", "# 見出し\n\n太字と\n\nx", "# 見出し\n\n- 太字"])
def test_each_fault_of_a_beginning_is_found(shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a beginning shows and the whole does not is a fault."""
    (case,) = read_cases(CASE)
    assert "" == growing_fault(case, "markdown")
    assert "" == growing_fault(case, "mrkdwn")
    wrong = Shown("x", ({"type": "markdown", "text": shown},))

    with monkeypatch.context() as patch:
        patch.setattr(Layout, "growing", lambda *_: wrong)
        assert growing_fault(case, "markdown")


def test_a_case_may_have_several_outlines() -> None:
    """Each outline of a case is right, and one without is told."""
    assert [Case("a", "x", ("p x\n", "h x\n")), Case("b", "y\n", ())] == read_cases(
        "=== a\nx\n===>\np x\n===>\nh x\n=== b\ny\n\n"
    )
