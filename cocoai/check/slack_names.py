"""Ask Slack for the channels and people that the settings name, and whether the bot is in any channel.

Each needs a scope that CocoAI itself does without; where the app lacks it, a note says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from cocoai import config
from cocoai.check.reach import CLIENT_ERRORS
from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.slack_server import Answer, SlackServer
from cocoai.check.target import Target
from cocoai.json_values import mapping_at, text_at

MOST = 5
"""Channels, and people, that are asked for at most."""


def names(
    slack: SlackServer, given: frozenset[str] | None, settings: config.Settings, target: Target
) -> Iterator[Result]:
    """Yield what Slack knows of the channels and people in the settings, and of the bot's own channels.

    `given` are the app's scopes, None if they are not known.
    """
    facts = {"file": target.shown_file, "reload": target.reload}
    try:
        yield _membership(slack, given)
        for part, ids in (
            ("slack.allow_channels", settings.slack.allow_channels),
            ("slack.document_channels", settings.documents.channels),
        ):
            yield from _channels(slack, given, part, sorted(ids), facts)
        yield from _users(slack, given, sorted(settings.slack.allow_users), facts)
    except CLIENT_ERRORS:
        yield note("slack.names", "broken_off")


def _lacks(given: frozenset[str] | None, scope: str) -> bool:
    return given is not None and scope not in given


def _membership(slack: SlackServer, given: frozenset[str] | None) -> Result:
    """Return whether the bot is in at least one channel that it may see."""
    seen = [
        kind for kind, scope in (("public", "channels:read"), ("private", "groups:read")) if not _lacks(given, scope)
    ]
    if "public" not in seen:
        return note("slack.membership", "scope", scope="channels:read")
    types = ",".join(f"{kind}_channel" for kind in seen)
    answer = slack.call("users.conversations", types=types, exclude_archived="true", limit="100")
    if answer.code:
        return _unanswered("slack.membership", answer, "channels:read")
    found = answer.reply.get("channels")
    number = len(found) if isinstance(found, list) else 0
    if number:
        return ok("slack.membership", number=number)
    if text_at(mapping_at(answer.reply, "response_metadata"), "next_cursor"):  # Slack left out what is archived
        return note("slack.membership", "more")
    return warning("slack.membership", "none" if "private" in seen else "none_public")


def _channels(
    slack: SlackServer, given: frozenset[str] | None, part: str, ids: list[str], facts: dict[str, str]
) -> Iterator[Result]:
    """Yield a result of this `part` for each of the first MOST channels of a setting."""
    if ids and _lacks(given, "channels:read"):
        yield note(part, "scope", scope="channels:read")
        return
    for channel in ids[:MOST]:
        if slack.server.is_late:
            yield note("slack.names", "broken_off")
            return
        answer = slack.call("conversations.info", channel=channel)
        if answer.code == "channel_not_found":
            yield wrong(part, "unknown", id=channel, **facts)
        elif answer.code:
            yield _unanswered(part, answer, "channels:read")
        else:
            yield _channel(part, mapping_at(answer.reply, "channel"), channel, facts)
    if len(ids) > MOST:
        yield note(part, "more", number=len(ids) - MOST)


def _channel(part: str, found: object, channel: str, facts: dict[str, str]) -> Result:
    """Return the result for a channel that exists."""
    known = found if isinstance(found, dict) else {}
    name = text_at(known, "name") or channel
    if known.get("is_archived") is True:
        return warning(part, "archived", id=channel, name=name, **facts)
    if known.get("is_member") is False:
        return warning(part, "outside", id=channel, name=name)
    return ok(part, id=channel, name=name)


def _users(slack: SlackServer, given: frozenset[str] | None, ids: list[str], facts: dict[str, str]) -> Iterator[Result]:
    """Yield a result for each of the first MOST people of allow_users."""
    if ids and _lacks(given, "users:read"):
        yield note("slack.allow_users", "scope", scope="users:read")
        return
    for user in ids[:MOST]:
        if slack.server.is_late:
            yield note("slack.names", "broken_off")
            return
        answer = slack.call("users.info", user=user)
        known = mapping_at(answer.reply, "user")
        if answer.code in ("user_not_found", "user_not_visible", "users_not_found"):
            yield wrong("slack.allow_users", "unknown", id=user, **facts)
        elif answer.code:
            yield _unanswered("slack.allow_users", answer, "users:read")
        elif known.get("deleted") is True:
            yield warning("slack.allow_users", "deleted", id=user, **facts)
        else:
            yield ok("slack.allow_users", id=user)
    if len(ids) > MOST:
        yield note("slack.allow_users", "more", number=len(ids) - MOST)


def _unanswered(part: str, answer: Answer, scope: str) -> Result:
    """Return a note on a call that Slack refused for another reason than what was asked for."""
    if answer.code == "missing_scope":
        return note(part, "scope", scope=text_at(answer.reply, "needed") or scope)
    return note(part, "refused", code=answer.code)
