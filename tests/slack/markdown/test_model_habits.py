"""Tests for slack/markdown/model_habits.py: a line as models write it, as CommonMark."""

from __future__ import annotations

import time

import pytest

from cocoai.slack.markdown.model_habits import address_end, repair_line

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"面積は \(\pi r^2\) です", r"面積は `\(\pi r^2\)` です"),
        (r"\(x\) と \(f^*(x)\)", r"`\(x\)` と `\(f^*(x)\)`"),
        (r"\[ a_1 * b_1 \]", r"`\[ a_1 * b_1 \]`"),
        ("$$E = mc^2$$ です", "`$$E = mc^2$$` です"),
        ("$f^*(x)$ と $a_i*b_i$", "`$f^*(x)$` と `$a_i*b_i$`"),
        ("$5 と $10_000 と $HOME/a_b と $PATH", "$5 と $10_000 と $HOME/a_b と $PATH"),
        (r"`\(x^2\)` は式です", r"`\(x^2\)` は式です"),
        (r"\(注\) \(省略可\) \[任意\]", r"\(注\) \(省略可\) \[任意\]"),
    ],
)
def test_formulas(line: str, expected: str) -> None:
    """A formula in LaTeX becomes code with its delimiters; prices, variables and words in brackets do not."""
    assert expected == repair_line(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"\\server\share", r"\\\\server\share"),
        (r"a & b \\ c & d", r"a & b \\\\ c & d"),
        (r"`a\\b` と a\\b", r"`a\\b` と a\\\\b"),
        (r"C:\Users\Public\*.xlsx", r"C:\Users\Public\\\*.xlsx"),
        (r"\*a\* C:\dir", r"\*a\* C:\dir"),
    ],
)
def test_backslashes(line: str, expected: str) -> None:
    """Two backslashes stay two, and one in a path stays; an escape stays an escape."""
    assert expected == repair_line(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- https://ja.wikipedia.org/wiki/富士山", "- <https://ja.wikipedia.org/wiki/富士山>"),
        ("https://ja.wikipedia.org/wiki/吾輩は猫である", "<https://ja.wikipedia.org/wiki/吾輩は猫である>"),
        ("https://ja.wikipedia.org/wiki/東京_(曖昧さ回避)", "<https://ja.wikipedia.org/wiki/東京_(曖昧さ回避)>"),
        ("見てhttps://a.example/東京タワーを見て", "見て<https://a.example/東京タワー>を見て"),
        ("https://a.example/?q=日本語&lang=ja です", "<https://a.example/?q=日本語&lang=ja> です"),
        ("「https://a.example/大阪/梅田」へ", "「<https://a.example/大阪/梅田>」へ"),
        ("https://a.example/資料。次", "<https://a.example/資料>。次"),
        ("https://fr.example/wiki/Café_noir", "<https://fr.example/wiki/Café_noir>"),
        ("https://a.example/を見て", "https://a.example/を見て"),
        ("https://a.example/参照。", "https://a.example/参照。"),
        ("https://a.example/docsを参照", "https://a.example/docsを参照"),
        ("https://a.example/a（資料）", "https://a.example/a（資料）"),
        ("[東京](https://a.example/東京) `https://a.example/東京`", None),
    ],
)
def test_japanese_addresses(line: str, expected: str | None) -> None:
    """A Japanese path behind `/` or `=` belongs to the address; words behind it do not. None: nothing changes."""
    assert (expected or line) == repair_line(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("詳細は <https://a.example/d|資料> を", "詳細は [資料](https://a.example/d) を"),
        ("<https://a.example/c_(d)|the [x] *y*>です", r"[the \[x\] \*y\*](<https://a.example/c_(d)>)です"),
        ("<mailto:a@a.example|a@a.example>", "[a@a.example](mailto:a@a.example)"),
        ("<tel:0312345678|03-1234-5678>", "[03-1234-5678](tel:0312345678)"),
        ("<https://a.example/d|>", "<https://a.example/d>"),
        ("<https://a.example/d>", "<https://a.example/d>"),
        ("`<https://a.example|x>`", "`<https://a.example|x>`"),
    ],
)
def test_slack_s_own_links(line: str, expected: str) -> None:
    """A link as Slack writes it becomes one in Markdown, with its label as it is."""
    assert expected == repair_line(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("注[^1] と [^note]", r"注\[^1] と \[^note]"),
        ("[^1]: https://a.example", r"\[^1]: https://a.example"),
        ("[注意]: 保存してください。", r"\[注意]: 保存してください。"),
        ("[資料]: https://a.example", r"\[資料]: https://a.example"),
        ("[1]: https://a.example", "[1]: https://a.example"),
        ("[^1](https://a.example) `[^1]`", "[^1](https://a.example) `[^1]`"),
    ],
)
def test_footnotes_and_definitions(line: str, expected: str) -> None:
    """A footnote is text, and so is a line that only looks like a link's definition: CommonMark would hide it."""
    assert expected == repair_line(line, frozenset(["1"]))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("__init__ と foo.__class__()", r"\_\_init\_\_ と foo.\_\_class\_\_()"),
        ("__my_attr__ と __FILE__", r"\_\_my\_attr\_\_ と \_\_FILE\_\_"),
        ("__重要__ と __bold__", "__重要__ と __bold__"),
        ("src/**/*.py, **/*.ts", r"src/\*\*/\*.py, \*\*/\*.ts"),
        ("*.py と *.js", r"\*.py と \*.js"),
        ("f(*args, **kwargs)", r"f(\*args, \*\*kwargs)"),
        ("**src/** と **/etc** と **A**/**B**", "**src/** と **/etc** と **A**/**B**"),
        ("List<String> と a < b", r"List\<String> と a < b"),
        ("<!-- 注 --> と <br>", r"\<!-- 注 --> と <br>"),
    ],
)
def test_names_and_patterns(line: str, expected: str) -> None:
    """Names with underscores, file patterns, arguments and tags are text; emphasis beside a slash stays."""
    assert expected == repair_line(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("&copy; &rarr; &#9731; &#x2603;", "© → ☃ ☃"),
        ("a&nbsp;b", "a\u00a0b"),
        ("&#42;a&#42;", r"\*a\*"),
        ("&lt; &amp; &gt; &bogus; `&copy;`", None),
        ("&#60;!here>", "&lt;!here>"),
        ("&#10;", None),
    ],
)
def test_entities(line: str, expected: str | None) -> None:
    """An entity becomes its character, which is no markup; Slack's own, and what is none, stay."""
    assert (expected or line) == repair_line(line)


def test_an_address_ends_with_its_ascii_part_where_nothing_japanese_follows() -> None:
    """At the end of the line, or before ASCII, the end that is passed is the end."""
    assert 9 == address_end("https://a", 9)
    assert 10 == address_end("https://a/ b", 10)


@pytest.mark.parametrize(
    "hostile",
    [
        "\\(x",
        "\\[",
        "$a_",
        "$$a",
        "<https://a|b",
        "<b>",
        "<b><i>",
        "__a_b",
        "**/",
        "**a/",
        "[^a",
        "&a",
        "https://a/あ",
        "`a",
    ],
)
def test_repairing_takes_linear_time(hostile: str) -> None:
    """30,000 characters of half-open habits are read within 2 seconds of CPU."""
    began = time.process_time()
    repair_line(hostile * (30_000 // len(hostile)))

    assert time.process_time() - began < 2
