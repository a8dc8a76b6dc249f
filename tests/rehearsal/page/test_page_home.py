"""The Home tab in the browser: each opening is told to the app, and what it publishes is shown to one person alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.page_reader import Reader

pytestmark = pytest.mark.browser

FIRST, SECOND = "U0ASKER01", "U0ASKER02"


def view(text: str) -> str:
    """Return a Home tab as JSON: a header, a text and a table."""
    header: dict[str, Any] = {"type": "header", "text": {"type": "plain_text", "text": "This month"}}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    cells = [[{"type": "raw_text", "text": each} for each in row] for row in (("What", "USD"), ("Answers", "0.12"))]
    return json.dumps({"type": "home", "blocks": [header, section, {"type": "table", "rows": cells}]})


def opened(slack: PracticeSlack) -> list[tuple[str, str]]:
    """Return who has opened the Home tab, and in which conversation."""
    events = [payload["event"] for payload in slack.payloads if payload["event"]["type"] == "app_home_opened"]
    return [(each["user"], each["channel"]) for each in events if each["tab"] == "home"]


def test_home(reader: Reader, slack: PracticeSlack, act: Callable[..., str]) -> None:
    """The tab is opened by its button; it shows what is published then, and changes with it; nobody else sees it."""
    reader.opens(f"{slack.url}/#D0PRACTICE")
    reader.sees("#tab-home").click()
    reader.sees("#home", "CocoAI has shown nothing here yet.")
    assert [(FIRST, "D0PRACTICE")] == slack.wait_for(lambda: opened(slack))
    assert not reader.script("return document.getElementById('channel-write').checkVisibility()")
    act("views.publish", user_id=FIRST, view=view("You: *$0.12*"))
    reader.sees("#home .heading", "This month")
    assert "$0.12" == reader.sees("#home strong").text
    act("views.publish", user_id=FIRST, view=view("You: *$0.34*"))
    reader.sees("#home strong", "$0.34")
    reader.sees("#home td", "0.12")

    Select(reader.sees("#asker")).select_by_value(SECOND)
    reader.sees("#channel-name", "#practice")
    reader.script("location.hash = 'D0SECOND/home'")
    reader.sees("#home", "CocoAI has shown nothing here yet.")
    assert [(FIRST, "D0PRACTICE"), (SECOND, "D0SECOND")] == slack.wait_for(
        lambda: opened(slack) if len(opened(slack)) > 1 else []
    )


def test_the_tabs_by_the_keyboard(reader: Reader, slack: PracticeSlack) -> None:
    """Arrow keys go from tab to tab; each opening of Home is told; a channel has no tabs."""
    reader.opens(f"{slack.url}/#D0PRACTICE")
    reader.script("document.getElementById('channel-name').focus()")
    reader.tabs_to("#tab-messages")
    for number in (1, 2):
        reader.types(Keys.ARROW_LEFT)
        reader.waits("document.getElementById('tab-home').ariaSelected === 'true'")
        slack.wait_for(lambda: len(opened(slack)) == number)  # noqa: B023 - it is called at once
        assert reader.script("return document.activeElement.id === 'tab-home'")
        reader.types(Keys.ARROW_RIGHT)
        reader.waits("document.getElementById('tab-messages').ariaSelected === 'true'")
        assert reader.sees("#channel-write textarea").is_displayed()
    reader.script("location.hash = 'C0PRACTICE'")
    reader.waits("document.getElementById('tabs').hidden")


@pytest.mark.long
@pytest.mark.parametrize(("language", "names"), [("en-US", ["Home", "Messages"]), ("ja", ["ホーム", "メッセージ"])])
def test_on_a_phone(
    reader: Reader, slack: PracticeSlack, act: Callable[..., str], language: str, names: list[str]
) -> None:
    """At 360 pixels the tabs and a Home tab with a long text fit the screen."""
    act("views.publish", user_id=FIRST, view=view("x" * 300))
    reader.opens(f"{slack.url}/#D0PRACTICE", language, width=360, height=740)
    reader.sees("#tab-home").click()
    reader.sees("#home .heading", "This month")

    assert names == [reader.sees(f"#tab-{each}").accessible_name for each in ("home", "messages")]
    assert 0 == reader.overflow()
