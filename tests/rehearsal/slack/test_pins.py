"""Pins, changed files and canvases: which events they cause, and what the bot's own methods tell of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import DOCUMENT_EVENTS, DOCUMENT_SCOPES, EVENTS, SCOPES, SlackSwitches
from tests.rehearsal.slack.bot import Bot
from tests.rehearsal.slack.refusals import refusal

BY = "U0ASKER01"
FILE = PracticeFile("rules.md", "text/plain", b"# Rules\n\nKnock first.\n")


@pytest.fixture
def slack(bot: Bot, certificates: Certificates) -> Iterator[PracticeSlack]:
    """Start a practice Slack that delivers events of pins and files to the bot."""
    scopes, events = SCOPES | DOCUMENT_SCOPES | {"pins:write"}, EVENTS | DOCUMENT_EVENTS
    switches = SlackSwitches(retry_waits=(0.0,), timeout=60, scopes=scopes, events=events)
    with PracticeSlack(certificates, switches=switches) as server:
        server.subscribe(f"{bot.url}/slack/events")
        yield server


def told(slack: PracticeSlack, bot: Bot) -> list[dict[str, Any]]:
    """Wait until all is delivered; return the events that are about pins or files, and forget them."""
    slack.wait_for_deliveries()
    events = [event for event in bot.events if event["type"] in DOCUMENT_EVENTS]
    bot.received.clear()
    return events


def test_a_message_is_pinned_and_unpinned(slack: PracticeSlack, bot: Bot, web: WebClient) -> None:
    """Both are told once, signed, with the whole message, its files and its permalink; the list has it meanwhile."""
    message = slack.share("U0ASKER02", "the rules", [FILE])
    slack.wait_for_deliveries()
    bot.received.clear()
    slack.pin(BY, message.ts)
    slack.wait_for_deliveries()
    (incoming,) = bot.received
    (added,) = told(slack, bot)
    (item,) = listed = web.pins_list(channel="C0PRACTICE")["items"]
    slack.unpin(BY, message.ts)
    (removed,) = told(slack, bot)

    assert SignatureVerifier("practice-signing-secret").is_valid_request(incoming.body, dict(incoming.headers))
    assert ("pin_added", "C0PRACTICE", BY, 1) == tuple(
        added[key] for key in ("type", "channel_id", "user", "pin_count")
    )
    assert added["item"] == item
    assert ["rules.md"] == [file["name"] for file in item["message"]["files"]]
    assert (
        f"https://practice.invalid/archives/C0PRACTICE/p{message.ts.replace('.', '')}" == item["message"]["permalink"]
    )
    assert [1] == [len(listed)]
    assert ("pin_removed", False) == (removed["type"], removed["has_pins"])
    assert [] == web.pins_list(channel="C0PRACTICE")["items"]


def test_the_bot_pins_too(slack: PracticeSlack, web: WebClient) -> None:
    """pins.add and pins.remove, as slack_sdk calls them; a deleted message is pinned no more."""
    first, second = (slack.say(BY, text).ts for text in ("one", "two"))
    for ts in (first, second):
        web.pins_add(channel="C0PRACTICE", timestamp=ts)
    both = [item["message"]["text"] for item in web.pins_list(channel="C0PRACTICE")["items"]]
    web.pins_remove(channel="C0PRACTICE", timestamp=first)
    slack.delete("C0PRACTICE", second)

    assert ["two", "one"] == both
    assert [] == web.pins_list(channel="C0PRACTICE")["items"]


def test_pins_are_refused(slack: PracticeSlack, web: WebClient) -> None:
    """Each with Slack's code, 429 with the seconds to wait."""
    ts = slack.say(BY, "hi").ts
    web.pins_add(channel="C0PRACTICE", timestamp=ts)
    gone = slack.workspace.post("C0PRACTICE", BY, "joined", subtype="channel_join").ts
    found = {
        name: refusal(call)
        for name, call in {
            "already_pinned": lambda: web.pins_add(channel="C0PRACTICE", timestamp=ts),
            "not_pinnable": lambda: web.pins_add(channel="C0PRACTICE", timestamp=gone),
            "message_not_found": lambda: web.pins_add(channel="C0PRACTICE", timestamp="1.000000"),
            "bad_timestamp": lambda: web.pins_add(channel="C0PRACTICE", timestamp="now"),
            "no_item_specified": lambda: web.pins_add(channel="C0PRACTICE"),
            "no_pin": lambda: web.pins_remove(channel="C0PRACTICE", timestamp=gone),
            "is_archived": lambda: web.pins_remove(channel="C0ARCHIVED", timestamp=ts),
            "not_in_channel": lambda: web.pins_list(channel="C0OUTSIDE"),
            "channel_not_found": lambda: web.pins_list(channel="C0NOWHERE"),
            "invalid_arguments": lambda: web.pins_list(channel=""),
        }.items()
    }
    slack.switches.scopes = SCOPES
    missing = refusal(lambda: web.pins_list(channel="C0PRACTICE"))
    slack.switches.scopes, slack.switches.rate_limits = SCOPES | DOCUMENT_SCOPES, True
    limited = refusal(lambda: [web.pins_list(channel="C0PRACTICE") for _ in range(30)])

    assert {name: (200, name) for name in found} == found
    assert [(200, "missing_scope"), (429, "ratelimited")] == [missing, limited]


