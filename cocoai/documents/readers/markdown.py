"""Reads Markdown: its headings divide it. Lists, tables and code stay as they are written: models read Markdown.

Source: spec.commonmark.org 0.31 (headings, fences), as far as it decides where a section begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from cocoai.documents.document import DocumentSection
from cocoai.documents.readers.headings import Headings
from cocoai.documents.readers.text import text_of

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_NO_PARAGRAPH = re.compile(r"\s*$| {4}|\t| {0,3}(?:[-*+>|]|\d+[.)]\s)")
"""A line that is not the last of a paragraph, so that dashes below it are a rule, or a table's."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*\n+", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"\*\*|__|`")


def read_markdown(file: BinaryIO) -> Iterator[DocumentSection]:
    """Yield a section for each heading that has a text, under all headings that hold it. Raise as read_text().

    Comments, which no reader sees, are left out; the lines between two `---` at the beginning are a section.
    """
    text = _FRONT.sub(r"\1\n", text_of(file))
    headings = Headings()
    for level, heading, lines in _parts(_COMMENT.sub("", text).split("\n")):
        if level:
            headings.enter(level, _MARKS.sub("", _LINK.sub(r"\1", heading)))
        if body := "\n".join(lines).strip("\n"):
            yield DocumentSection(str(headings), body)


def _parts(lines: list[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Yield the level of each heading, its text, and the lines up to the next one; level 0 before the first."""
    level, heading, body, fence = 0, "", list[str](), ""
    for line in lines:
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
                fence = ""
        elif mark:
            fence = mark[1]
        elif found := _ATX.fullmatch(line):
            yield level, heading, body
            level, heading, body = len(found[1]), found[2] or "", []
            continue
        elif body and (found := _UNDERLINE.fullmatch(line)) and not _NO_PARAGRAPH.match(body[-1]):
            above = body.pop()
            yield level, heading, body
            level, heading, body = (1 if found[1][0] == "=" else 2), above.strip(), []
            continue
        body.append(line)
    yield level, heading, body
