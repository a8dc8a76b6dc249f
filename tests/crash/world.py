"""The outside of one disk: what Slack and the model have seen. And the laws that must hold.

The outside survives every power cut and forgets nothing, so the spool is checked against it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, Literal, NamedTuple, cast

from cocoai.clicked_question import repeat_question
from cocoai.slack.inbound.reactions import task_question
from cocoai.slack.model.click import Click
from cocoai.slack.model.files import file_of
from cocoai.slack.model.question import Question
from cocoai.slack.model.shortcut import Shortcut
from cocoai.slack.model.tasks import MessageTask
from cocoai.spool.admission import LIMITED
from cocoai.spool.job import Fact, whole_lines
from cocoai.spool.key import Key

NOW = 1_763_822_100.0

SPOKEN, CLIP_MS = "why do I speak?", 1500
"""What is said in a voice clip, and its length in milliseconds."""

CLIP_FILE = {
    "id": "F0CLIP",
    "name": "audio_message.wav",
    "mimetype": "audio/wav",
    "subtype": "slack_audio",
    "duration_ms": CLIP_MS,
    "url_private": "https://files.slack.com/audio_message.wav",
}
"""The clip, as Slack describes it."""


FLAGGED = "Guten Tag."
"""The message of somebody else under which the asker puts a flag, or in whose menu the asker chooses a task."""

OUTSIDE = "C0OUTSIDE"
"""A channel in which we are no member: Slack takes no message of ours there, and shows us none."""

SHOWN = "shown"
"""The end of the address by which the asker alone can be shown something there."""


class Law(StrEnum):
    """The laws: what must hold whatever happens."""

    KEPT = "what was answered 200 is on the disk, whole"
    SPOKEN = "nothing is posted or asked for a question that the disk may still lose"
    MARKED = "the thread of an accepted question is known"
    KNOWN = "a known question stays known"
    WHOLE = "no half-read question is worked on"
    ENDED = "no ended job runs again"
    PAID = "the model runs twice at most for one question, and not again once an answer is recorded"
    ONCE = "each message is posted once, and each picture shown once"
    REPLACED = "an answer that stands is neither replaced nor shortened, nor deleted without a click"
    ADMITTED = "of two copies of one gesture, or of two repetitions at once, one is a question"
    TOLD = "a person who asks too much, or clicks too early, is told once; a private reply is shown at most once more"
    ANSWERED = "every question is answered, or its asker is told that it failed"
    CHARGED = "each run of the model has a charge of its own, which is never below its bill"
    CLOSED = "no hold is open once its job has ended and the sweep has run"
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

    @property
    def is_of_answer(self) -> bool:
        """Return True if the message shows an answer that is whole, or a part of it."""
        return self.payload["kind"] in ("answer", "part")


class DurableCharge(NamedTuple):
    """A charge of the ledger, in nano-dollars; `spent` is None while its hold is open."""

    key: str
    call: int
    claim: int
    held: int
    spent: int | None = None
    how: str = ""

    @property
    def covers(self) -> int:
        """Return what is set aside for the call now."""
        return self.held if self.spent is None else self.spent

    def settled(self, spent: int, how: str) -> DurableCharge:
        """Return the charge with its hold ended; one that is settled already stays as it is."""
        return self._replace(spent=spent, how=how) if self.spent is None else self


class BilledRun(NamedTuple):
    """What the model has billed for a run: the job, the number of its call as the job's facts have it, the amount."""

    key: str
    call: int
    amount: int


class Outside(NamedTuple):
    """Everything that a power cut cannot change. Keys are those of jobs, as texts.

    sent           what people have asked or clicked
    accepted       of these, what was answered 200
    spoken_for     for what something was posted, deleted, or asked of the model
    ended          what has ended, with the time of its end
    posted         our messages in Slack, those included that were deleted
    calls          for what the model ran, in that order: those that it refused before it ran are left out
    charges        the ledger, each of whose transactions is durable
    bills          what the model has billed, run by run
    refused        for what the model has given a reason why it does not answer
    reacted        the ts of each message of a person's that has our reaction
    shared         for what a picture of ours was shown in its thread, each time
    told           the ephemeral messages that we have posted, in their order
    shown          what was shown to the asker alone by a shortcut's address, in its order
    stopped        what somebody wants to stop
    deleted        the ts of each message of ours that was deleted
    slack_faults   what will go wrong in the next calls of Slack, one by one: "away", "unheard" (it is done, but the
                   response is lost), or "" for nothing
    model_faults   the same for the model: "busy", "lost" (it runs, but its answer is lost), another code, or ""
    move_faults    what will go wrong the next times that a job is to be moved: "locked" (put.lock is held for too
                   long), "split" (the other folder is on another file system), or ""
    per_minute     how many questions a person may ask in a minute, 0 for no limit
    interruptions  how often the power was cut, a process was killed, or the model's answer was lost
    power_cuts     how often the power was cut
    """

    now: float = NOW
    sent: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    spoken_for: frozenset[str] = frozenset()
    ended: frozenset[tuple[str, float]] = frozenset()
    posted: tuple[PostedMessage, ...] = ()
    calls: tuple[str, ...] = ()
    charges: tuple[DurableCharge, ...] = ()
    bills: tuple[BilledRun, ...] = ()
    refused: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()
    reacted: frozenset[str] = frozenset()
    told: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    slack_faults: tuple[str, ...] = ()
    model_faults: tuple[str, ...] = ()
    move_faults: tuple[str, ...] = ()
    per_minute: int = 0
    interruptions: int = 0
    power_cuts: int = 0


