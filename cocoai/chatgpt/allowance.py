"""Allowance: how much of an answer may still come, for servers that do not keep the limit that a request sets.

Some leave `max_completion_tokens` out without a word, and write on until their context is full. Without the model's
tokenizer the tokens cannot be counted, but there are surely no fewer of them than counted here: none that is in use
joins words across white space, and none reaches the averages below. So no server that keeps the limit is cut.
"""

from __future__ import annotations

import re

MOST_PER_TOKEN = 16
"""Characters for each token, four times as many as English has."""

WORDS_PER_TOKEN = 2
"""Words, as white space divides them, for each token: one would do, but for tokenizers of research that join words."""

_CJK_PER_TOKEN = 8
"""Kana and kanji for each token, at least three times as many as any tokenizer packs into one."""

_CJK = re.compile("[\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff]+")


class Allowance:
    """What is left of the text for which so many `tokens` are enough; `is_used_up` is True once more than that came."""

    def __init__(self, tokens: float) -> None:
        self.is_used_up = False
        self._characters = MOST_PER_TOKEN * tokens
        self._words = WORDS_PER_TOKEN * tokens
        self._is_in_word = False

    def take(self, text: str) -> str:
        """Count `text`, and return as much of it as is within the allowance."""
        if not text or self.is_used_up:
            return ""
        words = len(text.split()) - (self._is_in_word and not text[0].isspace())
        size = len(text) if text.isascii() else _weighed(text)
        if words > self._words or size > self._characters:
            self.is_used_up = True
            return self._beginning(text)
        self._words -= words
        self._characters -= size
        self._is_in_word = not text[-1].isspace()
        return text

    def _beginning(self, text: str) -> str:
        """Return the beginning of a text that is too long, up to the last character that is within the allowance."""
        words, characters, is_in_word = self._words, self._characters, self._is_in_word
        for index, character in enumerate(text):
            is_space = character.isspace()
            words -= not (is_space or is_in_word)
            characters -= _weighed(character)
            if words < 0 or characters < 0:
                return text[:index]
            is_in_word = not is_space
        return text


def _weighed(text: str) -> int:
    """Return the number of characters, in which kana and kanji count for as much as they take of a token."""
    cjk = sum(map(len, _CJK.findall(text)))
    return len(text) + cjk * (MOST_PER_TOKEN // _CJK_PER_TOKEN - 1)
