"""The contract that both HTTP clients keep. What only one of them can do is in test_direct.py and test_proxied.py."""

from __future__ import annotations

import gzip
import io
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from http.client import HTTPException
from typing import Any

import pytest

from cocoai import __version__
from cocoai.engine.client.body import MOST_WHOLE
from cocoai.engine.client.client import USER_AGENT, BadHeader, HttpClient, NotSent
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.file_body import FileBody
from cocoai.engine.client.proxied import ProxyClient
from cocoai.engine.client.tls import tls_context
from cocoai.errors import Permanent
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer
from tests.engine.client.servers import PATIENCE, SOON, TIMEOUT, EchoServer, ManualServer, listening


@pytest.fixture(params=[DirectClient, partial(ProxyClient, proxy=None)], ids=["direct", "by requests"])
def new_client(request: pytest.FixtureRequest) -> Callable[[ssl.SSLContext], Any]:
    """Return what makes a client of either kind."""
    made: Callable[[ssl.SSLContext], Any] = request.param
    return made


@pytest.fixture
def client(new_client: Callable[[ssl.SSLContext], Any], context: ssl.SSLContext) -> Iterator[Any]:
    """Make a client of either kind, and close it after the test."""
    made = new_client(context)
    yield made
    made.close()


def test_post_returns_the_full_response(client: HttpClient, server: EchoServer) -> None:
    """The body, the headers, the query and the user agent arrive as they were given."""
    response = client.post(f"{server.url}/a?b=c", "質問".encode(), {"X-Mine": "here", "X-Key": b"bytes"}, TIMEOUT)
    seen = server.seen[0]

    assert (200, "yes", "質問") == (response.status, response.headers.get("x-echo"), response.json())
    assert ("POST", "/a", "b=c") == (seen.method, seen.path, seen.query)
    assert ("here", "bytes", USER_AGENT) == tuple(seen.headers[name] for name in ("x-mine", "x-key", "user-agent"))
    assert f"CocoAI/{__version__}" == USER_AGENT


def test_an_empty_body_may_be_posted(client: HttpClient, server: EchoServer) -> None:
    """An empty body is sent with its length."""
    assert "" == client.post(f"{server.url}/", b"", {}, TIMEOUT).json()


def test_a_long_body_is_sent_completely(client: HttpClient, server: EchoServer) -> None:
    """A body may be longer than any buffer on the way."""
    assert 3_000_000 == len(client.post(f"{server.url}/", b"x" * 3_000_000, {}, TIMEOUT).json())


class Pieces(io.BytesIO):
    """A file that notes the greatest piece that was read from it at once."""

    most = 0

    def read(self, size: int | None = -1) -> bytes:
        """Read on."""
        piece = super().read(size)
        self.most = max(self.most, len(piece))
        return piece


def test_a_file_is_read_while_it_is_sent(client: HttpClient, server: EchoServer) -> None:
    """A file's bytes leave from where it stands, so many as were said, in pieces; the connection is closed then."""
    file = Pieces(b"before" + b"x" * 3_000_000 + b"after")
    file.seek(6)
    response = client.post_file(f"{server.url}/a", FileBody(file, 3_000_000), {"Content-Type": "a/b"}, TIMEOUT)

    assert (200, "x" * 3_000_000) == (response.status, response.json())
    assert file.most <= 65_536
    assert {"content-length": "3000000", "content-type": "a/b", "connection": "close"}.items() <= dict(
        server.seen[0].headers
    ).items()


def test_an_empty_file_may_be_posted(client: HttpClient, server: EchoServer) -> None:
    """An empty file is sent with its length."""
    assert "" == client.post_file(f"{server.url}/", FileBody(io.BytesIO(), 0), {}, TIMEOUT).json()


def test_a_file_that_ends_early_is_not_sent(client: HttpClient, server: EchoServer) -> None:
    """The server gets no whole request of a file that is shorter than was said, and the client can be used on."""
    with pytest.raises(NotSent):
        client.post_file(f"{server.url}/", FileBody(io.BytesIO(b"x" * 99), 100), {}, TIMEOUT)

    assert "x" == client.post(f"{server.url}/", b"x", {}, TIMEOUT).json()
    assert 1 == len(server.seen)


