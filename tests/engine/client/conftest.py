"""Fixtures that the tests of the HTTP clients share."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from cocoai.engine.client.tls import tls_context
from cocoai.rehearsal.certificates import Certificates
from tests.engine.client.servers import EchoServer


@pytest.fixture(scope="module")
def context(certificates: Certificates) -> ssl.SSLContext:
    """Make a context that trusts the practice CA and nothing else."""
    return tls_context(certificates.ca_file)


@pytest.fixture
def server(certificates: Certificates) -> Iterator[EchoServer]:
    """Start an echo server over TLS for one test."""
    with EchoServer(certificates) as server:
        yield server
