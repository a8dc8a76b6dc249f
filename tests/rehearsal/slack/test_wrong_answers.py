"""The switches by which the practice Slack gives wrong answers, as Slack does where something is set up wrong."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Any, Literal, cast

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SCOPES


@pytest.mark.parametrize("method", ["auth.test", "chat.postMessage", "conversations.info", "users.conversations"])
def test_a_dead_token_opens_nothing(slack: PracticeSlack, web: WebClient, method: str) -> None:
    """Every method refuses it with the code."""
    slack.switches.dead_token = "account_inactive"

    with pytest.raises(SlackApiError) as caught:
        web.api_call(method, data={"channel": "C0PRACTICE"})

    assert "account_inactive" == cast("Any", caught.value.response)["error"]


def test_a_person_s_token_names_no_bot(slack: PracticeSlack, web: WebClient) -> None:
    """auth.test answers with the person, and without bot_id."""
    slack.switches.token_kind = "user"
    answer = cast("Any", web.auth_test()).data

    assert ("asker", "U0ASKER01") == (answer["user"], answer["user_id"])
    assert "bot_id" not in answer


@pytest.mark.parametrize("status", [200, 404, 405])
def test_the_front_answers_with_a_page(
    slack: PracticeSlack, session: requests.Session, status: Literal[200, 404, 405]
) -> None:
    """What stands at a wrong path is no Web API."""
    slack.switches.front = status
    answer = session.post(f"{slack.api_url}auth.test", headers={"Authorization": f"Bearer {TOKEN}"})

    assert (status, "text/html; charset=utf-8") == (answer.status_code, answer.headers["Content-Type"])


def test_the_clock_can_be_off(slack: PracticeSlack, session: requests.Session) -> None:
    """The header Date is ahead by so many seconds."""
    slack.switches.clock_shift = 600.0
    date = session.get(slack.url).headers["Date"]

    assert 590 < parsedate_to_datetime(date).timestamp() - time.time() < 610


def test_conversations_need_scopes_of_their_own(slack: PracticeSlack, web: WebClient) -> None:
    """They are not among those that CocoAI's manifest asks for; each kind of conversation has its own."""
    needed = []
    for method, arguments in (
        ("conversations.info", {"channel": "C0PRACTICE"}),
        ("conversations.info", {"channel": "G0PRIVATE"}),
        ("users.conversations", {}),
        ("users.conversations", {"types": "public_channel,private_channel"}),
    ):
        with pytest.raises(SlackApiError) as caught:
            web.api_call(method, data=arguments)
        needed.append(cast("Any", caught.value.response)["needed"])

    assert ["channels:read", "groups:read", "channels:read", "channels:read,groups:read"] == needed


def test_conversations_are_named(slack: PracticeSlack, web: WebClient) -> None:
    """The bot sees its own, and public ones; what it cannot see does not exist."""
    slack.switches.scopes = SCOPES | {"channels:read", "groups:read"}
    mine = cast("Any", web.users_conversations(types="public_channel,private_channel", exclude_archived=True)).data
    outside = cast("Any", web.conversations_info(channel="C0OUTSIDE")).data["channel"]

    assert {"C0PRACTICE", "G0PRIVATE", "C0SHARED"} == {each["id"] for each in mine["channels"]}
    assert (False, "outside") == (outside["is_member"], outside["name"])
    with pytest.raises(SlackApiError, match="channel_not_found"):
        web.conversations_info(channel="C0NOWHERE")
    with pytest.raises(SlackApiError, match="invalid_types"):
        web.users_conversations(types="rooms")
