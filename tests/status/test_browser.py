"""The status page in a headless Chromium: it reads well on a phone, and nothing of a stranger's comes alive."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from cocoai import board, config
from cocoai.spool.spool import Spool
from cocoai.status.visit import Visit
from tests import browser
from tests.processes import PATIENCE
from tests.status.made_up import HOSTILE, answered, asked

pytestmark = pytest.mark.browser

NOW = 1_763_822_000.0


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser for all tests here."""
    with browser.chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


class Server(socketserver.ThreadingTCPServer):
    """Each connection in a thread of its own: a browser opens some on which it never says a word."""

    daemon_threads = True

    def __init__(self, settings: config.Settings) -> None:
        self._settings = settings
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(PATIENCE)
        Visit(request, self._settings)


@contextmanager
def serving(settings: config.Settings) -> Iterator[str]:
    """The page's address."""
    with Server(settings) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def address(settings: config.Settings) -> Iterator[str]:
    """The page of a pool whose last error is hostile, and long."""
    made = board.new(settings)
    made.begin(1, 4)
    made.take_row(made.worker_row(()))
    made.own_row.busy("C0PRACTICE-1763822000.000100-1763822000.000100")
    made.own_row.record_error(HOSTILE + "x" * 300)
    answered(settings.paths.var, NOW)
    asked(Spool(settings.paths.var), NOW + 1)
    with serving(settings) as url:
        yield url


class Looker:
    """A person at the page, with a phone or a large screen."""

    def __init__(self, chrome: webdriver.Chrome) -> None:
        self._chrome = chrome

    def opens(self, url: str, *, width: int = 1200, scheme: str = "light") -> None:
        screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 700}
        feature = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self._chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        self._chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", feature)
        self._chrome.get_log("browser")  # type: ignore[no-untyped-call]
        self._chrome.get(url)

    def script(self, script: str) -> Any:
        return self._chrome.execute_script(f"return {script}")

    def clicks(self, link: str) -> None:
        self._chrome.find_element(By.LINK_TEXT, link).click()

    def waits(self, script: str) -> None:
        WebDriverWait(self._chrome, PATIENCE, poll_frequency=0.05).until(lambda _: self.script(script), script)

    def complaints(self) -> list[str]:
        """What the browser complains of: a policy that was broken, a script that failed, a thing that is missing."""
        return [entry["message"] for entry in self._chrome.get_log("browser")]  # type: ignore[no-untyped-call]


@pytest.fixture
def looker(chromium: webdriver.Chrome) -> Looker:
    return Looker(chromium)


@pytest.mark.parametrize("width", [320, 360, 768, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_every_screen(looker: Looker, address: str, width: int, scheme: str) -> None:
    """Nobody has to scroll sideways, nothing stands out of the screen, and the browser has nothing to complain of."""
    looker.opens(address, width=width, scheme=scheme)

    assert width >= looker.script("document.documentElement.scrollWidth")
    assert [] == looker.script(
        "[...document.querySelectorAll('body *')].map(each => [each.tagName, each.getBoundingClientRect().right])"
        f".filter(([_, right]) => right > {width})"
    )
    assert [] == looker.complaints()


def test_what_a_stranger_wrote_is_text(looker: Looker, address: str) -> None:
    """It stands there as it is, and made no element."""
    looker.opens(address)

    assert "<script>alert(1)</script>" in looker.script("document.body.innerText")
    assert 0 == looker.script("document.querySelectorAll('script, [onload]').length")
    assert [] == looker.complaints()


def test_on_a_phone_each_figure_of_a_process_has_its_name(looker: Looker, address: str) -> None:
    """The table's head is not to be seen there."""
    looker.opens(address, width=360)

    named = "getComputedStyle(document.querySelector('.wide td[data-label=PSS]'), '::before').content"
    assert '"PSS"' == looker.script(named)
    assert 1 >= looker.script("document.querySelector('.wide thead').offsetHeight")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_can_be_read(looker: Looker, address: str, scheme: str) -> None:
    """Every text stands out from its ground by 4.5 to 1 at least (WCAG 2.2, 1.4.3)."""
    looker.opens(address, scheme=scheme)

    assert [] == looker.script(CONTRASTS)


CONTRASTS = """(() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => channels(colour).slice(0, 3).map(each => each / 255)
    .map(each => each <= .04045 ? each / 12.92 : ((each + .055) / 1.055) ** 2.4)
    .reduce((sum, each, index) => sum + each * [.2126, .7152, .0722][index], 0);
  const ground = element => {
    const colour = getComputedStyle(element).backgroundColor;
    return channels(colour)[3] === 0 ? ground(element.parentElement) : colour;
  };
  return [...document.querySelectorAll('body *')]
    .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(each => [each.outerHTML.slice(0, 60), [light(getComputedStyle(each).color), light(ground(each))].sort()])
    .map(([text, [dark, bright]]) => [text, (bright + .05) / (dark + .05)])
    .filter(([_, contrast]) => contrast < 4.5);
})()"""


def test_a_page_that_comes_anew_stays_where_it_was_read(looker: Looker, address: str) -> None:
    """And can be made to stand still again."""
    looker.opens(address, width=360)
    looker.clicks("Look every 5 s")
    looker.waits("document.querySelector('meta[http-equiv=refresh]') !== null")
    looker.script("(scrollTo(0, 500), window.sameAsBefore = true)")
    looker.waits("window.sameAsBefore !== true && document.readyState === 'complete'")

    looker.waits("Math.round(scrollY) === 500")
    looker.clicks("Stand still")
    looker.waits("document.querySelector('meta[http-equiv=refresh]') === null")
