"""A person at the page, and the record of the turns: what had to stand there, and a picture of each."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from bench.office.words import Words
from tests.deployment import Deployment
from tests.rehearsal.page.page_reader import Reader

PATIENCE = 60.0
"""Seconds to wait for what has to stand on the page."""

DESK, PHONE = (1280, 800), (390, 844)
"""The window's width and height."""

REPLIES = """
    const shown = [...document.querySelectorAll('#thread .message:not(.whispered)')];
    const own = shown.filter((each) => each.querySelector('.byline .app'));
    const buttonsOf = (each) => [...each.querySelectorAll('.press, .icon')].map((button) => button.dataset.key);
    return own.map((each) => [each.innerText, buttonsOf(each)])"""
BEYOND = """
    const isOut = (each) => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest('pre, .wide, .unseen');
    const out = [...document.querySelectorAll('body *')].filter((each) => each.checkVisibility() && isOut(each));
    return out.map((each) => each.outerHTML.slice(0, 120)).slice(0, 3)"""
PASTE = """
    const [form, contents] = arguments;
    const transfer = new DataTransfer();
    for (const [type, text] of Object.entries(contents)) transfer.setData(type, text);
    const event = new ClipboardEvent('paste', {bubbles: true, cancelable: true, clipboardData: transfer});
    document.querySelector(`${form} textarea`).dispatchEvent(event)"""


@dataclass
class Diary:
    """The record of a run: a line for each turn, `faults` for those at which something else stood on the page."""

    pictures: Path | None
    turns: int = 0
    on_phones: int = 0
    languages: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


