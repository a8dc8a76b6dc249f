"""HistorySource: the earlier answers as a source of documents, each found in the channel in which it was asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from cocoai.documents.document import HISTORY, Document, DocumentSection
from cocoai.documents.history import History
from cocoai.documents.source import Unreadable

DAY = 86_400.0

TITLE = 60
"""Characters of a question that are the title of its exchange."""

WRITTEN = "1"
"""The version of every exchange: it never changes."""


@dataclass
class HistorySource:
    """The exchanges of a `history`, which keeps each for `keep_days`.

    `collect` adds those to it that have ended since it was called last. `clock` returns epoch seconds; None is the
    history's own. It is used in the indexing process, under the lock of the index: so nobody on this machine forgets
    anything between two of its steps.
    """

    history: History
    keep_days: int
    collect: Callable[[History], None]
    clock: Callable[[], float] | None = None
    name: str = HISTORY
    problems: Mapping[str, int] = field(default_factory=dict)

    def listed(self) -> Mapping[str, Document]:
        """Collect what is new, remove what is too old, and return a document for each exchange, by its job's key.

        Raise `HistoryBroken` if the history cannot be read or written.
        """
        self.tidy()
        return {
            key: Document(HISTORY, key, title(beginning), WRITTEN, channel=channel)
            for key, channel, beginning in self.history.beginnings(2 * TITLE)
        }

    def tidy(self) -> None:
        """Collect what is new, and remove what is too old. Raise `Temporary` if that fails."""
        self.collect(self.history)
        self.history.remove_older_than((self.clock or self.history.now)() - self.keep_days * DAY)

    def is_gone(self, name: str) -> bool:  # noqa: ARG002 (the protocol's)
        """Return True: what is not kept any more is to be forgotten."""
        return True

    def sections(self, document: Document) -> Iterator[DocumentSection]:
        """Yield the question, and the answer under its title; their place is the day on which it was asked.

        Raise `Unreadable` `changed` if the exchange has just been forgotten.
        """
        exchange = self.history.read(document.name)
        if exchange is None:
            raise Unreadable("changed")
        day = time.strftime("%Y-%m-%d", time.localtime(exchange.asked_at))
        # The title has the whole of a short question, and is found with each passage.
        if " ".join(exchange.question.split()) != document.title:
            yield DocumentSection("", exchange.question, day)
        yield DocumentSection("", exchange.answer, day)


def title(beginning: str) -> str:
    """Return how an exchange is called: the first words of its question, on one line."""
    words = " ".join(beginning.split())
    return words if len(words) <= TITLE else f"{words[: TITLE - 1]}…"
