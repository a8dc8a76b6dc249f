"""What the tests of the practice Slack share: one to call over TLS, and clients that do."""

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


@pytest.fixture
def slack(certificates: Certificates) -> Iterator[PracticeSlack]:
    with PracticeSlack(certificates) as server:
        yield server


Client = Callable[[str], WebClient]
Act = Callable[..., dict[str, Any]]


@pytest.fixture
def client(slack: PracticeSlack, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Makes a client with a token; the world's proxies are none of its business."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    context = ssl.create_default_context(cafile=certificates.ca_file)
    return lambda token: WebClient(token, base_url=slack.api_url, ssl=context, retry_handlers=[])


@pytest.fixture
def web(client: Client) -> WebClient:
    return client("xoxb-practice")


@pytest.fixture
def session(certificates: Certificates) -> Iterator[requests.Session]:
    """For what slack_sdk would never send."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = certificates.ca_file
        yield session


@pytest.fixture
def act(slack: PracticeSlack, session: requests.Session) -> Act:
    """What the bot does through the Web API: a method, its arguments, and the reply's JSON."""

    def call(method: str, **arguments: object) -> dict[str, Any]:
        reply = session.post(slack.api_url + method, json=arguments, headers={"Authorization": f"Bearer {TOKEN}"})
        told: dict[str, Any] = reply.json()
        return told

    return call


@pytest.fixture
def bot() -> Iterator[Bot]:
    with Bot() as server:
        yield server
