"""Markdown as the page renders it: as CommonMark and GitHub's tables define it."""

from __future__ import annotations

import html
import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
from markdown_it import MarkdownIt

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.page_reader import Reader

pytestmark = [pytest.mark.browser, pytest.mark.long]

LINK = ' target="_blank" rel="noopener noreferrer"'
PRE = '<div class="code">{}<pre tabindex="0"><code>'
TASK = '<li class="task"><span class="tick">{}</span>'
TABLE = """
<div class="wide" tabindex="0" role="group" aria-label="Table"><table>
<thead><tr><th>a</th><th class="center">b</th><th class="right">c</th></tr></thead>
<tbody><tr><td><code>1</code></td><td class="center"><strong>2</strong></td><td class="right">3|4</td></tr>
<tr><td>5</td><td class="center"></td><td class="right"></td></tr></tbody></table></div>""".replace("\n", "")
MARKDOWN = [
    (
        "**b** __b__ *i* _i_ ~~s~~ `c`",
        "<p><strong>b</strong> <strong>b</strong> <em>i</em> <em>i</em> <s>s</s> <code>c</code></p>",
    ),
    ("***bi*** **b _i_ b**", "<p><em><strong>bi</strong></em> <strong>b <em>i</em> b</strong></p>"),
    (r"\*no\* \`no\` \# C:\dir", r"<p>*no* `no` # C:\dir</p>"),
    ("~s~ 10~20 ~~~x", "<p>~s~ 10~20 ~~~x</p>"),
    ("**「強調」**は", "<p>**「強調」**は</p>"),
    ("**\u200b「強調」\u200b**は", "<p><strong>\u200b「強調」\u200b</strong>は</p>"),
    ("日本語**太字**です。snake_case_name", "<p>日本語<strong>太字</strong>です。snake_case_name</p>"),
    ("日本語_斜体_です", "<p>日本語_斜体_です</p>"),
    (
        "# One\n###### Six #\nTwo\n---",
        '<h3 class="heading">One</h3><h3 class="heading">Six</h3><h3 class="heading">Two</h3>',
    ),
    ("#no heading", "<p>#no heading</p>"),
    ("a\nb  \nc\\\nd\n\ne", "<p>a<br>b<br>c<br>d</p><p>e</p>"),
    (
        "- a\n  - b\n    1. c\n- d",
        "<ul><li><p>a</p><ul><li><p>b</p><ol><li><p>c</p></li></ol></li></ul></li><li><p>d</p></li></ul>",
    ),
    (
        "3. a\n4. b\n\n* c\n+ d",
        '<ol start="3"><li><p>a</p></li><li><p>b</p></li></ol><ul><li><p>c</p></li></ul><ul><li><p>d</p></li></ul>',
    ),
    ("text\n- a\ntext\n2. b", '<p>text</p><ul><li><p>a<br>text</p></li></ul><ol start="2"><li><p>b</p></li></ol>'),
    (
        "- [x] done\n- [ ] todo",
        f"<ul>{TASK.format('☑')}<p>done</p></li>{TASK.format('☐')}<p>todo</p></li></ul>",
    ),
    ("in\n1984. It was", "<p>in<br>1984. It was</p>"),
    ("> a\nb\n> > c\n\nd", "<blockquote><p>a<br>b</p><blockquote><p>c</p></blockquote></blockquote><p>d</p>"),
    ("a\n\n***\n- - -\nb", "<p>a</p><hr><hr><p>b</p>"),
    (
        "```python title\n**x** <b> &amp;\n\n  y\n```\nz",
        PRE.format('<span class="language">python</span>')
        + "**x** &lt;b&gt; &amp;amp;\n\n  y</code></pre></div><p>z</p>",
    ),
    ("~~~\n```\n~~~\n````\n```\n````", (PRE.format("") + "```</code></pre></div>") * 2),
    ("``` open\nx", PRE.format('<span class="language">open</span>') + "x</code></pre></div>"),
    ("    a\n\n      b\nc", PRE.format("") + "a\n\n  b</code></pre></div><p>c</p>"),
    ("`` a`b `` ` x ` `open", "<p><code>a`b</code> <code>x</code> `open</p>"),
    ("|a|b|c|\n|:-|:-:|-:|\n|`1`|**2**|3\\|4|\n|5|\n\nend", f"{TABLE}<p>end</p>"),
    ("text\n|a|b|\n|-|-|\n|1|2|", "<p>text<br>|a|b|<br>|-|-|<br>|1|2|</p>"),
    ("|a|b|\n|-|\n", "<p>|a|b|<br>|-|</p>"),
    ('[a *b*](https://a.example/x(y) "t")c', '<p><a href="https://a.example/x(y)"{0}>a <em>b</em></a>c</p>'),
    ("![logo](https://a.example/l.png)", '<p><a href="https://a.example/l.png"{0}>logo</a></p>'),
    ("[![i](https://a.example/i)](https://a.example/)", '<p><a href="https://a.example/"{0}>i</a></p>'),
    ("[https://a.example/](https://b.example/)", '<p><a href="https://b.example/"{0}>https://a.example/</a></p>'),
    (
        "(https://a.example/b_c_d?x=1&amp;y=2).",
        '<p>(<a href="https://a.example/b_c_d?x=1&amp;y=2"{0}>https://a.example/b_c_d?x=1&amp;y=2</a>).</p>',
    ),
    (
        "https://a.example/。です",
        '<p><a href="https://a.example/。です"{0}>https://a.example/。です</a></p>',
    ),
    (
        "<https://a.example/>です <https://a.example/|あ>",
        '<p><a href="https://a.example/"{0}>https://a.example/</a>です <a href="https://a.example/"{0}>あ</a></p>',
    ),
    (
        "<@U0COCOAI> <!here> <\u200b!here>",
        '<p><span class="mention">@CocoAI</span> <span class="mention ping">@here</span> &lt;\u200b!here&gt;</p>',
    ),
    (":cat: 10:30:00 &lt;b&gt; &copy;", "<p>🐱 10:30:00 &lt;b&gt; &amp;copy;</p>"),
    ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    ('<img src=x onerror="alert(1)">', '<p>&lt;img src=x onerror="alert(1)"&gt;</p>'),
    ("[x](javascript:alert(1)) ![x](data:text/html,y)", "<p>[x](javascript:alert(1)) ![x](data:text/html,y)</p>"),
    (
        '[x](https://a.example/"onclick="alert(1))',
        '<p><a href="https://a.example/&quot;onclick=&quot;alert(1)"{0}>x</a></p>',
    ),
    ("\x00\x1b[31m\u202ered\u202c", "<p>\x00\x1b[31m\u202ered\u202c</p>"),
    ("a\r\nb\rc", "<p>a<br>b<br>c</p>"),
    ("", ""),
]


