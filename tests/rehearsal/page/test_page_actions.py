"""The page's requests to write, edit, delete and forward, and to press buttons, as a browser sends them."""

from __future__ import annotations

import base64
import json

import pytest
import requests

from cocoai.rehearsal.page.action_fields import LONGEST_TEXT, MOST_BYTES, MOST_FILES
from cocoai.rehearsal.page.page_places import PEOPLE
from cocoai.rehearsal.page.practice_page import PracticePage
from cocoai.rehearsal.practice_server import MAX_BODY
from cocoai.rehearsal.slack.json_shapes import table_json
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


def test_acting_people(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """One can write as each of the page's people, each in a direct conversation of one's own."""
    places = {"U0ASKER01": "D0PRACTICE", "U0ASKER02": "D0SECOND", "U0ASKER04": "D0THIRD"}
    for user in PEOPLE:
        for place in places.values():
            status = post(session, page, "/page/say", HELLO | {"channel": place, "user": user}).status_code
            assert (200 if place == places[user] else 400) == status

    assert list(PEOPLE) == [slack.messages(place)[0].user for place in places.values()]


@pytest.mark.parametrize("user", ["U0COCOAI", "U0OTHER01", "U0NOBODY", "", None, [], 1])
def test_nobody_else_acts(session: requests.Session, page: PracticePage, slack: PracticeSlack, user: object) -> None:
    """Nobody but the page's people acts at the page: not the bot, and not a visitor."""
    assert post(session, page, "/page/say", HELLO | {"user": user}).status_code == 400
    assert slack.messages() == ()


def test_edit_and_delete(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """One's own message is edited, which Slack tells the bot and marks, and deleted; the same text is no edit."""
    ts = post(session, page, "/page/say", HELLO).json()["ts"]
    place = {"channel": "C0PRACTICE", "ts": ts}
    post(session, page, "/page/edit", place | {"text": "@CocoAI hello"})
    assert slack.messages()[0].edited is None
    post(session, page, "/page/edit", place | {"text": "@CocoAI <hi> https://a.example/"})

    assert "<@U0COCOAI> &lt;hi&gt; <https://a.example/>" == slack.messages()[0].text
    assert slack.messages()[0].edited
    assert 200 == post(session, page, "/page/delete", place).status_code
    assert () == slack.messages()
    events = [payload["event"] for payload in slack.payloads[2:]]
    assert ["message_changed", "message_deleted"] == [each["subtype"] for each in events]
    assert [ts, ts] == [events[0]["message"]["ts"], events[1]["deleted_ts"]]
    assert "edited" in events[0]["message"]


@pytest.mark.parametrize("path", ["/page/edit", "/page/delete"])
@pytest.mark.parametrize(
    "change", [{"user": "U0ASKER02"}, {"ts": "1.0"}, {"ts": None}, {"channel": "C0SHARED"}, {"channel": []}]
)
def test_only_own_messages_change(
    session: requests.Session, page: PracticePage, slack: PracticeSlack, path: str, change: dict[str, object]
) -> None:
    """Another's message, and one that does not exist, is neither edited nor deleted."""
    ts = slack.say("U0ASKER01", "mine").ts
    fields = {"channel": "C0PRACTICE", "ts": ts, "text": "yours"}

    assert post(session, page, path, fields | change).status_code == 400
    assert ["mine"] == [each.text for each in slack.messages()]


def test_edited_to_nothing(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """An edit that would leave nothing is refused; a message with a table needs no text."""
    bare, tabled = slack.say("U0ASKER01", "x"), slack.say("U0ASKER01", "x", attachments=[table_json(("a", "b"))])
    edits = [{"channel": "C0PRACTICE", "ts": each.ts, "text": " "} for each in (bare, tabled)]

    assert [400, 200] == [post(session, page, "/page/edit", each).status_code for each in edits]


def test_forward(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """A forwarded message is an attachment as Slack's client writes it, with the words added to it, in any place."""
    shared = slack.say("U0ASKER02", "*Budget*: 3 &lt; 4")
    thread = slack.say("U0ASKER04", "a thread")
    fields = {"shared": {"channel": "C0PRACTICE", "ts": shared.ts}, "text": "@CocoAI look"}
    post(session, page, "/page/forward", fields | {"channel": "C0PRACTICE", "thread_ts": thread.ts})
    post(session, page, "/page/forward", fields | {"channel": "D0PRACTICE", "text": ""})
    reply, direct = slack.thread("C0PRACTICE", thread.ts)[1], slack.messages("D0PRACTICE")[0]
    attachment = reply.attachments[0]

    assert ("<@U0COCOAI> look", "") == (reply.text, direct.text)
    assert (True, "U0ASKER02", "Second asker", "*Budget*: 3 &lt; 4") == tuple(
        attachment[key] for key in ("is_share", "author_id", "author_name", "text")
    )
    assert "rich_text" == attachment["message_blocks"][0]["message"]["blocks"][0]["type"]
    assert "Posted in #practice" == attachment["footer"]
    assert attachment == direct.attachments[0]


@pytest.mark.parametrize(
    "shared", [None, {}, {"channel": "D0SECOND", "ts": "own"}, {"channel": "C0PRACTICE", "ts": "gone"}]
)
def test_what_is_not_seen_is_not_forwarded(
    session: requests.Session, page: PracticePage, slack: PracticeSlack, shared: dict[str, str] | None
) -> None:
    """A deleted message, and one of another's direct conversation, cannot be forwarded."""
    known = {"own": slack.say("U0ASKER02", "private", channel="D0SECOND").ts, "gone": slack.say("U0ASKER01", "gone").ts}
    slack.say("U0ASKER01", "reply", thread_ts=known["gone"])
    slack.delete("C0PRACTICE", known["gone"])
    place = shared and {key: known.get(value, value) for key, value in shared.items()}

    assert post(session, page, "/page/forward", HELLO | {"shared": place}).status_code == 400


def test_table(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """A pasted table becomes a table block in an attachment, with a text, with files, or alone."""
    table = [["item", "yen"], ["茶", "120"]]
    post(session, page, "/page/say", HELLO | {"table": table})
    post(session, page, "/page/say", HELLO | {"table": table, "text": ""})
    post(session, page, "/page/share", SHARED | {"table": table})

    cells = [[{"type": "raw_text", "text": cell} for cell in row] for row in table]
    assert 3 * [[{"type": "table", "rows": cells}]] == [each.attachments[0]["blocks"] for each in slack.messages()]


@pytest.mark.parametrize(
    "table", [[], {}, "a", [[]], [["a"], []], [[1]], [["a"] * 21], [["a"]] * 101, [["x" * 10_001]]]
)
def test_invalid_tables(session: requests.Session, page: PracticePage, slack: PracticeSlack, table: object) -> None:
    """A table that Slack would not take is refused."""
    assert post(session, page, "/page/say", HELLO | {"table": table}).status_code == 400
    assert slack.messages() == ()


@pytest.mark.parametrize("path", ["/page/share", "/page/click", "/page/edit", "/page/delete", "/page/forward"])
def test_other_sites_cannot_act_here(session: requests.Session, page: PracticePage, path: str) -> None:
    """Another site can neither share files nor press buttons."""
    headers = {"Origin": "https://a.example"}

    assert session.post(page.url + path, json=SHARED, headers=headers).status_code == 403
