"""Feedback and the bin in the browser: quiet icons; each person sees the own vote, and the asker the bin."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.conftest import Bot
from tests.rehearsal.page.page_reader import Reader

pytestmark = pytest.mark.browser

FIRST, SECOND = "U0ASKER01", "U0ASKER02"
UP, DOWN, BIN = (f"#thread [data-key='cocoai_{key}']" for key in ("feedback up", "feedback down", "delete"))


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def thumb(value: str, words: str) -> dict[str, Any]:
    return {"text": plain(words), "accessibility_label": f"{words} a lot", "value": value}


FOOTER = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "cocoai_feedback",
            "positive_button": thumb("key up", "It helped"),
            "negative_button": thumb("key down", "It did not"),
        },
        {
            "type": "icon_button",
            "icon": "trash",
            "action_id": "cocoai_delete",
            "text": plain("Delete"),
            "accessibility_label": "Delete this",
            "value": "key",
            "visible_to_user_ids": [FIRST],
            "confirm": {name: plain(name.upper()) for name in ("title", "text", "confirm", "deny")},
        },
    ],
}


@pytest.fixture
def thread(slack: PracticeSlack, bot: Bot, act: Callable[..., str]) -> str:
    """Post a question and a reply with icons under it; return the address of the thread in the page."""
    slack.subscribe(bot.url, bot.url)
    question = slack.say(FIRST, "<@U0COCOAI> hi")
    blocks = json.dumps([{"type": "markdown", "text": "so"}, FOOTER])
    act("chat.postMessage", channel=question.channel, text="so", blocks=blocks, thread_ts=question.ts)
    return f"{slack.url}/#{question.channel}/{question.ts}"


def become(reader: Reader, user: str) -> None:
    Select(reader.sees("#asker")).select_by_value(user)


def lit(reader: Reader) -> list[str | None]:
    """Return aria-pressed of the two thumbs."""
    return [reader.sees(each).get_attribute("aria-pressed") for each in (UP, DOWN)]


def test_icons_say_what_they_are(reader: Reader, thread: str) -> None:
    """A screen reader says each label, and of a thumb whether it is pressed; the pointer shows the shorter words."""
    reader.opens(thread)
    icons = [reader.sees(each) for each in (UP, DOWN, BIN)]

    assert ["It helped a lot", "It did not a lot", "Delete this"] == [each.accessible_name for each in icons]
    assert ["It helped", "It did not", "Delete"] == [each.get_attribute("title") for each in icons]
    assert ["false", "false", None] == [each.get_attribute("aria-pressed") for each in icons]
    assert ["", "", ""] == [each.text for each in icons]
    group = reader.browser.find_element(By.CSS_SELECTOR, "#thread .context_actions")
    assert ("group", "Icons of this message") == (group.get_attribute("role"), group.accessible_name)


def test_each_person_sees_the_own_vote(reader: Reader, slack: PracticeSlack, thread: str) -> None:
    """By the keyboard: a vote is lit for whoever gave it and for nobody else, and another one takes its place."""
    reader.opens(thread)
    reader.tabs_to(UP)
    reader.types(Keys.ENTER)
    reader.waits(f'document.querySelector("{UP}").ariaPressed === "true"')
    become(reader, SECOND)
    of_second = lit(reader)
    reader.tabs_to(DOWN)
    reader.types(Keys.SPACE)
    reader.waits(f'document.querySelector("{DOWN}").ariaPressed === "true"')
    become(reader, FIRST)

    assert ["false", "false"] == of_second
    assert ["true", "false"] == lit(reader)
    slack.wait_for(lambda: len(slack.clicks) == 2)
    assert [(FIRST, "cocoai_feedback", 200), (SECOND, "cocoai_feedback", 200)] == [
        (each.user, each.action, each.status) for each in slack.clicks
    ]
    reader.opens(thread)
    assert ["true", "false"] == lit(reader)


@pytest.mark.long
def test_the_bin_is_seen_by_the_asker_alone(reader: Reader, slack: PracticeSlack, thread: str) -> None:
    """Another person has no bin; the asker's press is sent once the dialog is confirmed."""
    reader.opens(thread)
    become(reader, SECOND)
    reader.waits(f'!document.querySelector("{BIN}")')
    reader.sees(UP)
    become(reader, FIRST)
    reader.sees(BIN).click()
    reader.sees("#confirm", "TITLE")
    reader.sees("#deny").click()
    reader.sees(BIN).click()
    reader.sees("#agree").click()
    slack.wait_for(lambda: slack.clicks)

    assert [(FIRST, "cocoai_delete")] == [(each.user, each.action) for each in slack.clicks]


@pytest.mark.long
def test_a_failed_vote_is_told(reader: Reader, thread: str, bot: Bot) -> None:
    """A warning stands beside the thumb whose press the bot did not accept, until one is accepted."""
    reader.opens(thread)
    bot.status = 500
    reader.sees(DOWN).click()
    reader.sees("#thread .failed", "http_error")
    bot.status = 200
    reader.sees(DOWN).click()
    reader.waits("!document.querySelector('#thread .failed')")
