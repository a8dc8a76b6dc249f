"""The status page of a real pool: it is served, and hostile clients do not disturb the pool."""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cocoai import config
from cocoai.rehearsal.certificates import Certificates
from cocoai.status.server import open_status_page
from tests.deployment import Deployment, deploy
from tests.processes import PATIENCE, free_port, wait_until

MEGABYTE = 1_000_000


@dataclass
class PoolWithPage:
    """A whole deployment whose status page listens at `port`."""

    deployment: Deployment
    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def get(self, path: str) -> str:
        """Return the body of the response; "" if there is none, or the pool refuses the connection for now."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return get(f"http://127.0.0.1:{self.port}", path)
        return ""

    def status(self) -> dict[str, Any]:
        """Return the status as JSON, as soon as the page gives it."""
        status: dict[str, Any] = json.loads(self.given("/status.json"))
        return status

    def given(self, path: str) -> str:
        """Return the body of the response, as soon as there is one."""
        bodies: list[str] = []
        wait_until(lambda: bodies.append(self.get(path)) or bodies[-1])  # type: ignore[func-returns-value]
        return bodies[-1]

    def open_connections(self) -> int:
        """Return how many of the master's children serve the page now."""
        children = (
            Path(f"/proc/{self.deployment.pool_pid()}/task/{self.deployment.pool_pid()}/children").read_text().split()
        )
        return sum(1 for pid in children if comm(pid) == "cocoai-status")


def comm(pid: str) -> str:
    """Return a process's name; "" if it has ended."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def get(address: str, path: str) -> str:
    """Return the body of the response, which must be a 200."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == 200
        return response.read().decode()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[PoolWithPage]:
    """Start one deployment for all tests of this module."""
    port = free_port()
    folder = tmp_path_factory.mktemp("house")
    settings = {"COCOAI_POOL_WORKERS": "2", "COCOAI_POOL_STATUS_LISTEN": f"127.0.0.1:{port}"}
    with deploy(folder, certificates, **settings) as built:  # type: ignore[arg-type]
        yield PoolWithPage(built, port)


def test_an_answer_appears_with_all_its_phases(watched: PoolWithPage) -> None:
    """After a mention through nginx, the page has the answer and the duration of each phase."""
    before = watched.status()
    watched.deployment.answer_to(watched.deployment.ask("who are you?"))
    wait_until(lambda: watched.status()["spool"]["files"]["ready"] == 0)

    after = watched.status()

    assert (0, 1) == tuple(status["last_day"]["answered"] for status in (before, after))
    assert [1, 1, 1, 1] == [phase["number"] for phase in after["last_day"]["phases"]]
    assert before["pool"]["accepted"] < after["pool"]["accepted"]
    assert {"master", "worker", "look"} <= {each["kind"] for each in after["processes"]}
    assert "<title>CocoAI: running</title>" in watched.given("/")


def test_the_public_site_does_not_serve_the_page(watched: PoolWithPage) -> None:
    """A tunnel or a proxy in front of nginx does not make the page public."""
    for path in ("/", "/status", "/status.json"):
        with pytest.raises(AssertionError):
            get(watched.deployment.address, path)


def silence(connection: socket.socket) -> None:
    """Send nothing."""


def half(connection: socket.socket) -> None:
    """Send half a request."""
    connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0")


def huge(connection: socket.socket) -> None:
    """Send a header of a megabyte, without its end."""
    connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"y" * MEGABYTE)


def garbage(connection: socket.socket) -> None:
    """Send bytes that are no request."""
    connection.sendall(bytes(range(256)) * 64)


def never_reading(connection: socket.socket) -> None:
    """Send a request, and never read the response."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")


def leaving(connection: socket.socket) -> None:
    """Send a request, and reset the connection at once."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    connection.close()


@pytest.mark.parametrize("harm", [silence, half, huge, garbage, never_reading, leaving])
def test_hostile_clients_do_not_disturb_the_pool(watched: PoolWithPage, harm: Callable[[socket.socket], None]) -> None:
    """With more such connections than are allowed, Slack is answered at once, and the page after their time is over."""
    workers = {each["pid"] for each in watched.status()["processes"] if each["kind"] == "worker"}

    with contextlib.ExitStack() as stack:
        for _ in range(8):
            connection = stack.enter_context(watched.connect())
            with contextlib.suppress(ConnectionError):  # refused, perhaps before all was sent
                harm(connection)
        healthy = get(watched.deployment.address, "/healthz")
        status = watched.status()

    assert "ok\n" == healthy
    assert workers == {each["pid"] for each in status["processes"] if each["kind"] == "worker"}
    assert (0, 0) == (status["pool"]["died"], status["pool"]["timed_out"])
    wait_until(lambda: watched.open_connections() == 0)


def test_a_reload_keeps_the_page(watched: PoolWithPage) -> None:
    """After HUP the new code listens at the same port, and the status has the time of the reload."""
    os.kill(watched.deployment.pool_pid(), signal.SIGHUP)
    wait_until(lambda: watched.status()["pool"]["reloaded"] > 0)

    assert watched.deployment.pool_pid() == watched.status()["pool"]["pid"]


def test_a_pool_whose_port_is_taken_runs_without_a_page(
    watched: PoolWithPage, tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> None:
    """A second pool with the same port logs that the port is taken."""
    folder = tmp_path_factory.mktemp("house")
    with deploy(folder, certificates, COCOAI_POOL_STATUS_LISTEN=f"127.0.0.1:{watched.port}") as second:
        healthy = get(second.address, "/healthz")

        assert "ok\n" == healthy
        assert (
            f"status outcome=not-opened listen=127.0.0.1:{watched.port} reason=Address already in use" in second.log()
        )
        assert str(watched.deployment.var) == watched.status()["var"]


def with_listen(settings: config.Settings, listen: str) -> config.Settings:
    """Return the same settings with another address of the page."""
    return config.read(settings.file, {"COCOAI_POOL_STATUS_LISTEN": listen}, secrets=False)


def test_a_page_that_is_off_opens_no_socket(settings: config.Settings) -> None:
    """With `status_listen = off` there is no listener."""
    assert open_status_page(with_listen(settings, "off")) is None


@pytest.mark.parametrize(
    ("listen", "has_warning"),
    [("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)],
)
def test_a_page_that_others_can_reach_gives_a_warning(
    settings: config.Settings, caplog: pytest.LogCaptureFixture, listen: str, *, has_warning: bool
) -> None:
    """The page is opened all the same: it may be intended in a private network."""
    with caplog.at_level(logging.WARNING):
        page = open_status_page(with_listen(settings, f"{listen}:{free_port()}"))

    assert page is not None
    page.listener.close()
    assert has_warning == ("whoever reaches it can read it" in caplog.text)


def test_an_unknown_host_name_gives_a_warning(settings: config.Settings, caplog: pytest.LogCaptureFixture) -> None:
    """The pool goes on without the page."""
    assert open_status_page(with_listen(settings, "nowhere.invalid:8081")) is None
    assert "status outcome=not-opened listen=nowhere.invalid:8081" in caplog.text
