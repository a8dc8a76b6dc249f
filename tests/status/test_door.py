"""The status page at a real pool: it serves whoever looks, and those who mean harm reach nobody else."""

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
from cocoai.status.server import open_door
from tests.house import House, house
from tests.processes import PATIENCE, free_port, wait_until

MEGABYTE = 1_000_000


@dataclass
class Watched:
    """A house whose status page is at this port."""

    house: House
    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def get(self, path: str) -> str:
        """What lies there; empty if nobody answers, or no more than that there is no room now."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return get(f"http://127.0.0.1:{self.port}", path)
        return ""

    def status(self) -> dict[str, Any]:
        """As JSON, as soon as there is one."""
        said: list[str] = []
        wait_until(lambda: said.append(self.get("/status.json")) or said[-1])  # type: ignore[func-returns-value]
        told: dict[str, Any] = json.loads(said[-1])
        return told

    def visitors(self) -> int:
        """How many processes of the master's serve the page now."""
        children = Path(f"/proc/{self.house.pool_pid()}/task/{self.house.pool_pid()}/children").read_text().split()
        return sum(1 for pid in children if comm(pid) == "cocoai-status")


def comm(pid: str) -> str:
    """A process's name; empty if it has gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def get(address: str, path: str) -> str:
    """The body of a 200."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == 200
        return response.read().decode()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Watched]:
    """One house for all tests here."""
    port = free_port()
    folder = tmp_path_factory.mktemp("house")
    with house(folder, certificates, COCOAI_POOL_STATUS_LISTEN=f"127.0.0.1:{port}") as built:
        yield Watched(built, port)


def test_an_answer_is_seen_in_all_its_phases(watched: Watched) -> None:
    """From a mention through nginx to the figures of the page."""
    before = watched.status()
    watched.house.answer_to(watched.house.ask("who are you?"))
    wait_until(lambda: watched.status()["spool"]["files"]["ready"] == 0)

    after = watched.status()

    assert (0, 1) == tuple(told["last_day"]["answered"] for told in (before, after))
    assert [1, 1, 1, 1] == [phase["number"] for phase in after["last_day"]["phases"]]
    assert before["pool"]["accepted"] < after["pool"]["accepted"]
    assert {"master", "worker", "look"} <= {each["kind"] for each in after["processes"]}
    assert "<title>CocoAI: running</title>" in watched.get("/")


def test_the_public_site_has_no_such_page(watched: Watched) -> None:
    """A tunnel or a proxy in front of nginx opens it to nobody."""
    for path in ("/", "/status", "/status.json"):
        with pytest.raises(AssertionError):
            get(watched.house.address, path)


def silence(connection: socket.socket) -> None:
    """Say nothing."""


def half(connection: socket.socket) -> None:
    """Say half a request."""
    connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0")


def huge(connection: socket.socket) -> None:
    """Say a megabyte that never ends."""
    connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"y" * MEGABYTE)


def garbage(connection: socket.socket) -> None:
    """Say what no server understands."""
    connection.sendall(bytes(range(256)) * 64)


def deaf(connection: socket.socket) -> None:
    """Ask, and never read."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")


def leaving(connection: socket.socket) -> None:
    """Ask, and go at once, with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    connection.close()


@pytest.mark.parametrize("harm", [silence, half, huge, garbage, deaf, leaving])
def test_who_means_harm_reaches_nobody_else(watched: Watched, harm: Callable[[socket.socket], None]) -> None:
    """With more such visitors than are let in, Slack is answered; and when their time is over, whoever looks is too."""
    workers = {each["pid"] for each in watched.status()["processes"] if each["kind"] == "worker"}

    with contextlib.ExitStack() as stack:
        for _ in range(8):
            connection = stack.enter_context(watched.connect())
            with contextlib.suppress(ConnectionError):  # no room for it, or refused before it was said whole
                harm(connection)
        healthy = get(watched.house.address, "/healthz")
        told = watched.status()

    assert "ok\n" == healthy
    assert workers == {each["pid"] for each in told["processes"] if each["kind"] == "worker"}
    assert (0, 0) == (told["pool"]["died"], told["pool"]["timed_out"])
    wait_until(lambda: watched.visitors() == 0)


def test_a_reload_keeps_the_page(watched: Watched) -> None:
    """The new code opens the port anew, and says when it came."""
    os.kill(watched.house.pool_pid(), signal.SIGHUP)
    wait_until(lambda: watched.status()["pool"]["reloaded"] > 0)

    assert watched.house.pool_pid() == watched.status()["pool"]["pid"]


def test_a_second_pool_goes_on_without_a_page(
    watched: Watched, tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> None:
    """A copy for trials with the same settings: its log says that the port is taken."""
    folder = tmp_path_factory.mktemp("house")
    with house(folder, certificates, COCOAI_POOL_STATUS_LISTEN=f"127.0.0.1:{watched.port}") as second:
        healthy = get(second.address, "/healthz")

        assert "ok\n" == healthy
        assert (
            f"status outcome=not-opened listen=127.0.0.1:{watched.port} reason=Address already in use" in second.log()
        )
        assert str(watched.house.var) == watched.status()["var"]


def with_listen(settings: config.Settings, listen: str) -> config.Settings:
    """The same, with another place for the page."""
    return config.read(settings.file, {"COCOAI_POOL_STATUS_LISTEN": listen}, secrets=False)


def test_a_page_that_is_off_takes_no_port(settings: config.Settings) -> None:
    """There is no door, then."""
    assert open_door(with_listen(settings, "off")) is None


@pytest.mark.parametrize(
    ("listen", "is_warned_of"),
    [("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)],
)
def test_a_page_for_everybody_is_warned_of(
    settings: config.Settings, caplog: pytest.LogCaptureFixture, listen: str, *, is_warned_of: bool
) -> None:
    """It may be meant, in a network of one's own."""
    with caplog.at_level(logging.WARNING):
        door = open_door(with_listen(settings, f"{listen}:{free_port()}"))

    assert door is not None
    door.listener.close()
    assert is_warned_of == ("whoever reaches it can read it" in caplog.text)


def test_a_name_that_nobody_knows_is_told(settings: config.Settings, caplog: pytest.LogCaptureFixture) -> None:
    """And the pool goes on without the page."""
    assert open_door(with_listen(settings, "nowhere.invalid:8081")) is None
    assert "status outcome=not-opened listen=nowhere.invalid:8081" in caplog.text