def test_a_file_is_changed_and_deleted(slack: PracticeSlack, bot: Bot, web: WebClient) -> None:
    """The events have ids alone; files.info and the address tell the new state."""
    file = slack.share(BY, "", [FILE]).files[0]
    slack.change_file(file.id, b"# Rules\n\nRing the bell.\n")
    (changed,) = told(slack, bot)
    info: Any = web.files_info(file=file.id)["file"]
    slack.delete_file(file.id)
    (deleted,) = told(slack, bot)

    assert {"type": "file_change", "file_id": file.id, "file": {"id": file.id}} == {
        key: value for key, value in changed.items() if key != "event_ts"
    }
    assert (24, True) == (info["size"], info["updated"] >= info["created"])
    assert ("file_deleted", file.id, ["C0PRACTICE"]) == (deleted["type"], deleted["file_id"], deleted["channel_ids"])
    assert (200, "file_deleted") == refusal(lambda: web.files_info(file=file.id))


def test_a_message_with_a_file_is_deleted(slack: PracticeSlack, bot: Bot) -> None:
    """Its file is there still, but no longer in the channel."""
    message = slack.share(BY, "", [FILE])
    slack.delete("C0PRACTICE", message.ts)
    (event,) = told(slack, bot)

    assert ("file_unshared", "C0PRACTICE", message.files[0].id) == tuple(
        event[key] for key in ("type", "channel_id", "file_id")
    )


def test_a_canvas_is_a_tab_of_its_channel(
    slack: PracticeSlack, bot: Bot, web: WebClient, session: requests.Session
) -> None:
    """conversations.info names its id, files.info its address: HTML behind the token, a login page without."""
    html = '<div class="quip-canvas-content"><h1 id="temp:C:1">Desk</h1></div>'
    canvas = slack.add_canvas(BY, html, tab_of="C0PRACTICE")
    channel: Any = web.conversations_info(channel="C0PRACTICE")["channel"]
    info: Any = web.files_info(file=canvas.id)["file"]
    read = session.get(info["url_private"], headers={"Authorization": f"Bearer {web.token}"})
    closed = session.get(info["url_private"])
    slack.change_file(canvas.id, b"<div></div>")

    assert [("canvas", {"file_id": canvas.id})] == [(tab["type"], tab["data"]) for tab in channel["properties"]["tabs"]]
    told_of = tuple(info[key] for key in ("name", "title", "mode", "filetype", "permalink"))
    assert ("-", "Untitled", "quip", "quip", f"https://practice.invalid/docs/T0PRACTICE/{canvas.id}") == told_of
    assert html == read.text
    assert "Sign in" in closed.text
    assert ["file_change"] == [event["type"] for event in told(slack, bot)]


@pytest.mark.parametrize(
    "switches", [{"scopes": SCOPES - {"files:read"}}, {"events": EVENTS}, {"scopes": frozenset[str]()}]
)
def test_what_is_not_told(slack: PracticeSlack, bot: Bot, switches: dict[str, frozenset[str]]) -> None:
    """Without the scope or the subscription, and where the bot is no member, there is no event."""
    for name, value in switches.items():
        setattr(slack.switches, name, value)
    shared = slack.share(BY, "", [FILE])
    slack.pin(BY, shared.ts)
    slack.change_file(shared.files[0].id, b"x")
    outside = slack.share(BY, "", [FILE], channel="C0OUTSIDE")
    slack.pin(BY, outside.ts, "C0OUTSIDE")
    slack.delete_file(outside.files[0].id)

    assert [] == told(slack, bot)
