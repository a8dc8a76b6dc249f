"""Hand the questions that were answered to the history, from the spool, in which they lie for two days.

The indexing process does it, so that no answer waits for it: what is asked while that is down is kept later.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast, get_args

from cocoai import config
from cocoai.documents.history import Exchange, History
from cocoai.documents.history_source import HistorySource
from cocoai.documents.index_task import index_path
from cocoai.errors import Temporary
from cocoai.json_values import encodable, objects_in, text_at
from cocoai.slack.api.identity_cache import IdentityCache, binding
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.plain_text import plain_text
from cocoai.slack.model.question import TASKS, Kind, Question
from cocoai.spool.job import Fact, is_forgotten
from cocoai.spool.job_words import JobWords, mentioned
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import NoSuchJob, StoreError
from cocoai.stores import history_of, spool_of
from cocoai.texts import language_of, split_model_prefix

if TYPE_CHECKING:
    from cocoai.documents.mariadb_history import MariaDBHistory
    from cocoai.engine.mariadb.mariadb import MariaDB

ASKED = frozenset(get_args(Kind)) - TASKS - {"ask", "thanks"}
"""The kinds of job that are a question of somebody's own, which everybody in the channel can read."""

AT_ONCE = 200
"""Jobs that are read before what they have is written."""


def history_source(settings: config.Settings, database: MariaDB | None = None) -> HistorySource:
    """Return the history as a source of documents, which collects what was answered, for the process that indexes.

    `database` as in spool_of().
    """
    var, slack = settings.paths.var, settings.slack
    identity = IdentityCache(os.path.join(var, "identity.json"), _ask_nobody, binding(slack.api_url, slack.bot_token))
    spool, history = spool_of(settings, database), history_of(settings, database)
    collector = Collector(spool, identity, config.Personas(settings).models, JobWords(spool))
    if settings.store.address is None:
        return HistorySource(history, settings.history.keep_days, collector.collect)
    from cocoai.documents.followed_history import FollowedHistory

    shared = cast("MariaDBHistory", history)
    return FollowedHistory(shared, settings.history.keep_days, collector.collect, index=index_path(var))


def _ask_nobody() -> Identity:
    raise Temporary("not_known_yet")


@dataclass(frozen=True)
class Collector:
    """What reads the jobs that were answered. `models` returns the models that an asker may choose, by their prefix.

    By `words` titles are taken out of jobs, of what is not kept any more.
    """

    spool: Spool
    identity: IdentityCache
    models: Callable[[], Mapping[str, str]]
    words: JobWords | None = None

    def collect(self, history: History) -> None:
        """Keep what has ended since the last time, and remove the exchanges whose reply its asker has deleted.

        If nothing has, only names are read. Raise `Temporary` if the spool or the history fails.
        """
        try:
            self._collect(history)
        except StoreError as error:
            raise Temporary("spool_unreadable") from error

    def _collect(self, history: History) -> None:
        # In this order: another machine may see a job and finish one at this moment.
        seen, names = history.seen(), {str(key) for key in self.spool.keys("done")}
        new, swept = sorted(names - seen), seen - names
        for start in range(0, len(new), AT_ONCE):
            keys = new[start : start + AT_ONCE]
            jobs = list(self._read(keys))
            # First: once a deletion counts as seen, it is not looked at again, whoever is killed behind that.
            if deleted := {text_at(lines[0], "key") for _, lines in jobs if _is_deletion(lines)}:
                history.forget(deleted, jobs[-1][1][-1].get("at", 0), is_made=True)
            self._drop_mentions(history, jobs)
            history.keep(self._exchanges(jobs), keys, swept)

    def _drop_mentions(self, history: History, jobs: Iterable[tuple[Key, Sequence[Fact]]]) -> None:
        """Take out of these jobs the titles of what was forgotten while they were in hand, and left alone."""
        names = {name for _, lines in jobs for line in lines for name in mentioned(line)}
        if self.words and (gone := names - history.kept(names)):
            self.words.drop_mentions(gone)

    def _read(self, keys: Iterable[str]) -> Iterator[tuple[Key, list[Fact]]]:
        """Yield these jobs with their lines, but for those that have just been swept, or are damaged."""
        for name in keys:
            key = Key.parse(name)
            try:
                lines = self.spool.peek("done", key)
            except NoSuchJob:
                continue
            if lines:
                yield key, lines

    def _exchanges(self, jobs: Iterable[tuple[Key, Sequence[Fact]]]) -> Iterator[Exchange]:
        known = self.identity.known()
        own_user, models = known.user_id if known else None, self.models()
        for key, lines in jobs:
            if exchange := exchange_of(key, lines, own_user, models):
                yield exchange


def exchange_of(key: Key, lines: Sequence[Fact], own_user: str | None, models: Mapping[str, str]) -> Exchange | None:
    """Return what the history keeps of a job in done/; None if that is no question which a model has answered.

    Nor is it kept if it was answered where only its asker sees it, is a picture, was refused or forgotten. `own_user`
    is our own user's id, None while it is unknown; see Collector for `models`.
    """
    facts = {text_at(line, "fact"): line for line in lines[1:]}
    answer = facts.get("answer", {})
    is_told = "delivered" in facts and not {"private", "drawing"} & facts.keys()
    is_model_s = answer.get("bill") is not None and not answer.get("refusal")
    if lines[0].get("kind") not in ASKED or not (is_told and is_model_s) or is_forgotten(lines):
        return None
    try:
        question = Question.from_facts(lines[0])
    except (KeyError, TypeError):  # another version has written it
        return None
    words = split_model_prefix(plain_text(question.text, own_user), models)[1].strip()
    asked = encodable("\n\n".join(filter(None, (words, *_heard(lines, answer)))))
    answered = encodable(text_at(answer, "text")).strip()
    if not answered:
        return None
    original = f"{key.thread}-{question.again}" if question.again else str(key)
    asked_at = int(float(question.asked_at or question.ts))
    place = (question.channel, question.thread_ts, question.user)
    return Exchange(str(key), original, *place, asked_at, language_of(asked), asked, answered)


def _heard(lines: Sequence[Fact], answer: Fact) -> list[str]:
    """Return the words of a question's sounds: whole if a model has heard them, else how they begin."""
    whole = [text_at(line, "text") for line in lines if line.get("fact") == "heard"]
    return whole or [text_at(each, "text") for each in objects_in(answer.get("heard"))]


def _is_deletion(lines: Sequence[Fact]) -> bool:
    """Check whether a job is a click by which an asker has deleted a reply."""
    first = lines[0]
    is_asker_s = first.get("kind") == "delete" and first.get("user") == first.get("asker")
    return is_asker_s and any(line.get("fact") == "obeyed" for line in lines)
