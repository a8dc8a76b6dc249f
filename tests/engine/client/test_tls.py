"""engine/client/tls.py: what the one context trusts. The clients' use of it is tested in test_client.py."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from cocoai.engine.client.tls import is_loopback, tls_context
from cocoai.errors import CocoAIError


def test_the_default_bundle_is_trusted_and_names_are_checked() -> None:
    """Without a file of its own, the context trusts the public authorities and checks names."""
    context = tls_context()

    assert len(context.get_ca_certs()) > 100
    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)


def test_a_bundle_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file and one that is no certificate end in an error that names the file."""
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
def test_which_addresses_are_on_this_machine(url: str | None, expected: bool) -> None:
    """Only a loopback name or number is this machine, and nothing that looks like one."""
    assert expected == is_loopback(url)
