"""The page's requests about the app, as a browser sends them: reactions, shortcuts, commands, modals, typing."""

from __future__ import annotations

import json

import pytest
import requests

from cocoai.rehearsal.page.practice_page import PracticePage
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.conftest import Bot
from tests.rehearsal.page.test_page_actions import post

PLACE = {"channel": "C0PRACTICE"}


def news(session: requests.Session, page: PracticePage, **known: str) -> dict[str, object]:
    """Return the news for a page that knows nothing, or what the query says."""
    answer: dict[str, object] = session.get(f"{page.url}/page/news", params={"run": "new", **known}).json()
    return answer


def test_outcomes(session: requests.Session, page: PracticePage, slack: PracticeSlack, bot: Bot) -> None:
    """Without URLs nothing is sent, which is told; a bot's answer that is no JSON is no error."""
    posted = slack.say("U0ASKER01", "hi")
    used = PLACE | {"ts": posted.ts, "callback_id": "cocoai_summarize"}
    asked = PLACE | {"text": "help"}
    before = [
        post(session, page, path, fields).json()
        for path, fields in (("/page/shortcut", used), ("/page/command", asked))
    ]
    bot.listens(slack)
    bot.reply = b"<html>"
    after = post(session, page, "/page/shortcut", used).json()

    assert ["interactivity_off", "interactivity_off"] == [each["failure"] for each in before]
    assert {"failure": ""} == after


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/page/react", {"ts": "1.0", "name": "memo", "on": True}),
        ("/page/react", {"name": 1, "on": True}),
        ("/page/react", {"name": "no emoji", "on": True}),
        ("/page/react", {"name": "memo", "on": True, "channel": "D0SECOND"}),
        ("/page/shortcut", {"callback_id": None}),
        ("/page/shortcut", {"callback_id": "cocoai_ask", "ts": "1.0"}),
        ("/page/command", {"text": None}),
        ("/page/command", {"text": "x" * 12_001}),
        ("/page/command", {"text": "help", "channel": "C0SHARED"}),
        ("/page/command", {"text": "help", "thread_ts": "the message"}),
        ("/page/home", {"user": "U0COCOAI"}),
        ("/page/submit", {"view_id": "V0NONE", "values": {}}),
        ("/page/submit", {"view_id": "V0NONE", "values": []}),
        ("/page/close", {"view_id": "V0NONE"}),
        ("/page/close", {}),
        ("/page/typing", {"channel": "C0SHARED"}),
        ("/page/typing", {"thread_ts": "1.0"}),
    ],
)
def test_invalid_requests(
    session: requests.Session, page: PracticePage, slack: PracticeSlack, bot: Bot, path: str, fields: dict[str, object]
) -> None:
    """A request that the page never sends is answered with 400, and nothing is done."""
    bot.listens(slack)
    posted = slack.say("U0ASKER01", "hi")
    filled = {key: posted.ts if value == "the message" else value for key, value in fields.items()}

    assert 400 == post(session, page, path, {**PLACE, "ts": posted.ts, **filled}).status_code
    assert {} == slack.messages()[0].reactions
    assert [] == bot.payloads + bot.forms


def test_a_deleted_message(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """What is left of a deleted message takes no reaction and no shortcut."""
    posted = slack.say("U0ASKER01", "hi")
    slack.say("U0ASKER02", "reply", thread_ts=posted.ts)
    slack.delete("C0PRACTICE", posted.ts)
    fields = {**PLACE, "ts": posted.ts, "name": "memo", "on": True, "callback_id": "cocoai_ask"}

    assert [400, 400] == [post(session, page, path, fields).status_code for path in ("/page/react", "/page/shortcut")]


def test_surfaces_are_sent_once(session: requests.Session, page: PracticePage, slack: PracticeSlack, bot: Bot) -> None:
    """A page that knows what the app shows a person is not sent it again; another one is."""
    headers = {"Authorization": f"Bearer {slack.token}"}
    view = json.dumps({"type": "home", "blocks": [{"type": "divider"}]})
    session.post(f"{slack.api_url}views.publish", {"user_id": "U0ASKER01", "view": view}, headers=headers)
    first = news(session, page)
    surfaces = first["surfaces"]
    assert isinstance(surfaces, dict)

    assert ["divider"] == [each["type"] for each in surfaces["homes"]["U0ASKER01"]["blocks"]]
    assert None is surfaces["homes"]["U0ASKER02"]
    assert None is news(session, page, surfaces=str(surfaces["key"]))["surfaces"]


@pytest.mark.parametrize(
    "path", [f"/page/{each}" for each in ("react", "shortcut", "command", "home", "submit", "close", "typing")]
)
def test_other_sites_cannot_act_here(session: requests.Session, page: PracticePage, path: str) -> None:
    """Another site can do nothing of this."""
    headers = {"Origin": "https://a.example"}

    assert session.post(page.url + path, json=PLACE, headers=headers).status_code == 403
