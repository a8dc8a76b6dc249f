"""Fixtures for the tests of the practice Slack: a server over TLS, a bot, and clients."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from slack_sdk import WebClient

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from tests.rehearsal.slack.bot import Bot
from tests.rehearsal.slack.uploading import Post


@pytest.fixture
def slack(certificates: Certificates) -> Iterator[PracticeSlack]:
    """Start a practice Slack over TLS."""
    with PracticeSlack(certificates) as server:
        yield server


Client = Callable[[str], WebClient]
Act = Callable[..., dict[str, Any]]


@pytest.fixture
def client(slack: PracticeSlack, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Return a function that makes a client with a token; the environment's proxies are not used."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    context = ssl.create_default_context(cafile=certificates.ca_file)
    return lambda token: WebClient(token, base_url=slack.api_url, ssl=context, retry_handlers=[])


@pytest.fixture
def web(client: Client) -> WebClient:
    """Return a client with the bot's token."""
    return client("xoxb-practice")


@pytest.fixture
def session(certificates: Certificates) -> Iterator[requests.Session]:
    """Return a session for requests that slack_sdk would never send."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = certificates.ca_file
        yield session


@pytest.fixture
def act(slack: PracticeSlack, session: requests.Session) -> Act:
    """Return a function that calls a method of the Web API as the bot, and returns the response's JSON."""

    def call(method: str, **arguments: object) -> dict[str, Any]:
        reply = session.post(slack.api_url + method, json=arguments, headers={"Authorization": f"Bearer {TOKEN}"})
        answer: dict[str, Any] = reply.json()
        return answer

    return call


@pytest.fixture
def post(session: requests.Session) -> Post:
    """Return a function that posts bytes to an address, without a token."""
    return lambda url, body: session.post(url, body)


@pytest.fixture
def bot() -> Iterator[Bot]:
    """Start a bot over plain HTTP."""
    with Bot() as server:
        yield server
