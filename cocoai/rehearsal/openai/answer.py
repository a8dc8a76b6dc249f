"""What this OpenAI says: a practice answer that shows what an answer may hold, the same for the same conversation.

In the question's language; it repeats the question and says how many turns it saw, so that a reader can tell that the
whole thread went along.
"""

from __future__ import annotations

import re

SHOWN = 200
"""Characters of the question that are repeated."""

_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]")

_IN_JAPANESE = """\
ご質問はこちらですね。

{question}

これは練習用のOpenAIの答えです。ここまでに{turns}件の発言を読みました。

- **太字**、*斜体*、`コード`が使えます
- [リンク](https://example.com/)も書けます
  1. 番号つきの項目
  2. その次の項目

| 項目 | 値 |
| --- | --- |
| 読んだ発言 | {turns} |
| 答えた言葉 | 日本語 |

```python
def aisatsu(name: str) -> str:
    return f"こんにちは、{{name}}さん"
```

ほかにも聞いてくださいね。"""

_IN_ENGLISH = """\
You asked:

{question}

This is the practice OpenAI's answer. I have read {turns} turns so far.

- **bold**, *italic* and `code` can be shown
- so can [a link](https://example.com/)
  1. a numbered item
  2. and the next one

| item | value |
| --- | --- |
| turns read | {turns} |
| answered in | English |

```python
def greeting(name: str) -> str:
    return f"Hello, {{name}}"
```

Ask me anything else."""

REFUSAL = {
    "ja": "申し訳ありませんが、そのご依頼にはお応えできません。",
    "en": "I'm sorry, but I cannot help with that.",
}


def language_of(question: str) -> str:
    """`ja` or `en`."""
    return "ja" if _JAPANESE.search(question) else "en"


def practice_answer(question: str, turns: int) -> str:
    """`turns` counts what was said, the instructions aside."""
    shown = question if len(question) <= SHOWN else f"{question[:SHOWN]}…"
    quoted = "\n".join(f"> {line}" for line in shown.splitlines())
    frame = _IN_JAPANESE if language_of(question) == "ja" else _IN_ENGLISH
    return frame.format(question=quoted, turns=turns)


def tokens_of(text: str) -> int:
    """About: four ASCII characters a token, anything else one each."""
    others = sum(1 for character in text if not character.isascii())
    return (len(text) - others + 3) // 4 + others


def first_tokens(text: str, tokens: int) -> str:
    """As much of the text's beginning as `tokens` pay for."""
    ascii_characters = others = 0
    for index, character in enumerate(text):
        ascii_characters += character.isascii()
        others += not character.isascii()
        if (ascii_characters + 3) // 4 + others > tokens:
            return text[:index]
    return text


def split(text: str, *, size: int, count: int | None = None) -> list[str]:
    """The text in pieces of `size` characters, or in `count` pieces of about the same length."""
    if count:
        size = -(-len(text) // count)
    return [text[start : start + size] for start in range(0, len(text), max(1, size))]
