"""FollowedHistory: the history that several machines share, as a source of documents for one machine's index.

The index is each machine's own, and derived: what it lacks is what has changed since it last had everything. That
moment, a mark, lies in the index itself, so that it goes with it. Times are the server's; as a change may be seen by
others a moment later than it says, each look begins a minute before the mark, and once a day at the beginning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import KW_ONLY, asdict, dataclass
from datetime import datetime, timedelta

from cocoai.documents.document import HISTORY, Document
from cocoai.documents.history_source import TITLE, WRITTEN, HistorySource, title
from cocoai.documents.index import DocumentIndex
from cocoai.documents.mariadb_history import BEGINNING_OF_TIME, MariaDBHistory

OVERLAP = timedelta(seconds=60)
"""How long before the mark a look begins."""

WHOLE_EVERY = timedelta(days=1)
"""How old a look at everything may be: far less than TOMBSTONE, after which nothing says what was forgotten."""

MOVED_EVERY = timedelta(minutes=5)
"""How far the mark is left behind at most: each change of it is written to the disk."""

MARK = "history.mark"
"""The index's meta key under which the mark stands, as JSON."""


@dataclass(frozen=True)
class Mark:
    """Up to `since` the index had all changes, of the database at `place`; `whole`: when it last looked at everything.

    Both are the server's times, in ISO's form.
    """

    place: str
    since: str
    whole: str


@dataclass
class FollowedHistory(HistorySource):
    """The exchanges of a `history` in MariaDB, as the index at `index` has them, and what has changed since."""

    history: MariaDBHistory
    _: KW_ONLY
    index: str

    def listed(self) -> Mapping[str, Document]:
        """Collect what is new, remove what is too old, and return a document for each exchange, by its job's key.

        What the index has already is listed by its name alone: it is not read again. Raise `HistoryBroken`, or what
        DocumentIndex raises.
        """
        self.history.note_look()
        self.tidy()
        now = self.history.clock()
        with DocumentIndex(self.index) as index:
            known, mark = index.known(HISTORY), self._mark(index.meta(MARK), now)
            if set(known.values()) - {WRITTEN}:
                mark = None  # another version has written it, or something was changed while it was read
            listed = {name: Document(HISTORY, name, "", WRITTEN) for name in known} if mark else {}
            behind = self._follow(listed, known, mark)
            if mark or known.keys() <= listed.keys():  # else look at everything until what is gone is gone
                self._move(index, mark, behind or now, now)
        return listed

    def _mark(self, text: str, now: datetime) -> Mark | None:
        """Return the mark; None if it says nothing of this database, or is too old, or the clock was set back."""
        mark = Mark(**json.loads(text)) if text else None
        if mark is None or mark.place != self.history.place:
            return None
        whole, since = datetime.fromisoformat(mark.whole), datetime.fromisoformat(mark.since)
        return mark if now - WHOLE_EVERY < whole <= now and since <= now else None

    def _follow(self, listed: dict[str, Document], known: Mapping[str, str], mark: Mark | None) -> datetime | None:
        """Bring what is listed up to date; return the time of the first change that the index lacks, else None."""
        since, behind = datetime.fromisoformat(mark.since) - OVERLAP if mark else BEGINNING_OF_TIME, None
        for change in self.history.changes(since, 2 * TITLE):
            if change.is_gone:
                listed.pop(change.key, None)
            else:
                named = title(change.beginning)
                listed[change.key] = Document(HISTORY, change.key, named, WRITTEN, channel=change.channel)
            if behind is None and change.is_gone == (change.key in known):
                behind = change.at
        return behind

    def _move(self, index: DocumentIndex, mark: Mark | None, since: datetime, now: datetime) -> None:
        """Move the mark, unless it is near enough."""
        if mark is None or abs(since - datetime.fromisoformat(mark.since)) >= MOVED_EVERY:
            whole = mark.whole if mark else now.isoformat()
            index.set_meta(MARK, json.dumps(asdict(Mark(self.history.place, since.isoformat(), whole))))
