"""Look at the pool's socket as nginx sees it: is it there, may nginx's user connect, does somebody listen?"""

from __future__ import annotations

import errno
import glob
import os
import pwd
import re
import socket
import stat
from collections.abc import Iterator

from cocoai.check.as_user import results_as
from cocoai.check.folders import group_name
from cocoai.check.result import Result, note, ok, wrong
from cocoai.check.target import Target, User, user_of

NGINX_MAIN = "/etc/nginx/nginx.conf"
_USER = re.compile(r"(?m)^\s*user\s+([\w-]+)")
TIMEOUT = 2.0


def nginx_user(main: str = NGINX_MAIN) -> User | None:
    """Return the user as whom nginx's workers run: that of a running one, else by its file; None if unknown."""
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                if file.read().strip() == "nginx":
                    found = os.stat(os.path.dirname(path))
                    if found.st_uid:  # root's is the master
                        return user_of(found.st_uid, found.st_gid)
        except OSError:
            continue
    try:
        with open(main, encoding="utf-8", errors="replace") as file:
            match = _USER.search(file.read())
        known = pwd.getpwnam(match[1]) if match else None
    except (OSError, KeyError):
        return None
    return User(known.pw_uid, known.pw_gid, known.pw_name) if known else None


def fcgi_socket(target: Target) -> Iterator[Result]:
    """Yield whether nginx can connect to the pool's socket: as root by trying it as nginx's user, else by its mode."""
    path = target.socket
    facts = {"socket": path, "start": target.start, "install": target.install}
    try:
        found = os.stat(path)
    except FileNotFoundError:
        yield wrong("socket", "missing", **facts) if target.instance else note("socket", "not_yet", **facts)
        return
    except OSError as error:
        yield note("socket", "unseen", **facts, reason=error.strerror or "")
        return
    user = nginx_user() if target.instance else None  # `cocoai up` runs nginx as its own user
    if not stat.S_ISSOCK(found.st_mode):
        yield wrong("socket", "no_socket", **facts)
    elif user is None:
        yield connected(path, "", target)
    elif os.geteuid() == 0:
        yield from results_as(user, lambda: [connected(path, user.shown, target)])
    elif may_connect(found, user):
        yield ok("socket", "by_mode", **facts, user=user.shown)
    else:
        yield wrong("socket", "denied", **facts, user=user.shown, owner=_owner(found))


def may_connect(found: os.stat_result, user: User) -> bool:
    """Check by the mode of a socket whether a user may write to it, and so connect."""
    if found.st_uid == user.uid:
        return bool(found.st_mode & stat.S_IWUSR)
    groups = os.getgrouplist(user.name, user.gid) if user.name else [user.gid]
    if found.st_gid in groups:
        return bool(found.st_mode & stat.S_IWGRP)
    return bool(found.st_mode & stat.S_IWOTH)


def connected(path: str, user: str, target: Target) -> Result:
    """Return the result of connecting to the socket now, as the user that this process is; nothing is sent."""
    facts = {"socket": path, "user": user or user_of(os.geteuid(), os.getegid()).shown}
    more = {"start": target.start, "install": target.install}
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(TIMEOUT)
        try:
            probe.connect(path)
        except OSError as error:
            if error.errno == errno.EACCES:
                return wrong("socket", "denied", **facts, **more, owner=_owner(os.stat(path)))
            if error.errno == errno.ECONNREFUSED:
                return (wrong if target.instance else note)("socket", "dead", **facts, **more)
            return wrong("socket", "failed", **facts, **more, reason=error.strerror or str(error))
    return ok("socket", **facts)


def _owner(found: os.stat_result) -> str:
    """Return whose the socket is, as `cocoai:nginx 0660`."""
    user, mode = user_of(found.st_uid, found.st_gid).shown, stat.S_IMODE(found.st_mode)
    return f"{user}:{group_name(found.st_gid)} {mode:04o}"
