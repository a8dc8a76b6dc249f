"""Blocks in the browser: how they are rendered, how a reply grows in them, and how its buttons work."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage
from tests.rehearsal.page.conftest import Bot
from tests.rehearsal.page.page_reader import Reader

pytestmark = [pytest.mark.browser, pytest.mark.long]

Act = Callable[..., str]


def markdown(text: str) -> dict[str, Any]:
    """Return a markdown block."""
    return {"type": "markdown", "text": text}


def plain(text: str) -> dict[str, Any]:
    """Return a plain_text object."""
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    """Return a mrkdwn object."""
    return {"type": "mrkdwn", "text": text}


def button(action: str, label: str, **more: Any) -> dict[str, Any]:
    """Return a button."""
    return {"type": "button", "action_id": action, "text": plain(label), "value": "key user", **more}


def row(*buttons: dict[str, Any]) -> dict[str, Any]:
    """Return an actions block."""
    return {"type": "actions", "elements": buttons}


STOP = row(button("cocoai_stop", "Stop"))
SURE = {"title": plain("Really?"), "text": plain("It will be gone."), "confirm": plain("Delete"), "deny": plain("Keep")}
DONE = row(button("cocoai_again", "Again"), button("cocoai_delete", "Delete", confirm=SURE), button("cocoai_up", "👍"))


@pytest.fixture
def question(slack: PracticeSlack, bot: Bot) -> PracticeMessage:
    """Post a question of the page's person, with clicks delivered to the bot."""
    slack.subscribe(bot.url, bot.url)
    return slack.say("U0ASKER01", "<@U0COCOAI> hi")


@pytest.fixture
def reply(act: Act, question: PracticeMessage) -> Callable[..., str]:
    """Return a function that posts blocks in the question's thread, or updates the message `ts`, and returns its ts."""

    def post(*blocks: dict[str, Any], text: str = "fallback", ts: str = "") -> str:
        there = {"ts": ts} if ts else {"thread_ts": question.ts}
        method = "chat.update" if ts else "chat.postMessage"
        return act(method, channel=question.channel, text=text, blocks=json.dumps(blocks), **there)

    return post


def open_thread(reader: Reader, slack: PracticeSlack, question: PracticeMessage) -> None:
    """Open the question's thread."""
    reader.opens(f"{slack.url}/#{question.channel}/{question.ts}")
    reader.sees("#thread .text", "hi")


def test_each_kind_of_block(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str]
) -> None:
    """Each kind of block is rendered, and the fallback text is not; an unknown block is named."""
    fields = {"type": "section", "text": mrkdwn("*bold* &lt;b&gt;"), "fields": [plain("*plain*"), mrkdwn("_i_")]}
    reply(
        markdown("**strong**"),
        fields,
        {"type": "context", "elements": [plain("small :cat:")]},
        {"type": "divider"},
        {"type": "header", "text": plain("Head")},
        {"type": "image", "image_url": "https://a.example/i.png", "alt_text": "a cat"},
        {"type": "rich_text", "elements": []},
        DONE,
    )
    open_thread(reader, slack, question)

    assert "strong" == reader.sees("#thread .markdown strong").text
    assert "bold" == reader.sees("#thread .section strong").text
    assert ["*plain*", "i"] == reader.sees("#thread .fields").text.split("\n")
    assert "small 🐱" == reader.sees("#thread .context").text
    assert "Head" == reader.sees("#thread .header .heading").text
    assert "https://a.example/i.png" == reader.sees("#thread .image a", "a cat").get_attribute("href")
    assert "rich_text" in reader.sees("#thread .unknown").text
    assert ["Again", "Delete", "👍"] == reader.sees("#thread .actions").text.split("\n")
    assert 1 == len(reader.browser.find_elements(By.CSS_SELECTOR, "#thread .divider hr"))
    assert "fallback" not in reader.sees("#thread").text


def test_screen_reader_text(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str]
) -> None:
    """A screen reader gets the fallback text, as in Slack."""
    open_thread(reader, slack, question)
    reply(markdown("**shown**"), text="*read out*")
    reader.sees("#thread strong", "shown")

    reader.waits("document.getElementById('status').textContent === 'CocoAI: read out'")


def test_growing_reply_keeps_its_elements(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str]
) -> None:
    """While a table and a code block grow, their elements, scroll positions, selection and focus are kept."""
    wide = "|" + "|".join(f"a wide column {n}" for n in range(9)) + "|\n" + "|-" * 9 + "|\n"
    open_thread(reader, slack, question)
    ts = reply(markdown(wide + "|1|"), STOP)
    reader.sees("#thread .wide td", "1")
    reader.script("""
        window.table = document.querySelector('#thread .wide');
        table.scrollLeft = 120;
        const word = table.querySelector('td').firstChild;
        getSelection().setBaseAndExtent(word, 0, word, 1);
        document.querySelector('#thread [data-key=cocoai_stop]').focus();""")
    writing = {"type": "context", "elements": [plain("writing")]}
    reply(markdown(wide + "|1 and more|2|\n|3|\n\n```py\nx" + "y" * 300), writing, STOP, ts=ts)
    reader.sees("#thread .language", "py")
    reader.script("window.code = document.querySelector('#thread pre'); code.scrollLeft = 70")
    reply(markdown(wide + "|1 and more|2|\n|3|4|\n\n```py\nx" + "y" * 300 + "\nz\n```\nend"), STOP, ts=ts)
    reader.sees("#thread .markdown > p", "end")

    assert [120, 70] == reader.script("return [table.scrollLeft, code.scrollLeft]")
    assert reader.script("return table.isConnected && code.isConnected")
    assert "1" == reader.script("return getSelection().toString()")
    assert "cocoai_stop" == reader.script("return document.activeElement.dataset.key")


