"""The history of our messages in the practice Slack: what stood under each question at every moment of the run.

The practice Slack keeps a message as it is now only; whether an answer was there before, its history alone can tell.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from cocoai.rehearsal.slack.workspace import ChangeKind, Workspace
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message


class Revision(NamedTuple):
    """A message of ours as it was after a change, or as it was before its deletion if `is_deleted`.

    `change` counts the workspace's changes and puts the revisions in order; `time` is in epoch seconds.
    """

    change: int
    time: float
    message: Message
    is_deleted: bool = False


class History:
    """Notes each revision of our messages in a workspace, from when it is made."""

    def __init__(self, workspace: Workspace, clock: Callable[[], float] = time.time) -> None:
        self._workspace = workspace
        self._clock = clock
        self._revisions: dict[str, list[Revision]] = defaultdict(list)
        self._next = workspace.listener
        workspace.listener = self._note

    def of(self, key: str) -> Sequence[Revision]:
        """Return the revisions of our messages under the question of this key, oldest first."""
        with self._workspace.changed:
            return sorted(self._revisions.get(key, ()), key=_change)

    def _note(self, change: ChangeKind, message: Message, before: Message | None) -> None:
        """Note a change if the message is ours, and hand it on to the listener before us."""
        key = payload(message).get("key")
        if key:
            is_deleted = change == "deleted"
            with self._workspace.changed:
                # A deleted message still has the number of the change before; the workspace has counted the deletion.
                number = self._workspace.changes if is_deleted else message.change
                self._revisions[str(key)].append(Revision(number, self._clock(), message, is_deleted))
        if self._next:
            self._next(change, message, before)


def _change(revision: Revision) -> int:
    return revision.change


def states(revisions: Iterable[Revision]) -> Iterator[tuple[float, list[Message]]]:
    """Yield the time of each revision, with the messages that were there from then on, ordered by part."""
    there: dict[str, Message] = {}
    for revision in revisions:
        if revision.is_deleted:
            there.pop(revision.message.ts, None)
        else:
            there[revision.message.ts] = revision.message
        yield revision.time, sorted(there.values(), key=part_number)


def payload(message: Message) -> dict[str, object]:
    """Return the payload of our metadata; {} if the message is a person's."""
    return dict((message.metadata or {}).get("event_payload", {}))


def kind_and_part(message: Message) -> tuple[str, int]:
    """Return the kind of a message of ours, as `answer`, and the number of its part, from 1."""
    return str(payload(message)["kind"]), part_number(message)


def part_number(message: Message) -> int:
    """Return the number of the part that a message of ours is, from 1."""
    return int(str(payload(message)["n"]))
