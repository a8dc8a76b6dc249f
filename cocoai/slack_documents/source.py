"""SlackSource: the files and messages that are pinned to channels, and their canvases, as documents.

A channel is asked for every ten minutes, and soon after an event has told that something changed there. What Slack does
not tell now stays as it was known; what is unpinned or deleted is forgotten. Only the indexing process calls Slack.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property

from cocoai import config
from cocoai.documents.change_marks import ChangeMarks
from cocoai.documents.document import SLACK, Document, DocumentSection
from cocoai.documents.source import Unreadable
from cocoai.errors import Permanent, Temporary
from cocoai.slack.api.api_errors import BUSY
from cocoai.slack.api.pinned_files import PinnedFile, PinnedMessage, printable
from cocoai.slack.model.plain_text import plain_text, shortened
from cocoai.slack_documents.connect import Slack, connection, listing_of
from cocoai.slack_documents.listing import PINS, TABS, ListedChannel, ListedPart, SlackListing
from cocoai.slack_documents.marks import marks_of
from cocoai.slack_documents.reading import read_file, read_words
from cocoai.slack_ids import is_ts

POLL = 600.0
"""Seconds after which a channel is looked at again, though no event has told of it."""

RETRY = 60.0
"""Seconds after a look that failed for now until the next one."""

LEAST_GAP, GAP_PER_CHANNEL = 5.0, 4.0
"""Seconds between two looks at a channel at least; for each of the channels: Slack takes 20 pins.list a minute."""

CANVAS_READ_EVERY = 86_400
"""Seconds after which a canvas is read again, though Slack has told of no change: it does not have to."""

CLOSED_READ_EVERY = 3600
"""The same of a file that was not shown to us: an operator may have added the scope."""

TITLE = 60
"""Characters of a message that are its title."""

_TAB = "/tab"
"""How the name of a document ends that is a channel's canvas."""

log = logging.getLogger(__name__)


def slack_source(settings: config.Settings) -> SlackSource:
    """Return the source for `[documents] channels`. It connects when it has something to ask."""
    var = settings.paths.var
    return SlackSource(settings.documents.channels, connection(settings), marks_of(var), listing_of(var), folder=var)


