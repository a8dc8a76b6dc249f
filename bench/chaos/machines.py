"""Several machines, on this one: each with its own `var`, nginx and pool, and its own way to the database.

An nginx stands before them, which sends on as the balancer in etc/ does, and a real MariaDB server behind. Neither
nginx nor the ways have the run's id in their environment: they are the bench's own, and end with it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Protocol

from bench.chaos.database_room import DatabaseRoom
from bench.chaos.processes import RUN_ID
from bench.chaos.stack import Machine, Stack
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.store.schema import migrate
from cocoai.up import Up
from cocoai.up.etc import read
from cocoai.up.machine import find_nginx
from tests.deployment import Deployment
from tests.mariadb.server import Server, new_data
from tests.processes import free_port, wait_until

DATABASE = "cocoai"

BALANCER = """
daemon off;
pid "{folder}/pid";
error_log "{folder}/log" crit;
worker_processes 1;
worker_rlimit_nofile 4096;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path "{folder}/body";
    proxy_temp_path "{folder}/proxy";
    fastcgi_temp_path "{folder}/fastcgi";
    uwsgi_temp_path "{folder}/uwsgi";
    scgi_temp_path "{folder}/scgi";
    upstream cocoai {{
        zone cocoai 64k;
{servers}
    }}
    server {{
        listen {listen};
{lines}
        location / {{ proxy_pass http://cocoai; }}
    }}
}}
"""


class Deploy(Protocol):
    """Starts the practice servers and one machine in the folder `var`."""

    def __call__(self, var: Path, **environ: str) -> AbstractContextManager[Deployment]:
        """Start it, with these settings, as a context manager."""


class Way:
    """The way of one machine to the server's socket: a process (way.py) that may be killed, stopped and started."""

    def __init__(self, target: str) -> None:
        self.port = free_port()
        self._command = [sys.executable, "-m", "bench.chaos.way", str(self.port), target]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return what a machine's settings say."""
        return f"mariadb://root@127.0.0.1:{self.port}/{DATABASE}?tls=off"

    def open(self) -> None:
        """Start to pass on what comes, unless it is passed on already."""
        with self._lock:
            if self._process is None:
                self._process = subprocess.Popen(self._command)

    def close(self) -> None:
        """Cut all connections."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._process = None

    def send(self, number: int) -> None:
        """Send a signal to the process."""
        with self._lock:
            if self._process is not None:
                self._process.send_signal(number)


@contextlib.contextmanager
def several(
    folder: Path, vars_: Sequence[Path], deploy: Deploy, run_id: str, settings: Mapping[str, str]
) -> Iterator[tuple[Stack, Server, Sequence[Way]]]:
    """Start a server, the machines, their ways and an nginx before them; yield all but the nginx."""
    with ExitStack() as ends:
        server = ends.enter_context(_server(folder))
        ways = [Way(server.socket) for _ in vars_]
        for way in ways:
            way.open()
            ends.callback(way.close)
        environs = [
            {**settings, RUN_ID: f"{run_id}-{number}", "COCOAI_STORE_URL": way.url} for number, way in enumerate(ways)
        ]
        built = ends.enter_context(deploy(vars_[0], **environs[0]))
        ups = [built.up]
        for var, environ in zip(vars_[1:], environs[1:], strict=True):
            ups.append(ends.enter_context(_another(built, var, environ)))
        address = ends.enter_context(_balancer(folder / "balancer", [up.address for up in ups]))
        built.slack.subscribe(*(f"{address}/slack/{name}" for name in ("events", "interactions", "commands")))
        wait_until(built.slack.verify_url)
        machines = [Machine(var, up, environ[RUN_ID]) for var, up, environ in zip(vars_, ups, environs, strict=True)]
        room = DatabaseRoom(server.address(DATABASE), vars_)
        yield Stack(built.slack, built.openai, machines, room, run_id), server, ways


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[Server]:
    """Start a server with our tables."""
    (folder / "m").mkdir()
    server = Server(folder / "m", new_data(folder / "new"))
    server.start()
    try:
        root = MariaDB(server.address())
        root.execute(f"CREATE DATABASE {DATABASE}")
        root.close()
        database = MariaDB(server.address(DATABASE))
        migrate(database)
        database.close()
        yield server
    finally:
        if server.is_running:
            server.kill9()  # its data go with it


def _another(built: Deployment, var: Path, environ: Mapping[str, str]) -> Up:
    """Return one more machine in the folder `var`, with the settings of the first and what its environment says."""
    shutil.copy(built.var / "cocoai.ini", var)
    defaults = {"COCOAI_POOL_STATUS_LISTEN": "off", "COCOAI_POOL_SELF_CHECK": "off"}
    variables = {**os.environ, **defaults, **environ}
    return Up(str(var), listen=f"127.0.0.1:{free_port()}", config=str(var / "cocoai.ini"), environ=variables)


@contextlib.contextmanager
def _balancer(folder: Path, addresses: Sequence[str]) -> Iterator[str]:
    """Start an nginx before these addresses, and yield its own."""
    folder.mkdir()
    listen = f"127.0.0.1:{free_port()}"
    # All that etc/ says of how requests are sent on, but for TLS and whose name it is.
    site = read("etc/nginx/cocoai_balancer.conf")
    lines = "\n".join(re.findall(r"^ +proxy_(?!ssl|pass|set_header (?:Host|X-)).*$", site, re.MULTILINE))
    options = re.findall(r"^ +server \S+( .*;)$", site, re.MULTILINE)[0]
    servers = "\n".join(f"        server {each.removeprefix('http://')}{options}" for each in addresses)
    conf = folder / "nginx.conf"
    conf.write_text(BALANCER.format(folder=folder, servers=servers, listen=listen, lines=lines))
    command = [find_nginx(f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"), "-p", str(folder), "-c", str(conf)]
    process = subprocess.Popen(command)
    try:
        yield f"http://{listen}"
    finally:
        process.terminate()
        process.wait()
