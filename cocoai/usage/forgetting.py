"""Forget a person, a channel or a thread, for the operator: in the history, jobs, index, ledger and names."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator

from cocoai import config
from cocoai.backup.command import default_folder
from cocoai.backup.contents import ASIDE, NAME
from cocoai.documents.document import HISTORY_FILE
from cocoai.errors import CocoAIError
from cocoai.forgetting import ForgetReport, Forgetter, Found
from cocoai.ledger.forget import Forgotten, forget_keys, forget_person
from cocoai.ledger.store import LedgerStore
from cocoai.slack_ids import TS, is_id
from cocoai.spool.job_words import Whose
from cocoai.spool.store_error import NoStore, StoreError
from cocoai.status.units import number
from cocoai.stores import database_of, history_of, ledger_store, spool_of

PATIENCE = 60.0
"""Seconds to wait while the index is being built."""

_CHANNEL = "expected an id of Slack's, such as C024BE91L"
_THREAD = re.compile(rf"([^-]+)-({TS})")


def read_whose(person: str | None, channel: str | None, thread: str | None) -> Whose:
    """Return what one of these options names; the others are None. Raise CocoAIError if it names nothing."""
    if person is not None:
        if not is_id(person):
            raise CocoAIError(f"--person {person}: expected an id of Slack's, such as U024BE7LH")
        return Whose(person=person)
    if channel is not None:
        if not is_id(channel):
            raise CocoAIError(f"--channel {channel}: {_CHANNEL}")
        return Whose(channel=channel)
    found = _THREAD.fullmatch(thread or "")
    if found is None or not is_id(found[1]):
        raise CocoAIError(f"--thread {thread}: expected CHANNEL-THREAD_TS, such as C024BE91L-1700000000.000100")
    return Whose(channel=found[1], thread_ts=found[2])


def forget(settings: config.Settings, whose: Whose) -> Iterator[str]:
    """Forget what is kept of `whose` below `var`; yield lines that say what was done, and what was not and why.

    Raise CocoAIError if a store cannot be read or written; what was done before stays done, and it may be run again.
    """
    var = settings.paths.var
    database = database_of(settings)
    spool, history = spool_of(settings, database), history_of(settings, database)
    forgetter = Forgetter(var, spool, history, has_history=settings.history.keep_days > 0, patience=PATIENCE)
    try:
        found = forgetter.find(whose)
        yield from _words_lines(found, forgetter.forget(found))
    except NoStore:
        found = Found((), frozenset(), frozenset())
        yield "spool: there is none yet"
    except StoreError as error:
        raise CocoAIError(f"cannot read or write the spool: {error.strerror or error}") from None
    yield from _ledger_lines(_forget_in_ledger(ledger_store(settings, database), whose, found), whose)
    if whose.person:
        yield f"names: {number(_remove_names(os.path.join(var, 'people'), whose.person))} files deleted"
    yield from _staying_lines(var, whose)
    if database is not None and os.path.exists(left := os.path.join(var, HISTORY_FILE)):
        yield f"! {left}, from before [store] url was set, may have it still: delete it, as nothing reads it any more"


def _words_lines(found: Found, done: ForgetReport) -> Iterator[str]:
    yield f"history: {number(done.exchanges)} questions with their answers deleted"
    yield f"spool: of {number(done.jobs)} jobs the words and files deleted; their names stay, against redelivery"
    if found.waiting:
        yield f"! {number(len(found.waiting))} questions wait or are in hand: run this once more when they are answered"
    for key in done.busy:
        yield f"! {key} is held by another process: run this once more"
    for key in done.damaged:
        yield f"! {key} is damaged, so that its words cannot be told from the rest: delete its file in spool/"
    if done.is_index_late:
        yield "! the index is being built: what it has of this is shown to nobody, and goes at its next look"
    else:
        yield "index: nothing of it is left"


def _forget_in_ledger(store: LedgerStore, whose: Whose, found: Found) -> Forgotten:
    """Forget whose the charges of a person were, or which messages those of a channel or thread were for."""
    in_hand = [str(key) for key in found.waiting]
    if whose.person:
        return forget_person(store, whose.person, in_hand)
    return forget_keys(store, f"{whose.channel}-{whose.thread_ts}", found.names, in_hand)


def _ledger_lines(done: Forgotten, whose: Whose) -> Iterator[str]:
    if whose.person:
        yield f"ledger: {number(done.charges)} calls have no person any more; every month's sum is as it was"
    yield f"ledger: {number(done.keys)} calls do not name their message any more"
    if whose.person:
        yield f"ledger: {number(done.notices)} warnings about the person's budget deleted"
    else:
        yield "ledger: what was spent in the channel, and by whom, stays: budgets and reports need it; it has no words"
    if done.kept_keys:
        yield f"! {number(done.kept_keys)} calls are under way and name their message: run this once more in an hour"


def _remove_names(folder: str, person: str) -> int:
    """Delete the person's name and language in `folder`; return how many files there were."""
    removed = 0
    for name in (person, f"{person}-locale"):
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(folder, name))
                removed += 1
        except OSError as error:
            raise CocoAIError(f"cannot delete {error.filename}: {error.strerror}") from None
    return removed


def _staying_lines(var: str, whose: Whose) -> Iterator[str]:
    """Yield what this command cannot forget."""
    yield "stays: what stands in Slack; whoever wrote it, or an admin, deletes it there"
    if whose.person:
        yield "stays: the person's id in the names of threads' last askers and of jobs, for 30 days at most; no words"
    yield "stays: what others asked and were answered, though it may quote this"
    for folder, names in _copies(var):
        copies = f"{number(len(names))} copies in {folder}, the newest of them {names[-1]}"
        yield f"! {copies}, may have it still: delete them, or wait until they are replaced"


def _copies(var: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder with backups that this user can see, or with what a restore has moved aside; names sorted."""
    for folder in dict.fromkeys((default_folder(var), os.path.join(var, "backups"), var)):
        with contextlib.suppress(OSError):
            names = sorted(each for each in os.listdir(folder) if NAME.fullmatch(each) or each.startswith(ASIDE))
            if names:
                yield folder, names
