"""An HTTP client through a proxy, on requests, which knows every kind of proxy.

requests runs on the one TLS context that was made before any fork. By itself it would load the CA bundle into it again
and again; the adapters here see to it that nothing is loaded after `tls_context`. Nothing is sent twice, and the
environment is ignored. Errors are those of client.py.
"""

from __future__ import annotations

import io
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPException
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from cocoai.engine.client.body import CHUNK_SIZE, Body, joined
from cocoai.engine.client.client import (
    USER_AGENT,
    BadHeader,
    FullResponse,
    NotSent,
    PendingResponse,
    ProxyFailed,
    RequestBlocks,
    RequestHeaders,
    StreamedResponse,
)
from cocoai.engine.client.file_body import FileBody
from cocoai.engine.client.inflate import decoder
from cocoai.engine.client.tls import is_loopback
from cocoai.errors import Permanent

_WRONG_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.URLRequired,
    urllib3.exceptions.LocationValueError,
    UnicodeError,
)
_ERRORS: tuple[tuple[type[Exception], type[Exception]], ...] = (
    (requests.exceptions.Timeout, TimeoutError),
    (requests.exceptions.ProxyError, ProxyFailed),
    (requests.exceptions.SSLError, ssl.SSLError),
    (requests.exceptions.ConnectionError, ConnectionError),
)
"""Errors of requests, and the error of client.py for each."""


