"""Other words for the same thing: 健診 for 健康診断, `pto` for `annual leave`. The groups stand in synonyms.txt.

They bridge what is usual in offices. What a team alone calls its things, a model's search words have to bridge.
"""

from __future__ import annotations

import os
import re
from functools import cache

from cocoai.documents.stems import stem

FILE = os.path.join(os.path.dirname(__file__), "synonyms.txt")
"""A group in each line, bars between its words, as comparable_text() writes them. A line with a number sign is none."""

_KANJI = re.compile(r"[々〇\u3400-\u9fff]")
_KATAKANA = re.compile(r"[ァ-ヺー]")
_LATIN = re.compile(r"[a-z0-9]+")


def synonyms_of(text: str) -> list[str]:
    """Return the other words of each group of which a word stands in a comparable text, each once.

    A word inside of a longer one that also has a group is not looked at.
    """
    asked = _LATIN.findall(text)
    beginnings, words = {word[:3] for word in asked}, _stemmed(asked)
    found = [
        (word, group)
        for group in _groups()
        for word in group
        # The quick looks come first: a whole list is looked through for each question.
        if (word in text and _stands(text, word))
        or (word[:3] in beginnings and word.isascii() and _stemmed(_LATIN.findall(word)) in words)
    ]
    longest = [(word, group) for word, group in found if not any(word != other and word in other for other, _ in found)]
    every = dict.fromkeys(other for _, group in longest for other in group)
    return [each for each in every if each not in {word for word, _ in found}]


@cache
def _groups() -> list[list[str]]:
    with open(FILE, encoding="utf-8") as file:
        return [line.split("|") for line in file.read().splitlines() if line and line[0] != "#"]


def _stemmed(words: list[str]) -> str:
    """Return the stems of words, with a space around each: one text's are then found in another's."""
    return f" {' '.join(map(stem, words))} "


def _stands(text: str, word: str) -> bool:
    """Check whether a word that is in a text stands there by itself, as far as its letters tell; False for a Latin one.

    One kanji between others is part of another word, and so is katakana in a longer run.
    """
    if word.isascii():
        return False
    letters = _KANJI if len(word) == 1 else _KATAKANA
    if not all(map(letters.match, word)):
        return True
    at = text.find(word)
    around = text[max(at - 1, 0) : at] + text[at + len(word) : at + len(word) + 1]
    return not letters.search(around)
