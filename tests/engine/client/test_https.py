"""engine/client/https.py over real sockets: what is trusted, what is refused, and that nothing is loaded twice."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cocoai import __version__
from cocoai.engine.client import https
from cocoai.engine.client.tls import tls_context
from cocoai.errors import Permanent
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.server import Gone, Incoming, Outgoing, PracticeServer

PATIENCE = 30


class Echo(PracticeServer):
    """Keeps what it is asked; /gone hangs up, /moved points away."""

    def __init__(self, certificates: Certificates | None) -> None:
        super().__init__(certificates)
        self.seen: list[Incoming] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        self.seen.append(incoming)
        match incoming.path:
            case "/gone":
                raise Gone
            case "/moved":
                return Outgoing(302, headers=(("Location", "http://192.0.2.1/"),))
        return Outgoing(body=b"heard")


class CountingContext(ssl.SSLContext):
    """A real context that counts how often anything to trust is loaded into it."""

    loads = 0

    def load_verify_locations(self, *args: Any, **kwargs: Any) -> None:
        self.loads += 1
        super().load_verify_locations(*args, **kwargs)

    def load_default_certs(self, *args: Any, **kwargs: Any) -> None:
        self.loads += 1
        super().load_default_certs(*args, **kwargs)

    def set_default_verify_paths(self) -> None:
        self.loads += 1
        super().set_default_verify_paths()


class Tunnel:
    """A proxy that takes one CONNECT, notes what was asked for, and leads to `port` whatever that was."""

    def __init__(self, port: int) -> None:
        self.asked = b""
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        with self._listener, self._listener.accept()[0] as client, socket.create_connection(self._target) as server:
            while b"\r\n\r\n" not in self.asked:
                self.asked += client.recv(4096)
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_pour, args=(server, client), daemon=True)
            back.start()
            _pour(client, server)
            back.join(PATIENCE)

    def __enter__(self) -> Tunnel:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(PATIENCE)


def _pour(source: socket.socket, sink: socket.socket) -> None:
    while data := source.recv(4096):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


def self_signed(folder: Path, name: str) -> Certificates:
    """A certificate for `name` only, which is its own authority."""
    made = Certificates(str(folder / "own.pem"), str(folder / "own.pem"), str(folder / "own.key"))
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", "2"]
    usage = ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    subprocess.run(
        [*command, *names, *usage, "-keyout", made.key_file, "-out", made.cert_file], check=True, capture_output=True
    )
    return made


@pytest.fixture(scope="module")
def context(certificates: Certificates) -> ssl.SSLContext:
    return tls_context(certificates.ca_file)


@pytest.fixture
def session(context: ssl.SSLContext) -> Iterator[requests.Session]:
    with https.new_session(context) as session:
        yield session


@pytest.fixture
def server(certificates: Certificates) -> Iterator[Echo]:
    with Echo(certificates) as server:
        yield server


def counting(ca_file: str) -> CountingContext:
    context = CountingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca_file)
    return context


def get(session: requests.Session, url: str, **options: Any) -> requests.Response:
    return session.get(url, timeout=PATIENCE, **options)


def test_the_practice_authority_is_trusted_by_its_own_context(session: requests.Session, server: Echo) -> None:
    """A context made of the practice CA alone is enough: nothing of the usual bundle is needed."""
    answer = get(session, f"{server.url}/")

    assert (200, b"heard") == (answer.status_code, answer.content)


@pytest.mark.parametrize("verify", [True, False, "/nowhere/bundle.pem"])
def test_no_request_loads_the_bundle_again(certificates: Certificates, server: Echo, verify: bool | str) -> None:
    """The context is loaded once, when it is made, however many connections follow and whatever `verify` says."""
    context = counting(certificates.ca_file)
    for _ in range(2):
        with https.new_session(context) as session:
            get(session, f"{server.url}/", verify=verify, headers={"Connection": "close"})
            get(session, f"{server.url}/", verify=verify)

    assert 1 == context.loads
    assert 4 == len(server.seen)


@pytest.mark.parametrize("verify", [True, False])
def test_an_untrusted_certificate_is_refused(server: Echo, verify: bool) -> None:
    """The usual bundle does not know the practice CA, and nobody can switch the check off."""
    with https.new_session(tls_context()) as session, pytest.raises(requests.exceptions.SSLError) as refused:
        get(session, f"{server.url}/", verify=verify)

    assert "CERTIFICATE_VERIFY_FAILED" in str(refused.value)
    assert [] == server.seen


def test_a_wrong_host_name_is_refused(tmp_path: Path) -> None:
    """A trusted certificate is good for the names it bears and no other."""
    certificates = self_signed(tmp_path, "elsewhere.example")
    context = tls_context(certificates.ca_file)
    with (
        Echo(certificates) as server,
        https.new_session(context) as session,
        pytest.raises(requests.exceptions.SSLError) as refused,
    ):
        get(session, f"{server.url}/")

    assert "not valid for '127.0.0.1'" in str(refused.value)
    assert [] == server.seen


def test_the_environment_has_no_say(
    session: requests.Session, server: Echo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Proxy and bundle variables and a .netrc are not looked at."""
    (tmp_path / "netrc").write_text("default login practice password practice")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert b"heard" == get(session, f"{server.url}/").content
    assert "authorization" not in server.seen[0].headers


