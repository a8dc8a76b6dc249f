"""Modals and Home tabs: how they are opened, updated and published, what Slack refuses, and what it sends of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient
from slack_sdk.models.views import View

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import Person
from tests.rehearsal.slack.bot import Bot
from tests.rehearsal.slack.conftest import Act
from tests.rehearsal.slack.refusals import refusal

BY = "U0ASKER01"
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hi"}}
INPUT = {
    "type": "input",
    "block_id": "words",
    "label": {"type": "plain_text", "text": "Question"},
    "element": {"type": "plain_text_input", "multiline": True, "max_length": 20},
}
TABLE = {
    "type": "data_table",
    "caption": "Usage",
    "rows": [
        [{"type": "raw_text", "text": "Month"}],
        [{"type": "raw_number", "value": 1, "text": "1"}],
    ],
}


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a modal with these blocks, which has a title."""
    return {"type": "modal", "title": plain("Ask"), "blocks": list(blocks) or [SECTION]} | more


def home(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a Home tab with these blocks."""
    return {"type": "home", "blocks": list(blocks) or [SECTION]} | more


class Clock:
    now = 1_900_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(bot: Bot, certificates: Certificates, clock: Clock) -> Iterator[PracticeSlack]:
    """Start a practice Slack that delivers all to the bot, without redeliveries."""
    switches = SlackSwitches(timeout=60, retry_waits=())
    with PracticeSlack(certificates, switches=switches, clock=clock) as server:
        server.subscribe(f"{bot.url}/events", f"{bot.url}/interactions", f"{bot.url}/commands")
        yield server


Trigger = Callable[[], str]


@pytest.fixture
def trigger(slack: PracticeSlack) -> Trigger:
    """Return a function that returns the trigger_id of a shortcut that somebody uses."""
    ts = slack.say(BY, "hi").ts
    return lambda: str(slack.shortcut(BY, ts, "cocoai_ask").payload["trigger_id"])


def problems(answer: dict[str, Any]) -> list[str]:
    """Return the lines of a refusal with invalid_arguments."""
    assert "invalid_arguments" == answer["error"], answer
    messages: list[str] = answer["response_metadata"]["messages"]
    return messages


def test_a_modal_is_opened(slack: PracticeSlack, web: WebClient, trigger: Trigger) -> None:
    """slack_sdk opens one for who acted; it comes back with ids, a hash and all fields, and no scope is needed."""
    slack.switches.scopes = frozenset({"commands"})
    asked = modal(INPUT, submit=plain("Send"), callback_id="cocoai_ask", private_metadata="C-1", notify_on_close=True)
    view: Any = web.views_open(trigger_id=trigger(), view=asked)["view"]

    assert ("modal", "cocoai_ask", "C-1", True, False) == tuple(
        view[name] for name in ("type", "callback_id", "private_metadata", "notify_on_close", "clear_on_close")
    )
    assert ("A0COCOAI", "B0COCOAI", "T0PRACTICE", view["id"], None) == tuple(
        view[name] for name in ("app_id", "bot_id", "team_id", "root_view_id", "previous_view_id")
    )
    assert view["id"].startswith("V")
    assert {"values": {}} == view["state"]
    (block,) = view["blocks"]
    assert block["element"]["action_id"]
    assert True is block["label"]["emoji"]
    assert view == slack.view(view["id"])
    assert [view["id"]] == [each.id for each in slack.views_of(BY)]
    assert () == slack.views_of("U0ASKER02")


def test_a_trigger_opens_one_modal(slack: PracticeSlack, web: WebClient, trigger: Trigger, clock: Clock) -> None:
    """It is refused when it is used, older than three seconds, or none; a view that is refused does not use it up."""
    used, late = trigger(), trigger()
    open_one = partial(web.views_open, view=modal())
    refused = refusal(lambda: web.views_open(trigger_id=used, view=modal(INPUT)))
    open_one(trigger_id=used)
    again = refusal(lambda: open_one(trigger_id=used))
    clock.now += 3.1
    expired = refusal(lambda: open_one(trigger_id=late))

    assert [
        (200, "invalid_arguments"),
        (200, "exchanged_trigger_id"),
        (200, "expired_trigger_id"),
        (200, "invalid_trigger_id"),
        (200, "invalid_trigger_id"),
    ] == [refused, again, expired, *(refusal(partial(open_one, trigger_id=each)) for each in ("1.2.3f", "x"))]
    assert 1 == len(slack.views_of(BY))


def test_buttons_and_commands_open_modals_too(slack: PracticeSlack, act: Act, web: WebClient) -> None:
    """Their payloads have a trigger_id as well."""
    button = {"type": "button", "text": plain("Stop"), "action_id": "stop"}
    ts = act("chat.postMessage", channel="C0PRACTICE", text="1", blocks=[{"type": "actions", "elements": [button]}])[
        "ts"
    ]
    clicked = json.loads(parse_qs(slack.click(BY, "C0PRACTICE", ts, "stop").body.decode())["payload"][0])
    sent = slack.command("U0ASKER02", "help").payload
    for payload in (clicked, sent):
        web.views_open(trigger_id=payload["trigger_id"], view=modal())

    assert (1, 1) == (len(slack.views_of(BY)), len(slack.views_of("U0ASKER02")))


def test_a_modal_is_updated(slack: PracticeSlack, web: WebClient, trigger: Trigger) -> None:
    """By its id, at any time later, or by its external_id; a hash that is not the newest is refused."""
    first: Any = web.views_open(trigger_id=trigger(), view=modal(external_id="one"))["view"]
    second: Any = web.views_update(view_id=first["id"], hash=first["hash"], view=modal(title=plain("2")))["view"]
    conflict = refusal(lambda: web.views_update(view_id=first["id"], hash=first["hash"], view=modal()))
    gone = refusal(lambda: web.views_update(external_id="one", view=modal()))
    slack.close_view(BY, first["id"])
    closed = refusal(lambda: web.views_update(view_id=first["id"], view=modal()))

    assert (first["id"], "2") == (second["id"], second["title"]["text"])
    assert [(200, "hash_conflict"), (200, "not_found"), (200, "not_found")] == [conflict, gone, closed]
    assert slack.view(first["id"]) is None


def test_external_ids_are_unique(slack: PracticeSlack, web: WebClient, trigger: Trigger) -> None:
    """Two open modals cannot have the same; one is updated by it."""
    web.views_open(trigger_id=trigger(), view=modal(external_id="one"))
    second = refusal(lambda: web.views_open(trigger_id=trigger(), view=modal(external_id="one")))
    updated: Any = web.views_update(external_id="one", view=modal(external_id="one"))

    assert (200, "duplicate_external_id") == second
    assert "one" == updated["view"]["external_id"]


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        (modal(INPUT), "must define `submit` to use an `input` block [json-pointer:/view/blocks/0/input]"),
        (modal(title=plain("a" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
        (modal(submit_disabled=True), "invalid additional property: submit_disabled [json-pointer:/view]"),
        (
            modal(private_metadata="a" * 3_001),
            "must be less than 3001 characters [json-pointer:/view/private_metadata]",
        ),
        (modal(blocks=[]), "no fewer than 1 items allowed [json-pointer:/view/blocks]"),
        (modal(*[SECTION] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
        (modal({"type": "markdown", "text": "hi"}), "unsupported type: markdown [json-pointer:/view/blocks/0/type]"),
        (modal(TABLE), "unsupported type: data_table [json-pointer:/view/blocks/0/type]"),
        (modal(INPUT, INPUT, submit=plain("Ok")), "`block_id` words is not unique [json-pointer:/view/blocks]"),
        ({"type": "modal", "blocks": [SECTION]}, "missing required field: title [json-pointer:/view]"),
        (home(), "unsupported type: home [json-pointer:/view/type]"),
    ],
)
def test_refused_modals(act: Act, trigger: Trigger, view: dict[str, Any], problem: str) -> None:
    """Each error is told with the place where it is."""
    assert f"[ERROR] {problem}" in problems(act("views.open", trigger_id=trigger(), view=view))


def test_a_home_tab_is_published(slack: PracticeSlack, web: WebClient) -> None:
    """For one person, by slack_sdk's own model too; it keeps its id, and a hash guards it against a race."""
    first: Any = web.views_publish(user_id=BY, view=View(type="home", blocks=[SECTION]))["view"]
    second: Any = web.views_publish(user_id=BY, view=home(TABLE, private_metadata="2"), hash=first["hash"])["view"]
    conflict = refusal(lambda: web.views_publish(user_id=BY, view=home(), hash=first["hash"]))

    assert (200, "hash_conflict") == conflict
    assert (first["id"], "home", None) == (second["id"], second["type"], second["submit"])
    assert second == slack.home(BY)
    assert slack.home("U0ASKER02") is None
    assert 0 == slack.views.home_change("U0ASKER02") < slack.views.home_change(BY)


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        (home(submit=plain("Ok")), "invalid additional property: submit [json-pointer:/view]"),
        (home({"type": "markdown", "text": "hi"}), "unsupported type: markdown [json-pointer:/view/blocks/0/type]"),
        (
            home({"type": "data_visualization"}),
            "unsupported type: data_visualization [json-pointer:/view/blocks/0/type]",
        ),
        (
            home({"type": "context_actions", "elements": []}),
            "unsupported type: context_actions [json-pointer:/view/blocks/0/type]",
        ),
        (home(TABLE | {"caption": ""}), "must be more than 0 characters [json-pointer:/view/blocks/0/caption]"),
        (home(*[SECTION] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
        (home(blocks="none"), "must be an array [json-pointer:/view/blocks]"),
        (modal(), "unsupported type: modal [json-pointer:/view/type]"),
    ],
)
def test_refused_home_tabs(act: Act, view: dict[str, Any], problem: str) -> None:
    """Blocks that Slack shows in messages only are refused, and what only a modal has."""
    assert f"[ERROR] {problem}" in problems(act("views.publish", user_id=BY, view=view))


def test_other_refusals(slack: PracticeSlack, act: Act) -> None:
    """Missing and doubled arguments, a view over 250 kB, no Home tab, and people whom nobody knows."""
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "あ" * 3_000}}
    assert ["[ERROR] missing required field: trigger_id"] == problems(act("views.open", view=modal()))
    assert ["[ERROR] missing required field: view"] == problems(act("views.publish", user_id=BY))
    assert ["[ERROR] Cannot provide both `view_id` and `external_id`"] == problems(
        act("views.update", view_id="V1", external_id="one", view=modal())
    )
    assert "invalid_arguments" == act("views.publish", user_id=BY, view="{")["error"]
    assert "view_too_large" == act("views.publish", user_id=BY, view=home(*[long] * 30))["error"]
    assert act("views.publish", user_id=BY, view=json.dumps(home(*[long] * 27)))["ok"]
    assert "user_not_found" == act("views.publish", user_id="U0NOBODY", view=home())["error"]
    assert act("views.publish", user_id="U0OTHER01", view=home())["ok"]
    slack.switches.home_tab = False
    assert "not_enabled" == act("views.publish", user_id=BY, view=home())["error"]


