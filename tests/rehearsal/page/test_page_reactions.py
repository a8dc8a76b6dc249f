"""Reactions in the browser: what stands under a message, adding one by a picker, and taking one's own back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.page_reader import Reader

pytestmark = pytest.mark.browser

FIRST, SECOND = "U0ASKER01", "U0ASKER02"
CHIP = "#channel .reaction"


def picks(reader: Reader, *keys: str) -> None:
    """Open the picker of the channel's last message, move in it by these keys, and take what has the focus."""
    reader.script("document.querySelector('#channel .message:last-child .add').focus()")
    reader.types(Keys.ENTER)
    reader.sees("#menu .menu-item")
    reader.types(*keys, Keys.ENTER)
    reader.waits("!document.querySelector('#menu:popover-open')")


def reactions(slack: PracticeSlack) -> dict[str, tuple[str, ...]]:
    """Return who has reacted how to the first message."""
    return dict(slack.messages()[0].reactions)


def test_a_reaction_by_the_keyboard(reader: Reader, slack: PracticeSlack) -> None:
    """The picker is walked by the arrow keys; the reaction stands under the message, and the focus is back."""
    slack.say(FIRST, "hello")
    reader.opens(slack.url)
    reader.sees("#channel .text", "hello")
    picks(reader, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    chip = reader.sees(CHIP, "📝 1")

    assert {"memo": (FIRST,)} == reactions(slack)
    assert reader.script("return document.activeElement.matches('.add')")
    assert ("Memo, 1 reaction: Asker", "true") == (chip.accessible_name, chip.get_attribute("aria-pressed"))
    told = [payload["event"] for payload in slack.payloads if payload["event"]["type"] == "reaction_added"]
    assert [("memo", FIRST)] == [(each["reaction"], each["user"]) for each in told]
    picks(reader, Keys.ARROW_UP, Keys.END, Keys.HOME)
    reader.sees(CHIP, "🇯🇵 1")


def test_a_chip_adds_and_takes_back(reader: Reader, slack: PracticeSlack, act: Callable[..., str]) -> None:
    """A chip adds one's own reaction to others', and takes it back; with the last one it goes."""
    posted = slack.say(FIRST, "hello")
    act("reactions.add", channel="C0PRACTICE", timestamp=posted.ts, name="eyes")
    reader.opens(slack.url)
    reader.sees(CHIP, "👀 1").click()
    reader.sees(CHIP, "👀 2")
    assert {"eyes": ("U0COCOAI", FIRST)} == reactions(slack)

    Select(reader.sees("#asker")).select_by_value(SECOND)
    assert "false" == reader.sees(CHIP).get_attribute("aria-pressed")
    assert "Eyes, 2 reactions: CocoAI, Asker" == reader.sees(CHIP).accessible_name
    Select(reader.sees("#asker")).select_by_value(FIRST)
    reader.sees(CHIP).click()
    reader.sees(CHIP, "👀 1")
    assert {"eyes": ("U0COCOAI",)} == reactions(slack)

    slack.react(SECOND, posted.ts, "flag-br")
    reader.sees(CHIP, "🇧🇷 1")
    slack.unreact(SECOND, posted.ts, "flag-br")
    reader.waits(f"document.querySelectorAll('{CHIP}').length === 1")


@pytest.mark.long
@pytest.mark.parametrize(
    ("language", "label", "names"),
    [
        ("en-US", "Add a reaction", {0: "Flag of Japan", 4: "Flag of Taiwan", 12: "Memo", 14: "Thumbs up"}),
        ("ja", "リアクションする", {0: "国旗: 日本", 4: "国旗: 台湾", 12: "メモ", 14: "いいね"}),
    ],
)
def test_the_picker_in_words(
    reader: Reader, slack: PracticeSlack, language: str, label: str, names: dict[int, str]
) -> None:
    """The picker and each emoji in it have a name in the page's language; on a phone it is inside the screen."""
    slack.say(FIRST, "hello")
    reader.opens(slack.url, language, width=360, height=740)
    reader.sees("#channel .add").click()
    reader.sees("#menu .menu-item")
    items = reader.browser.find_elements(By.CSS_SELECTOR, "#menu .menu-item")
    inside = "const { left, right } = document.getElementById('menu').getBoundingClientRect(); return [left, right]"
    left, right = reader.script(inside)

    assert names == {at: items[at].accessible_name for at in names}
    assert label == reader.sees("#menu").accessible_name
    assert all(each.accessible_name for each in items)
    assert (True, True) == (left >= 0, right <= 360)


@pytest.mark.long
def test_unknown_emoji(reader: Reader, slack: PracticeSlack) -> None:
    """An emoji that the page does not know is shown by its name, whatever that is."""
    posted = slack.say(FIRST, "hello")
    for name in ("constructor", "party_parrot"):
        slack.react(SECOND, posted.ts, name)
    reader.opens(slack.url)
    reader.sees(CHIP, ":party_parrot: 1")

    assert "constructor, 1 reaction: Second asker" == reader.sees(CHIP, ":constructor: 1").accessible_name
