"""engine/client/tls.py: what the one context is made of. That it is kept to, test_line.py and test_https.py say."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from cocoai.engine.client.tls import is_loopback, tls_context
from cocoai.errors import CocoAIError


def test_the_usual_bundle_is_trusted_and_names_are_checked() -> None:
    """Without a file of one's own, the world's authorities; nobody can switch the checks off."""
    context = tls_context()

    assert len(context.get_ca_certs()) > 100
    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)


def test_a_bundle_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Both a missing file and one that is no certificate end in an error which names the file."""
    odd = tmp_path / "odd.pem"
    odd.write_text("not a certificate")

    for path in (str(odd), str(tmp_path / "missing.pem")):
        with pytest.raises(CocoAIError, match=path):
            tls_context(path)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080/", True),
        ("http://localhost/", True),
        ("http://[::1]/", True),
        ("http://192.0.2.1/", False),
        ("http://127.0.0.1.practice.example/", False),
        ("http://localhost@192.0.2.1/", False),
        ("", False),
        (None, False),
    ],
)
def test_what_is_this_machine(url: str | None, expected: bool) -> None:
    """By its name or number, and by nothing that only looks like it."""
    assert expected == is_loopback(url)
