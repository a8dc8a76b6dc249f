"""Compare the scopes that the app was given with what the manifest asks for, and with what is switched on."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cocoai import config
from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.target import Target
from cocoai.errors import CocoAIError
from cocoai.up import etc

VITAL = frozenset({"app_mentions:read", "chat:write", "channels:history"})
"""Without these CocoAI answers nobody, or nobody in a channel."""

FILES = "files:write"
"""The scope without which no picture is drawn, and the words of a long sound come as messages."""

SWITCHED_ON = frozenset({"files_write", "pins_read", "files_read_documents"})
"""The cases in which something does not work at all that the settings have switched on."""

KNOWN = VITAL | {
    FILES,
    "groups:history",
    "im:history",
    "mpim:history",
    "commands",
    "files:read",
    "reactions:read",
    "reactions:write",
    "users:read",
    *etc.DOCUMENTS,
}
"""Scopes of which we can say what is lost without them."""


def wanted_scopes(settings: config.Settings) -> list[str]:
    """Return the scopes that the manifest asks for, by what is switched on."""
    try:
        manifest = json.loads(etc.read("etc/slack/manifest.json"))
        asked = [str(scope) for scope in manifest["oauth_config"]["scopes"]["bot"]]
    except (CocoAIError, ValueError, KeyError, TypeError):  # an installation without its etc/ is told elsewhere
        asked = sorted(KNOWN)
    unused = set()
    if not (settings.images.use or _hears(settings)):
        unused.add(FILES)
    if not (settings.answer.attachments_mib or settings.documents.channels):
        unused.add("files:read")
    if not settings.documents.channels:
        unused.update(etc.DOCUMENTS)
    if not settings.reactions:
        unused.add("reactions:read")
    if not settings.slack.direct_messages:
        unused.add("im:history")
    return [scope for scope in asked if scope not in unused]


def _hears(settings: config.Settings) -> bool:
    """Check whether the words of sounds can be had."""
    return settings.speech.use != "off" and settings.answer.attachments_mib > 0


def scopes(given: frozenset[str] | None, settings: config.Settings, target: Target) -> Iterator[Result]:
    """Yield a result for each scope that is missing; `given` None: Slack has not said which the app has."""
    if given is None:
        yield note("slack.scopes", "unknown")
        return
    missing = [scope for scope in wanted_scopes(settings) if scope not in given]
    for scope in missing:
        case = scope.replace(":", "_") if scope in KNOWN else "other"
        case = "files_write_words" if scope == FILES and not settings.images.use else case
        case = "files_read_documents" if scope == "files:read" and settings.documents.channels else case
        level = wrong if scope in VITAL or case in SWITCHED_ON else warning
        yield level("slack.scopes", case, scope=scope, reload=target.reload)
    if not missing:
        yield ok("slack.scopes", number=len(given))