def test_a_file_that_had_left_when_the_connection_broke(client: HttpClient, server: EchoServer) -> None:
    """A server that takes the whole file and does not answer has it: the error is no `NotSent`."""
    with pytest.raises((OSError, HTTPException)) as caught:
        client.post_file(f"{server.url}/gone", FileBody(io.BytesIO(b"xyz"), 3), {}, TIMEOUT)

    assert not isinstance(caught.value, NotSent)


def test_a_streamed_response_is_the_last_of_its_connection(client: HttpClient, server: EchoServer) -> None:
    """The server is asked to close the connection after a streamed response, and announces that it will."""
    with client.post_streamed(f"{server.url}/words", b"", {}, TIMEOUT).response(PATIENCE) as response:
        content = response.body.read_all(PATIENCE)

    assert (200, b"one two", True) == (response.status, content, response.body.is_last)
    assert "close" == server.seen[0].headers["connection"]


def test_get_returns_a_streamed_response(client: HttpClient, server: EchoServer) -> None:
    """A GET has no body, keeps its query, and is the last of its connection."""
    with client.get(f"{server.url}/words?a=b", {"X-Key": b"bytes"}, TIMEOUT) as response:
        content = response.body.read_all(PATIENCE)
    seen = server.seen[0]

    assert (200, b"one two", True) == (response.status, content, response.body.is_last)
    assert ("GET", "/words", "a=b", b"") == (seen.method, seen.path, seen.query, seen.body)
    assert ("bytes", USER_AGENT, "close") == tuple(seen.headers[name] for name in ("x-key", "user-agent", "connection"))
    assert not {"content-length", "transfer-encoding", "content-type"} & set(seen.headers)


def test_the_body_of_a_get_need_not_be_read(client: HttpClient, server: EchoServer) -> None:
    """Closing the response closes its connection, and the client can be used on."""
    with client.get(f"{server.url}/words", {}, TIMEOUT) as response:
        pass

    assert 200 == response.status
    assert "x" == client.post(f"{server.url}/", b"x", {}, TIMEOUT).json()


def test_a_kept_connection_is_replaced_when_the_server_has_closed_it(client: HttpClient) -> None:
    """That the server has closed an idle connection is noticed before anything is sent on it."""
    contents = []
    with listening() as (listener, url), ThreadPoolExecutor(1) as threads:
        server = ManualServer(listener)
        for closes in (False, True, False):
            serving = threads.submit(server.serve)
            contents.append(client.post(url, b"x", {}, TIMEOUT).content)
            serving.result(PATIENCE)
            if closes:
                server.close_connection()
        server.close_connection()

    assert [b"ok"] * 3 == contents
    assert 2 == server.accepted


def test_a_long_response_is_complete(client: HttpClient, server: EchoServer) -> None:
    """No byte is lost, however much of the body came together with the head."""
    for length in (1, 5_000, 20_000, 300_000):
        with client.post_streamed(f"{server.url}/", b"x" * length, {}, TIMEOUT).response(PATIENCE) as response:
            assert length + 2 == len(response.body.read_all(PATIENCE))


def test_a_body_that_is_read_as_it_arrives_may_be_of_any_length(client: HttpClient, server: EchoServer) -> None:
    """The body of `post_unread` is not bounded, and the client can be used on once the response is closed."""
    with client.post_unread(f"{server.url}/", b"x" * (MOST_WHOLE + 1000), {}, TIMEOUT) as response:
        length = sum(len(chunk) for chunk in iter(lambda: response.body.read(PATIENCE), b""))
    with client.post_unread(f"{server.url}/words", b"", {}, TIMEOUT):
        pass  # its body is left unread

    assert MOST_WHOLE + 1002 == length
    assert "x" == client.post(f"{server.url}/", b"x", {}, TIMEOUT).json()


def test_a_body_that_was_read_to_its_end_keeps_the_connection(context: ssl.SSLContext) -> None:
    """The next request goes over the same connection; after a body that was not read, over a new one."""
    with listening() as (listener, url), ThreadPoolExecutor(1) as threads, closing(DirectClient(context)) as client:
        server = ManualServer(listener)
        for is_read in (True, False):
            serving = threads.submit(server.serve)
            with client.post_unread(url, b"x", {}, TIMEOUT) as response:
                if is_read:
                    assert b"ok" == response.body.read_all(PATIENCE)
            serving.result(PATIENCE)
        accepted = server.accepted
        server.close_connection()
        serving = threads.submit(server.serve)
        client.post(url, b"x", {}, TIMEOUT)
        serving.result(PATIENCE)
        server.close_connection()

    assert (1, 2) == (accepted, server.accepted)


