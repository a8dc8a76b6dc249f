"""Fixtures that the tests of chatgpt/ over TLS share."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.tls import tls_context
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from tests.chatgpt.chats import Chats, Script, Scripted, Wakeup


@pytest.fixture(scope="module")
def context(certificates: Certificates) -> ssl.SSLContext:
    return tls_context(certificates.ca_file)


@pytest.fixture
def new_http_client() -> Callable[[ssl.SSLContext], Any]:
    """Return what makes the HTTP client; tests/engine/client/test_client.py holds both kinds to one contract."""
    return DirectClient


@pytest.fixture
def chats(context: ssl.SSLContext, new_http_client: Callable[[ssl.SSLContext], Any]) -> Iterator[Chats]:
    """Make chats on one HTTP client, which is closed in the end."""
    client = new_http_client(context)
    yield Chats(client)
    client.close()


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeOpenAI]:
    """Start a practice OpenAI for one test."""
    with PracticeOpenAI(certificates) as practice:
        yield practice


@pytest.fixture
def scripted(certificates: Certificates) -> Iterator[Callable[[Script], Scripted]]:
    """Return what starts scripted servers; they are stopped after the test."""
    servers: list[Scripted] = []

    def start(script: Script) -> Scripted:
        servers.append(Scripted(certificates, script).start())
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def wakeup() -> Iterator[Wakeup]:
    """Make a wake-up descriptor for one test."""
    pipe = Wakeup(*os.pipe())
    yield pipe
    os.close(pipe.fd)
    os.close(pipe.writer)
