"""Tell from an event that somebody has opened the app's Home tab. Pure.

Slack tells of the tab with messages by the same event, and of each opening, to every app that asks for it: no scope is
needed. Source: docs.slack.dev/reference/events/app_home_opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cocoai.json_values import mapping_at, number_at, text_at
from cocoai.slack.inbound.access import AccessRules, Author
from cocoai.slack.model.home_opened import HomeOpened
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.messages import teams_of
from cocoai.slack.model.question import Ignored
from cocoai.slack_ids import is_id

_LAST = 10**11
"""Seconds since the epoch; what is above is no time in seconds."""


def is_home(payload: Mapping[str, Any]) -> bool:
    """Check whether the payload of the Events API tells that somebody has opened the app's home."""
    return payload.get("type") == "event_callback" and mapping_at(payload, "event").get("type") == "app_home_opened"


def read_home(payload: Mapping[str, Any], identity: Identity | None, access: AccessRules) -> HomeOpened | Ignored:
    """Return the opening of the Home tab in an event; Ignored with a reason for another tab, or an odd event."""
    event = mapping_at(payload, "event")
    user, channel, at = event.get("user"), text_at(event, "channel"), number_at(payload, "event_time", _LAST)
    if event.get("tab") != "home":
        return Ignored("a tab that is not Home")
    if not (is_id(user) and is_id(channel) and at):
        return Ignored("no user, channel or time, or an odd one")
    return HomeOpened(user, channel, at, access.hides(_author(payload, event, identity), identity))


def _author(payload: Mapping[str, Any], event: Mapping[str, Any], identity: Identity | None) -> Author:
    """Return who has opened the tab, as the access rules take it: external, unless the event names what is ours."""
    teams = teams_of(event)
    is_shared = bool(payload.get("is_ext_shared_channel"))
    if not is_shared:
        # Of the workspace in which the event was: a person's own may be a sister of it.
        teams |= frozenset(filter(is_id, (payload.get("team_id"), payload.get("enterprise_id"))))
    is_ours = identity is not None and not is_shared and bool(teams & identity.teams)
    user, channel = text_at(event, "user"), text_at(event, "channel")
    return Author(user, channel, teams, is_direct=True, may_be_external=not is_ours)
