"""Markdown, as the model writes it, to Markdown that Slack's `markdown` blocks show as it was meant, in parts.

Fences and tables stand in frames, so that each part has its own; a table that Slack would refuse becomes code.
Source: docs.slack.dev/reference/block-kit/blocks/markdown-block and /table-block.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cocoai.slack.markdown.block_parser import Element, Fence, TableBlock, cells
from cocoai.slack.markdown.commonmark_fixes import fix_line
from cocoai.slack.markdown.cutting import split_line, with_short_links
from cocoai.slack.markdown.inline_parser import GAP, Span, read, text_of
from cocoai.slack.markdown.partial import close_line
from cocoai.slack.markdown.split import Frame, MessageLimits, Unit, count_fitting, joined, packed
from cocoai.slack.markdown.text_table import aligned

MOST = 11_500
"""Characters in one part. Slack takes 12,000, and does not say whether an emoji is one of them or two."""

ROOM = MessageLimits(MOST, rows=100, tables=9_000)
"""Slack takes tables of 100 rows, the head among them, and 10,000 characters of cells in one message."""

MOST_CELLS = 20
MOST_IN_ROW = 2_000
"""Characters; a longer row could not be cut."""

MOST_IN_PIECE = 6_000
"""Characters of a line that has to be cut, before its marks get their gaps: there may be two for each three."""

_BEFORE_WORDS = re.compile(
    r"[ \t]{0,40}(?:> ?){0,40}[ \t]{0,40}(?:(?:[-*+]|\d{1,9}[.)])[ \t]{1,40}|#{1,6}[ \t]{1,40})?"
)
_LESS_DEEP = re.compile(r"(?m)^\S")
_SIGN = re.compile(r"[-+#\d.)*]")
_SPECIAL = re.compile(r"[\\`*_~\[\]<>#|]")
_DELIMITERS = {"*": "**", "_": "*", "~": "~~", "`": ""}
_MARKS = frozenset("*~")


def units(found: Iterable[Element]) -> list[Unit]:
    """What `elements` found, as Markdown; no unit is longer than a part."""
    made: list[Unit] = []
    was_table = False
    for element in found:
        is_table = isinstance(element, TableBlock)
        if is_table | was_table and element != "" and made and made[-1].text.strip():
            # A table ends with an empty line only, and not every reader sees one begin without.
            made.append(Unit(_empty(element)))
        if isinstance(element, str) and len(element) < MOST_IN_ROW:
            made.append(Unit(fix_line(element.rstrip())))
        else:
            made += _units(element)
        was_table = is_table
    return made


def parts(made: list[Unit]) -> list[str]:
    """The units as parts that Slack takes."""
    first, *others = packed(made, ROOM)
    return [part for part in (first, *map(_outdented, others)) if part.strip()]


def beginning(made: list[Unit]) -> str:
    """The first part of a text that grows: as much as there is room for, so that nothing shown is taken back."""
    count = count_fitting(made, ROOM)
    shown = joined(made[:count])
    if count == len(made) or made[count].frame:
        return shown
    return joined([*made[:count], Unit(close_line(made[count].text[: MOST - len(shown)]))])


def _outdented(part: str) -> str:
    """A part that begins deep in a list: without what it stood under, that would be code."""
    deep = len(part) - len(part.lstrip(" "))
    if deep < len("    "):
        return part
    end = _LESS_DEEP.search(part)
    inside, rest = (part[: end.start()], part[end.start() :]) if end else (part, "")
    return re.sub(rf"(?m)^ {{1,{deep}}}", "", inside) + rest


def _empty(element: Element) -> str:
    return "" if isinstance(element, str) else element.before.rstrip()


def _units(element: Element) -> list[Unit]:
    if isinstance(element, str):
        line = fix_line(element.rstrip())
        return [Unit(line)] if len(line) <= MOST else [Unit(piece) for piece in _pieces(element.rstrip())]
    if isinstance(element, Fence):
        return _fenced(element.code or ("",), Frame(element.ticks + element.info, element.ticks, element.before))
    if _is_refused(element):
        return _fenced(aligned(element), Frame("```", "```", element.before))
    frame = Frame(f"{fix_line(element.head)}\n{_rule(element)}", "", element.before, is_table=True)
    return [Unit(fix_line(row), frame) for row in element.rows] or [Unit(frame.around((), is_first=False))]


def _is_refused(table: TableBlock) -> bool:
    lines = (table.head, *table.rows)
    return max(map(len, lines)) > MOST_IN_ROW or max(line.count("|") for line in lines) > MOST_CELLS + 1


def _rule(table: TableBlock) -> str:
    """The rule, with as many cells as the head: else it is no table."""
    count = len(cells(table.head))
    is_fit = len(cells(table.rule)) == count and len(table.rule) <= MOST_IN_ROW
    return table.rule if is_fit else "|" + "---|" * count


def _fenced(code: Iterable[str], frame: Frame) -> list[Unit]:
    room = MOST - frame.size
    return [Unit(piece, frame) for line in code for piece in ((line,) if len(line) <= room else _cut(line, room))]


def _cut(line: str, room: int) -> Iterator[str]:
    spans = [Span(line)]
    while spans:
        head, spans = split_line(spans, room, text_of)
        yield text_of(head)


# A line that is too long for one part.


def _pieces(line: str) -> Iterator[str]:
    found = _BEFORE_WORDS.match(line)
    prefix = found[0] if found else ""
    spans = with_short_links(read(line[len(prefix) :]), MOST_IN_PIECE)
    while spans:
        head, spans = split_line(spans, MOST_IN_PIECE - len(prefix), _spelled)
        yield fix_line(prefix + _spelled(head))
        prefix = _SIGN.sub(" ", prefix)


def _spelled(spans: list[Span]) -> str:
    """The spans as Markdown again, with a gap between marks of two."""
    out = ""
    for piece in map(_span, spans):
        out += (GAP if out[-1:] in _MARKS and piece[:1] in _MARKS else "") + piece
    return out


def _span(span: Span) -> str:
    text = f"`{span.text}`" if "`" in span.marks else _SPECIAL.sub(r"\\\g<0>", span.text)
    if span.url:
        text = f"<{span.url}>" if span.text == span.url else f"[{text}](<{span.url}>)"
    opening = "".join(_DELIMITERS[mark] for mark in span.marks)
    return f"{opening}{text}{opening[::-1]}"
