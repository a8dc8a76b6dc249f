"""The page in a headless Chromium: a person asks, and the test answers as the bot."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.page.practice_page import PracticePage
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.conftest import Bot
from tests.rehearsal.page.page_reader import Reader

pytestmark = pytest.mark.browser


def test_mention(reader: Reader, slack: PracticeSlack, act: Callable[..., str]) -> None:
    """A question typed with the keyboard opens its thread; the placeholder and the answer appear without a reload."""
    reader.opens(slack.url)
    assert "channel-write" == reader.focus
    reader.types("@CocoAI how are you?", Keys.ENTER)
    question = slack.wait_for(slack.messages)[0]
    assert "<@U0COCOAI> how are you?" == question.text

    reader.sees("#thread .mention", "@CocoAI")
    ts = act("chat.postMessage", channel="C0PRACTICE", thread_ts=question.ts, text="One moment")
    reader.sees("#thread .text", "One moment")
    act("chat.update", channel="C0PRACTICE", ts=ts, text="I am *well*")
    assert "well" == reader.sees("#thread .text strong").text
    reader.sees("#channel .replies", "1 reply")
    assert "thread-write" == reader.focus
    reader.waits("document.getElementById('status').textContent.includes('CocoAI: I am well')")
    assert reader.script("return window.sameAsBefore")
    assert {"app_mention", "message"} == {payload["event"]["type"] for payload in slack.payloads[:2]}


def test_reply_in_the_thread(reader: Reader, slack: PracticeSlack) -> None:
    """Shift+Enter starts a new line and Enter sends; in the thread no mention is needed."""
    reader.opens(slack.url)
    reader.types("@CocoAI hi", Keys.ENTER)
    reader.sees("#thread .text", "hi")
    reader.waits("document.activeElement.form?.id === 'thread-write'")
    newline = ActionChains(reader.browser).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT)
    reader.types("first line")
    newline.perform()
    reader.types("second line", Keys.ENTER)
    question, second = slack.wait_for(lambda: slack.messages() if len(slack.messages()) > 1 else ())

    assert ("first line\nsecond line", question.ts) == (second.text, second.thread_ts)
    reader.sees("#thread .message:last-child .text", "second line")


@pytest.mark.long
def test_mention_button(reader: Reader, slack: PracticeSlack) -> None:
    """The button inserts the mention at the cursor; without one a hint says that nobody is asked."""
    reader.opens(slack.url)
    reader.types("hello")
    reader.sees("#channel-write .hint.alone")
    reader.tabs_to("#channel-write .mention")
    reader.types(Keys.SPACE)
    assert "hello @CocoAI " == reader.sees("#channel-write textarea").get_property("value")
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, "#channel-write .hint.alone")

    reader.types("and you?", Keys.ENTER)
    assert "hello <@U0COCOAI> and you?" == slack.wait_for(slack.messages)[0].text


def test_direct_message(reader: Reader, slack: PracticeSlack, act: Callable[..., str]) -> None:
    """A direct message needs no mention, and its answer comes in a thread."""
    reader.opens(slack.url)
    reader.tabs_to(".place[data-id=D0PRACTICE]")
    reader.types(Keys.ENTER)
    reader.sees("#channel-topic", "Only you and CocoAI")
    reader.waits("document.activeElement.form?.id === 'channel-write'")
    reader.types("just a question", Keys.ENTER)
    question = slack.wait_for(lambda: slack.messages("D0PRACTICE"))[0]
    act("chat.postMessage", channel="D0PRACTICE", thread_ts=question.ts, text="just an answer")

    reader.sees("#thread .text", "just an answer")
    asked = [payload["event"] for payload in slack.payloads if payload["event"]["type"] == "message"]
    assert "im" == asked[0]["channel_type"]


def test_thread_with_the_keyboard(reader: Reader, slack: PracticeSlack) -> None:
    """Escape and the Back button close a thread, and the focus returns to its button."""
    parent = slack.say("U0ASKER02", "hello")
    slack.say("U0ASKER02", "and again", thread_ts=parent.ts)
    reader.opens(slack.url)
    for leave in (partial(reader.types, Keys.ESCAPE), reader.browser.back):
        reader.tabs_to(".replies")
        reader.types(Keys.ENTER)
        reader.sees("#thread .text", "and again")
        leave()
        reader.waits("document.activeElement.matches('.replies')")
        assert not reader.browser.find_element(By.ID, "thread").is_displayed()


def test_enter_belongs_to_the_input_method(reader: Reader, slack: PracticeSlack) -> None:
    """While Japanese text is composed, Enter sends nothing."""
    reader.opens(slack.url)
    reader.types("こんにちは")
    reader.script(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', "
        "{key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
    )
    assert slack.messages() == ()

    reader.types(Keys.ENTER)
    assert "こんにちは" == slack.wait_for(slack.messages)[0].text


@pytest.mark.long
def test_phone_width(reader: Reader, slack: PracticeSlack, act: Callable[..., str]) -> None:
    """At 360 pixels neither the channel nor a thread with very long words is wider than the screen."""
    reader.opens(slack.url, width=360, height=740)
    assert 0 == reader.overflow()

    reader.sees("#channel-write textarea").click()
    reader.types("@CocoAI hi", Keys.ENTER)
    question = slack.wait_for(slack.messages)[0]
    for text in ("x" * 300, "https://a.example/" + "y" * 300, "```" + "z " * 200 + "```", "文" * 300, "last"):
        act("chat.postMessage", channel="C0PRACTICE", thread_ts=question.ts, text=text)
    reader.sees("#thread .message:last-child .text", "last")
    assert 0 == reader.overflow()
    assert not reader.browser.find_element(By.ID, "channel").is_displayed()

    reader.sees("#close").click()
    reader.sees("#channel .replies")
    assert 0 == reader.overflow()


@pytest.mark.long
def test_long_answer_stays_at_its_top(reader: Reader, slack: PracticeSlack, act: Callable[..., str]) -> None:
    """While a long answer grows, its beginning stays visible."""
    reader.opens(slack.url)
    reader.types("@CocoAI hi", Keys.ENTER)
    question = slack.wait_for(slack.messages)[0]
    ts = act("chat.postMessage", channel="C0PRACTICE", thread_ts=question.ts, text="wait")
    for lines in (20, 60, 120):
        act("chat.update", channel="C0PRACTICE", ts=ts, text="\n".join(f"line {n}" for n in range(lines)))
        reader.waits(f"document.querySelectorAll('#thread .message:last-child .text p').length === {lines}")
    inside = """
        const scroll = document.querySelector('#thread .scroll').getBoundingClientRect();
        const first = document.querySelector('#thread .message:last-child .text p').getBoundingClientRect();
        return first.top >= scroll.top && first.bottom <= scroll.bottom"""

    assert reader.script(inside)


@pytest.mark.long
def test_failed_delivery_is_shown(reader: Reader, slack: PracticeSlack, bot: Bot) -> None:
    """The page shows that a message could not be delivered to the bot."""
    bot.status = 500
    reader.opens(slack.url)
    reader.types("@CocoAI hi", Keys.ENTER)

    reader.sees("#thread .undelivered", "http_error")


@pytest.mark.parametrize(
    ("language", "lang", "placeholder", "send"),
    [
        pytest.param("ja", "ja", "#practice へのメッセージ", "送信", marks=pytest.mark.long),
        ("fr, ja", "ja", "#practice へのメッセージ", "送信"),
        pytest.param("de", "en", "Message #practice", "Send", marks=pytest.mark.long),
    ],
)
def test_two_languages(
    reader: Reader, slack: PracticeSlack, language: str, lang: str, placeholder: str, send: str
) -> None:
    """The page is in the first of the browser's languages that it has, else in English."""
    reader.opens(slack.url, language)

    assert lang == reader.script("return document.documentElement.lang")
    assert placeholder == reader.sees("#channel-write textarea").get_attribute("placeholder")
    assert send == reader.sees("#channel-write .send").accessible_name


