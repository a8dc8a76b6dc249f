"""Open the status page's socket. The master forks a process for each connection (engine/pool/extra_listeners.py).

The code that answers is imported in that process: while no connection is open, the page costs the pool one descriptor.
It must never become a location of the public site, which a tunnel or a proxy would open to everybody.
"""

from __future__ import annotations

import functools
import logging
import signal
import socket

from cocoai import config
from cocoai.engine.client.tls import is_loopback_host
from cocoai.engine.pool.extra_listeners import ExtraListener

BACKLOG = 8
"""Connections that wait until the master accepts them."""

PATIENCE = 5.0
"""Seconds for one connection: the request, the collection and the response. A slower client gets nothing."""

log = logging.getLogger(__name__)


def open_status_page(settings: config.Settings) -> ExtraListener | None:
    """Listen at the address `status_listen`, and return the listener for the master.

    Return None if it is `off`; also, with a warning in the log, if it cannot be opened: the pool goes on without.
    """
    if settings.pool.status_listen is None:
        return None
    host, port = settings.pool.status_listen
    try:
        listener = _listen(host, port)
    except OSError as error:
        log.warning("status outcome=not-opened listen=%s:%d reason=%s", host, port, error.strerror or error)
        return None
    if not is_loopback_host(listener.getsockname()[0]):
        log.warning("status outcome=open-to-others listen=%s:%d: whoever reaches it can read it", host, port)
    return ExtraListener(listener, functools.partial(_serve, settings=settings))


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at the first address of `host`. Raise OSError if that fails."""
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(address[:2], family=family, backlog=BACKLOG)


def _serve(connection: socket.socket, settings: config.Settings) -> None:
    """Answer one connection, in a process of its own, which is killed after PATIENCE seconds."""
    # SIGALRM has its default action here: it ends the process after PATIENCE, whatever the client does.
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    from cocoai.status.request_handler import StatusRequestHandler

    StatusRequestHandler(connection, settings)
