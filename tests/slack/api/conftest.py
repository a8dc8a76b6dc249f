"""The HTTP client of the tests of SlackChat and of downloads."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cocoai.engine.client.client import HttpClient
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.tls import tls_context
from cocoai.rehearsal.certificates import Certificates


@pytest.fixture
def new_http_client() -> Callable[[ssl.SSLContext], Any]:
    """Return what makes the HTTP client; tests/engine/client/test_client.py holds both kinds to one contract."""
    return DirectClient


@pytest.fixture
def client(certificates: Certificates, new_http_client: Callable[[ssl.SSLContext], Any]) -> Iterator[HttpClient]:
    """Return an HTTP client for one test."""
    made = new_http_client(tls_context(certificates.ca_file))
    yield made
    made.close()
