"""HTTPS as everything here speaks it: requests sessions on one TLS context, which is made once, before any fork.

A context made for each connection costs 40 ms of CPU, the preloaded one 9. requests would still read the CA bundle
into it again and again: the adapter sees to it that nothing is loaded after `tls_context`.
Share the context across a fork, never a session that was used: an open connection must not cross.
This file knows neither Slack nor OpenAI. It tries nothing twice, and the environment has no say in it.
"""

from __future__ import annotations

import io
import ipaddress
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from cocoai import __version__
from cocoai.errors import CocoAIError, Permanent

USER_AGENT = f"CocoAI/{__version__}"
_WARM_UP_TIMEOUT = 5.0
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'0c\r\n{"ok": true}\r\n0\r\n\r\n'
)


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """The one context: trusts `ca_file` (PEM) and nothing else, or by default the bundle that requests brings.

    Raises `CocoAIError` when the bundle cannot be read.
    """
    bundle = ca_file or DEFAULT_CA_BUNDLE_PATH
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise CocoAIError(f"the CA bundle {bundle} cannot be read: {error.strerror or error}") from error


def new_session(context: ssl.SSLContext, proxy: str | None = None) -> requests.Session:
    """A session of one process's own; `proxy` is a URL, used for all but this machine's own servers.

    What `*_PROXY`, `REQUESTS_CA_BUNDLE` and ~/.netrc say is not looked at. A plain http:// address of another
    machine raises `Permanent`.
    """
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = USER_AGENT
    session.mount("https://", _Secure(context))
    session.mount("http://", _Loopback())
    if proxy:
        session.proxies = {"https": proxy}
    return session


def set_read_timeout(response: requests.Response, seconds: float) -> None:
    """Let the next read of a streamed response wait at most `seconds`; without effect once it was read to its end."""
    # The connection forgets its socket when the server says "Connection: close"; the file being read from never does.
    reader = getattr(response.raw._fp, "fp", None)  # noqa: SLF001 - nobody offers another way
    if reader is not None:
        reader.raw._sock.settimeout(seconds)  # noqa: SLF001


def warm_up(context: ssl.SSLContext) -> None:
    """Walk the client's whole path once, so that its lazy imports, codecs and caches are paid before the forks.

    The request goes to a listening socket of our own and is answered by its own body, in the middle of being sent:
    so there is no second thread, and at the end nothing is left open. A TLS handshake in memory was tried on top: it
    saved nothing that a child could measure.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener, new_session(context) as session:
        listener.settimeout(_WARM_UP_TIMEOUT)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        headers = {"Content-Type": "application/json"}
        with (
            _SelfAnswering(listener) as body,
            session.post(url, data=body, headers=headers, stream=True, timeout=_WARM_UP_TIMEOUT) as response,
        ):
            set_read_timeout(response, _WARM_UP_TIMEOUT)
            response.json()


class _Secure(HTTPAdapter):
    """https:// on the preloaded context; what it trusts was settled when that was made, whatever `verify` says."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, proxy_ssl_context=self._context, **kwargs)

    def build_connection_pool_key_attributes(self, request: Any, *_: Any) -> Any:
        host, _of_requests = super().build_connection_pool_key_attributes(request, verify=True)
        return host, {"ssl_context": self._context, "cert_reqs": "CERT_REQUIRED"}

    def cert_verify(self, conn: Any, *_: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None
        conn.ca_cert_dir = None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if _is_loopback(request.url):
            kwargs["proxies"] = None
        return super().send(request, *args, **kwargs)


class _Loopback(HTTPAdapter):
    """http:// for servers on this machine only."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if not _is_loopback(request.url):
            raise Permanent("plain http is for servers on this machine only")
        return super().send(request, *args, **kwargs)


def _is_loopback(url: str | None) -> bool:
    host = urlsplit(url or "").hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _SelfAnswering(io.BytesIO):
    """A request's body that plays the server as soon as it is read.

    The server's end stays open until the answer was read: closed earlier, with the request unread, it would reset.
    """

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(b'{"warm": "up"}')
        self._listener = listener
        self._peer: socket.socket | None = None

    def read(self, size: int | None = -1) -> bytes:
        if self._peer is None:
            self._peer, _ = self._listener.accept()
            self._peer.sendall(_ANSWER)
        return super().read(size)

    def close(self) -> None:
        if self._peer is not None:
            self._peer.close()
        super().close()
