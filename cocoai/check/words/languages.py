"""Choose the language of the sentences: the operator's option, else the terminal's."""

from __future__ import annotations

from collections.abc import Mapping

from cocoai.check.words.english import ENGLISH
from cocoai.check.words.japanese import JAPANESE
from cocoai.check.words.words import Words

LANGUAGES: Mapping[str, Words] = {"en": ENGLISH, "ja": JAPANESE}


def words_for(language: str, environ: Mapping[str, str]) -> Words:
    """Return the sentences in `language`; with "" in Japanese if the environment's locale is, else in English."""
    # The order of locale(7).
    named = next(filter(None, (environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return LANGUAGES[language or ("ja" if named.startswith("ja") else "en")]
