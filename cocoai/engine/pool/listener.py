"""Open the pool's listening socket: inherited on descriptor 0 from supervisor's fcgi-program, or bound here."""

from __future__ import annotations

import contextlib
import os
import socket
import stat

from cocoai.errors import CocoAIError

BACKLOG = 2048
"""Connections that wait to be accepted, as many as the web server may open; the kernel may allow fewer (somaxconn)."""

LONGEST_PATH = 107
"""Bytes: sun_path of a unix address, less its end mark (unix(7))."""


def open_listener(bind: str | None) -> socket.socket:
    """Return the listening socket, which never blocks: descriptor 0 if `bind` is None, else a new one on `unix:PATH`.

    Raise CocoAIError, which says what is wrong, if it cannot be used.
    """
    listener = _bound(bind) if bind else _inherited()
    listener.settimeout(0)
    return listener


def _inherited() -> socket.socket:
    """Return descriptor 0 as a socket. Raise CocoAIError if it is no listening socket, and leave it open then."""
    with contextlib.suppress(OSError):
        listener = socket.socket(fileno=0)
        if listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return listener
        listener.detach()  # another kind of descriptor is not this process's to close
    raise CocoAIError(
        "descriptor 0 is no listening socket: start me from supervisor's [fcgi-program:...], or with --bind unix:PATH"
    )


def _bound(bind: str) -> socket.socket:
    """Bind a socket to the path in `bind`, `unix:PATH`, and listen. The web server's group may connect (mode 0660).

    A socket that an ended process has left there is replaced. Raise CocoAIError if `bind` is malformed or the path too
    long, if there is another file or a process listens there, or if the kernel refuses.
    """
    kind, _, path = bind.partition(":")
    if kind != "unix" or not path:
        raise CocoAIError(f"--bind {bind}: expected unix:PATH")
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise CocoAIError(f"--bind {bind}: a socket's path has at most {LONGEST_PATH} bytes")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        before = os.umask(0o117)  # 0660: the web server comes in by the group
        try:
            listener.bind(path)
        finally:
            os.umask(before)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CocoAIError(f"--bind {bind}: {error.strerror}") from error
    except CocoAIError:
        listener.close()
        raise
    return listener


def _remove_stale(path: str) -> None:
    """Remove the socket at `path` if no process listens on it any more; do nothing if there is no file.

    Raise CocoAIError if a process listens on it, or if the file is no socket.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise CocoAIError(f"--bind unix:{path}: there is a file that is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except BlockingIOError:
            pass  # a listener so busy that its backlog is full
    raise CocoAIError(f"--bind unix:{path}: somebody is listening there already")
