"""Blocks in the browser: how they look, how a reply grows in them, and what happens when its buttons are pressed."""

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

pytestmark = pytest.mark.browser

Act = Callable[..., str]


def markdown(text: str) -> dict[str, Any]:
    return {"type": "markdown", "text": text}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def button(action: str, label: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": plain(label), "value": "key user", **more}


def row(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": buttons}


STOP = row(button("cocoai_stop", "Stop"))
SURE = {"title": plain("Really?"), "text": plain("It will be gone."), "confirm": plain("Delete"), "deny": plain("Keep")}
DONE = row(button("cocoai_again", "Again"), button("cocoai_delete", "Delete", confirm=SURE), button("cocoai_up", "👍"))


@pytest.fixture
def question(slack: PracticeSlack, bot: Bot) -> PracticeMessage:
    """Asked by the person at the page; what is pressed under its reply goes to the bot."""
    slack.subscribe(bot.url, bot.url)
    return slack.say("U0ASKER01", "<@U0COCOAI> hi")


@pytest.fixture
def reply(act: Act, question: PracticeMessage) -> Callable[..., str]:
    """Posts blocks under the question, or changes the message `ts` to them; its ts."""

    def post(*blocks: dict[str, Any], text: str = "fallback", ts: str = "") -> str:
        there = {"ts": ts} if ts else {"thread_ts": question.ts}
        method = "chat.update" if ts else "chat.postMessage"
        return act(method, channel=question.channel, text=text, blocks=json.dumps(blocks), **there)

    return post


def opened(reader: Reader, slack: PracticeSlack, question: PracticeMessage) -> None:
    reader.opens(f"{slack.url}/#{question.channel}/{question.ts}")
    reader.sees("#thread .text", "hi")


def test_each_kind_of_block(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str]
) -> None:
    """Each is shown as what it is, and the fallback text is not; what the page does not know, it names."""
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
    opened(reader, slack, question)

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


def test_the_fallback_is_what_is_read_out(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str]
) -> None:
    """A screen reader hears the text that Slack's would hear."""
    opened(reader, slack, question)
    reply(markdown("**shown**"), text="*read out*")
    reader.sees("#thread strong", "shown")

    reader.waits("document.getElementById('status').textContent === 'CocoAI: read out'")


def test_a_growing_reply_is_calm(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str]
) -> None:
    """While a table and a code block grow, they stay the same elements: scrolled, selected and focused as they were."""
    wide = "|" + "|".join(f"a wide column {n}" for n in range(9)) + "|\n" + "|-" * 9 + "|\n"
    opened(reader, slack, question)
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


def test_a_button_that_goes_leaves_the_focus_to_its_message(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str]
) -> None:
    """Whoever is about to press Stop when the answer ends must not press what comes in its place."""
    opened(reader, slack, question)
    ts = reply(markdown("so"), STOP)
    reader.sees("#thread .press", "Stop")
    reader.tabs_to("#thread [data-key=cocoai_stop]")
    reply(markdown("so it is"), DONE, ts=ts)
    reader.sees("#thread .press", "Again")
    reader.types(Keys.ENTER)

    assert ts == reader.script("return document.activeElement.dataset.ts")
    assert [] == slack.clicks


def test_pressing_a_button(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str], bot: Bot
) -> None:
    """The bot hears of it once, from the person at the page; until it has answered, the button is busy."""
    ts = reply(markdown("so"), STOP)
    opened(reader, slack, question)
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


def test_a_button_that_does_not_work(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str], bot: Bot
) -> None:
    """A sign beside it says so, and goes when the next try works."""
    reply(markdown("so"), DONE)
    opened(reader, slack, question)
    bot.status = 500
    reader.sees("#thread [data-key=cocoai_up]").click()
    reader.sees("#thread .failed", "http_error")
    bot.status = 200
    reader.sees("#thread [data-key=cocoai_up]").click()
    reader.waits("!document.querySelector('#thread .failed')")

    assert [500, 200] == [click.status for click in slack.clicks]


def test_a_button_that_asks_first(
    reader: Reader, slack: PracticeSlack, question: PracticeMessage, reply: Callable[..., str]
) -> None:
    """Nothing is sent after Escape, which closes nothing else, nor after "no"; the agreement sends it."""
    reply(markdown("so"), DONE)
    opened(reader, slack, question)
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


def test_what_only_you_can_see(reader: Reader, slack: PracticeSlack, question: PracticeMessage, act: Act) -> None:
    """A whisper says so, counts as no reply, can be put away, and is gone when the page is opened anew."""

    def whisper(text: str) -> None:
        act("chat.postEphemeral", channel=question.channel, user="U0ASKER01", thread_ts=question.ts, text=text)

    opened(reader, slack, question)
    whisper("thank you")
    whisper("and again")
    reader.sees("#thread .whispered .text", "and again")
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, "#channel .replies")
    assert "Only visible to you" in reader.sees("#thread .whispered").text

    reader.sees("#thread .whispered .dismiss").click()
    reader.waits("document.querySelectorAll('#thread .whispered').length === 1")
    assert "thread-write" == reader.focus
    opened(reader, slack, question)
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, "#thread .whispered")


def test_blocks_at_a_phone_s_width(
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
