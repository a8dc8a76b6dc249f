"""`cocoai up` with the real nginx and supervisord, and a stand-in for the pool: it stands, and it ends whole."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from cocoai import up
from cocoai.errors import CocoAIError
from cocoai.up import Up, etc
from cocoai.up.machine import find_nginx, require_port, take_owner
from cocoai.up.session import Session, members

ROOT = Path(__file__).parent.parent
STAND_IN = str(ROOT / "tests/stand_in.py")

Raise = Callable[..., Up]

COMMAND = """
import sys
from cocoai.cli import keep
from cocoai.up import Up
keep(Up(sys.argv[1], listen=sys.argv[2], entry=sys.argv[3]))
"""
"""`cocoai up` but for the settings and the entry."""


@pytest.fixture
def stage(short_folder: Callable[[], Path], free_port: Callable[[], int]) -> Raise:
    """A function that makes an `Up` of a folder and a port of its own, with the stand-in for the pool."""

    def make(var: Path | None = None, environ: Mapping[str, str] | None = None, config: str = "") -> Up:
        return Up(
            str(var or short_folder() / "var"),
            listen=f"127.0.0.1:{free_port()}",
            entry=STAND_IN,
            environ={**os.environ, **(environ or {})},
            config=config,
        )

    return make


def ask(address: str, path: str = "/healthz") -> tuple[int, bytes]:
    """Status and body of a GET."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def until(fact: Callable[[], bool]) -> None:
    """Wait for a fact; a generous deadline makes its absence a failure."""
    deadline = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def supervisord(it: Up) -> int:
    return int(Path(it.run, "supervisord.pid").read_text())


def nginx(it: Up) -> int:
    return int(Path(it.run, "nginx.pid").read_text() or 0)


def bears(pid: int, environ: str) -> bool:
    return environ.encode() in Path(f"/proc/{pid}/environ").read_bytes()


def test_it_stands_inside_and_nothing_is_left_after(stage: Raise) -> None:
    """nginx, the pool and supervisord are one session; all of it is gone, and the port is free again."""
    it = stage(environ={"FCGI_WEB_SERVER_ADDRS": "127.0.0.1"})
    with it:
        status, body = ask(it.address)
        session = supervisord(it)
        family = list(members(session))

        assert (200, "/healthz") == (status, json.loads(body)["PATH_INFO"])
        assert 404 == ask(it.address, "/")[0]
        assert {session, nginx(it)} < set(family)
        assert not any(bears(pid, "FCGI_WEB_SERVER_ADDRS") for pid in family)

    assert [] == list(members(session))
    require_port("127.0.0.1", int(it.address.rpartition(":")[2]))


def test_what_it_makes_is_for_its_user_only(stage: Raise) -> None:
    """var and the folders in it are 0700, the pool's socket 0660, supervisord's 0700."""
    it = stage(config="/somewhere/cocoai.ini")
    with it:
        modes = {
            name: stat.S_IMODE(os.stat(os.path.join(it.var, name)).st_mode)
            for name in (".", "run", "log", "run/cocoai.sock", "run/supervisor.sock")
        }
        arguments = json.loads(ask(it.address)[1])["arguments"]

    assert {".": 0o700, "run": 0o700, "log": 0o700, "run/cocoai.sock": 0o660, "run/supervisor.sock": 0o700} == modes
    assert ["--config", "/somewhere/cocoai.ini"] == arguments


def test_a_folder_with_a_space_is_no_trouble(stage: Raise, short_folder: Callable[[], Path]) -> None:
    """People keep checkouts in all sorts of folders."""
    with stage(short_folder() / "my var") as it:
        assert 200 == ask(it.address)[0]


