"""Turns a thread in Slack into the turns of a conversation, which a model is shown. Pure.

People's messages are the asker's turns, our answers are ours; placeholders, notes and errors are left out. The words of
people who may not address us are hidden, our answers to them too: a note stands in their place. An edited message
counts as it stands now, a deleted one not at all. Our earlier answers are read by a callable, since Slack has
them only in parts. It must not know the spool or Slack's API.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import itemgetter

from cocoai.conversation import Turn, merged
from cocoai.errors import Permanent
from cocoai.slack.model.files import File, file_note
from cocoai.slack.model.messages import Message, MessageMetadata, name_of
from cocoai.slack.model.plain_text import plain_text
from cocoai.slack.model.question import Question
from cocoai.slack.thread.question_message import SPOKEN, message_ts, question_message
from cocoai.slack.thread.speakers import Names, display_names, has_several_speakers, is_bot, speaker
from cocoai.slack_ids import is_ts
from cocoai.spool.key import Key, is_key

HIDDEN = Turn("asker", "[messages by others, which you are not shown]")
"""Stands for one or more messages in a row that are hidden: else the model would guess what they say."""

_SortKey = tuple[str, int, str]
"""Orders the turns: the ts of the question or message, 0 for people and 1 for our answer to it, the ts of the request.

The first and the last differ for an answer to a question that was asked once more.
"""


@dataclass(frozen=True)
class _Answer:
    """Our reply to one question, in as many messages as Slack has of it; `metadata` is the first message's."""

    metadata: MessageMetadata
    messages: Sequence[Message]

    @property
    def requested_at(self) -> str:
        """Return the ts of the question, or of the click that asked it once more, padded by `_sortable`."""
        return _sortable(Key.parse(self.metadata.key).ts)

    @property
    def answers(self) -> str:
        """Return the padded ts of the message that is answered: the first one, if that was asked once more."""
        return _sortable(self.metadata.again) if self.metadata.again else self.requested_at

    @property
    def sort_key(self) -> _SortKey:
        """Return the place among the turns: right behind the message that is answered."""
        return (self.answers, 1, self.requested_at)


@dataclass(frozen=True)
class _VisibleThread:
    """The part of a thread that a question can see: people's messages before it, our answers, and its own message.

    `hidden` are the messages before it of which only their existence is seen.
    """

    people: Sequence[Message]
    answers: Sequence[_Answer]
    question: Message
    hidden: Sequence[Message]

    def since(self, ts: str) -> _VisibleThread:
        """Return the part behind `ts`, padded by `_sortable`: messages written and answers requested after that."""
        people, hidden = ([each for each in part if _sortable(each.ts) > ts] for part in (self.people, self.hidden))
        answers = [answer for answer in self.answers if answer.requested_at > ts]
        return _VisibleThread(people, answers, self.question, hidden)


@dataclass(frozen=True)
class _TurnBuilder:
    """Makes turns of messages. With `are_named`, the speaker's name stands before each text that is not ours."""

    own_user: str
    names: Mapping[str, str]
    are_named: bool

    @classmethod
    def of(cls, thread: _VisibleThread, own_user: str, names: Names, channel: str) -> _TurnBuilder:
        """Look up the names of the people in the thread of this channel, and return a builder that uses them."""
        messages = [*thread.people, thread.question]
        return cls(own_user, display_names(messages, own_user, names, channel), has_several_speakers(messages))

    def askers_turn(self, message: Message) -> Turn:
        """Return a message of a person or another bot as a turn; "" is its text if it has neither text nor files.

        Each file has a line of its own, as file_note() writes it. If several people speak, `NAME: ` stands in front.
        """
        text = "\n".join(filter(None, (self._plain_text(message), *map(_file_note, message.files))))
        named = f"{self.names[speaker(message)]}: {text}" if self.are_named and text else text
        return Turn("asker", named, at=_seconds(message.ts))

    def own_turn(self, answer: _Answer, kept_answer: Callable[[str], str | None]) -> Turn:
        """Return our answer as a turn: the whole text if `kept_answer` has it, else the text of its parts in Slack."""
        whole = kept_answer(answer.metadata.key)
        if whole is None:
            whole = "\n".join(filter(None, map(self._plain_text, answer.messages)))
        return Turn("cocoai", whole.strip(), at=float(answer.requested_at))

    def _plain_text(self, message: Message) -> str:
        return plain_text(message.content, self.own_user, self._name_of)

    def _name_of(self, named: str) -> str:
        return self.names.get(named, "")