class Bomb(PracticeServer):
    """A server whose every response is 61 KB of gzip that hold 60 MiB."""

    body = gzip.compress(bytes(60 * 1024 * 1024), mtime=0)

    def answer(self, _: Incoming) -> Outgoing:
        """Send the body."""
        return Outgoing(body=self.body, headers=(("Content-Encoding", "gzip"),))


def test_a_whole_body_has_a_bound(client: HttpClient, certificates: Certificates) -> None:
    """A response that inflates to more than MOST_WHOLE is an error, and the client can be used on."""
    with Bomb(certificates) as server:
        for _ in range(2):
            with pytest.raises(ConnectionError):
                client.post(f"{server.url}/", b"", {}, TIMEOUT)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_plain_http_is_allowed_on_this_machine(client: HttpClient, host: str) -> None:
    """A server on this machine needs no certificate."""
    with EchoServer(None) as server:
        assert "x" == client.post(f"http://{host}:{server.port}/", b"x", {}, TIMEOUT).json()


# errors


def test_post_to_a_closed_port_is_not_sent(client: HttpClient) -> None:
    """A refused connection raises `NotSent` with its ConnectionError."""
    with listening() as (_, url):
        pass
    with pytest.raises(NotSent) as caught:
        client.post(url, b"x", {}, TIMEOUT)

    assert isinstance(caught.value.args[0], ConnectionError)


def test_get_from_a_closed_port_is_a_connection_error(client: HttpClient) -> None:
    """A refused connection raises a ConnectionError, within `NotSent` or not."""
    with listening() as (_, url):
        pass
    with pytest.raises(OSError) as caught:  # noqa: PT011 (it is of either kind)
        client.get(url, {}, TIMEOUT)

    assert isinstance(caught.value.args[0] if isinstance(caught.value, NotSent) else caught.value, ConnectionError)


def test_an_untrusted_server_gets_no_request(server: EchoServer, new_client: Callable[[ssl.SSLContext], Any]) -> None:
    """A server that the context does not trust causes `NotSent` with an SSLError."""
    with pytest.raises(NotSent) as caught, closing(new_client(tls_context())) as client:
        client.post(f"{server.url}/", b"x", {}, TIMEOUT)

    assert isinstance(caught.value.args[0], ssl.SSLError)
    assert [] == server.seen


def test_the_time_to_connect_includes_the_handshake(client: HttpClient) -> None:
    """A server that accepts the connection and never finishes the handshake causes `NotSent` with a TimeoutError."""
    with listening() as (_, url), pytest.raises(NotSent) as caught:
        client.post(url.replace("http", "https"), b"x", {}, (SOON, PATIENCE))

    assert isinstance(caught.value.args[0], TimeoutError)


def test_a_server_that_does_not_respond_is_a_time_out(client: HttpClient, server: EchoServer) -> None:
    """The server has the request and its effect is unknown, so the error is no `NotSent`."""
    with pytest.raises(TimeoutError):
        client.post(f"{server.url}/silent", b"x", {}, (PATIENCE, SOON))
    with (
        closing(client.post_streamed(f"{server.url}/silent", b"x", {}, TIMEOUT)) as pending,
        pytest.raises(TimeoutError),
    ):
        pending.response(SOON)
    with pytest.raises(TimeoutError):
        client.get(f"{server.url}/silent", {}, (PATIENCE, SOON))


@pytest.mark.parametrize("path", ["gone", "half"])
def test_a_connection_that_breaks_after_a_post(client: HttpClient, server: EchoServer, path: str) -> None:
    """The request had left, so the error is no `NotSent`, and the request is not sent again."""
    with pytest.raises((OSError, HTTPException)) as caught:
        client.post(f"{server.url}/{path}", b"x", {}, TIMEOUT)

    assert not isinstance(caught.value, NotSent)
    assert 1 == len(server.seen)


@pytest.mark.parametrize("path", ["gone", "half"])
def test_a_connection_that_breaks_after_a_streamed_post(client: HttpClient, server: EchoServer, path: str) -> None:
    """The request had left, so the error is no `NotSent`."""
    with (
        pytest.raises((OSError, HTTPException)) as caught,
        closing(client.post_streamed(f"{server.url}/{path}", b"x", {}, TIMEOUT)) as pending,
    ):
        pending.response(PATIENCE).body.read_all(PATIENCE)

    assert not isinstance(caught.value, NotSent)


