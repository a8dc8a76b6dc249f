"""Choose the HTTP client: the standard library's, or the one of requests behind a proxy."""

from __future__ import annotations

import ssl

from cocoai.engine.client.client import HttpClient


def new_client(context: ssl.SSLContext, proxy: str | None = None) -> HttpClient:
    """A line of one process's own. `proxy` is a URL, used for all but this machine's own servers."""
    if proxy:
        from cocoai.engine.client.proxied import ProxyClient  # only who needs it has requests in memory

        return ProxyClient(context, proxy)
    from cocoai.engine.client.direct import DirectClient

    return DirectClient(context)
