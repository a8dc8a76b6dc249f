"""The world around one disk: Slack, the model, and who was told what.

It survives every power cut and forgets nothing, so it is the ledger by which the spool is judged. And the laws' names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, NamedTuple, cast

from cocoai.slack.model.click import Click
from cocoai.slack.model.question import Question
from cocoai.spool.key import Key
from cocoai.webhook import repeat_question

NOW = 1_763_822_100.0


class Law(StrEnum):
    """What must hold whatever happens."""

    KEPT = "what was answered 200 is there, whole"
    SPOKEN = "nothing is said for a question that the disk may forget"
    MARKED = "the thread of an accepted question is known"
    KNOWN = "a known question stays known"
    WHOLE = "nothing half-read is taken"
    ENDED = "nothing ended runs again"
    PAID = "a recorded answer is never paid for again"
    ONCE = "each message is posted once"
    ANSWERED = "every question is answered, or told that it failed"
    RUNS = "nothing is raised but what has a name"


class Said(NamedTuple):
    """A message of ours in Slack, with the mark it bears."""

    channel: str
    thread_ts: str
    ts: str
    text: str
    metadata: str

    @property
    def mark(self) -> dict[str, Any]:
        return cast(dict[str, Any], json.loads(self.metadata)["event_payload"])


@dataclass(frozen=True)
class Outside:
    """All that a power cut cannot touch. Keys are strings; `ended` has the time at which each ended; for those in
    `refused` the model has given its reason why not; of those in `stopped` somebody has wished that they end. `deleted`
    holds the ts of each message of ours that is gone.

    `slack_faults` (away, or unheard: done, but the reply is lost) and `model_faults` (a code) are what will still
    go wrong, call by call; "" is nothing.
    """

    now: float = NOW
    asked: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    spoken: frozenset[str] = frozenset()
    ended: frozenset[tuple[str, float]] = frozenset()
    said: tuple[Said, ...] = ()
    calls: tuple[str, ...] = ()
    refused: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()
    slack_faults: tuple[str, ...] = ()
    model_faults: tuple[str, ...] = ()


NOTHING_YET = Outside()


def question(ts: int, thread: int | None = None, text: str = "why?") -> Question:
    """The question of second `ts`, in the thread which that of `thread` opens (else its own)."""
    at = f"{int(NOW) - 100 + ts}.000100"
    opens = at if thread is None else f"{int(NOW) - 100 + thread}.000100"
    return Question(
        "mention", "C0PRACTICE", opens, at, "U0ASKER01", "T0PRACTICE", f"<@U0COCOAI> {text} ({ts})", f"Ev{ts}", int(NOW)
    )


def click(ts: int, action: Literal["again", "delete"], on: Question) -> Click:
    """The asker's click at second `ts`, on the first of our messages."""
    message_ts, at = f"{int(NOW)}.000200", f"{int(NOW) - 100 + ts}.000100"
    return Click(action, on.channel, on.thread_ts, message_ts, on.key, on.user, on.user, on.team, at)


def asked_again(ts: int, on: Question) -> Question:
    """What a click at second `ts` asks."""
    return repeat_question(click(ts, "again", on), on)


Asked = Question | Click
"""What a job is made of."""


def name(asked: Asked) -> str:
    """The key of its job."""
    return str(Key(asked.channel, asked.message_ts, asked.ts)) if isinstance(asked, Click) else asked.key


def is_message(asked: Asked) -> bool:
    """Is it somebody's message? Slack sends that again; of a click it only says that it did not work."""
    return isinstance(asked, Question) and not asked.again