def rendered(reader: Reader, texts: Sequence[str], script: str = "return holder.innerHTML") -> list[Any]:
    """Return the result of `script` for each text, rendered into `holder`."""
    results: list[Any] = reader.browser.execute_async_script(
        f"""
        const [texts, done] = arguments;
        import("/markdown.js").then(({{ render }}) => done(texts.map((text) => {{
          const holder = document.createElement("div");
          holder.append(render(text, {{ U0COCOAI: {{ name: "CocoAI" }} }}));
          {script};
        }})));
        """,
        list(texts),
    )
    return results


def test_markdown(reader: Reader, slack: PracticeSlack) -> None:
    """Markdown is rendered as Slack does; other text is shown literally, and adds no elements of its own."""
    reader.opens(slack.url)
    texts = [text for text, _ in MARKDOWN]
    results = rendered(reader, texts)

    assert [(text, markup.replace("{0}", LINK)) for text, markup in MARKDOWN] == list(zip(texts, results, strict=True))


def mixtures(seed: int, pieces: Sequence[str], count: int) -> list[str]:
    """Return so many random mixtures of the pieces."""
    chance = random.Random(seed)
    return ["x" + "".join(chance.choices(pieces, k=chance.randint(2, 14))) + "x" for _ in range(count)]


def test_emphasis_as_in_commonmark(reader: Reader, slack: PracticeSlack) -> None:
    """For 3,000 mixtures of markers, letters and Japanese punctuation, a reference parser has the same result."""
    texts = mixtures(5, ["*", "**", "_", "__", "***", "a", "漢", "「", "」", "。", " ", "`", "(", "\u200b"], 3000)
    reader.opens(slack.url)
    reference = MarkdownIt("commonmark")

    assert [f"<p>{reference.renderInline(text)}</p>" for text in texts] == rendered(reader, texts)