@pytest.mark.parametrize("language", ["ja", pytest.param("en-US", marks=pytest.mark.long)])
def test_every_control_has_a_name(reader: Reader, slack: PracticeSlack, act: Callable[..., str], language: str) -> None:
    """Every control has a name for screen readers."""
    parent = slack.say("U0ASKER01", "hi")
    act("chat.postMessage", channel="C0PRACTICE", thread_ts=parent.ts, text="<https://a.example/|a link>")
    reader.opens(f"{slack.url}/#C0PRACTICE/{parent.ts}", language)
    reader.sees("#thread a")
    controls = reader.browser.find_elements(By.CSS_SELECTOR, "button, textarea, select, a, nav, main, section, ol")

    assert [] == [each.get_attribute("outerHTML") for each in controls if each.is_displayed() and not named(each)]


def named(element: WebElement) -> bool:
    """Return True if an element has an accessible name, or needs none."""
    return bool(element.accessible_name) or element.tag_name == "main"


@pytest.mark.long
def test_restarted_server(reader: Reader, slack: PracticeSlack) -> None:
    """While the server is away the page says so; then it shows the new server's messages and keeps the typed text."""
    page = PracticePage(slack.page).start()
    slack.say("U0ASKER02", "before")
    reader.opens(page.url)
    reader.sees("#channel .text", "before")
    reader.types("half a quest")
    page.stop()
    reader.sees("#banner", "does not answer")
    reader.types("ion", Keys.ENTER)
    reader.sees("#channel-write .refused", "could not be sent")

    with PracticeSlack() as other, PracticePage(other.page, port=page.port):
        other.say("U0ASKER02", "after")
        reader.sees("#channel .text", "after")
        reader.waits("document.getElementById('banner').hidden")
        assert ["after"] == [each.text for each in reader.browser.find_elements(By.CSS_SELECTOR, "#channel .text")]
        assert "half a question" == reader.sees("#channel-write textarea").get_property("value")


