"""Submitting and closing a modal: what the bot receives, and what its response does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import Outgoing
from cocoai.rehearsal.slack.modals import TROUBLE
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from tests.rehearsal.slack.bot import Bot, Reply, status, vanish

BY = "U0ASKER01"
ELEMENT = {"type": "plain_text_input", "action_id": "text", "min_length": 2, "max_length": 5}
VIEW = {
    "type": "modal",
    "callback_id": "cocoai_ask",
    "private_metadata": "C-1-2",
    "title": {"type": "plain_text", "text": "Ask"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {"type": "input", "block_id": "words", "label": {"type": "plain_text", "text": "Words"}, "element": ELEMENT},
        {
            "type": "input",
            "block_id": "more",
            "optional": True,
            "label": {"type": "plain_text", "text": "More"},
            "element": {"type": "plain_text_input", "action_id": "text", "initial_value": "as ever"},
        },
    ],
}


@pytest.fixture
def slack(bot: Bot, certificates: Certificates) -> Iterator[PracticeSlack]:
    """Start a practice Slack that delivers what people do to the bot."""
    with PracticeSlack(certificates, switches=SlackSwitches(timeout=60, trigger_life=600)) as server:
        server.subscribe(f"{bot.url}/events", f"{bot.url}/interactions")
        server.switches.retry_waits = ()
        yield server


@pytest.fixture
def view_id(slack: PracticeSlack, bot: Bot, web: WebClient) -> str:
    """Open a modal with two inputs, clear the bot's record, and return the view's id."""
    return opened(slack, bot, web)


def opened(slack: PracticeSlack, bot: Bot, web: WebClient, **more: Any) -> str:
    """Open the modal with more fields, clear the bot's record, and return the view's id."""
    used = slack.shortcut(BY, slack.say(BY, "hi").ts, "cocoai_ask")
    view: Any = web.views_open(trigger_id=used.payload["trigger_id"], view=VIEW | more)["view"]
    slack.wait_for_deliveries()
    bot.received.clear()
    return str(view["id"])


def replying(body: object, number: int = 200) -> Reply:
    """Return a reply with a body of JSON."""

    def reply(*_: object) -> Outgoing:
        return Outgoing(number, json.dumps(body).encode())

    return reply


def shown(slack: PracticeSlack) -> tuple[dict[str, str], str]:
    """Return what the person is shown in the only modal: texts at its blocks, and a line at its top."""
    (modal,) = slack.views_of(BY)
    return dict(modal.errors), modal.trouble


def test_payload_of_a_submission(slack: PracticeSlack, bot: Bot, view_id: str) -> None:
    """It has the view with all that was typed, or left as it was; an empty response closes the modal."""
    sent = slack.submit_view(BY, view_id, {"words": "why?"})
    (incoming,) = bot.received
    payload = json.loads(parse_qs(incoming.body.decode(), strict_parsing=True)["payload"][0])

    assert "/interactions" == incoming.path
    assert SignatureVerifier("practice-signing-secret").is_valid_request(incoming.body, dict(incoming.headers))
    assert ("view_submission", "A0COCOAI", BY, "T0PRACTICE", []) == (
        payload["type"],
        payload["api_app_id"],
        payload["user"]["id"],
        payload["user"]["team_id"],
        payload["response_urls"],
    )
    assert (view_id, "cocoai_ask", "C-1-2") == tuple(
        payload["view"][name] for name in ("id", "callback_id", "private_metadata")
    )
    assert {
        "words": {"text": {"type": "plain_text_input", "value": "why?"}},
        "more": {"text": {"type": "plain_text_input", "value": "as ever"}},
    } == payload["view"]["state"]["values"]
    assert {"channel", "message", "response_url"}.isdisjoint(payload)
    assert (200, "") == (sent.status, sent.failure)
    assert slack.view(view_id) is None


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({}, "Please complete this required field."),
        ({"words": "a"}, "Must be at least 2 characters"),
        ({"words": "abcdef"}, "Must be less than 6 characters"),
    ],
)
def test_what_the_client_does_not_send(
    slack: PracticeSlack, bot: Bot, view_id: str, values: dict[str, str], error: str
) -> None:
    """A required input without text, or one of a wrong length, is shown and not sent."""
    sent = slack.submit_view(BY, view_id, values)

    assert "incomplete" == sent.failure
    assert ({"words": error}, "") == shown(slack)
    assert [] == bot.received


def test_an_optional_input_may_be_empty(slack: PracticeSlack, view_id: str) -> None:
    """Its value is null then."""
    sent = slack.submit_view(BY, view_id, {"words": "why?", "more": ""})

    assert sent.payload["view"]["state"]["values"]["more"]["text"]["value"] is None


def test_errors_are_shown(slack: PracticeSlack, bot: Bot, view_id: str) -> None:
    """The modal stays open with them, and goes with the next submission."""
    bot.replies = [replying({"response_action": "errors", "errors": {"words": "Too vague"}})]
    slack.submit_view(BY, view_id, {"words": "why?"})
    errors = shown(slack)
    slack.submit_view(BY, view_id, {"words": "why?"})

    assert ({"words": "Too vague"}, "") == errors
    assert () == slack.views_of(BY)


@pytest.mark.parametrize("body", [{}, {"response_action": "clear"}])
def test_responses_that_close(slack: PracticeSlack, bot: Bot, view_id: str, body: dict[str, str]) -> None:
    """An empty object closes a modal as an empty body does, and `clear` does."""
    bot.replies = [replying(body)]
    slack.submit_view(BY, view_id, {"words": "why?"})

    assert () == slack.views_of(BY)


def test_a_response_replaces_the_view(slack: PracticeSlack, bot: Bot, view_id: str) -> None:
    """With `update` the modal shows the view in the response."""
    done = {"type": "modal", "title": VIEW["title"], "blocks": [{"type": "divider"}]}
    bot.replies = [replying({"response_action": "update", "view": done})]
    slack.submit_view(BY, view_id, {"words": "why?"})

    view = slack.view(view_id) or {}
    assert (["divider"], None, "") == (
        [block["type"] for block in view["blocks"]],
        view["submit"],
        view["private_metadata"],
    )


@pytest.mark.parametrize(
    "answer",
    [
        status(500),
        status(204),
        vanish,
        replying({"response_action": "errors", "errors": {"nowhere": "x"}}),
        replying({"response_action": "errors", "errors": {}}),
        replying({"response_action": "update", "view": {"type": "modal"}}),
        replying({"response_action": "push", "view": VIEW}),
        replying("ok"),
        replying({"ok": True}),
    ],
)
def test_responses_that_help_nobody(slack: PracticeSlack, bot: Bot, view_id: str, answer: Reply) -> None:
    """What is no response leaves the modal open with Slack's own line, and is not sent again."""
    bot.replies = [answer]
    slack.submit_view(BY, view_id, {"words": "why?"})

    assert ({}, TROUBLE) == shown(slack)
    assert 1 == len(bot.received)