@pytest.mark.parametrize("path", ["gone", "half"])
def test_a_connection_that_breaks_after_a_get(client: HttpClient, server: EchoServer, path: str) -> None:
    """The request is not sent again, and half a body is an error."""
    with (
        pytest.raises((OSError, HTTPException)),
        client.get(f"{server.url}/{path}", {}, TIMEOUT) as response,
    ):
        response.body.read_all(PATIENCE)

    assert 1 == len(server.seen)


def test_a_client_can_be_used_after_an_error(client: HttpClient, server: EchoServer) -> None:
    """After a broken connection the next request makes a new one."""
    with pytest.raises((OSError, HTTPException)):
        client.post(f"{server.url}/gone", b"x", {}, TIMEOUT)

    assert "x" == client.post(f"{server.url}/", b"x", {}, TIMEOUT).json()


def test_a_redirect_is_not_followed(client: HttpClient, server: EchoServer) -> None:
    """A request goes to its own address only: a server cannot redirect it to plain http."""
    assert 302 == client.post(f"{server.url}/moved", b"x", {}, TIMEOUT).status
    with client.get(f"{server.url}/moved", {}, TIMEOUT) as response:
        assert (302, "http://192.0.2.1/") == (response.status, response.headers["location"])


@pytest.mark.parametrize("value", ["a\nb", "a\r\nb: c"])
def test_a_header_with_a_line_break_is_refused(client: HttpClient, value: str) -> None:
    """No connection is made for such a header, and no second header can be smuggled in."""
    with pytest.raises(BadHeader):
        client.post("https://127.0.0.1:1/", b"x", {"Authorization": value}, TIMEOUT)
    with pytest.raises(BadHeader):
        client.get("https://127.0.0.1:1/", {"Authorization": value}, TIMEOUT)


@pytest.mark.parametrize(
    "url", ["https:///", "practice.example/", "gopher://practice.example/", "https://127.0.0.1:99999/"]
)
def test_an_invalid_address_is_refused(client: HttpClient, url: str) -> None:
    """An invalid address raises ValueError or `Permanent`, since waiting does not help."""
    with pytest.raises((ValueError, Permanent)):
        client.post(url, b"x", {}, TIMEOUT)
    with pytest.raises((ValueError, Permanent)):
        client.get(url, {}, TIMEOUT)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://practice.example/",
        "http://127.0.0.1.practice.example/",
        "http://localhost@192.0.2.1/",
    ],
)
def test_plain_http_to_another_machine_is_refused(client: HttpClient, url: str) -> None:
    """Nothing is sent over a network without TLS."""
    with pytest.raises(Permanent):
        client.post(url, b"x", {}, TIMEOUT)
    with pytest.raises(Permanent):
        client.get(url, {}, TIMEOUT)


def test_requests_is_not_imported_without_a_proxy(certificates: Certificates) -> None:
    """Without a proxy setting requests is not in memory: 4 MiB of the master, and 2 of each job process."""
    program = (
        "import sys; from cocoai import app; from cocoai.engine.client.factory import new_client; "
        "from cocoai.engine.client.tls import tls_context; new_client(tls_context(sys.argv[1])); "
        "sys.exit('requests' in sys.modules)"
    )

    assert 0 == subprocess.run([sys.executable, "-c", program, certificates.ca_file], check=False).returncode


class Blocks:
    """An upload of three blocks; if it `breaks`, the last one cannot be read."""

    def __init__(self, *, breaks: bool = False) -> None:
        self.breaks = breaks

    def __len__(self) -> int:
        return 9

    def __iter__(self) -> Iterator[bytes]:
        yield from (b"abc", b"def")
        if self.breaks:
            raise OSError("the disk fails")
        yield b"ghi"


def test_an_upload_is_sent_in_its_blocks(client: HttpClient, server: EchoServer) -> None:
    """Its length is told first, and nothing is left out; a file that cannot be read is no request that was sent."""
    with client.post_streamed(f"{server.url}/", Blocks(), {}, TIMEOUT).response(PATIENCE) as response:
        content = response.body.read_all(PATIENCE)
    with pytest.raises(NotSent):
        client.post_streamed(f"{server.url}/", Blocks(breaks=True), {}, TIMEOUT).response(PATIENCE)

    assert b'"abcdefghi"' == content
