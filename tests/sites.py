"""nginx with the sites of etc/: the production site as an operator installs it, and the local site as `up` writes it.

Only names and ports are replaced. Behind the pool's socket runs tests/echo_server.py, or a deployment's own pool.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cocoai.up import etc
from cocoai.up.machine import SBIN, find_nginx

ROOT = Path(__file__).parent.parent
NGINX = ROOT / "etc/nginx"
HOST = "cocoai.example.com"

SIGNED = {"X-Slack-Signature": "v0=practice", "X-Slack-Request-Timestamp": "1763822001"}
"""The two headers without which nginx refuses what is posted to Slack's paths."""

FRAME = """
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile 4096;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
    {more}
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""
"""The main configuration around a site, in place of a distribution's nginx.conf, changed as README says."""


@dataclass(frozen=True)
class Site:
    """One site of a running nginx, its files in `folder`.

    Slack would post to `port`. `plain` is the production site's port without TLS, `context` its TLS client context,
    `host` its name.
    """

    folder: Path
    port: int
    plain: int = 0
    context: ssl.SSLContext | None = None
    host: str = HOST

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send one request with the site's name as `Host`; return the response's status, headers and body."""
        connection = self.connect()
        try:
            connection.request(method, path, body, {"Host": self.host, **(headers or {})})
            response = connection.getresponse()
            return response.status, dict(response.headers.items()), response.read()
        finally:
            connection.close()

    def connect(self, source: str = "127.0.0.1") -> http.client.HTTPConnection:
        """Return a connection from the address `source` to the site, over TLS if `context` is set."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.sock = socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(source, 0))
        if self.context:
            connection.sock = self.context.wrap_socket(connection.sock, server_hostname=self.host)
        return connection

    def pipeline(self, requests: int, source: str = "127.0.0.1", forwarded: str = "") -> list[int]:
        """Send so many requests for /healthz in one go, from the address `source`; return the statuses.

        `forwarded` is put into X-Forwarded-For.
        """
        line = f"HEAD /healthz HTTP/1.1\r\nHost: {self.host}\r\nX-Forwarded-For: {forwarded}\r\n"
        connection = self.connect(source)
        connection.sock.sendall(f"{line}\r\n".encode() * (requests - 1) + f"{line}Connection: close\r\n\r\n".encode())
        received = b"".join(iter(partial(connection.sock.recv, 65536), b""))
        connection.close()
        return [int(status) for status in re.findall(rb"(?m)^HTTP/1\.1 (\d+)", received)]

    def log(self) -> str:
        """Return nginx's access log so far."""
        return (self.folder / "access.log").read_text()


def has_ipv6() -> bool:
    """Return True if this machine can listen on [::1]; a container often cannot."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def production(folder: Path, port: int, plain: int, *, host: str = HOST, ipv6: bool = False) -> None:
    """Write the production site into `folder` as an operator would, with a certificate for `host` and these ports.

    With `ipv6` it listens on IPv6 too: the comment signs before those lines are removed.
    """
    common(folder, port, plain)
    instance(folder, folder, port, plain, host=host)
    if ipv6:
        change(folder, {"#listen [::]": "listen [::]"})


def common(folder: Path, port: int, plain: int) -> None:
    """Write the file of the production site that all instances share into `folder`/conf.d, with these ports."""
    (folder / "conf.d").mkdir()
    text = etc.replaced((NGINX / "cocoai.conf").read_text(), _listen(port, plain))
    (folder / "conf.d" / "cocoai.conf").write_text(text)


def instance(folder: Path, own: Path, port: int, plain: int, *, host: str = HOST, name: str = "cocoai") -> None:
    """Write the two files of the instance `name` into `folder`/conf.d, with a new certificate for `host`.

    `own` is the folder of what no other instance may have too: certificate, access log and locations.
    """
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN={host} "
        f"-addext subjectAltName=DNS:{host} -keyout {own}/privkey.pem -out {own}/fullchain.pem".split(),
        check=True,
        capture_output=True,
    )
    for part in ("http", "https"):
        site_file(folder, own, f"cocoai_{part}.conf", port, plain, host=host, name=f"{name}_{part}.conf")


def site_file(folder: Path, own: Path, file: str, port: int, plain: int, *, host: str, name: str) -> None:
    """Write one of etc/nginx's files of a site into `folder`/conf.d as `name`; the other arguments as of `instance`."""
    replacements = {
        f"/etc/letsencrypt/live/{HOST}": str(own),
        f"server_name {HOST};": f"server_name {host};",
        "/var/log/nginx/cocoai.log": str(own / "access.log"),
        "/var/www/acme": str(folder / "acme"),
        "/etc/nginx/cocoai.locations": str(own / "cocoai.locations"),
        **_listen(port, plain),
    }
    (folder / "conf.d" / name).write_text(etc.replaced((NGINX / file).read_text(), replacements))


