"""Take pictures of what people see of the month: the report, the answer to "usage", the charts, the status page."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from bench.month.audit import reports
from bench.month.plan import MONTH, REPORTED, Member, tokyo
from bench.month.small_png import small_png
from bench.month.team import Team
from cocoai import cli
from cocoai.rehearsal.page.practice_page import PracticePage
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.status import page as status_page
from cocoai.status.money import MoneyState, money_section
from cocoai.status.report import Report
from cocoai.usage.month_money import read_month_money
from tests import browser
from tests.rehearsal.page.page_reader import Reader

SIZES = {"desk": (1280, 900), "phone": (390, 844)}
"""The windows' width and height."""

TAGS = {"ja": "ja-JP", "en": "en-US"}

README = (810, 1200)
"""The window's size for a picture of the report's message alone, as wide as it needs."""

PURE = """
    const style = document.head.appendChild(document.createElement('style'));
    style.textContent = '.message .foot { display: none }'"""
"""Hides what stands below each message of the page alone, and not in Slack."""


class Camera:
    """Somebody with a browser who takes pictures of the practice page, in one language, into a folder."""

    def __init__(self, reader: Reader, people: Team, url: str, pictures: Path, language: str) -> None:
        self._reader, self._people, self._url = reader, people, url
        self._pictures, self._language = pictures, language

    def opens(self, member: Member) -> None:
        """Open the page at a desk as one of the team.

        What is told to one person alone is shown only on a page that was open then.
        """
        self._reader.opens(f"{self._url}#{REPORTED}", TAGS[self._language], *SIZES["desk"])
        Select(self._reader.browser.find_element(By.ID, "asker")).select_by_value(member.person.id)

    def takes_usage(self, question: Message, name: str) -> None:
        """Take the thread of a question after what was spent, with what is told to the asker alone."""
        self._reader.script("location.hash = arguments[0]", f"{REPORTED}/{question.ts}")
        self._reader.sees("#thread .whispered")
        for size in self._sizes():
            self._reader.browser.save_screenshot(str(self._pictures / f"usage-{self._language}-{name}-{size}.png"))

    def takes_report(self) -> None:
        """Take the window with the report, and its message alone."""
        (report,) = reports(self._people)
        self._reader.opens(f"{self._url}#{REPORTED}", TAGS[self._language], *SIZES["desk"])
        for size in self._sizes():
            message = self._reader.sees(f"#channel .message[data-ts='{report.ts}']")
            self._reader.script("arguments[0].scrollIntoView({block: 'start'})", message)
            self._reader.browser.save_screenshot(str(self._pictures / f"window-{self._language}-{size}.png"))
        self._reader.script(PURE)
        self._shows(*README, scale=2)
        message = self._reader.sees(f"#channel .message[data-ts='{report.ts}']")
        (self._pictures / f"report-{self._language}.png").write_bytes(small_png(message.screenshot_as_png))

    def takes_status(self, page: Path) -> None:
        """Take the money part of the status page on the last day of the month; `page` is the file for its HTML."""
        money = MoneyState(read_month_money(self._people.settings, tokyo(30, 20 * 60), MONTH))
        report = Report("running", "", "", MONTH, is_healthy=True, fields=(), sections=(money_section(money),))
        page.write_text(status_page.render(report, every=0)[0], "utf-8")
        self._reader.browser.get(page.as_uri())
        for size in self._sizes():
            self._reader.browser.save_screenshot(str(self._pictures / f"status-{size}.png"))

    def takes_usage_command(self) -> None:
        """Take what `cocoai usage` prints, and its chart."""
        self._prints("usage.txt")
        self._prints("usage-png.txt", "--png", str(self._pictures / "usage.png"))

    def _prints(self, name: str, *arguments: str) -> None:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            cli.main(["usage", "--month", MONTH, "--config", str(self._people.file), *arguments])
        (self._pictures / name).write_text(printed.getvalue(), "utf-8")

    def _sizes(self) -> Iterator[str]:
        """Yield the name of each size, with the window in it."""
        for name, size in SIZES.items():
            self._shows(*size)
            yield name

    def _shows(self, width: int, height: int, *, scale: int = 1) -> None:
        """Give the window this size, with `scale` by `scale` pixels for each of the page's."""
        screen = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < README[0]}
        self._reader.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


@contextlib.contextmanager
def camera(people: Team, folder: Path, pictures: Path, language: str) -> Iterator[Camera]:
    """Yield a camera that puts its pictures into `pictures`; `folder` takes the browser's profile."""
    pictures.mkdir(parents=True, exist_ok=True)
    with PracticePage(people.slack.page) as page, browser.chromium(folder / "chromium") as chromium:
        yield Camera(Reader(chromium), people, page.url, pictures, language)
