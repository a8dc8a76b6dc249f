"""Splits rendered text into messages, where a reader would pause: between lines, and within a line that is too long.

A code fence or a table's header is repeated in each message that has some of its block. This module knows neither Slack
nor any rendering: its callers say what encloses a block, how inlines are rendered, and what a message may hold.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from cocoai.slack.markdown.inline_parser import Inline, slice_inlines, text_of

_CLOSING_BRACKETS = "」』）】〉》）］｝)]}\"'”’"
_SENTENCE = re.compile(rf"[。．！？]+[{re.escape(_CLOSING_BRACKETS)}]*|[.!?]+[{re.escape(_CLOSING_BRACKETS)}]*(?=\s)")
_SENTENCE_AT_END = re.compile(rf"[。．！？.!?][{re.escape(_CLOSING_BRACKETS)}*_~]*$")
_SPACE = re.compile(r"\s+")


# Compared by identity: two blocks in a row whose wrappers are alike must stay two.
@dataclass(frozen=True, eq=False)
class Wrapper:
    """What encloses a block's lines in each message that has some of them: a fence, or a table's header.

    `opening` may have several lines, `closing` may be "". `prefix` stands before each line. If that is only space, it
    is left out where the block begins a message, since the list item above it is in the message before.
    """

    opening: str
    closing: str = ""
    prefix: str = ""
    is_table: bool = False

    @cached_property
    def size(self) -> int:
        """Return how many characters the wrapper takes in a message, at most, with the line breaks around it.

        The lines that it encloses, and their prefixes, are not counted.
        """
        lines = self.opening.count("\n") + 1
        return len(self.opening) + len(self.closing) + (lines + 1) * len(self.prefix) + 2

    def wrap(self, texts: Sequence[str], *, is_first: bool) -> str:
        """Return these lines as one text, between `opening` and `closing`, each line that is not empty behind `prefix`.

        `is_first`: they begin a message, so the prefix has no indentation.
        """
        lines = [*self.opening.split("\n"), *texts, *([self.closing] if self.closing else [])]
        prefix = self.prefix.lstrip() if is_first else self.prefix
        return "\n".join(prefix + line if line else line for line in lines) if prefix else "\n".join(lines)


class RenderedLine(NamedTuple):
    """A line as it is shown, and what encloses its block, if anything. Messages are made of whole lines."""

    text: str
    wrapper: Wrapper | None = None


class MessageLimits(NamedTuple):
    """What one message may hold: characters in all, rows of tables with their headers, and characters of tables."""

    characters: int
    table_rows: int = sys.maxsize
    table_characters: int = sys.maxsize


class Filling(NamedTuple):
    """What fills a message so far, as `MessageLimits` counts it, and the wrapper of its last line."""

    characters: int
    table_rows: int
    table_characters: int
    wrapper: Wrapper | None


EMPTY = Filling(-1, 0, 0, None)
"""What fills a message without lines: the first one has no line break before it."""


# Lines into messages


def split_into_messages(lines: list[RenderedLine], limits: MessageLimits) -> Iterator[str]:
    """Yield the text of each message, in order: as many lines as fit, up to the best break in their later half.

    A line that is too long by itself gets a message of its own.
    """
    while lines:
        count = count_fitting(lines, limits)
        if count < len(lines):
            count = _best_break(lines, count)
        yield join_lines(lines[:count])
        lines = lines[count:]


def join_lines(lines: Sequence[RenderedLine]) -> str:
    """Return the lines as one text, each block enclosed by its wrapper, without empty lines at either end."""
    return "\n".join(join_groups(lines, is_first=True)).strip("\n")


def join_groups(lines: Iterable[RenderedLine], *, is_first: bool) -> list[str]:
    """Return the text of each block, enclosed by its wrapper, and of the lines between blocks, in order.

    `is_first`: they begin a message.
    """
    texts: list[str] = []
    for wrapper, group in groupby(lines, key=attrgetter("wrapper")):
        inside = [line.text for line in group]
        texts.append(wrapper.wrap(inside, is_first=is_first and not texts) if wrapper else "\n".join(inside))
    return texts


def count_fitting(lines: Sequence[RenderedLine], limits: MessageLimits) -> int:
    """Return how many of the lines, from the first, one message holds with their wrappers: at least one."""
    return fill(lines, limits, EMPTY)[0]


def fill(lines: Sequence[RenderedLine], limits: MessageLimits, filling: Filling) -> tuple[int, Filling]:
    """Return how many of the lines one message still holds behind what fills it so far, and what fills it with them.

    An empty message holds at least one line.
    """
    size, rows, table_size, previous = filling
    for count, (text, wrapper) in enumerate(lines):
        size += len(text) + 1
        if wrapper is not None:
            is_new = wrapper is not previous
            size += len(wrapper.prefix)
            if is_new:
                size += wrapper.size
            if wrapper.is_table:
                rows += 2 if is_new else 1
                table_size += wrapper.size + len(text) if is_new else len(text)
        if size > limits.characters or rows > limits.table_rows or table_size > limits.table_characters:
            return max(count, int(filling is EMPTY)), Filling(size, rows, table_size, wrapper)
        previous = wrapper
    return len(lines), Filling(size, rows, table_size, previous)


def _best_break(lines: list[RenderedLine], count: int) -> int:
    """Return how many of the first `count` lines to take: up to the last of the best breaks in their later half.

    `_break_quality` ranks the breaks. The half is by characters; the break behind line `count` is always in it.
    """
    half = sum(len(line.text) for line in lines[:count]) / 2
    size = 0
    best = (0, count)
    for at in range(1, count + 1):
        size += len(lines[at - 1].text)
        if size >= half:
            best = max(best, (_break_quality(lines[at - 1], lines[at]), at))
    return best[1]


def _break_quality(before: RenderedLine, after: RenderedLine) -> int:
    """Return how good a break between two lines is: 3 between paragraphs or blocks, 2 after a sentence, else 1."""
    if before.wrapper is not after.wrapper:
        return 3
    if before.wrapper is None and not (before.text and after.text):
        return 3
    return 2 if before.wrapper is None and _SENTENCE_AT_END.search(before.text) else 1


# Within a line that is too long for one message


def split_line(
    inlines: list[Inline], limit: int, render: Callable[[list[Inline]], str]
) -> tuple[list[Inline], list[Inline]]:
    """Return what of a line fits into `limit` characters, as `render` renders it, and the rest; [] if all fits.

    At least one character is taken. The cut is after a sentence, else at a space, else anywhere, but in no link or code
    if possible. No space is left at it.
    """
    text = text_of(inlines)
    fitting = _longest_prefix(inlines, min(len(text), limit), limit, render)
    if fitting == len(text):
        return inlines, []
    at = _cut_position(text, max(fitting, 1), inlines)
    rest = at + len(text[at:]) - len(text[at:].lstrip())
    return slice_inlines(inlines, 0, len(text[:at].rstrip()) or at), slice_inlines(inlines, rest, len(text))


def write_out_long_links(inlines: list[Inline], limit: int) -> list[Inline]:
    """Return the inlines, with links as text, `LABEL (URL)`, if the address would take over a third of `limit`.

    Text can be cut, and a link cannot.
    """
    return [
        Inline(f"{text} ({url})" if text != url else text, delimiters)
        # As it is rendered: `&` becomes `&amp;`.
        if 3 * (len(url) + 4 * url.count("&")) > limit
        else Inline(text, delimiters, url)
        for text, delimiters, url in inlines
    ]


def _longest_prefix(inlines: list[Inline], longest: int, limit: int, render: Callable[[list[Inline]], str]) -> int:
    """Return how many characters of text, `longest` at most, can be rendered in `limit` characters.

    This is a binary search: a longer prefix takes more characters. `longest` need not be over `limit`, because
    rendering never shortens a text.
    """

    def rendered_size(length: int) -> int:
        return len(render(slice_inlines(inlines, 0, length)))

    # bisect_right returns how many of the lengths 0, 1, 2, … fit, which is one more than the longest of these.
    return bisect_right(range(longest + 1), limit, key=rendered_size) - 1


def _cut_position(text: str, most: int, inlines: list[Inline]) -> int:
    """Return the index at which to cut `text`, in the later half of its first `most` characters.

    That is after the last sentence, else at the last space, else between two characters, in each case outside links and
    code; if there is none, then between two characters inside one, and at `most` as a last resort.
    """
    unbreakable = _unbreakable_ranges(inlines)
    for pause in (_SENTENCE, _SPACE):
        ends = [match.end() for match in pause.finditer(text, most // 2, most)]
        for end in reversed(ends):
            if not _is_inseparable(text, end, unbreakable):
                return end
    later_half = range(most, most // 2, -1)
    separable = (end for end in later_half if not _is_inseparable(text, end, unbreakable))
    between_characters = (end for end in later_half if not _is_one_character(text[end - 1], text[end]))
    return next(separable, 0) or next(between_characters, most)


def _unbreakable_ranges(inlines: list[Inline]) -> list[range]:
    """Return the positions of the text at which not to cut: those inside links and code."""
    ranges: list[range] = []
    at = 0
    for text, delimiters, url in inlines:
        if url or "`" in delimiters:
            ranges.append(range(at + 1, at + len(text)))
        at += len(text)
    return ranges


def _is_inseparable(text: str, at: int, unbreakable: list[range]) -> bool:
    """Return True if a cut at this index parts a link, code or a character, or puts a closing bracket first.

    A comma or full stop counts as a closing bracket.
    """
    return (
        text[at] in _CLOSING_BRACKETS + "、。，．！？"
        or _is_one_character(text[at - 1], text[at])
        or any(at in positions for positions in unbreakable)
    )


def _is_one_character(left: str, right: str) -> bool:
    """Return True if two code points belong to one character on the screen (a grapheme cluster, Unicode's UAX #29).

    A simple form of its rules: combining marks, emoji sequences, skin tones, tags, flags, Hangul, and half-width ﾞ, ﾟ.
    """
    return (
        unicodedata.category(right)[0] == "M"
        or "\u200d" in (left, right)
        or "\U0001f3fb" <= right <= "\U0001f3ff"
        or "\U000e0020" <= right <= "\U000e007f"
        or ("\U0001f1e6" <= left <= "\U0001f1ff" and "\U0001f1e6" <= right <= "\U0001f1ff")
        or "\u1160" <= right <= "\u11ff"
        or right in "ﾞﾟ"
    )
