"""Markdown as models write it, in Japanese and English, by names.

CASES are well-formed: none of their `**`, `~~` and backticks may be visible. ODD are unfinished or hostile.
"""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES = (
    "吾輩は猫である。名前はまだ無い。どこで生れたかとんと**見当**がつかぬ。",
    "The quick brown fox *jumps* over the lazy dog, and then it rests. ",
    "「本当ですか？」と彼は言った。`make test` を実行してください。",
    "See [the guide](https://docs.example/guide_(v2)?a=1&b=2) for more. ",
)


def prose(size: int) -> str:
    """Return paragraphs of numbered sentences, at least `size` characters in all."""
    paragraphs: list[str] = []
    while sum(map(len, paragraphs)) < size:
        n = len(paragraphs)
        paragraphs.append("".join(f"{n}-{m} {sentence}" for m, sentence in enumerate(SENTENCES * (1 + n % 3))))
    return "\n\n".join(paragraphs)


def code(lines: int) -> str:
    """Return a fenced code block of numbered lines."""
    return "```python\n" + "\n".join(f"value_{n} = '**{n}** 値 <{n}> & `{n}`'" for n in range(lines)) + "\n```"


def table(rows: int) -> str:
    """Return a table of numbered rows."""
    body = "\n".join(f"| {n} | 項目{n} | **強調{n}**です | {'x' * (n % 17)} |" for n in range(rows))
    return f"| No | 名前 | 説明 | data |\n|---:|:---|:--:|---|\n{body}"


