"""slack/markdown/to_mrkdwn.py: Markdown to mrkdwn, in parts that Slack takes; and Slack's text as a person reads it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.markdown.inline_parser import GAP
from cocoai.slack.markdown.to_mrkdwn import harmless, mrkdwn, parts, plain

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# 見出し", "*見出し*"),
        ("### **Bold** heading ##", "*Bold heading*"),
        ("#hashtag", "#hashtag"),
        ("# C#", "*C#*"),
        ("- a\n* b\n+ c", "• a\n• b\n• c"),
        ("- a\n  - b\n    - c", "• a\n  • b\n    • c"),
        ("1. a\n2) b\n   - c", "1. a\n2) b\n   • c"),
        ("- **a**: b", "• *a*: b"),
        ("> a\n>b\n> > c\n> - d", "> a\n> b\n> c\n> • d"),
        ("---", "─" * 10),
        ("a\n\n* * *\n\nb", "a\n\n" + "─" * 10 + "\n\nb"),
        ("a  \nb\r\nc\rd", "a\nb\nc\nd"),
        ("    indented", "    indented"),
        ("-", "-"),
        ("\n\na\n\n", "a"),
    ],
)
def test_lines(markdown: str, expected: str) -> None:
    """Headings become bold lines, bullets bullets, quotes quotes; indentation is kept."""
    assert expected == mrkdwn(markdown)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("```\na **b** < c\n```", "```\na **b** &lt; c\n```"),
        ("```python\nprint()\n```", "```python\nprint()\n```"),
        ("~~~\n```\n~~~", f"```\n`{GAP}``\n```"),
        ("````\n``` x\n````", f"```\n`{GAP}`` x\n```"),
        ("- a\n  ```\n  x\n    y\n  ```\nb", "• a\n```\nx\n  y\n```\nb"),
        ("```python\nopen", "```python\nopen\n```"),
        ("```python", "```python\n\n```"),
        ("```some words\nx\n```", "```\nsome words\nx\n```"),
        ("```x``` y", "`x` y"),
        ("```\n# no heading\n- no bullet\n\n| a | b |\n```", "```\n# no heading\n- no bullet\n\n| a | b |\n```"),
    ],
)
def test_code(markdown: str, expected: str) -> None:
    """Inside a fence nothing is touched but what Slack demands, and a fence left open is closed."""
    assert expected == mrkdwn(markdown)


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
    """A table stands aligned in a fence, wide characters counted as two; markup inside it is read out."""
    assert expected == mrkdwn(markdown)


# Parts


def test_a_short_text_is_one_part() -> None:
    """What fits is not cut."""
    assert ["*a*\n\nb"] == parts("**a**\n\nb")


@pytest.mark.parametrize("markdown", ["", " \n\t\n", "\u3000"])
def test_nothing_has_no_parts(markdown: str) -> None:
    """Blank text is no message."""
    assert [] == parts(markdown)


@pytest.mark.parametrize("markdown", ["```\n```", "[]()", "# ", "- ", "``", "**", ">", "|", "```py"])
def test_a_text_that_is_not_blank_has_a_part(markdown: str) -> None:
    """Whoever shows a growing reply finds a first part, whatever half of a mark has arrived."""
    assert parts(markdown)[0].strip()


def test_a_part_ends_with_a_paragraph() -> None:
    """Where a paragraph ends in the later half, the part ends there."""
    markdown = "a" * 50 + "\n" + "b" * 20 + "\n\n" + "c" * 20 + "\n" + "d" * 40

    assert ["a" * 50 + "\n" + "b" * 20, "c" * 20 + "\n" + "d" * 40] == parts(markdown, 100)


def test_else_with_a_sentence() -> None:
    """Among lines of one paragraph the one that ends a sentence is the place to stop."""
    markdown = "\n".join(["a" * 30, "b" * 29 + "。", "c" * 30, "d" * 30])

    assert ["a" * 30 + "\n" + "b" * 29 + "。", "c" * 30 + "\n" + "d" * 30] == parts(markdown, 100)


def test_else_with_a_line() -> None:
    """Without any sentence's end the part takes as many lines as fit."""
    assert ["\n".join(["a" * 30] * 3), "a" * 30] == parts("\n".join(["a" * 30] * 4), 100)


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
    """After a sentence, at a space, or anywhere but within a link, an entity or what is one character to the eye."""
    assert expected == parts(line, 100)


def test_a_fence_is_closed_and_opened_again() -> None:
    """Each part shows its code as code, in the same language."""
    code = "\n".join(f"line {n:02} " + "x" * 40 for n in range(6))
    cut = parts(f"```python\n{code}\n```", 150)

    assert len(cut) > 1
    assert all(part.startswith("```python\nline ") and part.endswith("x\n```") for part in cut)
    assert code == "\n".join(part.removeprefix("```python\n").removesuffix("\n```") for part in cut)


