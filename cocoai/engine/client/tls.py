"""The one TLS context, made once, before any fork; and the test for addresses that may go without TLS.

A connection with a context of its own costs 40 ms of CPU, and 9 ms with the preloaded one. The context may be shared
across a fork, an open connection never.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from importlib.util import find_spec
from urllib.parse import urlsplit

from cocoai.errors import CocoAIError


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Return a context that trusts `ca_file` (PEM) and nothing else, or by default the CA bundle that requests brings.

    Raise `CocoAIError` if the bundle cannot be read.
    """
    bundle = ca_file or _default_bundle()
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise CocoAIError(f"the CA bundle {bundle} cannot be read: {error.strerror or error}") from error


def is_loopback(url: str | None) -> bool:
    """Check whether `url` leads to this machine itself: plain http is for such addresses only."""
    return is_loopback_host(urlsplit(url or "").hostname or "")


def is_loopback_host(host: str) -> bool:
    """Check whether `host` is localhost or a loopback address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _default_bundle() -> str:
    """Return the path of certifi's CA bundle. Raise `CocoAIError` if certifi is not installed."""
    # certifi.where() would return it too, with half a MiB of imports.
    found = find_spec("certifi")
    if found is None or found.origin is None:
        raise CocoAIError("there is no certifi, which comes with requests: install CocoAI's requirements")
    return os.path.join(os.path.dirname(found.origin), "cacert.pem")
