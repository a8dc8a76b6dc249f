"""Take a person out of what CocoAI keeps about them beside the jobs: the ledger, and the name and language kept."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from cocoai.errors import CocoAIError
from cocoai.ledger import database
from cocoai.ledger.forget import Forgotten, forget_person
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import NoStore, StoreError
from cocoai.status.units import number


def forget(var: str, person: str) -> Iterator[str]:
    """Take `person`, an id, out of what is kept below `var`; yield lines that say what was done.

    Raise CocoAIError if a store cannot be read or written; what was done before stays done, and it may be run again.
    """
    done = forget_person(os.path.join(var, database.FILE), person, _jobs_in_hand(var))
    yield from _ledger_lines(done)
    yield f"names: {number(_remove_names(os.path.join(var, 'people'), person))} files deleted"


def _jobs_in_hand(var: str) -> list[str]:
    """Return the keys of the jobs that have not ended. Raise CocoAIError if the spool cannot be read."""
    try:
        return [str(key) for key in Spool(var).keys("ready")]
    except NoStore:
        return []
    except StoreError as error:
        raise CocoAIError(f"cannot read the spool: {error.strerror or error}") from None


def _ledger_lines(done: Forgotten) -> Iterator[str]:
    yield f"ledger: {number(done.charges)} calls have no person any more; every month's sum is as it was"
    yield f"ledger: {number(done.keys)} calls do not name their message any more"
    yield f"ledger: {number(done.notices)} warnings about the person's budget deleted"
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
