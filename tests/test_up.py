"""`cocoai up` with the real nginx and supervisord, and tests/echo_server.py for the pool: it starts and ends whole."""

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

from cocoai.errors import CocoAIError
from cocoai.up import Up, etc
from cocoai.up.machine import become_owner, find_nginx, make_folders, require_port
from cocoai.up.session import Session, members
from cocoai.up.up import STOP_TIMEOUT

ROOT = Path(__file__).parent.parent
STAND_IN = str(ROOT / "tests/echo_server.py")

MakeUp = Callable[..., Up]

COMMAND = """
import sys
from cocoai.cli import run_until_signal
from cocoai.up import Up
run_until_signal(Up(sys.argv[1], listen=sys.argv[2], entry=sys.argv[3]))
"""
"""A program that does what `cocoai up` does, without settings and with another entry script."""


@pytest.fixture
def make_up(short_folder: Callable[[], Path], free_port: Callable[[], int]) -> MakeUp:
    """Return a function that makes an `Up` with a folder and a port of its own, and the stand-in for the pool."""

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
    """Send a GET; return status and body."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def until(is_true: Callable[[], bool]) -> None:
    """Wait until the condition is true; fail after a generous deadline."""
    deadline = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def supervisord(it: Up) -> int:
    return int(Path(it.run, "supervisord.pid").read_text())


def nginx(it: Up) -> int:
    return int(Path(it.run, "nginx.pid").read_text() or 0)


def has_environ(pid: int, environ: str) -> bool:
    return environ.encode() in Path(f"/proc/{pid}/environ").read_bytes()


def test_the_pool_answers_inside_and_nothing_is_left_after(make_up: MakeUp) -> None:
    """All processes are one session; at the end all are gone and the port is free again."""
    it = make_up(environ={"FCGI_WEB_SERVER_ADDRS": "127.0.0.1"})
    with it:
        status, body = ask(it.address)
        session = supervisord(it)
        processes = list(members(session))

        assert (200, "/healthz") == (status, json.loads(body)["PATH_INFO"])
        assert 404 == ask(it.address, "/")[0]
        assert {session, nginx(it)} < set(processes)
        assert not any(has_environ(pid, "FCGI_WEB_SERVER_ADDRS") for pid in processes)

    assert [] == list(members(session))
    require_port("127.0.0.1", int(it.address.rpartition(":")[2]))


def test_its_files_are_for_its_user_only(make_up: MakeUp) -> None:
    """The modes are 0700 for var and its folders, 0660 for the pool's socket, 0700 for supervisord's."""
    it = make_up(config="/somewhere/cocoai.ini")
    with it:
        modes = {
            name: stat.S_IMODE(os.stat(os.path.join(it.var, name)).st_mode)
            for name in (".", "run", "log", "run/cocoai.sock", "run/supervisor.sock")
        }
        arguments = json.loads(ask(it.address)[1])["arguments"]

    assert {".": 0o700, "run": 0o700, "log": 0o700, "run/cocoai.sock": 0o660, "run/supervisor.sock": 0o700} == modes
    assert ["--config", "/somewhere/cocoai.ini"] == arguments


def test_a_folder_may_have_a_space_in_its_name(make_up: MakeUp, short_folder: Callable[[], Path]) -> None:
    """All paths are quoted in nginx's and supervisor's files."""
    with make_up(short_folder() / "my var") as it:
        assert 200 == ask(it.address)[0]


def test_a_pool_that_dies_is_started_again(make_up: MakeUp) -> None:
    """supervisord starts the pool again on the same socket."""
    with make_up() as it:
        pool = next(
            pid for pid in members(supervisord(it)) if b"echo_server" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
        os.kill(pool, signal.SIGKILL)

        until(lambda: ask(it.address)[0] == 200)


def test_nginx_is_restarted_and_its_orphaned_worker_ends_with_the_session(make_up: MakeUp) -> None:
    """The old worker shares the port with the new nginx, and is found by its session at the end."""
    with make_up() as it:
        session, before = supervisord(it), nginx(it)
        os.kill(before, signal.SIGKILL)

        until(lambda: nginx(it) not in (0, before))
        assert 200 == ask(it.address)[0]

    assert [] == list(members(session))


def test_a_process_that_left_the_session_is_not_killed(make_up: MakeUp, tmp_path: Path) -> None:
    """A process that has called setsid, as job processes do, goes on after the session's end."""
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
    started = [tuple(map(int, line.split())) for line in pids.read_text().splitlines()]
    left = {pid for pid, its_session in started if pid == its_session} - {min(pid for pid, _ in started)}

    session.end(60)
    alive = {pid for pid, _ in started if Path(f"/proc/{pid}").exists() and "Z (zombie)" not in state(pid)}
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
def command(make_up: MakeUp) -> Iterator[Callable[[], tuple[Up, subprocess.Popen[str]]]]:
    """Return a function that starts COMMAND as a program, and returns it when it is ready."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[Up, subprocess.Popen[str]]:
        it = make_up()
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
def test_a_signal_ends_all_processes_in_order(
    command: Callable[[], tuple[Up, subprocess.Popen[str]]], number: signal.Signals
) -> None:
    """After Ctrl-C, TERM or HUP no process is left, and the exit code is 0."""
    it, process = command()
    session = supervisord(it)

    process.send_signal(number)

    assert 0 == process.wait(60)
    assert [] == list(members(session))


def test_a_second_up_in_the_same_var_is_refused(command: Callable[[], tuple[Up, subprocess.Popen[str]]]) -> None:
    """The error names the folder, and the first one goes on."""
    it, _ = command()

    with pytest.raises(CocoAIError, match=re.escape(f"another `cocoai up` is running in {it.var}")):
        Up(it.var, entry=STAND_IN).start()

    assert 200 == ask(it.address)[0]


@pytest.mark.skipif(not shutil.which("setpriv"), reason="without setpriv (util-linux) supervisord is not told")
def test_all_processes_end_when_the_command_is_killed(command: Callable[[], tuple[Up, subprocess.Popen[str]]]) -> None:
    """The kernel sends TERM to supervisord, which ends the others in order."""
    it, process = command()
    session = supervisord(it)

    process.kill()

    until(lambda: not list(members(session)))


def test_supervisord_s_end_is_an_error(command: Callable[[], tuple[Up, subprocess.Popen[str]]]) -> None:
    """When supervisord dies, the command ends with exit code 1 and leaves no process."""
    it, process = command()
    session = supervisord(it)

    os.kill(session, signal.SIGKILL)

    assert 1 == process.wait(60)
    assert [] == list(members(session))


def test_a_pool_that_crashes_at_its_start_is_reported_with_its_log(make_up: MakeUp) -> None:
    """The error comes at once with the end of the log, and no process is left."""
    it = make_up(environ={"STAND_IN": "crash"})

    with pytest.raises(CocoAIError) as caught, it:
        pass

    assert f"cocoai does not start; the end of {it.log}/cocoai.log:" in str(caught.value)
    assert "the stand-in was told to crash" in str(caught.value)
    require_port("127.0.0.1", int(it.address.rpartition(":")[2]))


def test_a_supervisord_that_ends_before_it_logs_is_reported(make_up: MakeUp) -> None:
    """As in a container without a folder for temporary files: its own words are on stderr, and its log is not there."""
    it = make_up(environ={"PYTHONHOME": "/nonexistent"})

    with pytest.raises(CocoAIError) as caught, it:
        pass

    assert f"supervisord does not start; the end of {it.log}/supervisord.log:\n(nothing)" == str(caught.value)
    require_port("127.0.0.1", int(it.address.rpartition(":")[2]))


def test_a_taken_port_is_reported() -> None:
    """The error names the option that chooses another port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(CocoAIError, match=f"127.0.0.1:{port} is taken by another program; choose another with --l"):
            require_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_reported() -> None:
    """An address of TEST-NET-1 (RFC 5737) cannot be bound on any machine."""
    with pytest.raises(CocoAIError, match=r"cannot listen at 192\.0\.2\.1:8080: "):
        require_port("192.0.2.1", 8080)


