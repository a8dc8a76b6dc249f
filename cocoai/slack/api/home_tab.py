"""HomeTab: fill a person's Home tab of our app.

It is that person's alone. A tab takes fewer kinds of block than a message: no Markdown and no chart.
Sources: docs.slack.dev/reference/methods/views.publish, docs.slack.dev/surfaces/app-home.
"""

from __future__ import annotations

from collections.abc import Sequence

from cocoai.slack.api.calls import SlackCalls
from cocoai.slack.markdown.message_layout import Block

NO_HOME_TAB = "not_enabled"
"""Slack's code if the app's Home tab is switched off."""


class HomeTab:
    """One process's access to Home tabs. It raises `Temporary` or `Permanent` with Slack's own code."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls

    def publish(self, user: str, blocks: Sequence[Block]) -> None:
        """Show these blocks, at most 100, in the user's tab in place of all that is there.

        Raise `Temporary` at once while a 429 holds, `Permanent` NO_HOME_TAB if the app has no such tab.
        """
        view = {"type": "home", "blocks": list(blocks)}
        self._calls.call("views.publish", {"user_id": user, "view": view}, wait=False)