def test_opening_the_home_tab(slack: PracticeSlack, bot: Bot, web: WebClient) -> None:
    """Each time is told, with the direct conversation; once something is published, with the view; of no other tab."""
    slack.open_home(BY)
    slack.wait_for_deliveries()
    view: Any = web.views_publish(user_id=BY, view=home())["view"]
    tabs: tuple[Literal["home", "messages"], ...] = ("home", "messages")
    for tab in tabs:
        slack.open_home(BY, tab)
        slack.wait_for_deliveries()
    first, second, third = bot.events

    assert {"type": "app_home_opened", "user": BY, "channel": "D0PRACTICE", "tab": "home"} == {
        name: value for name, value in first.items() if name != "event_ts"
    }
    assert (view, "home") == (second["view"], second["tab"])
    assert ("messages", False) == (third["tab"], "view" in third)
    assert first["event_ts"] < second["event_ts"] < third["event_ts"]


def test_homes_that_are_not_told(slack: PracticeSlack, bot: Bot) -> None:
    """Without the subscription there is no event; without a Home tab the other one is opened."""
    slack.add(Person("U0NEW", "New"))
    slack.switches.home_tab = False
    slack.open_home("U0NEW")
    slack.wait_for_deliveries()
    slack.switches.events = frozenset()
    slack.open_home(BY)
    slack.wait_for_deliveries()

    assert [("U0NEW", "messages")] == [(event["user"], event["tab"]) for event in bot.events]
    with pytest.raises(ValueError, match="cannot open"):
        slack.open_home("U0OTHER01")
