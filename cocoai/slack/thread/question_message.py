"""Finds the message of a question in its thread, as it stands now, and what belongs to it: words and files. Pure.

A question's job has the facts of the event; in the thread the message may have been edited or deleted since, and has
what an app_mention may leave out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cocoai.errors import Permanent
from cocoai.slack.model.files import File
from cocoai.slack.model.messages import Message
from cocoai.slack.model.plain_text import plain_text
from cocoai.slack.model.question import Question

SPOKEN = frozenset({"", "file_share", "thread_broadcast", "me_message", "bot_message"})
"""Subtypes of messages that somebody wrote; the others report, for instance, a join or a deletion."""


def files_of_question(messages: Iterable[Message], question: Question) -> tuple[File, ...]:
    """Return the files of the question's message as it stands in `messages`; if it is not there, those of its event."""
    found = _message_at(messages, message_ts(question))
    return found.files if found else tuple(map(File.from_facts, question.files))


def has_more_than_text(messages: Iterable[Message], question: Question) -> bool:
    """Check whether the question's message has files, or something quoted, pasted or attached.

    It is looked at as it stands in `messages`; if it is not there, as it came with the event.
    """
    found = _message_at(messages, message_ts(question)) or question
    return bool(found.files or found.shown)


def question_message(messages: Iterable[Message], question: Question, own_user: str) -> Message:
    """Return the question's message as it stands now; one made of the event's facts if it is not in the thread.

    Raise `Permanent` (`again_gone`) if it is to be asked once more but is deleted, and the event has no text or files:
    unless only the rest of its answer is wanted.
    """
    ts = message_ts(question)
    if found := _message_at(messages, ts):
        return found
    # Asked once more, while the message is gone and the text of the first question is no longer known.
    has_content = question.files or question.shown or plain_text(question.text, own_user)
    if question.again and not (question.continues or has_content):
        raise Permanent("again_gone")
    return Message(ts, question.user, "", question.text, None, "", shown=question.shown)


def message_ts(question: Question) -> str:
    """Return the ts of the message that holds the question's text: of one asked once more, the first one's."""
    return question.again or question.ts


def last_answered(messages: Sequence[Message]) -> str:
    """Return the key of the question that was answered last in a thread, oldest message first; "" if none was."""
    answers = (each.metadata for each in reversed(messages) if each.metadata)
    return next((each.key for each in answers if each.kind in ("answer", "part")), "")


def _message_at(messages: Iterable[Message], ts: str) -> Message | None:
    """Return the message with this ts that somebody wrote; None if there is none."""
    return next((message for message in messages if message.ts == ts and message.subtype in SPOKEN), None)
