"""engine/client/direct.py: what the direct client does beyond the contract, and how it reads odd responses."""

from __future__ import annotations

import os
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPException

import pytest

from cocoai.engine.client.body import Interrupted
from cocoai.engine.client.client import BadHeader, NotSent
from cocoai.engine.client.direct import DirectClient
from cocoai.rehearsal.certificates import Certificates
from tests.engine.client.servers import PATIENCE, SOON, TIMEOUT, LateServer, ManualServer, listening


@pytest.mark.parametrize("has_tls", [True, False], ids=["tls", "plain"])
def test_wakeup_interrupts_the_wait_for_a_response(
    context: ssl.SSLContext, certificates: Certificates, *, has_tls: bool
) -> None:
    """Each wait is interrupted while the descriptor is readable, and the response can still be waited for."""
    client = DirectClient(context)
    wakeup, writer = os.pipe()
    with (
        LateServer(certificates if has_tls else None) as server,
        closing(client.post_streamed(f"{server.url}/", b"x", {}, TIMEOUT)) as pending,
    ):
        server.has_request.wait(PATIENCE)
        os.write(writer, b"!")
        for _ in range(2):
            with pytest.raises(Interrupted):
                pending.response(PATIENCE, wakeup)
        with pytest.raises(TimeoutError):
            pending.response(SOON)
        server.may_respond.set()
        with pending.response(PATIENCE) as response:
            content = response.body.read_all(PATIENCE)
    os.close(wakeup)
    os.close(writer)

    assert (200, b"at last") == (response.status, content)


@pytest.mark.parametrize("has_tls", [True, False], ids=["tls", "plain"])
def test_patience_interrupts_the_wait_for_a_response(
    context: ssl.SSLContext, certificates: Certificates, *, has_tls: bool
) -> None:
    """The wait is interrupted when the patience is at its end, and the response can still be waited for."""
    client = DirectClient(context)
    with (
        LateServer(certificates if has_tls else None) as server,
        closing(client.post_streamed(f"{server.url}/", b"x", {}, TIMEOUT)) as pending,
    ):
        server.has_request.wait(PATIENCE)
        with pytest.raises(Interrupted):
            pending.response(PATIENCE, patience=SOON)
        with pytest.raises(TimeoutError):
            pending.response(SOON, patience=SOON)
        server.may_respond.set()
        with pending.response(PATIENCE, patience=PATIENCE) as response:
            content = response.body.read_all(PATIENCE)

    assert (200, b"at last") == (response.status, content)


def test_a_header_that_cannot_be_encoded_is_refused(context: ssl.SSLContext) -> None:
    """A header with characters beyond Latin-1 is refused before any connection is made."""
    with pytest.raises(BadHeader):
        DirectClient(context).post("https://127.0.0.1:1/", b"x", {"Authorization": "\u3042"}, TIMEOUT)


def test_get_leaves_the_kept_connection_alone(context: ssl.SSLContext) -> None:
    """Connecting is the most expensive part of a call, so a GET uses a connection of its own."""
    contents = []
    with listening() as (listener, url), ThreadPoolExecutor(1) as threads, closing(DirectClient(context)) as client:
        kept, other = ManualServer(listener), ManualServer(listener)
        for _ in range(2):
            serving = threads.submit(kept.serve)
            contents.append(client.post(url, b"x", {}, TIMEOUT).content)
            serving.result(PATIENCE)
            serving = threads.submit(other.serve, b"")
            with client.get(url, {}, TIMEOUT) as response:
                contents.append(response.body.read_all(PATIENCE))
            serving.result(PATIENCE)
            other.close_connection()
        kept.close_connection()

    assert [b"ok"] * 4 == contents
    assert (1, 2) == (kept.accepted, other.accepted)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", (200, b"ok")),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nok", (200, b"ok")),
        (b"HTTP/1.0 200\r\n\r\nuntil the end", (200, b"until the end")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nTrailer: x\r\n\r\n", (200, b"ok")),
    ],
)
def test_responses_as_servers_write_them(context: ssl.SSLContext, raw: bytes, expected: tuple[int, bytes]) -> None:
    """A body has a length, comes in chunks, or goes on until the connection ends; a 100 may come before."""
    assert expected == response_to(context, raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 2",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 2000,
    ],
)
def test_a_malformed_response_is_an_error(context: ssl.SSLContext, raw: bytes) -> None:
    """A cut or malformed response, or one with endless headers, is an error of a request that had left."""
    with pytest.raises((OSError, HTTPException)) as caught:
        response_to(context, raw)

    assert not isinstance(caught.value, (NotSent, TimeoutError))


def response_to(context: ssl.SSLContext, raw: bytes) -> tuple[int, bytes]:
    """Return the status and content that a client reads from a server that sends `raw` and closes the connection."""
    with listening() as (listener, url), ThreadPoolExecutor(1) as threads:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                while not connection.recv(65536).endswith(b"x"):
                    pass
                connection.sendall(raw)

        serving = threads.submit(serve)
        try:
            response = DirectClient(context).post(url, b"x", {}, TIMEOUT)
        finally:
            serving.result(PATIENCE)
    return response.status, response.content
