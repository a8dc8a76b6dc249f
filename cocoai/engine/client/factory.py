"""Choose the HTTP client: the standard library's, or the one of requests behind a proxy."""

from __future__ import annotations

import ssl

from cocoai.engine.client.client import HttpClient


def new_client(context: ssl.SSLContext, proxy: str | None = None) -> HttpClient:
    """Return an HTTP client for one process: a `ProxyClient` if `proxy` is given, else a `DirectClient`.

    `proxy` is a URL, used for all servers but those on this machine.
    """
    if proxy:
        from cocoai.engine.client.proxied import ProxyClient  # so that no other process has requests in memory

        return ProxyClient(context, proxy)
    from cocoai.engine.client.direct import DirectClient

    return DirectClient(context)