class ProxyClient:
    """An `HttpClient` (client.py) on a session of requests. `proxy` is a URL; None means no proxy."""

    def __init__(self, context: ssl.SSLContext, proxy: str | None) -> None:
        self._session = new_session(context, proxy)

    def post(self, url: str, body: bytes, headers: RequestHeaders, timeout: tuple[float, float]) -> FullResponse:
        """Send a POST, wait for the complete response and return it; the connection is kept for the next request."""
        return self._post(url, body, headers, timeout)

    def post_file(
        self, url: str, body: FileBody, headers: RequestHeaders, timeout: tuple[float, float]
    ) -> FullResponse:
        """Send a POST with a file as its body, and return the complete response; the connection is closed after it."""
        return self._post(url, body, {**headers, "Connection": "close"}, timeout)

    def _post(
        self, url: str, body: bytes | RequestBlocks, headers: RequestHeaders, timeout: tuple[float, float]
    ) -> FullResponse:
        """Send a POST and return the complete response."""
        with self._request("POST", url, body, headers, timeout) as response, closing(response):
            lowered = _lower(response.headers)
            return FullResponse(response.status_code, lowered, joined(_decoded(response, lowered)))

    def post_unread(
        self, url: str, body: bytes, headers: RequestHeaders, timeout: tuple[float, float]
    ) -> StreamedResponse:
        """Send a POST and return the response with its body unread; the connection is closed after it."""
        return self.stream("POST", url, body, headers, timeout)

    def post_streamed(
        self, url: str, body: bytes | RequestBlocks, headers: RequestHeaders, timeout: tuple[float, float]
    ) -> PendingResponse:
        """Return the pending response of a POST, without sending it: that happens when the response is asked for."""
        return _DeferredRequest(self, url, body, headers, timeout[0])

    def get(self, url: str, headers: RequestHeaders, timeout: tuple[float, float]) -> StreamedResponse:
        """Send a GET and return the response with its body unread; the connection is closed after it."""
        return self.stream("GET", url, b"", headers, timeout)

    def stream(
        self, method: str, url: str, body: bytes | RequestBlocks, headers: RequestHeaders, timeout: tuple[float, float]
    ) -> StreamedResponse:
        """Send a request of any `method` and return the response with its body unread.

        The connection is closed after it.
        """
        with self._request(method, url, body, {**headers, "Connection": "close"}, timeout) as response:
            # Only the file that the body is read from keeps the socket, once the connection is to be closed.
            message: Any = response.raw._fp  # noqa: SLF001 (there is no public way)
            reader, connection = message.fp, message.fp.raw._sock  # noqa: SLF001
            status, lowered = response.status_code, _lower(response.headers)
            return StreamedResponse(status, lowered, Body(reader, connection, status, lowered), response.close)

    def close(self) -> None:
        """Close the kept connections; a further request connects anew."""
        self._session.close()

    @contextmanager
    def _request(
        self,
        method: str,
        url: str,
        body: bytes | RequestBlocks,
        headers: RequestHeaders,
        timeout: tuple[float, float],
    ) -> Iterator[requests.Response]:
        """Send a request and yield the response with its head read, as a context manager.

        Turn errors of requests into those of client.py, also for what fails in the `with` block.
        """
        data = _RequestBody(body) if isinstance(body, bytes) else _BlocksBody(body)
        try:
            yield self._session.request(
                method, url, data=data or b"", headers=headers, timeout=timeout, stream=True, allow_redirects=False
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
            raise _translated(error, sent=data.sent) from error


class _DeferredRequest:
    """The `PendingResponse` (client.py) of a request that is not sent yet: requests sends and waits in one call."""

    def __init__(
        self,
        client: ProxyClient,
        url: str,
        body: bytes | RequestBlocks,
        headers: RequestHeaders,
        connect_timeout: float,
    ) -> None:
        self._client = client
        self._request = (url, body, headers)
        self._connect_timeout = connect_timeout

    def response(self, seconds: float, *_: object, **__: object) -> StreamedResponse:
        """Send the request and return the response, waiting at most `seconds`; nothing interrupts that."""
        return self._client.stream("POST", *self._request, (self._connect_timeout, seconds))

    def close(self) -> None:
        """Return at once: no connection is open."""


class _RequestBody(io.BytesIO):
    """A request body that notes in `sent` when it was read to the end: then `requests` has sent all of it.

    An empty body is never read, and counts as sent.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self._size = len(body)
        self.sent = not body

    def __bool__(self) -> bool:
        return bool(self._size)  # to look into the buffer would copy it

    def read(self, size: int | None = -1) -> bytes:
        """Return the next `size` bytes, all if it is negative; b"" at the end, which sets `sent`."""
        block = super().read(size)
        self.sent = self.sent or not block
        return block


class _BlocksBody:
    """An upload that notes in `sent` when its last block was taken: then `requests` has sent all of it."""

    def __init__(self, body: RequestBlocks) -> None:
        self._body = body
        self.sent = False

    def __len__(self) -> int:
        """Return the length, which `requests` sends first."""
        return len(self._body)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks."""
        yield from self._body
        self.sent = True


def new_session(context: ssl.SSLContext, proxy: str | None = None) -> requests.Session:
    """Return a session of requests for one process; `proxy` is a URL, used for all servers but those on this machine.

    `*_PROXY`, `REQUESTS_CA_BUNDLE` and ~/.netrc are ignored. A request to a plain http:// address of another machine
    raises `Permanent`. A session that was used must not cross a fork, because an open connection would.
    """
    session = _Session()
    session.trust_env = False
    session.headers["User-Agent"] = USER_AGENT
    session.mount("https://", _SecureAdapter(context))
    session.mount("http://", _LoopbackAdapter())
    if proxy:
        session.proxies = {"https": proxy}
    return session


class _Session(requests.Session):
    """A session that follows no redirect."""

    def get_redirect_target(self, _: requests.Response) -> None:
        """Return None for every response: with `allow_redirects` alone, requests would still read a redirect's body."""


class _SecureAdapter(HTTPAdapter):
    """An adapter for https:// on the preloaded context, which alone decides what is trusted, whatever `verify` says."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool of direct connections, on the preloaded context."""
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the pool of connections through `proxy`, on the preloaded context."""
        return super().proxy_manager_for(proxy, proxy_ssl_context=self._context, **kwargs)

    def build_connection_pool_key_attributes(self, request: Any, *_: Any) -> Any:
        """Return the two dicts by which urllib3 finds a kept connection: the server's address, and its TLS settings."""
        # The usual attributes depend on `verify` and name a bundle: connections are pooled by the one context instead.
        host, _of_requests = super().build_connection_pool_key_attributes(request, verify=True)
        return host, {"ssl_context": self._context, "cert_reqs": "CERT_REQUIRED"}

    def cert_verify(self, conn: Any, *_: Any) -> None:
        """Require a certificate that the preloaded context trusts, and set no CA bundle on the connection."""
        # requests would set a bundle here, and urllib3 load it for each connection.
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None
        conn.ca_cert_dir = None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request, without the proxy if its server is this machine."""
        if is_loopback(request.url):
            kwargs["proxies"] = None  # a proxy elsewhere cannot reach this machine's loopback
        return super().send(request, *args, **kwargs)


class _LoopbackAdapter(HTTPAdapter):
    """An adapter for http:// that sends to servers on this machine only, and raises `Permanent` for any other."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request. Raise `Permanent` if its server is not this machine."""
        if not is_loopback(request.url):
            raise Permanent("plain http is for servers on this machine only")
        return super().send(request, *args, **kwargs)


def _decoded(response: requests.Response, headers: Mapping[str, str]) -> Iterator[bytes]:
    """Yield the response's body, decoded, in chunks of at most CHUNK_SIZE; read to its end, its connection is kept."""
    # Not as urllib3 decodes it: some versions turn 64 KiB into 64 MiB in one piece.
    decoding = decoder(headers.get("content-encoding", ""), CHUNK_SIZE)
    for piece in response.raw.stream(CHUNK_SIZE, decode_content=False):
        yield decoding.feed(piece)
        while decoding.has_more:
            yield decoding.feed(b"")


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _translated(error: Exception, *, sent: bool) -> Exception:
    """Return the error of client.py for `error` of requests or urllib3, for the caller to raise.

    `sent` says that the request had left completely; if not, the error is wrapped in `NotSent`, except one about a
    header or an address.
    """
    if isinstance(error, requests.exceptions.InvalidHeader):
        return BadHeader("a header")
    if isinstance(error, _WRONG_ADDRESS):
        return ValueError("not an address")
    kind = next((ours for theirs, ours in _ERRORS if isinstance(error, theirs)), HTTPException)
    return kind(type(error).__name__) if sent else NotSent(kind(type(error).__name__))
