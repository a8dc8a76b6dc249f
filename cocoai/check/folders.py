"""Look at the settings file and at `var`: who may read and write them, on which kind of disk `var` lies, its room.

Access is asked of the kernel (access(2)), as the user that this process is; nothing is opened for writing.
"""

from __future__ import annotations

import grp
import os
import stat
from collections.abc import Iterator

from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.target import Target, user_of

MIB = 1024 * 1024
LITTLE_ROOM, NO_ROOM = 256 * MIB, 32 * MIB
FEW_INODES, NO_INODES = 10_000, 500
"""Bytes, and inodes, that are left: a warning, and wrong."""

MEMORY_DISKS = frozenset({"tmpfs", "ramfs"})
NETWORK_DISKS = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p"})
"""Kinds of file systems: what lies on the first is gone after a reboot; on the second locks may not hold."""

MOUNTS = "/proc/self/mountinfo"


def settings_file(target: Target) -> Iterator[Result]:
    """Yield who may read the settings file."""
    if not target.file:
        yield note("settings.file", "none")
        return
    try:
        found = os.stat(target.file)
    except OSError as error:
        # That it cannot be read is told by the settings themselves.
        yield note("settings.file", "unseen", file=target.file, reason=error.strerror or "")
        return
    facts = {"file": target.file, "mode": f"{stat.S_IMODE(found.st_mode):04o}"}
    owner = target.owner
    if found.st_mode & (stat.S_IROTH | stat.S_IWOTH):
        group = f"sudo chown root:{owner.shown} {target.file} && " if owner and owner.uid and found.st_uid == 0 else ""
        mode = "640" if group else "600"
        yield warning("settings.file", "open", **facts, command=f"{group}sudo chmod {mode} {target.file}")
    elif owner and found.st_mode & stat.S_IRGRP and found.st_gid not in (0, owner.gid):
        command = f"sudo chgrp {owner.shown} {target.file}" if owner.uid else f"sudo chmod 600 {target.file}"
        yield warning("settings.file", "group", **facts, group=group_name(found.st_gid), command=command)
    else:
        yield ok("settings.file", **facts)


def group_name(gid: int) -> str:
    """Return the name of a group, or its number if it has none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def as_user(target: Target) -> Iterator[Result]:
    """Yield what the user that this process is may read and write: it is to be the pool's."""
    user = (target.owner or user_of(os.geteuid(), os.getegid())).shown
    group = f"sudo chown root:{user} {target.file} && sudo chmod 640 {target.file}"
    if target.file and not os.access(target.file, os.R_OK):
        yield wrong("settings.access", "unreadable", file=target.file, user=user, command=group)
    elif target.file:
        yield ok("settings.access", file=target.file, user=user)
    for path in _named_files(target):
        if not os.access(path, os.R_OK):
            yield wrong("settings.access", "named", file=path, user=user)
    yield from _var_access(target, user)


def _named_files(target: Target) -> Iterator[str]:
    """Yield the files that the settings name: instructions and the authorities' certificates."""
    if target.settings is None:
        return
    personas = target.settings.personas
    own = [personas.instructions, *(channel.instructions for channel in personas.channels.values())]
    yield from dict.fromkeys(filter(None, [*own, target.settings.network.ca_file]))


def _var_access(target: Target, user: str) -> Iterator[Result]:
    """Yield whether `var` and the folders in it can be written."""
    var = target.var
    if not var:
        return
    if not os.path.isdir(var):
        parent = os.path.dirname(var)
        if not os.access(parent, os.W_OK | os.X_OK):
            yield wrong("var.access", "missing", var=var, user=user, install=target.install)
        else:
            yield note("var.access", "not_yet", var=var)
        return
    folders = [var, *(os.path.join(var, name) for name in ("spool", "spool/ready", "run", "locks", "threads"))]
    closed = [path for path in folders if os.path.isdir(path) and not os.access(path, os.R_OK | os.W_OK | os.X_OK)]
    if closed:
        yield wrong("var.access", "closed", folder=closed[0], user=user, var=var)
    else:
        yield ok("var.access", var=var, user=user)


def disk(target: Target) -> Iterator[Result]:
    """Yield on which kind of disk `var` lies, and how much room there is."""
    var = target.var
    place = next((path for path in (var, os.path.dirname(var)) if path and os.path.isdir(path)), "")
    if not place:
        return
    yield _kind(var, disk_kind(os.path.realpath(place)))
    try:
        found = os.statvfs(place)
    except OSError:
        return
    room, inodes = found.f_bavail * found.f_frsize, found.f_favail if found.f_files else FEW_INODES
    facts = {"var": var, "mib": f"{room // MIB:,}", "inodes": f"{inodes:,}"}
    if room < NO_ROOM or inodes < NO_INODES:
        yield wrong("var.room", "none", **facts)
    elif room < LITTLE_ROOM or inodes < FEW_INODES:
        yield warning("var.room", "little", **facts)
    else:
        yield ok("var.room", **facts)


def _kind(var: str, kind: str) -> Result:
    """Return whether `var` outlives a reboot on this kind of disk, and whether locks hold there."""
    if kind in MEMORY_DISKS:
        return wrong("var.disk", "memory", var=var, kind=kind)
    if kind in NETWORK_DISKS:
        return warning("var.disk", "network", var=var, kind=kind)
    return ok("var.disk", var=var, kind=kind or "?")


def disk_kind(path: str, mounts: str = MOUNTS) -> str:
    """Return the kind of file system on which `path` lies, as proc_pid_mountinfo(5) names it; "" if unknown."""
    found, longest = "", -1
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                before, _, after = line.partition(" - ")
                point = before.split()[4].replace("\\040", " ")
                is_above = path == point or path.startswith(point.rstrip("/") + "/")
                # Of two mounts at one place the later one is seen.
                if is_above and len(point) >= longest:
                    found, longest = after.split()[0], len(point)
    except (OSError, IndexError):
        return ""
    return found
