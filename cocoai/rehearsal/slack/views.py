"""Keep the modals that are open and the Home tabs that are published, and run views.open, .update and .publish.

Sources: https://docs.slack.dev/reference/methods/ views.open, views.publish, views.update; none of them needs a scope.
A modal holds one view here: views.push is not played.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cocoai.rehearsal.slack.api_call import Arguments, SlackApiError
from cocoai.rehearsal.slack.json_shapes import Payload
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.triggers import Triggers
from cocoai.rehearsal.slack.view_rules import stored_view
from cocoai.rehearsal.slack.workspace import Workspace


@dataclass(frozen=True)
class Modal:
    """An open modal of `user`: its `view` as Slack sends it, and what the person is shown beside that.

    `errors` are texts by block_id, `trouble` a line at the top; both go with the next submission or update. `change` is
    the number of its last change, as those of messages.
    """

    user: str
    view: Payload
    errors: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""
    change: int = 0

    @property
    def id(self) -> str:
        """Return the view's id."""
        return str(self.view["id"])


class Views:
    """The views of one workspace, read and written under its lock; each change is announced to who waits."""

    def __init__(self, workspace: Workspace, clock: Callable[[], float]) -> None:
        self._workspace = workspace
        self._clock = clock
        self._modals: dict[str, Modal] = {}
        self._homes: dict[str, tuple[Payload, int]] = {}

    def open(self, user: str, view: Payload) -> Payload:
        """Show a valid view to a user as a modal, and return it as Slack sends it.

        Raise `SlackApiError` (duplicate_external_id) if another open view has its external_id.
        """
        with self._workspace.changed:
            self._check_external(view, "")
            return self._store(Modal(user, self._sent(view, _new_id()))).view

    def update(self, modal: Modal, view: Payload) -> Payload:
        """Put a valid view into the place of a modal's; return it as Slack sends it. Errors are those of `open`."""
        with self._workspace.changed:
            self._check_external(view, modal.id)
            return self._store(Modal(modal.user, self._sent(view, modal.id))).view

    def show_errors(self, modal: Modal, errors: Mapping[str, str], trouble: str = "") -> None:
        """Leave a modal open with texts at its blocks, or a line at its top; the next call removes them."""
        with self._workspace.changed:
            if modal.id in self._modals:
                self._store(replace(modal, errors=MappingProxyType(dict(errors)), trouble=trouble))

    def close(self, view_id: str) -> None:
        """Close a modal; do nothing if it is closed already."""
        with self._workspace.changed:
            self._modals.pop(view_id, None)
            self._workspace.notify()

    def modal(self, view_id: str) -> Modal | None:
        """Return an open modal by its view's id, or None."""
        with self._workspace.changed:
            return self._modals.get(view_id)

    def modals(self, user: str) -> tuple[Modal, ...]:
        """Return a user's open modals, the oldest first."""
        with self._workspace.changed:
            return tuple(modal for modal in self._modals.values() if modal.user == user)

    def find(self, view_id: str, external_id: str) -> Modal:
        """Return the open modal with this view_id or, without one, external_id; raise `SlackApiError` (not_found)."""
        with self._workspace.changed:
            for modal in self._modals.values():
                if modal.id == view_id or (external_id and modal.view["external_id"] == external_id):
                    return modal
        raise SlackApiError("not_found")

    def publish(self, user: str, view: Payload, known: str) -> Payload:
        """Publish a valid view as a user's Home tab, and return it as Slack sends it; its id stays the same.

        `known` is the hash of the view that it follows, "" for any. Raise `SlackApiError` (hash_conflict) if another
        was published since.
        """
        with self._workspace.changed:
            current = self.home(user)
            if known and known != (current or {}).get("hash"):
                raise SlackApiError("hash_conflict")
            sent = self._sent(view, str(current["id"]) if current else _new_id())
            self._workspace.notify()
            self._homes[user] = sent, self._workspace.changes
            return sent

    def home(self, user: str) -> Payload | None:
        """Return the view that is published for a user, or None if none ever was."""
        with self._workspace.changed:
            return self._homes[user][0] if user in self._homes else None

    def home_change(self, user: str) -> int:
        """Return the number of the change by which a user's Home tab was published last; 0 if it never was."""
        with self._workspace.changed:
            return self._homes[user][1] if user in self._homes else 0

    def _store(self, modal: Modal) -> Modal:
        self._workspace.notify()
        stored = self._modals[modal.id] = replace(modal, change=self._workspace.changes)
        return stored

    def _check_external(self, view: Payload, own_id: str) -> None:
        """Raise `SlackApiError` if an open modal other than `own_id` has the view's external_id."""
        wanted = view.get("external_id")
        if wanted and any(each.view["external_id"] == wanted for each in self._modals.values() if each.id != own_id):
            raise SlackApiError("duplicate_external_id")

    def _sent(self, view: Payload, view_id: str) -> Payload:
        """Return a view with all fields with which Slack sends it."""
        us = self._workspace.installation
        sent: Payload = {"id": view_id, "team_id": us.team_id, "private_metadata": "", "callback_id": ""}
        sent |= {"external_id": "", "state": {"values": {}}, "hash": f"{int(self._clock())}.{secrets.token_hex(4)}"}
        sent |= {"clear_on_close": False, "notify_on_close": False, "close": None, "submit": None}
        sent |= {"previous_view_id": None, "root_view_id": view_id, "app_id": us.app_id, "bot_id": us.bot_id}
        return sent | {"app_installed_team_id": us.team_id} | view


