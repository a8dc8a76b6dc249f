"""Submit and close modals as a person, and do what the bot's response says.

Sources: https://docs.slack.dev/surfaces/modals and reference/interaction-payloads/view-interactions-payload. An empty
response closes the modal; a `response_action` of `errors`, `update` or `clear` is followed; `push` is not played, and
like any other response that is not understood leaves the modal open, with a line that something went wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cocoai.rehearsal.slack.api_call import SlackApiError
from cocoai.rehearsal.slack.interactions import Interaction, Interactivity, team_json, user_json
from cocoai.rehearsal.slack.json_shapes import Payload
from cocoai.rehearsal.slack.outbound import Outcome
from cocoai.rehearsal.slack.response_urls import posted
from cocoai.rehearsal.slack.triggers import Triggers
from cocoai.rehearsal.slack.view_rules import inputs, stored_view
from cocoai.rehearsal.slack.views import Modal, Views
from cocoai.rehearsal.slack.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"
"""What Slack shows at the top of a modal whose submission failed."""
_MISSING = "Please complete this required field."


class ModalSender:
    """Sends the submissions of modals, and their closing, to the bot."""

    def __init__(self, workspace: Workspace, interactivity: Interactivity, views: Views, triggers: Triggers) -> None:
        self._workspace = workspace
        self._interactivity = interactivity
        self._views = views
        self._triggers = triggers

    def submit(self, user: str, view_id: str, values: Mapping[str, str]) -> Interaction:
        """Submit a modal with what was typed into its inputs, by block_id, and wait for the bot's response.

        What Slack's client checks itself (a required input without text, one that is too short or too long) is shown,
        and nothing is sent: the failure is `incomplete`. Raise ValueError if this user has no such modal, or it has no
        such input or no button to submit it.
        """
        modal = self._modal(user, view_id)
        fields = {str(block["block_id"]): block for block in inputs(modal.view)}
        if modal.view["submit"] is None or not values.keys() <= fields.keys():
            raise ValueError(f"the modal {view_id} cannot be submitted, or not with {', '.join(values)}")
        typed = {name: values.get(name, block["element"].get("initial_value", "")) for name, block in fields.items()}
        problems = {name: _problem(block, typed[name]) for name, block in fields.items()}
        if errors := {name: problem for name, problem in problems.items() if problem}:
            self._views.show_errors(modal, errors)
            return self._interactivity.not_sent("view_submission", user, Outcome(0, "incomplete", 0.0))
        state = {name: _state(block, typed[name]) for name, block in fields.items()}
        payload = self._payload("view_submission", modal, state) | {"trigger_id": self._triggers.new(user)}
        sent = self._interactivity.send(user, payload | {"response_urls": []})
        self._follow(modal, sent)
        return sent

    def close(self, user: str, view_id: str) -> Interaction | None:
        """Close a modal without submitting it; tell the bot if it wants to know (notify_on_close), else return None.

        Raise ValueError if this user has no such modal.
        """
        modal = self._modal(user, view_id)
        self._views.close(view_id)
        if not modal.view["notify_on_close"]:
            return None
        return self._interactivity.send(user, self._payload("view_closed", modal, {}) | {"is_cleared": False})

    def _modal(self, user: str, view_id: str) -> Modal:
        modal = self._views.modal(view_id)
        if modal is None or modal.user != user:
            raise ValueError(f"{user} has no modal {view_id} open")
        return modal

    def _payload(self, kind: str, modal: Modal, state: Mapping[str, Any]) -> Payload:
        payload: Payload = {"type": kind, "api_app_id": self._workspace.installation.app_id}
        payload |= {"user": user_json(self._workspace.people[modal.user])} | team_json(self._workspace)
        return payload | {"view": modal.view | {"state": {"values": dict(state)}}}

    def _follow(self, modal: Modal, sent: Interaction) -> None:
        """Do to a modal what the response to its submission says."""
        try:
            action = self._action(modal, sent)
        except SlackApiError:
            action = "trouble"
        if action in ("", "clear"):
            self._views.close(modal.id)
        elif action == "trouble":
            self._views.show_errors(modal, {}, TROUBLE)

    def _action(self, modal: Modal, sent: Interaction) -> str:
        """Show the errors or the view in a response; return its action, "" for none, `trouble` for a bad one.

        Raise `SlackApiError` if the view in it is not valid.
        """
        if not sent.reply.strip() and sent.status == 200 and not sent.failure:
            return ""
        values = posted(sent.reply) if sent.status == 200 and not sent.failure else None
        action = str((values or {}).get("response_action", ""))
        if values and action == "errors" and _are_errors(values.get("errors"), modal):
            self._views.show_errors(modal, values["errors"])
        elif values and action == "update":
            self._views.update(modal, stored_view(values.get("view"), "modal"))
        elif action != "clear" and values != {}:
            return "trouble"
        return action


def _problem(block: Mapping[str, Any], value: str) -> str:
    """Return what Slack's client says of a value for an input block, or "" if it takes it."""
    element = block["element"]
    if not value:
        return "" if block.get("optional") else _MISSING
    if len(value) < element.get("min_length", 0):
        return f"Must be at least {element['min_length']} characters"
    most = element.get("max_length", 3_000)
    return f"Must be less than {most + 1} characters" if len(value) > most else ""


def _state(block: Mapping[str, Any], value: str) -> Payload:
    element = block["element"]
    return {element["action_id"]: {"type": element["type"], "value": value or None}}


def _are_errors(errors: Any, modal: Modal) -> bool:
    """Return True if these are texts for input blocks of the modal, by their block_ids; others Slack does not show."""
    known = {block["block_id"] for block in inputs(modal.view)}
    return isinstance(errors, dict) and bool(errors) and errors.keys() <= known and all(map(_is_text, errors.values()))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
