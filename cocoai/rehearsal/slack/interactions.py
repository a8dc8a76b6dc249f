"""Post what somebody does with the app's shortcuts, commands, buttons and modals to the bot, and keep the outcomes.

Source: https://docs.slack.dev/interactivity/handling-user-interaction. Unlike an event, none of this is ever sent
again: the person sees that it failed, and may do it once more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from cocoai.rehearsal.slack.json_shapes import Payload, user_name
from cocoai.rehearsal.slack.outbound import FORM, Destination, Outbound, Outcome, signed
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import Person, PracticeChannel, Workspace

COMMANDS = "commands"
"""The scope without which nobody is offered the app's shortcuts and slash commands."""

NOT_OFFERED = Outcome(0, "not_offered", 0.0)
"""The outcome of what Slack does not offer to anybody, since the app lacks a scope."""

_NAMES = {"im": "directmessage", "group": "privategroup", "mpim": "privategroup"}
"""The names that stand for conversations whose own names are not public."""


@dataclass(frozen=True)
class Interaction:
    """What somebody did, as it was posted to the bot: `kind` is the payload's type, or `command`.

    `payload` is the JSON in the form, or a command's fields; `time` (epoch seconds) is the start. `failure` is Slack's
    name for the failure, `interactivity_off` if there is no URL for it, or another word that says why nothing was sent,
    or empty; `status` is 0 if no response came; `reply` is the response's body.
    """

    kind: str
    user: str
    payload: Mapping[str, Any] = field(repr=False)
    body: bytes = field(repr=False)
    time: float
    status: int
    failure: str
    seconds: float
    reply: bytes

    @property
    def is_accepted(self) -> bool:
        """Return True if the bot accepted it: it answered with a status 2xx in time."""
        return not self.failure


class Interactivity:
    """Posts interactions to the bot. `done` only grows, in the order in which they ended.

    `destination` is the interactivity URL, `commands` that of the slash command; None: nothing is sent there.
    """

    def __init__(
        self,
        workspace: Workspace,
        secret: str,
        switches: SlackSwitches,
        outbound: Outbound,
        *,
        clock: Callable[[], float],
    ) -> None:
        self.destination: Destination | None = None
        self.commands: Destination | None = None
        self.done: list[Interaction] = []
        self.clock = clock
        self._workspace = workspace
        self._secret = secret
        self._switches = switches
        self._outbound = outbound

    def signed(self, body: bytes) -> dict[str, str]:
        """Return the headers with which a form is posted now."""
        return signed(body, self._secret, self.clock(), FORM)

    def post(self, body: bytes, headers: dict[str, str]) -> Outcome:
        """Post a form to the interactivity URL, and return its outcome: `interactivity_off` if there is none."""
        destination = self.destination if self._switches.interactivity else None
        return self._post(destination, body, headers)

    def send(self, user: str, payload: Payload) -> Interaction:
        """Post a payload to the interactivity URL, wait for the response, and return what came of it."""
        body = urlencode({"payload": json.dumps(payload)}).encode()
        return self._done(str(payload["type"]), user, payload, body, lambda: self.post(body, self.signed(body)))

    def send_command(self, user: str, fields: Mapping[str, str]) -> Interaction:
        """Post a slash command's form to the command's URL, wait for the response, and return what came of it."""
        body = urlencode(fields).encode()
        return self._done("command", user, fields, body, lambda: self._post(self.commands, body, self.signed(body)))

    def not_sent(self, kind: str, user: str, outcome: Outcome) -> Interaction:
        """Return what somebody tried to do, and the client did not let happen; it is not among `done`."""
        return Interaction(kind, user, {}, b"", self.clock(), outcome.status, outcome.failure, 0.0, b"")

    def _post(self, destination: Destination | None, body: bytes, headers: dict[str, str]) -> Outcome:
        if destination is None:
            return Outcome(0, "interactivity_off", 0.0)
        return self._outbound.post(destination, body, headers)

    def _done(
        self, kind: str, user: str, payload: Mapping[str, Any], body: bytes, post: Callable[[], Outcome]
    ) -> Interaction:
        started = self.clock()
        outcome = post()
        seconds = outcome.milliseconds / 1000
        done = Interaction(kind, user, payload, body, started, outcome.status, outcome.failure, seconds, outcome.reply)
        with self._workspace.changed:
            self.done.append(done)
            self._workspace.notify()
        return done


def team_json(workspace: Workspace) -> Payload:
    """Return the fields about the workspace that every payload has."""
    us = workspace.installation
    team = {"id": us.team_id, "domain": us.team.lower()}
    return {"token": "practice-verification", "team": team, "enterprise": None, "is_enterprise_install": False}


def user_json(person: Person, *, username: bool = True) -> Payload:
    """Return the field `user` of a payload; a message shortcut's has no `username`."""
    name = user_name(person)
    return {"id": person.id, **({"username": name} if username else {}), "name": name, "team_id": person.team}


def channel_json(channel: PracticeChannel) -> Payload:
    """Return the field `channel` of a payload."""
    return {"id": channel.id, "name": channel_name(channel)}


def channel_name(channel: PracticeChannel) -> str:
    """Return the name by which a payload calls a conversation."""
    return _NAMES.get(channel.kind, channel.name)