def _listen(port: int, plain: int) -> dict[str, str]:
    """Return the replacements of production's ports 443 and 80 by `port` and `plain`."""
    return {
        "listen 443": f"listen {port}",
        "listen [::]:443": f"listen [::]:{port}",
        "listen 80": f"listen {plain}",
        "listen [::]:80": f"listen [::]:{plain}",
    }


def change(folder: Path, changes: Mapping[str, str]) -> None:
    """Replace the keys of `changes` by their values in each file in `folder`/conf.d."""
    for file in (folder / "conf.d").iterdir():
        file.write_text(etc.replaced(file.read_text(), changes))


def local(folder: Path, port: int) -> None:
    """Write the local site into `folder` as `cocoai up` does, but with its access log in a file there."""
    replacements = {
        "127.0.0.1:8080": f"127.0.0.1:{port}",
        "/dev/stdout": str(folder / "access.log"),
        "/etc/nginx/cocoai.locations": str(folder / "cocoai.locations"),
    }
    (folder / "conf.d").mkdir()
    text = etc.replaced((NGINX / "cocoai-local.conf").read_text(), replacements)
    (folder / "conf.d" / "cocoai-local.conf").write_text(text)


def frame(folder: Path, pool: Path | None = None, more: str = "") -> list[str]:
    """Write what nginx needs besides the site into `folder`; return the command that starts nginx there.

    `pool` is the folder of the pool's socket, None for `folder`; `more` is put before the site.
    """
    (folder / "acme").mkdir()
    locations(folder, pool or folder)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(FRAME.format(folder=folder, user=user, more=more))
    return [find_nginx(f"{os.environ['PATH']}:{SBIN}"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def locations(own: Path, pool: Path) -> None:
    """Write the locations of an instance into its folder `own`; `pool` is the folder of its pool's socket."""
    text = (NGINX / "cocoai.locations").read_text()
    (own / "cocoai.locations").write_text(text.replace("/run/cocoai", str(pool)))


@contextlib.contextmanager
def running(folder: Path, ports: list[int], pool: Path | None = None, more: str = "") -> Iterator[None]:
    """Run nginx until the context ends; enter it when every port of `ports` is open.

    `pool` and `more` are those of `frame`. With `pool` None, tests/echo_server.py runs too.
    """
    with contextlib.ExitStack() as stack:
        if pool is None:
            stack.enter_context(echoing(folder))
        process = stack.enter_context(subprocess.Popen(frame(folder, pool, more), stdin=subprocess.DEVNULL))
        stack.callback(process.terminate)
        deadline = time.monotonic() + 30
        while not (((pool or folder) / "cocoai.sock").exists() and all(map(listens, ports))):
            assert time.monotonic() < deadline, (folder / "error.log").read_text()
            time.sleep(0.02)
        yield


@contextlib.contextmanager
def echoing(folder: Path) -> Iterator[None]:
    """Run tests/echo_server.py until the context ends, with its socket in `folder`."""
    command = [sys.executable, str(ROOT / "tests/echo_server.py"), "--bind", str(folder / "cocoai.sock")]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


@contextlib.contextmanager
def production_running(folder: Path, changes: Mapping[str, str] | None = None, more: str = "") -> Iterator[Site]:
    """Run the production site in `folder`; `changes` maps texts in it to others, `more` is put before it."""
    port, plain = two_ports()
    production(folder, port, plain)
    if changes:
        change(folder, changes)
    with running(folder, [port, plain], more=more):
        yield Site(folder, port, plain, trusting(folder))


def trusting(own: Path) -> ssl.SSLContext:
    """Return a TLS client context that trusts the certificate of the instance with the folder `own`."""
    return ssl.create_default_context(cafile=str(own / "fullchain.pem"))


@contextlib.contextmanager
def local_running(folder: Path) -> Iterator[Site]:
    """Run the local site in `folder`."""
    port, _ = two_ports()
    local(folder, port)
    with running(folder, [port]):
        yield Site(folder, port)


def nginx_number(name: str, file: str = "cocoai.locations") -> int:
    """Return the number that a directive has in one of etc/nginx's files, without its unit."""
    found = re.findall(rf"(?m)^\s*{name} (\d+)(?:s|k)?;", (NGINX / file).read_text())
    assert 1 == len(found), name
    return int(found[0])


def listens(port: int) -> bool:
    """Return True if a connection to this port of 127.0.0.1 is accepted."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def two_ports() -> tuple[int, int]:
    """Return two different ports that are free on every address.

    They lie below those that the kernel gives to outgoing connections: nginx could not listen on one that is in use.
    """
    with socket.socket() as one, socket.socket() as other:
        return _bind(one), _bind(other)


def _bind(probe: socket.socket) -> int:
    """Bind a socket to a free port below 32768 (ip_local_port_range); return the port."""
    while True:
        port = random.randrange(10_000, 32_768)
        with contextlib.suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port
