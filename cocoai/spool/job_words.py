"""JobWords: blank the words in jobs that have ended, so that nothing of what was said is left in them.

The job stays, under its key, as the memory against redelivery: with its kind, ids, numbers and codes, and the fact
FORGOTTEN. Only who forgets something makes such an object, so no other process loads this.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any

from cocoai.json_values import text_at
from cocoai.spool.job import FORGOTTEN, Fact, is_forgotten
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import JobInUse, NoSuchJob

ENDED = ("done", "failed")
"""The states of a job whose words may be blanked: of any other, a process may be about to use them."""

_KEPT = """
fact kind channel thread_ts ts message_ts user team event_id client_msg_id again continues trigger asked_at language key
action task asker why code reason model finish how price tier file file_id listener state opinion source
"""

KEPT_TEXTS = frozenset(_KEPT.split())
"""The keys whose texts stay in a blanked job: ids, times, names of models, and codes of ours. No person words these."""


@dataclass(frozen=True)
class Whose:
    """What is to be forgotten: all of a `person`, a `channel`, a thread of it, or a person's share of these.

    "" stands for any. A `thread_ts` needs its `channel`.
    """

    person: str = ""
    channel: str = ""
    thread_ts: str = ""


@dataclass(frozen=True)
class FoundJob:
    """A job of somebody's in one of STATES. `is_answered`: it has an answer; `is_blank`: its words were blanked."""

    state: str
    key: Key
    is_answered: bool
    is_blank: bool


class JobWords:
    """The words in the jobs of `spool`. Methods raise `StoreError` if it cannot be read or written.

    `clock` returns epoch seconds.
    """

    def __init__(self, spool: Spool, *, clock: Callable[[], float] = time.time) -> None:
        self._spool = spool
        self._clock = clock

    def of(self, whose: Whose) -> list[FoundJob]:
        """Return the jobs of theirs, in any state. One that is damaged has only its key to tell.

        What somebody asked once more is theirs too, whoever clicked.
        """
        found: dict[str, FoundJob] = {}
        again: list[tuple[str, FoundJob]] = []
        for state in ("ready", *ENDED):
            for key in self._spool.keys(state):
                with contextlib.suppress(NoSuchJob):  # it has just moved on, and is met in its new state
                    lines = self._spool.peek(state, key)
                    is_answered = any(line.get("fact") == "answer" for line in lines)
                    job = FoundJob(state, key, is_answered, is_blank=is_forgotten(lines))
                    if _is_of(whose, key, lines):
                        found[str(key)] = job
                    elif original := text_at(lines[0] if lines else {}, "again"):
                        again.append((f"{key.thread}-{original}", job))
        return [*found.values(), *(job for original, job in again if original in found)]

    def blank(self, state: str, key: Key) -> bool:
        """Blank the words of an ended job, and remove its files; return False if it has moved on, or has none.

        The time of its last change stays: it says how long the job is kept. Raise JobInUse if another process holds it,
        ValueError if it is damaged.
        """

        def blanked(lines: list[Fact]) -> list[Fact] | None:
            self._spool.files.erase(key)
            now = {"fact": FORGOTTEN, "at": round(self._clock(), 3)}
            return None if is_forgotten(lines) else [*map(without_words, lines), now]

        return self._spool.rewrite(state, key, blanked)

    def drop_mentions(self, names: Set[str]) -> list[str]:
        """Take the titles of these documents out of the facts of other jobs, which were shown them.

        `names` are those of documents of the history, which begin with their question's words. Return the keys of the
        jobs that have them still, since another process holds those.
        """
        busy = []
        for state in ENDED:
            for key in self._spool.keys(state):
                with contextlib.suppress(NoSuchJob, ValueError):
                    if any(mentioned(line) & names for line in self._spool.peek(state, key)):
                        try:
                            self._spool.rewrite(
                                state, key, lambda lines: [_without_mentions(line, names) for line in lines]
                            )
                        except JobInUse:
                            busy.append(str(key))
        return busy


def without_words(value: Any) -> Any:
    """Return a line of a job, or what stands in it, without what anybody has worded: of the same shape, but empty.

    Texts stay under KEPT_TEXTS, numbers everywhere; of lists those of numbers alone.
    """
    if isinstance(value, dict):
        return {
            # Of somebody's message not even the shape stays: whoever asks once more reads it in Slack.
            name: each if name in KEPT_TEXTS and isinstance(each, str) else _blank(name, each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return value if all(isinstance(each, (int, float)) for each in value) else []
    return "" if isinstance(value, str) else value


def _blank(name: str, value: Any) -> Any:
    return None if name == "message" else without_words(value)


def _is_of(whose: Whose, key: Key, lines: list[Fact]) -> bool:
    """Check whether a job is theirs. One that cannot be read has only its key to tell."""
    first = lines[0] if lines else {}
    # A click holds the beginning of the reply, which is the asker's.
    people = {text_at(first, "user"), text_at(first, "asker")}
    located = {text_at(line, "thread_ts") for line in lines if line.get("fact") == "located"}
    return (
        (not whose.person or whose.person in people)
        and whose.channel in ("", text_at(first, "channel") or key.channel)
        and whose.thread_ts in ("", text_at(first, "thread_ts") or key.thread_ts, *located)
    )


def mentioned(line: Fact) -> set[str]:
    """Return the names of the documents of the history that a fact tells of."""
    passages = line.get("passages")
    return set(filter(None, map(_name, passages))) if isinstance(passages, list) else set()


def _without_mentions(line: Fact, names: Set[str]) -> Fact:
    if not mentioned(line) & names:
        return line
    return {**line, "passages": [each for each in line["passages"] if _name(each) not in names]}


def _name(passage: object) -> str:
    """Return the name of a passage of the history; "" for any other."""
    return text_at(passage, "name") if isinstance(passage, dict) and passage.get("source") == "history" else ""
