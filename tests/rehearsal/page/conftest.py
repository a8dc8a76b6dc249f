"""A Slack with a bot that only listens, and a person who looks at its page in a browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import requests
from selenium import webdriver

from cocoai.rehearsal.page.practice_page import PracticePage
from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from tests import browser
from tests.rehearsal.page.page_reader import PATIENCE, Reader


@pytest.fixture(scope="package")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser for all tests of the page."""
    with browser.chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


class Bot(PracticeServer):
    """Accepts every event and click, or refuses all, once `ready` is set; what it says to Slack, the test says."""

    status = 200

    def __init__(self) -> None:
        super().__init__()
        self.ready = threading.Event()
        self.ready.set()

    def answer(self, _: Incoming) -> Outgoing:
        self.ready.wait(PATIENCE)
        return Outgoing(self.status)


@pytest.fixture
def bot() -> Iterator[Bot]:
    with Bot() as server:
        yield server


@pytest.fixture
def slack(bot: Bot) -> Iterator[PracticeSlack]:
    with PracticeSlack(request_url=bot.url, switches=SlackSwitches(timeout=60, retry_waits=(3600.0,))) as server:
        yield server


@pytest.fixture
def page(slack: PracticeSlack) -> Iterator[PracticePage]:
    with PracticePage(slack.page) as server:
        yield server


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def act(slack: PracticeSlack) -> Callable[..., str]:
    """What the bot does at Slack; the ts of the message concerned."""

    def call(method: str, **arguments: str) -> str:
        with requests.Session() as session:
            session.trust_env = False
            reply = session.post(slack.api_url + method, arguments, headers={"Authorization": "Bearer xoxb-practice"})
            told = reply.json()
        assert told["ok"], told
        return str(told.get("ts"))

    return call


@pytest.fixture
def reader(chromium: webdriver.Chrome) -> Iterator[Reader]:
    yield Reader(chromium)
    chromium.get("about:blank")
    said = [entry["message"] for entry in chromium.get_log("browser")]  # type: ignore[no-untyped-call]
    # A server that is away is part of the play; the browser tells of it in its own words.
    assert [] == [message for message in said if "/page/" not in message]
