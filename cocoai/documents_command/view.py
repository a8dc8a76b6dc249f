"""IndexView: the index, the rules and the sources of one CocoAI, as its operator looks at them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cocoai import config
from cocoai.documents.access import ReaderRules
from cocoai.documents.database import IndexUnavailable
from cocoai.documents.document import FOLDER, HISTORY, SLACK, Document
from cocoai.documents.index_task import index_path
from cocoai.documents.kept_rules import KeptRules
from cocoai.errors import CocoAIError
from cocoai.status.units import plain
from cocoai.stores import history_of

OFF = "there are no documents: set [documents] folder or channels, or [history] keep_days"

UNAVAILABLE = {
    "missing": "there is no index yet: the pool builds it when it has started, or type: cocoai documents reindex",
    "busy": "the index is just being written, or may not be read: try again in a moment",
    "broken": "the index is broken: the pool makes it anew within minutes, or type: cocoai documents reindex",
    "old": "another version has made the index: the pool makes it anew, or type: cocoai documents reindex",
}
"""What an operator is told, by the code of `IndexUnavailable`."""


@dataclass(frozen=True)
class IndexView:
    """The index at `path`, the rules by which its passages are shown, and the sources that are switched on."""

    path: str
    rules: ReaderRules
    sources: tuple[str, ...]

    @property
    def documents(self) -> tuple[str, ...]:
        """Return the sources from which every question is answered."""
        return tuple(source for source in self.sources if source != HISTORY)

    def shown_in(self, document: Document) -> str:
        """Return where a document may be shown: `all`, the ids of channels, or `nowhere`."""
        readers = self.rules.readers_of(document)
        if document.source not in self.sources or (readers is not None and not readers):
            return "nowhere"
        return "all" if readers is None else ",".join(sorted(readers))


def index_view(settings: config.Settings) -> IndexView:
    """Return the view of what the settings name. Raise CocoAIError if there are no documents."""
    documents = settings.documents
    is_on = {FOLDER: documents.folder, SLACK: documents.channels, HISTORY: settings.history.keep_days}
    sources = tuple(source for source, value in is_on.items() if value)
    if not sources:
        raise CocoAIError(OFF)
    history = history_of(settings)
    rules = KeptRules(settings.readers, documents.channels, lambda: history)
    return IndexView(index_path(settings.paths.var), rules, sources)


@contextmanager
def available() -> Iterator[None]:
    """Raise CocoAIError with a sentence where the index cannot be used, as a context manager."""
    try:
        yield
    except IndexUnavailable as error:
        raise CocoAIError(UNAVAILABLE.get(error.code, str(error))) from None


def called(document: Document) -> str:
    """Return what a document is called: a file by its path, any other by its name and its title."""
    return plain(document.name if document.source == FOLDER else f"{document.name} “{document.title}”")


def minute(epoch: float) -> str:
    """Return a time, given in epoch seconds, as date and time to the minute in this machine's zone."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(epoch))
