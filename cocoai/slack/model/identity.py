"""Identity: who we are in Slack, and the three places that tell it.

`identity.json` is read by every worker; a payload's `authorizations` serve while there is none yet;
`auth.test` is the truth that is then written down. Nothing here calls Slack by itself: who may, hands that in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from cocoai.errors import Temporary

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


def from_auth_test(told: Mapping[str, Any]) -> Identity:
    """Read what `auth.test` told. Raises `Temporary` if it does not say who we are."""
    identity = from_facts(told)
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


def from_facts(facts: object) -> Identity | None:
    """Return the identity that `facts` tell, as auth.test does; None if the team or the user is missing."""
    if not isinstance(facts, Mapping) or not (is_id(facts.get("team_id")) and is_id(facts.get("user_id"))):
        return None
    return Identity(*(_id(facts, name) for name in Identity.__dataclass_fields__))


def _id(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    return value if is_id(value) else ""