CASES: Mapping[str, str] = {
    # Lines
    "one line": "Hello, world.",
    "one line, Japanese": "こんにちは。",
    "two paragraphs": "First.\n\nSecond.",
    "headings": "# One\n\n## Two\n\ntext\n\n###### Six ######",
    "headings, Japanese": "# 概要\n\n本文です。\n\n## **まとめ**と注意\n\n以上。",
    "a rule": "above\n\n---\n\nbelow",
    "line ends of another system": "one\r\ntwo\r\n\r\n- a\r\n- b\r\n\r\n```py\r\nx = 1\r\n```\r\n",
    "control characters": "be\x00fore\x07 and\x1b[31m after",
    # Lists
    "bullets": "- one\n- two\n- three",
    "bullets of all kinds": "* one\n\n+ two\n\n- three",
    "numbers": "1. one\n2. two\n10. ten",
    "nested": "- a\n  - b\n    - c\n      - d\n- e",
    "nested numbers, Japanese": "1. 準備\n   - 材料を**量る**\n   - 皿を*洗う*\n2. 調理\n   1. 焼く\n   2. 煮る",
    "tasks": "- [ ] todo\n- [x] done\n- [X] やった",
    "an item of two paragraphs": "- first\n\n  second paragraph\n\n- next",
    "code in an item": "1. Run:\n\n   ```bash\n   ls -l\n     indented\n   ```\n\n2. Look.",
    "code right behind a number": "1. ```bash\n   ls -l\n   ```\n2. Look.",
    "a list right behind a line": "買うもの：\n- 牛乳\n- 卵",
    "emphasis opens items": "- **名前**：太郎\n- **年齢**：20歳\n- *備考*：なし",
    # Quotes
    "a quote": "> quoted **words**\n> and more\n\nplain",
    "a quote in a quote": "> outer\n> > inner\n> outer again",
    "a list in a quote": "> - 一\n> - **二**\n>\n> 終わり",
    "code in a quote": "> ```js\n> let a = b ** c;\n> ```\n\nafter",
    "a table in a quote": "> | a | b |\n> |---|---|\n> | 1 | 2 |\n\nafter",
    # Code
    "a fence": "before\n\n```\nplain **code** <b>\n```\n\nafter",
    "a fence with a language": '```rust\nfn main() { println!("{}", 2); }\n```',
    "two fences": "```py\na = 1\n```\n\nthen\n\n```js\nb = 2\n```",
    "a fence between lines": "Run this:\n```sh\nls | wc -l\n```\nand see.",
    "a fence of tildes": "~~~python\n```\nnot the end\n```\n~~~",
    "a fence of four": "````markdown\n```python\nprint(1)\n```\n````",
    "an empty fence": "```\n```\nafter",
    "a table in a fence": "```\n| a | b |\n|---|---|\n| 1 | 2 |\n```",
    "code in a line": "Use `a**b`, ``x`y`` and `__init__` here.",
    "code beside Japanese": "これは`code`です。`**強調**`ではない。",
    "a diff": "```diff\n- old line\n+ new line\n```",
    # Tables
    "a table": "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |",
    "a table, Japanese": "| 名前 | 値段 |\n|:-----|-----:|\n| りんご | 120円 |\n| ｶﾅ | 5円 |",
    "a table without outer bars": "a | b\n--|--\n1 | 2",
    "a table right behind a line": "次の表：\n| a | b |\n|---|---|\n| 1 | 2 |\nその後",
    "a table with markup": "|項|説|\n|---|---|\n|**「一」**は|`a`と[b](https://b.example)|\n| 二 | ~~誤~~ *正* |",
    "a table with a bar in a cell": "| a | b |\n|---|---|\n| x \\| y | z |",
    "a table with a line break": "| a | b |\n|---|---|\n| x<br>y | z |",
    "a table in a list": "- see\n\n  | a | b |\n  |---|---|\n  | 1 | 2 |\n\n- next",
    "a table of one column": "| 名前 |\n|---|\n| 猫 |",
    "a table with no rows": "| a | b |\n|---|---|\n\nafter",
    "a wide table": "| "
    + " | ".join(f"列{n}" for n in range(18))
    + " |\n"
    + "|---" * 18
    + "|\n"
    + "| セル " * 18
    + "|",
    "a table too wide for Slack": "|" + "h|" * 24 + "\n" + "|" + "---|" * 24 + "\n" + "|" + "猫|" * 24,
    "two tables": "| a |\n|---|\n| 1 |\n\n| b |\n|---|\n| 2 |",
    # Emphasis
    "emphasis": "**bold** *italic* ***both*** __bold__ _italic_ ~~gone~~",
    "emphasis beside kanji": "重要**事項**確認",
    "emphasis beside kana": "これは**とても**だいじ、これも*すこし*だいじ。",
    "emphasis with brackets": "**「強調」**は、**（注意）**です。これは**『本』**を**【重要】**に。",
    "emphasis with punctuation inside": "**重要。**次の文。**本当？**はい。*そう！*と言う。**100%**の",
    "emphasis before brackets": "**強調**「引用」と*斜体*（注）。",
    "emphasis with quotation marks": "彼は**\"hello\"**と言い、**'a'**を見た。",
    "emphasis around code": "これは**`code`**です。",
    "emphasis around a link": "詳細は**[こちら](https://a.example/)**を。",
    "emphasis beside digits": "約**100円**です。**1.**最初",
    "emphasis in emphasis": "**太字の*中の斜体*です**よ。*斜体の**中の太字**です*よ。",
    "emphasis beside emphasis": "**太字***斜体*と~~取消~~**太字**。",
    "emphasis with underscores": "これは_強調_です。_「これ」_は __太字__ です。",
    "strike beside Japanese": "~~「誤り」~~は正しくない。これは~~古い~~新しい。",
    "emphasis of an emoji": "**⚠️**注意。これは**🎉**です。",
    "emphasis across a line": "**Note:\nthis goes on** here.",
    "names with underscores": "Set MAX_TOKEN_COUNT and `a_b`; 資料_最終_版.xlsx と この__init__を。",
    "products": "2 * 3 * 4 = 24 and 2*3*4, 5~7、8~9",
    # Links
    "a link": "See [the docs](https://docs.example/a) and [日本語](https://j.example/)を。",
    "a link with brackets": "[wiki](https://w.example/A_(b)) and [a [b] c](https://x.example)",
    "a link with a title": '[a](https://a.example "title") b',
    "bare addresses": "https://a.example/path?x=1&y=2 and (https://b.example/c_(d)), https://e.example.",
    "bare addresses beside Japanese": "詳しくはhttps://a.example/bを見て。「https://c.example/」や https://d.example/e。次",
    "an address in marks": "<https://a.example/x> と <mailto:a@a.example>",
    "an address in emphasis": "これは**https://a.example/**です。",
    "an image": "![図](https://a.example/i.png) と本文",
    # Characters
    "emoji": "👍 よい 👩‍👩‍👧‍👦 家族 🇯🇵 日本 👍🏽 :smile:",
    "right to left": "שלום **עולם** مرحبا *بالعالم* done",
    "combining": "e\u0301tude, が (か\u3099), 한국어",
    "entities": "a &lt; b &amp;&amp; c > d, AT&T, R&D",
    "HTML": "x<br>y and <q>quoted</q> <!-- note -->",
    "escapes": r"\*not\* \_this\_ and 1\. no list, C:\dir",
    "an ideographic space": "　字下げ。\n\n**重要**　次",
    # Long
    "long prose": prose(30_000),
    "long code": code(800),
    "long table": table(700),
    "long list": "\n".join(f"{'  ' * (n % 4)}- 項目{n}は**重要{n}**です。" for n in range(700)),
    "long without a space": "".join(chr(0x4E00 + n % 5_000) for n in range(30_000)),
    "long line of words": "".join(f"word{n} " for n in range(4_500)),
    "long line of emphasis": "".join(f"これは**強調{n}**です。" for n in range(850)),
    "long line of brackets": "".join(f"**「{n % 10}」**は" for n in range(1_500)),
    "long line of code": "```\n" + "x1y2" * 7_500 + "\n```",
    "long of all": "\n\n".join((prose(4_000), code(120), table(150), "# 終わり", prose(4_000), table(20), code(300))),
}