class Visitor:
    """A person at the page in one language and one window, who asks the deployed CocoAI."""

    def __init__(
        self, reader: Reader, built: Deployment, page: str, words: Words, size: tuple[int, int], diary: Diary
    ) -> None:
        self.reader, self.built, self.words = reader, built, words
        self.is_phone = size == PHONE
        self._page = page
        self._size = size
        self._diary = diary
        self._known = 0  # replies in the thread when something was last written there

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Count a turn, write a line about it, and take its picture; a fault is recorded, and the next turn follows."""
        started = time.monotonic()
        self._diary.turns += 1
        self._diary.on_phones += self.is_phone
        self._diary.languages[self.words.tag] = self._diary.languages.get(self.words.tag, 0) + 1
        label = f"{self._diary.turns:02} {self.words.tag[:2]} {'phone' if self.is_phone else 'desk'} {name}"
        fault = ""
        try:
            yield
            fault = self._spoiled()
        except (WebDriverException, AssertionError, TimeoutError) as error:
            fault = f"{type(error).__name__}: {(getattr(error, 'msg', '') or str(error)).splitlines()[0]}"
        if self._diary.pictures:
            path = self._diary.pictures / f"{re.sub(r'[^a-z0-9]+', '-', label.lower())}.png"
            self.reader.browser.save_screenshot(str(path))
        print(f"  {label:40} {time.monotonic() - started:6.1f} s  {fault or 'ok'}", flush=True)
        if fault:
            self._diary.faults.append(f"{label}: {fault}")

    def _spoiled(self) -> str:
        """Return what no turn may leave on the page: a thing beyond the window's edge, an unknown block, a banner."""
        if beyond := self.reader.script(BEYOND):
            return f"beyond the window's edge: {beyond}"
        for selector in (".unknown", "#banner", ".refused", ".undelivered", ".failed"):
            for each in self.reader.browser.find_elements(By.CSS_SELECTOR, selector):
                if each.is_displayed():
                    return f"{selector}: {each.text}"
        return ""

    # Where one is

    def opens(self, place: str = "C0PRACTICE") -> None:
        """Load the page, at a channel or CHANNEL/TS."""
        width, height = self._size
        self.reader.opens(self._page, self.words.tag, width, height)
        self.goes(place)

    def goes(self, place: str) -> None:
        """Open a channel, or a thread by CHANNEL/TS, as a link does."""
        self.reader.script("location.hash = arguments[0]", place)

    def closes(self) -> None:
        """Close the thread, if one is open."""
        for each in self.reader.browser.find_elements(By.ID, "close"):
            if each.is_displayed():
                each.click()
        self.reader.sees("#channel-write textarea")

    def becomes(self, user: str) -> None:
        """Write and click as another person."""
        Select(self.reader.sees("#asker")).select_by_value(user)

    # Writing

    def asks(self, text: str, *, mention: bool = True) -> None:
        """Write into the channel's box."""
        self.closes()
        self._known = 0
        self._writes("#channel-write", f"@CocoAI {text}" if mention else text)

    def replies(self, text: str) -> None:
        """Write into the thread's box."""
        self._known = len(self.reader.script(REPLIES))
        self._writes("#thread-write", text)

    def attaches(self, form: str, *files: Path) -> None:
        """Choose files for the next message of a box."""
        chooser = self.reader.browser.find_element(By.CSS_SELECTOR, f"{form} .choose")
        chooser.send_keys("\n".join(map(str, files)))
        self.reader.sees(f"{form} .chip", files[-1].name)

    def pastes(self, form: str, html: str) -> None:
        """Paste cells into a box."""
        self.reader.script(PASTE, form, {"text/html": html})
        self.reader.sees(f"{form} .chip")

    def _writes(self, form: str, text: str) -> None:
        self.reader.sees(f"{form} textarea").send_keys(text, Keys.ENTER)
        self.reader.waits(f"!document.querySelector('{form} textarea').value")

    # Pressing

    def presses(self, action: str, message: str = "#thread") -> None:
        """Press the last button of an action in the thread."""
        self._known = len(self.reader.script(REPLIES)) if action == "again" else self._known
        key = f"cocoai_feedback {action}" if action in ("up", "down") else f"cocoai_{action}"
        button = self._until(f'{message} [data-key="{key}"]')
        self.reader.script("arguments[0].scrollIntoView({block: 'center'}); arguments[0].click()", button)

    def chooses(self, message: str, item: str) -> None:
        """Choose an item in the menu of the last message that matches the selector."""
        self.opens_menu(f"{message} .more")
        self.reader.sees("#menu .menu-item", item).click()

    def opens_menu(self, opener: str) -> None:
        """Press the last of the buttons that match the selector and open a menu or a picker."""
        button = self._until(opener)
        self.reader.script("arguments[0].scrollIntoView({block: 'center'}); arguments[0].click()", button)
        self.reader.sees("#menu .menu-item")

    # Reading

    def sees(self, selector: str, text: str = "") -> WebElement:
        """Wait for an element with this text, and return it."""
        return self.reader.sees(selector, text)

    def misses(self, selector: str) -> None:
        """Wait until nothing that matches the selector is shown."""
        script = "![...document.querySelectorAll('%s')].some((each) => each.checkVisibility())"
        self.reader.waits(script % selector)

    def answered(self, *texts: str) -> None:
        """Wait until the thread's last reply is a whole answer that holds these texts."""
        self._replied(texts, whole=True)

    def noted(self, *texts: str) -> None:
        """Wait until the thread's last reply holds these texts; it may have no buttons."""
        self._replied(texts, whole=False)

    def _replied(self, texts: tuple[str, ...], *, whole: bool) -> None:
        shown: list[str] = []

        def is_there(_: object) -> bool:
            newest = self.reader.script(REPLIES)[self._known :][-1:]
            shown[:] = [text for text, _ in newest]
            buttons = [each for _, pressable in newest for each in pressable]
            is_ready = not whole or ("cocoai_again" in buttons and "cocoai_stop" not in buttons)
            return bool(shown) and is_ready and all(_squeezed(text) in _squeezed(shown[0]) for text in texts)

        try:
            WebDriverWait(self.reader.browser, PATIENCE, poll_frequency=0.2).until(is_there)
        except WebDriverException:
            raise AssertionError(f"{texts} is not in: {' '.join(shown).split()[:60]}") from None

    def _until(self, selector: str) -> WebElement:
        """Wait for elements that match, shown or not yet hovered over, and return the last."""
        self.reader.waits(f"document.querySelector('{selector}')")
        return self.reader.browser.find_elements(By.CSS_SELECTOR, selector)[-1]


def _squeezed(text: str) -> str:
    """Return a text without blanks and without what Slack's and Markdown's forms differ in."""
    return re.sub(r"[\s\u200b*`•]+", "", text)
