"""Identity: who we are in Slack, and the three places that tell it.

`identity.json` is read by every worker; a payload's `authorizations` serve while there is none yet;
`auth.test` is the truth that is then written down. Nothing here calls Slack by itself: who may, hands that in.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeGuard

from cocoai.errors import Temporary

FRESH = 86400.0
"""Seconds after which Slack is asked again who we are."""

_ID = re.compile(r"[A-Z0-9]{2,24}")


@dataclass(frozen=True)
class Identity:
    """Our team, our bot user (`U…`, the one people mention) and our bot (`B…`); what is not known is empty."""

    team_id: str
    user_id: str
    bot_id: str
    app_id: str = ""
    enterprise_id: str = ""


def is_id(value: object) -> TypeGuard[str]:
    """Has `value` the shape of one of Slack's ids? Such a word is safe in a file's name and in a log."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def read(path: str) -> Identity | None:
    """What `write` wrote; None if there is no such file, or it holds anything odd."""
    try:
        with open(path, encoding="utf-8") as file:
            return _from_facts(json.load(file))
    except (OSError, ValueError, RecursionError):
        return None


def write(path: str, identity: Identity) -> None:
    """Replace the file at once, readable by its owner only. Raises OSError; the old file then stays."""
    unfinished = f"{path}.{os.getpid()}"
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(identity), file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(unfinished, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
        raise


def from_auth_test(told: Mapping[str, Any]) -> Identity:
    """Read what `auth.test` told. Raises `Temporary` if it does not say who we are."""
    identity = _from_facts(told)
    if identity is None:
        raise Temporary("auth.test without ids", source="Slack")
    return identity


def from_authorizations(payload: Mapping[str, Any]) -> Identity | None:
    """Who an event was delivered for: the entry of `authorizations` that is a bot's, if there is one.

    Slack names one installation there at most, and not its `bot_id`.
    """
    entries = payload.get("authorizations")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("is_bot") is True and is_id(entry.get("user_id")):
            return Identity(_id(entry, "team_id"), entry["user_id"], "", "", _id(entry, "enterprise_id"))
    return None


def _from_facts(facts: object) -> Identity | None:
    if not isinstance(facts, Mapping) or not (is_id(facts.get("team_id")) and is_id(facts.get("user_id"))):
        return None
    return Identity(*(_id(facts, name) for name in Identity.__dataclass_fields__))


def _id(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    return value if is_id(value) else ""


class IdentityCache:
    """Our identity as each process knows it: kept in the file at `path`, asked for by `ask` (auth.test)."""

    def __init__(self, path: str, ask: Callable[[], Identity]) -> None:
        self._path = path
        self._ask = ask
        self._known: Identity | None = None

    def known(self) -> Identity | None:
        """What is known, without a call to Slack; the file is read again as long as it is not there."""
        self._known = self._known or read(self._path)
        return self._known

    def is_stale(self) -> bool:
        """Is it time to ask Slack? A file from far in the future was written by a clock that has since jumped."""
        try:
            return abs(time.time() - os.stat(self._path).st_mtime) > FRESH
        except FileNotFoundError:
            return True

    def refresh(self) -> Identity:
        """Ask Slack and keep the answer. Raises what `ask` raises, and OSError if it cannot be kept."""
        self._known = self._ask()
        write(self._path, self._known)
        return self._known
