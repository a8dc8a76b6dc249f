"""slack/markdown/inline_parser.py: one line of Markdown, read and written as mrkdwn."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.markdown.inline_parser import GAP, Span, literal, read, sliced, text_of, written

pytestmark = pytest.mark.pure


def shown(markdown: str) -> str:
    """As Slack gets it, the gaps made visible."""
    return written(read(markdown)).replace(GAP, "·")


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
        ("**a **b**", "**a *b*"),
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
        (r"\*not\* \_this\_ \\", r"*not* _this_ " + "\\"),
        (r"C:\dir", r"C:\dir"),
        ("`code`", "`code`"),
        ("`a < b && **c**`", "`a &lt; b &amp;&amp; **c**`"),
        ("`` a`b ``", "a`b"),
        ("**`code`**", "*`code`*"),
        ("`open", "`open"),
        ("x ``` y", "x `·`` y"),
        ("**a `**` b**", "*a `**` b*"),
    ],
)
def test_marks(markdown: str, expected: str) -> None:
    """Markdown's emphasis and code in mrkdwn; what only looks like it stays as it is."""
    assert expected == shown(markdown)


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
        ("**太*斜*太**", "*太·_斜_·太*"),
        ("これは_強調_です", "これは·_強調_·です"),
        ("資料_最終_版", "資料_最終_版"),
        ("この__init__を", "この__init__を"),
        ("表_v2_を", "表_v2_を"),
        ("*強**調**文*", "_強·*調*·文_"),
        ("**B**old", "*B*·old"),
    ],
)
def test_emphasis_beside_japanese(markdown: str, expected: str) -> None:
    """Slack needs an edge of a word at each mark: where there is none, a space without width makes one."""
    assert expected == shown(markdown)


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
    """Labels and addresses are escaped, each in its way; bare addresses stay whole; what is no link stays text."""
    assert expected == shown(markdown)


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
def test_nothing_written_pings(text: str) -> None:
    """A model that writes Slack's entities writes text."""
    assert "<!" not in shown(text)
    assert "<@" not in shown(text)


def test_a_slice_keeps_marks_and_links() -> None:
    """Wherever a line is cut, what was open is closed, and opened again."""
    spans = read("**bold** [label](https://a.example)")

    assert written(sliced(spans, 0, 2)) == "*bo*"
    assert written(sliced(spans, 2, 7)) == "*ld* <https://a.example|la>"
    assert written(sliced(spans, 7, 99)) == "<https://a.example|bel>"


@given(st.text("ab あ。*_~`[]()!<>&\\\n#:/|.https", max_size=60))
def test_any_line_keeps_its_words(markdown: str) -> None:
    """Letters come through in their order, and slices put together are the whole."""
    spans = read(markdown)
    text = text_of(spans)
    middle = len(text) // 2
    letters = [character for character in markdown if character.isalpha()]

    assert letters == [character for character in text if character.isalpha()] or "](" in markdown
    assert text == text_of(sliced(spans, 0, middle)) + text_of(sliced(spans, middle, len(text)))
    assert all(span.text for span in spans)


@pytest.mark.parametrize(
    "hostile", ["*a ", "**a ", "_a ", "~~a", "[a", "[[b]", "[a](b", "![x]( ", "https://a(", "`a``b```", "<", "\\", "* "]
)
def test_no_line_takes_long(hostile: str) -> None:
    """Thirty thousand characters of half-open markup are read in a moment: nothing here tries twice."""
    began = time.process_time()
    written(read(hostile * (30_000 // len(hostile))))

    assert time.process_time() - began < 2


@given(
    st.text(
        st.sampled_from("\\`*_~[]()<>&|!#:/;@ 漢かa1.-") | st.characters(exclude_categories=["Cs", "Cc"]), min_size=1
    )
)
def test_what_is_literal_is_read_as_it_is(text: str) -> None:
    """A file's name, say: no mark, no link, nothing lost."""
    assert [Span(text)] == read(literal(text))


@pytest.mark.parametrize(
    "name",
    ["http://example.com/a_b*c*", "<!channel>", "&lt;", "**a**", "`a`", "[a](https://example.com)", "a\\*", "<br>"],
)
def test_such_names_are_literal_too(name: str) -> None:
    """Whole tokens, which chance seldom finds."""
    assert [Span(name)] == read(literal(name))
