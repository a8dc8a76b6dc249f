"""One visit to the status page: one request, one response, both small. `/` is for people, `/status.json` for programs.

Only who is told its address should read it: a request that a foreign page has sent by a name that leads here
(DNS rebinding) is refused, for browsers send that name in Host. An address is no name, and nobody can rebind it.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from typing import cast
from urllib.parse import urlsplit

from cocoai import config
from cocoai.status import as_json, collect, page
from cocoai.status.sheet import sheet
from cocoai.status.units import plain

GUARD = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Connection", "close"),
)


class Visit(BaseHTTPRequestHandler):
    """Making it reads the request and sends the response."""

    server_version = "CocoAI"
    sys_version = ""
    # Of what is no request at all: http.server takes it for HTTP/0.9, which knows no status.
    default_request_version = "HTTP/1.0"

    def __init__(self, connection: socket.socket, settings: config.Settings) -> None:
        self._settings = settings
        super().__init__(connection, ("", 0), cast(BaseServer, None))

    def do_GET(self) -> None:
        """The page, or the same as JSON."""
        path, _, query = self.path.partition("?")
        if not self._is_for_us():
            self._say(HTTPStatus.FORBIDDEN, "ask by this machine's address, localhost or the name in status_listen")
        elif path == "/":
            self._show(is_page=True, query=query)
        elif path == "/status.json":
            self._show(is_page=False)
        else:
            self._say(HTTPStatus.NOT_FOUND, "there are / and /status.json")

    def do_HEAD(self) -> None:
        """What GET would say, without saying it."""
        self.do_GET()

    def _is_for_us(self) -> bool:
        listen = self._settings.pool.status_listen
        hosts = self.headers.get_all("Host", [])
        return len(hosts) == 1 and is_safe_host(hosts[0], listen[0] if listen else "")

    def _show(self, *, is_page: bool, query: str = "") -> None:
        try:
            status = collect(self._settings)
        except OSError as error:
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, f"cannot look: {plain(str(error))}")
            return
        if is_page:
            body, policy = page.render(sheet(status), every=page.every(query))
            self._send(HTTPStatus.OK, "text/html", body, (("Content-Security-Policy", policy),))
        else:
            self._send(HTTPStatus.OK, "application/json", json.dumps(as_json(status), indent=1) + "\n")

    def _say(self, status: int, text: str, *headers: tuple[str, str]) -> None:
        self._send(status, "text/plain", f"{text}\n", headers)

    def _send(self, status: int, kind: str, text: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        for name, value in (("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        for name, value in GUARD:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What http.server refuses by itself: in a line, and without the page in which it would quote the request."""
        if code == HTTPStatus.NOT_IMPLEMENTED:
            self._say(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD are allowed here", ("Allow", "GET, HEAD"))
        else:
            self._say(code, HTTPStatus(code).phrase)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Nothing: a look changes nothing, so there is nothing to tell."""


def is_safe_host(host: str, listen: str) -> bool:
    """Whether a Host header is an address, localhost, or the name at which we listen."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if name in ("localhost", listen.lower()):
            return True
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
