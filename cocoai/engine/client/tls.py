"""The one TLS context, made once, before any fork; and which addresses may go without it.

A context made for each connection costs 40 ms of CPU, the preloaded one 9. Share the context across a fork, never an
open connection.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from importlib.util import find_spec
from urllib.parse import urlsplit

from cocoai.errors import CocoAIError


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """The one context: trusts `ca_file` (PEM) and nothing else, or by default the bundle that requests brings.

    Raises `CocoAIError` when the bundle cannot be read.
    """
    bundle = ca_file or _usual_bundle()
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


def _usual_bundle() -> str:
    """certifi's, which comes with requests. Where it lies certifi would say too, with half a MiB of imports."""
    found = find_spec("certifi")
    if found is None or found.origin is None:
        raise CocoAIError("there is no certifi, which comes with requests: install CocoAI's requirements")
    return os.path.join(os.path.dirname(found.origin), "cacert.pem")
