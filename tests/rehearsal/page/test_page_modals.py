"""The modal that the app opens, in the browser: it is filled in, refused, changed, sent off and closed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.conftest import Bot
from tests.rehearsal.page.page_reader import Reader

pytestmark = pytest.mark.browser

FIRST = "U0ASKER01"
FIELD = "#view [data-block='question']"
DESCRIBED = """
    const names = document.activeElement.getAttribute('aria-describedby').split(' ');
    return names.map((id) => document.getElementById(id).textContent).join('')"""


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def field(block_id: str, label: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **more}


def writing(**more: Any) -> dict[str, Any]:
    return {"type": "plain_text_input", "action_id": "text", **more}


QUESTION = field("question", "Your question", writing(multiline=True, max_length=2000, placeholder=plain("Why…?")))
NAME = field("name", "Name", writing(min_length=3), optional=True, hint=plain("As people call you"))
ABOUT = {"type": "context", "elements": [{"type": "mrkdwn", "text": "About: *hello*"}]}


def form(*blocks: dict[str, Any], **more: Any) -> str:
    """Return a modal as JSON."""
    titles = {"title": plain("Ask CocoAI"), "submit": plain("Ask"), "close": plain("Leave")}
    return json.dumps({"type": "modal", **titles, "blocks": blocks, **more})


@pytest.fixture
def opens(reader: Reader, slack: PracticeSlack, bot: Bot, act: Callable[..., str]) -> Callable[..., str]:
    """Return a function that opens a modal for the first person, who looks at the page; it returns the view's id."""
    bot.listens(slack)
    slack.switches.trigger_life = 600.0

    def open_view(view: str, language: str = "en-US", width: int = 1280) -> str:
        posted = slack.say(FIRST, "hello")
        reader.opens(slack.url, language, width, 740)
        reader.sees("#channel .text", "hello")
        slack.shortcut(FIRST, posted.ts, "cocoai_ask")
        act("views.open", trigger_id=bot.payloads[-1]["trigger_id"], view=view)
        reader.sees("#view")
        return str(slack.views_of(FIRST)[-1].id)

    return open_view


def test_a_modal_is_sent_off(reader: Reader, opens: Callable[..., str], bot: Bot) -> None:
    """By the keyboard: the first field has the focus; what is written goes to the bot as Slack sends it."""
    view_id = opens(form(ABOUT, QUESTION, NAME))
    assert ("dialog", "Ask CocoAI") == (reader.sees("#view").aria_role, reader.sees("#view").accessible_name)
    assert "Your question" == reader.sees(FIELD).accessible_name
    assert reader.script(f'return document.activeElement.matches("{FIELD}")')
    assert "hello" == reader.sees("#view strong").text
    reader.types("why", Keys.ENTER, "so?")
    reader.tabs_to("#view-submit")
    reader.types(Keys.ENTER)
    reader.waits("!document.getElementById('view').open")
    sent = bot.payloads[-1]

    assert ("view_submission", view_id) == (sent["type"], sent["view"]["id"])
    values = sent["view"]["state"]["values"]
    assert {"type": "plain_text_input", "value": "why\nso?"} == values["question"]["text"]
    assert {"type": "plain_text_input", "value": None} == values["name"]["text"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("language", "required", "short"),
    [
        ("en-US", "Please complete this required field.", "Please write at least 3 characters."),
        ("ja", "この項目は必須です。", "3文字以上で書いてください。"),
    ],
)
def test_what_is_missing_is_told(
    reader: Reader, opens: Callable[..., str], bot: Bot, language: str, required: str, short: str
) -> None:
    """An empty or a too short field is told before anything is sent, and described to a screen reader."""
    opens(form(QUESTION, NAME), language)
    reader.sees("#view [data-block='name']").send_keys("Al")
    reader.sees("#view-submit").click()
    errors = [each.text for each in reader.browser.find_elements(By.CSS_SELECTOR, "#view .input-error")]

    assert [required, short] == errors
    assert "true" == reader.sees(FIELD).get_attribute("aria-invalid")
    assert required == reader.script(DESCRIBED)
    assert ["message_action"] == [each["type"] for each in bot.payloads]


def test_the_bots_errors_are_told(reader: Reader, opens: Callable[..., str], bot: Bot) -> None:
    """Errors that the bot answers with stand under their fields, and what was written stays; then it is accepted."""
    opens(form(QUESTION), width=360)
    bot.reply = json.dumps({"response_action": "errors", "errors": {"question": "Six a minute, please."}}).encode()
    reader.types("why?")
    reader.sees("#view-submit").click()
    reader.sees("#view .input-error", "Six a minute, please.")
    assert "why?" == reader.sees(FIELD).get_property("value")
    assert 0 == reader.overflow()

    bot.reply = b""
    reader.sees("#view-submit").click()
    reader.waits("!document.getElementById('view').open")


@pytest.mark.long
def test_a_failed_submission_is_told(reader: Reader, opens: Callable[..., str], bot: Bot) -> None:
    """A submission that the bot did not take is told in the modal, which stays open."""
    opens(form(QUESTION))
    bot.status = 500
    reader.types("why?")
    reader.sees("#view-submit").click()

    reader.sees("#view-error", "We had some trouble connecting.")
    assert "why?" == reader.sees(FIELD).get_property("value")


@pytest.mark.long
def test_a_changed_modal_keeps_what_is_written(
    reader: Reader, opens: Callable[..., str], slack: PracticeSlack, act: Callable[..., str]
) -> None:
    """An update changes the modal in place: what is written, and the focus, stay."""
    view_id = opens(form(QUESTION))
    reader.types("half")
    act("views.update", view_id=view_id, view=form(ABOUT, QUESTION))
    reader.sees("#view strong", "hello")
    reader.types(" way")

    assert "half way" == reader.sees(FIELD).get_property("value")


@pytest.mark.long
@pytest.mark.parametrize("leaves", ["escape", "button"])
def test_a_modal_is_left(reader: Reader, opens: Callable[..., str], slack: PracticeSlack, leaves: str) -> None:
    """Escape and the close button leave a modal, and nothing is sent off."""
    opens(form(QUESTION))
    reader.types("why?")
    if leaves == "escape":
        reader.types(Keys.ESCAPE)
    else:
        reader.sees("#view-close", "Leave").click()
    reader.waits("!document.getElementById('view').open")

    slack.wait_for(lambda: not slack.views_of(FIRST))
    assert ["message_action"] == [each.kind for each in slack.interactions]


@pytest.mark.long
def test_an_unknown_field(reader: Reader, slack: PracticeSlack) -> None:
    """A field that the page cannot show is named."""
    reader.opens(slack.url)
    shown = reader.browser.execute_async_script(
        """
        const [spec, done] = arguments;
        const holder = document.createElement("div");
        import("/inputs.js").then(({ input }) => (input(spec, holder), done(holder.textContent)));""",
        field("day", "Day", {"type": "datepicker", "action_id": "day"}),
    )

    assert 'This page does not know how to show "datepicker".' == shown