def test_blocks_as_in_commonmark(reader: Reader, slack: PracticeSlack) -> None:
    """For 1,000 mixtures of lines, a reference parser has the same lists, quotes, headings and fences."""
    pieces = [
        "- a\n",
        "  - b\n",
        "1. c\n",
        "   d\n",
        "> e\n",
        "7. j\n",
        "# f\n",
        "\n",
        "g\n",
        "```\nh\n```\n",
        "***\n",
        "    i\n",
    ]
    texts = [text.replace("x", "") for text in mixtures(7, pieces, 1000)]
    reader.opens(slack.url)
    reference = MarkdownIt("commonmark")

    results = [skeleton(each) for each in rendered(reader, texts)]
    assert [(text, skeleton(reference.render(text))) for text in texts] == list(zip(texts, results, strict=True))


def skeleton(markup: str) -> str:
    """Return markup without paragraphs (a tight list has none), attributes and inline elements."""
    named = re.sub(r"<(/?)h[1-6][^>]*>", r"<\1h3>", markup)
    kept = re.sub(r"<(?!/?(?:h3|ul|ol|li|blockquote|pre|hr)\b)[^>]*>", " ", named)
    bare = re.sub(r"<(/?\w+)[^>]*>", r"<\1>", kept)
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", " ".join(html.unescape(bare).split()))


LENGTH = 30_000
"""Characters: more than any message may have."""
HOSTILE = [
    (piece * (LENGTH // len(piece)))[:LENGTH]
    for piece in (
        "*", "_", "~~", "`", "` ``", "*a _b ", "*a* _b_ ", "**a*", "\\", "&amp;", ":a", "https://",
        "[", "![", "[a](", "[a](https://a.example/ ", "](https://a.example/)", "[![a](https://a.example/)",
        "<", "<!a", "<https://a", "> ", "> -", "- ", "1. ", "-\n", "  - a\n", "|", "|a|b\n|-|-\n", "=\n",
        "\t", "# #", "```\n", "漢", "🐱", "\u202e", "\x01",
        "<script>", "<img src=x onerror=alert(1)>", "[x](javascript:a)",
    )
] + [
    "*a _b " * 2500 + "c_ d* " * 2500,
    "[" * 5000 + "a" + "](https://a.example/)" * 1000,
    "![" * 1000 + "a" + "](https://a.example/)" * 1000,
    "# a" + " " * LENGTH + "b",
    "[a](" + " " * LENGTH + "x",
    "---" + " " * LENGTH + "x",
    "|a|b|\n|-|-" + " " * LENGTH + "x",
    "a" + " " * LENGTH + "\nb",
]  # fmt: skip
ELEMENTS = {
    "a",
    "blockquote",
    "br",
    "code",
    "div",
    "em",
    "h3",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "span",
    "strong",
    "ul",
}
ELEMENTS |= {"table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"aria-label", "class", "href", "rel", "role", "start", "tabindex", "target"}
DEEPEST = 60
"""Nested elements; with thousands a browser runs out of stack."""


def test_hostile_texts(reader: Reader, slack: PracticeSlack) -> None:
    """30,000 characters of anything are rendered with Markdown's elements only, and links lead to the web only."""
    reader.opens(slack.url)
    script = """
      document.body.append(holder);
      holder.getBoundingClientRect();
      const elements = [...holder.querySelectorAll("*")];
      const names = [...new Set(elements.map((each) => each.localName))];
      const attributes = new Set(elements.flatMap((each) => each.getAttributeNames()));
      const depths = new Map([[holder, 0]]);
      for (const each of elements) depths.set(each, depths.get(each.parentElement) + 1);
      const links = [...new Set([...holder.querySelectorAll("a")].map((each) => each.protocol))];
      holder.remove();
      return [names, links, [...attributes], Math.max(...depths.values())]"""
    results = rendered(reader, HOSTILE, script)

    assert len(HOSTILE) == len(results)
    assert set() == {name for names, *_ in results for name in names} - ELEMENTS
    assert set() == {protocol for _, protocols, *_ in results for protocol in protocols} - {
        "https:",
        "http:",
        "mailto:",
    }
    assert set() == {name for _, _, attributes, _ in results for name in attributes} - ATTRIBUTES
    assert DEEPEST >= max(depth for *_, depth in results)
