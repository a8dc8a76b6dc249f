"""Markdown, as the model writes it, to mrkdwn, as Slack shows it; and Slack's text to what a person reads.

It is pure and knows no API. Whatever it renders cannot ping: only links keep their `<`. Long text is cut where
a reader would pause, and never within an entity, a link or a character.
Source: docs.slack.dev/messaging/formatting-message-text.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from cocoai.slack.cutting import CLOSERS, divided
from cocoai.slack.spans import GAP, Span, marked, read, written

_WIDEST_INDENT = 16
_WIDEST_CELL = 40

_FENCE = re.compile(r"(\s*)(`{3,}|~{3,})([^`]*)")
_LANGUAGE = re.compile(r"[\w+#.-]{0,20}")
_QUOTE = re.compile(r" {0,3}(?:> ?)+")
_HEADING = re.compile(r" {0,3}#{1,6}\s+(?=\S)")
_RULE = re.compile(r" {0,3}([-*_])(?:\s*\1){2,}\s*")
_ITEM = re.compile(r"(\s*)(?:[-*+]|(\d{1,9}[.)]))\s+(?=\S)")
_TABLE_RULE = re.compile(r":?-+:?")

_SENTENCE_ENDS = re.compile(rf"[。．！？.!?][{re.escape(CLOSERS)}*_~]*$")

_PING = re.compile(r"<(?!https?://|mailto:|tel:|#[A-Z0-9]{2,24}[|>])", re.IGNORECASE)
_PINGED = re.compile(r"<(?=[@#][A-Z0-9]{2,}[|>]|!(?:here|channel|everyone|subteam|group|date)\b)", re.IGNORECASE)
_ENTITY = re.compile(r"([ \t]?)<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


@dataclass(frozen=True)
class _Line:
    """A line of prose: what stands before its words, and what stands before them again when it is cut."""

    prefix: str
    spans: list[Span]
    again: str


@dataclass(frozen=True, eq=False)
class _Fence:
    opening: str

    @property
    def frame(self) -> int:
        """How many characters the fence itself takes in a part."""
        return len(self.opening) + len("\n\n```")


class _Unit(NamedTuple):
    """A rendered line and the fence it stands in, if any: parts are made of whole units."""

    text: str
    fence: _Fence | None = None


def harmless(text: str) -> str:
    """Slack's text with every `<` that opens neither a link nor a channel's name made a plain character.

    So nothing in it can ping: no `<!channel>`, no `<@U…>`, no user group. Doing it twice changes nothing.
    """
    return _PING.sub("&lt;", text)


def unpinged(markdown: str) -> str:
    """Markdown with a gap in whatever Slack would take for a ping, in code too: there it is not to be seen."""
    return _PINGED.sub(f"<{GAP}", markdown)


def plain(text: str, own_user: str | None) -> str:
    """Slack's text as a person reads it, our own mention taken off; other mentions stay as `@U…`."""
    said = _ENTITY.sub(lambda entity: _as_read(entity, own_user), text.replace(GAP, ""))
    return said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def mrkdwn(markdown: str) -> str:
    """All of `markdown` as Slack shows it, however long."""
    return _joined(_units(markdown, sys.maxsize))


def parts(markdown: str, limit: int = 3900) -> list[str]:
    """`markdown` rendered and cut into messages of at most `limit` characters (100 or more); [] only if it is blank.

    A part ends where a paragraph ends in its later half, else a sentence, else a line; a line that is too long
    for one part is cut after a sentence, at a space, or anywhere. A code fence is closed and opened again with
    its language.
    """
    shown = [part for part in map(_joined, _packed(_units(markdown, limit), limit)) if part.strip()]
    # Markup around nothing is shown as it stands: whoever posts a reply counts on there being one.
    return shown or list(_pieces(_Line("", [Span(markdown.strip())], ""), limit)) if markdown.strip() else []


def _as_read(entity: re.Match[str], own_user: str | None) -> str:
    space, sign, target, label = entity[1], entity[2], entity[3], entity[4] or ""
    if sign == "@":
        return "" if target == own_user else f"{space}@{target}"
    if sign == "#":
        return f"{space}#{label or target}"
    if sign == "!":
        return space + (label or "@" + target.rpartition("^")[2])
    return space + _link_as_read(target, label) if ":" in target else entity[0]


def _link_as_read(url: str, label: str) -> str:
    bare = url.removeprefix("mailto:")
    # Slack itself links what people type: `<http://example.com|example.com>`.
    return bare if label in ("", bare, url.partition("://")[2]) else f"{label} ({bare})"


# Lines: fences, tables, and all else, each made into units.


def _units(markdown: str, limit: int) -> list[_Unit]:
    lines = markdown.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    units: list[_Unit] = []
    at = 0
    while at < len(lines):
        taken, more = _code(lines, at, limit) or _table(lines, at, limit) or (1, _prose(lines[at], limit))
        units += more
        at += taken
    return units


def _code(lines: list[str], at: int, limit: int) -> tuple[int, list[_Unit]] | None:
    opening = _FENCE.fullmatch(lines[at])
    if not opening:
        return None
    indent, ticks, info = opening[1], opening[2], opening[3].strip()
    end = next((n for n in range(at + 1, len(lines)) if _closes(lines[n], ticks)), len(lines))
    code = [line.removeprefix(indent) for line in lines[at + 1 : end]] or [""]
    if not _LANGUAGE.fullmatch(info):  # words, not a language: they are to be seen
        code, info = [info, *code], ""
    return end + 1 - at, _fenced(code, _Fence(f"```{info}"), limit)


