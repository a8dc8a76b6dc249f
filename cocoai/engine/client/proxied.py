"""A line through a proxy, by requests, which knows every kind of them. What goes wrong is told in line.py's words."""

from __future__ import annotations

import io
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any

import requests
import urllib3

from cocoai.engine.client.body import Body
from cocoai.engine.client.client import BadHeader, FullResponse, NotSent, PendingResponse, ProxyFailed, StreamedResponse
from cocoai.engine.client.https import new_session

_WRONG_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.URLRequired,
    urllib3.exceptions.LocationValueError,
    UnicodeError,
)
_TROUBLES: tuple[tuple[type[Exception], type[Exception]], ...] = (
    (requests.exceptions.Timeout, TimeoutError),
    (requests.exceptions.ProxyError, ProxyFailed),
    (requests.exceptions.SSLError, ssl.SSLError),
    (requests.exceptions.ConnectionError, ConnectionError),
)

Headers = Mapping[str, str | bytes]


class ProxyClient:
    """See line.py."""

    def __init__(self, context: ssl.SSLContext, proxy: str | None) -> None:
        self._session = new_session(context, proxy)
        # Told to follow no redirect, requests would still read its body.
        self._session.get_redirect_target = lambda *_: None  # type: ignore[method-assign]

    def post(self, url: str, body: bytes, headers: Headers, timeout: tuple[float, float]) -> FullResponse:
        with self._asked("POST", url, body, headers, timeout) as response:
            return FullResponse(response.status_code, _lower(response.headers), response.content)

    def ask(self, url: str, body: bytes, headers: Headers, timeout: tuple[float, float]) -> PendingResponse:
        return _Asked(lambda seconds: self._opened("POST", url, body, headers, (timeout[0], seconds)))

    def fetch(self, url: str, headers: Headers, timeout: tuple[float, float]) -> StreamedResponse:
        return self._opened("GET", url, b"", headers, timeout)

    def close(self) -> None:
        """Hang up; a further request connects anew."""
        self._session.close()

    def _opened(
        self, method: str, url: str, body: bytes, headers: Headers, timeout: tuple[float, float]
    ) -> StreamedResponse:
        with self._asked(method, url, body, {**headers, "Connection": "close"}, timeout, stream=True) as response:
            # The connection forgets its socket when it is to be closed; the file being read from never does.
            message: Any = response.raw._fp  # noqa: SLF001 (nobody offers another way)
            reader, connection = message.fp, message.fp.raw._sock  # noqa: SLF001
            status, told = response.status_code, _lower(response.headers)
            return StreamedResponse(status, told, Body(reader, connection, status, told), response.close)

    @contextmanager
    def _asked(
        self,
        method: str,
        url: str,
        body: bytes,
        headers: Headers,
        timeout: tuple[float, float],
        *,
        stream: bool = False,
    ) -> Iterator[requests.Response]:
        """The response. Whatever goes wrong, also while it is read, is told in line.py's words."""
        data = _Body(body)
        try:
            yield self._session.request(
                method, url, data=data or b"", headers=headers, timeout=timeout, stream=stream, allow_redirects=False
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
            raise _failure(error, sent=data.sent) from error


class _Asked:
    """See line.py. requests sends and waits in one."""

    def __init__(self, ask: Callable[[float], StreamedResponse]) -> None:
        self._ask = ask

    def response(self, seconds: float, bell: int | None = None) -> StreamedResponse:  # noqa: ARG002
        return self._ask(seconds)

    def close(self) -> None:
        """There is nothing to hang up on."""


class _Body(io.BytesIO):
    """A request's body that knows whether it has left: whoever asks for more has handed on all before.

    An empty one, which nobody would ask, counts as sent.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self._size = len(body)
        self.sent = not body

    def __bool__(self) -> bool:
        return bool(self._size)  # to look into the buffer would copy it

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        self.sent = self.sent or not block
        return block


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _failure(error: Exception, *, sent: bool) -> Exception:
    if isinstance(error, requests.exceptions.InvalidHeader):
        return BadHeader("a header")
    if isinstance(error, _WRONG_ADDRESS):
        return ValueError("not an address")
    kind = next((ours for theirs, ours in _TROUBLES if isinstance(error, theirs)), HTTPException)
    return kind(type(error).__name__) if sent else NotSent(kind(type(error).__name__))
