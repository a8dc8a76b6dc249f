"""SlackSwitches: the settings by which a test chooses how the practice Slack behaves.

The defaults are what Slack itself does, but for its rate limits and its latency, which are off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Twins = Literal["mention first", "message first", "mention only", "message only"]
"""Which of a mention's two events are delivered, app_mention and message, and in which order."""
SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "im:history",
        "mpim:history",
        "reactions:read",
        "reactions:write",
        "users:read",
    }
)
"""Every scope that CocoAI's manifest asks for by its own settings. Some methods need others, such as channels:read."""
EVENTS = frozenset({"app_home_opened", "reaction_added"})
"""The events to which CocoAI's manifest subscribes, beside messages and mentions."""
DOCUMENT_SCOPES = frozenset({"pins:read", "channels:read", "groups:read"})
DOCUMENT_EVENTS = frozenset({"pin_added", "pin_removed", "file_change", "file_deleted", "file_unshared"})
"""The further scopes and events of the manifest where the files of channels are documents."""


@dataclass
class SlackSwitches:
    """The behaviour of one practice Slack; every switch may be changed while it runs.

    rate_limits      apply Slack's rate tiers, with 429 and Retry-After
    limited          channels in which chat.postMessage is limited even if `rate_limits` is off
    latency          seconds that each call takes, half of them before its effect
    echoes           deliver the bot's own posts, edits and deletions to it as events
    twins            which copies of a mention are delivered, app_mention and message, and in which order
    twin_gap         seconds after which the second copy is sent even if the first was not answered yet
    bare_mentions    leave the files out of the app_mention copy of a message
    timeout          seconds that the bot has to answer a delivery or a click
    retry_waits      seconds before the first, second and third redelivery
    repeat           number of redeliveries even after an accepted event, as when the bot's 200 was lost on the way
    scopes           the scopes that the app was installed with
    events           the events that the app has subscribed to, beside messages and mentions
    interactivity    the app has a request URL for clicks, shortcuts and modals; if not, they are delivered nowhere
    home_tab         the app has a Home tab
    trigger_life     seconds for which a trigger_id can be exchanged for a modal
    markdown_blocks  accept markdown blocks; if not, refuse each
    charts           accept data_visualization blocks; if not, refuse each, as workspaces do that cannot show them
    data_tables      accept data_table blocks; if not, refuse each
    context_actions  accept context_actions blocks (feedback and icons); if not, refuse each
    login            the response to a download without permission: the login page, or a redirect to it
    share_delay      seconds after which Slack shows an uploaded file; None for never, but by show_uploads
    second_share     what a second files.completeUploadExternal for a file does: it is refused, or the file shown again
    share_echo       which of the bot's ids the message of a file that it uploaded names: its user, or only its bot_id
    shares_told      what files.info tells of a file's messages: all, all but their threads, or nothing
    page_limit       the most messages on a page of conversations.replies: Slack may give fewer than `limit`
    window_parent    put a thread's parent on a page although it lies outside of oldest and latest (not documented)
    dead_token       the code with which every method refuses the right token, such as token_revoked; "" for none
    token_kind       whose the token is: a person's own has no bot_id
    front            what answers every call in place of the Web API, as Slack's front does on a wrong path: a status
    clock_shift      seconds by which the header Date is ahead of the true time
    redirect         where downloads are redirected to: nowhere (empty), "here" (another path), or another address
    """

    rate_limits: bool = False
    limited: frozenset[str] = frozenset()
    latency: float = 0.0
    echoes: bool = True
    twins: Twins = "mention first"
    twin_gap: float = 0.25
    bare_mentions: bool = False
    timeout: float = 3.0
    retry_waits: tuple[float, ...] = (0.0, 60.0, 300.0)
    repeat: int = 0
    scopes: frozenset[str] = SCOPES
    events: frozenset[str] = EVENTS
    interactivity: bool = True
    home_tab: bool = True
    trigger_life: float = 3.0
    markdown_blocks: bool = True
    charts: bool = True
    data_tables: bool = True
    context_actions: bool = True
    login: Literal["page", "redirect"] = "page"
    share_delay: float | None = 1.0
    second_share: Literal["refused", "shown"] = "refused"
    share_echo: Literal["user", "bot_id"] = "user"
    shares_told: Literal["all", "no threads", "nothing"] = "all"
    page_limit: int = 1000
    window_parent: bool = True
    dead_token: str = ""
    token_kind: Literal["bot", "user"] = "bot"
    front: Literal[0, 200, 404, 405] = 0
    clock_shift: float = 0.0
    redirect: str = ""

    @property
    def unknown_blocks(self) -> frozenset[str]:
        """Return the types of the blocks that are refused in every message."""
        known = {
            "markdown": self.markdown_blocks,
            "data_visualization": self.charts,
            "data_table": self.data_tables,
            "context_actions": self.context_actions,
        }
        return frozenset(kind for kind, is_known in known.items() if not is_known)
