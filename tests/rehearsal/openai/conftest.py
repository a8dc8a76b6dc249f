"""Fixtures: a practice OpenAI over TLS, and clients of it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI

if TYPE_CHECKING:
    import httpx2
    import openai


@pytest.fixture(scope="module")
def http_client(certificates: Certificates) -> Iterator[httpx2.Client]:
    """Open an HTTP client that trusts the practice authority."""
    import httpx2  # here, as the pure tests of this folder run where it is not installed

    from tests.rehearsal.openai.asking import PATIENCE

    context = ssl.create_default_context(cafile=certificates.ca_file)
    with httpx2.Client(verify=context, trust_env=False, timeout=PATIENCE) as http_client:
        yield http_client


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeOpenAI]:
    """Start a practice OpenAI over TLS."""
    with PracticeOpenAI(certificates) as practice:
        yield practice


@pytest.fixture
def client(practice: PracticeOpenAI, http_client: httpx2.Client) -> openai.OpenAI:
    """Return OpenAI's own client, without retries."""
    import openai

    from tests.rehearsal.openai.asking import PATIENCE

    return openai.OpenAI(
        base_url=practice.base_url, api_key=API_KEY, http_client=http_client, max_retries=0, timeout=PATIENCE
    )
