"""Make a certificate authority and the one server certificate that it signs, for this machine and some weeks.

The rehearsal uses TLS as production does, so its servers need certificates that a strict client accepts. The
authority's private key is deleted before `make` returns: nothing else can ever be signed with it.
"""

from __future__ import annotations

import os
import secrets
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cocoai.errors import CocoAIError

DAYS = 90
"""Days for which both certificates are valid."""

# Python 3.13 verifies strictly (RFC 5280): without key identifiers and usages it refuses the chain.
_CONFIG = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = ${ENV::COMMON_NAME}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = IP:127.0.0.1, DNS:localhost
"""


@dataclass(frozen=True)
class Certificates:
    """Paths of PEM files: the authority's certificate for clients, the server's certificate and key for servers."""

    ca_file: str
    cert_file: str
    key_file: str


def make(folder: Path) -> Certificates:
    """Write a new `ca.pem`, `server.pem` and `server.key` (0600) into `folder`, and return their paths.

    Create the folder (0700) if it does not exist; replace older files of these names. Raise `CocoAIError` if the
    `openssl` command is missing, fails or takes over a minute.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = Certificates(str(folder / "ca.pem"), str(folder / "server.pem"), str(folder / "server.key"))
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        _sign(made, scratch)
    return made


def server_context(certificates: Certificates | None) -> ssl.SSLContext | None:
    """Return the TLS settings (1.2 or newer) with the server's certificate, or None for plain HTTP."""
    if certificates is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificates.cert_file, certificates.key_file)
    return context


def _sign(made: Certificates, scratch: str) -> None:
    """Write the files that `made` names, by three runs of openssl.

    They make the authority's key and certificate, the server's key and signing request, and the server's certificate.
    `scratch` is a temporary folder for the configuration, the signing request and the authority's key.
    """
    config, ca_key, request = f"{scratch}/openssl.cnf", f"{scratch}/ca.key", f"{scratch}/server.csr"
    Path(config).write_text(_CONFIG, encoding="ascii")
    new = ["req", "-config", config, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    serial = ["-days", str(DAYS), "-set_serial"]
    root = ["-x509", "-extensions", "authority", "-keyout", ca_key, "-out", made.ca_file]
    _openssl("CocoAI practice authority", [*new, *root, *serial, _serial()])
    _openssl("localhost", [*new, "-new", "-keyout", made.key_file, "-out", request])
    issue = ["x509", "-req", "-in", request, "-CA", made.ca_file, "-CAkey", ca_key, "-out", made.cert_file]
    _openssl("localhost", [*issue, "-extfile", config, "-extensions", "server", *serial, _serial()])


def _serial() -> str:
    """Return a random serial number as `0x...`: positive, at most 20 bytes (RFC 5280, 4.1.2.2)."""
    # Random, because a browser refuses a serial that it has seen from an issuer of the same name.
    return f"0x01{secrets.token_hex(18)}"


def _openssl(common_name: str, arguments: list[str]) -> None:
    """Run `openssl` with these arguments and wait for its end; `common_name` is the CN of the certificate's subject.

    Raise `CocoAIError` if the command is missing, fails or takes over a minute.
    """
    environment = {**os.environ, "COMMON_NAME": common_name}
    command = ["openssl", *arguments]
    try:
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60, umask=0o077)
    except FileNotFoundError:
        raise CocoAIError("the openssl command is missing: install the package openssl") from None
    except subprocess.SubprocessError as error:
        stderr = getattr(error, "stderr", None) or b""
        raise CocoAIError(f"openssl failed: {stderr.decode(errors='replace').strip() or error}") from None
