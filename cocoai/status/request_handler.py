"""Answer one request for the status: `/` is the page for people, `/status.json` the same for programs.

A foreign web page could read the status through a name that resolves to this machine (DNS rebinding). Browsers send
that name in Host, so that a request with an unknown name is refused. An address is no name and cannot be rebound.
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
from cocoai.status import page
from cocoai.status.report import report
from cocoai.status.status import as_json, collect
from cocoai.status.units import plain

SECURITY_HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Connection", "close"),
)
"""The headers of every response: it is not stored, not used by other sites, and the last on its connection."""


class StatusRequestHandler(BaseHTTPRequestHandler):
    """The handler of one connection: its constructor reads the request and sends the response."""

    server_version = "CocoAI"
    sys_version = ""
    # http.server takes garbage for HTTP/0.9, whose responses have no status line.
    default_request_version = "HTTP/1.0"

    def __init__(self, connection: socket.socket, settings: config.Settings) -> None:
        self._settings = settings
        super().__init__(connection, ("", 0), cast(BaseServer, None))

    def do_GET(self) -> None:
        """Send the page for `/`, or the same as JSON for `/status.json`.

        Send 403 if the Host header names a foreign host, and 404 for any other path.
        """
        path, _, query = self.path.partition("?")
        if not self._is_host_known():
            self._send_line(
                HTTPStatus.FORBIDDEN, "ask by this machine's address, localhost or the name in status_listen"
            )
        elif path == "/":
            self._send_status(is_page=True, query=query)
        elif path == "/status.json":
            self._send_status(is_page=False)
        else:
            self._send_line(HTTPStatus.NOT_FOUND, "there are / and /status.json")

    def do_HEAD(self) -> None:
        """Send the response to GET without its body."""
        self.do_GET()

    def _is_host_known(self) -> bool:
        """Return True if there is exactly one Host header, and `is_safe_host` accepts it."""
        listen = self._settings.pool.status_listen
        hosts = self.headers.get_all("Host", [])
        return len(hosts) == 1 and is_safe_host(hosts[0], listen[0] if listen else "")

    def _send_status(self, *, is_page: bool, query: str = "") -> None:
        """Collect the status and send it, as the page or as JSON; send 503 if the spool cannot be read."""
        try:
            status = collect(self._settings)
        except OSError as error:
            self._send_line(HTTPStatus.SERVICE_UNAVAILABLE, f"cannot look: {plain(str(error))}")
            return
        if is_page:
            body, policy = page.render(report(status), every=page.every(query))
            self._send(HTTPStatus.OK, "text/html", body, (("Content-Security-Policy", policy),))
        else:
            self._send(HTTPStatus.OK, "application/json", json.dumps(as_json(status), indent=1) + "\n")

    def _send_line(self, status: int, text: str, *headers: tuple[str, str]) -> None:
        self._send(status, "text/plain", f"{text}\n", headers)

    def _send(self, status: int, media_type: str, text: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Send a response with its text, `headers` and SECURITY_HEADERS; leave out the text if HEAD was asked."""
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        for name, value in (
            ("Content-Type", f"{media_type}; charset=utf-8"),
            ("Content-Length", str(len(body))),
            *headers,
        ):
            self.send_header(name, value)
        for name, value in SECURITY_HEADERS:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Send in one line what http.server itself refuses, instead of its page, which quotes the request.

        A method that it does not know is answered with 405.
        """
        if code == HTTPStatus.NOT_IMPLEMENTED:
            self._send_line(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD are allowed here", ("Allow", "GET, HEAD"))
        else:
            self._send_line(code, HTTPStatus(code).phrase)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Log nothing: reading the status changes nothing."""


def is_safe_host(host: str, listen: str) -> bool:
    """Check whether a Host header, with or without a port, is an address, `localhost`, or the name `listen`.

    Any other name could be made to resolve to this machine by a foreign page.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if name in ("localhost", listen.lower()):
            return True
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
