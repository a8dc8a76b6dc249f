"""Check what `cocoai up` needs of this machine before it starts anything, and give up root's rights.

Whatever is missing is reported in one sentence, with its remedy. No process is started here.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import glob
import importlib.util
import os
import pwd
import shutil
import socket
import sys
from typing import IO

from cocoai.config.value_types import split_listen
from cocoai.engine.pool.listener import LONGEST_PATH
from cocoai.engine.pool.master_lock import find_master
from cocoai.errors import CocoAIError

SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where nginx lies on systems that have these folders only in root's PATH."""


def find_nginx(path: str) -> str:
    """Return the path of nginx, looked for in the folders of `path`, which is like PATH.

    Raise CocoAIError if there is none; its text says how to install nginx here.
    """
    nginx = shutil.which("nginx", path=path)
    if nginx:
        return nginx
    sudo = "" if os.geteuid() == 0 else "sudo "
    manager = next((name for name in ("apt-get", "dnf") if shutil.which(name)), "")
    how = f"type: {sudo}{manager} install nginx" if manager else "install it with your system's package manager"
    raise CocoAIError(f"nginx is missing; {how}")


def require_supervisor() -> None:
    """Raise CocoAIError if the package supervisor is not installed for this Python; its text says how to install it."""
    if importlib.util.find_spec("supervisor") is None:
        raise CocoAIError(f"supervisor is missing; type: {sys.executable} -m pip install 'cocoai[ops]'")


def require_readable(*paths: str) -> None:
    """Raise CocoAIError if this user cannot read one of these files; the user may be another after `become_owner`."""
    for path in paths:
        if not os.access(path, os.R_OK):
            raise CocoAIError(f"{path} cannot be read by user {os.geteuid()}, as whom CocoAI is to run")


def listen_address(listen: str) -> tuple[str, int]:
    """Split HOST:PORT into the host and the port. Raise CocoAIError if `listen` is anything else."""
    try:
        return split_listen(listen)
    except ValueError:
        raise CocoAIError(f"--listen {listen}: expected HOST:PORT, such as 127.0.0.1:8080") from None


def require_port(host: str, port: int) -> None:
    """Raise CocoAIError if a program could not listen at this address now, as when the port is taken."""
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


def become_owner(var: str) -> None:
    """Switch from root to the owner of the folder `var`, so that one user does all that CocoAI does.

    Do nothing if this process is not root's, if there is no such folder, or if root owns it.
    """
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


def make_folders(var: str, run: str, log: str) -> IO[str]:
    """Make these folders for this user alone, and take the lock that only one `cocoai up` holds in `run`.

    The lock is held until the returned file is closed. Raise CocoAIError if a path is too long or not writable, or if
    another `cocoai up` holds the lock.
    """
    longest = f"{run}/supervisor.sock.1234567"  # supervisord's temporary name for its socket, with its pid
    if len(os.fsencode(longest)) > LONGEST_PATH:
        raise CocoAIError(f"{run} is too long: with a socket's name it has more than {LONGEST_PATH} bytes")
    try:
        for folder in (var, run, log):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if not os.access(folder, os.W_OK):
                raise CocoAIError(f"cannot write into {folder}: Permission denied")
        lock = _lock(os.path.join(run, "up.lock"))
    except BlockingIOError:
        raise CocoAIError(f"another `cocoai up` is running in {var}") from None
    except OSError as error:
        raise CocoAIError(f"cannot write {error.filename or run}: {error.strerror}") from None
    _remove_leftovers(run)
    return lock


def require_no_master(var: str, run: str) -> None:
    """Raise CocoAIError if a pool runs in `var` already, such as production's: its master holds a lock in `run`."""
    try:
        master = find_master(run)
    except OSError as error:
        raise CocoAIError(f"cannot write {error.filename}: {error.strerror}") from None
    if master:
        raise CocoAIError(f"{master} is running in {var}; stop it first, or use another `var`")


def _remove_leftovers(run: str) -> None:
    """Delete the sockets that killed supervisords have left in `run` under their temporary names, `NAME.PID`."""
    for path in glob.glob(os.path.join(glob.escape(run), "supervisor.sock.[0-9]*")):
        with contextlib.suppress(OSError):  # it harms nothing
            os.unlink(path)


def _lock(path: str) -> IO[str]:
    """Open and lock the file `path`, and return it. Raise BlockingIOError at once if another process holds the lock."""
    lock = open(path, "a", encoding="ascii")  # noqa: SIM115 (the caller closes it)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise
    return lock
