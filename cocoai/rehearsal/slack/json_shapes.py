"""Write messages, people and events as the JSON that Slack sends.

Sources: https://docs.slack.dev/reference/events/message, app_mention, and https://docs.slack.dev/apis/events-api.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from cocoai.rehearsal.slack.practice_file import file_json, stub_json
from cocoai.rehearsal.slack.workspace import Installation, Person, PracticeChannel, PracticeMessage, Workspace

Payload = dict[str, Any]
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_REPLY_FIELDS = ("reply_users", "reply_users_count", "reply_count")
_CODE = re.compile(r"`([^`\n]+)`")


def message_json(workspace: Workspace, message: PracticeMessage) -> Payload:
    """Return a message's JSON, as in conversations.replies and in events, but without its metadata.

    A bot's message has its bot_id and bot_profile; one that a person wrote has the rich_text block of Slack's composer.
    """
    author = workspace.people.get(message.user) or Person(message.user, message.user)
    written: Payload = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
    written["team"] = author.team
    if message.upload:
        written = _uploaders_json(written, message.upload, workspace.installation)
    elif author.is_bot:
        profile = _bot_profile(workspace.installation, author)
        written |= {"bot_id": profile["id"], "app_id": profile["app_id"], "bot_profile": profile}
    elif message.client_msg_id:  # a message that a person wrote in Slack's own client
        written |= {"client_msg_id": message.client_msg_id}
        written |= {"blocks": [_rich_text(message.text)]} if message.text else {}
    optional = {"subtype": message.subtype, "blocks": list(message.blocks), **_thread_json(message, workspace)}
    optional["attachments"] = list(message.attachments)
    written |= {name: value for name, value in optional.items() if value} | _files_json(message, workspace)
    if message.subtype == "tombstone":
        written["hidden"] = True
    if message.edited:
        written["edited"] = {"user": message.user, "ts": message.edited}
    if message.reactions:
        written["reactions"] = [
            {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
        ]
    return written


def _uploaders_json(written: Payload, named: str, installation: Installation) -> Payload:
    """Return the JSON of a message whose files the bot uploaded: its author is its user, or its bot_id without a user.

    Slack was seen to do the one and the other.
    """
    if named == "user":
        return written | {"bot_id": None}
    return {name: value for name, value in written.items() if name != "user"} | {"bot_id": installation.bot_id}


def _files_json(message: PracticeMessage, workspace: Workspace) -> Payload:
    """Return the fields about a message's files, {} if it has none.

    In a channel shared with another organisation `files` holds only ids, and tombstones of deleted files.
    """
    if not message.files:
        return {}
    shared = workspace.channels[message.channel].is_shared
    files = [stub_json(each) if shared and not each.is_deleted else file_json(each) for each in message.files]
    return {"files": files, "upload": bool(message.upload), "display_as_bot": False}


def shares_json(workspace: Workspace, file_id: str, told: str = "all") -> Payload:
    """Return the fields of files.info about the messages that show a file: `shares`, and their channels' ids.

    All are empty while no message shows it. `told` may hold back the messages' threads, or all (SlackSwitches).
    """
    shares: dict[str, dict[str, list[Payload]]] = {}
    places: dict[str, list[str]] = {"channels": [], "groups": [], "ims": []}
    for channel in workspace.channels.values():
        for message in workspace.messages(channel.id):
            if told != "nothing" and file_id in (file.id for file in message.files):
                of_kind = shares.setdefault("public" if channel.kind == "channel" else "private", {})
                share = _share_json(message, channel, workspace)
                share.pop("thread_ts" if told == "no threads" else "", None)
                of_kind.setdefault(channel.id, []).append(share)
        if any(channel.id in of_kind for of_kind in shares.values()):
            places[{"channel": "channels", "im": "ims"}.get(channel.kind, "groups")].append(channel.id)
    return {"shares": shares, **places}


def _share_json(message: PracticeMessage, channel: PracticeChannel, workspace: Workspace) -> Payload:
    """Return what files.info tells of one message that shows a file."""
    replies = _thread_json(message, workspace)
    told: Payload = {"ts": message.ts, "channel_name": channel.name, "team_id": workspace.installation.team_id}
    told |= {name: replies.get(name, 0 if name.endswith("count") else []) for name in _REPLY_FIELDS}
    return told | {name: replies[name] for name in ("thread_ts", "latest_reply") if name in replies}


def _thread_json(message: PracticeMessage, workspace: Workspace) -> Payload:
    """Return the fields about a message's thread, {} outside a thread.

    For a reply they are the parent's ts and author; for a parent how many replies there are, the newest, and their
    authors.
    """
    if message.thread_ts:
        parent = workspace.find(message.channel, message.thread_ts)
        return {"thread_ts": message.thread_ts, "parent_user_id": parent.user if parent else None}
    replies = [each for each in workspace.thread(message.channel, message.ts) if each.thread_ts == message.ts]
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    counts: Payload = {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
    return counts | {"reply_users": users, "reply_users_count": len(users)}


def metadata_json(message: PracticeMessage, *, whole: bool) -> Payload:
    """Return the field `metadata` as an object with this one field, {} if the message has none.

    Unless it is `whole` (the argument include_all_metadata), its event_payload is left out.
    """
    if not message.metadata:
        return {}
    return {"metadata": dict(message.metadata) if whole else {"event_type": message.metadata["event_type"]}}


def person_json(person: Person, installation: Installation, *, locale: bool) -> Payload:
    """Return a user's JSON as in users.info; with `locale` also the field of this name.

    People of another organisation never have that field, and are marked with `is_stranger`.
    """
    external = person.team != installation.team_id
    display_name = person.name if person.display_name is None else person.display_name
    profile = {"real_name": person.name, "display_name": "" if person.is_bot else display_name, "team": person.team}
    written: Payload = {"id": person.id, "team_id": person.team, "name": user_name(person)}
    written |= {"real_name": person.name, "deleted": False, "is_bot": person.is_bot, "profile": profile}
    written |= {"is_stranger": True} if external else {}
    return written | ({"locale": person.locale} if locale and not external else {})


def user_name(person: Person) -> str:
    """Return the username that Slack derives from a name, as `second.asker`; for a name beyond ASCII from the id."""
    return person.name.lower().replace(" ", ".") if person.name.isascii() else person.id.lower()


def message_event(message: PracticeMessage, channel: PracticeChannel, written: Payload) -> Payload:
    """Return the `message` event of a new message; `written` is its JSON, to which the event's fields are added."""
    event = written | {"channel": channel.id, "event_ts": message.ts, "channel_type": channel.kind}
    if channel.is_shared:
        event |= {"user_team": written["team"], "source_team": written["team"]}
    return event


