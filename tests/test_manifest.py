"""The Slack app manifest keeps the limits of Slack's own schema, whatever is left out of it.

Nothing at hand checks a manifest without asking Slack: slack_sdk 3.48.0 only calls apps.manifest.validate. The limits
are those of slackapi/manifest-schema (schemas/manifest.schema.1.0.0.json, 2026-07), which refuses unknown names; the
events and scopes those of docs.slack.dev/reference/events and /reference/scopes.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest

from cocoai.check.slack_scopes import FILES
from cocoai.up import etc

TEXTS = {
    "display_information.name": (1, 35, ""),
    "display_information.description": (1, 140, ""),
    "display_information.background_color": (4, 7, r"#([0-9a-fA-F]{3}){1,2}"),
    "features.bot_user.display_name": (1, 80, ""),
    "features.shortcuts[].name": (1, 24, ""),
    "features.shortcuts[].type": (1, 7, "message|global"),
    "features.shortcuts[].callback_id": (1, 255, ""),
    "features.shortcuts[].description": (1, 150, ""),
    "features.slash_commands[].command": (2, 32, r"/\S+"),
    "features.slash_commands[].url": (1, 3000, r"https?://\S+"),
    "features.slash_commands[].description": (1, 2000, ""),
    "features.slash_commands[].usage_hint": (1, 1000, ""),
    "oauth_config.scopes.bot[]": (1, 50, ""),
    "settings.event_subscriptions.request_url": (1, 3500, r"https?://\S+"),
    "settings.event_subscriptions.bot_events[]": (1, 50, ""),
    "settings.interactivity.request_url": (1, 3500, r"https?://\S+"),
}
"""The texts that Slack takes, of those that we send: the fewest and the most characters, and a pattern, "" for none."""

LISTS = {
    "features.shortcuts": (1, 10),
    "features.slash_commands": (1, 50),
    "oauth_config.scopes.bot": (0, 255),
    "settings.event_subscriptions.bot_events": (0, 100),
}
"""The lists: the fewest and the most entries. No entry stands in one twice."""

OTHERS = {
    "_metadata.major_version": int,
    "_metadata.minor_version": int,
    "features.app_home.home_tab_enabled": bool,
    "features.app_home.messages_tab_enabled": bool,
    "features.app_home.messages_tab_read_only_enabled": bool,
    "features.bot_user.always_online": bool,
    "features.slash_commands[].should_escape": bool,
    "settings.interactivity.is_enabled": bool,
    "settings.org_deploy_enabled": bool,
    "settings.socket_mode_enabled": bool,
    "settings.token_rotation_enabled": bool,
}
"""The switches and numbers."""

REQUIRED = {
    "": {"display_information"},
    "display_information": {"name"},
    "features.bot_user": {"display_name"},
    "features.shortcuts[]": {"name", "type", "callback_id", "description"},
    "features.slash_commands[]": {"command", "description"},
    "settings.interactivity": {"is_enabled"},
}
"""The names without which Slack refuses an object."""

PARTS = [FILES, etc.REACTIONS, etc.COMMANDS]
"""The scopes that a manifest may do without."""

Leaf = tuple[str, Any]


def manifest(unused: Collection[str] = ()) -> dict[str, Any]:
    """Return the manifest that the command prints."""
    made: dict[str, Any] = json.loads(etc.manifest(f"https://{'bot.' * 50}example.com:8443", unused=unused))
    return made


def nodes(value: Any, path: str = "") -> Iterator[Leaf]:
    """Yield each value of a manifest with its path, objects and lists included; `[]` stands for an entry of a list."""
    yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from nodes(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner, f"{path}[]")


def problems(made: Mapping[str, Any]) -> list[str]:
    """Return the paths of all that Slack's schema refuses in a manifest; [] if it takes it."""
    return [path for path, value in nodes(made) if not _is_taken(path, value)]


def _is_taken(path: str, value: Any) -> bool:
    if isinstance(value, dict):
        rules = (*TEXTS, *LISTS, *OTHERS)
        return value.keys() >= REQUIRED.get(path, set()) and any(rule.startswith(path) for rule in rules)
    if isinstance(value, list):
        fewest, most = LISTS.get(path, (1, 0))
        entries = [json.dumps(entry) for entry in value]
        return fewest <= len(value) <= most and len(set(entries)) == len(entries)
    if isinstance(value, str):
        least, longest, pattern = TEXTS.get(path, (1, 0, ""))
        return least <= len(value) <= longest and (not pattern or bool(re.fullmatch(pattern, value)))
    return path in OTHERS and type(value) is OTHERS[path]


@pytest.mark.parametrize("unused", [each for n in range(4) for each in itertools.combinations(PARTS, n)])
def test_slack_takes_the_manifest(unused: tuple[str, ...]) -> None:
    """Whatever is left out, and however long the name of the machine is."""
    made = manifest(unused)

    assert [] == problems(made)
    assert set() == set(unused) & set(made["oauth_config"]["scopes"]["bot"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["display_information", "name"], "C" * 36),
        (["display_information", "background_color"], "#4a372"),
        (["display_information", "colour"], "#4a3728"),
        (["features", "shortcuts"], []),
        (["features", "shortcuts", 0, "name"], "要約する" * 7),
        (["features", "shortcuts", 0, "type"], "reply"),
        (["features", "shortcuts", 3], {"name": "Ask", "type": "message", "callback_id": "cocoai_ask"}),
        (["features", "slash_commands", 0, "command"], "cocoai"),
        (["features", "slash_commands", 0, "usage_hint"], ""),
        (["features", "slash_commands", 0, "should_escape"], "false"),
        (["features", "agent"], {"is_enabled": True}),
        (["settings", "interactivity"], {"request_url": "https://bot.example.com"}),
        (["settings", "event_subscriptions", "bot_events"], ["app_mention", "app_mention"]),
        (["settings", "event_subscriptions", "request_url"], "bot.example.com"),
        (["settings", "socket_mode_enabled"], None),
    ],
)
def test_what_slack_would_refuse_is_noticed(path: list[Any], value: Any) -> None:
    """A limit that nothing could exceed would be no test."""
    made = manifest()
    inner: Any = made
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value

    assert problems(made)


def test_what_people_see_is_in_both_languages() -> None:
    """A manifest has one text for all."""
    features = manifest()["features"]

    for text in (features["slash_commands"][0]["description"], *(each["name"] for each in features["shortcuts"])):
        assert re.search("[ぁ-んァ-ヶ一-龠]", text)
        assert re.search("[A-Z][a-z]+", text)