ODD: Mapping[str, str] = {
    "an open fence": "before\n\n```python\nprint(1)",
    "an open fence in a list": "- a\n  ```\n  x",
    "open emphasis": "これは**強調",
    "open code": "use `code",
    "an open link": "see [text](https://a.exa",
    "an open table": "| a | b |\n|---|---|\n| 1 |",
    "a head alone": "| a | b |",
    "signs alone": "- \n* \n1. \n# \n> \n``` \n**",
    "stray marks": "a ** b ~~ c ` d _ e * f",
    "pings": "<!channel> <!here|x> <@U0ASKER01> <!subteam^S0TEAM> `<!everyone>`\n```\n<@U0ASKER01>\n```",
    "pings in links": "[<!here>](https://a.example) [x](<@U0ASKER01>) <https://a.example|<!channel>>",
    "marks without end": "*" * 2_000 + "a",
    "brackets without end": "[" * 800 + "a" + "](" * 400,
    "ticks of all lengths": "` `` ``` ```` ` ``` ``\n````\n```\n`",
    "a deep quote": "> " * 60 + "deep",
    "a deep list": "\n".join("  " * n + f"- {n}" for n in range(60)),
    "bars": "|" * 3_000 + "\n" + "|-" * 3_000,
    "lone surrogates": "a\ud800b **\udfffc**",
    "an address without end": "https://a.example/" + "a_b" * 6_000,
    "a label without end": f"[{'あ' * 7_000}](https://a.example/{'x' * 7_000})",
    "a quote without end": "> > - " + "あ**い**" * 2_100,
    "a code line of ticks": "````\n" + "x ``` y " * 3_000 + "\n````",
}

