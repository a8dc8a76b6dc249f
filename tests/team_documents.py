"""A small set of a team's documents for tests, put straight into an index, as the indexing process leaves it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cocoai.documents.database import FILE
from cocoai.documents.document import FOLDER, HISTORY, SLACK, Document, DocumentSection
from cocoai.documents.index import DocumentIndex

LEAVE = Document(FOLDER, "rules/work.md", "就業規則", "1", "https://wiki.example.com/work")
BONUS = Document(FOLDER, "hr/pay.md", "Pay handbook", "1")

TEXTS: dict[Document, tuple[DocumentSection, ...]] = {
    LEAVE: (
        DocumentSection("有給休暇", "有給休暇は入社6か月後に10日付与されます。取得は3日前までに申請してください。"),
        DocumentSection("慶弔休暇", "結婚の慶弔休暇は5日です。"),
    ),
    BONUS: (DocumentSection("Incentive pay", "Incentive pay is settled in June and December.", "p. 3"),),
}


NOISE = Document(FOLDER, "noise.md", "Minutes", "1")
"""What makes the words of the others rare, as they are among many documents."""


def fill(var: Path, documents: Iterable[Document] = (*TEXTS, NOISE), text: str = "") -> str:
    """Put documents into the index below `var`, with TEXTS or all with this text; return the index's path."""
    texts = {document.name: sections for document, sections in TEXTS.items()}
    texts[NOISE.name] = tuple(DocumentSection(f"No. {n}", f"Minute {n}: 議事{n}") for n in range(60))
    path = str(var / FILE)
    with DocumentIndex(path) as index:
        for document in documents:
            index.put(document, (DocumentSection("", text),) if text else texts[document.name])
    return path


def from_slack(channel: str, name: str = "F0PINNED", title: str = "Pinned file") -> Document:
    """Return a file that is pinned in a channel."""
    return Document(SLACK, name, title, "1", f"https://example.slack.com/files/{name}", channel)


def from_history(channel: str, title: str = "An earlier answer") -> Document:
    """Return an earlier answer of a channel."""
    key = f"{channel}-1700000000.000100-1700000000.000100"
    return Document(HISTORY, key, title, "1", "", channel)
