"""Sample texts that the practice answer shows on request: a table, code, a list, or a long text.

They hold markup that is hard to render correctly: emphasis beside Japanese characters, wide characters in tables,
fences in lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable

SECTIONS = 40
"""Sections of the long text: about 20,000 characters in English, and 10,000 in Japanese."""

_TABLE = {
    "ja": """\
### 表

| 都市 | 人口（万人） | 名物 | 備考 |
| :--- | ---: | :---: | --- |
| 東京 | 1,418 | **もんじゃ焼き** | `23区`と多摩 |
| 大阪 | 877 | *たこ焼き* | 「天下の台所」 |
| 札幌 | 196 | ラーメン🍜 | [雪まつり](https://example.com/yuki) |
| Nagoya | 232 | 味噌カツ | 縦棒は a \\| b と書く |

人口は**練習用**の数字です。""",
    "en": """\
### A table

| City | People (millions) | Known for | Notes |
| :--- | ---: | :---: | --- |
| Tokyo (東京) | 14.18 | **monjayaki** | `23` wards and Tama |
| Osaka (大阪) | 8.77 | *takoyaki* | "the nation's kitchen" |
| Sapporo | 1.96 | ramen 🍜 | [the snow festival](https://example.com/snow) |
| Nagoya | 2.32 | miso katsu | a bar is written a \\| b |

The figures are for **practice** only.""",
}

_CODE = {
    "ja": """\
### コード

1. Pythonで書くと、こうなります。
   ```python
   def fizz_buzz(n: int) -> str:
       # 3と5の倍数
       words = "Fizz" * (n % 3 == 0) + "Buzz" * (n % 5 == 0)
       return words or str(n)
   ```
2. 実行するには：

```sh
python -c 'from fizz import fizz_buzz; print(*map(fizz_buzz, range(1, 16)))' | tr ' ' '\\n'  # <改行> & "引用"
```

````markdown
```
入れ子のコード
```
````

変数`words`が空なら、数字を**そのまま**返します。""",
    "en": """\
### Code

1. In Python it is:
   ```python
   def fizz_buzz(n: int) -> str:
       # multiples of three and of five
       words = "Fizz" * (n % 3 == 0) + "Buzz" * (n % 5 == 0)
       return words or str(n)
   ```
2. To run it:

```sh
python -c 'from fizz import fizz_buzz; print(*map(fizz_buzz, range(1, 16)))' | tr ' ' '\\n'  # <line end> & "quotes"
```

````markdown
```
code within code
```
````

Where `words` is empty the number is returned **as it is**.""",
}

_LIST = {
    "ja": """\
### リスト

- **果物**は体にいい
  - りんご：*青森*が有名
  - みかん：~~北海道~~愛媛
    - 温州みかん
- **「野菜」**も大切です
- [ ] 買い物
- [x] 料理

1. 洗う
2. 切る
   - 皮をむく
   - 種を取る
10. 盛りつける

> 医食同源
> ——昔の人の言葉""",
    "en": """\
### A list

- **Fruit** is good for you
  - apples: *Aomori* is famous for them
  - mandarins: ~~Hokkaido~~ Ehime
    - the satsuma
- **"Vegetables"** matter too
- [ ] shopping
- [x] cooking

1. wash
2. cut
   - peel
   - take out the seeds
10. serve

> Let food be thy medicine,
> as they used to say.""",
}

_PARAGRAPH = {
    "ja": """\
## {n}. 練習の段落

これは長い答えの{n}番目の段落です。**重要**なのは、どこで切れても読めることです。\
文の途中や`コード`の途中で切られると、読む人は困ります。\
そこで、段落、文、行の順に切れ目を探します。\
詳しくは https://example.com/sections/{n} を見てください。\
「{n}番」という番号があるので、抜けや重なりがあればすぐに分かります。""",
    "en": """\
## {n}. A paragraph to practise with

This is paragraph number {n} of a long answer. What **matters** is that it can be read wherever it is cut. \
A cut in the middle of a sentence, or of `code`, leaves the reader puzzled. \
So one looks for the end of a paragraph first, then of a sentence, then of a line. \
There is more at https://example.com/sections/{n} for those who like to know. \
Since it says {n} here, whatever is missing or comes twice is found at once.""",
}


def _long(language: str) -> str:
    """Return `SECTIONS` numbered paragraphs in `language` (`ja` or `en`), with code or a table after some of them."""
    sections = []
    for n in range(1, SECTIONS + 1):
        sections.append(_PARAGRAPH[language].format(n=n))
        if n % 10 in (4, 8):
            sections.append((_CODE if n % 10 == 4 else _TABLE)[language])
    return "\n\n".join(sections)


def _table(language: str) -> str:
    return _TABLE[language]


def _code(language: str) -> str:
    return _CODE[language]


def _list(language: str) -> str:
    return _LIST[language]


_SAMPLES: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (re.compile(r"表|\btables?\b", re.IGNORECASE), _table),
    (re.compile(r"コード|\bcode\b", re.IGNORECASE), _code),
    (re.compile(r"リスト|箇条書き|\blists?\b", re.IGNORECASE), _list),
    (re.compile(r"長い|長く|\blong\b", re.IGNORECASE), _long),
)
"""The words of a question that ask for a sample, and the function that returns it in a language."""


def sample_answers(question: str, language: str) -> str:
    """Return all samples that a question names, as `table` or `表`, in `language` (`ja` or `en`); "" if none."""
    return "\n\n".join(sample(language) for pattern, sample in _SAMPLES if pattern.search(question))
