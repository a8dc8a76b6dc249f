"""Bring one file into a thread, so that it stands there once, wherever the process is killed on the way.

The caller records how far it has come (`Begun`) before Slack is asked to show the file, and gives that to a later run:

    nothing     no file of ours can be shown: Slack discards an upload whose last step was not asked for
    a file      Slack may show it now, or soon, or never: it is looked for before its last step is asked for again

What Slack does when it is asked again is documented ("can only be called once"), but told otherwise too: it may refuse,
or show the file a second time. So neither is relied on: a refusal is passed over, a second message is deleted.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import BinaryIO, NoReturn

from cocoai.errors import Permanent, Temporary
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.upload import GONE, UploadedFile
from cocoai.slack.model.messages import Message

SETTLING = 2.0
"""Seconds for which a file is looked for before it is asked for again: a killed process's request may be on its way."""

PATIENCE = 60.0
"""Seconds to wait until Slack shows a file; after that it is deleted, and begun anew under a new id."""

MOST_FILES = 2
"""Times that a file is begun, all runs together, before it is given up."""

LOOKS = (0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 3.0)
"""Seconds before each look whether the file is shown; then as the last. Slack allows some 100 looks a minute."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where a file is to be shown: in a thread, or with `thread_ts` "" in the channel itself."""

    channel: str
    thread_ts: str


@dataclass(frozen=True)
class OutgoingFile:
    """A file, and what Slack gets with it: `name` with its ending, `title`, `alt_text` (see Uploads).

    `content` is its bytes, or the path at which it lies on our disk.
    """

    content: bytes | str
    name: str
    title: str
    alt_text: str = ""

    def opened(self) -> BinaryIO:
        """Return the file, open at its beginning. Raise OSError if it cannot be read."""
        return BytesIO(self.content) if isinstance(self.content, bytes) else open(self.content, "rb")


@dataclass(frozen=True)
class Begun:
    """How far a file has come: Slack's id of it, how often its last step was asked for, and how many ids it has had."""

    file_id: str
    asked: int = 1
    n: int = 1


@dataclass(frozen=True)
class InThread:
    """The message that shows a file: Slack's id of the file, and the message's ts."""

    file_id: str
    ts: str


