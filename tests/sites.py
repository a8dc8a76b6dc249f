"""nginx on the sites of etc/, for tests: the production site as an operator lays it down, the local one as `up` does.

Only names and ports are exchanged. Before the pool's socket stands tests/stand_in.py.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cocoai.up import etc
from cocoai.up.machine import SBIN, find_nginx

ROOT = Path(__file__).parent.parent
NGINX = ROOT / "etc/nginx"
HOST = "cocoai.example.com"

FRAME = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 768; }}
http {{
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
"""What a distribution's nginx.conf is to the production site."""


@dataclass(frozen=True)
class Site:
    """A running nginx. `port` is the one that Slack would post to; `plain` and `context` are the production site's."""

    folder: Path
    port: int
    plain: int = 0
    context: ssl.SSLContext | None = None

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request, as a client that knows our name."""
        connection = self.connect()
        try:
            connection.request(method, path, body, {"Host": HOST, **(headers or {})})
            response = connection.getresponse()
            return response.status, dict(response.headers.items()), response.read()
        finally:
            connection.close()

    def connect(self, source: str = "127.0.0.1") -> http.client.HTTPConnection:
        """Return a connection to our name from the address `source`, over TLS where the site has it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.sock = socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(source, 0))
        if self.context:
            connection.sock = self.context.wrap_socket(connection.sock, server_hostname=HOST)
        return connection

    def log(self) -> str:
        """nginx's access log so far."""
        return (self.folder / "access.log").read_text()


def has_ipv6() -> bool:
    """Whether this machine can listen at [::1]; a container often cannot."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def production(folder: Path, port: int, plain: int) -> None:
    """Write the production site as an operator would: with a name's certificate, and these ports."""
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN={HOST} "
        f"-addext subjectAltName=DNS:{HOST} -keyout {folder}/privkey.pem -out {folder}/fullchain.pem".split(),
        check=True,
        capture_output=True,
    )
    names = {
        f"/etc/letsencrypt/live/{HOST}": str(folder),
        "/var/log/nginx/cocoai.log": str(folder / "access.log"),
        "/var/www/acme": str(folder / "acme"),
        "/etc/nginx/cocoai.locations": str(folder / "cocoai.locations"),
        "listen 443": f"listen {port}",
        "listen [::]:443": f"listen [::]:{port}",
        "listen 80": f"listen {plain}",
        "listen [::]:80": f"listen [::]:{plain}",
    }
    text = etc.replaced((NGINX / "cocoai.conf").read_text(), names)
    if not has_ipv6():
        text = re.sub(r"(?m)^\s*listen \[::\].*$", "", text)
    (folder / "site.conf").write_text(text)


def local(folder: Path, port: int) -> None:
    """Write the local site as `cocoai up` does, its log apart."""
    names = {
        "127.0.0.1:8080": f"127.0.0.1:{port}",
        "/dev/stdout": str(folder / "access.log"),
        "/etc/nginx/cocoai.locations": str(folder / "cocoai.locations"),
    }
    (folder / "site.conf").write_text(etc.replaced((NGINX / "cocoai-local.conf").read_text(), names))


def frame(folder: Path) -> list[str]:
    """The command that starts nginx on what lies in `folder`."""
    (folder / "acme").mkdir()
    locations = (NGINX / "cocoai.locations").read_text()
    (folder / "cocoai.locations").write_text(locations.replace("/run/cocoai", str(folder)))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(FRAME.format(folder=folder, user=user))
    return [find_nginx(f"{os.environ['PATH']}:{SBIN}"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


@contextlib.contextmanager
def running(folder: Path, ports: list[int]) -> Iterator[None]:
    """nginx and the stand-in, for as long as the context lasts."""
    with contextlib.ExitStack() as stack:
        for command in (
            frame(folder),
            [sys.executable, str(ROOT / "tests/stand_in.py"), "--bind", str(folder / "cocoai.sock")],
        ):
            process = stack.enter_context(subprocess.Popen(command, stdin=subprocess.DEVNULL))
            stack.callback(process.terminate)
        deadline = time.monotonic() + 30
        while not ((folder / "cocoai.sock").exists() and all(map(listens, ports))):
            assert time.monotonic() < deadline, (folder / "error.log").read_text()
            time.sleep(0.02)
        yield


def listens(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def two_ports() -> tuple[int, int]:
    """Two ports that nobody listens at."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