class SlackSource:
    """The documents of `channels`, named `CHANNEL/FILE`, `CHANNEL/TS` or, a channel's canvas, `CHANNEL/FILE/tab`.

    So what is pinned twice is shown in both channels, and of each name it is known where it was seen.

    `folder` is on the disk that may hold a file while it is read. `clock` returns seconds since the epoch.
    """

    name = SLACK

    def __init__(
        self,
        channels: Collection[str],
        connect: Callable[[], Slack],
        marks: ChangeMarks,
        listing: SlackListing,
        *,
        folder: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._channels = sorted(channels)
        self._connect = connect
        self._marks = marks
        self._listing = listing
        self._folder = folder
        self._clock = clock
        self._files: dict[str, PinnedFile] = {}
        self._messages: dict[str, PinnedMessage] = {}

    def listed(self) -> Mapping[str, Document]:
        """Return what is pinned, by name, as it was last seen; look again at the channels that are due."""
        left = [channel for channel in self._listing.channels if channel not in self._channels]
        for channel in left:
            del self._listing.channels[channel]
        due = [channel for channel in self._channels if self._is_due(channel)]
        for channel in due:
            if self._is_paused():
                break
            self._look(channel)
        if due or left:
            self._listing.keep()
        return {each.name: each for known in self._listing.channels.values() for each in known.documents}

    def is_gone(self, name: str) -> bool:
        """Check whether a document is pinned no more, or its channel is none of the settings' any more."""
        channel, _ = _split(name)
        if channel not in self._channels:
            return True
        known = self._listing.channels.get(channel, ListedChannel())
        return known.parts.get(TABS if name.endswith(_TAB) else PINS, ListedPart()).is_known

    @property
    def problems(self) -> Mapping[str, int]:
        """Return the codes of what could not be looked at, `missing_scope` without the scope, and in how many channels.

        `ratelimited`: Slack has asked us to wait.
        """
        by_channel = ({code.partition(":")[0] for code in each} for each in self._listing.problems().values())
        codes = sorted(code for each in by_channel for code in each)
        codes += ["ratelimited"] if self._is_paused() and "ratelimited" not in codes else []
        return {code: codes.count(code) for code in dict.fromkeys(codes)}

    def sections(self, document: Document) -> Iterable[DocumentSection]:
        """Return the sections of a listed document. Raise `Unreadable` or `Temporary` as DocumentSource says."""
        if self._is_paused():
            raise Temporary("ratelimited", source="Slack")
        try:
            sections = self._read(document)
        except Unreadable as error:
            self._note_closed(document, is_closed=error.code == "no_leave")
            raise
        except Temporary as error:
            self._pause(error)
            raise
        except Permanent as error:  # Slack tells no more of it, as in a channel that we have left
            raise Temporary(error.code, source="Slack") from None
        self._note_closed(document, is_closed=False)
        return sections

    # looking

    @cached_property
    def _slack(self) -> Slack:
        return self._connect()

    def _is_due(self, channel: str) -> bool:
        known = self._listing.channels.get(channel)
        if known is None:
            return True
        since = self._clock() - known.looked_at
        gap = max(LEAST_GAP, GAP_PER_CHANNEL * len(self._channels))
        if 0 <= since < (RETRY if known.is_put_off else gap):
            return False
        is_marked = any(self._marks.time_of(name) != at for name, at in known.marks.items())
        return is_marked or known.is_put_off or not 0 <= since < POLL

    def _is_paused(self) -> bool:
        # A clock may jump: no pause of Slack's is longer than an hour.
        return 0 < self._listing.paused_until - self._clock() < 3600

    def _pause(self, error: Temporary) -> None:
        """Note that Slack has asked us to wait."""
        if error.code in BUSY:
            self._listing.paused_until = self._clock() + (error.retry_after or RETRY)
            self._listing.keep()

    def _look(self, channel: str) -> None:
        """Ask Slack for what is pinned to a channel, then for its canvases. What fails stays as it was known."""
        known = self._listing.channels.setdefault(channel, ListedChannel())
        known.looked_at, known.is_put_off = self._clock(), False
        self._keep_marks(channel, known.marks)
        # Taken before Slack is asked: what changes meanwhile makes the channel due again.
        known.marks = {name: self._marks.time_of(name) for name in (channel, *known.marks)}
        try:
            self._look_at_parts(channel, known)
        finally:
            pinned = {channel, *(_split(document.name)[1] for document in known.documents)}
            known.marks = {name: at for name, at in known.marks.items() if name in pinned}
            known.closed = [name for name in known.closed if name in pinned]
            self._keep_marks(channel, known.marks)

    def _look_at_parts(self, channel: str, known: ListedChannel) -> None:
        for part, look in ((PINS, self._look_at_pins), (TABS, self._look_at_tabs)):
            listed = known.parts.setdefault(part, ListedPart())
            try:
                listed.documents = look(channel, known)
                listed.is_known, listed.problem = True, ""
            except (Permanent, Temporary) as error:
                if listed.problem != error.code:
                    log.warning("documents channel=%s part=%s outcome=not-seen reason=%s", channel, part, error)
                listed.problem = error.code
                if isinstance(error, Temporary):
                    known.is_put_off = True
                    self._pause(error)
                    return

    def _look_at_pins(self, channel: str, known: ListedChannel) -> list[Document]:
        files, messages = self._pins(channel)
        return self._of_files(channel, known, files) + [self._of_message(channel, each) for each in messages]

    def _look_at_tabs(self, channel: str, known: ListedChannel) -> list[Document]:
        canvases, name = self._slack.pinned.canvases(channel)
        pinned = {_split(each.name)[1] for each in known.parts[PINS].documents}
        canvases = [each for each in canvases if each.file.id not in pinned]
        return self._of_files(channel, known, canvases, _TAB, f"#{name}" if name else "")

    def _of_files(
        self, channel: str, known: ListedChannel, files: list[PinnedFile], ending: str = "", untitled: str = ""
    ) -> list[Document]:
        """Return the documents of files, whose names have this `ending`; `untitled` is the title of one without any.

        From now on, events that tell of one of them set its mark.
        """
        self._keep_marks(channel, [*known.marks, *(each.file.id for each in files)])
        for each in files:
            known.marks.setdefault(each.file.id, self._marks.time_of(each.file.id))
        found = {f"{channel}/{each.file.id}{ending}": each for each in files}
        self._files |= found
        return [
            Document(
                SLACK, name, each.title or untitled or each.file.id, self._version(each, known), each.link, channel
            )
            for name, each in found.items()
        ]

    def _version(self, each: PinnedFile, known: ListedChannel) -> str:
        """Return the version of a file: what Slack tells of it, the time of its mark, and the time now if need be."""
        every = CANVAS_READ_EVERY if each.file.kind == "canvas" else 0
        every = CLOSED_READ_EVERY if each.file.id in known.closed else every
        now = f"-{every}-{int(self._clock()) // every}" if every else ""
        return f"{each.version}-{known.marks[each.file.id]}{now}"

    def _of_message(self, channel: str, each: PinnedMessage) -> Document:
        ts = each.message.ts
        title = shortened(printable(self._plain(each)), TITLE)
        return Document(SLACK, f"{channel}/{ts}", title, each.version, each.link, channel)

    def _keep_marks(self, channel: str, names: Iterable[str]) -> None:
        others = (name for other, known in self._listing.channels.items() if other != channel for name in known.marks)
        self._marks.keep({*self._channels, *names, *others})

    def _pins(self, channel: str) -> tuple[list[PinnedFile], list[PinnedMessage]]:
        files, messages = self._slack.pinned.pins(channel)
        self._messages |= {f"{channel}/{each.message.ts}": each for each in messages}
        return files, messages

    # reading

    def _read(self, document: Document) -> Iterable[DocumentSection]:
        if is_ts(_split(document.name)[1]):
            return read_words(self._plain(self._message(document)))
        return read_file(self._slack.chat, self._file(document), self._slack.name_of_user, self._folder)

    def _note_closed(self, document: Document, *, is_closed: bool) -> None:
        """Note whether Slack shows us a file: one that it does not show is tried again now and then."""
        channel, item = _split(document.name)
        known = self._listing.channels.get(channel)
        if known is None or (item in known.closed) == is_closed:
            return
        known.closed = sorted({*known.closed, item} if is_closed else {*known.closed} - {item})
        self._listing.keep()

    def _file(self, document: Document) -> PinnedFile:
        """Return the file of a document as it is now.

        Raise `Unreadable` with `changed` if it is another one than was listed: its channel is due then.
        """
        channel, file_id = _split(document.name)
        found = self._files.get(document.name) or self._slack.pinned.file(file_id)
        if found is None or document.version.partition("-")[0] != found.version:
            raise self._changed(channel)
        return found

    def _message(self, document: Document) -> PinnedMessage:
        channel, _ = _split(document.name)
        if document.name not in self._messages:  # it was listed by an earlier process
            self._pins(channel)
        found = self._messages.get(document.name)
        if found is None or found.version != document.version:
            raise self._changed(channel)
        return found

    def _changed(self, channel: str) -> Unreadable:
        """Let a channel be looked at in the next slice, and return the error for what is not as it was listed."""
        if channel in self._listing.channels:
            self._listing.channels[channel].looked_at = 0.0
            self._listing.keep()
        return Unreadable("changed")

    def _plain(self, each: PinnedMessage) -> str:
        return plain_text(each.message.content, None, self._slack.name_of_user)


def _split(name: str) -> tuple[str, str]:
    """Return the ids of the channel and of the file, or the ts of the message, in a document's name."""
    channel, _, item = name.partition("/")
    return channel, item.removesuffix(_TAB)
