"""What an outage is produced on: a MariaDB server with TLS, a way to it that can go silent, and CocoAI machines."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.store.schema import migrate
from cocoai.up import Up
from tests.balancer import MachineSite, balancer, machine_site
from tests.deployment import Deployment, deploy
from tests.mariadb.server import Server, new_data
from tests.processes import free_port
from tests.store.machines import pids
from tests.volley import subscribe

PASSWORD = "first-password"

ENTRY = """
import os, signal, sys, time
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGUSR2})
real, ahead = time.time, float(os.environ.get("CLOCK_AHEAD", "0"))
time.time = lambda: real() + ahead
from cocoai import app
sys.exit(app.main(sys.argv[1:]))
"""
"""cocoai.fcgi on a machine whose clock is wrong."""


class Way:
    """A way over TCP to a server's port, which can go silent as a cut cable does: nobody is told."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._is_cut = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Let nothing through any more, in either direction, for old connections and new ones."""
        self._is_cut.set()

    def mend(self) -> None:
        """Let all through again, also what was sent meanwhile."""
        self._is_cut.clear()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            threading.Thread(target=self._lead, args=(client,), daemon=True).start()

    def _lead(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            self._wait()
            with socket.create_connection(("127.0.0.1", self._target)) as server:
                while True:
                    for source in select.select((client, server), (), ())[0]:
                        self._wait()
                        data = source.recv(1 << 16)
                        if not data:
                            return
                        (server if source is client else client).sendall(data)

    def _wait(self) -> None:
        while self._is_cut.is_set():
            time.sleep(0.02)


@dataclass
class Stand:
    """A server, the way to it, and the first of the machines; others come with machine().

    `long` are the seconds of a long outage. `expired` are a certificate that has run out, and its key.
    """

    folder: Path
    server: Server
    options: tuple[str, ...]
    expired: tuple[str, str]
    way: Way
    built: Deployment
    long: float

    def root(self, database: str = "cocoai") -> MariaDB:
        """Return a new connection for the server's own administrator."""
        return MariaDB(self.server.address(database), timeout=20.0)

    def do(self, *statements: str) -> None:
        """Run statements as the server's administrator."""
        root = self.root()
        for statement in statements:
            root.execute(statement)
        root.close()

    def start_server(self, *options: str) -> None:
        """Start the server as it was, or with other options for its certificate."""
        self.server.start(*(options or self.options))

    def drop_sessions(self) -> None:
        """End all sessions of CocoAI's user, as a restart of the server would."""
        with contextlib.suppress(Exception):
            self.do("KILL CONNECTION USER cocoai")


def expired(folder: Path) -> tuple[str, str]:
    """Return the paths of a certificate for this machine that ran out yesterday, and of its key."""
    folder.mkdir()
    cert, key, request = (str(folder / name) for name in ("cert.pem", "key.pem", "request"))
    names = folder / "names"
    names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost")
    asked = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=localhost"]
    signed = ["x509", "-req", "-in", request, "-signkey", key, "-days", "-1", "-out", cert, "-extfile", str(names)]
    for arguments in (asked, signed):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)
    return cert, key


def certificate_options(cert_file: str, key_file: str) -> tuple[str, str]:
    """Return the server's options for a certificate."""
    return f"--ssl-cert={cert_file}", f"--ssl-key={key_file}"


@contextlib.contextmanager
def stand(folder: Path, certificates: Certificates, long: float) -> Iterator[Stand]:
    """Start a server, its data in `folder`/server, with our tables in it; and a machine named `first`."""
    place = folder / "server"
    place.mkdir(exist_ok=True)
    server = Server(place, new_data(folder / "new"))
    port = free_port()
    options = (f"--port={port}", "--bind-address=127.0.0.1")
    own = certificate_options(certificates.cert_file, certificates.key_file)
    server.start(*options, *own)
    old = expired(folder / "expired")
    # It is trusted, so that nothing but its date is wrong.
    with open(certificates.ca_file, "a") as trusted:
        trusted.write(Path(old[0]).read_text())
    try:
        root = MariaDB(server.address())
        root.execute("CREATE DATABASE cocoai")
        root.execute(f"CREATE USER cocoai@'127.%%' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL")
        root.execute("GRANT ALL ON cocoai.* TO cocoai@'127.%%'")
        root.close()
        database = MariaDB(server.address("cocoai"))
        migrate(database)
        database.close()
        way = Way(port)
        var = folder / "first"
        var.mkdir()
        with deploy(
            var,
            certificates,
            manner=SlackSwitches(echoes=False, retry_waits=(0.2, 2.0, 5.0)),
            more=f"[store]\nurl = mariadb://cocoai@127.0.0.1:{way.port}/cocoai\npassword = {PASSWORD}\n",
            COCOAI_POOL_WORKERS="2",
            WHICH_MACHINE=str(var),
        ) as built:
            yield Stand(folder, server, (*options, *own), old, way, built, long)
    finally:
        if server.is_running:
            server.resume()
            server.kill9()


@contextlib.contextmanager
def machine(of: Stand, name: str, *, ahead: float = 0.0) -> Iterator[Up]:
    """Start another machine with the settings of the first, its clock so many seconds ahead; stop it at the end."""
    var = of.folder / name
    var.mkdir()
    shutil.copy(of.built.var / "cocoai.ini", var)
    entry = var / "entry.py"
    entry.write_text(ENTRY)
    environ = {
        **os.environ,
        "PYTHONPATH": os.getcwd(),
        "CLOCK_AHEAD": str(ahead),
        "COCOAI_POOL_STATUS_LISTEN": "off",
        "COCOAI_POOL_SELF_CHECK": "off",
        "COCOAI_BUDGET_QUESTIONS_PER_MINUTE": "0",
        "COCOAI_POOL_WORKERS": "2",
        "WHICH_MACHINE": str(var),
    }
    listen = f"127.0.0.1:{free_port()}"
    with Up(str(var), listen=listen, config=str(var / "cocoai.ini"), entry=str(entry), environ=environ) as up:
        yield up


def kill_all(folder: Path) -> None:
    """Kill all processes of the machine in `folder` at once, as a power cut does."""
    for pid in pids(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def balanced(of: Stand, var: Path) -> Iterator[MachineSite]:
    """Let Slack send to the balancer of etc/ before the machine in `var` and the first one; yield the former's site."""
    with contextlib.ExitStack() as stack:
        pools = (var / "run", of.built.var / "run")
        sites = [stack.enter_context(machine_site(_made(of.folder), pool)) for pool in pools]
        stack.callback(_subscribe_to_first, of)
        subscribe(of.built, stack.enter_context(balancer(_made(of.folder), sites, pools[1])))
        yield sites[0]


def _made(folder: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=folder))


def _subscribe_to_first(of: Stand) -> None:
    of.built.slack.subscribe(*(f"{of.built.address}/slack/{each}" for each in ("events", "interactions", "commands")))
