"""What is searched: the documents of bench/ranking among its noise."""

from __future__ import annotations

import io
from collections.abc import Iterator

from bench.ranking import noise, questions
from cocoai.documents.document import FOLDER, Document, DocumentSection
from cocoai.documents.readers.markdown import read_markdown

Sections = list[DocumentSection]


def ranking_documents() -> Iterator[tuple[Document, Sections]]:
    """Yield the documents in which the questions are answered, then those of the noise, as they are indexed."""
    for name, text in questions.load_documents().items():
        yield _document(name, text)
    name, lines = "", list[str]()
    for document, heading, text in noise.passages():
        if document != name and name:
            yield _document(name, "\n\n".join(lines))
            lines = []
        name = document
        lines.append(f"## {heading}\n\n{text}")
    yield _document(name, "\n\n".join(lines))


def _document(name: str, text: str) -> tuple[Document, Sections]:
    """Return a document as FolderSource lists it, and as its reader reads it."""
    sections = list(read_markdown(io.BytesIO(text.encode())))
    return Document(FOLDER, name, name, "1"), sections
