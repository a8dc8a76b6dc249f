"""Take the endings off English words, so that `booked` and `bookings` find `booking`. Pure.

Far simpler than Porter's algorithm (tartarus.org/martin/PorterStemmer), which SQLite has too: a stem is never shown,
and each word is stemmed on both sides of a search. Endings that make another word (`-ment`, `-ation`) are left: without
them no more was found (bench/search).
"""

from __future__ import annotations

import re
from functools import lru_cache

_PLURAL = re.compile(r"(?<=[a-z]{2})(?:(?<=[xz])es|(?<=[cs]h)es|(?<=ss)es|(?<=[^su])s)$")
_ENDING = re.compile(r"(?<=[a-z]{3})(?:ing|ed)$")
_DOUBLE = re.compile(r"(?<=[a-z]{2})([bdfgmnprt])\1$")


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return a word without its ending, if it is of the letters a to z; any other as it is."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    word = _ENDING.sub("", _PLURAL.sub("", word))
    return _DOUBLE.sub(r"\1", word.removesuffix("e") if len(word) > 3 else word)
