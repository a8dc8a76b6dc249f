"""What this OpenAI says: a practice answer that shows what an answer may hold, the same for the same conversation.

In the question's language; it repeats the question and says how many turns it saw, so that a reader can tell that the
whole thread went along. Whoever asks for a table, code, a list or something long gets it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from cocoai.rehearsal.openai.showpieces import showpieces

SHOWN = 200
"""Characters of the question that are repeated."""

_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]")

_GO_ON = re.compile(r"続き|\bcontinue\b", re.IGNORECASE)
_SHOW_AN_ERROR = re.compile(r"エラーを(見せ|出し)|\bshow (me )?an error\b", re.IGNORECASE)

_IN_JAPANESE = """\
ご質問はこちらですね。

{question}

これは練習用のOpenAIの答えです。ここまでに{turns}件の発言を読みました。{seen}

{shown}

ほかにも聞いてくださいね。"""

_SHOWN_IN_JAPANESE = """\
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
```"""

_IN_ENGLISH = """\
You asked:

{question}

This is the practice OpenAI's answer. I have read {turns} turns so far.{seen}

{shown}

Ask me anything else."""

_SHOWN_IN_ENGLISH = """\
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
```"""

_FRAMES = {"ja": (_IN_JAPANESE, _SHOWN_IN_JAPANESE), "en": (_IN_ENGLISH, _SHOWN_IN_ENGLISH)}
_SEEN = {"ja": "{what}（{size:,}バイト）も見ました。", "en": "I also see a {what} ({size:,} bytes)."}

REFUSAL = {
    "ja": "申し訳ありませんが、そのご依頼にはお応えできません。",
    "en": "I'm sorry, but I cannot help with that.",
}


def language_of(question: str) -> str:
    """`ja` or `en`."""
    return "ja" if _JAPANESE.search(question) else "en"


def practice_answer(question: str, turns: int, seen: Sequence[tuple[str, int]] = ()) -> str:
    """`turns` counts what was said, the instructions aside; `seen` is what was attached, each with its bytes."""
    language = language_of(question)
    frame, usual = _FRAMES[language]
    return frame.format(
        question=_quoted(question),
        turns=turns,
        seen="".join("\n" + _SEEN[language].format(what=what, size=size) for what, size in seen),
        shown=showpieces(question, language) or usual.format(turns=turns),
    )


def _quoted(question: str) -> str:
    shown = question if len(question) <= SHOWN else f"{question[:SHOWN]}…"
    return "\n".join(f"> {line}" for line in shown.splitlines())


def goes_on(question: str) -> bool:
    """Does it ask for the rest of the last answer?"""
    return bool(_GO_ON.search(question))


def rest_of(answer: str, told: str) -> str:
    """What of `answer` has not been told yet, if `told` is how it begins; blanks may have been lost on the way."""
    if answer.startswith(told):
        return answer[len(told) :]
    left = "".join(told.split())
    if not left or not "".join(answer.split()).startswith(left):
        return ""
    places = (index for index, character in enumerate(answer, 1) if not character.isspace())
    return answer[next(itertools.islice(places, len(left) - 1, None)) :].lstrip("\n")


def wants_an_error(question: str) -> bool:
    """Somebody would like to see what a failure looks like."""
    return bool(_SHOW_AN_ERROR.search(question))


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
