"""Find in the spool what a model has heard already: of the sounds of a question, and of earlier ones of its thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cocoai.answer.attempt import Attempt
from cocoai.answer.heard import HeardSound
from cocoai.slack.model.files import SOUNDS, File
from cocoai.slack.model.messages import Message
from cocoai.spool.job import Fact, is_forgotten
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError


def recorded_sounds(spool: Spool, attempt: Attempt) -> dict[str, HeardSound]:
    """Return what was heard of the question's sounds, by the file's id: in this job, or when it was asked before."""
    question = attempt.question
    found = dict(_heard_in(attempt.job.lines))
    if question.again:
        found = recorded_in(spool, f"{question.channel}-{question.thread_ts}-{question.again}") | found
    return found


def recorded_in(spool: Spool, key: str) -> dict[str, HeardSound]:
    """Return what was heard for the question `key`, by the file's id; {} if its job is gone, or cannot be read."""
    found: dict[str, HeardSound] = {}
    for folder in ("failed", "done"):
        try:
            found |= _heard_in(spool.peek(folder, Key.parse(key)))
        except (StoreError, ValueError):
            continue
    return found


def with_recorded_sounds(spool: Spool, channel: str, thread_ts: str, message: Message) -> Message:
    """Return an earlier message, with the words of its sounds that a model has heard.

    `thread_ts` is that of its thread, "" for a message that stands in a direct message's own box.
    """
    if not any(file.kind in SOUNDS for file in message.files):
        return message
    found = recorded_in(spool, f"{channel}-{thread_ts or message.ts}-{message.ts}")
    return replace(message, files=tuple(_with_words(message.files, found)))


def _with_words(files: Iterable[File], found: dict[str, HeardSound]) -> Iterator[File]:
    for file in files:
        sound = found.get(file.id)
        yield replace(file, text=sound.text, is_whole=True, listener=sound.listener) if sound else file


def _heard_in(lines: Sequence[Fact]) -> Iterator[tuple[str, HeardSound]]:
    """Yield the file's id and what was heard, of each `heard` fact; nothing once that was forgotten."""
    for line in () if is_forgotten(lines) else lines:
        if line.get("fact") == "heard":
            yield line["file"], HeardSound(line["text"], line["milliseconds"], line["listener"], line["spent"])
