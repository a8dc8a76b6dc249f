"""bench/load: the requests that are sent, and how wrk's figures are parsed."""

from __future__ import annotations

import pytest

from bench.load import Load, read, request

pytestmark = pytest.mark.pure


def test_a_request_is_complete() -> None:
    """A request has request line, Host, the given headers, the body's length in bytes, and the body."""
    sent = request("http://127.0.0.1:8080/slack/events", "にゃ".encode(), {"X-Slack-Signature": "v0=1"})

    assert (
        b"POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nX-Slack-Signature: v0=1\r\nContent-Length: 6\r\n\r\n"
        + "にゃ".encode()
    ) == sent


def test_wrks_figures_are_parsed() -> None:
    """The microseconds of wrk become the seconds and milliseconds of a Load."""
    figures = read("Running 2s test @ http://127.0.0.1\nfigures 4000 3 2000000 1500 20250\n", 0.25)

    assert Load(requests=4000, failed=3, seconds=2.0, p50=1.5, p99=20.25, client=0.25) == figures
    assert 2000 == figures.rate
