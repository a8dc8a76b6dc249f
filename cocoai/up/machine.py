"""What `cocoai up` needs of this machine before it starts anything, and whose rights it takes.

Each thing that is missing is one sentence, with its remedy. Nothing is started here.
"""

from __future__ import annotations

import errno
import fcntl
import importlib.util
import os
import pwd
import shutil
import socket
import sys
from typing import IO

from cocoai.config.kinds import split_listen
from cocoai.engine.pool.listener import LONGEST_PATH
from cocoai.errors import CocoAIError

SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where nginx lies on systems that do not have these in everybody's PATH."""


def find_nginx(path: str) -> str:
    """nginx's program, found along `path`. Raises CocoAIError that says how to install it here."""
    nginx = shutil.which("nginx", path=path)
    if nginx:
        return nginx
    sudo = "" if os.geteuid() == 0 else "sudo "
    manager = next((name for name in ("apt-get", "dnf") if shutil.which(name)), "")
    how = f"type: {sudo}{manager} install nginx" if manager else "install it with your system's package manager"
    raise CocoAIError(f"nginx is missing; {how}")


def require_supervisor() -> None:
    """Raises CocoAIError if this Python has no supervisor."""
    if importlib.util.find_spec("supervisor") is None:
        raise CocoAIError(f"supervisor is missing; type: {sys.executable} -m pip install 'cocoai[ops]'")


def require_readable(*paths: str) -> None:
    """Raises CocoAIError if we, who may have been root before, cannot get at one of these."""
    for path in paths:
        if not os.access(path, os.R_OK):
            raise CocoAIError(f"{path} cannot be read by user {os.geteuid()}, as whom CocoAI is to run")


def listen_address(listen: str) -> tuple[str, int]:
    """`HOST:PORT` as both. Raises CocoAIError."""
    try:
        return split_listen(listen)
    except ValueError:
        raise CocoAIError(f"--listen {listen}: expected HOST:PORT, such as 127.0.0.1:8080") from None


def require_port(host: str, port: int) -> None:
    """Raises CocoAIError if nobody could listen there now."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as nginx: connections just closed are no bar
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CocoAIError(f"{host}:{port} is taken by another program; choose another with --listen") from None
        raise CocoAIError(f"cannot listen at {host}:{port}: {error.strerror}") from None


def take_owner(var: str) -> None:
    """Root becomes whoever owns `var`: all that CocoAI does is done by one user. Anybody else stays who he is."""
    if os.geteuid() != 0 or not os.path.exists(var):
        return
    owner = os.stat(var)
    if owner.st_uid == 0:
        return
    try:
        known = pwd.getpwuid(owner.st_uid)
        os.initgroups(known.pw_name, known.pw_gid)
        os.setgid(known.pw_gid)
    except KeyError:
        os.setgroups([owner.st_gid])
        os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)


def take_folders(var: str, run: str, log: str) -> IO[str]:
    """Make these, for us alone. The file returned is the lock on them: it is held until it is closed."""
    longest = f"{run}/supervisor.sock.1234567"  # as supervisord calls it, with its pid, before it has its name
    if len(os.fsencode(longest)) > LONGEST_PATH:
        raise CocoAIError(f"{run} is too long: with a socket's name it has more than {LONGEST_PATH} bytes")
    try:
        for folder in (var, run, log):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if not os.access(folder, os.W_OK):
                raise CocoAIError(f"cannot write into {folder}: Permission denied")
        return _locked(os.path.join(run, "up.lock"))
    except BlockingIOError:
        raise CocoAIError(f"another `cocoai up` is running in {var}") from None
    except OSError as error:
        raise CocoAIError(f"cannot write {error.filename or run}: {error.strerror}") from None


def _locked(path: str) -> IO[str]:
    lock = open(path, "a", encoding="ascii")  # noqa: SIM115 (whoever gets it closes it)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise
    return lock