def _nothing_kept(_key: str) -> None: ...


class _NoNames:
    def name(self, user: str) -> str:
        del user
        return ""


_NO_NAMES = _NoNames()


def _no_reset(_text: str) -> bool:
    return False


def _nothing_hidden(_message: Message) -> bool:
    return False


def turns(
    messages: Iterable[Message],
    question: Question,
    own_user: str,
    *,
    kept_answer: Callable[[str], str | None] = _nothing_kept,
    names: Names = _NO_NAMES,
    is_reset: Callable[[str], bool] = _no_reset,
    is_hidden: Callable[[Message], bool] = _nothing_hidden,
) -> tuple[Turn, ...]:
    """Return the turns before `question`, oldest first, and the question as the last turn.

    An answer stands behind the question it answers, not where its placeholder happened to be posted: a second
    question asked while the first was being answered must still see that answer. Neighbours of the same side are one
    turn, but each question that we have answered begins one, as it did when it was asked: so what was sent then is sent
    again, and servers can reuse it.

    `kept_answer(key)` returns our whole answer to that question, None if only Slack has it. `names` returns
    a person's name, "" if it is unknown. `is_reset(text)` tells whether a message (its plain text) starts over: nothing
    up to the last such message is seen. `is_hidden(message)` tells whether a message of somebody else is kept from the
    model: neither its words nor our answer to it are seen, but HIDDEN in its place, and it resets nothing.

    If the question asks for the rest of an answer, the turns before it end with that answer, and its own has no text.

    Raise `Permanent` (`again_gone`) if nothing is left of the message that is to be asked again, `continue_gone` if
    nothing is left of the answer that is to be gone on with.
    """
    thread = _visible_thread(messages, question, own_user, is_hidden)
    thread = thread.since(_last_reset(thread.people, own_user, is_reset))
    builder = _TurnBuilder.of(thread, own_user, names, question.channel)
    placed = [((_sortable(message.ts), 0, ""), builder.askers_turn(message)) for message in thread.people]
    placed += [(answer.sort_key, builder.own_turn(answer, kept_answer)) for answer in thread.answers]
    placed += [((_sortable(message.ts), 0, ""), HIDDEN) for message in thread.hidden]
    placed.sort(key=itemgetter(0))
    # The question's own files are attached to its turn, so they are not named in its text.
    asked = replace(thread.question, files=())
    asked = replace(asked, text="", shown="") if question.continues else asked
    last = replace(builder.askers_turn(asked), at=_seconds(question.ts))
    answered = {answer.answers for answer in thread.answers}
    groups = _groups(((key, turn) for key, turn in placed if turn.text), answered)
    return (*chain.from_iterable(merged(_noted_once(group)) for group in groups), last)


def may_be_seen(message: Message, question: Question) -> bool:
    """Check whether `turns` may need a message for this question, or the reply to it is that message.

    False for what people said later, for joins and the like, and for our placeholders, notes and errors.
    """
    metadata = message.metadata
    if metadata is None:
        return message.subtype in SPOKEN and _sortable(message.ts) <= _sortable(message_ts(question))
    if metadata.key == question.key:
        return True
    has_content = metadata.kind in ("answer", "part") and is_key(metadata.key)
    return has_content and _sees_answer(question, _Answer(metadata, ()))


def _sees_answer(question: Question, answer: _Answer) -> bool:
    """Check whether a question can see an answer of ours: one to an earlier question.

    What asks for the rest of an answer sees this one as the last, whatever was said or asked again since.
    """
    asked = _sortable(message_ts(question))
    if not question.continues:
        return answer.requested_at < asked
    return answer.requested_at <= _sortable(Key.parse(question.continues).ts) and answer.answers <= asked