def test_focus_after_a_button_is_removed(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str]
) -> None:
    """When a focused button is removed, its message takes the focus, so that no other button is pressed."""
    open_thread(reader, slack, question)
    ts = reply(markdown("so"), STOP)
    reader.sees("#thread .press", "Stop")
    reader.tabs_to("#thread [data-key=cocoai_stop]")
    reply(markdown("so it is"), DONE, ts=ts)
    reader.sees("#thread .press", "Again")
    reader.types(Keys.ENTER)

    assert ts == reader.script("return document.activeElement.dataset.ts")
    assert [] == slack.clicks


def test_click(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str], bot: Bot
) -> None:
    """A click is sent once, as the page's person; until it is answered, the button is busy."""
    ts = reply(markdown("so"), STOP)
    open_thread(reader, slack, question)
    reader.tabs_to("#thread [data-key=cocoai_stop]")
    bot.ready.clear()
    reader.types(Keys.ENTER)
    reader.sees("#thread .press[aria-busy]")
    reader.types(Keys.ENTER)
    reply(markdown("so far"), STOP, ts=ts)
    reader.sees("#thread .markdown", "so far")
    reader.sees("#thread .press[aria-busy]")
    bot.ready.set()
    reader.waits("!document.querySelector('#thread [aria-busy]')")

    assert [("U0ASKER01", ts, "cocoai_stop", 200)] == [(c.user, c.ts, c.action, c.status) for c in slack.clicks]
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, "#thread .failed")
    assert "cocoai_stop" == reader.script("return document.activeElement.dataset.key")


def test_failed_click(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str], bot: Bot
) -> None:
    """A warning beside a button says that the click failed, and goes when the next one succeeds."""
    reply(markdown("so"), DONE)
    open_thread(reader, slack, question)
    bot.status = 500
    reader.sees("#thread [data-key=cocoai_up]").click()
    reader.sees("#thread .failed", "http_error")
    bot.status = 200
    reader.sees("#thread [data-key=cocoai_up]").click()
    # The warning goes with the click, before its response is there.
    slack.wait_for(lambda: len(slack.clicks) == 2)
    reader.waits("!document.querySelector('#thread .failed')")

    assert [500, 200] == [click.status for click in slack.clicks]


def test_confirmation_dialog(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str]
) -> None:
    """A click is sent only after the dialog is confirmed; Escape and "no" close the dialog only."""
    reply(markdown("so"), DONE)
    open_thread(reader, slack, question)
    for answer in ("", "#deny"):
        reader.sees("#thread [data-key=cocoai_delete]").click()
        assert "Really?\nIt will be gone.\nKeep\nDelete" == reader.sees("#confirm", "Really?").text
        reader.sees(answer).click() if answer else reader.types(Keys.ESCAPE)
        reader.waits("!document.getElementById('confirm').open")
        assert reader.sees("#thread [data-key=cocoai_delete]").is_displayed()
    reader.sees("#thread [data-key=cocoai_delete]").click()
    reader.sees("#agree").click()
    slack.wait_for(lambda: slack.clicks)

    assert ["cocoai_delete"] == [click.action for click in slack.clicks]


def test_ephemeral_message(reader: Reader, slack: PracticeSlack, question: PracticeMessage, act: Act) -> None:
    """An ephemeral message is marked, is no reply, can be dismissed, and is gone after a reload."""

    def post_ephemeral(text: str) -> None:
        act("chat.postEphemeral", channel=question.channel, user="U0ASKER01", thread_ts=question.ts, text=text)

    open_thread(reader, slack, question)
    post_ephemeral("thank you")
    post_ephemeral("and again")
    reader.sees("#thread .whispered .text", "and again")
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, "#channel .replies")
    assert "Only visible to you" in reader.sees("#thread .whispered").text

    reader.sees("#thread .whispered .dismiss").click()
    reader.waits("document.querySelectorAll('#thread .whispered').length === 1")
    assert "thread-write" == reader.focus
    open_thread(reader, slack, question)
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, "#thread .whispered")


def test_blocks_at_phone_width(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str]
) -> None:
    """At 360 pixels no table, code, word, heading or row of buttons is wider than the screen."""
    wide = "|" + "a" * 200 + "|b|\n|-|-|\n|" + "漢" * 200 + "|d|\n\n```\n" + "x" * 300 + "\n```\n"
    many = [button(f"cocoai_{n}", f"Button {n}") for n in range(9)]
    reply(markdown(wide + "# " + "h" * 200 + "\n\n- - - " + "y" * 200 + "\n\n> " + "z" * 200), row(*many))
    reader.opens(slack.url, "ja", width=360, height=740)
    reader.sees("#channel .replies").click()
    reader.sees("#thread .press", "Button 8")

    assert 0 == reader.overflow()
