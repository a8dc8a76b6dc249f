"""Phrasebook: the words in the asker's own language, as far as their text tells which that is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from cocoai.words.words import Words

Language = Literal["ja", "en", ""]

_ADDRESS = re.compile(r"(?<![a-z])[a-z]+://\S+")
_JAPANESE = re.compile(
    "[\u3005\u3006\u3041-\u30ff\uff66-\uff9f"  # 々〆, kana of either width
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"  # kanji
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def language_of(text: str) -> Language:
    """Kana or kanji: Japanese; else Latin letters, but those of addresses: English; else nothing is known."""
    if _JAPANESE.search(text):
        return "ja"
    return "en" if _LATIN.search(_ADDRESS.sub("", text)) else ""


class Phrasebook:
    """All languages' words. `language` is `ja` or `en` for everybody, or `auto`: each asker's own, else Japanese."""

    def __init__(self, languages: Mapping[str, Words], language: str) -> None:
        self._languages = languages
        self._language = language

    def for_text(self, text: str) -> Words:
        """The words for whoever has written `text`."""
        return self._languages[(language_of(text) or "ja") if self._language == "auto" else self._language]
