"""Show a form (a modal of Slack's) to somebody who has just used a shortcut.

Source: docs.slack.dev/reference/methods/views.open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cocoai.slack.api.calls import SlackCalls

FORM_TIMEOUTS = (0.75, 1.25)
"""Seconds to wait for a connection, and again for TLS, and for Slack's answer: after 3 the trigger_id is dead."""


def open_form(calls: SlackCalls, trigger_id: str, view: Mapping[str, Any]) -> None:
    """Show the view to the person of this trigger_id, by one call that waits out no limit.

    Raise `Temporary` or `Permanent` with Slack's own code, such as `expired_trigger_id`.
    """
    calls.call("views.open", {"trigger_id": trigger_id, "view": json.dumps(view)}, wait=False)
