"""requests on the one TLS context that was made before any fork.

requests would read the CA bundle into it again and again: the adapter sees to it that nothing is loaded after
`tls_context`. A session that was used must not cross a fork: an open connection would.
This file knows neither Slack nor OpenAI. It tries nothing twice, and the environment has no say in it.
"""

from __future__ import annotations

import ssl
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from cocoai.engine.client.client import USER_AGENT
from cocoai.engine.client.tls import is_loopback
from cocoai.errors import Permanent


def new_session(context: ssl.SSLContext, proxy: str | None = None) -> requests.Session:
    """A session of one process's own; `proxy` is a URL, used for all but this machine's own servers.

    What `*_PROXY`, `REQUESTS_CA_BUNDLE` and ~/.netrc say is not looked at. A plain http:// address of another
    machine raises `Permanent`.
    """
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = USER_AGENT
    session.mount("https://", _Secure(context))
    session.mount("http://", _Loopback())
    if proxy:
        session.proxies = {"https": proxy}
    return session


class _Secure(HTTPAdapter):
    """https:// on the preloaded context; what it trusts was settled when that was made, whatever `verify` says."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, proxy_ssl_context=self._context, **kwargs)

    def build_connection_pool_key_attributes(self, request: Any, *_: Any) -> Any:
        host, _of_requests = super().build_connection_pool_key_attributes(request, verify=True)
        return host, {"ssl_context": self._context, "cert_reqs": "CERT_REQUIRED"}

    def cert_verify(self, conn: Any, *_: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None
        conn.ca_cert_dir = None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if is_loopback(request.url):
            kwargs["proxies"] = None
        return super().send(request, *args, **kwargs)


class _Loopback(HTTPAdapter):
    """http:// for servers on this machine only."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if not is_loopback(request.url):
            raise Permanent("plain http is for servers on this machine only")
        return super().send(request, *args, **kwargs)
