"""Ask CocoAI at its own public address what Slack asks to verify it, signed as Slack signs, one step after the other.

Each step fails under a name of its own: the name does not resolve, the port refuses, the certificate is not trusted,
another program answers, the pool's socket is dead, the pool has another secret. `cocoai install` asks this too, on a
bare Python: nothing here needs more than the standard library.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import socket
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cocoai.slack.inbound.signature import sign

PATH = "/slack/events"
HEALTH = "/healthz"
HEALTHY = ("ok", "degraded")
"""What a pool that lives says there."""

"""What is asked where the signing secret is not known."""

CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 5.0
"""Seconds to connect to each address of the name, and to wait for the answer: nginx itself waits 5 s for the pool."""

MOST_ADDRESSES = 2
MOST_BYTES = 4096

STATUS_CASES = {
    401: "secret",
    403: "forbidden",
    404: "not_found",
    405: "not_found",
    413: "not_found",
    429: "limited",
    500: "broken",
    502: "no_pool",
    503: "cannot_keep",
    504: "slow_pool",
}
"""The cases of statuses; any other one comes from another program than ours."""

VERIFY_CASES = {10: "tls_expired", 18: "tls_self_signed", 19: "tls_chain", 20: "tls_chain", 21: "tls_chain"}
NAME_CODES = frozenset({62, 64})
"""Codes of OpenSSL's verification (X509_V_ERR_…); the last two are a name's, and an address's, that differ."""


@dataclass(frozen=True)
class Verification:
    """How it ended: the case, `ok` or what was wrong, with a detail that is safe to show.

    `certificate` is what was served, as ssl's getpeercert() has it; {} if none was accepted.
    """

    case: str
    detail: str
    certificate: Mapping[str, Any]

    @property
    def is_ok(self) -> bool:
        """Check whether the right answer came."""
        return self.case == "ok"


def verify_url(url: str, secret: str, context: ssl.SSLContext, *, patience: float = 1.0) -> Verification:
    """Send a url_verification to `url`, https://HOST, and return how it ended. Raise nothing.

    With "" as the secret the pool is only asked whether it lives. The timeouts are multiplied by `patience`.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[:MOST_ADDRESSES]
    except (OSError, UnicodeError):
        return Verification("dns", host, {})
    try:
        plain = _connected([address for *_, address in addresses], patience)
    except OSError as error:
        return Verification(_connection_case(error), str(addresses[0][4][0]), {})
    try:
        connection = context.wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        return Verification(verify_case(error), error.verify_message, {})
    except OSError as error:
        plain.close()
        return Verification(_handshake_case(error), getattr(error, "reason", "") or type(error).__name__, {})
    with connection:
        certificate = connection.getpeercert() or {}  # now: with the answer the connection may be closed
        return Verification(*_asked(connection, parts.netloc, secret), certificate)


def trusting(own: str = "") -> ssl.SSLContext:
    """Return a TLS context that trusts what Slack trusts, and the certificate in the file `own`, if there is one."""
    context = ssl.create_default_context()
    if own:
        with contextlib.suppress(OSError):  # then it is refused, and that is said
            context.load_verify_locations(own)
    return context


def _connected(addresses: list[Any], patience: float) -> socket.socket:
    """Return a connection to the first of these addresses that accepts one. Raise the last OSError if none does."""
    failure: OSError = OSError("no address")
    for address in addresses:
        try:
            connection = socket.create_connection(address[:2], timeout=CONNECT_TIMEOUT * patience)
        except OSError as error:
            failure = error
        else:
            connection.settimeout(READ_TIMEOUT * patience)
            return connection
    raise failure


def _connection_case(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "timeout" if isinstance(error, TimeoutError) else "connection"


def _handshake_case(error: OSError) -> str:
    """Return the case of a handshake that failed before a certificate was seen."""
    if not isinstance(error, ssl.SSLError):
        return "timeout" if isinstance(error, TimeoutError) else "tls"
    # Our own site for unknown names ends the handshake so (ssl_reject_handshake).
    return "tls_no_site" if error.reason == "TLSV1_UNRECOGNIZED_NAME" else "tls"


def verify_case(error: ssl.SSLCertVerificationError) -> str:
    """Return the case of a certificate that was refused: `tls_name`, `tls_expired` and such."""
    return "tls_name" if error.verify_code in NAME_CODES else VERIFY_CASES.get(error.verify_code, "tls")


def _asked(connection: ssl.SSLSocket, host: str, secret: str) -> tuple[str, str]:
    """Send the question over the connection; return the case, and the answer's first characters."""
    challenge = secrets.token_hex(16)
    client = http.client.HTTPConnection(host)
    client.sock = connection
    try:
        if secret:
            body = json.dumps({"type": "url_verification", "token": "none", "challenge": challenge})
            client.request("POST", PATH, body, signed(body, secret, time.time()))
        else:
            client.request("GET", HEALTH)
        response = client.getresponse()
        answer = response.read(MOST_BYTES).decode("utf-8", "replace")
    except TimeoutError:
        return "no_answer", ""
    except (OSError, http.client.HTTPException) as error:
        return "no_http", type(error).__name__
    return _case(response.status, answer, (challenge,) if secret else HEALTHY)


def _case(status: int, answer: str, expected: Collection[str]) -> tuple[str, str]:
    """Return the case of an answer, and its status with its first characters."""
    detail = f"{status} {' '.join(answer.split())[:80]}".strip()
    if status == 200:
        return ("ok", "") if any(each in answer for each in expected) else ("other_answer", detail)
    if status == 401 and "stale" in answer:
        return "stale", detail
    if status == 401 and "signature" not in answer:
        return "other_answer", detail
    return STATUS_CASES.get(status, "other_answer"), detail


def signed(body: str, secret: str, now: float) -> dict[str, str]:
    """Return the headers with which Slack would send `body`.

    Source: docs.slack.dev/authentication/verifying-requests-from-slack.
    """
    at = str(int(now))
    return {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": sign(body.encode(), at.encode(), secret).decode(),
        "Connection": "close",
    }
