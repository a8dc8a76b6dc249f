"""Feedback buttons and icons: which ones the practice Slack accepts, and what a press of one sends to the bot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import (
    ConfirmObject,
    ContextActionsBlock,
    FeedbackButtonObject,
    FeedbackButtonsElement,
    IconButtonElement,
)

from cocoai.rehearsal.slack.api_call import SlackApiError
from cocoai.rehearsal.slack.block_rules import stored_blocks
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from tests.rehearsal.slack.bot import Bot
from tests.rehearsal.slack.refusals import refusal

HERE = "C0PRACTICE"
Block = dict[str, Any]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def thumb(**changes: object) -> Block:
    """Return one of the two feedback buttons; None takes a field away."""
    return without_none({"text": plain("Good"), "value": "good"} | changes)


def feedback(**changes: object) -> Block:
    pair: Block = {"type": "feedback_buttons", "action_id": "vote", "positive_button": thumb()}
    return without_none(pair | {"negative_button": thumb(value="bad")} | changes)


def icon(**changes: object) -> Block:
    return without_none({"type": "icon_button", "icon": "trash", "text": plain("Delete"), "action_id": "bin"} | changes)


def block(*elements: object) -> Block:
    return {"type": "context_actions", "elements": list(elements)}


def without_none(fields: Mapping[str, object]) -> Block:
    return {name: value for name, value in fields.items() if value is not None}


def errors(*blocks: Block) -> list[str]:
    """Return the errors of the refusal of these blocks, each with its JSON pointer."""
    with pytest.raises(SlackApiError) as caught:
        stored_blocks(blocks)
    assert "invalid_blocks" == caught.value.code
    return [str(error) for error in caught.value.more["errors"]]


SURE = {"title": plain("Sure?"), "text": plain("Gone."), "confirm": plain("Yes"), "deny": plain("No")}
MOST = icon(
    value="v" * 2_000, accessibility_label="l" * 75, visible_to_user_ids=[f"U{n}" for n in range(10)], confirm=SURE
)


@pytest.mark.pure
@pytest.mark.parametrize(
    "elements",
    [
        [feedback()],
        [feedback(action_id=None)],
        [feedback(positive_button=thumb(text=plain("g" * 75), value="v" * 2_000, accessibility_label="l" * 75))],
        [icon(action_id=None)],
        [MOST],
        [feedback(), icon(), *(icon(action_id=f"bin{n}") for n in range(3))],
    ],
)
def test_what_slack_takes(elements: list[Block]) -> None:
    """Up to five elements; what may be missing is missing, what is limited is at its limit."""
    (stored,) = stored_blocks([block(*elements)])

    assert all(element["action_id"] for element in stored["elements"])
    assert elements == [
        {name: unfilled(value) for name, value in each.items() if name in asked}
        for each, asked in zip(stored["elements"], elements, strict=True)
    ]


def unfilled(value: Any) -> Any:
    """Return a stored value without the defaults that Slack adds to texts."""
    if isinstance(value, dict):
        return {name: unfilled(each) for name, each in value.items() if name != "emoji"}
    return value


@pytest.mark.pure
@pytest.mark.parametrize(
    ("elements", "problem", "at"),
    [
        ([], "no fewer than 1 items allowed", "/elements"),
        ([icon(action_id=f"{n}") for n in range(6)], "no more than 5 items allowed", "/elements"),
        ([{"type": "button", "text": plain("x")}], "unsupported type: button", "/elements/0/type"),
        ([icon(), icon()], "`action_id` bin is not unique", "/elements"),
        ([feedback(positive_button=None)], "missing required field: positive_button", "/elements/0"),
        ([feedback(negative_button=thumb(value=None))], "missing required field: value", "/elements/0/negative_button"),
        ([feedback(negative_button=thumb(text=None))], "missing required field: text", "/elements/0/negative_button"),
        (
            [feedback(positive_button=thumb(text=plain("g" * 76)))],
            "must be less than 76 characters",
            "/elements/0/positive_button/text/text",
        ),
        (
            [feedback(positive_button=thumb(accessibility_label="l" * 76))],
            "must be less than 76 characters",
            "/elements/0/positive_button/accessibility_label",
        ),
        (
            [feedback(positive_button=thumb(text={"type": "mrkdwn", "text": "x"}))],
            "unsupported type: mrkdwn",
            "/elements/0/positive_button/text/type",
        ),
        ([feedback(value="x")], "invalid additional property: value", "/elements/0"),
        ([icon(icon=None)], "missing required field: icon", "/elements/0"),
        ([icon(icon="pencil")], "must be one of: trash", "/elements/0/icon"),
        ([icon(text=None)], "missing required field: text", "/elements/0"),
        ([icon(accessibility_label="l" * 76)], "must be less than 76 characters", "/elements/0/accessibility_label"),
        (
            [icon(visible_to_user_ids=[f"U{n}" for n in range(11)])],
            "no more than 10 items allowed",
            "/elements/0/visible_to_user_ids",
        ),
        ([icon(style="danger")], "invalid additional property: style", "/elements/0"),
    ],
)
def test_what_slack_refuses(elements: list[Block], problem: str, at: str) -> None:
    """Each limit, each required field, and each field of another element is an error at its place."""
    assert [f"{problem} [json-pointer:/blocks/0{at}]"] == errors(block(*elements))


def test_the_sdks_blocks_are_taken(web: WebClient, slack: PracticeSlack) -> None:
    """What slack_sdk makes of its classes is stored as they say; what the classes refuse, we refuse too."""
    good, bad = (FeedbackButtonObject(text=text, value=text, accessibility_label=text) for text in ("Good", "Bad"))
    sure = ConfirmObject(title="Sure?", text="Gone.", confirm="Yes", deny="No")
    pair = FeedbackButtonsElement(action_id="vote", positive_button=good, negative_button=bad)
    bin_button = IconButtonElement(
        action_id="bin", icon="trash", text="Delete", value="v", visible_to_user_ids=["U0ASKER01"], confirm=sure
    )
    made = ContextActionsBlock(elements=[pair, bin_button])
    web.chat_postMessage(channel=HERE, text="so", blocks=[made])

    (stored,) = slack.messages()[0].blocks
    assert ("context_actions", "Good", "Bad") == (
        stored["type"],
        *(stored["elements"][0][name]["value"] for name in ("positive_button", "negative_button")),
    )
    assert ("trash", ["U0ASKER01"], "Sure?") == (
        stored["elements"][1]["icon"],
        stored["elements"][1]["visible_to_user_ids"],
        stored["elements"][1]["confirm"]["title"]["text"],
    )
    for refused in (ContextActionsBlock(elements=[]), ContextActionsBlock(elements=[pair] * 6)):
        with pytest.raises(SlackObjectFormationError):
            refused.to_dict()
    with pytest.raises(SlackObjectFormationError):
        FeedbackButtonObject(text="g" * 76, value="g").to_dict()


def test_a_slack_without_icons(web: WebClient, slack: PracticeSlack) -> None:
    """A switch refuses the block, as a workspace does without it; in an ephemeral message it is always refused."""
    footer = [block(feedback())]
    assert (200, "invalid_blocks") == refusal(
        lambda: web.chat_postEphemeral(channel=HERE, user="U0ASKER01", text="so", blocks=footer)
    )
    slack.switches.context_actions = False

    assert (200, "invalid_blocks") == refusal(lambda: web.chat_postMessage(channel=HERE, text="so", blocks=footer))
    assert () == slack.messages()


# presses


@pytest.fixture
def pressed(bot: Bot) -> Iterator[PracticeSlack]:
    """Start a practice Slack that delivers clicks to the bot, with a message that has feedback and a bin."""
    with PracticeSlack(switches=SlackSwitches(echoes=False)) as server:
        server.subscribe(f"{bot.url}/slack/events", f"{bot.url}/slack/interactions")
        footer = stored_blocks([block(feedback(), icon(value="key", visible_to_user_ids=["U0ASKER01"]))])
        server.workspace.post(HERE, "U0COCOAI", "so", blocks=footer)
        yield server


def action_of(bot: Bot) -> Block:
    """Return the action of the newest click."""
    (form,) = parse_qs(bot.received[-1].body.decode())["payload"]
    (action,) = json.loads(form)["actions"]
    return dict(action)


def press(slack: PracticeSlack, user: str, action: str, value: str = "") -> str:
    """Press a button of the only message; return the click's action_ts."""
    return slack.click(user, HERE, slack.messages()[0].ts, action, value=value).action_ts


