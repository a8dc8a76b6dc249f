"""What the person at the page does, as a browser asks for it: shares files and presses buttons."""

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


def tell(session: requests.Session, page: PracticePage, path: str, said: object) -> requests.Response:
    return session.post(page.url + path, json=said, headers={"Origin": page.url})


def test_sharing(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """Files go with the words, in the channel or a thread; a file of no type is a row of bytes."""
    first = tell(session, page, "/page/share", SHARED).json()["ts"]
    tell(session, page, "/page/share", SHARED | {"text": "", "thread_ts": first, "files": [{**FILE, "type": ""}]})

    parent, reply = slack.thread("C0PRACTICE", first)
    assert ("<@U0COCOAI> hello", "") == (parent.text, reply.text)
    assert [("a.png", "image/png", b"png")] == [(each.name, each.media_type, each.data) for each in parent.files]
    assert ["application/octet-stream"] == [each.media_type for each in reply.files]


@pytest.mark.parametrize(
    "said",
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
def test_unfit_files(session: requests.Session, page: PracticePage, slack: PracticeSlack, said: object) -> None:
    """What the page would never send is a 400, and nothing is stored."""
    assert tell(session, page, "/page/share", said).status_code == 400
    assert slack.messages() == ()
    assert {} == slack.workspace.files


def test_the_most_that_is_shared_fits_into_a_request() -> None:
    """With the longest text in the widest characters, as JSON may write them, and the longest names."""
    text = json.dumps(
        {**SHARED, "text": "🐱" * LONGEST_TEXT, "files": [{**FILE, "name": "x" * 255, "data": ""}] * MOST_FILES}
    )

    assert MAX_BODY >= len(text) - MOST_FILES * 2 + (MOST_BYTES + 2 * MOST_FILES) * 4 / 3


def test_pressing(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """The page is told what became of it; without an address for it, nobody hears."""
    posted = slack.workspace.post("C0PRACTICE", "U0COCOAI", "so", blocks=BLOCKS)
    pressed = {"channel": "C0PRACTICE", "ts": posted.ts, "action": "cocoai_up"}

    assert "interactivity_off" == tell(session, page, "/page/click", pressed).json()["failure"]
    assert [("U0ASKER01", "cocoai_up")] == [(each.user, each.action) for each in slack.clicks]


@pytest.mark.parametrize(
    "change",
    [{"channel": "C0SHARED"}, {"channel": []}, {"ts": "1.0"}, {"ts": 1}, {"action": "cocoai_down"}, {"action": 1}],
)
def test_unfit_presses(
    session: requests.Session, page: PracticePage, slack: PracticeSlack, change: dict[str, object]
) -> None:
    """A button that is not there cannot be pressed."""
    posted = slack.workspace.post("C0PRACTICE", "U0COCOAI", "so", blocks=BLOCKS)
    pressed = {"channel": "C0PRACTICE", "ts": posted.ts, "action": "cocoai_up"}

    assert tell(session, page, "/page/click", pressed | change).status_code == 400
    assert [] == slack.clicks


@pytest.mark.parametrize("path", ["/page/share", "/page/click"])
def test_other_sites_cannot_act_here(session: requests.Session, page: PracticePage, path: str) -> None:
    """Neither share nor press."""
    headers = {"Origin": "https://a.example"}

    assert session.post(page.url + path, json=SHARED, headers=headers).status_code == 403
