"""Tests for slack/markdown/inline_parser.py: one line of Markdown, parsed and rendered as mrkdwn."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.markdown.inline_parser import (
    ZWSP,
    Inline,
    escape_markdown,
    parse_inlines,
    render_mrkdwn,
    slice_inlines,
    text_of,
)

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def rendered(markdown: str) -> str:
    """Return the mrkdwn that Slack gets, with `·` for each ZWSP."""
    return render_mrkdwn(parse_inlines(markdown)).replace(ZWSP, "·")


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("plain", "plain"),
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        ("&lt;b&gt; &amp; &quot;&#39;", "&lt;b&gt; &amp; \"'"),
        ("&copy; &lt", "&amp;copy; &amp;lt"),
        ("`&lt;`", "`&amp;lt;`"),
        ("**bold** __bold__", "*bold* *bold*"),
        ("*italic* _italic_", "_italic_ _italic_"),
        ("***both*** ___both___", "*_both_* *_both_*"),
        ("~~gone~~", "~gone~"),
        ("**bold *and* both**", "*bold _and_ both*"),
        ("**bold *and***", "*bold _and_*"),
        ("*it **and***", "_it *and*_"),
        ("**a** **b**", "*a* *b*"),
        ("~~**a**~~", "~*a*~"),
        ("**a **b**", "**·a *b*"),
        ("**a *b**", "*a *·b*"),
        ("**a *b **c* d**", "**·a _b **·c_ d·**"),
        ("**Note**: so", "*Note*: so"),
        ("(**so**)", "(*so*)"),
        ("** no **", "** no **"),
        ("**open", "**open"),
        ("closed**", "closed**"),
        ("2*3*4 and 2**3", "2*3*4 and 2**3"),
        ("5 * 6 * 7", "5 * 6 * 7"),
        ("snake_case_name", "snake_case_name"),
        ("****", "****"),
        ("3~5、7~9", "3~5、7~9"),
        (r"\*not\* \_this\_ \\", r"*·not·* _·this·_ " + "\\"),
        (r"C:\dir", r"C:\dir"),
        ("`code`", "`code`"),
        ("`a < b && **c**`", "`a &lt; b &amp;&amp; **c**`"),
        ("`` a`b ``", "`aˋb`"),
        ("**`code`**", "*`code`*"),
        ("`open", "`open"),
        ("x ``` y", "x `·`` y"),
        ("**a `**` b**", "*a `**` b*"),
    ],
)
def test_emphasis_and_code(markdown: str, expected: str) -> None:
    """Markdown's emphasis and code spans become mrkdwn's; what only looks like them stays text."""
    assert expected == rendered(markdown)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("これは**強調**です", "これは·*強調*·です"),
        ("**強調**です", "*強調*·です"),
        ("これは**強調**", "これは·*強調*"),
        ("これは **強調** です", "これは *強調* です"),
        ("**「強調」**は", "*「強調」*·は"),
        ("、**強調**。", "、·*強調*·。"),
        ("**重要。**次", "*重要。*·次"),
        ("これは*斜体*です", "これは·_斜体_·です"),
        ("これは`code`です", "これは·`code`·です"),
        ("これは~~誤り~~です", "これは·~誤り~·です"),
        ("APIの**キー**です", "APIの·*キー*·です"),
        ("API**キー**です", "API·*キー*·です"),
        ("**太***斜*", "*太*·_斜_"),
        ("**太い*斜*体**", "*太い·_斜_·体*"),
        ("これは_強調_です", "これは·_強調_·です"),
        ("資料_最終_版", "資料_最終_版"),
        ("この__init__を", "この·__·init·__·を"),
        ("表_v2_を", "表_v2_を"),
        ("*強**調**文*", "_強·*調*·文_"),
        ("**B**old", "*B*·old"),
    ],
)
def test_emphasis_beside_japanese(markdown: str, expected: str) -> None:
    """Where Slack would not see a delimiter, since there is no edge of a word, a ZWSP makes one."""
    assert expected == rendered(markdown)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("[a](https://a.example)", "<https://a.example|a>"),
        ("[a & <b>](https://a.example/?x=1&y=2)", "<https://a.example/?x=1&amp;y=2|a &amp; &lt;b&gt;>"),
        ("[a](https://a.example/x|y)", "<https://a.example/x%7Cy|a>"),
        ("[**a**](https://a.example)", "*<https://a.example|a>*"),
        ("**[a](https://a.example)**", "*<https://a.example|a>*"),
        ("[a *b*](https://a.example)", "<https://a.example|a b>"),
        ("[a [b] c](https://a.example)", "<https://a.example|a [b] c>"),
        ('[a](https://a.example "title")', "<https://a.example|a>"),
        ("[a](<https://a.example/x y>)", "<https://a.example/x%20y|a>"),
        ("[a](https://a.example/b_(c))", "<https://a.example/b_(c)|a>"),
        ("[](https://a.example)", "<https://a.example>"),
        ("[https://a.example](https://a.example)", "<https://a.example>"),
        ("![](https://a.example/i.png)", "<https://a.example/i.png>"),
        ("![alt](https://a.example/i.png)", "<https://a.example/i.png|alt>"),
        ("[a](/relative)", "a (/relative)"),
        ("[a](javascript:alert)", "a (javascript:alert)"),
        ("[a](mailto:a@a.example)", "<mailto:a@a.example|a>"),
        ("<https://a.example>", "<https://a.example>"),
        ("<mailto:a@a.example>", "<mailto:a@a.example|a@a.example>"),
        ("https://a.example/b_c_d?x=1&y=2.", "<https://a.example/b_c_d?x=1&amp;y=2>."),
        ("見て: https://a.example/b。次", "見て: <https://a.example/b>。次"),
        ("https://a.exampleを見て", "<https://a.example>を見て"),
        ("(https://a.example/b_(c))", "(<https://a.example/b_(c)>)"),
        ("**https://a.example/**", "*<https://a.example/>*"),
        ("`https://a.example`", "`https://a.example`"),
        ("[a]", "[a]"),
        ("[a] (b)", "[a] (b)"),
        ("[a](https://a.example", "[a](<https://a.example>"),
    ],
)
def test_links(markdown: str, expected: str) -> None:
    """Labels and addresses are escaped, each in its way; bare addresses stay whole; other targets stay text."""
    assert expected == rendered(markdown)


@pytest.mark.parametrize(
    "text",
    [
        "<!channel>",
        "<!here|x>",
        "<@U0ASKER01>",
        "<!subteam^S0TEAM>",
        "[x](<@U0ASKER01>)",
        "[<!here>](https://a.example)",
    ],
)
def test_slack_s_mentions_become_text(text: str) -> None:
    """A mention in Slack's own syntax, written by the model, is escaped."""
    assert "<!" not in rendered(text)
    assert "<@" not in rendered(text)


