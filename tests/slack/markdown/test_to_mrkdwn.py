"""Tests for slack/markdown/to_mrkdwn.py: Markdown as mrkdwn, in messages; and Slack's own text as plain text."""

from __future__ import annotations

import html
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.markdown.block_parser import normalize_markdown
from cocoai.slack.markdown.inline_parser import ZWSP
from cocoai.slack.markdown.repairs import repaired_blocks
from cocoai.slack.markdown.split import join_lines
from cocoai.slack.markdown.to_mrkdwn import escape_pings, mrkdwn_lines, mrkdwn_messages
from cocoai.slack.model.plain_text import plain_text

pytestmark = pytest.mark.pure


def rendered(markdown: str) -> str:
    """Return all of `markdown` as mrkdwn, uncut."""
    return join_lines(mrkdwn_lines(repaired_blocks(normalize_markdown(markdown)), sys.maxsize))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# 見出し", "*見出し*"),
        ("### **Bold** heading ##", "*Bold heading*"),
        ("#hashtag", "#hashtag"),
        ("# C#", "*C#*"),
        ("- a\n* b\n+ c", "• a\n• b\n• c"),
        ("- a\n  - b\n    - c", "• a\n  • b\n    • c"),
        ("\t- a\n" + " " * 20 + "- b", "• a\n  • b"),
        ("1. a\n2) b\n   - c", "1. a\n2) b\n   • c"),
        ("- **a**: b", "• *a*: b"),
        ("> a\n>b\n> > c\n> - d", "> a\n> b\n> c\n> • d"),
        ("---", "─" * 10),
        ("a\n\n* * *\n\nb", "a\n\n" + "─" * 10 + "\n\nb"),
        ("a  \nb\r\nc\rd", "a\nb\nc\nd"),
        ("    indented", "```\nindented\n```"),
        ("-", "-"),
        ("\n\na\n\n", "a"),
    ],
)
def test_lines(markdown: str, expected: str) -> None:
    """Headings become bold lines, list markers bullets, quotes of any depth one quote; indentation is kept."""
    assert expected == rendered(markdown)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("```\na **b** < c\n```", "```\na **b** &lt; c\n```"),
        ("```python\nprint()\n```", "```python\nprint()\n```"),
        ("~~~\n```\n~~~", f"```\n`{ZWSP}``\n```"),
        ("````\n``` x\n````", f"```\n`{ZWSP}`` x\n```"),
        ("- a\n  ```\n  x\n    y\n  ```\nb", "• a\n```\nx\n  y\n```\nb"),
        ("```python\nopen", "```python\nopen\n```"),
        ("```python", "```python\n\n```"),
        ("```some words\nx\n```", "```\nsome words\nx\n```"),
        ("```x``` y", "`x` y"),
        ("```\n# no heading\n- no bullet\n\n| a | b |\n```", "```\n# no heading\n- no bullet\n\n| a | b |\n```"),
    ],
)
def test_code(markdown: str, expected: str) -> None:
    """Within a fence only Slack's own characters are escaped, and a fence left open is closed."""
    assert expected == rendered(markdown)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("| a | bb |\n|---|:-:|\n| ccc | d |", "```\na   | bb\n--- | --\nccc | d\n```"),
        ("a|b\n-|-\n1|2\nend", "```\na | b\n- | -\n1 | 2\n```\nend"),
        ("|名前|x|\n|-|-|\n|猫|1|", "```\n名前 | x\n---- | -\n猫   | 1\n```"),
        (
            "|**a**|[b](https://b.example)|\n|-|-|",
            "```\na | b (https://b.example)\n- | ---------------------\n```",
        ),
        ("|a|b|\n|-|-|\n|1|\n|1|2|3|", "```\na | b |\n- | - | -\n1 |   |\n1 | 2 | 3\n```"),
        ("|a \\| b|c|\n|-|-|", "```\na | b | c\n----- | -\n```"),
        ("a | b\nc | d", "a | b\nc | d"),
    ],
)
def test_tables(markdown: str, expected: str) -> None:
    """A table is shown in a fence, its columns aligned, a wide character as two columns, and without markup."""
    assert expected == rendered(markdown)


# Messages


def test_a_short_text_is_one_message() -> None:
    """A text that fits is not cut."""
    assert ["*a*\n\nb"] == mrkdwn_messages("**a**\n\nb", 100)


@pytest.mark.parametrize("markdown", ["", " \n\t\n", "\u3000"])
def test_a_blank_text_has_no_message(markdown: str) -> None:
    """A text of nothing but white space has no message."""
    assert [] == mrkdwn_messages(markdown, 100)


@pytest.mark.parametrize("markdown", ["```\n```", "[]()", "# ", "- ", "``", "**", ">", "|", "```py"])
def test_markup_around_nothing_has_a_message(markdown: str) -> None:
    """A text that is not blank has a first message that is not blank, even if it is only markup."""
    assert mrkdwn_messages(markdown, 100)[0].strip()


