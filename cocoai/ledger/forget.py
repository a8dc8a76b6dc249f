"""Take a person out of the ledger: the sums stay, but nothing says any more whose they were."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cocoai.ledger import database

FORGOTTEN = "forgotten-"
"""What the key of a forgotten charge begins with; its id follows. No job has such a key."""

DIRECT = "D"
"""What the ids of direct messages begin with at Slack. Such a channel names a person as well as their own id does."""


@dataclass(frozen=True)
class Forgotten:
    """What was changed: so many `charges` have lost their person, so many `keys` their message; `notices` are deleted.

    `kept_keys` charges keep the key of their message until their job has ended. All that are without a person are
    counted, also those of others who were forgotten earlier.
    """

    charges: int = 0
    keys: int = 0
    kept_keys: int = 0
    notices: int = 0


def forget_person(path: str, person: str, jobs: Collection[str] = ()) -> Forgotten:
    """Empty the person of all charges of `person`, and replace the keys of those charges; delete the person's notices.

    `jobs` are the keys of jobs that have not ended: their charges are found by the key once more, and keep it, as do
    those whose hold is open. Another run replaces these, whomever it forgets. Raise `LedgerBroken` if the ledger cannot
    be written: then nothing is changed.
    """
    if not os.path.exists(path):
        return Forgotten()
    with database.transaction(path) as connection:
        of_person = connection.execute("SELECT DISTINCT channel FROM charge WHERE person = ?", (person,)).fetchall()
        channels = [channel for (channel,) in of_person if channel.startswith(DIRECT)]
        charges = connection.execute("UPDATE charge SET person = '' WHERE person = ?", (person,)).rowcount
        for channel in channels:
            connection.execute("UPDATE charge SET channel = '' WHERE channel = ? AND person = ''", (channel,))
        keys, kept = _replace_keys(connection, jobs)
        scopes = [f"person {person}", *(f"channel {channel}" for channel in channels)]
        notices = sum(connection.execute("DELETE FROM notice WHERE scope = ?", (scope,)).rowcount for scope in scopes)
        done = Forgotten(charges, keys, kept, notices)
    _compact(path)
    return done


def forget_keys(path: str, prefix: str, keys: Collection[str], jobs: Collection[str] = ()) -> Forgotten:
    """Replace the keys of the charges that name a message of a channel, or of a thread: the sums and all else stay.

    `prefix` is `CHANNEL-`, with the thread's ts behind it for one alone. `keys` are further ones that belong to it.
    Those of `jobs`, which have not ended, and of open holds are kept, and counted. Raise `LedgerBroken` if the ledger
    cannot be written: then nothing is changed.
    """
    if not os.path.exists(path):
        return Forgotten()
    with database.transaction(path) as connection:
        beginning = prefix if prefix.endswith("-") else f"{prefix}-"
        query = "SELECT id, key FROM charge WHERE substr(key, 1, ?) = ?"
        found = dict(connection.execute(query, (len(beginning), beginning)).fetchall())
        for key in keys:
            found |= dict(connection.execute("SELECT id, key FROM charge WHERE key = ?", (key,)).fetchall())
        replaced, kept = _replace(connection, found, jobs)
    _compact(path)
    return Forgotten(0, replaced, kept)


def _compact(path: str) -> None:
    """Write the file anew: what SQLite has deleted or replaced may else stay in it, where nothing reads it."""
    with database.reading(path) as connection:
        connection.execute("VACUUM")


def _replace_keys(connection: sqlite3.Connection, jobs: Collection[str]) -> tuple[int, int]:
    """Replace the keys of the charges that are without a person; return how many were replaced, and how many kept."""
    query = "SELECT id, key FROM charge WHERE person = '' AND key NOT LIKE ?"
    return _replace(connection, dict(connection.execute(query, (f"{FORGOTTEN}%",)).fetchall()), jobs)


def _replace(connection: sqlite3.Connection, charges: Mapping[int, str], jobs: Collection[str]) -> tuple[int, int]:
    """Replace the keys of these charges, by their ids; return how many were replaced, and how many are in use."""
    held = connection.execute("SELECT DISTINCT key FROM charge WHERE spent IS NULL").fetchall()
    in_use = {*jobs, *(key for (key,) in held)}
    free = [(f"{FORGOTTEN}{number}", number) for number, key in charges.items() if key not in in_use]
    connection.executemany("UPDATE charge SET key = ? WHERE id = ?", free)
    return len(free), len(charges) - len(free)