def test_a_slice_keeps_delimiters_and_links() -> None:
    """Wherever a line is cut, delimiters and links are closed there, and opened again in the next slice."""
    inlines = parse_inlines("**bold** [label](https://a.example)")

    assert render_mrkdwn(slice_inlines(inlines, 0, 2)) == "*bo*"
    assert render_mrkdwn(slice_inlines(inlines, 2, 7)) == "*ld* <https://a.example|la>"
    assert render_mrkdwn(slice_inlines(inlines, 7, 99)) == "<https://a.example|bel>"


@given(st.text("ab あ。*_~`[]()!<>&\\\n#:/|.https", max_size=60))
def test_any_line_keeps_its_words(markdown: str) -> None:
    """No letter is lost or moved, slices joined are the whole text, and no inline is empty."""
    inlines = parse_inlines(markdown)
    text = text_of(inlines)
    middle = len(text) // 2
    letters = [character for character in markdown if character.isalpha()]

    assert letters == [character for character in text if character.isalpha()] or "](" in markdown
    assert text == text_of(slice_inlines(inlines, 0, middle)) + text_of(slice_inlines(inlines, middle, len(text)))
    assert all(inline.text for inline in inlines)


@pytest.mark.parametrize(
    "hostile", ["*a ", "**a ", "_a ", "~~a", "[a", "[[b]", "[a](b", "![x]( ", "https://a(", "`a``b```", "<", "\\", "* "]
)
def test_parsing_takes_linear_time(hostile: str) -> None:
    """30,000 characters of half-open markup are parsed and rendered within 2 seconds of CPU."""
    began = time.process_time()
    render_mrkdwn(parse_inlines(hostile * (30_000 // len(hostile))))

    assert time.process_time() - began < 2


@given(
    st.text(
        st.sampled_from("\\`*_~[]()<>&|!#:/;@ 漢かa1.-") | st.characters(exclude_categories=["Cs", "Cc"]), min_size=1
    )
)
def test_escaped_text_is_parsed_as_it_is(text: str) -> None:
    """Text that is escaped has no delimiter and no link, and nothing of it is lost."""
    assert [Inline(text)] == parse_inlines(escape_markdown(text))


@pytest.mark.parametrize(
    "name",
    ["http://example.com/a_b*c*", "<!channel>", "&lt;", "**a**", "`a`", "[a](https://example.com)", "a\\*", "<br>"],
)
def test_escaped_tokens_are_parsed_as_they_are(name: str) -> None:
    """Whole tokens, which random text seldom has, are text when they are escaped."""
    assert [Inline(name)] == parse_inlines(escape_markdown(name))
