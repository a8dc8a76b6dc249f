"""Tell the page what the app shows each person outside of messages: open modals, and the Home tab."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Protocol

from cocoai.rehearsal.page.page_places import PEOPLE
from cocoai.rehearsal.slack.json_shapes import Payload
from cocoai.rehearsal.slack.views import Modal


class AppSurfaces(Protocol):
    """What the app shows a person, as `PracticeSlack` has it."""

    def views_of(self, user: str) -> Sequence[Modal]:
        """Return the person's open modals, the oldest first."""
        ...

    def home(self, user: str) -> Payload | None:
        """Return the view that was published for the person, None if there is none."""
        ...


def surfaces_json(app: AppSurfaces) -> dict[str, Any]:
    """Return the modals (`views`) and the Home tab (`homes`, null if none) of each person of the page.

    `key` tells them from any others: a page that names it knows them.
    """
    views = {user: [_modal(each) for each in app.views_of(user)] for user in PEOPLE}
    shown: dict[str, Any] = {"views": views, "homes": {user: app.home(user) for user in PEOPLE}}
    return shown | {"key": hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]}


def _modal(modal: Modal) -> dict[str, Any]:
    """Return a modal's JSON: its view, the errors at its inputs, if there was trouble, and its last change."""
    shown = {"view": modal.view, "errors": dict(modal.errors), "trouble": bool(modal.trouble)}
    return shown | {"change": modal.change}
