"""Fixtures for the tests of the page: a practice Slack, a bot that only listens, and a browser."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from selenium import webdriver

from cocoai.rehearsal.page.practice_page import PracticePage
from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from tests.rehearsal.page.page_reader import PATIENCE, Reader


class Bot(PracticeServer):
    """A bot that answers all with `status` and `reply`, once `ready` is set; tests post its messages.

    `payloads` are those that came to its interactivity URL, `forms` what came to that of its command.
    """

    status = 200
    reply = b""

    def __init__(self) -> None:
        super().__init__()
        self.ready = threading.Event()
        self.ready.set()
        self.payloads: list[dict[str, Any]] = []
        self.forms: list[str] = []

    def listens(self, slack: PracticeSlack) -> None:
        """Have a practice Slack send everything here: events, what people press and choose, commands."""
        slack.subscribe(self.url, f"{self.url}/interactions", commands_url=f"{self.url}/commands")

    def answer(self, incoming: Incoming) -> Outgoing:
        """Wait until the bot is ready, and answer."""
        self.ready.wait(PATIENCE)
        if incoming.path == "/interactions":
            self.payloads.append(json.loads(parse_qs(incoming.body.decode())["payload"][0]))
        elif incoming.path == "/commands":
            self.forms.append(incoming.body.decode())
        return Outgoing(self.status, self.reply)


@pytest.fixture
def bot() -> Iterator[Bot]:
    """Start a bot."""
    with Bot() as server:
        yield server


@pytest.fixture
def slack(bot: Bot) -> Iterator[PracticeSlack]:
    """Start a practice Slack that delivers events to the bot, without redeliveries."""
    with PracticeSlack(request_url=bot.url, switches=SlackSwitches(timeout=60, retry_waits=(3600.0,))) as server:
        yield server


@pytest.fixture
def page(slack: PracticeSlack) -> Iterator[PracticePage]:
    """Start a server of the page."""
    with PracticePage(slack.page) as server:
        yield server


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """Return a session that uses no proxies."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def act(slack: PracticeSlack) -> Callable[..., str]:
    """Return a function that calls a method of the Web API as the bot, and returns the ts in its response."""

    def call(method: str, **arguments: str) -> str:
        with requests.Session() as session:
            session.trust_env = False
            reply = session.post(slack.api_url + method, arguments, headers={"Authorization": "Bearer xoxb-practice"})
            answer = reply.json()
        assert answer["ok"], answer
        return str(answer.get("ts"))

    return call


@pytest.fixture
def reader(chromium: webdriver.Chrome) -> Iterator[Reader]:
    """Return a reader; after the test check that the browser's log has no errors."""
    yield Reader(chromium)
    chromium.get("about:blank")
    logged = [entry["message"] for entry in chromium.get_log("browser")]  # type: ignore[no-untyped-call]
    # Failed requests to the page's server are expected: tests stop it.
    assert [] == [message for message in logged if "/page/" not in message]
