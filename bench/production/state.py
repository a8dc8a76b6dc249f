"""The state of a machine on which CocoAI was installed: its files with owner and mode, its units, and its users."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.production.machine import Machine

NOT_LOOKED_AT = (
    "dev",
    "proc",
    "run",  # a tmpfs, of which this machine sees nothing: `sockets` asks inside
    "sys",
    "root",
    "tmp/systemd-private",
    "usr/share",
    "usr/lib",
    "var/cache",
    "var/lib/apt",
    "var/lib/dpkg",
    "var/lib/nginx",
    "var/lib/systemd/random-seed",
    "var/lib/systemd/timesync",
    "var/log/apt",
    "var/log/dpkg.log",
    "var/log/journal",
    "var/tmp/systemd-private",
)
"""Beginnings of paths that the system itself changes."""

CHANGING = ("etc/passwd", "etc/shadow", "etc/group", "etc/gshadow", "/tls/", "__pycache__", "var/log/", "ld.so.cache")
"""Parts of paths whose bytes differ from run to run, by chance or by date: of these owner and mode are compared."""

LEFT_BY_GROUPADD = re.compile(r"etc/(?:passwd|shadow|group|gshadow)\.\d+")
"""What useradd and groupadd leave when they are killed in mid-write, named by their pid: the system's, not ours."""


def files(machine: Machine) -> dict[str, str]:
    """Return what each path of the machine is: kind, mode, owner and group, and what is in it or where it leads.

    What the pool itself keeps below its `var` is left out: that depends on what was asked.
    """
    tree = machine.root.tree
    users, groups = (_names(tree / "etc" / name) for name in ("passwd", "group"))
    found = {}
    for path in _paths(tree, str(tree)):
        name = os.path.relpath(path, tree)
        status = os.lstat(path)
        owner = f"{users.get(status.st_uid, status.st_uid)}:{groups.get(status.st_gid, status.st_gid)}"
        found[f"/{name}"] = f"{stat.filemode(status.st_mode)} {owner} {_content(path, name, status)}".rstrip()
    return found


def _paths(tree: Path, folder: str) -> Iterator[str]:
    """Yield all paths below a folder of the tree but NOT_LOOKED_AT, and but what lies in a `var` of a pool."""
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        name = os.path.relpath(entry.path, tree)
        if name.startswith(NOT_LOOKED_AT) or LEFT_BY_GROUPADD.fullmatch(name):
            continue
        yield entry.path
        if entry.is_dir(follow_symlinks=False) and not name.startswith("var/lib/cocoai"):
            yield from _paths(tree, entry.path)


def _content(path: str, name: str, status: os.stat_result) -> str:
    if stat.S_ISLNK(status.st_mode):
        return f"-> {os.readlink(path)}"
    if not stat.S_ISREG(status.st_mode) or any(part in name for part in CHANGING):
        return ""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def _names(path: Path) -> dict[int, str]:
    """Return the names in a passwd or group file by their numbers."""
    rows = (line.split(":") for line in path.read_text().splitlines())
    return {int(row[2]): row[0] for row in rows}


def units(machine: Machine) -> dict[str, str]:
    """Return whether each of our units, and nginx, is enabled and active; and the sockets' folders."""
    names = "$(systemctl list-unit-files --no-legend --plain 'cocoai*' | cut -d' ' -f1) nginx.service"
    line = f'for unit in {names}; do echo "$unit $(systemctl is-enabled $unit) $(systemctl is-active $unit)"; done'
    rows = machine.root.run(f"{line}; ls -d /run/cocoai* 2>/dev/null | grep -v install.lock").output.splitlines()
    return {row.split()[0]: row for row in rows if not row.startswith("cocoai-backup.service")}


def users(machine: Machine) -> dict[str, str]:
    """Return the users and groups of ours."""
    rows = machine.root.run("getent passwd; getent group | cut -d: -f1,4").output.splitlines()
    return {row: "" for row in rows if "cocoai" in row}


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return a line for each key that came, went or changed."""
    lines = [f"+ {key}  {after[key]}" for key in sorted(after.keys() - before.keys())]
    lines += [f"- {key}  {before[key]}" for key in sorted(before.keys() - after.keys())]
    changed = sorted(key for key in before.keys() & after.keys() if before[key] != after[key])
    return lines + [f"~ {key}  {before[key]}  =>  {after[key]}" for key in changed]
