"""Cut a document's sections into passages of some 300 characters: what is found, and what a model is shown. Pure.

A passage is a piece of its section as it stands there. It ends where a paragraph does, else where a line or a sentence
does, else between words, and inside a word only if that is longer than a passage may be.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

from cocoai.documents.document import Document, DocumentSection, Passage
from cocoai.documents.words import clean

USUAL = 300
"""Characters of a passage: pieces are put together up to this."""

LONGEST = 450
"""Characters of a passage at most: a piece up to this is not cut, and a short rest is left with what is before it."""

SHORT = 80
"""Characters of a rest that is too short to be found and read by itself."""

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_SENTENCE = re.compile(r"\n+|(?<=[。！？])[」』）)\]\"”’]*|(?<=[.!?])[)\]\"”’]*\s+")
_SPACE = re.compile(r"\s+|(?<=[、，,;；：:])")

_JOINERS = "\u200d\u3099\u309a"
"""Stay with the character before them: the joiner of emoji, and the voiced marks of decomposed kana."""


def passages_of(document: Document, sections: Iterable[DocumentSection]) -> Iterator[Passage]:
    """Yield the passages of a document, numbered from 0. A section without text has none."""
    number = 0
    for section in sections:
        for text in _pieces(clean(section.text)):
            yield Passage(document, number, clean(section.heading).strip(), text, clean(section.place))
            number += 1


def _pieces(text: str) -> Iterator[str]:
    """Yield the pieces of a section's text that are its passages."""
    starts = [0, *_cuts(text, 0, len(text), (_PARAGRAPH, _SENTENCE, _SPACE)), len(text)]
    begin = 0
    for end, following in pairwise(starts[1:]):
        rest = len(text) - end
        if following - begin > USUAL and not (rest < SHORT and len(text) - begin <= LONGEST):
            yield from filter(None, [text[begin:end].strip()])
            begin = end
    yield from filter(None, [text[begin:].strip()])


def _cuts(text: str, start: int, end: int, separators: tuple[re.Pattern[str], ...]) -> Iterator[int]:
    """Yield where a text may be cut between start and end, by the first separators that make short enough pieces."""
    if not separators:
        yield from _hard_cuts(text, start, end)
        return
    ends = [match.end() for match in separators[0].finditer(text, start, end) if start < match.end() < end]
    for before, after in pairwise([start, *ends, end]):
        if after - before > LONGEST:
            yield from _cuts(text, before, after, separators[1:])
        if after < end:
            yield after


def _hard_cuts(text: str, start: int, end: int) -> Iterator[int]:
    """Yield where a text without any place to cut is cut: not between a character and what combines with it."""
    cut = start + USUAL
    while cut < end:
        place = cut
        while place > cut - 20 and _is_joined(text, place):
            place -= 1
        yield place
        cut = place + USUAL


def _is_joined(text: str, place: int) -> bool:
    """Check whether the character at a place belongs to the one before it."""
    return text[place] in _JOINERS or text[place - 1] == "\u200d" or unicodedata.category(text[place])[0] == "M"
