"""A thread in Slack as the turns that a model is shown. Pure.

People are the askers, our own answers are ours; placeholders, notes and errors are nobody's turn. What was edited
counts as it stands now, what was deleted is gone. What we said before is handed in whole, since Slack has it in parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cocoai.conversation import Turn, merged
from cocoai.errors import Permanent
from cocoai.slack.markdown.to_mrkdwn import plain
from cocoai.slack.model.files import File
from cocoai.slack.model.messages import Message, MessageMetadata, name_of
from cocoai.slack.model.question import Question
from cocoai.slack.thread.speakers import display_names, has_several_speakers, is_bot, speaker
from cocoai.spool.key import Key

SPOKEN = frozenset({"", "file_share", "thread_broadcast", "me_message", "bot_message"})
"""Subtypes that carry what somebody said; the others say that somebody joined, or that a message was deleted."""

Place = tuple[str, int, str]
"""The question's or message's own time, 0 for people and 1 for our answer to it, and when that was asked for."""


@dataclass(frozen=True)
class _Answer:
    """Our reply to one question, in as many messages as Slack has of it."""

    mark: MessageMetadata
    messages: Sequence[Message]

    @property
    def asked(self) -> str:
        return _sortable(Key.parse(self.mark.key).ts)

    @property
    def place(self) -> Place:
        return (_sortable(self.mark.again) if self.mark.again else self.asked, 1, self.asked)


@dataclass(frozen=True)
class _Seen:
    """What is seen of a thread when a question is asked: what people said before, our answers, the question."""

    people: Sequence[Message]
    answers: Sequence[_Answer]
    question: Message

    def since(self, moment: str) -> _Seen:
        """What was said and asked after that moment."""
        people = [message for message in self.people if _sortable(message.ts) > moment]
        return _Seen(people, [answer for answer in self.answers if answer.asked > moment], self.question)


@dataclass(frozen=True)
class _Reader:
    """Reads messages as turns. `called` tells what people are called; with `several`, who says what."""

    own_user: str
    called: Mapping[str, str]
    several: bool

    @classmethod
    def of(cls, seen: _Seen, own_user: str, names: Callable[[str], str]) -> _Reader:
        speaking = [*seen.people, seen.question]
        return cls(own_user, display_names(speaking, own_user, names), has_several_speakers(speaking))

    def asker(self, message: Message) -> Turn:
        text = "\n".join(filter(None, (self._read(message), *map(_named, message.files))))
        return Turn("asker", f"{self.called[speaker(message)]}: {text}" if self.several and text else text)

    def ours(self, answer: _Answer, said: Callable[[str], str | None]) -> Turn:
        whole = said(answer.mark.key)
        if whole is None:
            whole = "\n".join(filter(None, map(self._read, answer.messages)))
        return Turn("cocoai", whole.strip())

    def _read(self, message: Message) -> str:
        return plain(message.text, self.own_user, lambda user: self.called.get(user, ""))


def turns(
    messages: Iterable[Message],
    question: Question,
    own_user: str,
    *,
    said: Callable[[str], str | None] = lambda _key: None,
    names: Callable[[str], str] = lambda _user: "",
    is_reset: Callable[[str], bool] = lambda _text: False,
) -> tuple[Turn, ...]:
    """What was said before `question`, oldest first, and the question as the last turn.

    An answer stands behind the question it answers, not where its placeholder happened to be posted: a second
    question asked while the first was being answered must still see that answer.

    `said(key)` is all that we answered to that question, None if Slack has to tell; `names(user)` what somebody is
    called, empty if that is not known. Nothing up to the last message that `is_reset` (its plain text) is seen.

    Raises `Permanent` (`again_gone`) if nothing is left of the message that is to be asked again.
    """
    seen = _seen(messages, question, own_user)
    seen = seen.since(_last_reset(seen.people, own_user, is_reset))
    reader = _Reader.of(seen, own_user, names)
    placed = [((_sortable(message.ts), 0, ""), reader.asker(message)) for message in seen.people]
    placed += [(answer.place, reader.ours(answer, said)) for answer in seen.answers]
    placed.sort(key=lambda pair: pair[0])
    # What is attached to the question itself goes along with it.
    asked = reader.asker(replace(seen.question, files=()))
    return (*merged(turn for _, turn in placed if turn.text), asked)


def files_of_question(messages: Iterable[Message], question: Question) -> tuple[File, ...]:
    """The files of what is asked, as its message has them now; as the event told them if the message is not there."""
    found = _message_at(messages, _asked_at(question))
    return found.files if found else tuple(map(File.from_facts, question.files))


def words_of_question(messages: Iterable[Message], question: Question, own_user: str) -> str:
    """What is asked, as its message says it now, nobody's name before it. Raises as `turns` does."""
    return plain(_question(messages, question, own_user).text, own_user)


