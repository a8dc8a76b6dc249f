"""verify: checks that Slack signed exactly these bytes, within the last five minutes.

It works on the raw body, since JSON that is parsed and written again has another signature.
It must not know events or the HTTP server: a refusal is an exception that carries its own status.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from cocoai.errors import MissingSignature, StaleSignature, WrongSignature

MAX_AGE = 300
"""Seconds that a signature's time may differ from ours, either way; Slack's own advice."""

STAMP_HEADER = "x-slack-request-timestamp"
SIGNATURE_HEADER = "x-slack-signature"


def verify(body: bytes, headers: Mapping[str, str], secret: str, now: float) -> None:
    """Check that Slack signed `body` within 300 seconds of `now` (since the epoch); header names are lower-case.

    Raise `MissingSignature` if a header is missing, empty or not ASCII, `StaleSignature` if its time is no number or
    too far away, `WrongSignature` if the signature is not by `secret` or that is blank; and nothing else.
    Source: docs.slack.dev/authentication/verifying-requests-from-slack, signing version v0.
    """
    stamp = _ascii(headers.get(STAMP_HEADER, ""))
    claimed = _ascii(headers.get(SIGNATURE_HEADER, ""))
    if not _is_fresh(stamp, now):
        raise StaleSignature
    # An empty secret would let everybody sign. The comparison takes the same time wherever the two differ.
    if not secret.strip() or not hmac.compare_digest(claimed, sign(body, stamp, secret)):
        raise WrongSignature


def sign(body: bytes, stamp: bytes, secret: str) -> bytes:
    """Return the signature of `body` as Slack puts it into X-Slack-Signature: `v0=` and an HMAC-SHA256 in hexadecimal.

    `stamp` is the content of X-Slack-Request-Timestamp, which is signed with the body.
    """
    # In one call of OpenSSL's: an object of `hmac.new` takes three times as long for an event.
    return b"v0=" + hmac.digest(secret.encode(), b"v0:%b:%b" % (stamp, body), "sha256").hex().encode()


def _ascii(value: str) -> bytes:
    """Return a header's value as bytes. Raise `MissingSignature` if it is empty or not ASCII."""
    if not value or not value.isascii():
        raise MissingSignature
    return value.encode("ascii")


def _is_fresh(stamp: bytes, now: float) -> bool:
    """Return True if `stamp` is at most 300 seconds before or after `now`; False also if it is no number."""
    try:
        return abs(now - int(stamp)) <= MAX_AGE
    except (ValueError, OverflowError):  # not a number, or one beyond all clocks
        return False