def test_a_proxy_is_used_when_it_is_given(tmp_path: Path) -> None:
    """The proxy leads to the host that was asked for, and TLS is spoken with that host, on the same context."""
    certificates = self_signed(tmp_path, "practice.example")
    context = counting(certificates.ca_file)
    with (
        Echo(certificates) as server,
        Tunnel(server.port) as tunnel,
        https.new_session(context, proxy=tunnel.url) as session,
    ):
        answer = get(session, "https://practice.example/", headers={"Connection": "close"})

    assert b"heard" == answer.content
    assert tunnel.asked.startswith(b"CONNECT practice.example:443 ")
    assert 1 == context.loads


def test_a_proxy_over_tls_is_verified_on_the_same_context(certificates: Certificates, server: Echo) -> None:
    """The handshake with the proxy succeeds by the practice CA; that this server knows no CONNECT is its affair."""
    context = counting(certificates.ca_file)
    with (
        https.new_session(context, proxy=server.url) as session,
        pytest.raises(requests.exceptions.ProxyError, match="501"),
    ):
        get(session, "https://practice.example/")

    assert 1 == context.loads


def test_this_machines_own_servers_are_reached_without_the_proxy(context: ssl.SSLContext, server: Echo) -> None:
    """A proxy is for the world outside: nobody listens where this one points."""
    with https.new_session(context, proxy="http://127.0.0.1:9") as session:
        assert b"heard" == get(session, f"{server.url}/").content


def test_the_user_agent_names_us(session: requests.Session, server: Echo) -> None:
    """Whoever operates the other side can tell who calls."""
    get(session, f"{server.url}/")

    assert f"CocoAI/{__version__}" == server.seen[0].headers["user-agent"]


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://practice.example/",
        "http://127.0.0.1.practice.example/",
        "http://localhost@192.0.2.1/",
    ],
)
def test_plain_http_to_another_machine_is_refused(session: requests.Session, url: str) -> None:
    """Nothing is sent in the clear over a network."""
    with pytest.raises(Permanent):
        get(session, url)


def test_a_redirect_to_plain_http_is_refused(session: requests.Session, server: Echo) -> None:
    """The other side cannot talk us out of TLS."""
    with pytest.raises(Permanent):
        get(session, f"{server.url}/moved")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_plain_http_is_allowed_on_this_machine(session: requests.Session, host: str) -> None:
    """A model server of one's own needs no certificate."""
    with Echo(None) as server:
        assert b"heard" == get(session, f"http://{host}:{server.port}/").content


def test_nothing_is_tried_twice(session: requests.Session, server: Echo) -> None:
    """Whether a request may be repeated is for the caller to judge."""
    with pytest.raises(requests.exceptions.ConnectionError):
        get(session, f"{server.url}/gone")

    assert 1 == len(server.seen)
