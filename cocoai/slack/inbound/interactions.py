"""InteractionAnalyzer: what Slack posted because somebody clicked, settled as a Click or Ignored.

Pure, as events.py is: who we are is handed to it as a callable, the time as a number. Whatever the form holds, it
raises only `Refused`. What a click is to bring about is not known here.

Source: docs.slack.dev/reference/interaction-payloads/block_actions-payload.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs

from cocoai.errors import BodyNotForm
from cocoai.slack.inbound.events import read_payload
from cocoai.slack.inbound.signature import verify
from cocoai.slack.model.click import ACTIONS, Action, Click
from cocoai.slack.model.identity import Identity, is_id
from cocoai.slack.model.messages import is_ts, text_at
from cocoai.slack.model.question import Ignored
from cocoai.spool.key import Key

_PREFIX = "cocoai_"
_MOST_FIELDS = 10
_SAMPLE = 200
"""Characters of a message: enough to tell its language by."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """One block_actions payload: what every reason below looks at. What is missing or odd in it is empty."""

    payload: Mapping[str, Any]

    def part(self, name: str) -> Mapping[str, Any]:
        value = self.payload.get(name)
        return value if isinstance(value, dict) else {}

    @property
    def action(self) -> Mapping[str, Any]:
        """Of a click there is one action only."""
        match self.payload.get("actions"):
            case [dict() as action]:
                return action
        return {}

    @property
    def name(self) -> str:
        return text_at(self.action, "action_id").removeprefix(_PREFIX)

    @property
    def channel(self) -> str:
        return text_at(self.part("container"), "channel_id")

    @property
    def user(self) -> str:
        return text_at(self.part("user"), "id")

    @property
    def team(self) -> str:
        """The team of whoever clicked."""
        team = text_at(self.part("user"), "team_id")
        return team if is_id(team) else ""

    @property
    def asked(self) -> tuple[Key, str] | None:
        """The question's key and its asker, as our button bears them; None if they cannot be of this channel."""
        name, _, asker = text_at(self.action, "value").partition(" ")
        try:
            key = Key.parse(name)
        except ValueError:
            return None
        return (key, asker) if is_id(asker) and key.channel == self.channel else None


class InteractionAnalyzer:
    """The table of what is clicked and what becomes of it.

    `who` tells who we are, None while that is unknown. `allow_channels` speaks of channels, not of direct messages.
    """

    def __init__(
        self,
        signing_secret: str,
        *,
        who: Callable[[], Identity | None],
        allow_channels: Collection[str] = frozenset(),
        allow_users: Collection[str] = frozenset(),
        external_users: bool = False,
    ) -> None:
        self._signing_secret = signing_secret
        self._who = who
        self._allow_channels = allow_channels
        self._allow_users = allow_users
        self._external_users = external_users

    def analyze(self, headers: Mapping[str, str], body: bytes, now: float) -> Click | Ignored:
        """Settle one POST of Slack's interactivity; header names are lower-case, `now` in seconds.

        Raises `Refused` 401 for a signature that is not Slack's, 400 for a body that is no form with JSON in it.
        """
        verify(body, headers, self._signing_secret, now)
        payload = read_payload(_field(body))
        if isinstance(payload, Ignored):
            return payload
        heard, us = _Heard(payload), self._who()
        reason = _not_ours(heard, us) or _odd(heard) or self._not_allowed(heard) or self._foreign(heard, us)
        if not reason and heard.asked:
            return _click(heard, *heard.asked)
        return Ignored(reason or "a button with an odd value")

    def _not_allowed(self, heard: _Heard) -> str:
        if self._allow_users and heard.user not in self._allow_users:
            return "this user is not allowed"
        if self._allow_channels and not heard.channel.startswith("D") and heard.channel not in self._allow_channels:
            return "this channel is not allowed"
        return ""

    def _foreign(self, heard: _Heard, us: Identity | None) -> str:
        """Nothing tells whether the channel is shared; so whoever clicks must be one of ours."""
        is_ours = us is not None and heard.team in {us.team_id, us.enterprise_id} - {""}
        return "" if is_ours or self._external_users else "another organisation's user"


def _field(body: bytes) -> str:
    """The one field that Slack's form has."""
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:  # raw bytes, or too many fields
        fields = {}
    if len(fields.get("payload", ())) != 1:
        raise BodyNotForm
    return fields["payload"][0]


def _not_ours(heard: _Heard, us: Identity | None) -> str:
    """Shortcuts, dialogs and other apps' buttons."""
    if heard.payload.get("type") != "block_actions":
        return "an interaction of another type"
    if us is not None and us.app_id and heard.payload.get("api_app_id") != us.app_id:
        return "another app's button"
    if not text_at(heard.action, "action_id").startswith(_PREFIX) or heard.name not in ACTIONS:
        return "not a button of ours"
    return ""


def _odd(heard: _Heard) -> str:
    container = heard.part("container")
    if container.get("type") != "message" or not is_ts(container.get("message_ts")):
        return "no message, or an odd one"
    if not is_id(heard.user):
        return "no user, or an odd one"
    if not is_ts(heard.action.get("action_ts")):
        return "no time, or an odd one"
    return ""


def _click(heard: _Heard, key: Key, asker: str) -> Click:
    return Click(
        action=cast(Action, heard.name),
        channel=key.channel,
        thread_ts=key.thread_ts,
        message_ts=text_at(heard.part("container"), "message_ts"),
        key=str(key),
        asker=asker,
        user=heard.user,
        team=heard.team,
        ts=text_at(heard.action, "action_ts"),
        reply=text_at(heard.part("message"), "text")[:_SAMPLE],
    )
