"""bench/servers: a server of somebody else's is ended with all its children, and what was read becomes a cell."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from bench.servers.catalogue import SERVERS
from bench.servers.running import DidNotStart, running
from bench.servers.trials import NO_KEYS, Read
from tests.engine.conftest import is_alive
from tests.processes import free_port, wait_until

ROOT = Path(__file__).parent.parent
FAMILY = (
    "import http.server, subprocess, sys; "
    "child = subprocess.Popen(['sleep', '60']); open('child', 'w').write(str(child.pid)); "
    "http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()"
)
"""A server with a child that would outlive it."""


def test_a_server_is_ended_with_its_children(tmp_path: Path) -> None:
    """Inside the context the server answers; behind it neither the server nor its child is left."""
    port = free_port()

    with running([sys.executable, "-c", FAMILY, str(port)], port=port, folder=tmp_path):
        child = int((tmp_path / "child").read_text())
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            was_there = is_alive(child)

    assert was_there
    wait_until(lambda: not is_alive(child))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


def test_a_server_that_ends_at_once_has_its_last_words(tmp_path: Path) -> None:
    """A server that ends before it answers raises DidNotStart with what it printed."""
    command = [sys.executable, "-c", "print('no such model'); raise SystemExit(3)"]

    with pytest.raises(DidNotStart, match="no such model"), running(command, port=free_port(), folder=tmp_path):
        pass


@pytest.mark.pure
@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("answered", Read("answer", "Paris.", {"fact": "answer", "finish": "stop"})),
        ("answered, its end unknown", Read("answer", "Paris.", {"fact": "answer", "finish": ""})),
        ("answered, cut at the limit", Read("answer", "Par", {"fact": "answer", "finish": "length"})),
        ("stopped", Read("answer", "1 2 3", {"fact": "answer", "finish": "stopped"})),
        (
            "told: too long",
            Read("error", "…", {"code": "context_length_exceeded", "reason": "OpenAI context_length_exceeded 400"}),
        ),
        ("told: busy (500)", Read("error", "…", {"code": "busy", "reason": "OpenAI 500 500"})),
        (
            "told: ask the operator (invalid_api_key)",
            Read("error", "…", {"code": "operator", "reason": "OpenAI invalid_api_key invalid_request_error 401"}),
        ),
        ("no answer yet (500)", Read("placeholder", "…", {"fact": "retry", "why": "OpenAI 500 500"})),
        ("no answer yet (nothing is known)", Read("placeholder", "…", {"fact": "placeholder"})),
        ("any key is taken", NO_KEYS),
    ],
)
def test_what_was_read_becomes_a_cell(cell: str, read: Read) -> None:
    """The cell says how the reply ended, and names the reason of an error or a retry."""
    assert cell == read.cell


@pytest.mark.pure
@pytest.mark.parametrize("name", sorted(SERVERS))
def test_every_server_stands_in_the_table(name: str) -> None:
    """docs/servers.md names each server of the catalogue, with its version, and how it is run alone."""
    page = (ROOT / "docs/servers.md").read_text("utf-8")

    assert f"| {SERVERS[name].title} | {SERVERS[name].packages} |" in page
    assert f"`{name}`" in page
