"""Lines: Markdown read line by line into fences, tables, and lines of prose. Both renderings begin with it.

It knows nothing of Slack, and of what stands within a line only where a table's cells end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Nothing in these is given back once it is taken: lines of nothing but quotes' signs and space would take for ever.
_SIGN = r"[ \t]{0,3}+>[ \t]?+"
_BEFORE = re.compile(rf"(?:{_SIGN}){{0,40}}+[ \t]{{0,200}}+")
_FENCE = re.compile(rf"(?P<before>{_BEFORE.pattern})(?P<ticks>`{{3,}}|~{{3,}})(?P<info>[^`]*)")
_FENCE_IN_ITEM = re.compile(r"([ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+)((?:`{3,}|~{3,})[^`]*)")
_TABLE_RULE = re.compile(r":?-+:?")
_CELL_ENDS = re.compile(r"(?<!\\)\|")
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


MOST_INFO = 200
"""Characters of a fence's first line that are said again in each part; of its ticks too."""


@dataclass(frozen=True)
class Fence:
    """Lines of code. `before` (a quote's signs, or space) is taken off each; `info` is the language, or any words."""

    before: str
    ticks: str
    info: str
    code: tuple[str, ...]
    is_closed: bool


@dataclass(frozen=True)
class TableBlock:
    """A table's head and rows; `before` (a quote's signs, or space) is taken off each line."""

    before: str
    head: str
    rule: str
    rows: tuple[str, ...]


Element = Fence | TableBlock | str


def clean(markdown: str) -> str:
    """Markdown with plain line ends, and nothing in it that no screen shows or no socket takes."""
    if "\r" in markdown:
        markdown = markdown.replace("\r\n", "\n").replace("\r", "\n")
    if not _UNSEEN.search(markdown):
        return markdown
    return _UNSEEN.sub(lambda unseen: "?" if unseen[0] >= "\ud800" else "", markdown)


def elements(markdown: str) -> Iterator[Element]:
    """The fences, the tables and the single lines of prose that clean Markdown is made of."""
    lines = markdown.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if ("```" in line or "~~~" in line) and (item := _FENCE_IN_ITEM.fullmatch(line)):
            yield item[1].rstrip()
            # The fence stands on the next line then, as far in as the item's words.
            lines[at] = line = " " * len(item[1]) + item[2]
        element, taken = _fence(lines, at) or _table(lines, at) or (line, 1)
        yield element
        at += taken


def cells(line: str) -> list[str]:
    """What stands in a table's line, cell by cell."""
    inner = re.sub(r"(?<!\\)\|$", "", line.strip().removeprefix("|"))
    return [cell.strip().replace("\\|", "|") for cell in _CELL_ENDS.split(inner)]


def _fence(lines: list[str], at: int) -> tuple[Fence, int] | None:
    if "```" not in lines[at] and "~~~" not in lines[at]:
        return None
    opening = _FENCE.fullmatch(lines[at])
    if not opening:
        return None
    before, ticks = opening["before"], opening["ticks"]
    code: list[str] = []
    end = None
    for line in lines[at + 1 :]:
        end = _inside(line, before)
        if end is None or _closes(end, ticks):
            break
        code.append(end)
    is_closed = at + 1 + len(code) < len(lines)
    taken = 1 + len(code) + (is_closed and end is not None)
    info = opening["info"].strip()
    if len(info) > MOST_INFO:  # words, that were put on the wrong line
        info, code = "", [info, *code]
    return Fence(before, ticks[:MOST_INFO], info, tuple(code), is_closed), taken


def _closes(line: str, ticks: str) -> bool:
    stripped = line.strip()
    return stripped.startswith(ticks) and not stripped.strip(ticks[0]) and not line.startswith("    ")


def _table(lines: list[str], at: int) -> tuple[TableBlock, int] | None:
    if at + 1 == len(lines) or "|" not in lines[at] or "|" not in lines[at + 1]:
        return None
    found = _BEFORE.match(lines[at])
    before = found[0] if found else ""
    rule = _inside(lines[at + 1], before)
    if rule is None or not all(map(_TABLE_RULE.fullmatch, cells(rule))):
        return None
    rows: list[str] = []
    for line in lines[at + 2 :]:
        inside = _inside(line, before)
        if inside is None or "|" not in inside:
            break
        rows.append(inside)
    return TableBlock(before, lines[at][len(before) :], rule, tuple(rows)), len(rows) + 2


def _inside(line: str, before: str) -> str | None:
    """The line without what stands before each; None if a quote has ended."""
    if line.startswith(before):
        return line[len(before) :]
    if ">" not in before:
        return line.lstrip(" ") if before.startswith(line[: len(line) - len(line.lstrip(" "))]) else line
    signs = re.match(rf"(?:{_SIGN}){{{before.count('>')}}}", line)
    return line[signs.end() :] if signs else None