def _seen(messages: Iterable[Message], question: Question, own_user: str) -> _Seen:
    # Once each: a reply that was sent to the channel too may be told of twice.
    once = sorted({message.ts: message for message in messages}.values(), key=lambda message: _sortable(message.ts))
    before = _sortable(_asked_at(question))
    people = [message for message in once if _is_speech(message, own_user) and _sortable(message.ts) < before]
    answers = [answer for answer in _answers(once, own_user) if answer.asked < before]
    return _Seen(people, answers, _question(once, question, own_user))


def _question(messages: Iterable[Message], question: Question, own_user: str) -> Message:
    """The message that asks, as it stands now; of one that is not in the thread, what the event told."""
    ts = _asked_at(question)
    told = Message(ts, question.user, "", question.text, None, "")
    if found := _message_at(messages, ts):
        return found
    if question.again and not question.files and not plain(question.text, own_user):
        raise Permanent("again_gone")
    return told


def _asked_at(question: Question) -> str:
    return question.again or question.ts


def _message_at(messages: Iterable[Message], ts: str) -> Message | None:
    return next((message for message in messages if message.ts == ts and message.subtype in SPOKEN), None)


def _is_speech(message: Message, own_user: str) -> bool:
    """Did somebody else say this? Another app's placeholders say as little as our own."""
    is_said = message.mark is None or message.mark.kind in ("answer", "part")
    return is_said and message.user != own_user and message.subtype in SPOKEN


def _answers(messages: Iterable[Message], own_user: str) -> list[_Answer]:
    """Our answers that still stand: one whose first message was deleted is gone, whatever else is left of it."""
    parts: dict[str, dict[int, Message]] = {}
    firsts: dict[str, MessageMetadata] = {}
    for message in messages:
        mark = message.mark
        if mark and message.user == own_user and mark.kind in ("answer", "part") and _is_key(mark.key):
            parts.setdefault(mark.key, {}).setdefault(mark.n, message)
            if mark.kind == "answer":
                firsts.setdefault(mark.key, mark)
    return [_Answer(mark, [parts[key][n] for n in sorted(parts[key])]) for key, mark in firsts.items()]


def _last_reset(people: Sequence[Message], own_user: str, is_reset: Callable[[str], bool]) -> str:
    """When somebody last asked to start over; empty if nobody did. Another app does not ask."""
    asked = (message for message in people if not is_bot(message) and is_reset(plain(message.text, own_user)))
    return max((_sortable(message.ts) for message in asked), default="")


def _named(file: File) -> str:
    """What was in an earlier file is not shown again."""
    return f"[file: {name_of(file.name)}]" if name_of(file.name) else "[file]"


def _is_key(key: str) -> bool:
    try:
        Key.parse(key)
    except ValueError:
        return False
    return True


def _sortable(ts: str) -> str:
    seconds, _, fraction = ts.partition(".")
    return f"{seconds:0>12}.{fraction:0<8}"
