"""engine/client/proxied.py over real sockets: what requests trusts here, that no CA is loaded twice, and proxies."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cocoai.engine.client.client import NotSent, ProxyFailed
from cocoai.engine.client.factory import new_client
from cocoai.engine.client.proxied import new_session
from cocoai.engine.client.tls import tls_context
from cocoai.rehearsal.certificates import Certificates
from tests.engine.client.servers import PATIENCE, TIMEOUT, EchoServer, Tunnel, listening


class CountingContext(ssl.SSLContext):
    """A real context that counts in `loads` how often a CA is loaded into it."""

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


def counting(ca_file: str) -> CountingContext:
    """Return a counting context that has loaded one CA."""
    context = CountingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca_file)
    return context


def self_signed(folder: Path, name: str) -> Certificates:
    """Make a certificate for `name` only, which is its own authority."""
    made = Certificates(str(folder / "own.pem"), str(folder / "own.pem"), str(folder / "own.key"))
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", "2"]
    usage = ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    subprocess.run(
        [*command, *names, *usage, "-keyout", made.key_file, "-out", made.cert_file], check=True, capture_output=True
    )
    return made


@pytest.fixture
def session(context: ssl.SSLContext) -> Iterator[requests.Session]:
    """Make a session without a proxy for one test."""
    with new_session(context) as session:
        yield session


def get(session: requests.Session, url: str, **options: Any) -> requests.Response:
    """Send a GET by this session of requests."""
    return session.get(url, timeout=PATIENCE, **options)


@pytest.mark.parametrize("verify", [True, False, "/nowhere/bundle.pem"])
def test_no_request_loads_a_ca_again(certificates: Certificates, server: EchoServer, verify: bool | str) -> None:
    """The context is loaded once, when it is made, however many connections follow and whatever `verify` says."""
    context = counting(certificates.ca_file)
    for _ in range(2):
        with new_session(context) as session:
            get(session, f"{server.url}/", verify=verify, headers={"Connection": "close"})
            get(session, f"{server.url}/", verify=verify)

    assert 1 == context.loads
    assert 4 == len(server.seen)


@pytest.mark.parametrize("verify", [True, False])
def test_an_untrusted_certificate_is_refused(server: EchoServer, verify: bool) -> None:
    """The default bundle does not have the practice CA, and `verify` cannot switch the check off."""
    with new_session(tls_context()) as session, pytest.raises(requests.exceptions.SSLError) as refused:
        get(session, f"{server.url}/", verify=verify)

    assert "CERTIFICATE_VERIFY_FAILED" in str(refused.value)
    assert [] == server.seen


def test_a_wrong_host_name_is_refused(tmp_path: Path) -> None:
    """A trusted certificate is valid for its own names only."""
    certificates = self_signed(tmp_path, "elsewhere.example")
    context = tls_context(certificates.ca_file)
    with (
        EchoServer(certificates) as server,
        new_session(context) as session,
        pytest.raises(requests.exceptions.SSLError) as refused,
    ):
        get(session, f"{server.url}/")

    assert "not valid for '127.0.0.1'" in str(refused.value)
    assert [] == server.seen


def test_the_environment_is_ignored(
    session: requests.Session, server: EchoServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Proxy and bundle variables and a .netrc have no effect."""
    (tmp_path / "netrc").write_text("default login practice password practice")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert b'""' == get(session, f"{server.url}/").content
    assert "authorization" not in server.seen[0].headers


def test_a_proxy_leads_to_the_requested_host(tmp_path: Path) -> None:
    """The proxy gets a CONNECT for the host, and TLS is spoken with that host, on the same context."""
    certificates = self_signed(tmp_path, "practice.example")
    context = counting(certificates.ca_file)
    with (
        EchoServer(certificates) as server,
        Tunnel(server.port) as tunnel,
        new_session(context, proxy=tunnel.url) as session,
    ):
        response = get(session, "https://practice.example/", headers={"Connection": "close"})

    assert b'""' == response.content
    assert tunnel.head.startswith(b"CONNECT practice.example:443 ")
    assert 1 == context.loads


def test_a_proxy_over_tls_is_verified_on_the_same_context(certificates: Certificates, server: EchoServer) -> None:
    """The handshake with the proxy succeeds by the practice CA; the 501 is because this server knows no CONNECT."""
    context = counting(certificates.ca_file)
    with (
        new_session(context, proxy=server.url) as session,
        pytest.raises(requests.exceptions.ProxyError, match="501"),
    ):
        get(session, "https://practice.example/")

    assert 1 == context.loads


def test_a_proxy_that_cannot_be_reached_is_named(context: ssl.SSLContext) -> None:
    """A proxy that cannot be reached is `ProxyFailed`, so that the operator looks in the right place."""
    with listening() as (_, proxy):
        pass
    with pytest.raises(NotSent) as caught:
        new_client(context, proxy).post("https://practice.example/", b"x", {}, TIMEOUT)

    assert isinstance(caught.value.args[0], ProxyFailed)


def test_servers_on_this_machine_are_reached_without_the_proxy(context: ssl.SSLContext, server: EchoServer) -> None:
    """A request to this machine succeeds although nobody listens at the proxy's address."""
    with listening() as (_, proxy):
        pass

    assert "x" == new_client(context, proxy).post(f"{server.url}/", b"x", {}, TIMEOUT).json()
