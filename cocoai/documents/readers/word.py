"""Reads Word (.docx) with python-docx: the body's paragraphs and tables, under its headings, and its notes.

python-docx opens the file and knows the styles. Its own `text` leaves out what stands in content controls and what was
inserted with changes tracked, so the paragraphs are read from the elements (ECMA-376 part 1, 17.2 to 17.5, 17.13.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import docx
from docx.document import Document as WordDocument
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from cocoai.documents.document import DocumentSection
from cocoai.documents.readers.headings import Headings
from cocoai.documents.readers.office import check_package
from cocoai.documents.readers.rows import cells_text

_HEADING = re.compile(r"heading (\d)|(title)", re.IGNORECASE)
_DROPPED = frozenset(map(qn, ("w:del", "w:moveFrom", "w:pPr", "w:rPr", "w:rt")))
"""What is no text: `w:rt` is the reading of kanji, which would divide a word."""

_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
"""A second form of the same text, for programs that do not know the first."""

_BREAKS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}


def read_word(file: BinaryIO) -> Iterator[DocumentSection]:
    """Yield a section for each heading that has a text, then the foot- and endnotes. Raise as check_package()."""
    check_package(file)
    document = docx.Document(file)
    levels = _levels(document)
    headings, lines = Headings(), list[str]()
    for block in _blocks(document.element.body):
        level = _level(block, levels)
        if not level:
            lines.append(_block_text(block))
            continue
        yield from _section(str(headings), lines)
        lines = []
        headings.enter(level, _text(block))
    yield from _section(str(headings), lines)
    yield from _notes(document)


def _section(heading: str, lines: list[str]) -> Iterator[DocumentSection]:
    if text := "\n\n".join(filter(None, lines)):
        yield DocumentSection(heading, text)


def _blocks(parent: Any) -> Iterator[Any]:
    """Yield the paragraphs and tables of a body or a cell, those within content controls too."""
    for child in parent:
        if child.tag in (qn("w:p"), qn("w:tbl")):
            yield child
        elif child.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml"), qn("w:ins"), qn("w:moveTo")):
            yield from _blocks(child)


def _block_text(block: Any) -> str:
    if block.tag == qn("w:p"):
        return _text(block)
    return "\n".join(filter(None, (cells_text(_cell_texts(row)) for row in block.iter(qn("w:tr")))))


def _cell_texts(row: Any) -> Iterator[str]:
    for cell in row.iter(qn("w:tc")):
        if next(cell.iterancestors(qn("w:tr"))) is row:  # a table in a cell has rows of its own
            yield " ".join(_text(block) for block in _blocks(cell) if block.tag == qn("w:p"))


def _text(element: Any) -> str:
    """Return the text of an element: what was inserted, linked or put into a box is in it, what was deleted is not."""
    return "".join(_pieces(element)).strip()


def _pieces(element: Any) -> Iterator[str]:
    for child in element:
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag in _BREAKS:
            yield _BREAKS[child.tag]
        elif child.tag not in _DROPPED and child.tag != _FALLBACK and not _is_hidden(child):
            yield from _pieces(child)
            if child.tag == qn("w:p"):  # of a box
                yield "\n"


def _is_hidden(run: Any) -> bool:
    """Check whether a run has the font effect "hidden"."""
    hidden = run.find(f"{qn('w:rPr')}/{qn('w:vanish')}") if run.tag == qn("w:r") else None
    return hidden is not None and hidden.get(qn("w:val")) not in ("0", "false", "off")


def _levels(document: WordDocument) -> dict[str, int]:
    """Return the level of each paragraph style that is a heading's, by its id: 1 for the outermost, 0 for none."""
    levels = {}
    for style in document.styles.element.iter(qn("w:style")):
        name = style.find(qn("w:name"))
        found = _HEADING.fullmatch("" if name is None else name.get(qn("w:val"), ""))
        outline = style.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
        if found:
            levels[style.get(qn("w:styleId"), "")] = int(found[1] or 1)
        elif outline is not None:
            levels[style.get(qn("w:styleId"), "")] = _outline_level(outline)
    return levels


def _level(block: Any, levels: dict[str, int]) -> int:
    """Return the level of the heading that a block is; 0 if it is none."""
    if block.tag != qn("w:p"):
        return 0
    outline = block.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
    if outline is not None:
        return _outline_level(outline)
    style = block.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    return 0 if style is None else levels.get(style.get(qn("w:val"), ""), 0)


def _outline_level(outline: Any) -> int:
    number = int(outline.get(qn("w:val"), "9"))
    return number + 1 if number < 9 else 0  # 9 is body text


def _notes(document: WordDocument) -> Iterator[DocumentSection]:
    for related in document.part.rels.values():
        if related.reltype.endswith(("/footnotes", "/endnotes")) and not related.is_external:
            notes = parse_xml(related.target_part.blob)
            yield from _section("", [_text(paragraph) for paragraph in notes.iter(qn("w:p"))])
