"""What Slack's payloads can turn out to be: a question, a challenge, a notice, or ignored. Facts, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Literal

Kind = Literal[
    "mention", "direct", "follow_up", "again", "continue", "thanks", "translate", "summarize", "proofread", "ask"
]
"""`follow_up` is a reply without a mention in a thread where we were asked before, `again` a question asked anew.

`continue` asks for the rest of an answer that was cut.

`thanks` is a message to us that wants no answer: a reaction is enough.

`translate`, `summarize` and `proofread` are TASKS. `ask` is a question about somebody's message that was typed into a
form: only the asker has seen it.
"""

TASKS: frozenset[str] = frozenset({"translate", "summarize", "proofread"})
"""The kinds of question that nobody has worded: what is to be done with a message, or with its thread."""

ASK: Kind = "ask"

SHORTCUT = "shortcut"
"""The kind of a light job: the use of a shortcut of ours on a message."""

DECLINED = "declined"
"""The kind of a job that is a question of somebody whom the settings leave out, and who is told so."""

DeclinedFor = Literal["person", "place", "direct", ""]
"""Why: by `allow_users`, by `allow_channels`, or by `direct_messages`; "" for none of these."""

DAY = 86_400
"""Seconds within which a person is told once."""


@dataclass(frozen=True)
class Challenge:
    """Slack's check that this address is ours; it is answered with 200 and `text`."""

    text: str


@dataclass(frozen=True)
class Ignored:
    """An event that is left alone. The reason is in our own words, so it is safe in a log."""

    reason: str


@dataclass(frozen=True)
class Overheard(Ignored):
    """A line that is put to other people, in a thread in which we were asked before: what comes next may be, too."""

    channel: str
    thread_ts: str
    user: str


@dataclass(frozen=True)
class NotAllowed(Ignored):
    """A click that is left alone because its user may not address us: the only ignored one that is not answered 200."""


@dataclass(frozen=True)
class RateLimited:
    """Slack's word that it sends us no more events for a while: too many came within an hour.

    `minute` is `minute_rate_limited`, the minute in which that began, in seconds since the epoch; 0 if it is not named.
    Source: docs.slack.dev/apis/events-api, rate limiting.
    """

    minute: int


@dataclass(frozen=True)
class DocumentsChanged:
    """Slack's word that what is pinned to a channel has changed, or a file; `id` is the channel's or the file's."""

    id: str


@dataclass(frozen=True)
class Question:
    """An event that is answered. `text`, the asker's own words, has Slack's entities; `event_time` is epoch seconds.

    `shown` is all that people see in the message where that is more than `text`, as in messages.Message; else "".
    `thread_ts` equals `ts` for a message that opens its thread. `user` and `team` are the asker's.
    `files` are facts of files.File. `is_bare`: read from a copy that may leave files out (app_mention).
    `again` is the ts of the message that is asked once more, if that is not this one. `reply` is how our reply to that
    message begins, if the message's own text is no longer known. `client_msg_id` is the id that the asker's Slack gave
    the message, "" if it gave none: rarely one message comes twice, with two `ts` and the same id. `may_be_shared` is
    False only if Slack said that the channel is not shared with another organisation: all in it are of our own then.
    `continues` is the key of the question whose answer is to be gone on with; `again` is then the message it answers.
    One of TASKS is about the message `ts`, and has the `trigger` of its key; `thread_ts` equals `ts` whatever thread
    that is in, as not every payload tells it. It was asked for at `asked_at`, a ts. A message is translated into
    `language`, such as `ja`. An `ask` is about the message `ts`, too, in the thread `thread_ts`; `text` is what was
    typed. `message` is what Slack told of the message, as kept_message() has it; None if that must be read. What a
    shortcut has asked for can be answered by `response_url`, unseen by others, where Slack takes no message of ours.
    """

    kind: Kind
    channel: str
    thread_ts: str
    ts: str
    user: str
    team: str
    text: str
    event_id: str
    event_time: int
    files: tuple[Mapping[str, Any], ...] = ()
    is_bare: bool = False
    again: str = ""
    reply: str = ""
    client_msg_id: str = ""
    may_be_shared: bool = True
    shown: str = ""
    continues: str = ""
    trigger: str = ""
    asked_at: str = ""
    language: str = ""
    message: Mapping[str, Any] | None = None
    response_url: str = field(default="", repr=False)

    @property
    def sample(self) -> str:
        """Return a text in the asker's language: the message's, or of one asked once more our reply's."""
        return f"{self.text}\n{self.shown}" if self.text or self.shown else self.reply

    @property
    def key(self) -> str:
        """Return the text of the job's Key, the same for every copy of the message and safe as a file's name."""
        key = f"{self.channel}-{self.thread_ts}-{self.ts}"
        return f"{key}-{self.trigger}" if self.trigger else key

    @property
    def is_task(self) -> bool:
        """Return True for one of TASKS."""
        return self.kind in TASKS

    @property
    def is_about_message(self) -> bool:
        """Return True for one of TASKS and for an ASK: it is about the message that message_ts() names."""
        return self.is_task or self.kind == ASK

    @property
    def in_thread(self) -> bool:
        """Return True if the question was asked inside a thread, False if its message opens one."""
        return self.thread_ts != self.ts

    @property
    def is_in_box(self) -> bool:
        """Return True if the question's message stands in a direct message's own box, in no thread there."""
        return self.channel.startswith("D") and self.thread_ts == (self.again or self.ts)

    def facts(self) -> dict[str, Any]:
        """Return the question as a dict for JSON, with a key for each field."""
        return {**vars(self), "files": list(self.files)}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Question:
        """Return the question that `facts()` of this or another version has written.

        Facts that a later version added are passed over; those that an earlier version did not know get their
        defaults. Raise KeyError if one is missing that every version has written.
        """
        known = {each.name: facts[each.name] for each in fields(cls) if each.name in facts or _is_required(each)}
        return cls(**known | {"files": tuple(facts.get("files", ()))})


@dataclass(frozen=True)
class Declined:
    """A question of a person of ours whom the settings leave out. Its job only tells that, once a day."""

    question: Question
    why: DeclinedFor

    @property
    def key(self) -> str:
        """Return the key of the job: the same for all such questions of one person on one day (UTC)."""
        day = f"{int(float(self.question.ts)) // DAY * DAY}.000000"
        return f"{self.question.user}-{day}-{day}"

    def facts(self) -> dict[str, Any]:
        """Return the job's first line."""
        return {**self.question.facts(), "kind": DECLINED, "why": self.why}


def _is_required(each: Field[Any]) -> bool:
    return each.default is MISSING