def app_mention_event(event: Payload, *, bare: bool = False) -> Payload:
    """Return the app_mention event that Slack sends beside a message event: the same without channel_type.

    If `bare`, also without the fields about files.
    """
    hidden = {"channel_type"} | ({"files", "subtype", "upload", "display_as_bot"} if bare else set())
    return {name: value for name, value in event.items() if name not in hidden} | {"type": "app_mention"}


def changed_event(
    message: PracticeMessage, channel: PracticeChannel, now: Payload | None, before: Payload, event_ts: str
) -> Payload:
    """Return the event message_changed, or message_deleted if `now` is None.

    `now` and `before` are the JSON of the message after and before the change; `event_ts` is the ts of the change.
    """
    event: Payload = {"type": "message", "subtype": "message_changed" if now else "message_deleted", "hidden": True}
    event |= {"channel": channel.id, "channel_type": channel.kind, "ts": event_ts, "event_ts": event_ts}
    return event | ({"message": now} if now else {"deleted_ts": message.ts}) | {"previous_message": before}


def mentioned_users(text: str) -> set[str]:
    """Return the ids of the users that a text in Slack's stored form mentions, as in `<@U0COCOAI> hi`."""
    return set(_MENTION.findall(text))


def envelope(event: Payload, channel: PracticeChannel, installation: Installation, event_time: int) -> Payload:
    """Return the event_callback payload that Slack posts for an event: the event, and the installation that it is for.

    The event_id is new and random; `event_time` is in epoch seconds.
    """
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
        "is_ext_shared_channel": channel.is_shared,
        "event_context": f"4-practice-{channel.id}",
    }


def _bot_profile(installation: Installation, bot: Person) -> Payload:
    """Return a bot's bot_profile, with the ids of its bot and app; for another app they derive from its user id."""
    ids = (f"B{bot.id[1:]}", f"A{bot.id[1:]}")
    if bot.id == installation.user_id:
        ids = (installation.bot_id, installation.app_id)
    profile: Payload = {"id": ids[0], "app_id": ids[1], "team_id": bot.team}
    return profile | {"name": bot.name, "deleted": False, "updated": 0, "icons": {}}


def _rich_text(text: str) -> Payload:
    """Return the rich_text block that Slack's composer adds to a person's message: its text, mentions and code."""
    elements: list[Payload] = []
    # Odd parts are code, even ones the text between them.
    for index, part in enumerate(_CODE.split(text)):
        elements += [{"type": "text", "text": part, "style": {"code": True}}] if index % 2 else _text_elements(part)
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": "practice", "elements": [section]}


def _text_elements(text: str) -> list[Payload]:
    # Odd parts are the ids of mentions, even ones the text between them.
    parts = enumerate(_MENTION.split(text))
    return [{"type": "user", "user_id": part} if n % 2 else {"type": "text", "text": part} for n, part in parts if part]


def share_json(workspace: Workspace, message: PracticeMessage) -> Payload:
    """Return the attachment by which Slack's client forwards a message: its author, words, table and files."""
    author, channel = workspace.people[message.user], workspace.channels[message.channel]
    written = message_json(workspace, message)
    shared: Payload = {"id": 1, "is_share": True, "is_msg_unfurl": True, "ts": message.ts, "text": message.text}
    shared |= {"author_id": author.id, "author_name": author.name, "mrkdwn_in": ["text"]}
    shared |= {"channel_id": channel.id, "channel_team": author.team, "footer": _footer(message, channel)}
    shared["fallback"] = f"[Today] {author.name}: {message.text}"
    blocks: Payload = {"team": author.team, "channel": channel.id, "ts": message.ts}
    tables = [block for each in message.attachments for block in each.get("blocks", ()) if block["type"] == "table"]
    blocks["message"] = {"blocks": [*written.get("blocks", ()), *tables] or None}
    return shared | {"message_blocks": [blocks]} | ({"files": written["files"]} if message.files else {})


def _footer(message: PracticeMessage, channel: PracticeChannel) -> str:
    """Return the line below a forwarded message, which tells where it stands."""
    if channel.kind == "im":
        return "Direct message"
    return f"{'From a thread' if message.thread_ts else 'Posted'} in #{channel.name}"


def table_json(*rows: tuple[str, ...]) -> Payload:
    """Return the attachment that Slack's client makes of cells that are pasted from a spreadsheet."""
    cells = [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]
    return {"id": 1, "blocks": [{"type": "table", "rows": cells}], "fallback": "[no preview available]"}
