"""Rendered lines packed into messages: a message ends where a reader would pause, and frames go on in the next one.

It knows neither Markdown nor mrkdwn: whoever renders says what opens and closes a frame.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from cocoai.slack.markdown.cutting import CLOSERS

_SENTENCE_ENDS = re.compile(rf"[。．！？.!?][{re.escape(CLOSERS)}*_~]*$")


@dataclass(frozen=True, eq=False)
class Frame:
    """What stands around some lines, a fence or a table's head, and is said again in each message that has any of them.

    `indent` stands before each line. If it is only space it falls away where a message begins: what it was under
    stands in the message before.
    """

    opening: str
    closing: str = ""
    indent: str = ""
    is_table: bool = False

    @cached_property
    def size(self) -> int:
        """How many characters the frame itself takes in a message, at most."""
        lines = self.opening.count("\n") + 1
        return len(self.opening) + len(self.closing) + (lines + 1) * len(self.indent) + 2

    def around(self, texts: Sequence[str], *, is_first: bool) -> str:
        """The frame with these lines in it."""
        lines = [*self.opening.split("\n"), *texts, *([self.closing] if self.closing else [])]
        indent = self.indent.lstrip() if is_first else self.indent
        return "\n".join(indent + line if line else line for line in lines) if indent else "\n".join(lines)


class Unit(NamedTuple):
    """A rendered line and the frame it stands in, if any: messages are made of whole units."""

    text: str
    frame: Frame | None = None


class MessageLimits(NamedTuple):
    """What one message may hold: characters in all, and of tables rows and characters."""

    size: int
    rows: int = sys.maxsize
    tables: int = sys.maxsize


def packed(units: list[Unit], room: MessageLimits) -> Iterator[str]:
    """The units as messages, in order. A unit that is too big by itself gets a message of its own."""
    while units:
        count = count_fitting(units, room)
        if count < len(units):
            count = _break(units, count)
        yield joined(units[:count])
        units = units[count:]


def joined(units: Sequence[Unit]) -> str:
    """The units in one text, each frame around its own."""
    texts: list[str] = []
    for frame, group in groupby(units, key=lambda unit: unit.frame):
        lines = [unit.text for unit in group]
        texts.append(frame.around(lines, is_first=not texts) if frame else "\n".join(lines))
    return "\n".join(texts).strip("\n")


def count_fitting(units: Sequence[Unit], room: MessageLimits) -> int:
    """How many of the units one message holds; at least one."""
    size, rows, tables = -1, 0, 0
    frame: Frame | None = None
    for count, (text, around) in enumerate(units):
        size += len(text) + 1
        if around is not None:
            size += len(around.indent)
            if around is not frame:
                size += around.size
            if around.is_table:
                rows += 1 if around is frame else 2
                tables += len(text) if around is frame else around.size + len(text)
        if size > room.size or rows > room.rows or tables > room.tables:
            return max(count, 1)
        frame = around
    return len(units)


def _break(units: list[Unit], count: int) -> int:
    """How many of the first `count` units to take: to the best place to pause in their later half."""
    half = sum(len(unit.text) for unit in units[:count]) / 2
    size = 0
    best = (0, count)
    for at in range(1, count + 1):
        size += len(units[at - 1].text)
        if size >= half:
            best = max(best, (_pause(units[at - 1], units[at]), at))
    return best[1]


def _pause(before: Unit, after: Unit) -> int:
    """How good a pause is between two lines: 3 between paragraphs and at a frame, 2 after a sentence, else 1."""
    if before.frame is not after.frame:
        return 3
    if before.frame is None and not (before.text and after.text):
        return 3
    return 2 if before.frame is None and _SENTENCE_ENDS.search(before.text) else 1
