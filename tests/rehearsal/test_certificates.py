"""The authority made on the spot."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest

from cocoai.errors import CocoAIError
from cocoai.rehearsal.certificates import Certificates, make


def shake_hands(made: Certificates, context: ssl.SSLContext, name: str) -> str:
    """The protocol on which a server with these certificates and a client with this context agree."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.cert_file, made.key_file)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with context.wrap_socket(ours, server_hostname=name) as client:
            return client.version() or ""
    finally:
        ours.close()
        thread.join()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_strict_client_trusts_it(certificates: Certificates, name: str) -> None:
    """Under RFC 5280's strict rules, which Python 3.13 applies by itself, the server is who it says it is."""
    context = ssl.create_default_context(cafile=certificates.ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT

    assert shake_hands(certificates, context, name) == "TLSv1.3"


def test_it_is_good_for_this_machine_only(certificates: Certificates) -> None:
    """No other name is vouched for."""
    context = ssl.create_default_context(cafile=certificates.ca_file)

    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(certificates, context, "slack.com")


def test_the_world_does_not_trust_it(certificates: Certificates) -> None:
    """A client that was not told of the authority refuses it."""
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(certificates, ssl.create_default_context(), "localhost")


def test_what_is_left_in_the_folder(tmp_path: Path) -> None:
    """Three files; the authority's own key is gone, and the server's is for its owner only."""
    made = make(tmp_path / "new" / "folder")

    assert {"ca.pem", "server.pem", "server.key"} == {each.name for each in (tmp_path / "new" / "folder").iterdir()}
    assert stat.S_IMODE(os.stat(made.key_file).st_mode) == 0o600


def test_made_anew_each_time(tmp_path: Path) -> None:
    """A second call leaves nothing of the first."""
    first = Path(make(tmp_path).ca_file).read_bytes()

    assert first != Path(make(tmp_path).ca_file).read_bytes()


def test_no_openssl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the command is missing, the error says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(CocoAIError, match="install the package openssl"):
        make(tmp_path)