def _closes(line: str, ticks: str) -> bool:
    stripped = line.strip()
    return stripped.startswith(ticks) and not stripped.strip(ticks[0])


def _table(lines: list[str], at: int, limit: int) -> tuple[int, list[_Unit]] | None:
    if at + 1 == len(lines) or "|" not in lines[at] or "|" not in lines[at + 1]:
        return None
    if not all(map(_TABLE_RULE.fullmatch, _cells(lines[at + 1]))):
        return None
    end = next((n for n in range(at + 2, len(lines)) if "|" not in lines[n]), len(lines))
    rows = [[_cell_as_read(cell) for cell in _cells(line)] for line in (lines[at], *lines[at + 2 : end])]
    return end - at, _fenced(_aligned(rows), _Fence("```"), limit)


def _cells(line: str) -> list[str]:
    inner = re.sub(r"(?<!\\)\|$", "", line.strip().removeprefix("|"))
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


def _cell_as_read(cell: str) -> str:
    """In a fence Slack shows no markup, so a cell is what it says."""
    return "".join(f"{text} ({url})" if url not in ("", text) else text for text, _, url in read(cell))


def _aligned(rows: list[list[str]]) -> list[str]:
    columns = max(map(len, rows))
    rows = [row + [""] * (columns - len(row)) for row in rows]
    widths = [min(max(map(_width, column)), _WIDEST_CELL) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return [" | ".join(map(_padded, row, widths)).rstrip() for row in rows]


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _width(text: str) -> int:
    """Columns in a fixed-width font: an East Asian wide character takes two."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def _fenced(lines: Iterable[str], fence: _Fence, limit: int) -> list[_Unit]:
    room = limit - fence.frame
    return [_Unit(text, fence) for line in lines for text in _pieces(_Line("", [Span(line)], ""), room)]


@lru_cache(maxsize=256)
def _prose(text: str, limit: int) -> tuple[_Unit, ...]:
    # Kept for a while: a reply that grows is rendered again and again, and all its lines but the last stay as they are.
    return tuple(_Unit(piece) for piece in _pieces(_line(text.rstrip()), limit))


def _line(text: str) -> _Line:
    if _RULE.fullmatch(text):
        return _Line("", [Span("─" * 10)], "")
    if quote := _QUOTE.match(text):
        quoted = _line(text[quote.end() :])
        return _Line(f"> {quoted.prefix}", quoted.spans, f"> {quoted.again}")
    if heading := _HEADING.match(text):
        title = re.sub(r"(?<=\s)#+$", "", text[heading.end() :]).strip()
        return _Line("", [marked(span, "*") for span in read(title)], "")
    item = _ITEM.match(text)
    words = text[item.end() :] if item else text.lstrip()
    indent = _indent(item[1] if item else text[: len(text) - len(words)])
    prefix = f"{indent}{item[2] or '•'} " if item else indent
    return _Line(prefix, read(words), " " * len(prefix))


def _indent(space: str) -> str:
    return " " * min(len(space.expandtabs(4)), _WIDEST_INDENT)


# A line that is too long for one part.


def _pieces(line: _Line, limit: int) -> Iterator[str]:
    whole = line.prefix + written(line.spans)
    if len(whole) <= limit:
        yield whole
        return
    prefix, spans = line.prefix, _with_short_links(line.spans, limit)
    while spans:
        head, spans = divided(spans, limit - len(prefix))
        yield prefix + written(head)
        prefix = line.again


def _with_short_links(spans: list[Span], limit: int) -> list[Span]:
    """An address that would take most of a part is shown as text, which can be cut."""
    return [
        Span(f"{text} ({url})" if text != url else text, marks) if 3 * len(url) > limit else Span(text, marks, url)
        for text, marks, url in spans
    ]


# Units into parts.


def _packed(units: list[_Unit], limit: int) -> Iterator[list[_Unit]]:
    while units:
        count = _fitting(units, limit)
        if count < len(units):
            count = _break(units, count)
        yield units[:count]
        units = units[count:]


def _fitting(units: list[_Unit], limit: int) -> int:
    size = -1
    fence: _Fence | None = None
    for count, unit in enumerate(units):
        size += len(unit.text) + 1
        if unit.fence and unit.fence is not fence:
            size += unit.fence.frame
        if size > limit:
            return max(count, 1)
        fence = unit.fence
    return len(units)


def _break(units: list[_Unit], count: int) -> int:
    """How many of the first `count` units to take: to the best place to pause in their later half."""
    half = sum(len(unit.text) for unit in units[:count]) / 2
    size = 0
    best = (0, count)
    for at in range(1, count + 1):
        size += len(units[at - 1].text)
        if size >= half:
            best = max(best, (_pause(units[at - 1], units[at]), at))
    return best[1]


def _pause(before: _Unit, after: _Unit) -> int:
    """How good a pause is between two lines: 3 between paragraphs and at a fence, 2 after a sentence, else 1."""
    if before.fence is not after.fence:
        return 3
    if before.fence is None and not (before.text and after.text):
        return 3
    return 2 if before.fence is None and _SENTENCE_ENDS.search(before.text) else 1


def _joined(units: list[_Unit]) -> str:
    texts: list[str] = []
    for fence, group in groupby(units, key=lambda unit: unit.fence):
        text = "\n".join(unit.text for unit in group)
        texts.append(f"{fence.opening}\n{text}\n```" if fence else text)
    return "\n".join(texts).strip("\n")