def bring_file(
    slack: SlackChat,
    file: OutgoingFile,
    place: Place,
    begun: Begun | None,
    record: Callable[[Begun], bool],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> InThread:
    """Bring a file into a thread; return its message once it is there. `begun` is what was recorded last, if anything.

    It is there after some seconds, and is waited for PATIENCE for each of MOST_FILES at most. `record` is called before
    Slack is asked to show the file.

    Raise `Temporary` and `Permanent` as Uploads does: then call this again, or give up. Raise `Temporary`
    `not_recorded` if `record` returns False: nothing is shown. Raise `Permanent` `not_shared` if Slack does not show
    the file, `thread_not_found` if the thread is gone: what Slack has put into the channel instead is deleted. Raise
    OSError if the file on our disk cannot be read.
    """
    sharing = _Sharing(slack, file, place, record, clock, sleep)
    found = sharing.resume(begun) if begun else None
    for n in range(begun.n + 1 if begun else 1, MOST_FILES + 1):
        found = found or sharing.begin(n)
    if found is None:
        raise Permanent("not_shared", source="Slack")
    return found


class _Sharing:
    """The way of one file into one thread, in this process."""

    def __init__(
        self,
        slack: SlackChat,
        file: OutgoingFile,
        place: Place,
        record: Callable[[Begun], bool],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._slack = slack
        self._uploads = slack.uploads
        self._file = file
        self._place = place
        self._record = record
        self._clock = clock
        self._sleep = sleep

    def begin(self, n: int) -> InThread | None:
        """Upload the file under a new id, the `n`-th; return its message, None if Slack does not show it."""
        with self._file.opened() as content:
            length = content.seek(0, os.SEEK_END)
            content.seek(0)
            upload = self._uploads.begin(self._file.name, length, self._file.alt_text)
            self._uploads.send(upload, content)
        begun = Begun(upload.file_id, n=n)
        self._ask(begun)
        found = self._shown(begun, PATIENCE)
        if found is None:
            self._drop(begun)
        return found

    def resume(self, begun: Begun) -> InThread | None:
        """Look for a file that an earlier run may have shown, and ask for it again if it is not there.

        Return its message, None if the file is gone, or deleted since Slack does not show it.
        """
        try:
            found = self._shown(begun, SETTLING)
            if found is None:
                begun = replace(begun, asked=begun.asked + 1)
                self._ask_again(begun)
                found = self._shown(begun, PATIENCE)
        except Permanent as error:
            if error.code in GONE:
                return None
            raise
        if found is None:
            self._drop(begun)
        elif begun.asked > 1:
            self._delete_others(begun, found)
        return found

    def _ask(self, begun: Begun) -> None:
        """Record that Slack is asked to show the file, and ask."""
        if not self._record(begun):
            raise Temporary("not_recorded")
        self._uploads.share(begun.file_id, self._file.title, self._place.channel, self._place.thread_ts)

    def _ask_again(self, begun: Begun) -> None:
        """Ask Slack once more to show the file. A refusal tells nothing, unless there is no such file at all."""
        try:
            self._ask(begun)
        except Permanent as error:
            log.info("file=%s outcome=not-asked-again reason=%s", begun.file_id, error)
            if error.code in GONE:
                self._uploads.info(begun.file_id)

    def _shown(self, begun: Begun, seconds: float) -> InThread | None:
        """Return the message that shows the file, waiting for it so many seconds; None if it does not appear.

        Raise `Permanent`: `file_deleted` if somebody has deleted the file, `thread_not_found` if the thread is gone.
        """
        shown: list[str] = []
        for info in self._looks(begun.file_id, seconds):
            shown = info.shares_in(self._place.channel, self._place.thread_ts)
            astray = info.shares_in(self._place.channel, "") if self._place.thread_ts else []
            if not shown and astray:
                shown = self._messages_with(begun.file_id) or self._take_back(begun.file_id, astray)
            if shown:
                break
        # What files.info tells comes sooner, but the thread has the last word: what stands there is not deleted.
        shown = shown or self._messages_with(begun.file_id)
        return InThread(begun.file_id, shown[0]) if shown else None

    def _looks(self, file_id: str, seconds: float) -> Iterator[UploadedFile]:
        """Yield what Slack tells of the file, at once and then again and again until so many seconds are over."""
        end = self._clock() + seconds
        waits = iter(LOOKS)
        while True:
            try:
                yield self._uploads.info(file_id)
            except Permanent as error:
                if error.code != "file_not_found":  # else it may be too early
                    raise
            left = end - self._clock()
            if left <= 0:
                return
            self._sleep(min(left, next(waits, LOOKS[-1])))

    def _messages_with(self, file_id: str) -> list[str]:
        """Read the thread, and return the ts of the messages that show the file, oldest first."""
        try:
            messages = self._conversation()
        except Permanent as error:
            if error.code != "thread_not_found":
                raise
            return []
        return [message.ts for message in messages if file_id in (file.id for file in message.files)]

    def _conversation(self) -> tuple[Message, ...]:
        """Return the messages of the thread, or the newest of the channel itself, oldest first."""
        if self._place.thread_ts:
            return self._slack.thread(self._place.channel, self._place.thread_ts)
        return self._slack.box(self._place.channel, 0.0)

    def _take_back(self, file_id: str, messages: Sequence[str]) -> NoReturn:
        """Delete a file and its messages, which Slack shows in the channel itself, and raise `thread_not_found`.

        It does so with messages whose thread is gone.
        """
        for ts in messages:
            self._slack.delete(self._place.channel, ts)
        self._uploads.delete(file_id)
        raise Permanent("thread_not_found", source="Slack")

    def _delete_others(self, begun: Begun, first: InThread) -> None:
        """Delete the messages that show the file a second time, as it was asked for more than once.

        The last may come as long after it was asked for as the first did after the file was begun: so long is waited.
        """
        others: list[str] = []
        with contextlib.suppress(Permanent):  # the file stands there, or somebody has just deleted it
            created = self._uploads.info(begun.file_id).created
            lateness = float(first.ts) - created if created else PATIENCE
            for info in self._looks(begun.file_id, min(max(lateness + 1, SETTLING), PATIENCE)):
                others = info.shares_in(self._place.channel, self._place.thread_ts)[1:]
                if len(others) >= begun.asked - 1:
                    break
            for ts in others or self._messages_with(begun.file_id)[1:]:
                log.warning("file=%s ts=%s outcome=shown-twice", begun.file_id, ts)
                self._slack.delete(self._place.channel, ts)

    def _drop(self, begun: Begun) -> None:
        """Delete a file that Slack does not show, so that it cannot show it any more."""
        log.warning("file=%s outcome=not-shown", begun.file_id)
        self._uploads.delete(begun.file_id)
