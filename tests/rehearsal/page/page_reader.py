"""Reader: a person at the page, with a headless Chromium."""

from __future__ import annotations

from typing import Any

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 30.0


class Reader:
    """A person at the page, who reads, types and presses with a headless Chromium."""

    def __init__(self, browser: webdriver.Chrome) -> None:
        self.browser = browser

    def opens(self, url: str, language: str = "en-US", width: int = 1280, height: int = 800) -> None:
        """Open a URL with a language and a window size (a narrow one is a phone), and wait until the page is drawn."""
        phone = width < 700
        agent = {"userAgent": self.script("return navigator.userAgent"), "acceptLanguage": language}
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        self.browser.get("about:blank")
        self.browser.execute_cdp_cmd("Emulation.setUserAgentOverride", agent)
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        self.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": phone})
        self.browser.get(url)
        self.sees("#channel-write textarea[placeholder]")
        self.script("window.sameAsBefore = true")

    def script(self, script: str, *arguments: object) -> Any:
        """Run a script in the page and return its result."""
        return self.browser.execute_script(script, *arguments)

    def sees(self, selector: str, text: str = "") -> WebElement:
        """Wait for a visible element that matches the selector and contains the text; return the first."""

        def found(_: object) -> WebElement | None:
            elements = self.browser.find_elements(By.CSS_SELECTOR, selector)
            return next((each for each in elements if each.is_displayed() and text in each.text), None)

        ignored = (StaleElementReferenceException,)
        waiting = WebDriverWait(self.browser, PATIENCE, poll_frequency=0.05, ignored_exceptions=ignored)
        element = waiting.until(found, f"{selector} {text}")
        assert element
        return element

    def waits(self, script: str) -> None:
        """Wait until a script's expression is true."""
        WebDriverWait(self.browser, PATIENCE, poll_frequency=0.05).until(
            lambda _: self.script(f"return {script}"), script
        )

    def types(self, *keys: str) -> None:
        """Type into the element that has the focus."""
        ActionChains(self.browser).send_keys(*keys).perform()

    def tabs_to(self, selector: str) -> None:
        """Move the focus to an element with the Tab key. Raise AssertionError if it cannot be reached."""
        for _ in range(40):
            if self.script("return document.activeElement.matches(arguments[0])", selector):
                return
            self.types(Keys.TAB)
        raise AssertionError(f"{selector} cannot be reached by Tab")

    @property
    def focus(self) -> str:
        """Return the id of the form that has the focus, else of the element."""
        return str(self.script("return document.activeElement.closest('form')?.id || document.activeElement.id"))

    def overflow(self) -> int:
        """Return the number of pixels by which the page is wider than the window."""
        return int(self.script("return document.documentElement.scrollWidth - innerWidth"))
