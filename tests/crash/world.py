"""The outside of one disk: what Slack and the model have seen. And the laws that must hold.

The outside survives every power cut and forgets nothing, so the spool is checked against it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, NamedTuple, cast

from cocoai.slack.model.click import Click
from cocoai.slack.model.question import Question
from cocoai.spool.key import Key
from cocoai.webhook import again

NOW = 1_763_822_100.0


class Law(StrEnum):
    """The laws: what must hold whatever happens."""

    KEPT = "what was answered 200 is on the disk, whole"
    SPOKEN = "nothing is posted or asked for a question that the disk may still lose"
    MARKED = "the thread of an accepted question is known"
    KNOWN = "a known question stays known"
    WHOLE = "no half-read question is worked on"
    ENDED = "no ended job runs again"
    PAID = "the model is not called again once an answer is recorded"
    ONCE = "each message is posted once"
    ANSWERED = "every question is answered, or its asker is told that it failed"
    RUNS = "no unexpected error is raised"


class PostedMessage(NamedTuple):
    """A message of ours in Slack; `metadata` is JSON."""

    channel: str
    thread_ts: str
    ts: str
    text: str
    metadata: str

    @property
    def payload(self) -> dict[str, Any]:
        """Return the payload of the metadata."""
        return cast(dict[str, Any], json.loads(self.metadata)["event_payload"])


@dataclass(frozen=True)
class Outside:
    """Everything that a power cut cannot change. Keys are those of jobs, as texts.

    sent           what people have asked or clicked
    accepted       of these, what was answered 200
    spoken_for     for what something was posted, deleted, or asked of the model
    ended          what has ended, with the time of its end
    posted         our messages in Slack, those included that were deleted
    calls          the calls of the model, in their order
    refused        for what the model has given a reason why it does not answer
    stopped        what somebody wants to stop
    deleted        the ts of each message of ours that was deleted
    slack_faults   what will go wrong in the next calls of Slack, one by one: "away", "unheard" (it is done, but the
                   response is lost), or "" for nothing
    model_faults   the same for the model: a code, or ""
    """

    now: float = NOW
    sent: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    spoken_for: frozenset[str] = frozenset()
    ended: frozenset[tuple[str, float]] = frozenset()
    posted: tuple[PostedMessage, ...] = ()
    calls: tuple[str, ...] = ()
    refused: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()
    slack_faults: tuple[str, ...] = ()
    model_faults: tuple[str, ...] = ()


INITIAL = Outside()


def question(ts: int, thread: int | None = None, text: str = "why?") -> Question:
    """Return the question of second `ts`, in the thread that the message of second `thread` opens (else its own)."""
    at = f"{int(NOW) - 100 + ts}.000100"
    opens = at if thread is None else f"{int(NOW) - 100 + thread}.000100"
    return Question(
        "mention", "C0PRACTICE", opens, at, "U0ASKER01", "T0PRACTICE", f"<@U0COCOAI> {text} ({ts})", f"Ev{ts}", int(NOW)
    )


def click(ts: int, action: Literal["again", "delete"], on: Question) -> Click:
    """Return the asker's click at second `ts` on a button of our first message."""
    message_ts, at = f"{int(NOW)}.000200", f"{int(NOW) - 100 + ts}.000100"
    return Click(action, on.channel, on.thread_ts, message_ts, on.key, on.user, on.user, on.team, at)


def asked_again(ts: int, on: Question) -> Question:
    """Return the question that a click on *again* at second `ts` asks."""
    return again(click(ts, "again", on), on)


Input = Question | Click
"""What a job is made from."""


def job_key(item: Input) -> str:
    """Return the key of the input's job."""
    return str(Key(item.channel, item.message_ts, item.ts)) if isinstance(item, Click) else item.key


def is_message(item: Input) -> bool:
    """Check whether the input is a person's message, which Slack redelivers; of a click it only reports a failure."""
    return isinstance(item, Question) and not item.again
