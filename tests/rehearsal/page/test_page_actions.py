"""The page's requests to share files and to press buttons, as a browser sends them."""

from __future__ import annotations

import base64
import json

import pytest
import requests

from cocoai.rehearsal.page.page_actions import LONGEST_TEXT, MOST_BYTES, MOST_FILES
from cocoai.rehearsal.page.practice_page import PracticePage
from cocoai.rehearsal.practice_server import MAX_BODY
from cocoai.rehearsal.slack.practice_slack import PracticeSlack

HELLO = {"channel": "C0PRACTICE", "text": "@CocoAI hello"}
FILE = {"name": "a.png", "type": "image/png", "data": base64.b64encode(b"png").decode()}
SHARED = HELLO | {"files": [FILE]}
BUTTON = {"type": "button", "action_id": "cocoai_up", "text": {"type": "plain_text", "text": "up"}, "value": "key user"}

BLOCKS = ({"type": "actions", "block_id": "b", "elements": [BUTTON]},)


def post(session: requests.Session, page: PracticePage, path: str, fields: object) -> requests.Response:
    """Post JSON as a page of our own origin does."""
    return session.post(page.url + path, json=fields, headers={"Origin": page.url})


def test_share(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """Files are shared with a text or without one, in the channel or in a thread; a file without a type is binary."""
    first = post(session, page, "/page/share", SHARED).json()["ts"]
    post(session, page, "/page/share", SHARED | {"text": "", "thread_ts": first, "files": [{**FILE, "type": ""}]})

    parent, reply = slack.thread("C0PRACTICE", first)
    assert ("<@U0COCOAI> hello", "") == (parent.text, reply.text)
    assert [("a.png", "image/png", b"png")] == [(each.name, each.media_type, each.data) for each in parent.files]
    assert ["application/octet-stream"] == [each.media_type for each in reply.files]


@pytest.mark.parametrize(
    "fields",
    [
        HELLO,
        SHARED | {"files": []},
        SHARED | {"files": {}},
        SHARED | {"files": ["a.png"]},
        SHARED | {"files": [FILE] * 11},
        SHARED | {"files": [{**FILE, "name": ""}]},
        SHARED | {"files": [{**FILE, "name": "x" * 256}]},
        SHARED | {"files": [{**FILE, "type": None}]},
        SHARED | {"files": [{**FILE, "data": "no base64"}]},
        SHARED | {"files": [{**FILE, "data": None}]},
        SHARED | {"text": None},
        SHARED | {"channel": "C0SHARED"},
        SHARED | {"thread_ts": "1.0"},
    ],
)
def test_invalid_files(session: requests.Session, page: PracticePage, slack: PracticeSlack, fields: object) -> None:
    """A request that the page never sends is answered with 400, and nothing is stored."""
    assert post(session, page, "/page/share", fields).status_code == 400
    assert slack.messages() == ()
    assert {} == slack.workspace.files


def test_largest_share_fits_into_a_request() -> None:
    """The most files and bytes, with the longest text and names, fit into one request."""
    text = json.dumps(
        {**SHARED, "text": "🐱" * LONGEST_TEXT, "files": [{**FILE, "name": "x" * 255, "data": ""}] * MOST_FILES}
    )

    assert MAX_BODY >= len(text) - MOST_FILES * 2 + (MOST_BYTES + 2 * MOST_FILES) * 4 / 3


def test_click(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """The page gets the outcome of a click; without a request URL that is interactivity_off."""
    posted = slack.workspace.post("C0PRACTICE", "U0COCOAI", "so", blocks=BLOCKS)
    click = {"channel": "C0PRACTICE", "ts": posted.ts, "action": "cocoai_up"}

    assert "interactivity_off" == post(session, page, "/page/click", click).json()["failure"]
    assert [("U0ASKER01", "cocoai_up")] == [(each.user, each.action) for each in slack.clicks]


@pytest.mark.parametrize(
    "change",
    [{"channel": "C0SHARED"}, {"channel": []}, {"ts": "1.0"}, {"ts": 1}, {"action": "cocoai_down"}, {"action": 1}],
)
def test_invalid_clicks(
    session: requests.Session, page: PracticePage, slack: PracticeSlack, change: dict[str, object]
) -> None:
    """A click on a button that does not exist is answered with 400."""
    posted = slack.workspace.post("C0PRACTICE", "U0COCOAI", "so", blocks=BLOCKS)
    click = {"channel": "C0PRACTICE", "ts": posted.ts, "action": "cocoai_up"}

    assert post(session, page, "/page/click", click | change).status_code == 400
    assert [] == slack.clicks


@pytest.mark.parametrize("path", ["/page/share", "/page/click"])
def test_other_sites_cannot_act_here(session: requests.Session, page: PracticePage, path: str) -> None:
    """Another site can neither share files nor press buttons."""
    headers = {"Origin": "https://a.example"}

    assert session.post(page.url + path, json=SHARED, headers=headers).status_code == 403
