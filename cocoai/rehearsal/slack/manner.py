"""How this Slack behaves: the switches of the rehearsal, with Slack's own manner as the default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Twins = Literal["mention first", "message first", "mention only", "message only"]
SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "chat:write",
        "files:read",
        "groups:history",
        "im:history",
        "mpim:history",
        "reactions:write",
        "users:read",
    }
)
"""All that any rehearsed method asks for."""


@dataclass
class Manner:
    """Every switch may be turned while the server runs.

    rate_limits      Slack's tiers, with 429 and Retry-After
    latency          seconds that each call takes, half of them before its effect
    echoes           the bot's own posts, edits and deletions come back to it as events
    twins            which copies of a mention are delivered, app_mention and message, and in which order
    twin_gap         seconds after which the second copy leaves even if the first was not answered yet
    bare_mentions    the app_mention copy of a message leaves its files out
    timeout          seconds that the bot has to answer a delivery, and a click
    retry_waits      seconds before the first, second and third redelivery
    repeat           redeliveries that follow even an accepted event, as when the bot's 200 was lost on the way
    scopes           what the app may do since it was installed
    interactivity    the app is set up for clicks; if not, they go nowhere
    markdown_blocks  markdown blocks are known; if not, each is refused
    login            what they get who may not have a file: the login page, or a redirect to it
    redirect         where downloads are sent on to: nowhere (empty), "here" (another path), or an address elsewhere
    """

    rate_limits: bool = False
    latency: float = 0.0
    echoes: bool = True
    twins: Twins = "mention first"
    twin_gap: float = 0.25
    bare_mentions: bool = False
    timeout: float = 3.0
    retry_waits: tuple[float, ...] = (0.0, 60.0, 300.0)
    repeat: int = 0
    scopes: frozenset[str] = SCOPES
    interactivity: bool = True
    markdown_blocks: bool = True
    login: Literal["page", "redirect"] = "page"
    redirect: str = ""