def test_the_value_tells_which_thumb_was_pressed(pressed: PracticeSlack, bot: Bot) -> None:
    """Both have one action_id; the action has the type of the pair, and the text and the value of the one."""
    press(pressed, "U0ASKER02", "vote", "bad")

    action = action_of(bot)
    assert ("feedback_buttons", "vote", "bad", "Good") == tuple(
        action[name] if name != "text" else action["text"]["text"] for name in ("type", "action_id", "value", "text")
    )
    assert not {"positive_button", "negative_button"} & action.keys()


def test_each_ones_last_vote_is_kept(pressed: PracticeSlack, bot: Bot) -> None:
    """A press is sent each time, also on the vote that is lit; it survives an edit of the message."""
    for user, value in [("U0ASKER01", "good"), ("U0ASKER02", "good"), ("U0ASKER01", "bad"), ("U0ASKER01", "bad")]:
        press(pressed, user, "vote", value)
    message = pressed.messages()[0]
    pressed.workspace.edit(message, "so it is", blocks=message.blocks)

    assert {"U0ASKER01": {"vote": "bad"}, "U0ASKER02": {"vote": "good"}} == pressed.messages()[0].votes
    assert 4 == len(bot.received)


def test_the_bin_is_there_for_the_named_people_alone(pressed: PracticeSlack, bot: Bot) -> None:
    """Whoever is not named has no such button; a press sends the icon's fields."""
    with pytest.raises(ValueError, match="no button bin"):
        press(pressed, "U0ASKER02", "bin")
    press(pressed, "U0ASKER01", "bin")

    action = action_of(bot)
    assert ("icon_button", "bin", "trash", "key") == tuple(
        action[each] for each in ("type", "action_id", "icon", "value")
    )


@pytest.mark.parametrize("value", ["", "fine"])
def test_a_vote_needs_its_value(pressed: PracticeSlack, value: str) -> None:
    """Without a value, or with another one, nobody knows which thumb is meant."""
    with pytest.raises(ValueError, match="no button vote"):
        press(pressed, "U0ASKER01", "vote", value)
