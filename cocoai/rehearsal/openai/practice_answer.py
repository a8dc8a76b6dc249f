"""Compose the practice OpenAI's answer: a text with the markup that an answer may hold, the same for the same thread.

It is in the question's language, repeats the question and says how many turns were read, so that a reader can see that
the whole thread was sent. A question for a table, code, a list or a long text gets it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from cocoai.rehearsal.openai.sample_answers import sample_answers

QUOTED = 200
"""Characters of the question that the answer repeats."""

_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]")

_SPEAKER = re.compile(r"[^\s:][^\n:]{0,40}: ")
"""The name before a turn, where several people write in a thread."""

_CONTINUE = re.compile(r"続き|\bcontinue\b", re.IGNORECASE)
_ERROR_REQUEST = re.compile(r"エラーを(見せ|出し)|\bshow (me )?an error\b", re.IGNORECASE)

_FRAME_JA = """\
ご質問はこちらですね。

{question}

これは練習用のOpenAIの答えです。ここまでに{turns}件の発言を読みました。{attached}

{body}

ほかにも聞いてくださいね。"""

_DEFAULT_BODY_JA = """\
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

_FRAME_EN = """\
You asked:

{question}

This is the practice OpenAI's answer. Turns read so far: {turns}.{attached}

{body}

Ask me anything else."""

_DEFAULT_BODY_EN = """\
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

_FRAMES = {"ja": (_FRAME_JA, _DEFAULT_BODY_JA), "en": (_FRAME_EN, _DEFAULT_BODY_EN)}
_ATTACHED = {"ja": "{what}（{size:,}バイト）も見ました。", "en": "I also see a {what} ({size:,} bytes)."}

REFUSAL = {
    "ja": "申し訳ありませんが、そのご依頼にはお応えできません。",
    "en": "I'm sorry, but I cannot help with that.",
}


def language_of(question: str) -> str:
    """Return the language of a question: `ja` if it has Japanese characters behind its speaker's name, else `en`."""
    speaker = _SPEAKER.match(question)
    return "ja" if _JAPANESE.search(question, speaker.end() if speaker else 0) else "en"


def practice_answer(question: str, turns: int, attached: Sequence[tuple[str, int]] = (), found: str = "") -> str:
    """Return the answer to a question, in its language: with the samples that it asks for, what was `found`, or more.

    `turns` is the number of messages without the instructions. `attached` names each attachment of the question, as
    `PDF plan.pdf`, with its size in bytes.
    """
    language = language_of(question)
    frame, default = _FRAMES[language]
    return frame.format(
        question=_quoted(question),
        turns=turns,
        attached="".join("\n" + _ATTACHED[language].format(what=what, size=size) for what, size in attached),
        body=sample_answers(question, language) or found or default.format(turns=turns),
    )


def _quoted(question: str) -> str:
    """Return the question as a Markdown quote, cut to `QUOTED` characters and then ended by `…`."""
    shortened = question if len(question) <= QUOTED else f"{question[:QUOTED]}…"
    return "\n".join(f"> {line}" for line in shortened.splitlines())


def asks_to_continue(question: str) -> bool:
    """Return True if a question asks for the rest of the last answer, by the word `continue` or `続き`."""
    return bool(_CONTINUE.search(question))


def rest_of(answer: str, sent: str) -> str:
    """Return the rest of `answer` after its beginning `sent`, or "" if it does not begin so, or `sent` is all of it.

    If the plain comparison fails, blanks and line ends are ignored: Slack may have removed some from what was sent.
    """
    if answer.startswith(sent):
        return answer[len(sent) :]
    beginning = "".join(sent.split())
    if not beginning or not "".join(answer.split()).startswith(beginning):
        return ""
    # The rest begins after as many characters, blanks not counted, as were sent.
    ends = (index for index, character in enumerate(answer, 1) if not character.isspace())
    return answer[next(itertools.islice(ends, len(beginning) - 1, None)) :].lstrip("\n")


def asks_for_an_error(question: str) -> bool:
    """Return True if a question asks to be shown a failure, by `show me an error` or `エラーを見せて`."""
    return bool(_ERROR_REQUEST.search(question))


def tokens_of(text: str) -> int:
    """Estimate the tokens of a text: four ASCII characters make a token, any other character is one."""
    others = sum(1 for character in text if not character.isascii())
    return (len(text) - others + 3) // 4 + others


def first_tokens(text: str, tokens: int) -> str:
    """Return the longest beginning of a text that has at most so many tokens, as `tokens_of` counts them."""
    ascii_characters = others = 0
    for index, character in enumerate(text):
        ascii_characters += character.isascii()
        others += not character.isascii()
        if (ascii_characters + 3) // 4 + others > tokens:
            return text[:index]
    return text


def split(text: str, *, size: int, count: int | None = None) -> list[str]:
    """Split a text into pieces of `size` characters or, if `count` is given, into at most so many of one length.

    The last piece may be shorter. An empty text has no pieces.
    """
    if count:
        size = -(-len(text) // count)  # rounded up
    return [text[start : start + size] for start in range(0, len(text), max(1, size))]
