"""Tell what a reaction asks for: a flag a translation of the message, a memo a summary of its thread.

Slack tells of reactions where we are a member, and only an app with the scope `reactions:read`. Whoever reacts has
addressed nobody, so what asks for nothing, or is not allowed, is left alone without a word. Pure.
Source: docs.slack.dev/reference/events/reaction_added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cocoai.json_values import mapping_at, text_at
from cocoai.slack.inbound.access import AccessRules, Author
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import Ignored, Question
from cocoai.slack.model.tasks import MessageTask
from cocoai.slack_ids import is_id, is_ts


def is_reaction(payload: Mapping[str, Any]) -> bool:
    """Check whether the payload of the Events API tells that somebody has reacted to something."""
    return payload.get("type") == "event_callback" and mapping_at(payload, "event").get("type") == "reaction_added"


def read_reaction(
    payload: Mapping[str, Any], identity: Identity | None, tasks: Mapping[str, MessageTask], access: AccessRules
) -> Question | Ignored:
    """Return the question that a reaction asks, by the `tasks` of emoji; Ignored with a reason if it asks none."""
    event = mapping_at(payload, "event")
    item, user = mapping_at(event, "item"), text_at(event, "user")
    # Of an emoji with a hand Slack tells the colour of the skin too, as in `writing_hand::skin-tone-3`.
    task = tasks.get(text_at(event, "reaction").partition("::")[0])
    if task is None:
        return Ignored("a reaction that asks for nothing")
    if reason := _malformed(event, item):
        return Ignored(reason)
    if identity is not None and user == identity.user_id:
        return Ignored("by ourselves")
    channel, ts = text_at(item, "channel"), text_at(item, "ts")
    is_shared = bool(payload.get("is_ext_shared_channel"))
    # Slack does not tell the team of who reacts, so in a shared channel nobody is known to be ours.
    author = Author(user, channel, frozenset(), is_direct=channel.startswith("D"), may_be_external=is_shared)
    if refusal := access.refusal(author, identity):
        return Ignored(refusal)
    return task_question(task, channel, ts, user, text_at(event, "event_ts"), may_be_shared=is_shared)


def task_question(
    task: MessageTask, channel: str, ts: str, user: str, asked_at: str, *, may_be_shared: bool, team: str = ""
) -> Question:
    """Return the question of `user` that asks for a task with the message `ts`; its own words are not known yet."""
    return Question(
        kind=task.kind,
        channel=channel,
        thread_ts=ts,
        ts=ts,
        user=user,
        team=team,
        text="",
        event_id="",
        event_time=int(asked_at.partition(".")[0]),
        may_be_shared=may_be_shared,
        trigger=task.trigger,
        asked_at=asked_at,
        language=task.language,
    )


def _malformed(event: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    """Return a reason if no message was reacted to, or if an id or a ts does not look like one; else ""."""
    if item.get("type") != "message":
        return "a reaction to something else than a message"
    if not (is_id(event.get("user")) and is_id(item.get("channel"))):
        return "no user or channel, or an odd one"
    return "" if is_ts(item.get("ts")) and is_ts(event.get("event_ts")) else "no ts, or an odd one"
