"""The practice authority and its certificate."""

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


def shake_hands(certificates: Certificates, context: ssl.SSLContext, name: str) -> str:
    """Return the TLS version that a server with these certificates and a client with this context agree on."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificates.cert_file, certificates.key_file)
    client_end, server_end = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(server_end, server_side=True).close()
        except OSError:
            server_end.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with context.wrap_socket(client_end, server_hostname=name) as client:
            return client.version() or ""
    finally:
        client_end.close()
        thread.join()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_strict_verification(certificates: Certificates, name: str) -> None:
    """A client that verifies strictly by RFC 5280, as Python 3.13 does by default, accepts the certificate."""
    context = ssl.create_default_context(cafile=certificates.ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT

    assert shake_hands(certificates, context, name) == "TLSv1.3"


def test_certificate_is_for_this_machine_only(certificates: Certificates) -> None:
    """The certificate is not valid for another host name."""
    context = ssl.create_default_context(cafile=certificates.ca_file)

    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(certificates, context, "slack.com")


def test_other_clients_refuse_the_certificate(certificates: Certificates) -> None:
    """A client that does not trust the practice authority refuses the certificate."""
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(certificates, ssl.create_default_context(), "localhost")


def test_files_in_the_folder(tmp_path: Path) -> None:
    """Three files are left: the authority's key is deleted, and the server's is readable by its owner only."""
    certificates = make(tmp_path / "new" / "folder")

    assert {"ca.pem", "server.pem", "server.key"} == {each.name for each in (tmp_path / "new" / "folder").iterdir()}
    assert stat.S_IMODE(os.stat(certificates.key_file).st_mode) == 0o600


def test_new_certificates_each_time(tmp_path: Path) -> None:
    """Each call makes a new authority."""
    first = Path(make(tmp_path).ca_file).read_bytes()

    assert first != Path(make(tmp_path).ca_file).read_bytes()


def test_no_openssl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the openssl command is missing, the error names the package to install."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(CocoAIError, match="install the package openssl"):
        make(tmp_path)
