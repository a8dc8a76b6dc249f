"""The pictures of a chaos run: what the jobs say of them, beside what stands in the threads of the practice Slack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cocoai.answer.failures import MOST_CLAIMS
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.job import Fact
from cocoai.spool.key import Key, file_stem


@dataclass(frozen=True)
class JobRecord:
    """What a question's job says in the end: its state, "" if there is none, and its facts."""

    state: str = ""
    lines: Sequence[Fact] = ()

    @property
    def drawn_at(self) -> float | None:
        """Return when the first picture was recorded, in epoch seconds; None if none was."""
        return next((float(line["at"]) for line in self.lines if line.get("fact") == "picture"), None)

    @property
    def began_at(self) -> float | None:
        """Return when it was first claimed, in epoch seconds; None if it never was."""
        return next((float(line["at"]) for line in self.lines if line.get("fact") == "attempt"), None)

    @property
    def ended_at(self) -> float | None:
        """Return when it ended, in epoch seconds; None if it has not."""
        ends = (float(line["at"]) for line in self.lines if line.get("fact") in ("finished", "failed", "refused"))
        return next(ends, None)

    @property
    def heard(self) -> int:
        """Return how many sounds a model has heard for it."""
        return sum(line.get("fact") == "heard" for line in self.lines)

    @property
    def must_be_shown(self) -> bool:
        """Check whether its picture has to stand in the thread, unless somebody deletes it.

        It need not if the job was given up, which may be after MOST_CLAIMS only.
        """
        claims = sum(line.get("fact") == "attempt" for line in self.lines)
        return self.drawn_at is not None and (self.state == "done" or claims <= MOST_CLAIMS)


NO_RECORD = JobRecord()


def messages_with_picture(thread: Iterable[Message], key: str) -> list[Message]:
    """Return the messages of a thread that show a picture of the job `key`: Slack keeps no metadata with one."""
    stem = file_stem(Key.parse(key))
    return [each for each in thread if any(not file.is_deleted and file.name.startswith(stem) for file in each.files)]


def wrong_pictures(record: JobRecord, shown: int, clicks: frozenset[str], accepted: frozenset[str]) -> Iterator[str]:
    """Name what is wrong with the pictures that are `shown` for a question under which these actions were clicked."""
    if shown > 1:
        yield "shown twice"
    if "delete" in clicks:
        if "delete" in accepted and shown:
            yield "picture not deleted"
    elif record.must_be_shown and not shown:
        yield "picture lost"
    if shown and record.drawn_at is None:
        yield "picture unrecorded"
