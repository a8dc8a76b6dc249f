"""Our own identity in Slack, and how it is read.

Three sources hold it: `identity.json`, which every worker reads; a payload's `authorizations`, which serve for events
until that file exists; and `auth.test`, whose answer is written into the file. Nothing here calls Slack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cocoai.errors import Temporary
from cocoai.json_values import objects_in
from cocoai.slack_ids import is_id


@dataclass(frozen=True)
class Identity:
    """Our team, our bot user (`U…`, the one people mention) and our bot (`B…`); an unknown id is empty."""

    team_id: str
    user_id: str
    bot_id: str
    app_id: str = ""
    enterprise_id: str = ""

    @property
    def teams(self) -> frozenset[str]:
        """Return the ids that name our own organisation: our team's and, in a grid, the enterprise's."""
        return frozenset({self.team_id, self.enterprise_id} - {""})


def from_auth_test(response: Mapping[str, Any]) -> Identity:
    """Return the identity in a response of auth.test. Raise `Temporary` if it has no valid `team_id` or `user_id`."""
    identity = from_facts(response)
    if identity is None:
        raise Temporary("auth.test without ids", source="Slack")
    return identity


def from_authorizations(payload: Mapping[str, Any]) -> Identity | None:
    """Return the identity of the bot that an event was delivered for; None if `authorizations` names no bot.

    `payload` is what the Events API posted. Slack lists at most one installation there, without its `bot_id`: that and
    `app_id` are empty in what is returned.
    """
    for entry in objects_in(payload.get("authorizations")):
        if entry.get("is_bot") is True and is_id(entry.get("user_id")):
            return Identity(_id_at(entry, "team_id"), entry["user_id"], "", "", _id_at(entry, "enterprise_id"))
    return None


def from_facts(facts: object) -> Identity | None:
    """Return the identity in `facts`, a mapping with the keys of auth.test, which `identity.json` has too.

    Return None if it is no mapping, or has no valid `team_id` or `user_id`; the other ids are empty if missing or odd.
    """
    if not isinstance(facts, Mapping) or not (is_id(facts.get("team_id")) and is_id(facts.get("user_id"))):
        return None
    return Identity(*(_id_at(facts, name) for name in Identity.__dataclass_fields__))


def _id_at(facts: Mapping[str, Any], key: str) -> str:
    value = facts.get(key)
    return value if is_id(value) else ""
