"""Write a text as Slack stores it: &, < and > escaped, bare URLs as links, and the bot's name as a mention."""

from __future__ import annotations

import re

from cocoai.rehearsal.slack.workspace import Installation

_CONTROL = re.compile(r"(<(?:[@#!][^<>\n]+|(?:https?://|mailto:|tel:)[^<>\s|]+(?:\|[^<>\n]*)?)>)")
"""Slack's control sequences: mentions, channels, commands and links."""
_URL = re.compile(r"https?://(?:[^\s<>&|、。）」』]|&amp;)*[^\s<>&|、。）」』.,;:!?'\")\]}]")


def stored(text: str) -> str:
    """Return an app's text as Slack stores it: &, < and > escaped, bare URLs as links; `&amp;`, `<@U0ASKER01>` stay."""
    # A split with a group returns text and control sequences in turn: those at odd places are left as they are.
    parts = _CONTROL.split(re.sub(r"&(?!(?:amp|lt|gt);)", "&amp;", text))
    return "".join(part if index % 2 else _linked(part) for index, part in enumerate(parts))


def typed(text: str, installation: Installation) -> str:
    """Return a person's text as Slack stores it: &, < and > escaped, bare URLs as links, `@CocoAI` as a mention."""
    escaped = text.replace("&", "&amp;")
    name = re.escape(installation.user)
    return re.sub(rf"(?i)@{name}(?![A-Za-z0-9_])", f"<@{installation.user_id}>", _linked(escaped))


def _linked(text: str) -> str:
    """Return a text with < and > escaped, and bare URLs as `<https://...>`."""
    escaped = text.replace("<", "&lt;").replace(">", "&gt;")
    return _URL.sub(r"<\g<0>>", escaped)