def test_a_message_ends_with_a_paragraph() -> None:
    """If a paragraph ends in a message's later half, the message ends there."""
    markdown = "a" * 50 + "\n" + "b" * 20 + "\n\n" + "c" * 20 + "\n" + "d" * 40

    assert ["a" * 50 + "\n" + "b" * 20, "c" * 20 + "\n" + "d" * 40] == mrkdwn_messages(markdown, 100)


def test_a_message_without_a_paragraph_s_end_ends_with_a_sentence() -> None:
    """Within one paragraph a message ends after the last line that ends a sentence."""
    markdown = "\n".join(["a" * 30, "b" * 29 + "。", "c" * 30, "d" * 30])

    assert ["a" * 30 + "\n" + "b" * 29 + "。", "c" * 30 + "\n" + "d" * 30] == mrkdwn_messages(markdown, 100)


def test_a_message_without_a_sentence_s_end_ends_with_a_line() -> None:
    """Without any sentence's end a message takes as many lines as fit."""
    assert ["\n".join(["a" * 30] * 3), "a" * 30] == mrkdwn_messages("\n".join(["a" * 30] * 4), 100)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("あ" * 60 + "。" + "い" * 60 + "。", ["あ" * 60 + "。", "い" * 60 + "。"]),
        ("「" + "あ" * 60 + "。」" + "い" * 60, ["「" + "あ" * 60 + "。」", "い" * 60]),
        ("A" * 60 + ". " + "b" * 60 + ".", ["A" * 60 + ".", "b" * 60 + "."]),
        ("pi is 3." + "1" * 60 + " " + "b" * 60, ["pi is 3." + "1" * 60, "b" * 60]),
        ("a" * 150, ["a" * 100, "a" * 50]),
        ("あ" * 100 + "、い", ["あ" * 99, "あ、い"]),
        ("**" + "あ" * 60 + "。" + "い" * 60 + "**", ["*" + "あ" * 60 + "。*", "*" + "い" * 60 + "*"]),
        ("- " + "a" * 60 + " " + "b" * 60, ["• " + "a" * 60, "  " + "b" * 60]),
        ("> " + "a" * 60 + " " + "b" * 60, ["> " + "a" * 60, "> " + "b" * 60]),
        ("<" * 40, ["&lt;" * 25, "&lt;" * 15]),
        ("a" * 70 + "[" + "b" * 40 + "](https://b.example)", ["a" * 70, "<https://b.example|" + "b" * 40 + ">"]),
        ("a" * 70 + "`" + "b" * 40 + "`", ["a" * 70, "`" + "b" * 40 + "`"]),
        ("a" * 99 + "e\u0301" + "b", ["a" * 99, "e\u0301b"]),
        ("a" * 98 + "👩‍👩‍👧b", ["a" * 98, "👩‍👩‍👧b"]),
        ("a" * 99 + "🇯🇵", ["a" * 99, "🇯🇵"]),
        ("a" * 99 + "👍🏽", ["a" * 99, "👍🏽"]),
    ],
)
def test_a_long_line_is_cut_where_a_reader_pauses(line: str, expected: list[str]) -> None:
    """A long line is cut after a sentence, at a space, or anywhere outside links, entities and grapheme clusters."""
    assert expected == mrkdwn_messages(line, 100)


def test_a_fence_is_closed_and_opened_again() -> None:
    """Each message shows its part of the code as code, in the same language."""
    code = "\n".join(f"line {n:02} " + "x" * 40 for n in range(6))
    messages = mrkdwn_messages(f"```python\n{code}\n```", 150)

    assert len(messages) > 1
    assert all(part.startswith("```python\nline ") and part.endswith("x\n```") for part in messages)
    assert code == "\n".join(part.removeprefix("```python\n").removesuffix("\n```") for part in messages)


@pytest.mark.parametrize(("header", "is_repeated"), [("h", True), ("h" * 9, True), ("h" * 30, False)])
def test_a_table_s_header_is_repeated_unless_it_is_long(header: str, is_repeated: bool) -> None:
    """Each message of a table has its header, unless that would take over a quarter of the message."""
    first, *others = mrkdwn_messages(f"|{header}|\n|-|\n" + "|x|\n" * 60, 100)

    assert first.startswith(f"```\n{header}\n-")
    assert others
    assert all(other.startswith(f"```\n{header}\n-" if is_repeated else "```\nx") for other in others)
    assert 60 == sum(other.count("x") for other in (first, *others))


def test_an_address_too_long_for_a_link_is_text() -> None:
    """An address that would fill a message is shown as text, which is cut, with no character lost."""
    address = "https://a.example/" + "x" * 300
    messages = mrkdwn_messages(f"see [the page]({address}) now", 100)

    assert f"see the page ({address}) now".replace(" ", "") == "".join(messages).replace(" ", "")


