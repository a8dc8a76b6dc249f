"""Parses Markdown into blocks: fenced code, tables, and single lines of everything else. Both renderings begin with it.

Formulas in LaTeX that have lines of their own are code. It knows nothing of Slack, and of inline markup only where a
table's cells end.
Sources: spec.commonmark.org/0.31.2 section 4.5 (fenced code blocks), github.github.com/gfm section 4.10 (tables).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Possessive quantifiers (`++`, `?+`, `{…}+`) keep these linear: a line of nothing but `>` and spaces would otherwise
# be tried in exponentially many ways.
_QUOTE_MARKER = r"[ \t]{0,3}+>[ \t]?+"
_PREFIX = re.compile(rf"(?:{_QUOTE_MARKER}){{0,40}}+[ \t]{{0,200}}+")
_OPENING_FENCE = re.compile(rf"(?P<prefix>{_PREFIX.pattern})(?P<fence>`{{3,}}|~{{3,}})(?P<info>[^`]*)")
_FENCE_IN_ITEM = re.compile(r"([ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+)((?:`{3,}|~{3,})[^`]*)")
_DELIMITER_CELL = re.compile(r":?-+:?")
CELL_END = re.compile(r"(?<!\\)\|")
"""The `|` between two cells of a table's row; an escaped one is text."""

_LAST_CELL_END = re.compile(r"(?<!\\)\|$")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


_FORMULA_ENDS = {"$$": "$$", r"\[": r"\]"}
"""What begins a formula in LaTeX that may have several lines, and what ends it."""

_MOST_FORMULA_LINES = 50

MOST_INFO = 200
"""Characters of an info string, and of a fence: both are repeated in each message that has some of the code."""


@dataclass(frozen=True)
class FencedCode:
    """A fenced code block (CommonMark 4.5).

    `prefix` (block quote markers or indentation) is removed from each of `lines`. `fence` is the opening one. `info` is
    the info string: the language, or any words.
    """

    prefix: str
    fence: str
    info: str
    lines: tuple[str, ...]
    is_closed: bool


@dataclass(frozen=True)
class TableBlock:
    """A table (GFM 4.10). `prefix` (block quote markers or indentation) is removed from each line."""

    prefix: str
    header: str
    delimiter_row: str
    rows: tuple[str, ...]


MarkdownBlock = FencedCode | TableBlock | str
"""A string is one line of anything else: a paragraph's, a heading, a list item, a quote, or an empty line."""


def normalize_markdown(markdown: str) -> str:
    r"""Return `markdown` with `\n` as line ends, without control characters, and with `?` for lone surrogates.

    No screen shows control characters, and UTF-8 cannot encode lone surrogates. Tabs stay.
    """
    if "\r" in markdown:
        markdown = markdown.replace("\r\n", "\n").replace("\r", "\n")
    return _UNPRINTABLE.sub(_replace_unprintable, markdown)


def parse_blocks(markdown: str) -> Iterator[MarkdownBlock]:
    """Yield the blocks of normalized Markdown in order: code and tables whole, anything else line by line.

    A fence behind a list marker is yielded as two blocks: the line `-`, then the code, indented. An empty text is one
    empty line.
    """
    lines = markdown.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if _may_have_fence(line) and (item := _FENCE_IN_ITEM.fullmatch(line)):
            # A fence right behind a list marker: yield the marker alone, and read the fence as the next line, indented
            # as far as the item's content.
            yield item[1].rstrip()
            lines[at] = line = " " * len(item[1]) + item[2]
        block, length = _parse_fence(lines, at) or _parse_table(lines, at) or _parse_formula(lines, at) or (line, 1)
        yield block
        at += length


def split_cells(row: str) -> list[str]:
    r"""Return the cells of a table's row without the space around them: `| a | b\|c |` gives `a` and `b|c`."""
    return [cell.replace("\\|", "|") for cell in raw_cells(row)]


def raw_cells(row: str) -> list[str]:
    """Return the cells of a table's row as they are written, escapes included, without the space around them."""
    return [cell.strip() for cell in CELL_END.split(without_outer_pipes(row))]


def without_outer_pipes(row: str) -> str:
    """Return a table's row without the `|` at its beginning and its end, which GFM lets a writer leave out."""
    return _LAST_CELL_END.sub("", row.strip().removeprefix("|"))


def _replace_unprintable(match: re.Match[str]) -> str:
    return "?" if match[0] >= "\ud800" else ""


def _may_have_fence(line: str) -> bool:
    """Return True if the line has three backticks or tildes in a row: a cheap test before a regular expression."""
    return "```" in line or "~~~" in line


