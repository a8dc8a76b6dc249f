"""Reads PowerPoint (.pptx) with python-pptx: each slide that is shown, under its title, with the speaker's notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import pptx
from pptx.oxml.ns import qn

from cocoai.documents.document import DocumentSection
from cocoai.documents.readers.office import check_package
from cocoai.documents.readers.rows import cells_text

_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read_powerpoint(file: BinaryIO) -> Iterator[DocumentSection]:
    """Yield a section for each slide that has a text beside its title, or only that. Raise as check_package()."""
    check_package(file)
    for number, slide in enumerate(pptx.Presentation(file).slides, 1):
        if slide.element.get("show") in ("0", "false"):
            continue
        title = slide.shapes.title
        heading = "" if title is None else " ".join(title.text_frame.text.split())
        lines = list(_texts(slide.element, None if title is None else title._element))  # noqa: SLF001
        if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame) is not None:
            lines += [paragraph.text.strip() for paragraph in notes.paragraphs]
        if text := "\n\n".join(filter(None, lines)) or heading:
            yield DocumentSection(heading, text, f"p. {number}")


def _texts(element: Any, title: Any) -> Iterator[str]:
    """Yield the paragraphs and rows of tables in a slide, those of groups too, without its title."""
    for child in element:
        if child is title or child.tag == _FALLBACK:
            continue
        if child.tag == qn("a:tr"):
            yield cells_text(" ".join(_texts(cell, None)) for cell in child.iter(qn("a:tc")))
        elif child.tag == qn("a:p"):
            yield "".join(_runs(child)).strip()
        else:
            yield from _texts(child, title)


def _runs(paragraph: Any) -> Iterator[str]:
    for each in paragraph.iter(qn("a:t"), qn("a:br")):
        yield "\n" if each.tag == qn("a:br") else each.text or ""
