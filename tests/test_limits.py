"""The production site's limits: whom they refuse, and that a crowd is not among them; and its start without IPv6.

bench/flood.py measures times; here only what must never fail is asserted, within generous limits.
"""

from __future__ import annotations

import platform
import re
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bench.peers import all_slots_held
from cocoai.rehearsal.certificates import Certificates
from tests.deployment import deploy
from tests.no_ipv6 import SOCKET_CALL
from tests.sites import (
    HOST,
    ROOT,
    SIGNED,
    Site,
    frame,
    has_ipv6,
    local_running,
    nginx_number,
    production,
    production_running,
    running,
    two_ports,
)
from tests.volley import crowd, production_site, send_at_once

BURST = 1001
"""The requests of one instant that pass: the burst of cocoai.conf, and the one that is due."""


@pytest.mark.parametrize(("run", "refuses"), [(production_running, True), (local_running, False)])
def test_only_production_has_a_rate_limit(
    short_folder: Callable[[], Path], run: Callable[[Path], AbstractContextManager[Site]], refuses: bool
) -> None:
    """In production the first 1,001 requests of an address pass, and some of many more get 429; locally all pass.

    While they are sent, 200 more may pass each second.
    """
    statuses: list[int] = []
    deadline = time.monotonic() + 60
    with run(short_folder()) as site:
        while len(statuses) < BURST + 200 or (refuses and 429 not in statuses):
            assert time.monotonic() < deadline
            statuses += site.pipeline(100)
        other = site.pipeline(1, source="127.0.0.2")

    assert {200} == set(statuses[:BURST])
    assert ({200, 429} if refuses else {200}) == set(statuses)
    assert [200] == other


@pytest.fixture(scope="module")
def strict_site(short_folder: Callable[[], Path]) -> Iterator[Site]:
    """Run the production site with a limit of 1 request a minute and a burst of 2, in which X-Forwarded-For counts."""
    strict = {"rate=200r/s": "rate=1r/m", "burst=1000": "burst=2"}
    trusting = "set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;"
    with production_running(short_folder(), strict, trusting) as site:
        yield site


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("10.10.10.10", "10.10.10.11", False),
        ("2001:db8:1:1::1", "2001:db8:1:1:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("2001:db8:a0a:a0a:a0a::1", "2001:db8:a0a:a0a:b0b::1", True),
        ("2001:db8:a0a:a0d:a0a::1", "2001:db8:a0a:a0e:a0a::1", False),
        ("2001:db8::1", "2001:db8:0:0:1::", True),
    ],
)
def test_an_ipv6_client_is_limited_by_its_64(strict_site: Site, one: str, other: str, is_shared: bool) -> None:
    """After the burst of one address another one of the same /64 is refused too; other IPv4 addresses never are.

    Some have bytes that a line would end with, 0x0a and 0x0d, at which a pattern could stop.
    """
    first = [strict_site.pipeline(1, forwarded=one) for _ in range(4)]
    second = strict_site.pipeline(1, forwarded=other)

    assert [[200], [200], [200], [429]] == first
    assert [429 if is_shared else 200] == second


def test_a_request_without_a_signature_is_not_counted(strict_site: Site) -> None:
    """nginx answers it before it counts requests: a forger behind the same address cannot use up Slack's burst."""
    signed, forged = ({**headers, "X-Forwarded-For": "192.0.2.9"} for headers in (SIGNED, {}))

    refused = [strict_site.ask("POST", "/slack/events", b"{}", forged)[0] for _ in range(9)]
    passed = [strict_site.ask("POST", "/slack/events", b"{}", signed)[0] for _ in range(4)]

    assert [401] * 9 == refused
    assert [200, 200, 200, 429] == passed
    assert "limiting requests" not in (strict_site.folder / "error.log").read_text()


@pytest.mark.skipif(platform.machine() not in SOCKET_CALL, reason="tests/no_ipv6.py does not know this processor")
@pytest.mark.parametrize("ipv6", [False, True])
def test_production_starts_on_a_machine_without_ipv6(short_folder: Callable[[], Path], ipv6: bool) -> None:
    """The site as it is shipped opens its sockets there; with the lines for IPv6 nginx says what is missing."""
    folder = short_folder()
    production(folder, *two_ports(), ipv6=ipv6)
    command = [sys.executable, str(ROOT / "tests/no_ipv6.py"), *frame(folder), "-t", "-q"]

    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ipv6 == bool(checked.returncode)
    assert ipv6 == ("Address family not supported by protocol" in checked.stderr)
    assert ipv6 or not checked.stderr


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_production_can_listen_on_ipv6(short_folder: Callable[[], Path]) -> None:
    """With the four comment signs removed, each server that listens on IPv4 listens on IPv6 too."""
    folder, (port, plain) = short_folder(), two_ports()
    production(folder, port, plain, ipv6=True)
    context = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
    with running(folder, [port, plain]):
        with (
            socket.create_connection(("::1", port), timeout=30) as connection,
            context.wrap_socket(connection, server_hostname=HOST) as tls,
        ):
            tls.sendall(f"HEAD /healthz HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode())
            answer = tls.recv(100)
        with socket.create_connection(("::1", plain), timeout=30) as connection:
            connection.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
            nothing = connection.recv(100)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"" == nothing


@pytest.mark.parametrize("name", ["README.md", "README.ja.md", "etc/nginx/cocoai.conf", "tests/sites.py"])
def test_nginx_s_limits_are_told_as_the_local_site_has_them(name: str) -> None:
    """A site in conf.d cannot set them, so an operator has to: 768 connections, a usual default, drop 41 of 400."""
    text = (ROOT / name).read_text("utf-8")

    for directive in ("worker_connections", "worker_rlimit_nofile"):
        number = nginx_number(directive, "nginx-local.conf")
        assert re.search(rf"{directive}`? (?:to `?)?{number}\b", text), directive


PEOPLE = 200

SECONDS = 10.0
"""Until the last response is there, on a busy machine; bench/flood.py shows that it takes under 1 s on an idle one."""


def test_200_questions_in_one_instant_are_kept_at_their_first_delivery(
    short_folder: Callable[[], Path], certificates: Certificates
) -> None:
    """All 400 requests of one address, both copies of each mention, get 200, and each question is kept once."""
    with (
        deploy(short_folder(), certificates) as built,
        production_site(built, short_folder()) as door,
        all_slots_held(built.var, 4),  # nothing is answered: what counts here is that it is kept
    ):
        questions, requests = crowd(built, door, PEOPLE)
        answers = send_at_once(door, requests)
        kept = [key.ts for folder in ("ready", "done") for key in built.spool.keys(folder)]

    assert 2 * PEOPLE == len(requests)
    assert {200: 2 * PEOPLE} == Counter(answer.status for answer in answers)
    assert sorted(question.ts for question in questions) == sorted(kept)
    assert max(answer.end for answer in answers) < SECONDS