INITIAL = Outside()


def question(ts: int, thread: int | None = None, text: str = "why?", gesture: str = "") -> Question:
    """Return the question of second `ts`, in the thread that the message of second `thread` opens (else its own).

    `gesture` is its `client_msg_id`.
    """
    at = f"{int(NOW) - 100 + ts}.000100"
    opens = at if thread is None else f"{int(NOW) - 100 + thread}.000100"
    return Question(
        "mention",
        "C0PRACTICE",
        opens,
        at,
        "U0ASKER01",
        "T0PRACTICE",
        f"<@U0COCOAI> {text} ({ts})",
        f"Ev{ts}",
        int(NOW),
        client_msg_id=gesture,
    )


def clip(ts: int) -> Question:
    """Return the voice clip of second `ts`, of which Slack has no words; it opens its own thread."""
    return replace(question(ts), text="<@U0COCOAI>", files=(file_of(CLIP_FILE).facts(),))


def flag(ts: int) -> Question:
    """Return what a flag asks for that the asker puts under the message of second `ts`: its translation."""
    at, asked_at = (f"{int(NOW) - 100 + second}.000100" for second in (ts, ts + 1))
    task = MessageTask("translate", "ja")
    return task_question(task, "C0PRACTICE", at, "U0ASKER01", asked_at, may_be_shared=False)


def chosen(ts: int) -> Shortcut:
    """Return the asker's choice to translate the message of second `ts`, from its menu, where we are no member."""
    at, asked_at = (f"{int(NOW) - 100 + second}.000100" for second in (ts, ts + 1))
    message = {"ts": at, "user": "U0OTHER01", "text": FLAGGED, "teams": ["T0PRACTICE"], "thread_ts": at}
    url = f"http://127.0.0.1/actions/{SHOWN}"
    return Shortcut("translate", OUTSIDE, at, message, "U0ASKER01", "T0PRACTICE", asked_at, url)


def task_of(used: Shortcut) -> Question:
    """Return what such a choice asks for: a job of its own, which the shortcut's job puts into the spool."""
    place = (used.channel, used.message_ts, used.user, used.ts)
    task = task_question(MessageTask("translate", "ja"), *place, may_be_shared=True, team=used.team)
    return replace(task, message=used.message, response_url=used.response_url)


def said(item: Question) -> str:
    """Return what a question says, by words, by its clip or by the message that it is about."""
    return FLAGGED if item.is_task else SPOKEN if item.files else item.text


def thanks(ts: int, thread: int) -> Question:
    """Return the thanks of second `ts`, in the thread that the message of second `thread` opens."""
    return replace(question(ts, thread, "thank you"), kind="thanks")


def click(ts: int, action: Literal["again", "delete"], on: Question) -> Click:
    """Return the asker's click at second `ts` on a button of our first message."""
    message_ts, at = f"{int(NOW)}.000200", f"{int(NOW) - 100 + ts}.000100"
    return Click(action, on.channel, on.thread_ts, message_ts, on.key, on.user, on.user, on.team, at)


def asked_again(ts: int, on: Question) -> Question:
    """Return the question that a click on *again* at second `ts` asks."""
    return repeat_question(click(ts, "again", on), on)


Input = Question | Click | Shortcut
"""What a job is made from."""


def job_key(item: Input) -> str:
    """Return the key of the input's job."""
    return str(Key(item.channel, item.message_ts, item.ts)) if isinstance(item, Click) else str(item.key)


def is_message(item: Input) -> bool:
    """Check whether the input is an event, which Slack redelivers; of a click or shortcut it only reports a failure."""
    return isinstance(item, Question) and not item.again


def is_thanks(item: Input) -> bool:
    """Check whether the input is a message that only thanks: it gets a reaction in place of an answer."""
    return isinstance(item, Question) and item.kind == "thanks"


@functools.lru_cache(maxsize=10_000)
def lines_of(data: bytes) -> Sequence[Fact]:
    """Return the whole lines of a job's file. The same few files are looked at again and again."""
    return whole_lines(data)[0]


def is_first_line_of(line: Mapping[str, Any], item: Input) -> bool:
    """Check whether a job's first line is whole and this input's, which may be over a limit."""
    facts = item.facts()
    return line in (facts, {**facts, "kind": LIMITED, "why": line.get("why"), "seconds": line.get("seconds")})


def copies_of(item: Input, inputs: Mapping[str, Input]) -> list[str]:
    """Return the keys of the jobs that the gesture behind this input may have: more than one if it came as a copy."""
    gesture = item.client_msg_id if isinstance(item, Question) else ""
    others = [key for key, each in inputs.items() if isinstance(each, Question) and each.client_msg_id == gesture]
    return others if gesture else [job_key(item)]
