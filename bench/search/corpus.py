"""What is searched: the documents of bench/ranking among its noise, and 10,000 documents of 2 kB of noise."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import groupby

from bench.ranking import noise, questions
from cocoai.documents.document import FOLDER, Document, DocumentSection
from cocoai.documents.readers.markdown import read_markdown

Texts = Iterator[tuple[Document, list[DocumentSection]]]

DOCUMENTS = 10_000
"""Documents whose building and searching is measured, of so many bytes each:"""

BYTES = 2000


def ranking_documents() -> Texts:
    """Yield the documents in which the questions are answered, then those of the noise, as they are indexed."""
    for name, text in questions.load_documents().items():
        yield _document(name), list(read_markdown(io.BytesIO(text.encode())))
    for name, parts in groupby(noise.passages(), key=lambda part: part[0]):
        yield _document(name), [DocumentSection(heading, text) for _, heading, text in parts]


def many_documents() -> Texts:
    """Yield the 10,000 documents: passages of the noise, of one language each, in a document of some 2 kB."""
    parts = groupby(noise.passages(DOCUMENTS * 8), key=lambda part: part[0])
    for number, (_, passages) in zip(range(DOCUMENTS), parts, strict=False):
        sections, size = list[DocumentSection](), 0
        for _, heading, text in passages:
            sections.append(DocumentSection(heading, text))
            size += len(text.encode())
            if size > BYTES - 200:
                break
        yield _document(f"{number:05}.md"), sections


def _document(name: str) -> Document:
    return Document(FOLDER, name, name, "1")
