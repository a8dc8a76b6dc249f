"""Either kind of line keeps the same promises. What only one of them can do stands at the end."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from http.client import HTTPException
from typing import Any

import pytest

from cocoai.engine.client.body import Interrupted
from cocoai.engine.client.client import USER_AGENT, BadHeader, HttpClient, NotSent, ProxyFailed
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.factory import new_client
from cocoai.engine.client.proxied import ProxyClient
from cocoai.engine.client.tls import tls_context
from cocoai.errors import Permanent
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.server import Gone, Incoming, Outgoing, PracticeServer

PATIENCE = 30.0
SOON = 0.2
TIMEOUT = (PATIENCE, PATIENCE)


class Echo(PracticeServer):
    """Says what it heard; /gone hangs up, /silent is silent, /half breaks off, /moved points away, /words says two."""

    def __init__(self, certificates: Certificates | None) -> None:
        super().__init__(certificates)
        self.seen: list[Incoming] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        self.seen.append(incoming)
        match incoming.path:
            case "/gone":
                raise Gone
            case "/silent":
                self.pause(PATIENCE)
            case "/half":
                return Outgoing(body=self.half())
            case "/moved":
                return Outgoing(302, headers=(("Location", "http://192.0.2.1/"),))
            case "/words":
                return Outgoing(body=[b"one ", b"two"])
        return Outgoing(body=json.dumps(incoming.body.decode()).encode(), headers=(("X-Said", "yes"),))

    def half(self) -> Iterator[bytes]:
        yield b"half"
        raise Gone


@pytest.fixture(scope="module")
def context(certificates: Certificates) -> ssl.SSLContext:
    return tls_context(certificates.ca_file)


@pytest.fixture
def server(certificates: Certificates) -> Iterator[Echo]:
    with Echo(certificates) as server:
        yield server


@pytest.fixture(params=[DirectClient, partial(ProxyClient, proxy=None)], ids=["direct", "by requests"])
def line(context: ssl.SSLContext, request: pytest.FixtureRequest) -> Iterator[Any]:
    made = request.param(context)
    yield made
    made.close()


def test_a_post_brings_the_whole_response(line: HttpClient, server: Echo) -> None:
    """The body and the headers as they were given, the address with its query; and who we are."""
    reply = line.post(f"{server.url}/a?b=c", "質問".encode(), {"X-Mine": "here", "X-Key": b"bytes"}, TIMEOUT)
    seen = server.seen[0]

    assert (200, "yes", "質問") == (reply.status, reply.headers.get("x-said"), reply.json())
    assert ("POST", "/a", "b=c") == (seen.method, seen.path, seen.query)
    assert ("here", "bytes", USER_AGENT) == tuple(seen.headers[name] for name in ("x-mine", "x-key", "user-agent"))


def test_nothing_may_be_posted(line: HttpClient, server: Echo) -> None:
    """An empty body is one."""
    assert "" == line.post(f"{server.url}/", b"", {}, TIMEOUT).json()


def test_a_long_body_leaves_whole(line: HttpClient, server: Echo) -> None:
    """Longer than any buffer on the way."""
    assert 3_000_000 == len(line.post(f"{server.url}/", b"x" * 3_000_000, {}, TIMEOUT).json())


def test_an_opened_response_is_read_as_it_comes_and_is_the_last_of_its_connection(
    line: HttpClient, server: Echo
) -> None:
    """The server is asked to close behind it, and says that it will."""
    with line.ask(f"{server.url}/words", b"", {}, TIMEOUT).response(PATIENCE) as response:
        said = b"".join(iter(lambda: response.body.read(PATIENCE), b""))

    assert (200, b"one two", True) == (response.status, said, response.body.closes)
    assert "close" == server.seen[0].headers["connection"]


def test_what_is_fetched_is_read_as_it_comes(line: HttpClient, server: Echo) -> None:
    """A GET without a body, the address with its query; and the last of its connection."""
    with line.fetch(f"{server.url}/words?a=b", {"X-Key": b"bytes"}, TIMEOUT) as response:
        said = response.body.whole(PATIENCE)
    seen = server.seen[0]

    assert (200, b"one two", True) == (response.status, said, response.body.closes)
    assert ("GET", "/words", "a=b", b"") == (seen.method, seen.path, seen.query, seen.body)
    assert ("bytes", USER_AGENT, "close") == tuple(seen.headers[name] for name in ("x-key", "user-agent", "connection"))
    assert not {"content-length", "transfer-encoding", "content-type"} & set(seen.headers)


def test_what_is_fetched_need_not_be_read(line: HttpClient, server: Echo) -> None:
    """To close the response is to hang up; the line is as good as new."""
    with line.fetch(f"{server.url}/words", {}, TIMEOUT) as response:
        pass

    assert 200 == response.status
    assert "x" == line.post(f"{server.url}/", b"x", {}, TIMEOUT).json()


class ByHand:
    """A server played by the test: each answer when it likes, and it hangs up when it likes."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._listener.settimeout(PATIENCE)
        self._connection: socket.socket | None = None
        self.accepted = 0

    def serve(self, body: bytes = b"x") -> None:
        """Read one request with that body, and say `ok`."""
        if self._connection is None:
            self._connection, _ = self._listener.accept()
            self._connection.settimeout(PATIENCE)
            self.accepted += 1
        asked = b""
        while not asked.endswith(b"\r\n\r\n" + body):
            asked += self._connection.recv(65536)
        self._connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def test_a_connection_is_kept_and_replaced_when_the_server_has_closed_it(line: HttpClient) -> None:
    """What the server closes while it lies idle is found out before anything is sent, and nothing is sent twice."""
    replies = []
    with listening() as (listener, url), ThreadPoolExecutor(1) as threads:
        server = ByHand(listener)
        for hangs_up in (False, True, False):
            serving = threads.submit(server.serve)
            replies.append(line.post(url, b"x", {}, TIMEOUT).content)
            serving.result(PATIENCE)
            if hangs_up:
                server.hang_up()
        server.hang_up()

    assert [b"ok"] * 3 == replies
    assert 2 == server.accepted


