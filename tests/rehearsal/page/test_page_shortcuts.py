"""What else the menu of a message has, and the command in the box: shortcuts, the notification, `/cocoai`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import requests
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.conftest import Bot
from tests.rehearsal.page.page_reader import Reader
from tests.rehearsal.page.test_page_changes import chooses

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[3]
FIRST = "U0ASKER01"


@pytest.mark.parametrize("language", [pytest.param("en-US", marks=pytest.mark.long), "ja"])
def test_shortcuts(reader: Reader, slack: PracticeSlack, bot: Bot, language: str) -> None:
    """The menu has the shortcuts of the app's manifest, each with the app's name; the bot is told which was used."""
    manifest = json.loads((ROOT / "etc/slack/manifest.json").read_text("utf-8"))["features"]
    shortcuts = {each["name"]: each["callback_id"] for each in manifest["shortcuts"]}
    bot.listens(slack)
    posted = slack.say("U0ASKER02", "a long text")
    reader.opens(slack.url, language)
    for name in shortcuts:
        chooses(reader, "#channel .message", f"{name} CocoAI")
    used = slack.wait_for(lambda: bot.payloads if len(bot.payloads) == len(shortcuts) else [])

    assert [("message_action", each, posted.ts) for each in shortcuts.values()] == [
        (each["type"], each["callback_id"], each["message"]["ts"]) for each in used
    ]


@pytest.mark.long
def test_a_failed_shortcut_is_told(reader: Reader, slack: PracticeSlack, bot: Bot) -> None:
    """A shortcut that the bot did not take is told over the page."""
    bot.listens(slack)
    bot.status = 500
    slack.say(FIRST, "hello")
    reader.opens(slack.url)
    chooses(reader, "#channel .message", "Summarize")

    reader.sees("#banner", "http_error")


@pytest.mark.long
@pytest.mark.parametrize(
    ("language", "told"),
    [("en-US", "CocoAI is not here, and does not see this"), ("ja", "CocoAI はここにいないので、届きません")],
)
def test_where_the_bot_is_not(reader: Reader, slack: PracticeSlack, bot: Bot, language: str, told: str) -> None:
    """In a channel without the bot it can be reached by its shortcuts alone; what it answers is seen by one person."""
    bot.listens(slack)
    slack.say(FIRST, "hello", channel="C0OUTSIDE")
    reader.opens(f"{slack.url}/#C0OUTSIDE", language, width=360, height=740)
    reader.sees("#channel-write textarea").send_keys("@CocoAI hi")
    hint = reader.browser.find_element(By.CSS_SELECTOR, "#channel-write .hint")
    assert (told, 0) == (hint.text, reader.overflow())
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, "#channel-write .mention:not([hidden])")
    chooses(reader, "#channel .message", "CocoAI")
    used = slack.wait_for(lambda: bot.payloads)[0]
    requests.post(used["response_url"], json={"text": "only for you"}, timeout=30)
    reader.sees("#channel .whispered .text", "only for you")

    assert ("C0OUTSIDE", []) == (used["channel"]["id"], slack.payloads)


@pytest.mark.long
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*Hi* <@U0ASKER02>, 3 &lt; 4 :memo:", "Hi @Second asker, 3 < 4 📝"),
        ("", "This content can't be displayed."),
    ],
)
def test_notification(reader: Reader, slack: PracticeSlack, act: Callable[..., str], text: str, shown: str) -> None:
    """A phone is shown the text, never the blocks; without a text, that nothing can be shown."""
    blocks = json.dumps([{"type": "markdown", "text": "something else"}])
    act("chat.postMessage", channel="C0PRACTICE", text=text, blocks=blocks)
    reader.opens(slack.url, width=360, height=740)
    reader.sees("#channel .text", "something else")
    chooses(reader, "#channel .message", "Phone notification")

    assert shown == reader.sees("#phone-text").text
    assert ("CocoAI", "#practice") == (reader.sees("#phone-from").text, reader.sees("#phone-channel").text)
    reader.types(Keys.ESCAPE)
    reader.waits("!document.querySelector('dialog[open]')")
    assert reader.script("return document.activeElement.matches('.more')")


def test_command(reader: Reader, slack: PracticeSlack, bot: Bot) -> None:
    """`/cocoai` in the box is a command of the app; nothing of it stands in the channel."""
    bot.listens(slack)
    reader.opens(slack.url)
    reader.types("/cocoai usage now")
    reader.sees("#channel-write .hint", "Enter runs the command")
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, "#channel-write .hint.alone")
    reader.types(Keys.ENTER)
    form = slack.wait_for(lambda: bot.forms)[0]

    told = {key: parse_qs(form)[key] for key in ("command", "text", "user_id", "channel_id")}
    assert {"command": ["/cocoai"], "text": ["usage now"], "user_id": [FIRST], "channel_id": ["C0PRACTICE"]} == told
    assert () == slack.messages()
    assert "" == reader.sees("#channel-write textarea").get_property("value")


@pytest.mark.long
@pytest.mark.parametrize(
    ("form", "text", "why"),
    [
        ("#thread-write", "/cocoai help", "/cocoai is not supported in threads. Sorry!"),
        ("#channel-write", "/cocoa help", "/cocoa is not a valid command"),
    ],
)
def test_refused_commands(reader: Reader, slack: PracticeSlack, bot: Bot, form: str, text: str, why: str) -> None:
    """As in Slack no command runs in a thread, and no other one anywhere; what was written stays in the field."""
    bot.listens(slack)
    parent = slack.say("U0ASKER02", "hi")
    reader.opens(f"{slack.url}/#C0PRACTICE/{parent.ts}")
    reader.sees(f"{form} textarea").send_keys(text, Keys.ENTER)
    reader.sees(f"{form} .refused", why)

    assert text == reader.sees(f"{form} textarea").get_property("value")
    assert [] == bot.forms


@pytest.mark.long
def test_a_space_makes_a_message(reader: Reader, slack: PracticeSlack) -> None:
    """What begins with a space before the slash is a message."""
    reader.opens(slack.url)
    reader.types(" /cocoai help", Keys.ENTER)

    assert "/cocoai help" == slack.wait_for(slack.messages)[0].text


@pytest.mark.long
def test_a_failed_command_is_told(reader: Reader, slack: PracticeSlack, bot: Bot) -> None:
    """A command that the bot did not take is told by Slackbot, to the one person; one that was not sent stays."""
    bot.listens(slack)
    bot.status = 500
    reader.opens(slack.url)
    reader.types("/cocoai help", Keys.ENTER)
    reader.sees("#channel .whispered .text", '/cocoai failed with the error "http_service_error"')
    assert "Slackbot" == reader.sees("#channel .whispered .byline b").text
    reader.script("window.fetch = () => Promise.reject(new Error('away'))")
    reader.types("/cocoai usage", Keys.ENTER)
    reader.sees("#channel-write .refused", "could not be sent")

    assert "/cocoai usage" == reader.sees("#channel-write textarea").get_property("value")
