"""InteractionAnalyzer: classifies what Slack posted because somebody pressed a button, or used a shortcut or a form.

Pure, as events.py is: our identity is read by a callable, the time is a number. Whatever the form holds, it raises
only `Refused`. It must not know what a click brings about. Shortcuts and forms are read by shortcuts.py.

Source: docs.slack.dev/reference/interaction-payloads/block_actions-payload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs

from cocoai.errors import BodyNotForm, IdentityUnknown
from cocoai.json_values import mapping_at, text_at
from cocoai.slack.inbound.access import DEFAULT_ACCESS, AccessRules, Author
from cocoai.slack.inbound.events import read_payload
from cocoai.slack.inbound.shortcuts import is_shortcut, is_submission, read_shortcut, read_submission
from cocoai.slack.inbound.signature import verify
from cocoai.slack.model.click import ACTIONS, FEEDBACK, FEEDBACK_ACTIONS, Action, Click
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import Ignored, NotAllowed, Question
from cocoai.slack.model.shortcut import Shortcut
from cocoai.slack_ids import is_id, is_ts
from cocoai.spool.key import Key

InteractionOutcome = Click | Shortcut | Question
"""What an interaction can be that is not ignored: a question was typed into our form."""

_PREFIX = "cocoai_"

_MOST_FIELDS = 10
"""Fields of a form; Slack sends one."""

_SAMPLE = 200
"""Characters that are kept of a message: enough to tell its language by."""


@dataclass(frozen=True, slots=True)
class _BlockAction:
    """One block_actions payload: all that the checks below look at. What is missing or odd in it is empty."""

    payload: Mapping[str, Any]

    @property
    def container(self) -> Mapping[str, Any]:
        """Return Slack's object about the message that has the button, with its channel and ts; {} if it is missing."""
        return mapping_at(self.payload, "container")

    @property
    def button(self) -> Mapping[str, Any]:
        """Return Slack's object about the pressed button, the only entry of `actions`; {} for none or several."""
        match self.payload.get("actions"):
            case [dict() as action]:
                return action
        return {}

    @property
    def action(self) -> str:
        """Return the button's action; "" for a feedback button whose value does not end in one."""
        if not self.is_feedback:
            return text_at(self.button, "action_id").removeprefix(_PREFIX)
        action = text_at(self.button, "value").rpartition(" ")[2]
        return action if action in FEEDBACK_ACTIONS else ""

    @property
    def is_feedback(self) -> bool:
        """Return True for one of Slack's two feedback buttons, which share an action_id."""
        return text_at(self.button, "action_id") == _PREFIX + FEEDBACK

    @property
    def channel(self) -> str:
        return text_at(self.container, "channel_id")

    @property
    def user(self) -> str:
        return text_at(mapping_at(self.payload, "user"), "id")

    @property
    def team(self) -> str:
        """Return the id of the team of the user who pressed the button; "" if it is missing or odd."""
        team = mapping_at(self.payload, "user").get("team_id")
        return team if is_id(team) else ""

    @property
    def enterprises(self) -> frozenset[str]:
        """Return the ids of all enterprises (organisations of several workspaces) that the payload names."""
        enterprise, team = mapping_at(self.payload, "enterprise"), mapping_at(self.payload, "team")
        return frozenset(filter(is_id, (enterprise.get("id"), team.get("enterprise_id"))))

    def author(self, *, may_be_external: bool) -> Author:
        """Return the user who pressed the button, the channel and the user's team as the access rules take them."""
        return Author(
            user=self.user,
            channel=self.channel,
            teams=frozenset({self.team} - {""}),
            is_direct=self.channel.startswith("D"),  # the payload has no channel_type
            may_be_external=may_be_external,
        )

    @property
    def question(self) -> tuple[Key, str] | None:
        """Return the question's key and the asker's id from the button's value: `KEY USER`, in feedback `KEY USER up`.

        Return None if either is odd, or if the key is of another channel than the button's message.
        """
        value = text_at(self.button, "value")
        name, _, asker = (value.rpartition(" ")[0] if self.is_feedback else value).partition(" ")
        try:
            key = Key.parse(name)
        except ValueError:
            return None
        return (key, asker) if is_id(asker) and key.channel == self.channel else None


def _never(_key: Key) -> bool:
    return False