def test_an_address_too_long_for_a_link_is_text() -> None:
    """An address that would fill a part can be cut, and is there to the last character."""
    address = "https://a.example/" + "x" * 300
    cut = parts(f"see [the page]({address}) now", 100)

    assert f"see the page ({address}) now".replace(" ", "") == "".join(cut).replace(" ", "")


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
    """Text without spaces, entities, and what rendering may add or take."""
    return re.sub(rf"[\s{GAP}]", "", text)


@given(WORDS, LIMITS)
def test_nothing_of_a_plain_text_is_lost(text: str, limit: int) -> None:
    """Whatever is cut where: put together again, and unescaped, it is all there."""
    cut = parts(text, limit)

    assert bare(html.unescape("".join(cut))) == bare(text)
    assert all(len(part) <= limit for part in cut)


@given(MARKDOWN, LIMITS)
def test_any_markdown_in_parts(markdown: str, limit: int) -> None:
    """Every part is within its limit, whole in itself, and unable to ping; no letter is lost."""
    cut = parts(markdown, limit)
    letters = [character for character in markdown if character in "b漢"]
    seen = html.unescape("".join(cut))

    assert bool(cut) is bool(markdown.strip())
    for part in cut:
        assert len(part) <= limit
        assert part.strip()
        assert part.count("```") % 2 == 0
        assert "<!" not in part
        assert "<@" not in part
        assert part == harmless(part)
        assert not re.search(r"&(?!amp;|lt;|gt;)", part)
        assert re.sub(r"<https://[^<>|]+(?:\|[^<>]+)?>", "", re.sub(r"(?m)^(?:> )+", "", part)).count(">") == 0
    assert len([character for character in seen if character in "b漢"]) >= len(letters)


@given(MARKDOWN)
def test_parts_of_a_text_that_fits_are_the_text(markdown: str) -> None:
    """Where nothing must be cut, parts and mrkdwn say the same."""
    whole = mrkdwn(markdown)

    assert [whole] == parts(markdown, 10_000) or not whole.strip()


# Harmless


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
def test_harmless(text: str, expected: str | None) -> None:
    """Only links and names of channels keep their opening; None: nothing changes."""
    assert (expected or text) == harmless(text)


ENTITIES = st.sampled_from(["<", "!", "@", "#", ">", "|", "&lt;", "https://", "here", "U0ASKER01", " "])


@given(st.lists(ENTITIES).map("".join))
def test_after_harmless_nothing_pings_and_twice_is_once(text: str) -> None:
    """No opening of a ping is left, and there is nothing more to do."""
    safe = harmless(text)

    assert not re.search(r"<[@!]", safe)
    assert safe == harmless(safe)
    assert html.unescape(safe) == html.unescape(text)


# Plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<@U0COCOAI> hello", "hello"),
        ("<@U0COCOAI|cocoai> hello", "hello"),
        ("hey <@U0COCOAI>, hello", "hey, hello"),
        ("a\n<@U0COCOAI> b", "a\n b"),
        ("<@U0COCOAI>", ""),
        ("ask <@U0ASKER01> or <@W0ASKER02|asker>", "ask @U0ASKER01 or @W0ASKER02"),
        ("<#C0PRACTICE|practice> <#C0PRACTICE|> <#C0PRACTICE>", "#practice #C0PRACTICE #C0PRACTICE"),
        ("<!here> <!subteam^S0TEAM|@team> <!subteam^S0TEAM>", "@here @team @S0TEAM"),
        ("<!date^1763822400^{date}|22 November>", "22 November"),
        ("<https://a.example/b?c=1&amp;d=2>", "https://a.example/b?c=1&d=2"),
        ("<https://a.example|the page>", "the page (https://a.example)"),
        ("<https://a.example|https://a.example>", "https://a.example"),
        ("<http://a.example|a.example>", "http://a.example"),
        ("<mailto:a@a.example|a@a.example>", "a@a.example"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
        ("&lt;@U0COCOAI&gt;", "<@U0COCOAI>"),
        (f"これは{GAP}*強調*{GAP}です", "これは*強調*です"),
        ("1 < 2 > 1", "1 < 2 > 1"),
        ("*b* :smile:", "*b* :smile:"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    """Entities are read out, `&amp;` last; our own name is taken off, others are kept."""
    assert expected == plain(text, "U0COCOAI")


def test_plain_with_names() -> None:
    """A mention is read by name where there is one; our own is taken off all the same."""
    names = {"U0ASKER01": "花", "U0COCOAI": "CocoAI"}

    read = plain("<@U0COCOAI> ask <@U0ASKER01> or <@U0OTHER>", "U0COCOAI", lambda user: names.get(user, ""))

    assert "ask @花 or @U0OTHER" == read


def test_plain_without_a_name_of_our_own() -> None:
    """While we do not know who we are, nobody's mention is taken off."""
    assert plain("<@U0COCOAI> hello", None) == "@U0COCOAI hello"


@given(WORDS)
def test_what_we_say_is_read_back(text: str) -> None:
    """A plain text, shown in Slack and read from there again, has the same words."""
    shown = mrkdwn(text)

    assert bare(plain(shown, None)) == bare(text)
