"""Make the one TLS context of all processes, before any fork, and tell which addresses may go without TLS.

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
    """Load a CA bundle and return a TLS context for clients that trusts it and nothing else.

    The bundle is `ca_file` (PEM), by default certifi's. Raise `CocoAIError` if it cannot be read, or certifi is not
    installed.
    """
    bundle = ca_file or default_bundle()
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise CocoAIError(f"the CA bundle {bundle} cannot be read: {error.strerror or error}") from error


def is_loopback(url: str | None) -> bool:
    """Return True if the host in `url` is this machine (see `is_loopback_host`): only then may it be plain http."""
    return is_loopback_host(urlsplit(url or "").hostname or "")


def is_loopback_host(host: str) -> bool:
    """Return True if `host` is `localhost` or a loopback address such as `127.0.0.1` or `::1`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def default_bundle() -> str:
    """Return the path of certifi's CA bundle. Raise `CocoAIError` if certifi, which requests brings, is missing."""
    # certifi.where() would return it too, with half a MiB of imports.
    found = find_spec("certifi")
    if found is None or found.origin is None:
        raise CocoAIError("there is no certifi, which comes with requests: install CocoAI's requirements")
    return os.path.join(os.path.dirname(found.origin), "cacert.pem")
