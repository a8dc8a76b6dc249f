"""How Slack writes things down: a message, a person, the events and the envelope around them.

Shapes: https://docs.slack.dev/reference/events/message, app_mention, and https://docs.slack.dev/apis/events-api.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from cocoai.rehearsal.slack.files import file_json, stub_json
from cocoai.rehearsal.slack.workspace import Channel, Installation, Message, Person, Workspace

Payload = dict[str, Any]
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")


def message_json(workspace: Workspace, message: Message) -> Payload:
    """A message as conversations.replies and the events show it, its metadata aside."""
    author = workspace.people.get(message.user) or Person(message.user, message.user)
    written: Payload = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
    written["team"] = author.team
    if author.bot:
        profile = _bot_profile(workspace.installation, author)
        written |= {"bot_id": profile["id"], "app_id": profile["app_id"], "bot_profile": profile}
    elif message.client_msg_id:
        written |= {"client_msg_id": message.client_msg_id}
        written |= {"blocks": [_rich_text(message.text)]} if message.text else {}
    optional = {"subtype": message.subtype, "blocks": list(message.blocks), **_thread_json(message, workspace)}
    written |= {name: value for name, value in optional.items() if value} | _files_json(message, workspace)
    if message.edited:
        written["edited"] = {"user": message.user, "ts": message.edited}
    if message.reactions:
        written["reactions"] = [
            {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
        ]
    return written


def _files_json(message: Message, workspace: Workspace) -> Payload:
    """In a channel shared with another organisation a message tells only that there are files."""
    if not message.files:
        return {}
    shared = workspace.channels[message.channel].shared
    told = [stub_json(each) if shared and not each.deleted else file_json(each) for each in message.files]
    return {"files": told, "upload": False, "display_as_bot": False}


def _thread_json(message: Message, workspace: Workspace) -> Payload:
    """A reply names its parent; a parent counts its replies; a message alone says nothing of threads."""
    if message.thread_ts:
        parent = workspace.find(message.channel, message.thread_ts)
        return {"thread_ts": message.thread_ts, "parent_user_id": parent.user if parent else None}
    replies = [each for each in workspace.thread(message.channel, message.ts) if each.thread_ts == message.ts]
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    counted: Payload = {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
    return counted | {"reply_users": users, "reply_users_count": len(users)}


def metadata_json(message: Message, *, whole: bool) -> Payload:
    """Without include_all_metadata the payload stays hidden."""
    if not message.metadata:
        return {}
    return {"metadata": dict(message.metadata) if whole else {"event_type": message.metadata["event_type"]}}


def person_json(person: Person, installation: Installation, *, locale: bool) -> Payload:
    """A user as users.info shows one; another organisation's people have no locale."""
    external = person.team != installation.team_id
    called = person.name if person.display_name is None else person.display_name
    profile = {"real_name": person.name, "display_name": "" if person.bot else called, "team": person.team}
    written: Payload = {"id": person.id, "team_id": person.team, "name": user_name(person)}
    written |= {"real_name": person.name, "deleted": False, "is_bot": person.bot, "profile": profile}
    written |= {"is_stranger": True} if external else {}
    return written | ({"locale": "ja-JP"} if locale and not external else {})


def user_name(person: Person) -> str:
    """The name under which somebody signed up: plain letters only."""
    return person.name.lower().replace(" ", ".") if person.name.isascii() else person.id.lower()


def message_event(message: Message, channel: Channel, written: Payload) -> Payload:
    """The event of a new message, by whomever."""
    event = written | {"channel": channel.id, "event_ts": message.ts, "channel_type": channel.kind}
    if channel.shared:
        event |= {"user_team": written["team"], "source_team": written["team"]}
    return event


def app_mention_event(event: Payload, *, bare: bool = False) -> Payload:
    """The twin of a message event: the same message, without channel_type; a `bare` one hides what was attached."""
    hidden = {"channel_type"} | ({"files", "subtype", "upload", "display_as_bot"} if bare else set())
    return {name: value for name, value in event.items() if name not in hidden} | {"type": "app_mention"}


def changed_event(message: Message, channel: Channel, now: Payload | None, before: Payload, event_ts: str) -> Payload:
    """message_changed, or message_deleted when nothing is there `now`: hidden, with the content one level down."""
    event: Payload = {"type": "message", "subtype": "message_changed" if now else "message_deleted", "hidden": True}
    event |= {"channel": channel.id, "channel_type": channel.kind, "ts": event_ts, "event_ts": event_ts}
    return event | ({"message": now} if now else {"deleted_ts": message.ts}) | {"previous_message": before}


def mentioned(text: str) -> set[str]:
    """The users whom a stored text names."""
    return set(_MENTION.findall(text))


def envelope(event: Payload, channel: Channel, installation: Installation, event_time: int) -> Payload:
    """What Slack posts: the event, and for which installation it is, under an event_id of its own."""
    authorization = {"enterprise_id": None, "team_id": installation.team_id, "user_id": installation.user_id}
    return {
        "token": "practice-verification",
        "team_id": installation.team_id,
        "context_team_id": installation.team_id,
        "context_enterprise_id": None,
        "api_app_id": installation.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev0{secrets.token_hex(5).upper()}",
        "event_time": event_time,
        "authorizations": [authorization | {"is_bot": True, "is_enterprise_install": False}],
        "is_ext_shared_channel": channel.shared,
        "event_context": f"4-practice-{channel.id}",
    }


def _bot_profile(installation: Installation, bot: Person) -> Payload:
    """Ours, or another app's, whose ids are made of its user's."""
    ids = (f"B{bot.id[1:]}", f"A{bot.id[1:]}")
    if bot.id == installation.user_id:
        ids = (installation.bot_id, installation.app_id)
    profile: Payload = {"id": ids[0], "app_id": ids[1], "team_id": bot.team}
    return profile | {"name": bot.name, "deleted": False, "updated": 0, "icons": {}}


def _rich_text(text: str) -> Payload:
    """The block that Slack's own composer adds to what people write."""
    elements: list[Payload] = []
    for index, part in enumerate(_MENTION.split(text)):
        if part:
            elements.append({"type": "user", "user_id": part} if index % 2 else {"type": "text", "text": part})
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": "practice", "elements": [section]}
