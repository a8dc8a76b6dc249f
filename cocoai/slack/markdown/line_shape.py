"""Tells what a line of Markdown begins with: block quote markers, indentation, a list marker, a heading, a rule.

It looks at one line only; what the lines around it make of it is not its matter.
Sources: spec.commonmark.org/0.31.2 sections 4.1, 4.2, 4.3, 5.1 and 5.2.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cocoai.slack.markdown.inline_parser import escape_markdown
from cocoai.slack.markdown.text_cache import text_cache

_LINE = re.compile(
    r"""
    (?P<quote>(?:[ ]{0,3}+>[ ]?+)*+)
    (?P<space>[ \t]*+)
    (?:
        (?P<rule>(?P<sign>[-*_])(?:[ \t]*+(?P=sign)){2,}+[ \t]*+$)
        | (?P<underline>(?:-++|=++)[ \t]*+$)
        | (?P<heading>\#{1,6}(?=[ \t]|$))
        | (?P<marker>[-*+•] | (?P<number>\d{1,9})[.)]) (?:(?P<gap>[ \t]++)(?=\S)|[ \t]*+$)
    )?+
    """,
    re.VERBOSE,
)

_BLOCK_MARK = re.compile(r"\s*(?:\d{1,9}(?=[.)](?:\s|$))|(?=[#>+=-]))")
"""What stands before the sign that makes a line a heading, a quotation, a rule or an item of a list."""

_WIDEST_GAP = 4
"""More spaces behind a list marker are one, and what follows would be indented code (CommonMark 5.2)."""


class Shape(NamedTuple):
    """What a line begins with: its kind, block quote markers, column, and for a list item the marker and its number.

    `kind` is `text`, `blank`, `rule`, `underline`, `heading` or `item`. `number` is -1 for a bullet. `gap` are the
    spaces behind the marker, `words` what follows all this, which for a rule, an underline or a heading is all of it.
    """

    kind: str
    quote: str
    indent: int
    marker: str
    number: int
    gap: int
    words: str

    @property
    def content(self) -> int:
        """Return the column at which what belongs to the item begins."""
        return self.indent + len(self.marker) + self.gap

    @property
    def prefix(self) -> str:
        """Return what stands before each further line of what begins here."""
        return self.quote + " " * (self.content if self.marker else self.indent)


def escape_line(line: str) -> str:
    """Return a line of Markdown that shows `line` as it is, as escape_markdown() does, at the line's beginning too."""
    escaped = escape_markdown(line)
    mark = _BLOCK_MARK.match(escaped)
    return f"{mark[0]}\\{escaped[mark.end() :]}" if mark else escaped


# Cached, since a reply is rendered anew at each update while it is written.
@text_cache(256)
def shape_of(line: str) -> Shape:
    """Return the line's shape. `---` is a rule, and `-` alone an underline with a marker: it can be either."""
    match = _LINE.match(line)
    if match is None:  # never: all of the pattern is optional
        return Shape("text", "", 0, "", -1, 0, line)
    indent = len(match["space"].expandtabs(4))
    words = line[match.end("space") :]
    if not words.strip():
        return Shape("blank", match["quote"], indent, "", -1, 0, "")
    if marker := match["marker"]:
        gap = len((match["gap"] or " ").expandtabs(4))
        gap = gap if gap <= _WIDEST_GAP else 1
        return Shape("item", match["quote"], indent, marker, int(match["number"] or -1), gap, line[match.end() :])
    if words.rstrip() == "-":
        return Shape("underline", match["quote"], indent, "-", -1, 1, words)
    kind = next((each for each in ("rule", "underline", "heading") if match[each]), "text")
    return Shape(kind, match["quote"], indent, "", -1, 0, words)
