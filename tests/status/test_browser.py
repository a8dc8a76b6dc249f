"""The status page in a headless Chromium: it fits a phone's screen, and foreign texts stay texts."""

from __future__ import annotations

import os
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from cocoai import config
from cocoai.ledger import database
from cocoai.ledger.calendar import ZoneCalendar
from cocoai.spool.file_spool import FileSpool
from cocoai.status.request_handler import StatusRequestHandler
from tests.ledger.charges import charge
from tests.processes import PATIENCE
from tests.status.samples import HOSTILE, put_answer, put_question, scoreboard_of

pytestmark = pytest.mark.browser

NOW = 1_763_822_000.0


class Server(socketserver.ThreadingTCPServer):
    """A server with a thread for each connection: a browser opens some on which it never sends anything."""

    daemon_threads = True

    def __init__(self, settings: config.Settings) -> None:
        self._settings = settings
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(PATIENCE)
        StatusRequestHandler(request, self._settings)


@contextmanager
def serving(settings: config.Settings) -> Iterator[str]:
    """Serve the page; yield its address."""
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
    """Serve the page of a pool whose last error is hostile and long; yield its address."""
    made = scoreboard_of(settings)
    made.begin(1, 4)
    made.take_row(made.worker_row(()))
    made.own_row.busy("C0PRACTICE-1763822000.000100-1763822000.000100")
    made.own_row.record_error(HOSTILE + "x" * 300)
    charge(
        os.path.join(settings.paths.var, database.FILE), at=int(time.time()), month=ZoneCalendar().month(time.time())
    )
    put_answer(settings.paths.var, NOW)
    put_question(FileSpool(settings.paths.var), NOW + 1)
    with serving(settings) as url:
        yield url


class Reader:
    """A person who reads the page on a phone or a large screen."""

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

    def errors(self) -> list[str]:
        """Return what the browser has logged: a violated policy, a failed script, a missing resource."""
        return [entry["message"] for entry in self._chrome.get_log("browser")]  # type: ignore[no-untyped-call]


@pytest.fixture
def reader(chromium: webdriver.Chrome) -> Reader:
    return Reader(chromium)


@pytest.mark.parametrize("width", [320, 360, 768, 1200])
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_the_page_fits_every_screen(reader: Reader, address: str, width: int, scheme: str) -> None:
    """No element is wider than the screen, and the browser logs no error."""
    reader.opens(address, width=width, scheme=scheme)

    assert width >= reader.script("document.documentElement.scrollWidth")
    assert [] == reader.script(
        "[...document.querySelectorAll('body *')].map(each => [each.tagName, each.getBoundingClientRect().right])"
        f".filter(([_, right]) => right > {width})"
    )
    assert [] == reader.errors()


def test_a_foreign_text_is_shown_as_text(reader: Reader, address: str) -> None:
    """Markup in a foreign text is visible, and creates no element."""
    reader.opens(address)

    assert "<script>alert(1)</script>" in reader.script("document.body.innerText")
    assert 0 == reader.script("document.querySelectorAll('script, [onload]').length")
    assert [] == reader.errors()


def test_on_a_phone_each_cell_has_its_label(reader: Reader, address: str) -> None:
    """The table's head is hidden on a narrow screen, and each cell shows its column's title."""
    reader.opens(address, width=360)

    named = "getComputedStyle(document.querySelector('.wide td[data-label=PSS]'), '::before').content"
    assert '"PSS"' == reader.script(named)
    assert 1 >= reader.script("document.querySelector('.wide thead').offsetHeight")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(reader: Reader, address: str, scheme: str) -> None:
    """The contrast between text and background is at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    reader.opens(address, scheme=scheme)

    assert [] == reader.script(CONTRASTS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 800, 1200])
def test_the_chart_of_the_month_can_be_read(reader: Reader, address: str, width: int, scheme: str) -> None:
    """It fits the screen beside nothing else, its texts are at least 10 pixels high, and its colours are the page's."""
    reader.opens(address, width=width, scheme=scheme)

    assert [1, 1] == reader.script("['.chart', '.chart .bar'].map(each => document.querySelectorAll(each).length)")
    assert reader.script(
        "(chart => chart.right <= innerWidth && chart.width > chart.height && chart.height > 100)"
        "(document.querySelector('.chart').getBoundingClientRect())"
    )
    assert 10 <= reader.script("Math.min(...[...document.querySelectorAll('.chart text')].map(" + DRAWN_SIZE + "))")
    accent = {"light": "rgb(138, 75, 42)", "dark": "rgb(221, 164, 112)"}[scheme]
    assert accent == reader.script("getComputedStyle(document.querySelector('.chart .bar')).fill")
    assert [] == reader.script(OVERLAPS)
    assert [] == reader.errors()


DRAWN_SIZE = """each => parseFloat(getComputedStyle(each).fontSize) *
  document.querySelector('.chart').getBoundingClientRect().width / 480"""

OVERLAPS = """(() => {
  const texts = [...document.querySelectorAll('.chart text')];
  const boxes = texts.map(each => [each.textContent, each.getBoundingClientRect()]);
  return boxes.flatMap(([one, a], index) => boxes.slice(index + 1)
    .filter(([_, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
    .map(([other]) => [one, other]));
})()"""
"""The texts of the chart that lie over one another."""


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


def test_a_page_that_reloads_itself_keeps_its_scroll_position(reader: Reader, address: str) -> None:
    """A second link stops the reloading."""
    reader.opens(address, width=360)
    reader.clicks("Look every 5 s")
    reader.waits("document.querySelector('meta[http-equiv=refresh]') !== null")
    reader.script("(scrollTo(0, 500), window.sameAsBefore = true)")
    reader.waits("window.sameAsBefore !== true && document.readyState === 'complete'")

    reader.waits("Math.round(scrollY) === 500")
    reader.clicks("Stand still")
    reader.waits("document.querySelector('meta[http-equiv=refresh]') === null")
