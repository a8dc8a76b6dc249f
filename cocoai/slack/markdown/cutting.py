"""Where a line that is too long for one message may be cut: where a reader would pause, else between two characters.

It knows spans and nothing of Slack.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable

from cocoai.slack.markdown.inline_parser import Span, sliced, text_of, written

CLOSERS = "」』）】〉》）］｝)]}\"'”’"
_SENTENCE = re.compile(rf"[。．！？]+[{re.escape(CLOSERS)}]*|[.!?]+[{re.escape(CLOSERS)}]*(?=\s)")
_SPACE = re.compile(r"\s+")


def split_line(
    spans: list[Span], room: int, write: Callable[[list[Span]], str] = written
) -> tuple[list[Span], list[Span]]:
    """What of `spans` fits into `room` characters as `write` writes it, and ends well; and the rest.

    No space is left at the cut.
    """
    text = text_of(spans)
    fits = bisect_right(range(min(len(text), room) + 1), room, key=lambda n: len(write(sliced(spans, 0, n)))) - 1
    if fits == len(text):
        return spans, []
    at = _cut(text, max(fits, 1), spans)
    rest = at + len(text[at:]) - len(text[at:].lstrip())
    return sliced(spans, 0, len(text[:at].rstrip()) or at), sliced(spans, rest, len(text))


def with_short_links(spans: list[Span], limit: int) -> list[Span]:
    """An address that would take most of a part is shown as text, which can be cut."""
    return [
        Span(f"{text} ({url})" if text != url else text, marks) if 3 * len(url) > limit else Span(text, marks, url)
        for text, marks, url in spans
    ]


def _cut(text: str, most: int, spans: list[Span]) -> int:
    """Where to cut `text`, at `most` at the latest: after a sentence, at a space, or between two characters."""
    whole = _whole(spans)
    for pause in (_SENTENCE, _SPACE):
        for end in reversed([found.end() for found in pause.finditer(text, most // 2, most)]):
            if not _joins(text, end, whole):
                return end
    free = (end for end in range(most, most // 2, -1) if not _joins(text, end, whole))
    apart = (end for end in range(most, most // 2, -1) if not _one_character(text[end - 1], text[end]))
    return next(free, 0) or next(apart, most)


def _whole(spans: list[Span]) -> list[range]:
    """Where not to cut: inside links and code."""
    ranges: list[range] = []
    at = 0
    for text, marks, url in spans:
        if url or "`" in marks:
            ranges.append(range(at + 1, at + len(text)))
        at += len(text)
    return ranges


def _joins(text: str, at: int, whole: list[range]) -> bool:
    """Would a cut here part what a reader sees as one?"""
    return (
        text[at] in CLOSERS + "、。，．！？"
        or _one_character(text[at - 1], text[at])
        or any(at in inside for inside in whole)
    )


def _one_character(left: str, right: str) -> bool:
    """Do the two belong to one character on the screen: accents, emoji sequences, flags, Hangul, ﾞ?"""
    return (
        unicodedata.category(right)[0] == "M"
        or "\u200d" in (left, right)
        or "\U0001f3fb" <= right <= "\U0001f3ff"
        or "\U000e0020" <= right <= "\U000e007f"
        or ("\U0001f1e6" <= left <= "\U0001f1ff" and "\U0001f1e6" <= right <= "\U0001f1ff")
        or "\u1160" <= right <= "\u11ff"
        or right in "ﾞﾟ"
    )