class ViewMethods:
    """The methods of the Web API about views; `methods` maps the name of each to its function."""

    def __init__(self, workspace: Workspace, switches: SlackSwitches, views: Views, triggers: Triggers) -> None:
        self._workspace = workspace
        self._switches = switches
        self._views = views
        self._triggers = triggers
        self.methods: dict[str, Callable[[Arguments], Payload]] = {
            "views.open": self._open,
            "views.publish": self._publish,
            "views.update": self._update,
        }

    def _open(self, arguments: Arguments) -> Payload:
        """Open a modal for the person who caused the `trigger_id`. A refused view does not use it up."""
        trigger = arguments.required("trigger_id")
        view = _view(arguments, "modal")
        return {"view": self._views.open(self._triggers.exchange(trigger), view)}

    def _update(self, arguments: Arguments) -> Payload:
        """Replace the view of the open modal `view_id` (or `external_id`), if its `hash` is still the one given."""
        view_id, external_id = arguments.text("view_id"), arguments.text("external_id")
        if bool(view_id) == bool(external_id):
            problem = "Cannot provide both" if view_id else "Must provide either"
            message = f"[ERROR] {problem} `view_id` {'and' if view_id else 'or'} `external_id`"
            raise SlackApiError("invalid_arguments", response_metadata={"messages": [message]})
        view = _view(arguments, "modal")
        with self._workspace.changed:
            modal = self._views.find(view_id, external_id)
            if arguments.text("hash") not in ("", modal.view["hash"]):
                raise SlackApiError("hash_conflict")
            return {"view": self._views.update(modal, view)}

    def _publish(self, arguments: Arguments) -> Payload:
        """Publish the Home tab of the person `user_id`.

        What Slack says of an unknown person is not documented: here it is user_not_found.
        """
        person = self._workspace.people.get(arguments.required("user_id"))
        view = _view(arguments, "home")
        if not self._switches.home_tab:
            raise SlackApiError("not_enabled")
        if person is None or person.is_bot:
            raise SlackApiError("user_not_found")
        return {"view": self._views.publish(person.id, view, arguments.text("hash"))}


def _view(arguments: Arguments, kind: str) -> Payload:
    """Return the argument `view`, checked; raise `SlackApiError` if it is missing or Slack would refuse it."""
    arguments.required("view")
    return stored_view(arguments.structure("view", "invalid_arguments"), kind)


def home_opened_event(user: str, channel: str, tab: str, view: Payload | None, event_ts: str) -> Payload:
    """Return the event app_home_opened; of a Home tab that was published it has the `view`."""
    event: Payload = {"type": "app_home_opened", "user": user, "channel": channel, "tab": tab, "event_ts": event_ts}
    return event | ({"view": view} if view and tab == "home" else {})


def _new_id() -> str:
    return f"V{secrets.token_hex(5).upper()}"