@contextmanager
def listening() -> Iterator[tuple[socket.socket, str]]:
    """A socket of ours, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener, f"http://127.0.0.1:{listener.getsockname()[1]}/"


# What goes wrong


def test_nobody_there(line: HttpClient) -> None:
    """Nothing was sent."""
    with listening() as (_, url):
        pass
    with pytest.raises(NotSent) as caught:
        line.post(url, b"x", {}, TIMEOUT)

    assert isinstance(caught.value.args[0], ConnectionError)


def test_nobody_there_to_fetch_from(line: HttpClient) -> None:
    """Sent or not, it is the connection that failed."""
    with listening() as (_, url):
        pass
    with pytest.raises(OSError) as caught:  # noqa: PT011 (it is of either kind)
        line.fetch(url, {}, TIMEOUT)

    assert isinstance(caught.value.args[0] if isinstance(caught.value, NotSent) else caught.value, ConnectionError)


def test_a_stranger(server: Echo, line: HttpClient) -> None:
    """Whoever the context does not trust gets nothing."""
    with pytest.raises(NotSent) as caught:
        type(line)(tls_context(), **({"proxy": None} if isinstance(line, ProxyClient) else {})).post(  # type: ignore[call-arg]
            f"{server.url}/", b"x", {}, TIMEOUT
        )

    assert isinstance(caught.value.args[0], ssl.SSLError)
    assert [] == server.seen


def test_somebody_who_takes_the_call_and_does_not_speak(line: HttpClient) -> None:
    """The time to connect holds for the handshake too."""
    with listening() as (_, url), pytest.raises(NotSent) as caught:
        line.post(url.replace("http", "https"), b"x", {}, (SOON, PATIENCE))

    assert isinstance(caught.value.args[0], TimeoutError)


def test_a_server_that_says_nothing(line: HttpClient, server: Echo) -> None:
    """It has the request: what became of it nobody knows."""
    with pytest.raises(TimeoutError):
        line.post(f"{server.url}/silent", b"x", {}, (PATIENCE, SOON))
    with closing(line.ask(f"{server.url}/silent", b"x", {}, TIMEOUT)) as asked, pytest.raises(TimeoutError):
        asked.response(SOON)
    with pytest.raises(TimeoutError):
        line.fetch(f"{server.url}/silent", {}, (PATIENCE, SOON))


@pytest.mark.parametrize("path", ["gone", "half"])
def test_a_connection_that_breaks(line: HttpClient, server: Echo, path: str) -> None:
    """The request had left, so it is no NotSent; and it is sent once."""
    with pytest.raises((OSError, HTTPException)) as caught:
        line.post(f"{server.url}/{path}", b"x", {}, TIMEOUT)

    assert not isinstance(caught.value, NotSent)
    assert 1 == len(server.seen)


class Late(PracticeServer):
    """Says nothing until it may."""

    def __init__(self, certificates: Certificates | None) -> None:
        super().__init__(certificates)
        self.asked = threading.Event()
        self.may = threading.Event()

    def answer(self, _: Incoming) -> Outgoing:
        self.asked.set()
        self.may.wait(PATIENCE)
        return Outgoing(body=b"at last")


@pytest.mark.parametrize("is_safe", [True, False], ids=["tls", "plain"])
def test_a_bell_ends_the_wait_for_a_response_which_can_be_waited_on(
    context: ssl.SSLContext, certificates: Certificates, *, is_safe: bool
) -> None:
    """As often as it rings. Behind a proxy it is not heard."""
    line = DirectClient(context)
    bell, rope = os.pipe()
    with (
        Late(certificates if is_safe else None) as server,
        closing(line.ask(f"{server.url}/", b"x", {}, TIMEOUT)) as asked,
    ):
        server.asked.wait(PATIENCE)
        os.write(rope, b"!")
        for _ in range(2):
            with pytest.raises(Interrupted):
                asked.response(PATIENCE, bell)
        with pytest.raises(TimeoutError):
            asked.response(SOON)
        server.may.set()
        with asked.response(PATIENCE) as response:
            said = response.body.whole(PATIENCE)
    os.close(bell)
    os.close(rope)

    assert (200, b"at last") == (response.status, said)


@pytest.mark.parametrize("path", ["gone", "half"])
def test_what_is_asked_breaks(line: HttpClient, server: Echo, path: str) -> None:
    """The request had left, so it is no NotSent."""
    with (
        pytest.raises((OSError, HTTPException)) as caught,
        closing(line.ask(f"{server.url}/{path}", b"x", {}, TIMEOUT)) as asked,
    ):
        asked.response(PATIENCE).body.whole(PATIENCE)

    assert not isinstance(caught.value, NotSent)


def test_a_long_response_is_whole(line: HttpClient, server: Echo) -> None:
    """Whatever came together with its head."""
    for length in (1, 5_000, 20_000, 300_000):
        with line.ask(f"{server.url}/", b"x" * length, {}, TIMEOUT).response(PATIENCE) as response:
            assert length + 2 == len(response.body.whole(PATIENCE))


@pytest.mark.parametrize("path", ["gone", "half"])
def test_what_is_fetched_breaks(line: HttpClient, server: Echo, path: str) -> None:
    """Nothing is fetched twice, and half of it is not taken for the whole."""
    with (
        pytest.raises((OSError, HTTPException)),
        line.fetch(f"{server.url}/{path}", {}, TIMEOUT) as response,
    ):
        response.body.whole(PATIENCE)

    assert 1 == len(server.seen)


def test_what_broke_is_made_anew(line: HttpClient, server: Echo) -> None:
    """After each of these the line is as good as new."""
    with pytest.raises((OSError, HTTPException)):
        line.post(f"{server.url}/gone", b"x", {}, TIMEOUT)

    assert "x" == line.post(f"{server.url}/", b"x", {}, TIMEOUT).json()


def test_a_redirect_is_not_followed(line: HttpClient, server: Echo) -> None:
    """What we say is for this address."""
    assert 302 == line.post(f"{server.url}/moved", b"x", {}, TIMEOUT).status
    with line.fetch(f"{server.url}/moved", {}, TIMEOUT) as response:
        assert (302, "http://192.0.2.1/") == (response.status, response.headers["location"])


@pytest.mark.parametrize("value", ["a\nb", "a\r\nb: c"])
def test_a_header_that_is_none(line: HttpClient, value: str) -> None:
    """Nobody is called for it, and nothing is smuggled in with it."""
    with pytest.raises(BadHeader):
        line.post("https://127.0.0.1:1/", b"x", {"Authorization": value}, TIMEOUT)
    with pytest.raises(BadHeader):
        line.fetch("https://127.0.0.1:1/", {"Authorization": value}, TIMEOUT)


@pytest.mark.parametrize(
    "url", ["https:///", "practice.example/", "gopher://practice.example/", "https://127.0.0.1:99999/"]
)
def test_an_address_that_is_none(line: HttpClient, url: str) -> None:
    """No waiting mends it."""
    with pytest.raises((ValueError, Permanent)):
        line.post(url, b"x", {}, TIMEOUT)
    with pytest.raises((ValueError, Permanent)):
        line.fetch(url, {}, TIMEOUT)


@pytest.mark.parametrize("url", ["http://192.0.2.1/", "http://practice.example/", "http://localhost@192.0.2.1/"])
def test_plain_http_to_another_machine_is_refused(line: HttpClient, url: str) -> None:
    """Nothing is sent in the clear over a network."""
    with pytest.raises(Permanent):
        line.post(url, b"x", {}, TIMEOUT)
    with pytest.raises(Permanent):
        line.fetch(url, {}, TIMEOUT)


# What only one of them can do


def test_a_header_that_no_server_could_read(context: ssl.SSLContext) -> None:
    """It is refused before anybody is called."""
    with pytest.raises(BadHeader):
        DirectClient(context).post("https://127.0.0.1:1/", b"x", {"Authorization": "\u3042"}, TIMEOUT)


def test_the_connection_that_is_kept_outlives_what_is_fetched(context: ssl.SSLContext) -> None:
    """To connect costs more than all else in a call, so what is fetched has a connection of its own."""
    contents = []
    with listening() as (listener, url), ThreadPoolExecutor(1) as threads, closing(DirectClient(context)) as line:
        kept, other = ByHand(listener), ByHand(listener)
        for _ in range(2):
            serving = threads.submit(kept.serve)
            contents.append(line.post(url, b"x", {}, TIMEOUT).content)
            serving.result(PATIENCE)
            serving = threads.submit(other.serve, b"")
            with line.fetch(url, {}, TIMEOUT) as response:
                contents.append(response.body.whole(PATIENCE))
            serving.result(PATIENCE)
            other.hang_up()
        kept.hang_up()

    assert [b"ok"] * 4 == contents
    assert (1, 2) == (kept.accepted, other.accepted)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", (200, b"ok")),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nok", (200, b"ok")),
        (b"HTTP/1.0 200\r\n\r\nuntil the end", (200, b"until the end")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nTrailer: x\r\n\r\n", (200, b"ok")),
    ],
)
def test_responses_as_servers_write_them(context: ssl.SSLContext, said: bytes, expected: tuple[int, bytes]) -> None:
    """With a length, in chunks, or until the connection ends; and a word may come before."""
    assert expected == answered(context, said)


@pytest.mark.parametrize(
    "said",
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
def test_what_is_no_response_is_an_error(context: ssl.SSLContext, said: bytes) -> None:
    """Of those that say that the request had left: half a response is none, and no header fills the memory."""
    with pytest.raises((OSError, HTTPException)) as caught:
        answered(context, said)

    assert not isinstance(caught.value, (NotSent, TimeoutError))


def answered(context: ssl.SSLContext, said: bytes) -> tuple[int, bytes]:
    """Status and content, when the server says that and hangs up."""
    with listening() as (listener, url), ThreadPoolExecutor(1) as threads:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                while not connection.recv(65536).endswith(b"x"):
                    pass
                connection.sendall(said)

        serving = threads.submit(serve)
        try:
            reply = DirectClient(context).post(url, b"x", {}, TIMEOUT)
        finally:
            serving.result(PATIENCE)
    return reply.status, reply.content


def test_whoever_needs_no_proxy_does_without_requests(certificates: Certificates) -> None:
    """It is not even imported: 4 MiB of the master, and 2 of each job process."""
    program = (
        "import sys; from cocoai import app; from cocoai.engine.client.factory import new_client; "
        "from cocoai.engine.client.tls import tls_context; new_client(tls_context(sys.argv[1])); "
        "sys.exit('requests' in sys.modules)"
    )

    assert 0 == subprocess.run([sys.executable, "-c", program, certificates.ca_file], check=False).returncode


def test_a_proxy_that_is_not_there(context: ssl.SSLContext) -> None:
    """It is named, so that the operator looks in the right place."""
    with listening() as (_, proxy):
        pass
    with pytest.raises(NotSent) as caught:
        new_client(context, proxy).post("https://practice.example/", b"x", {}, TIMEOUT)

    assert isinstance(caught.value.args[0], ProxyFailed)


def test_this_machines_own_servers_are_reached_without_the_proxy(context: ssl.SSLContext, server: Echo) -> None:
    """A proxy is for the world outside: nobody listens where this one points."""
    with listening() as (_, proxy):
        pass

    assert "x" == new_client(context, proxy).post(f"{server.url}/", b"x", {}, TIMEOUT).json()