def _parse_fence(lines: Sequence[str], at: int) -> tuple[FencedCode, int] | None:
    """Return the fenced code that begins in line `at` and how many lines it takes; None if none begins there.

    An info string of over 200 characters is taken for the first line of the code.
    """
    opening = _OPENING_FENCE.fullmatch(lines[at]) if _may_have_fence(lines[at]) else None
    if not opening:
        return None
    prefix, fence, info = opening["prefix"], opening["fence"], opening["info"].strip()
    code, closing = _read_code(lines[at + 1 :], prefix, fence)
    length = 1 + len(code) + (closing or 0)
    if len(info) > MOST_INFO:  # not an info string, but text that the model put on the fence's line
        info, code = "", [info, *code]
    return FencedCode(prefix, fence[:MOST_INFO], info, tuple(code), closing is not None), length


def _read_code(lines: Sequence[str], prefix: str, fence: str) -> tuple[list[str], int | None]:
    """Return the code in `lines`, which begin below the opening fence, and how many lines close it.

    That is 1 for a closing fence, 0 where the block quote around the code ends, and None if `lines` end before it does.
    """
    code: list[str] = []
    for line in lines:
        content = _strip_prefix(line, prefix)
        if content is None:
            return code, 0
        if _is_closing_fence(content, fence):
            return code, 1
        code.append(content)
    return code, None


def _is_closing_fence(line: str, fence: str) -> bool:
    """Return True if the line closes `fence`: the same characters, as many or more, and under 4 spaces before them."""
    stripped = line.strip()
    return stripped.startswith(fence) and not stripped.strip(fence[0]) and not line.startswith("    ")


def _parse_formula(lines: Sequence[str], at: int) -> tuple[FencedCode, int] | None:
    """Return a formula that begins in line `at` and goes on below as code, and how many lines it takes; else None.

    It has no empty line, and ends in a line that has its `$$` or `\\]`, or with the text.
    """
    if "$$" not in lines[at] and "\\[" not in lines[at]:
        return None
    match = _PREFIX.match(lines[at])
    prefix = match[0] if match else ""
    code = [lines[at][len(prefix) :]]
    ending = _FORMULA_ENDS.get(code[0][:2])
    if ending is None or ending in code[0][2:] or (ending == r"\]" and code[0][2:].lstrip() == code[0][2:] != ""):
        return None
    for line in lines[at + 1 : at + _MOST_FORMULA_LINES]:
        content = _strip_prefix(line, prefix)
        is_unfinished = not line.strip() and at + len(code) + 1 == len(lines)
        if content is None or "```" in content or not (content.strip() or is_unfinished):
            return None
        code.append(content)
        if ending in content:
            return FencedCode(prefix, "```", "", tuple(code), is_closed=True), len(code)
    is_at_end = at + len(code) == len(lines)
    return (FencedCode(prefix, "```", "", tuple(code), is_closed=False), len(code)) if is_at_end else None


def _parse_table(lines: Sequence[str], at: int) -> tuple[TableBlock, int] | None:
    """Return the table whose header is line `at` and how many lines it takes; None if there is none.

    The line below has to be a delimiter row, such as `|---|:-:|`. Unlike in GFM a table ends before a line without `|`:
    a model that leaves out the empty line means it so.
    """
    if at + 1 == len(lines) or "|" not in lines[at] or "|" not in lines[at + 1]:
        return None
    match = _PREFIX.match(lines[at])
    prefix = match[0] if match else ""
    delimiter_row = _strip_prefix(lines[at + 1], prefix)
    if delimiter_row is None or not all(map(_DELIMITER_CELL.fullmatch, split_cells(delimiter_row))):
        return None
    rows: list[str] = []
    for line in lines[at + 2 :]:
        row = _strip_prefix(line, prefix)
        if row is None or "|" not in row:
            break
        rows.append(row)
    return TableBlock(prefix, lines[at][len(prefix) :], delimiter_row, tuple(rows)), len(rows) + 2


def _strip_prefix(line: str, prefix: str) -> str | None:
    """Return the line without the prefix that its block's first line has: block quote markers, or indentation.

    A line with too few markers gives None: the block quote has ended. A line that is indented less loses what
    indentation it has (CommonMark 4.5).
    """
    if line.startswith(prefix):
        return line[len(prefix) :]
    if ">" not in prefix:
        content = line.lstrip(" ")
        indentation = line[: len(line) - len(content)]
        return content if prefix.startswith(indentation) else line
    markers = re.match(rf"(?:{_QUOTE_MARKER}){{{prefix.count('>')}}}", line)
    return line[markers.end() :] if markers else None
