"""A source whose documents are as a test wants them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cocoai.documents.document import SLACK, Document, DocumentSection
from cocoai.documents.index_reader import IndexReader
from cocoai.errors import CocoAIError


@dataclass
class MadeSource:
    """Documents by name: each a text, or the error that reading it raises. The text is its version too."""

    texts: dict[str, str | CocoAIError] = field(default_factory=dict)
    name: str = SLACK
    problems: dict[str, int] = field(default_factory=dict)
    error: CocoAIError | None = None
    """Raised by listed()."""
    unseen: frozenset[str] = frozenset()
    """The names that are not gone, though not listed."""
    read: list[str] = field(default_factory=list)
    """The names of what was read, in order."""

    def listed(self) -> Mapping[str, Document]:
        """Return the documents."""
        if self.error:
            raise self.error
        return {name: Document(self.name, name, name, str(text)) for name, text in self.texts.items()}

    def is_gone(self, name: str) -> bool:
        """Check whether a name is gone."""
        return name not in self.unseen

    def sections(self, document: Document) -> Iterable[DocumentSection]:
        """Yield the text, or raise the error."""
        self.read.append(document.name)
        return self._sections(self.texts[document.name])

    def _sections(self, text: str | CocoAIError) -> Iterator[DocumentSection]:
        if isinstance(text, CocoAIError):
            raise text
        yield DocumentSection("", text)


def indexed(path: object) -> dict[str, str]:
    """Return the texts of an index by the documents' names; a problem in brackets for those without a text."""
    reader = IndexReader(str(path))
    return {
        row.document.name: f"[{row.problem}]"
        if row.problem
        else "\n".join(passage.text for passage in reader.passages(row.document.source, row.document.name))
        for row in reader.documents()
    }