def test_a_link_that_just_fits_stays_a_link() -> None:
    """A line that fills a message is not cut, and its long address stays a link."""
    address = "https://a.example/" + "x" * 30
    label = "b" * (100 - len(f"<{address}|>"))

    assert [f"<{address}|{label}>"] == mrkdwn_messages(f"[{label}]({address})", 100)
    assert 1 < len(mrkdwn_messages(f"[{label}b]({address})", 100))


WORDS = st.text("abc あいう漢字。、.!?「」 \n👍🇯🇵é\u0301&<'\"", max_size=400)
MARKDOWN = st.lists(
    st.sampled_from(
        ["**", "*", "_", "~~", "`", "```", "```python\n", "\n", "\n\n", "# ", "- ", "  - ", "1. ", "> ", "|", "|-|-|\n"]
    )
    | st.sampled_from(["[a](https://a.example/b?c=d&e=f)", "https://a.example/b", "<!channel>", "<@U0ASKER01>"])
    | st.text("ab あ漢。. &<>!\\[]()", max_size=40),
    max_size=60,
).map("".join)
LIMITS = st.integers(100, 400)


def bare(text: str) -> str:
    """Return text without white space and ZWSP, which rendering and cutting may add or remove."""
    return re.sub(rf"[\s{ZWSP}]", "", text)


@given(WORDS, LIMITS)
def test_nothing_of_a_plain_text_is_lost(text: str, limit: int) -> None:
    """Messages of plain text are within the limit, and joined and unescaped they are the text."""
    messages = mrkdwn_messages(text, limit)

    assert bare(html.unescape("".join(messages))) == bare(text)
    assert all(len(part) <= limit for part in messages)


@given(MARKDOWN, LIMITS)
def test_any_markdown_in_messages(markdown: str, limit: int) -> None:
    """Every message is within its limit, has no open fence, and cannot ping; no letter is lost."""
    messages = mrkdwn_messages(markdown, limit)
    letters = [character for character in markdown if character in "b漢"]
    seen = html.unescape("".join(messages))

    assert bool(messages) is bool(markdown.strip())
    for part in messages:
        assert len(part) <= limit
        assert part.strip()
        assert part.count("```") % 2 == 0
        assert "<!" not in part
        assert "<@" not in part
        assert part == escape_pings(part)
        assert not re.search(r"&(?!amp;|lt;|gt;)", part)
        assert re.sub(r"<https://[^<>|]+(?:\|[^<>]+)?>", "", re.sub(r"(?m)^(?:> )+", "", part)).count(">") == 0
    assert len([character for character in seen if character in "b漢"]) >= len(letters)


@given(MARKDOWN)
def test_a_text_that_fits_is_not_changed_by_splitting(markdown: str) -> None:
    """A text that fits into one message is that message, just as it is rendered."""
    whole = rendered(markdown)

    assert [whole] == mrkdwn_messages(markdown, 10_000) or not whole.strip()


# Pings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<!channel> <!here> <!everyone>", "&lt;!channel> &lt;!here> &lt;!everyone>"),
        ("<!here|here> <!subteam^S0TEAM|@team>", "&lt;!here|here> &lt;!subteam^S0TEAM|@team>"),
        ("<@U0ASKER01> <@W0ASKER01|asker>", "&lt;@U0ASKER01> &lt;@W0ASKER01|asker>"),
        ("<<!channel>> < !channel> <\u200b@U0ASKER01>", "&lt;&lt;!channel>> &lt; !channel> &lt;\u200b@U0ASKER01>"),
        ("<https://a.example|<!here>>", "<https://a.example|&lt;!here>>"),
        ("<https://a.example|a> <mailto:a@a.example> <#C0PRACTICE|practice>", None),
        ("<HTTPS://a.example>", None),
        ("&lt;!channel&gt; *b* `c` > q", None),
    ],
)
def test_escape_pings(text: str, expected: str | None) -> None:
    """Only links and channels keep their `<`; an expected None means that nothing changes."""
    assert (expected or text) == escape_pings(text)


PIECES = st.sampled_from(["<", "!", "@", "#", ">", "|", "&lt;", "https://", "here", "U0ASKER01", " "])


@given(st.lists(PIECES).map("".join))
def test_escaping_pings_twice_changes_nothing(text: str) -> None:
    """Once pings are escaped none is left, escaping again changes nothing, and the text reads as before."""
    safe = escape_pings(text)

    assert not re.search(r"<[@!]", safe)
    assert safe == escape_pings(safe)
    assert html.unescape(safe) == html.unescape(text)


@given(WORDS)
def test_plain_text_reverses_rendering(text: str) -> None:
    """A plain text that is rendered, posted, and read from Slack again has the same words."""
    shown = rendered(text)

    assert bare(plain_text(shown, None)) == bare(text)
