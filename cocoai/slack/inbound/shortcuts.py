"""Tell what somebody has chosen from a message's menu, and what was typed into the form that one of these opens.

Slack offers these shortcuts on every message, also where we are no member; the payload has the whole message. It never
says whether the channel is shared with another organisation, so whoever is not known to be ours is refused. Pure.
Sources: docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload (message_action), and
/reference/interaction-payloads/view-interactions-payload (view_submission).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from cocoai.errors import IdentityUnknown
from cocoai.json_values import encodable, mapping_at, text_at
from cocoai.slack.inbound.access import AccessRules, Author
from cocoai.slack.model.ask_form import ACTION_ID, BLOCK_ID, CALLBACK_ID, LONGEST_QUESTION, read_metadata
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.kept_message import kept_message
from cocoai.slack.model.plain_text import escaped
from cocoai.slack.model.question import ASK, DeclinedFor, Ignored, Question
from cocoai.slack.model.shortcut import PREFIX, SHORTCUTS, Shortcut, ShortcutTask
from cocoai.slack_ids import is_id, is_ts

_TOKEN = re.compile(r"[!-~]{1,1000}")
"""The shape of an address or of a trigger_id: nothing that a log or a header could not take."""


@dataclass(frozen=True)
class FormRefused(Ignored):
    """A form that was sent off in vain: its person is shown why, and what was typed stays there.

    `why` is of DeclinedFor; `empty` or `long` for what was typed; `limited` for one question too many in this minute,
    with the `seconds` to wait. `user` and `text` tell the language of the words.
    """

    why: str
    user: str
    text: str
    seconds: int = 0


def is_shortcut(payload: Mapping[str, Any]) -> bool:
    """Check whether somebody has chosen a shortcut from a message's menu."""
    return payload.get("type") == "message_action"


def is_submission(payload: Mapping[str, Any]) -> bool:
    """Check whether somebody has sent off a form."""
    return payload.get("type") == "view_submission"


def read_shortcut(payload: Mapping[str, Any], identity: Identity | None, access: AccessRules) -> Shortcut | Ignored:
    """Return the use of a shortcut, with `why` if its user may not address us; Ignored if it is none of ours, or odd.

    Slack documents no team of that user: whether one without is ours is for the job to ask. Raise `IdentityUnknown`
    while we do not know who we are, and so who is ours.
    """
    task = text_at(payload, "callback_id").removeprefix(PREFIX)
    if not text_at(payload, "callback_id").startswith(PREFIX) or task not in SHORTCUTS or _is_others(payload, identity):
        return Ignored("not a shortcut of ours")
    channel, ts = text_at(mapping_at(payload, "channel"), "id"), text_at(payload, "message_ts")
    user, asked_at = text_at(mapping_at(payload, "user"), "id"), text_at(payload, "action_ts")
    if reason := _malformed(channel, user, ts, asked_at):
        return Ignored(reason)
    if identity is None:
        raise IdentityUnknown
    author = _author(payload, channel)
    return Shortcut(
        task=cast(ShortcutTask, task),
        channel=channel,
        message_ts=ts,
        message=kept_message(payload.get("message"), ts),
        user=user,
        team=_team(payload),
        ts=asked_at,
        response_url=_token_at(payload, "response_url"),
        trigger_id=_token_at(payload, "trigger_id"),
        why=_declined_for(replace(author, may_be_external=bool(author.teams)), identity, access),
    )


def read_submission(
    payload: Mapping[str, Any], identity: Identity | None, access: AccessRules, now: float
) -> Question | Ignored:
    """Return the question that was typed into our form; FormRefused if it cannot be asked, Ignored for another form.

    The payload has no time: the question counts as asked `now` (epoch seconds). Raise as read_shortcut() does.
    """
    view = mapping_at(payload, "view")
    if view.get("callback_id") != CALLBACK_ID or _is_others(payload, identity):
        return Ignored("not a form of ours")
    carried = read_metadata(text_at(view, "private_metadata"))
    channel, thread_ts, ts = (text_at(carried, name) for name in ("channel", "thread_ts", "message_ts"))
    user, view_id = text_at(mapping_at(payload, "user"), "id"), view.get("id")
    if reason := _malformed(channel, user, ts, thread_ts) or ("" if is_id(view_id) else "a form without an id"):
        return Ignored(reason)
    if identity is None:
        raise IdentityUnknown
    typed = encodable(_typed(view)).strip()
    why = _declined_for(_author(payload, channel), identity, access) or _unfit(typed)
    if why:
        return FormRefused(f"a form that is refused: {why}", why, user, typed)
    message = mapping_at(carried, "message")
    return Question(
        kind=ASK,
        channel=channel,
        thread_ts=thread_ts,
        ts=ts,
        user=user,
        team=_team(payload),
        text=escaped(typed),  # as Slack writes a message's text: else what was typed could be read as a mention
        event_id="",
        event_time=int(now),
        trigger=f"{ASK}_{str(view_id).lower()}",
        asked_at=f"{now:.6f}",
        message={**message, "ts": ts, "thread_ts": thread_ts} if message else None,
        response_url=_token_at(carried, "response_url"),
    )


def _is_others(payload: Mapping[str, Any], identity: Identity | None) -> bool:
    """Check whether the payload names another app than ours; one of a message's menu names none."""
    named = text_at(payload, "api_app_id")
    return bool(named and identity and identity.app_id and named != identity.app_id)


def _malformed(channel: str, user: str, *times: str) -> str:
    """Return a reason if an id or a ts does not look like one; else "". Only such a shape is safe in a file's name."""
    if not (is_id(channel) and is_id(user)):
        return "no user or channel, or an odd one"
    return "" if all(map(is_ts, times)) else "no ts, or an odd one"


def _author(payload: Mapping[str, Any], channel: str) -> Author:
    """Return the user of the payload as the access rules take one; only the user's own team tells whose person it is.

    The payload's `team` is that of our app, whoever has sent it (slackapi/java-slack-sdk#1041).
    """
    teams, is_direct = frozenset({_team(payload)} - {""}), channel.startswith("D")
    user = text_at(mapping_at(payload, "user"), "id")
    return Author(user, channel, teams, is_direct=is_direct, may_be_external=True)


def _team(payload: Mapping[str, Any]) -> str:
    team = mapping_at(payload, "user").get("team_id")
    return team if is_id(team) else ""


def _declined_for(author: Author, identity: Identity, access: AccessRules) -> DeclinedFor:
    """Return why the user may not address us there; "" if that is allowed."""
    if not access.refusal(author, identity):
        return ""
    return access.declined_for(author, identity) or "person"


def _typed(view: Mapping[str, Any]) -> str:
    """Return what was typed into the form's field."""
    values = mapping_at(mapping_at(view, "state"), "values")
    return text_at(mapping_at(mapping_at(values, BLOCK_ID), ACTION_ID), "value")


def _unfit(typed: str) -> str:
    """Return why this cannot be asked; "" if it can."""
    is_seen = any(each.isprintable() and not each.isspace() for each in typed)
    return "long" if len(typed) > LONGEST_QUESTION else "" if is_seen else "empty"


def _token_at(mapping: Mapping[str, Any], key: str) -> str:
    """Return the text under `key` if it has no spaces and nothing else that is odd; else ""."""
    text = text_at(mapping, key)
    return text if _TOKEN.fullmatch(text) else ""
