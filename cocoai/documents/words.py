"""Make the words by which a text is found. Pure: the same text always has the same words, on each side of a search.

Japanese has no spaces between its words, and SQLite's own tokenizers find no word inside a run of kanji and kana, or
none of one or two characters. So a run is written as its overlapping pairs, and its last character alone: 有休申請 is
`有休 休申 申請 請`. A word of two or more characters is then a phrase of pairs, and one of a single character is what
some pair begins with. English words are written without their endings.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from cocoai.documents.stems import stem

SPLITTER_VERSION = 2
"""Raised with every change of what indexed_words() returns: an index of another version is made anew."""

_KANJI = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_HIRAGANA = "\u3041-\u3096\u309d-\u309f"
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_KOREAN = "\u1100-\u11ff\uac00-\ud7af"
_JOINED = _KANJI + _HIRAGANA + _KATAKANA + _KOREAN

_RUN = re.compile(rf"([{_JOINED}]+)|([^\W_{_JOINED}]+)")
_IS_JOINED = re.compile(f"[{_JOINED}]")
_UNSEEN = re.compile("[\0\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
"""NUL, the soft hyphen, what has no width, and variation selectors: 葛󠄀城 is written with one."""

_ONLY_HIRAGANA = re.compile(f"[{_HIRAGANA}ー]+")
_ANY_KANJI = re.compile(f"[{_KANJI}]")

_STOP_WORDS = (
    "a about after all also am an and any are as at be because been before being but by can could did do does doing "
    "done for from get gets give go goes going got had has have having he her here hers him his how i if in into is it "
    "its just know let like long make many may me mine more most much must my need no not now of off on one or our out "
    "own please say she should so some tell than thanks that the their them then there these they this those to too up "
    "us use used using very want was way we were what when where which while who whom whose why will with without work "
    "would yes you your"
)
STOP_WORDS = frozenset(map(stem, _STOP_WORDS.split()))
"""English words that say nothing about what is asked."""

_STOP_KANJI = frozenset("何誰方教知時今私僕俺言思使出来下願後様物事場合必要自分見行")
"""Kanji of asking and of grammar: 教えて, 何時, 使う方法."""

PREFIX = "*"
"""Behind a term: every word that begins with it."""


def clean(text: str) -> str:
    """Return the text without what SQLite or UTF-8 cannot take: NUL, and surrogates that are no pair."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def comparable_text(text: str) -> str:
    """Return the text as it is compared: one width, one composition (NFKC), no case, nothing that cannot be seen."""
    folded = unicodedata.normalize("NFKC", clean(text)).casefold()
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", folded))


def indexed_words(text: str) -> str:
    """Return what is indexed of a text: pairs and words with spaces between, for a tokenizer that cuts at these."""
    return " ".join(_words(comparable_text(text)))


def exact_query(text: str) -> str:
    """Return FTS5's query for what contains each of the words in `text`; "" if there are none in it.

    Words are divided by spaces. A word of letters and digits is found as a whole, Japanese inside a longer run too.
    """
    return " AND ".join(filter(None, map(phrase, comparable_text(text).split())))


def phrase(text: str) -> str:
    """Return FTS5's query for the words of a comparable text, one directly behind the other; "" if it has none."""
    words = _words(text)
    if not words:
        return ""
    # A run's last character stands alone in the index, while what was asked for may go on there.
    if len(words[-1]) > 1 or not _IS_JOINED.match(words[-1]):
        return f'"{" ".join(words)}"'
    is_pair = len(words) > 1 and len(words[-2]) == 2 and words[-2][1] == words[-1]
    return f'"{" ".join(words[:-1])}"' if is_pair else f'"{" ".join(words)}"{PREFIX}'


def question_terms(text: str) -> list[str]:
    """Return the terms of a question, each once, in order: pairs, words, and each kanji with PREFIX behind.

    A single kanji finds what a word was shortened from (健診 and 健康診断), or part of a mistyped one. Pairs of kana
    are left out, English stop words and kanji of asking too, unless nothing else is there.
    """
    text = comparable_text(text)
    words = list(dict.fromkeys(word for word in _words(text) if len(word) > 1 or not _IS_JOINED.match(word)))
    telling = [word for word in words if word not in STOP_WORDS and not _ONLY_HIRAGANA.fullmatch(word)]
    telling += [kanji + PREFIX for kanji in dict.fromkeys(_ANY_KANJI.findall(text)) if kanji not in _STOP_KANJI]
    return telling or words


def _words(text: str) -> list[str]:
    """Return the words of a comparable text, in order."""
    words: list[str] = []
    for run, word in _RUN.findall(text):
        if word:
            words.append(stem(word))
        else:
            words += map("".join, pairwise(run))
            words.append(run[-1])
    return words
