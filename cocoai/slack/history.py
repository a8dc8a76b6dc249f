"""A thread in Slack as the turns that a model is shown. Pure.

People are the askers, our own answers are ours; placeholders, notes and errors are nobody's turn.
"""

from __future__ import annotations

from collections.abc import Iterable

from cocoai.conversation import Turn, merged
from cocoai.slack.events import Question
from cocoai.slack.messages import Message
from cocoai.slack.rendering import plain

SPOKEN = frozenset({"", "file_share", "thread_broadcast", "me_message", "bot_message"})
"""Subtypes that carry what somebody said; the others say that somebody joined, or renamed the channel."""

Place = tuple[str, int, int]
"""The question's or message's own time, 0 for people and 1 for our answer to it, and the answer's part."""


def turns(messages: Iterable[Message], question: Question, own_user: str) -> tuple[Turn, ...]:
    """What was said before `question`, oldest first, and the question as the last turn.

    An answer stands behind the question it answers, not where its placeholder happened to be posted: a second
    question asked while the first was being answered must still see that answer.
    """
    placed = [(place, message) for message in messages if (place := _place(message, question, own_user)) is not None]
    placed.sort(key=lambda pair: pair[0])
    before = [Turn("cocoai" if message.mark else "asker", plain(message.text, own_user)) for _, message in placed]
    asked = Turn("asker", plain(question.text, own_user))
    return (*merged(turn for turn in before if turn.text), asked)


def _place(message: Message, question: Question, own_user: str) -> Place | None:
    """Where a message stands in the conversation; None if it is no part of it."""
    if message.mark is not None:
        asked_at = message.mark.key.rpartition("-")[2]
        part = message.mark.n if message.mark.kind in ("answer", "part") else 0
        return (_sortable(asked_at), 1, part) if part and _sortable(asked_at) < _sortable(question.ts) else None
    if message.user == own_user or (message.subtype or "") not in SPOKEN:
        return None
    return (_sortable(message.ts), 0, 0) if _sortable(message.ts) < _sortable(question.ts) else None


def _sortable(ts: str) -> str:
    seconds, _, fraction = ts.partition(".")
    return f"{seconds:0>12}.{fraction:0<8}"