@pytest.mark.parametrize("listen", ["8080", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:0", "a b:1", "x;:1", ":1"])
def test_a_wrong_listen_is_refused(listen: str) -> None:
    """Anything but HOST:PORT is an error before it reaches nginx's settings."""
    with pytest.raises(CocoAIError, match="expected HOST:PORT, such as 127"):
        Up("var", listen=listen)


def test_missing_nginx_is_reported_with_the_remedy() -> None:
    """The error has the command of this system's package manager."""
    with pytest.raises(CocoAIError, match=r"nginx is missing; (type: .* install nginx|install it with)"):
        find_nginx("/nowhere")


def test_an_unwritable_path_is_reported(short_folder: Callable[[], Path]) -> None:
    """The error names the path, here a file in place of the folder, which stops root too."""
    in_the_way = short_folder() / "var"
    in_the_way.touch()

    with pytest.raises(CocoAIError, match=f"cannot write {in_the_way}"):
        Up(str(in_the_way), entry=STAND_IN).start()


def test_a_path_too_long_for_sockets_is_reported(tmp_path: Path) -> None:
    """A unix socket's address holds at most 107 bytes (unix(7))."""
    with pytest.raises(CocoAIError, match="is too long: with a socket's name it has more than 107 bytes"):
        Up(str(tmp_path / ("x" * 80)), entry=STAND_IN).start()


def test_what_killed_supervisords_left_is_removed(tmp_path: Path) -> None:
    """Each binds its socket under a temporary name of its own, which no later one removes."""
    run = tmp_path / "run"
    run.mkdir()
    for name in ("supervisor.sock.4711", "supervisor.sock", "supervisord.pid"):
        (run / name).touch()

    make_folders(str(tmp_path), str(run), str(tmp_path / "log")).close()

    assert {"supervisor.sock", "supervisord.pid", "up.lock"} == set(os.listdir(run))


@pytest.mark.parametrize("name", ["a;b", "a%b", 'a"b', "a$b", "a{b", "a#b", "a*b", "a\nb", "a\\b"])
def test_a_path_that_nginx_or_supervisor_would_misread_is_refused(make_up: MakeUp, name: str) -> None:
    """Characters that these programs would interpret are an error."""
    it = make_up(config=f"/{name}/cocoai.ini")

    with pytest.raises(CocoAIError, match="nginx or supervisor would misread"):
        it.start()
    it.stop()


def test_the_production_files_are_found_in_a_checkout() -> None:
    """In a checkout, etc/ and the entry script lie beside the package (installed: tests/test_install.py)."""
    assert str(ROOT / "etc") == etc.find_etc()
    assert str(ROOT / "cocoai.fcgi") == etc.find_entry()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_becomes_the_owner_of_var(short_folder: Callable[[], Path]) -> None:
    """The user, the group and the supplementary groups all become the owner's."""
    var = short_folder()
    os.chown(var, 12345, 12346)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        become_owner(str(var))
        os.write(writer, f"{os.getresuid()} {os.getresgid()} {os.getgroups()}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    ids = os.read(reader, 200).decode()
    os.close(reader)
    os.close(writer)

    assert f"{(12345,) * 3} {(12346,) * 3} [12346]" == ids


def test_up_waits_longer_than_supervisord_at_the_end() -> None:
    """STOP_TIMEOUT is longer than all of supervisord's stopwaitsecs together."""
    text = (ROOT / "etc/supervisor/supervisord-local.conf").read_text() + (
        ROOT / "etc/supervisor/cocoai.conf"
    ).read_text()

    assert sum(map(int, re.findall(r"stopwaitsecs=(\d+)", text))) < STOP_TIMEOUT