def test_over_tls(reader: Reader, certificates: Certificates) -> None:
    """The practice Slack serves the page over TLS too, to a browser that accepts its certificate."""
    with PracticeSlack(certificates) as slack:
        reader.opens(slack.url)
        reader.types("hello", Keys.ENTER)
        reader.sees("#channel .text", "hello")


LINK = ' target="_blank" rel="noopener noreferrer"'
MRKDWN = [
    ("*a" + "`b`" * 60 + " c", "<p>*a" + "<code>b</code>" * 60 + " c</p>"),
    ("*" + "<" * 300, "<p>*" + "&lt;" * 300 + "</p>"),
    ("*b* _i_ ~s~ `c`", "<p><strong>b</strong> <em>i</em> <s>s</s> <code>c</code></p>"),
    ("*b _bi_ b*", "<p><strong>b <em>bi</em> b</strong></p>"),
    ("*see <https://a.example/x*y|it*>*", '<p><strong>see <a href="https://a.example/x*y"{0}>it*</a></strong></p>'),
    ("snake_case_name 2*3*4 **md** # md", "<p>snake_case_name 2*3*4 **md** # md</p>"),
    ("日本語*太字*です", "<p>日本語*太字*です</p>"),
    ("日本語 *太字* です（*太字*）", "<p>日本語 <strong>太字</strong> です（<strong>太字</strong>）</p>"),
    ("日本語\u200b*太字*\u200bです", "<p>日本語\u200b<strong>太字</strong>\u200bです</p>"),
    ("a\n\nb", '<p>a</p><p class="gap"></p><p>b</p>'),
    ("&gt; one\n> two\nthree", "<blockquote><p>one</p><p>two</p></blockquote><p>three</p>"),
    ("&gt;&gt;&gt; one\ntwo", "<blockquote><p>one</p><p>two</p></blockquote>"),
    (
        "• one\n    ◦ two\n- three",
        '<ul><li class="deep0">one</li><li class="deep1">two</li></ul><p>- three</p>',
    ),
    ("a\n```\nx *y*\n  &lt;z&gt;\n```\nb", '<p>a</p><pre tabindex="0"><code>x *y*\n  &lt;z&gt;</code></pre><p>b</p>'),
    ("``` open", "<p>``` open</p>"),
    ("`a <https://a.example/> &amp;`", "<p><code>a https://a.example/ &amp;</code></p>"),
    (
        "<https://a.example/?a=1&amp;b=2>",
        '<p><a href="https://a.example/?a=1&amp;b=2"{0}>https://a.example/?a=1&amp;b=2</a></p>',
    ),
    ("<mailto:a@a.example|mail>", '<p><a href="mailto:a@a.example"{0}>mail</a></p>'),
    ("<@U0COCOAI> <@U0NOBODY>", '<p><span class="mention">@CocoAI</span> <span class="mention">@U0NOBODY</span></p>'),
    ("<#C0PRACTICE|practice>", '<p><span class="mention">#practice</span></p>'),
    (
        "<!here> <!subteam^S0|@all>",
        '<p><span class="mention ping">@here</span> <span class="mention ping">@all</span></p>',
    ),
    ("&amp;lt; &lt;b&gt;", "<p>&amp;lt; &lt;b&gt;</p>"),
    (":cat: :no_such_thing: 10:30:00", "<p>🐱 :no_such_thing: 10:30:00</p>"),
    ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    ('<img src=x onerror="alert(1)">', '<p>&lt;img src=x onerror="alert(1)"&gt;</p>'),
    ("<javascript:alert(1)|here>", "<p>&lt;javascript:alert(1)|here&gt;</p>"),
    (
        '<https://a.example/"onclick="alert(1)|x>',
        '<p><a href="https://a.example/&quot;onclick=&quot;alert(1)"{0}>x</a></p>',
    ),
    ("<https://a.example/|<b>x</b>>", "<p>&lt;https://a.example/|&lt;b&gt;x&lt;/b&gt;&gt;</p>"),
]


@pytest.mark.long
def test_mrkdwn(reader: Reader, slack: PracticeSlack) -> None:
    """mrkdwn is rendered as Slack does; other text is shown literally, and adds no elements of its own."""
    reader.opens(slack.url)
    rendered = reader.browser.execute_async_script(
        """
        const [texts, done] = arguments;
        import("/mrkdwn.js").then(({ render }) => done(texts.map((text) => {
          const holder = document.createElement("div");
          holder.append(render(text, { U0COCOAI: { name: "CocoAI" } }));
          return holder.innerHTML;
        })));
        """,
        [text for text, _ in MRKDWN],
    )

    assert [(text, html.replace("{0}", LINK)) for text, html in MRKDWN] == [
        (text, html) for (text, _), html in zip(MRKDWN, rendered, strict=True)
    ]
