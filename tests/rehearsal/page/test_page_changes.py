"""Messages that change at the page: edited, deleted, forwarded."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from cocoai.rehearsal.slack.json_shapes import table_json
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.page_reader import Reader

pytestmark = [pytest.mark.browser, pytest.mark.long]


def chooses(reader: Reader, message: str, action: str) -> None:
    """Choose an action in the menu of the message that the selector finds."""
    # The button is shown beside the message while the mouse is over it, or the keyboard on it.
    reader.script("document.querySelector(arguments[0]).focus()", f"{message} .more")
    reader.types(Keys.ENTER)
    reader.sees("#menu .menu-item", action).click()


def test_edit(reader: Reader, slack: PracticeSlack) -> None:
    """A message is edited as it was typed; Enter saves it, and the page marks it as edited."""
    slack.say("U0ASKER01", "<@U0COCOAI> 3 &lt; 4, see <https://a.example/>")
    reader.opens(slack.url)
    chooses(reader, "#channel .message", "Edit")
    assert "@CocoAI 3 < 4, see https://a.example/" == reader.sees("#compose-text").get_property("value")
    reader.types(" & more", Keys.ENTER)
    reader.sees("#channel .edited", "(edited)")

    assert "<@U0COCOAI> 3 &lt; 4, see <https://a.example/> &amp; more" == slack.messages()[0].text
    assert "message_changed" == slack.payloads[-1]["event"]["subtype"]
    reader.waits("document.activeElement.matches('.more')")


def test_an_edit_can_be_given_up(reader: Reader, slack: PracticeSlack) -> None:
    """Escape closes the dialog, not the thread, and nothing is changed."""
    parent = slack.say("U0ASKER01", "hi")
    reader.opens(f"{slack.url}/#C0PRACTICE/{parent.ts}")
    chooses(reader, "#thread .message", "Edit")
    reader.types("xyz", Keys.ESCAPE)
    reader.waits("!document.querySelector('dialog[open]')")

    assert reader.sees("#thread").is_displayed()
    assert ("hi", None) == (slack.messages()[0].text, slack.messages()[0].edited)


def test_delete(reader: Reader, slack: PracticeSlack) -> None:
    """A message is gone after a confirmation; an opener with replies leaves a tombstone, which can still be opened."""
    slack.say("U0ASKER01", "alone")
    opener = slack.say("U0ASKER01", "opener")
    slack.say("U0ASKER02", "reply", thread_ts=opener.ts)
    reader.opens(slack.url)
    for message in (".message:first-child", ".message:last-child"):
        chooses(reader, f"#channel {message}", "Delete")
        reader.sees("#confirm-text", "will be gone for everybody")
        reader.sees("#agree").click()
        reader.waits("!document.querySelector('dialog[open]')")
    reader.sees("#channel .gone", "This message was deleted.")

    assert 1 == len(reader.browser.find_elements(By.CSS_SELECTOR, "#channel .message"))
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, "#channel .more, #channel .byline")
    reader.sees("#channel .replies", "1 reply").click()
    reader.sees("#thread .text", "reply")


def test_the_menu(reader: Reader, slack: PracticeSlack, act: Callable[..., str]) -> None:
    """One's own message can be changed, another's cannot; arrow keys walk the menu, and Escape closes it alone."""
    parent = slack.say("U0ASKER01", "mine")
    act("chat.postMessage", channel="C0PRACTICE", thread_ts=parent.ts, text="its answer")
    reader.opens(f"{slack.url}/#C0PRACTICE/{parent.ts}")
    items = []
    for message in ("#thread .message:last-child", "#thread .message:first-child"):
        reader.script("document.querySelector(arguments[0]).focus()", f"{message} .more")
        reader.types(Keys.ENTER)
        reader.sees("#menu")
        items.append([each.text for each in reader.browser.find_elements(By.CSS_SELECTOR, "#menu .menu-item")])
        reader.types(Keys.ARROW_UP)
        assert items[-1][-1] == reader.script("return document.activeElement.textContent")
        reader.types(Keys.ESCAPE)
        reader.waits("!document.querySelector('#menu:popover-open')")
        assert reader.sees("#thread").is_displayed()

    shared = ["Phone notification", "Forward…"]
    assert [shared, [*shared, "Edit…", "Delete"]] == [each[4:] for each in items]


def test_forward(reader: Reader, slack: PracticeSlack) -> None:
    """A message is forwarded with a word to a direct conversation, and shown there with its author, words and files."""
    slack.share("U0ASKER02", "the *plan*", [PracticeFile("plan.pdf", "application/pdf", b"%PDF")])
    reader.opens(slack.url)
    chooses(reader, "#channel .message", "Forward")
    Select(reader.sees("#compose-target")).select_by_value("D0PRACTICE")
    reader.sees("#compose-quote", "Second asker: the plan")
    reader.sees("#compose-text").send_keys("is this right?")
    reader.sees("#compose-do").click()
    sent = slack.wait_for(lambda: slack.messages("D0PRACTICE"))[0]
    reader.sees("#channel .forwarded .from", "Second asker")

    assert ("is this right?", True) == (sent.text, sent.attachments[0]["is_share"])
    assert "plan" == reader.sees("#channel .forwarded strong").text
    reader.sees("#channel .forwarded .file", "plan.pdf\nPDF · 4 B")
    reader.sees("#channel .where", "Posted in #practice")


def test_a_forwarded_table(reader: Reader, slack: PracticeSlack) -> None:
    """A table that was pasted into a message goes with it."""
    slack.say("U0ASKER02", "prices", attachments=[table_json(("item", "yen"), ("tea", "120"))])
    reader.opens(slack.url)
    chooses(reader, "#channel .message", "Forward")
    reader.sees("#compose-do").click()
    reader.sees("#channel .forwarded .text", "prices")
    reader.sees("#channel .forwarded td", "120")
    blocks = slack.messages()[1].attachments[0]["message_blocks"][0]["message"]["blocks"]

    assert ["rich_text", "table"] == [each["type"] for each in blocks]


def test_forward_into_a_thread(reader: Reader, slack: PracticeSlack) -> None:
    """A thread can be chosen, too: it opens, and the forwarded message stands in it."""
    thread = slack.say("U0ASKER02", "<@U0COCOAI> a thread")
    slack.say("U0ASKER02", "and its reply", thread_ts=thread.ts)
    slack.say("U0ASKER02", "news")
    reader.opens(slack.url)
    chooses(reader, "#channel .message:last-child", "Forward")
    targets = {each.get_attribute("value"): each.text for each in Select(reader.sees("#compose-target")).options}
    Select(reader.sees("#compose-target")).select_by_value(f"C0PRACTICE/{thread.ts}")
    reader.sees("#compose-do").click()
    reader.sees("#thread .forwarded .text", "news")

    assert ["C0PRACTICE", "C0OUTSIDE", "D0PRACTICE", f"C0PRACTICE/{thread.ts}"] == list(targets)
    assert "In the thread “@CocoAI a thread”" == targets[f"C0PRACTICE/{thread.ts}"]


def test_an_edited_message_is_forwarded_as_it_is_now(reader: Reader, slack: PracticeSlack) -> None:
    """The menu knows a message as it is now; on a phone its dialog fits the screen."""
    posted = slack.say("U0ASKER01", "before")
    reader.opens(slack.url, width=360, height=740)
    reader.sees("#channel .text", "before")
    slack.edit("C0PRACTICE", posted.ts, "after " * 30)
    reader.sees("#channel .text", "after")
    chooses(reader, "#channel .message", "Forward")
    reader.sees("#compose-quote", "Asker: after")
    beyond = """
        const shown = [...document.querySelectorAll('body *')].filter((each) => each.checkVisibility());
        const out = shown.filter((each) => each.getBoundingClientRect().right > innerWidth + 1);
        return out.map((each) => each.outerHTML)"""

    assert [] == reader.script(beyond)


def test_a_forwarded_answer_has_no_buttons(reader: Reader, slack: PracticeSlack) -> None:
    """Of a forwarded answer the blocks are shown, but not its buttons."""
    button = {"type": "button", "action_id": "up", "text": {"type": "plain_text", "text": "up"}}
    blocks = ({"type": "markdown", "text": "**so**"}, {"type": "actions", "block_id": "b", "elements": [button]})
    slack.workspace.post("C0PRACTICE", "U0COCOAI", "so", blocks=blocks)
    reader.opens(slack.url)
    chooses(reader, "#channel .message", "Forward")
    reader.sees("#compose-do").click()

    assert "so" == reader.sees("#channel .forwarded strong").text
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, ".forwarded .press")


def test_a_refused_action_is_told(reader: Reader, slack: PracticeSlack) -> None:
    """An action that the server refuses is told, not swallowed."""
    slack.say("U0ASKER01", "hi")
    reader.opens(slack.url)
    reader.sees("#channel .text", "hi")
    reader.script("window.fetch = () => Promise.reject(new Error('away'))")
    chooses(reader, "#channel .message", "Delete")
    reader.sees("#agree").click()

    reader.sees("#banner", "That did not work")
    assert "hi" == slack.messages()[0].text