def test_the_pool_that_dies_is_started_again(stage: Raise) -> None:
    """supervisord holds it; the socket is the same."""
    with stage() as it:
        pool = next(pid for pid in members(supervisord(it)) if b"stand_in" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(pool, signal.SIGKILL)

        until(lambda: ask(it.address)[0] == 200)


def test_nginx_whose_master_is_killed_comes_back_and_its_orphan_ends_with_us(stage: Raise) -> None:
    """The orphan keeps the port, which the new nginx shares; at the end it is found by its session."""
    with stage() as it:
        session, before = supervisord(it), nginx(it)
        os.kill(before, signal.SIGKILL)

        until(lambda: nginx(it) not in (0, before))
        assert 200 == ask(it.address)[0]

    assert [] == list(members(session))


def test_whoever_has_left_the_session_is_not_ended_with_it(stage: Raise, tmp_path: Path) -> None:
    """A job process finishes the question in hand; what it must do to be spared is setsid."""
    pids = tmp_path / "pids"
    program = (
        "import os, sys, time\n"
        "stays, leaves = os.fork(), os.fork()\n"
        "leaves or os.setsid()\n"
        f"open({str(pids)!r}, 'a').write(f'{{os.getpid()}} {{os.getsid(0)}}\\n')\n"
        "time.sleep(60)\n"
    )
    session = Session([sys.executable, "-c", program], os.environ)
    until(lambda: pids.exists() and pids.read_text().count("\n") == 4)
    told = [tuple(map(int, line.split())) for line in pids.read_text().splitlines()]
    left = {pid for pid, its_session in told if pid == its_session} - {min(pid for pid, _ in told)}

    session.end(60)
    alive = {pid for pid, _ in told if Path(f"/proc/{pid}").exists() and "Z (zombie)" not in state(pid)}
    for pid in left:
        os.kill(pid, signal.SIGKILL)

    assert 2 == len(left)
    assert left == alive


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return "Z (zombie)"


@pytest.fixture
def command(stage: Raise) -> Iterator[Callable[[], tuple[Up, subprocess.Popen[str]]]]:
    """A function that starts it as a program of its own, as `cocoai up` is, and waits until it is ready."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[Up, subprocess.Popen[str]]:
        it = stage()
        command = [sys.executable, "-c", COMMAND, it.var, it.address.removeprefix("http://"), STAND_IN]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        started.append(process)
        assert process.stdout
        line = process.stdout.readline()
        assert line == f"CocoAI is ready at {it.address}/slack/events (logs: {it.log}; Ctrl-C ends it)\n"
        return it, process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order(
    command: Callable[[], tuple[Up, subprocess.Popen[str]]], number: signal.Signals
) -> None:
    """Ctrl-C, TERM and a closed terminal: all of it is gone, and that is no error."""
    it, process = command()
    session = supervisord(it)

    process.send_signal(number)

    assert 0 == process.wait(60)
    assert [] == list(members(session))


def test_a_second_up_in_the_same_var_is_refused(command: Callable[[], tuple[Up, subprocess.Popen[str]]]) -> None:
    """It names the folder, and harms nobody."""
    it, _ = command()

    with pytest.raises(CocoAIError, match=re.escape(f"another `cocoai up` is running in {it.var}")):
        Up(it.var, entry=STAND_IN).start()

    assert 200 == ask(it.address)[0]


@pytest.mark.skipif(not shutil.which("setpriv"), reason="without util-linux nobody tells supervisord")
def test_killed_outright_it_takes_the_others_along(command: Callable[[], tuple[Up, subprocess.Popen[str]]]) -> None:
    """supervisord is told by the kernel, and ends them in order."""
    it, process = command()
    session = supervisord(it)

    process.kill()

    until(lambda: not list(members(session)))


def test_supervisord_s_end_is_an_error(command: Callable[[], tuple[Up, subprocess.Popen[str]]]) -> None:
    """Whoever killed it: nothing is left without its keeper."""
    it, process = command()
    session = supervisord(it)

    os.kill(session, signal.SIGKILL)

    assert 1 == process.wait(60)
    assert [] == list(members(session))


def test_a_pool_that_crashes_at_its_start_is_told_of_with_its_last_words(stage: Raise) -> None:
    """At once, not after a long wait; and nothing is left standing."""
    it = stage(environ={"STAND_IN": "crash"})

    with pytest.raises(CocoAIError) as caught, it:
        pass

    assert f"cocoai does not start; the end of {it.log}/cocoai.log:" in str(caught.value)
    assert "the stand-in was told to crash" in str(caught.value)
    require_port("127.0.0.1", int(it.address.rpartition(":")[2]))


def test_a_taken_port_is_named() -> None:
    """With the way out."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(CocoAIError, match=f"127.0.0.1:{port} is taken by another program; choose another with --l"):
            require_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_named() -> None:
    """TEST-NET-1 (RFC 5737) is nobody's."""
    with pytest.raises(CocoAIError, match=r"cannot listen at 192\.0\.2\.1:8080: "):
        require_port("192.0.2.1", 8080)


@pytest.mark.parametrize("listen", ["8080", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:0", "a b:1", "x;:1", ":1"])
def test_a_wrong_listen_is_refused(listen: str) -> None:
    """It would else end up in nginx's settings."""
    with pytest.raises(CocoAIError, match="expected HOST:PORT, such as 127"):
        Up("var", listen=listen)


def test_missing_nginx_is_told_with_its_remedy() -> None:
    """By this system's package manager."""
    with pytest.raises(CocoAIError, match=r"nginx is missing; (type: .* install nginx|install it with)"):
        find_nginx("/nowhere")


def test_a_path_that_cannot_be_written_is_named(short_folder: Callable[[], Path]) -> None:
    """Here a file is in the way; root could write anywhere else."""
    in_the_way = short_folder() / "var"
    in_the_way.touch()

    with pytest.raises(CocoAIError, match=f"cannot write {in_the_way}"):
        Up(str(in_the_way), entry=STAND_IN).start()


def test_a_path_too_long_for_sockets_is_named(tmp_path: Path) -> None:
    """107 bytes is all that a unix socket's address holds (unix(7))."""
    with pytest.raises(CocoAIError, match="is too long: with a socket's name it has more than 107 bytes"):
        Up(str(tmp_path / ("x" * 80)), entry=STAND_IN).start()


@pytest.mark.parametrize("name", ["a;b", "a%b", 'a"b', "a$b", "a{b", "a#b", "a*b", "a\nb", "a\\b"])
def test_a_path_that_nginx_or_supervisor_would_misread_is_refused(stage: Raise, name: str) -> None:
    """Better than a copy that says something else."""
    it = stage(config=f"/{name}/cocoai.ini")

    with pytest.raises(CocoAIError, match="nginx or supervisor would misread"):
        it.start()
    it.stop()


def test_the_production_files_are_found_in_a_checkout() -> None:
    """Installed, they lie elsewhere (tests/test_install.py)."""
    assert str(ROOT / "etc") == etc.find_etc()
    assert str(ROOT / "cocoai.fcgi") == etc.find_entry()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_becomes_the_owner_of_var(short_folder: Callable[[], Path]) -> None:
    """With his group, and without root's."""
    var = short_folder()
    os.chown(var, 12345, 12346)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        take_owner(str(var))
        os.write(writer, f"{os.getresuid()} {os.getresgid()} {os.getgroups()}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(reader, 200).decode()
    os.close(reader)
    os.close(writer)

    assert f"{(12345,) * 3} {(12346,) * 3} [12346]" == told


def test_the_waits_are_longer_than_what_they_wait_for() -> None:
    """`up` gives nginx and the pool the time that supervisord gives them."""
    text = (ROOT / "etc/supervisor/supervisord-local.conf").read_text() + (
        ROOT / "etc/supervisor/cocoai.conf"
    ).read_text()

    assert sum(map(int, re.findall(r"stopwaitsecs=(\d+)", text))) < up.STOP
