"""Scopes: a method is refused if the app was installed without its scope."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import DOCUMENT_SCOPES, SCOPES

MANIFEST = Path(__file__).parents[3] / "etc" / "slack" / "manifest.json"


@pytest.mark.parametrize(
    ("method", "channel", "scope"),
    [
        ("chat.delete", "C0PRACTICE", "chat:write"),
        ("chat.postEphemeral", "C0PRACTICE", "chat:write"),
        ("chat.postMessage", "C0PRACTICE", "chat:write"),
        ("chat.update", "C0PRACTICE", "chat:write"),
        ("conversations.replies", "C0PRACTICE", "channels:history"),
        ("conversations.replies", "D0PRACTICE", "im:history"),
        ("conversations.replies", "G0PRIVATE", "groups:history"),
        ("conversations.replies", "C0NOWHERE", "channels:history"),
        ("files.completeUploadExternal", "C0PRACTICE", "files:write"),
        ("files.delete", "C0PRACTICE", "files:write"),
        ("files.getUploadURLExternal", "C0PRACTICE", "files:write"),
        ("files.info", "C0PRACTICE", "files:read"),
        ("reactions.add", "C0PRACTICE", "reactions:write"),
        ("users.info", "C0PRACTICE", "users:read"),
    ],
)
def test_a_missing_scope(slack: PracticeSlack, web: WebClient, method: str, channel: str, scope: str) -> None:
    """A call without its scope is refused with the needed and the provided scopes, before anything else is checked."""
    slack.switches.scopes = SCOPES - {scope}
    with pytest.raises(SlackApiError) as caught:
        web.api_call(method, data={"channel": channel})
    response = cast("Any", caught.value.response)

    assert (200, "missing_scope", scope) == (response.status_code, response["error"], response["needed"])
    assert SCOPES - {scope} == set(response["provided"].split(","))


def test_methods_with_other_scopes_still_work(slack: PracticeSlack, web: WebClient) -> None:
    """A missing scope affects only the methods that need it."""
    slack.switches.scopes = SCOPES - {"files:read"}

    assert web.chat_postMessage(channel="C0PRACTICE", text="hi")["ok"]
    assert web.users_info(user="U0ASKER01")["ok"]


def test_auth_test_lists_the_scopes(slack: PracticeSlack, web: WebClient) -> None:
    """The response to auth.test lists the scopes in a header; the method itself needs none."""
    slack.switches.scopes = frozenset({"users:read", "chat:write"})
    headers = cast("Any", web.auth_test()).headers

    assert "chat:write,users:read" == {name.lower(): value for name, value in headers.items()}["x-oauth-scopes"]


def test_manifest_asks_only_for_known_scopes() -> None:
    """By default the practice Slack grants every scope of CocoAI's manifest but those for documents."""
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))

    assert SCOPES | DOCUMENT_SCOPES == set(manifest["oauth_config"]["scopes"]["bot"])