def _visible_thread(
    messages: Iterable[Message], question: Question, own_user: str, is_hidden: Callable[[Message], bool]
) -> _VisibleThread:
    """Return what a question can see of the thread: its message, people's messages before it, and our answers.

    Our answers are those to questions before it that are not hidden, also if they were posted later. Raise `Permanent`
    (`continue_gone`) if the answer that is to be gone on with is not among them.
    """
    # Each ts once: Slack may list a reply twice that was sent to the channel too.
    unique = sorted({message.ts: message for message in messages}.values(), key=_sortable_ts)
    own = message_ts(question)
    # Of an answer that is gone on with, the message that it answers was said before.
    before = [each for each in unique if _sortable(each.ts) < _sortable(own) or (question.continues and each.ts == own)]
    speech = [message for message in before if _is_speech(message, own_user)]
    hidden = [message for message in speech if is_hidden(message)]
    unseen = set(map(_sortable_ts, hidden))
    people = [message for message in speech if _sortable(message.ts) not in unseen]
    seen = [each for each in _answers(unique, own_user) if _sees_answer(question, each)]
    answers = [each for each in seen if each.answers not in unseen]
    if question.continues and question.continues not in [each.metadata.key for each in answers]:
        raise Permanent("continue_gone")
    return _VisibleThread(people, answers, question_message(unique, question, own_user), hidden)


def _groups(placed: Iterable[tuple[_SortKey, Turn]], answered: Collection[str]) -> Iterator[list[Turn]]:
    """Yield the turns in order, in groups of which each but the first begins with a message that we have answered.

    `answered` are the padded ts of such messages.
    """
    group: list[Turn] = []
    for (ts, is_ours, _), turn in placed:
        if not is_ours and ts in answered:
            yield group
            group = []
        group.append(turn)
    yield group


def _noted_once(turns: Iterable[Turn]) -> Iterator[Turn]:
    """Yield the turns, but of several HIDDEN in a row only the first."""
    before = None
    for turn in turns:
        if turn is not HIDDEN or before is not HIDDEN:
            yield turn
        before = turn


def _is_speech(message: Message, own_user: str) -> bool:
    """Check whether a person or another bot said something with this message.

    False for our own messages, for a join and the like, and for another installation's placeholders, notes and errors.
    """
    # Another installation's placeholders, notes and errors say as little as our own.
    has_content = message.metadata is None or message.metadata.kind in ("answer", "part")
    return has_content and message.user != own_user and message.subtype in SPOKEN


def _answers(messages: Iterable[Message], own_user: str) -> list[_Answer]:
    """Return our answers whose first message still stands, each with its messages in the order of their numbers.

    An answer whose first message was deleted is gone, whatever else is left of it.
    """
    parts: dict[str, dict[int, Message]] = {}
    firsts: dict[str, MessageMetadata] = {}
    for message in messages:
        metadata = message.metadata
        if metadata and message.user == own_user and metadata.kind in ("answer", "part") and is_key(metadata.key):
            parts.setdefault(metadata.key, {}).setdefault(metadata.n, message)
            if metadata.kind == "answer":
                firsts.setdefault(metadata.key, metadata)
    return [_Answer(first, [parts[key][n] for n in sorted(parts[key])]) for key, first in firsts.items()]


def _last_reset(people: Sequence[Message], own_user: str, is_reset: Callable[[str], bool]) -> str:
    """Return the ts, padded by `_sortable`, of the last message of a person that `is_reset` takes; "" if none."""
    # Another app's message is no command.
    resets = (message for message in people if not is_bot(message) and is_reset(plain_text(message.text, own_user)))
    return max(map(_sortable_ts, resets), default="")


def _file_note(file: File) -> str:
    return file_note(file, name_of(file.name))


def _seconds(ts: str) -> float:
    """Return a ts in epoch seconds, 0.0 if it is odd."""
    return float(ts) if is_ts(ts) else 0.0


def _sortable_ts(message: Message) -> str:
    return _sortable(message.ts)


def _sortable(ts: str) -> str:
    """Return `ts` padded so that texts sort as the times do: `1.5` becomes `000000000001.50000000`."""
    seconds, _, fraction = ts.partition(".")
    return f"{seconds:0>12}.{fraction:0<8}"
