"""The status page's socket. Each connection is answered by a process of its own that the master forks (engine/doors).

What answers is imported there and then: at rest the page costs the pool one descriptor.
It is never a location of the public site, which a tunnel or a proxy would open to everybody.
"""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket

from cocoai import config
from cocoai.engine.pool.extra_listeners import ExtraListener

BACKLOG = 8

PATIENCE = 5.0
"""Seconds for one visit: the request, the look and the response. Whoever is slower is left."""

log = logging.getLogger(__name__)


def open_door(settings: config.Settings) -> ExtraListener | None:
    """Listen where the settings say; None if they say `off`, or if it cannot be: the pool goes on without."""
    if settings.pool.status_listen is None:
        return None
    host, port = settings.pool.status_listen
    try:
        listener = _listen(host, port)
    except OSError as error:
        log.warning("status outcome=not-opened listen=%s:%d reason=%s", host, port, error.strerror or error)
        return None
    if not _is_here(listener):
        log.warning("status outcome=open-to-others listen=%s:%d: whoever reaches it can read it", host, port)
    return ExtraListener(listener, lambda connection: _serve(connection, settings))


def _listen(host: str, port: int) -> socket.socket:
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(address[:2], family=family, backlog=BACKLOG)


def _is_here(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def _serve(connection: socket.socket, settings: config.Settings) -> None:
    """In a process of its own: SIGALRM has its default action, so that nobody holds it longer than PATIENCE."""
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    from cocoai.status.visit import Visit

    Visit(connection, settings)
