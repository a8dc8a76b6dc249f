"""Answers of servers with which all is right, though they look as if something were wrong."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from cocoai.check.openai import ModelAnswer, _trouble
from cocoai.check.slack_names import _membership
from cocoai.check.slack_server import Answer, SlackServer
from cocoai.check.target import Target
from cocoai.engine.client.client import FullResponse

if TYPE_CHECKING:
    from cocoai import config

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_may_not_read_models_is_only_told(status: int) -> None:
    """A restricted key that may answer questions lacks the right to read models; one without any right is wrong."""
    body = {"error": {"message": "Missing scopes: api.model.read.", "type": "invalid_request_error", "code": None}}
    settings = SimpleNamespace(
        openai=SimpleNamespace(base_url="https://api.openai.com/v1"), paths=SimpleNamespace(var="var")
    )
    target = Target(cast("config.Settings", settings), "cocoai.ini")

    told = [
        _trouble(ModelAnswer.of(FullResponse(status, {}, json.dumps(each).encode())), target)
        for each in (body, {"error": {"message": "No.", "code": None}})
    ]

    assert [("openai.model", "note"), ("openai.key", "wrong")] == [(each.part, each.level) for each in told if each]


def test_a_first_page_without_channels_says_nothing() -> None:
    """Slack leaves archived channels out after it has cut the list into pages: others may follow."""
    answers = [{"ok": True, "channels": [], "response_metadata": {"next_cursor": cursor}} for cursor in ("x", "")]
    servers = [SimpleNamespace(call=lambda *_, reply=reply, **__: Answer(200, reply, None)) for reply in answers]

    found = [_membership(cast(SlackServer, server), None) for server in servers]

    assert [("more", "note"), ("none", "warning")] == [(each.case, each.level) for each in found]