class InteractionAnalyzer:
    """Decides for each interaction that Slack posts whether it is a press of a button of ours, or one of our shortcuts.

    `who` returns our identity, None while it is unknown. `may_be_shared(key)` returns False if it is known that the
    channel was not shared with another organisation when the question `key` was asked there; without it, no channel is.
    """

    def __init__(
        self,
        signing_secret: str,
        *,
        who: Callable[[], Identity | None],
        may_be_shared: Callable[[Key], bool] = _never,
        access: AccessRules = DEFAULT_ACCESS,
    ) -> None:
        self._signing_secret = signing_secret
        self._who = who
        self._may_be_shared = may_be_shared
        self._access = access

    def analyze(self, headers: Mapping[str, str], body: bytes, now: float) -> InteractionOutcome | Ignored:
        """Check the signature of one POST of Slack's interactivity and classify its body.

        Return a Click for a button of ours, pressed by a user who may address us, NotAllowed if the user may not; a
        Shortcut, or the Question that was typed into our form, FormRefused if it cannot be asked; and Ignored with a
        reason for the rest. Header names are lower-case, `now` is in seconds since the epoch.
        Raise `Refused` with status 401 for a signature that is not Slack's, 400 for a body that is not a form with JSON
        in it, 503 (`IdentityUnknown`) for what is ours while we do not know our own ids.
        """
        verify(body, headers, self._signing_secret, now)
        payload = read_payload(_payload_field(body))
        if isinstance(payload, Ignored):
            return payload
        if is_shortcut(payload):
            return read_shortcut(payload, self._who(), self._access)
        if is_submission(payload):
            return read_submission(payload, self._who(), self._access, now)
        return self._click(payload)

    def _click(self, payload: Mapping[str, Any]) -> Click | Ignored:
        """Return the click of a payload of the type block_actions; raise and return as analyze() does."""
        pressed, identity = _BlockAction(payload), self._who()
        if reason := _not_ours(pressed, identity) or _malformed(pressed):
            return Ignored(reason)
        if not pressed.question:
            return Ignored("a button with an odd value")
        if identity is None:
            raise IdentityUnknown
        key, asker = pressed.question
        author = pressed.author(may_be_external=self._may_be_external(pressed, key, identity))
        refusal = self._access.refusal(author, identity)
        return NotAllowed(refusal) if refusal else _click(pressed, key, asker)

    def _may_be_external(self, pressed: _BlockAction, key: Key, identity: Identity) -> bool:
        """Check whether the user who pressed the button, of a team that is not ours, may be another organisation's.

        That is always so unless we are in a grid: then the team may be a sister workspace of our enterprise. It is one
        if the channel is not shared with another organisation.
        """
        # The payload never says that the channel is shared, and its `team` and `enterprise` are those of our app, also
        # when a stranger clicks (slackapi/java-slack-sdk#1041): only what the question's event said tells them apart.
        if not pressed.enterprises or pressed.enterprises != {identity.enterprise_id}:
            return True
        return pressed.team not in identity.teams and self._may_be_shared(key)


def _payload_field(body: bytes) -> str:
    """Return the text of the form's only `payload` field.

    Raise `BodyNotForm` if there is no such field, or several, or over 10 fields, or if the body is not ASCII.
    """
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:  # raw bytes, or too many fields
        fields = {}
    if len(fields.get("payload", ())) != 1:
        raise BodyNotForm
    return fields["payload"][0]


def _not_ours(pressed: _BlockAction, identity: Identity | None) -> str:
    """Return why no button of ours was pressed: it is of another type or another app's; "" if one was.

    While our app's id is unknown, every app's buttons are looked at, and the `action_id` alone tells.
    """
    if pressed.payload.get("type") != "block_actions":
        return "an interaction of another type"
    if identity is not None and identity.app_id and pressed.payload.get("api_app_id") != identity.app_id:
        return "another app's button"
    if not text_at(pressed.button, "action_id").startswith(_PREFIX) or pressed.action not in ACTIONS:
        return "not a button of ours"
    return ""


def _malformed(pressed: _BlockAction) -> str:
    """Return a reason if the message's ts, the user's id or the time of the click is missing or odd; else "".

    Only what looks like an id or a ts is safe in a file's name.
    """
    if pressed.container.get("type") != "message" or not is_ts(pressed.container.get("message_ts")):
        return "no message, or an odd one"
    if not is_id(pressed.user):
        return "no user, or an odd one"
    if not is_ts(pressed.button.get("action_ts")):
        return "no time, or an odd one"
    return ""


def _click(pressed: _BlockAction, key: Key, asker: str) -> Click:
    """Return the click of a button that passed all checks; its channel is that of the question's key.

    Its thread is that of the key, too, but for a task: there only Slack knows it.
    """
    thread_ts = text_at(pressed.container, "thread_ts") if key.trigger else ""
    return Click(
        action=cast(Action, pressed.action),
        channel=key.channel,
        thread_ts=thread_ts if is_ts(thread_ts) else key.thread_ts,
        message_ts=text_at(pressed.container, "message_ts"),
        key=str(key),
        asker=asker,
        user=pressed.user,
        team=pressed.team,
        ts=text_at(pressed.button, "action_ts"),
        reply=text_at(mapping_at(pressed.payload, "message"), "text")[:_SAMPLE],
    )