def test_closing_is_told_if_it_is_wanted(slack: PracticeSlack, bot: Bot, web: WebClient, view_id: str) -> None:
    """view_closed is sent for a view with notify_on_close only."""
    wanted = opened(slack, bot, web, notify_on_close=True)
    untold, told = slack.close_view(BY, view_id), slack.close_view(BY, wanted)

    assert untold is None
    assert told is not None
    assert ("view_closed", wanted, False) == (
        told.payload["type"],
        told.payload["view"]["id"],
        told.payload["is_cleared"],
    )
    assert 1 == len(bot.received)
    assert () == slack.views_of(BY)


def test_nobody_submits_what_is_not_there(slack: PracticeSlack, bot: Bot, web: WebClient, view_id: str) -> None:
    """Another person's modal, a closed one, an input that it does not have, a modal without a button to send it."""
    quiet = opened(slack, bot, web, blocks=[{"type": "divider"}])
    web.views_update(
        view_id=quiet, view={name: VIEW[name] for name in ("type", "title")} | {"blocks": [{"type": "divider"}]}
    )

    for user, each, values in (
        ("U0ASKER02", view_id, {"words": "why?"}),
        (BY, "V0", {"words": "why?"}),
        (BY, view_id, {"others": "why?"}),
        (BY, quiet, {}),
    ):
        with pytest.raises(ValueError, match=r"no modal|cannot be submitted"):
            slack.submit_view(user, each, values)
    assert [] == bot.received
