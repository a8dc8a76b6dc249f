"""The load balancer of etc/nginx/, before two machines with a stand-in for the pool."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.engine.mariadb.mariadb import TIMEOUT
from tests.balancer import MachineSite, balancer, balancer_site, machine_site
from tests.processes import wait_until
from tests.sites import NGINX, SIGNED, Site, echoing, frame, nginx_number, trusting, two_ports
from tests.volley import HOST

FILE = "cocoai_balancer.conf"
SLACK_GIVES_UP = 3000
"""Milliseconds."""


class Balanced(NamedTuple):
    """The balancer's site, and those of two machines. The second has no pool."""

    site: Site
    machines: list[MachineSite]


@pytest.fixture(scope="module")
def balanced(short_folder: Callable[[], Path]) -> Iterator[Balanced]:
    """Run a balancer before two machines."""
    pool, nobody, folder = short_folder(), short_folder(), short_folder()
    (nobody / "cocoai.sock").touch()  # as a socket that is left by a dead pool
    with contextlib.ExitStack() as stack:
        stack.enter_context(echoing(pool))
        machines = [stack.enter_context(machine_site(short_folder(), each)) for each in (pool, nobody)]
        door = stack.enter_context(balancer(folder, machines, pool))
        yield Balanced(Site(folder, door.port, context=trusting(folder), host=HOST), machines)


def test_nginx_accepts_the_balancers_site_without_a_warning(
    balanced: Balanced, short_folder: Callable[[], Path]
) -> None:
    """With the files that all sites share, and that of port 80."""
    folder = short_folder()
    balancer_site(folder, balanced.machines, *two_ports())

    checked = subprocess.run([*frame(folder), "-t", "-q"], capture_output=True, text=True, check=False)

    assert (0, "") == (checked.returncode, checked.stderr)


@pytest.mark.parametrize("path", ["/slack/events", "/slack/interactions", "/slack/commands"])
def test_a_machine_whose_pool_is_away_is_passed_over(balanced: Balanced, path: str) -> None:
    """The request is sent on to the next one whole, a POST too; the pool reads what it does without a balancer."""
    answers = [balanced.site.ask("POST", path, b"a=b", SIGNED) for _ in range(3)]

    assert [200] * 3 == [status for status, _, _ in answers]
    params = json.loads(answers[0][2])
    assert (path, 3, "v0=practice") == (params["PATH_INFO"], params["length"], params["HTTP_X_SLACK_SIGNATURE"])
    wait_until(lambda: any("502" == fields[3] for fields in balanced.machines[1].posts()))


def test_the_machines_know_slacks_address(balanced: Balanced) -> None:
    """And not what a client says of itself: else one who forges requests could use up the limit of Slack's address."""
    connection = balanced.site.connect(source="127.0.0.2")
    forged = {"Host": HOST, "X-Forwarded-For": "10.9.9.9", **SIGNED}
    connection.request("POST", "/slack/events", b"{}", forged)
    assert 200 == connection.getresponse().status
    connection.close()

    wait_until(lambda: any("127.0.0.2" == fields[1] for fields in balanced.machines[0].posts()))
    assert "10.9.9.9" not in {fields[1] for machine in balanced.machines for fields in machine.posts()}


@pytest.mark.parametrize(
    ("method", "path", "status", "line"),
    [
        ("GET", "/slack/events", 405, b"POST only\n"),
        ("POST", "/slack/events", 401, b"the signature is missing or garbled\n"),
        ("GET", "/.env", 404, b"not found\n"),
        ("POST", "/slack/eventsx", 404, b"not found\n"),
    ],
)
def test_what_is_refused_is_refused_in_the_same_words(
    balanced: Balanced, method: str, path: str, status: int, line: bytes
) -> None:
    """By the machines, or already by the balancer."""
    answered, headers, body = balanced.site.ask(method, path)

    assert (status, line, "nginx") == (answered, body, headers["Server"])


def test_its_limits_are_those_of_the_machines() -> None:
    """What is no matter of its own stands in both files, and must stay the same."""
    directive = r"(?m)^ *((?:client_|send_timeout|keepalive_timeout 20|reset_|server_tokens|default_type).*?;)"
    machine, own = (set(re.findall(directive, (NGINX / name).read_text())) for name in ("cocoai.locations", FILE))
    limit = r"(?m)^ *(limit_req.*?;)"
    of_machine, of_balancer = (re.findall(limit, (NGINX / name).read_text()) for name in ("cocoai_https.conf", FILE))

    assert 9 == len(machine)
    assert machine == own
    assert 3 == len(of_machine)
    assert of_machine == of_balancer


def test_slack_hears_in_time_whatever_one_machine_does() -> None:
    """It may be off, or stop in the midst; the next one may be waiting for its database."""
    text = (NGINX / FILE).read_text()
    off, silent = (int(re.findall(rf"proxy_{name}_timeout (\d+)ms;", text)[0]) for name in ("connect", "read"))
    patient = int(re.findall(r"proxy_next_upstream_timeout (\d)s;", text)[0]) * 1000
    database = TIMEOUT * 1000
    [kept] = re.findall(r"(?m)^    keepalive_timeout (\d+)s;  # less", text)

    assert off < database < silent < SLACK_GIVES_UP - database
    assert off + silent <= patient < SLACK_GIVES_UP
    assert int(kept) < nginx_number("keepalive_timeout")
