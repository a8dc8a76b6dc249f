"""slack/api/canvas_text.py: the words of a canvas from its HTML, and the login page that is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.api.canvas_text import canvas_text, is_canvas

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

ANN = "U099ABC123"


def words(html: str) -> str:
    """Return the words of a canvas with this content; one of its people has a name."""
    return canvas_text(f'<div class="quip-canvas-content">{html}</div>'.encode(), name_of)


def name_of(user: str) -> str:
    return "Ann" if user == ANN else ""


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h1 id='temp:C:a1'>計画</h1><p id='temp:C:a2' class='line'>金曜日。</p>", "# 計画\n\n金曜日。"),
        ("<h2>B</h2><h3>C</h3><p class='line'>\u200b</p><p class='line'>d</p>", "## B\n\n### C\n\nd"),
        (
            "<p><a href='https://x.com/?a=1&amp;b=2'>here</a>, <b>bold</b>, <del>gone</del> &amp; <code>x</code></p>",
            "[here](https://x.com/?a=1&b=2), **bold**, ~~gone~~ & `x`",
        ),
        ("<p><a href='https://example.com/'>https://example.com/</a></p>", "https://example.com/"),
        (
            "<p><a href='https://q.com/1'><a href='https://x.com/1'>Doc</a></a></p>",
            "[Doc](https://x.com/1)",
        ),
        ("<p>a<br/>b</p><hr style='width:100%'><blockquote>q1<br>q2</blockquote>", "a\nb\n\n---\n\n> q1\n> q2"),
        (
            "<div data-section-style='5'><ul><li>A<br/></li><ul><li>B</li></ul><li>C</li></ul></div><p>d</p>",
            "- A\n  - B\n- C\n\nd",
        ),
        (
            "<div data-section-style='6'><ul><li>A</li><ul><li>i</li><li>ii</li></ul><li>B</li></ul></div>",
            "1. A\n  1. i\n  2. ii\n2. B",
        ),
        (
            "<div data-section-style='7'><ul><li class='checked parent'>A<br/></li><ul><li>i</li></ul></ul></div>",
            "- [x] A\n  - [ ] i",
        ),
        ("<ol><li>A</li><li>B</li></ol>", "1. A\n2. B"),
        (
            "<table><tr><td><p>A|B</p></td><td><h1>C</h1></td></tr><tr><td>1<br/>2</td><td>\u200b</td></tr></table><p>d</p>",
            "| A\\|B | C |\n| --- | --- |\n| 1 2 |  |\n\nd",
        ),
        (
            "<pre class='prettyprint'>def f():<br/>    <i>return</i> 1<br/><br/><br/>&lt;x&gt;</pre>",
            "```\ndef f():\n    return 1\n\n\n<x>\n```",
        ),
        (
            f"<p><@{ANN}>, <control data-remapped='true'><a>@U023L3A4UKX</a></control>, <@U0OTHER01|o></p>",
            "@Ann, @someone, @someone",
        ),
        ("<p>in <control><a>#CNMU9L92Q</a></control>, <#C0CHANNEL1|sales></p>", "in #(a channel), #sales"),
        (
            "<p>File ID: F08TY7 File URL: https://t.slack.com/files/U0/a%20b.gif</p><p>File ID: sf:F08TRANSCRIPT</p>",
            "[file: a b.gif]\n\n[file]",
        ),
        (
            "<p><control><img src='e' alt='+1' data-is-slack>:+1:</img></control> <img src='x' alt='chart'></p>",
            ":+1: [image: chart]",
        ),
        (
            "<script>alert('x')</script><style>p{}</style><!-- no --><p>yes</p><template>no</template>",
            "yes",
        ),
        ("<p>1 < 2 & 3 > 2</p>", "1 < 2 & 3 > 2"),
        ("<unknown><p>kept</p></unknown>", "kept"),
        ("", ""),
    ],
)
def test_a_canvas_becomes_markdown(html: str, expected: str) -> None:
    """Headings, lists, tables, checkboxes, links and code are readable; no id, script or style is left."""
    assert expected == words(html)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (b'<div class="quip-canvas-content"><p>x</p></div>', True),
        (b"<!DOCTYPE html><html><body><main><p class='line'>x</p></main></body></html>", True),
        (b"<h1 id='temp:C:BVF3'>x</h1>", True),
        (b"<p>x</p>", True),
        (b"", True),
        (b"<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body></body></html>", False),
        (b"<html><form data-qa='signin'></form></html>", False),
        (b"\n<form action='/signin'><input name='email'></form>", False),
    ],
)
def test_a_login_page_is_no_canvas(html: bytes, expected: bool) -> None:
    """A whole page without Quip's marks is the login page; a fragment is a canvas."""
    assert expected == is_canvas(html)


HOSTILE = (
    *(b"<!--", b"<a href='", b"</", b"<![CDATA[", b"<?", b"&#", b"<ul>", b"<script>"),
    *(b"<p a=b ", b"<table><tr><td>", b'<a x=">'),
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_html_is_read_without_delay(hostile: bytes) -> None:
    """A megabyte of what nothing closes is read to its end: in quadratic time that would take hours."""
    canvas_text(hostile * (1_000_000 // len(hostile)), name_of)


TAGS = (
    *(
        "<ul>",
        "</ul>",
        "<li>",
        "<td>",
        "<tr>",
        "</table>",
        "<table>",
        "<pre>",
        "</pre>",
        "</a>",
        "<a href='https://x'>",
    ),
    *("<div>", "</div>", "x", " ", "<br/>", "</blockquote>", "<blockquote>", "<h1>", "</td>", "</li>"),
)


@given(st.lists(st.sampled_from(TAGS)))
def test_any_tags_in_any_order_can_be_read(pieces: list[str]) -> None:
    """Tags that are opened or closed in any order are read without an error, and nothing is repeated."""
    html = "".join(pieces)

    assert canvas_text(html.encode(), name_of).count("x") <= html.count("x") * 2
