"""Several people at the page: one chooses as whom one writes and clicks, and sees what that person sees."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.page_reader import Reader

pytestmark = [pytest.mark.browser, pytest.mark.long]


def becomes(reader: Reader, user: str) -> None:
    """Choose as whom to write."""
    Select(reader.sees("#asker")).select_by_value(user)


@pytest.mark.parametrize(
    ("language", "people"),
    [
        ("ja", ["Asker（日本語）", "Second asker（英語）", "質問者（日本語）"]),
        ("en-US", ["Asker (Japanese)", "Second asker (English)", "質問者 (Japanese)"]),
    ],
)
def test_who_can_be_chosen(reader: Reader, slack: PracticeSlack, language: str, people: list[str]) -> None:
    """The list names the people with their languages, and is named itself."""
    reader.opens(slack.url, language)
    options = Select(reader.sees("#asker")).options

    assert people == [each.text for each in options]
    assert reader.sees("#asker").accessible_name


def test_two_people_in_a_thread(reader: Reader, slack: PracticeSlack) -> None:
    """Each writes as oneself, and sees who the others are; the choice outlives a reload."""
    reader.opens(slack.url)
    reader.types("@CocoAI hi", Keys.ENTER)
    reader.sees("#thread .text", "hi")
    becomes(reader, "U0ASKER02")
    reader.sees("#thread-write textarea").send_keys("me too", Keys.ENTER)
    reader.sees("#thread .message:last-child .text", "me too")
    names = [each.text for each in reader.browser.find_elements(By.CSS_SELECTOR, "#thread .byline b")]

    assert ["Asker", "Second asker (you)"] == names
    assert ["U0ASKER01", "U0ASKER02"] == [each.user for each in slack.messages()]
    reader.browser.refresh()
    reader.sees("#thread .byline b", "Second asker (you)")


def test_direct_messages_are_ones_own(reader: Reader, slack: PracticeSlack) -> None:
    """Another person has another direct conversation with the bot, and does not see the first one's."""
    slack.say("U0ASKER01", "a secret", channel="D0PRACTICE")
    reader.opens(f"{slack.url}/#D0PRACTICE")
    reader.sees("#channel .text", "a secret")
    becomes(reader, "U0ASKER04")
    reader.sees("#channel-name", "#practice")
    reader.sees(".place[data-id=D0THIRD]").click()
    reader.sees("#channel-topic", "Only you and CocoAI")
    reader.sees("#channel-write textarea").send_keys("mine", Keys.ENTER)

    assert "mine" == slack.wait_for(lambda: slack.messages("D0THIRD"))[0].text
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, ".place[data-id=D0PRACTICE]")


def test_ephemeral_messages_of_each(reader: Reader, slack: PracticeSlack, act: Callable[..., str]) -> None:
    """What only one person sees is shown while that person is chosen, and to nobody else."""
    reader.opens(slack.url)
    slack.say("U0ASKER01", "hello")
    reader.sees("#channel .text", "hello")
    act("chat.postEphemeral", channel="C0PRACTICE", user="U0ASKER02", text="for the second alone")
    act("chat.postMessage", channel="C0PRACTICE", text="for all")
    reader.sees("#channel .text", "for all")
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, ".whispered")

    becomes(reader, "U0ASKER02")
    reader.sees("#channel .whispered .text", "for the second alone")
    becomes(reader, "U0ASKER04")
    reader.waits("!document.querySelector('.whispered')")
    becomes(reader, "U0ASKER02")
    reader.sees("#channel .whispered .text", "for the second alone")


def test_a_click_is_the_chosen_persons(reader: Reader, slack: PracticeSlack) -> None:
    """A button is pressed as the person who is chosen."""
    button = {"type": "button", "action_id": "up", "text": {"type": "plain_text", "text": "up"}, "value": "v"}
    slack.workspace.post(
        "C0PRACTICE", "U0COCOAI", "so", blocks=({"type": "actions", "block_id": "b", "elements": [button]},)
    )
    reader.opens(slack.url)
    becomes(reader, "U0ASKER04")
    reader.sees("#channel .press").click()

    assert "U0ASKER04" == slack.wait_for(lambda: slack.clicks)[0].user


@pytest.mark.parametrize(("opener", "is_needed"), [("hi", True), ("<@U0COCOAI> hi", False)])
def test_where_a_mention_is_needed(reader: Reader, slack: PracticeSlack, opener: str, is_needed: bool) -> None:
    """Only in a thread in which the bot was never asked does the page say that a mention is needed."""
    parent = slack.say("U0ASKER02", opener)
    reader.opens(f"{slack.url}/#C0PRACTICE/{parent.ts}")
    reader.sees("#thread-write textarea").send_keys("and now?")

    assert is_needed == bool(reader.browser.find_elements(By.CSS_SELECTOR, "#thread-write .hint.alone"))


@pytest.mark.parametrize("language", ["ja", "en-US"])
def test_no_mention_is_asked_for_in_direct_messages(reader: Reader, slack: PracticeSlack, language: str) -> None:
    """Neither the box of direct messages nor a thread there says that a mention is needed, or offers one."""
    parent = slack.say("U0ASKER01", "hi", channel="D0PRACTICE")
    reader.opens(f"{slack.url}/#D0PRACTICE/{parent.ts}", language)
    for form in ("#channel-write", "#thread-write"):
        reader.sees(f"{form} textarea").send_keys("and now?")
        assert [] == reader.browser.find_elements(By.CSS_SELECTOR, f"{form} .hint.alone")
        assert not reader.browser.find_element(By.CSS_SELECTOR, f"{form} .mention").is_displayed()
