"""Choose the language in which an asker is answered, from the letters of the asker's own text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from cocoai.texts.english import ENGLISH
from cocoai.texts.japanese import JAPANESE
from cocoai.texts.texts import Texts

Language = Literal["ja", "en", ""]

LANGUAGES = {"ja": JAPANESE, "en": ENGLISH}
"""Our texts in each language, before the operator's take their places."""

_URL = re.compile(r"(?<![a-z])[a-z]+://\S+")
_JAPANESE = re.compile(
    "[\u3005\u3006\u3041-\u30ff\uff66-\uff9f"  # 々〆, kana of either width
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"  # kanji
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


class TextsByLanguage:
    """The texts of every language, and which of them an asker reads.

    `language` is `ja` or `en` for every asker, or `auto`: the language of the asker's own text, or Japanese if the
    text does not show one.
    """

    def __init__(self, languages: Mapping[str, Texts], language: str) -> None:
        self._languages = languages
        self._language = language

    def in_language(self, language: str) -> Texts:
        """Return the texts for an asker who writes in this language: `ja`, `en`, or "" if that is unknown."""
        return self._languages[self.language(language)]

    def language(self, language: str) -> str:
        """Return the language of these texts, `ja` or `en`."""
        return (language or "ja") if self._language == "auto" else self._language


def language_of(text: str) -> Language:
    """Return `ja` if `text` has kana or kanji, `en` if it has Latin letters outside URLs, "" if it has neither."""
    if _JAPANESE.search(text):
        return "ja"
    return "en" if _LATIN.search(_URL.sub("", text)) else ""
