"""Post the app's message shortcuts and its slash command to the bot, when somebody chooses them.

Sources: https://docs.slack.dev/interactivity/implementing-shortcuts, implementing-slash-commands, and
reference/interaction-payloads/shortcuts-interaction-payload. Slack offers them to everybody who sees the conversation,
whether or not the bot is in it, and only while the app has the scope `commands`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cocoai.rehearsal.slack.api_call import SlackApiError
from cocoai.rehearsal.slack.interactions import (
    COMMANDS,
    NOT_OFFERED,
    Interaction,
    Interactivity,
    channel_json,
    channel_name,
    team_json,
    user_json,
)
from cocoai.rehearsal.slack.json_shapes import Payload, message_json, user_name
from cocoai.rehearsal.slack.outbound import Outcome
from cocoai.rehearsal.slack.response_urls import ResponseUrls, posted
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.triggers import Triggers
from cocoai.rehearsal.slack.workspace import PracticeMessage, Workspace

SHORTCUTS = ("cocoai_summarize", "cocoai_translate", "cocoai_proofread", "cocoai_ask")
"""The callback_ids of the message shortcuts in the app's manifest, as the message menu shows them."""
COMMAND = "/cocoai"
"""The slash command in the app's manifest."""

_REFUSED_IN_THREADS = "not_supported_in_threads"
_ERRORS = {"http_timeout": "operation_timeout", "http_error": "http_service_error"}
"""What Slack calls a failed command, by the name of the failure; any other is `dispatch_failed`."""


class ShortcutSender:
    """Sends message shortcuts and slash commands to the bot."""

    def __init__(
        self,
        workspace: Workspace,
        switches: SlackSwitches,
        interactivity: Interactivity,
        triggers: Triggers,
        urls: ResponseUrls,
    ) -> None:
        self._workspace = workspace
        self._switches = switches
        self._interactivity = interactivity
        self._triggers = triggers
        self._urls = urls

    def shortcut(self, user: str, channel: str, ts: str, callback_id: str) -> Interaction:
        """Choose a shortcut in the menu of a message, and wait for the bot's response.

        Raise ValueError if the app has no such shortcut, or the user sees no such message with a menu: an ephemeral
        message has none.
        """
        if callback_id not in SHORTCUTS:
            raise ValueError(f"the app has no message shortcut {callback_id}")
        message = self._workspace.find(channel, ts)
        if message is None or message.subtype == "tombstone" or not self._workspace.is_in(user, channel):
            raise ValueError(f"{user} sees no menu of a message {ts} in {channel}")
        if COMMANDS not in self._switches.scopes:
            return self._interactivity.not_sent("message_action", user, NOT_OFFERED)
        return self._interactivity.send(user, self._payload(user, message, callback_id))

    def command(self, user: str, text: str, channel: str, *, in_thread: bool = False) -> Interaction:
        """Send the slash command with `text` behind it; show what stands in the response, or Slack's word on a failure.

        `in_thread` types it below a message, where Slack's client refuses it. Raise ValueError if the user cannot
        write in the channel.
        """
        place = self._workspace.channels[channel]
        if not self._workspace.is_in(user, channel) or place.is_archived:
            raise ValueError(f"{user} cannot write in {channel}")
        if in_thread:
            self._say(user, channel, f"{COMMAND} is not supported in threads. Sorry!")
            return self._interactivity.not_sent("command", user, Outcome(0, _REFUSED_IN_THREADS, 0.0))
        if COMMANDS not in self._switches.scopes:
            self._say(user, channel, f"{COMMAND} is not a valid command.")
            return self._interactivity.not_sent("command", user, NOT_OFFERED)
        fields = self._fields(user, text, channel)
        sent = self._interactivity.send_command(user, fields)
        self._show(sent, channel, fields["response_url"])
        return sent

    def _payload(self, user: str, message: PracticeMessage, callback_id: str) -> Payload:
        """Return the message_action payload, with the whole message, wherever it is."""
        channel = self._workspace.channels[message.channel]
        payload: Payload = {"type": "message_action", **team_json(self._workspace)}
        payload |= {"action_ts": self._workspace.next_ts(), "callback_id": callback_id}
        payload |= {"user": user_json(self._workspace.people[user], username=False), "channel": channel_json(channel)}
        payload |= {"trigger_id": self._triggers.new(user), "message_ts": message.ts}
        payload |= {"response_url": self._urls.new("app", user, channel.id)}
        return payload | {"message": message_json(self._workspace, message)}

    def _fields(self, user: str, text: str, channel: str) -> dict[str, str]:
        """Return the fields of the command's form: nothing in it tells of a thread, or of the person's team."""
        us, place = self._workspace.installation, self._workspace.channels[channel]
        return {
            "token": "practice-verification",
            "team_id": us.team_id,
            "team_domain": us.team.lower(),
            "channel_id": place.id,
            "channel_name": channel_name(place),
            "user_id": user,
            "user_name": user_name(self._workspace.people[user]),
            "command": COMMAND,
            "text": text,
            "api_app_id": us.app_id,
            "is_enterprise_install": "false",
            "response_url": self._urls.new("commands", user, channel),
            "trigger_id": self._triggers.new(user),
        }

    def _show(self, sent: Interaction, channel: str, url: str) -> None:
        """Show the person the message in the response to a command, if there is one, or that the command failed."""
        failure = sent.failure or ("http_error" if sent.status != 200 else "")
        try:
            if values := None if failure else _message(sent.reply):
                self._urls.reply(url, values)
        except SlackApiError:
            failure = "dispatch_failed"
        if failure:
            error = _ERRORS.get(failure, "dispatch_failed")
            self._say(sent.user, channel, f'{COMMAND} failed with the error "{error}"')

    def _say(self, user: str, channel: str, text: str) -> None:
        """Show somebody a line of Slack's own, as Slackbot."""
        self._workspace.post_ephemeral(channel, "USLACKBOT", user, text)


def _message(reply: bytes) -> Mapping[str, Any] | None:
    """Return the message in the response to a command: JSON, or plain text; None if the response is empty."""
    if not reply.strip():
        return None
    values = posted(reply)
    if values is None:
        return {"text": reply.decode("utf-8", errors="replace")}
    return values or None
