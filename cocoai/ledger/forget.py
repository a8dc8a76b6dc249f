"""Take a person out of the ledger: the sums stay, but nothing says any more whose they were."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cocoai.ledger.store import LedgerStore, Statements

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


def forget_person(store: LedgerStore, person: str, jobs: Collection[str] = ()) -> Forgotten:
    """Empty the person of all charges of `person`, and replace the keys of those charges; delete the person's notices.

    `jobs` are the keys of jobs that have not ended: their charges are found by the key once more, and keep it, as do
    those whose hold is open. Another run replaces these, whomever it forgets. Raise `LedgerBroken` if the ledger cannot
    be written: then nothing is changed.
    """
    if not store.is_made():
        return Forgotten()
    done = store.write(lambda statements: _forget_person(statements, person, jobs))
    store.compact()
    return done


def forget_keys(store: LedgerStore, prefix: str, keys: Collection[str], jobs: Collection[str] = ()) -> Forgotten:
    """Replace the keys of the charges that name a message of a channel, or of a thread: the sums and all else stay.

    `prefix` is `CHANNEL-`, with the thread's ts behind it for one alone. `keys` are further ones that belong to it.
    Those of `jobs`, which have not ended, and of open holds are kept, and counted. Raise `LedgerBroken` if the ledger
    cannot be written: then nothing is changed.
    """
    if not store.is_made():
        return Forgotten()
    beginning = prefix if prefix.endswith("-") else f"{prefix}-"

    def run(statements: Statements) -> Forgotten:
        query = "SELECT id, `key` FROM charge WHERE substr(`key`, 1, ?) = ?"
        found: dict[int, str] = dict(statements.rows(query, (len(beginning), beginning)))
        for key in keys:
            found |= dict(statements.rows("SELECT id, `key` FROM charge WHERE `key` = ?", (key,)))
        return Forgotten(0, *_replace(statements, found, jobs))

    done = store.write(run)
    store.compact()
    return done


def _forget_person(statements: Statements, person: str, jobs: Collection[str]) -> Forgotten:
    of_person = statements.rows("SELECT DISTINCT channel FROM charge WHERE person = ?", (person,))
    channels = [channel for (channel,) in of_person if channel.startswith(DIRECT)]
    charges = statements.execute("UPDATE charge SET person = '' WHERE person = ?", (person,))
    for channel in channels:
        statements.execute("UPDATE charge SET channel = '' WHERE channel = ? AND person = ''", (channel,))
    keys, kept = _replace_keys(statements, jobs)
    scopes = [f"person {person}", *(f"channel {channel}" for channel in channels)]
    notices = sum(statements.execute("DELETE FROM notice WHERE scope = ?", (scope,)) for scope in scopes)
    return Forgotten(charges, keys, kept, notices)


def _replace_keys(statements: Statements, jobs: Collection[str]) -> tuple[int, int]:
    """Replace the keys of the charges that are without a person; return how many were replaced, and how many kept."""
    query = "SELECT id, `key` FROM charge WHERE person = '' AND `key` NOT LIKE ?"
    return _replace(statements, dict(statements.rows(query, (f"{FORGOTTEN}%",))), jobs)


def _replace(statements: Statements, charges: Mapping[int, str], jobs: Collection[str]) -> tuple[int, int]:
    """Replace the keys of these charges, by their ids; return how many were replaced, and how many are in use."""
    held = statements.rows("SELECT DISTINCT `key` FROM charge WHERE spent IS NULL")
    in_use = {*jobs, *(key for (key,) in held)}
    free = [number for number, key in charges.items() if key not in in_use]
    for number in free:
        statements.execute("UPDATE charge SET `key` = ? WHERE id = ?", (f"{FORGOTTEN}{number}", number))
    return len(free), len(charges) - len(free)