EMPHASISED: Mapping[str, list[str]] = {
    "headings, Japanese": ["まとめ"],
    "nested numbers, Japanese": ["量る", "洗う"],
    "emphasis opens items": ["名前", "年齢", "備考"],
    "emphasis beside kanji": ["事項"],
    "emphasis beside kana": ["とても", "すこし"],
    "emphasis with brackets": ["強調", "注意", "本", "重要"],
    "emphasis with punctuation inside": ["重要", "本当", "そう", "100"],
    "emphasis before brackets": ["強調", "斜体"],
    "emphasis with quotation marks": ["hello", "a"],
    "emphasis around code": ["code"],
    "emphasis around a link": ["こちら"],
    "emphasis beside digits": ["100円", "1"],
    "emphasis beside emphasis": ["太字", "斜体", "取消", "太字"],
    "emphasis with underscores": ["強調", "これ", "太字"],
    "strike beside Japanese": ["誤り", "古い"],
    "names with underscores": [],
    "products": [],
    "escapes": [],
}
"""What is emphasised in each of these cases: letters and digits only, in order."""

HABITS = (
    # Products, powers, names
    "式は =(A1*B1)*(C1*D1) です。",
    "合計=単価*数量*税率、面積＝(縦*横)*高さ*2",
    "y = f^*(x) * g^*(y) と 2**10、a**b**c",
    "f(*args, **kwargs) と __init__ と snake_case_name",
    "src/**/*.py と *.js と COUNT(*)、SUM(*)",
    "税込*数量\n税抜*数量",
    "これは*斜体*で、**太字**で、重要**事項**確認です。",
    # Lists
    "1. 導入\n  1. Linux\n  2. macOS\n2. 実行",
    "10. 準備\n   - 材料\n   - 道具\n11. 調理",
    "1. 一\n1. 二\n1. 三\n\n続き：\n4. 四\n5. 五",
    "- [ ] 未了\n  - [x] 完了\n- 次",
    # Rules and titles
    "バックアップは毎晩動きます。\n---\n次の話題です。",
    "導入の手順\n==========\n本文です。",
    "よろしくお願いします。\n--\n総務部",
    # Formulas
    "面積は \\(\\pi r^2\\) で、$a_1*b_1$ と $$E = mc^2$$ です。",
    "公式：\n\n$$\nx_1 = a * b \\\\\n$$\n\nです。",
    "\\[\n\\frac{a}{b}\n\\]\n\n以上。",
    "共有は \\\\server\\share です。",
    # Links
    "- https://ja.wikipedia.org/wiki/東京タワー\n- 次",
    "見てhttps://a.example/資料を見て。（https://b.example/c）へ",
    "詳細は <https://a.example/d|資料> と [表](https://a.example/東京_(区))を。",
    "[手引き][1]を読む。\n\n[1]: https://a.example/g",
    "[注意]: 保存してください。",
    # Tables
    "| 命令 | 用途 |\n|:--|---|\n| `ps | grep x` | 探す |\n| `a || b` | または |",
    "| a | b |\n|---|---|\n| 1 | 2 | 余分 |",
    # The rest
    r"\*args\* と \_x\_ と \~/a と 3\. 次",
    "H<sub>2</sub>O、m<sup>2</sup>、<b>太字</b>、<kbd>Ctrl</kbd>+<kbd>C</kbd>",
    "<details>\n<summary>要点</summary>\n\n- 項目\n\n</details>\n\n以上。",
    "一行目<br>二行目と List<String> と a < b",
    "売上[^1]です。\n\n[^1]: 速報値。",
    "~~~python\nprint(1)\n~~~\n\n    indented = 2*3\n\n終わり",
    "&copy; 2024 &nbsp; A &rarr; B、10:30:00 です。",
)
"""Markdown as models write it where CommonMark, or Slack, reads something else."""

ALL_SHORT = tuple(case for case in (*CASES.values(), *ODD.values()) if len(case) < 2_000)
"""All the cases above of one screen or less."""
