"""JobCopy: a job on its way from one store to another. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cocoai.json_values import text_at
from cocoai.slack.model.job_kinds import LIGHT_KINDS, UNMARKED_KINDS
from cocoai.spool.job import Fact, encode_line, is_forgotten
from cocoai.spool.key import Key


@dataclass(frozen=True)
class JobCopy:
    """A job in `state` with its whole `lines`, as it was last changed at the time `changed`.

    It is to be tried again at `retry_at`, 0.0 for now. `stops` are those who have requested its end. Times are in epoch
    seconds, by this machine's clock.
    """

    key: Key
    state: str
    lines: Sequence[Fact]
    changed: float
    retry_at: float = 0.0
    stops: Sequence[str] = ()

    @property
    def data(self) -> bytes:
        """Return the lines as they are stored."""
        return b"".join(map(encode_line, self.lines))

    @property
    def kind(self) -> str:
        """Return the kind of the job."""
        return text_at(self.lines[0], "kind")

    @property
    def is_light(self) -> bool:
        """Check whether the job needs no model."""
        return self.kind in LIGHT_KINDS

    @property
    def leaves_mark(self) -> bool:
        """Check whether the job's thread is one in which we were asked."""
        return self.kind not in UNMARKED_KINDS

    @property
    def gesture(self) -> str:
        """Return the name of the gesture that sent the message, CHANNEL-CLIENT_MSG_ID; "" if it is not known."""
        gesture = text_at(self.lines[0], "client_msg_id")
        return f"{self.key.channel}-{gesture}" if gesture else ""

    def is_ahead_of(self, other: JobCopy) -> bool:
        """Check whether this copy takes the place of another one of the same job, in the store that it comes into.

        That is one of a move that was cut off, and so the beginning of this one; unless a pool has worked on it there
        since: then that is the beginning of the other, which stays. Words that were forgotten do not come back.
        """
        ours, others = list(self.lines), list(other.lines)
        if is_forgotten(ours) != is_forgotten(others):
            return is_forgotten(ours)
        has_ended = self.state != "ready" and other.state == "ready"
        if ours == others:
            return has_ended
        return ours[: len(others)] == others or (has_ended and others[: len(ours)] != ours)


@dataclass(frozen=True)
class ThreadCopy:
    """What is known of the thread `name`, CHANNEL-THREAD_TS or a direct message's channel; `changed` as in JobCopy."""

    name: str
    changed: float
    facts: Mapping[str, Any] = field(default_factory=dict)
