"""What differs between the systems that CocoAI is installed on, and what this machine has."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from cocoai.errors import CocoAIError

SBIN = "/usr/local/sbin:/usr/sbin:/sbin"

ENOUGH_MEMORY = 900_000
"""KiB of memory and swap from which package managers are not killed: on 512 MB without swap, dnf is."""


@dataclass(frozen=True)
class System:
    """A family of systems: its package manager's `install` command, and the group in which its nginx runs."""

    name: str
    install: tuple[str, ...]
    nginx_group: str
    is_debian: bool

    def packages(self, commands: Sequence[str]) -> list[str]:
        """Return the packages that hold these commands, and those by which this Python can make an environment."""
        packages = list(commands)
        if not _can_make_environments():
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            base = os.path.basename(os.path.realpath(_base_python()))
            own = "python3" if base == f"python{version}" and _is_systems_own(version) else f"python{version}"
            packages.append(f"{own}-venv" if self.is_debian else own)
        return packages


DEBIAN = System(
    "Debian",
    # On a new machine the system's own upgrades hold dpkg's lock for minutes.
    (
        *("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-q", "--no-install-recommends"),
        *("-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold"),
    ),
    "www-data",
    is_debian=True,
)
AMAZON = System("Amazon Linux", ("dnf", "install", "-y", "-q"), "nginx", is_debian=False)


def this_system(release: str = "/etc/os-release") -> System:
    """Return the family of this machine's system, by its os-release file. Raise CocoAIError if it is none of ours."""
    try:
        with open(release, encoding="utf-8") as file:
            values = dict(line.split("=", 1) for line in shlex.split(file.read(), comments=True) if "=" in line)
    except (OSError, ValueError) as error:
        raise CocoAIError(f"cannot tell which system this is: {error}") from None
    families = {values.get("ID", ""), *values.get("ID_LIKE", "").split()}
    if "debian" in families:
        return DEBIAN
    if values.get("ID") == "amzn" and values.get("VERSION_ID") == "2023":
        return AMAZON
    raise CocoAIError(
        f"{values.get('PRETTY_NAME', 'this system')}: expected Debian 12 or 13, Ubuntu 24.04, or Amazon Linux"
        " 2023. Elsewhere, `--dry-run` on one of those prints the steps to go by hand."
    )


def has(command: str) -> bool:
    """Check whether this machine has a command."""
    return shutil.which(command, path=f"{os.environ.get('PATH', os.defpath)}:{SBIN}") is not None


def dpkg_is_whole(updates: str = "/var/lib/dpkg/updates") -> bool:
    """Check whether dpkg has ended all that it has begun; if not, as after a kill, apt-get refuses to do anything."""
    words = ["dpkg-query", "-W", "-f", "${db:Status-Status}\n"]
    try:
        found = subprocess.run(words, check=True, capture_output=True, encoding="ascii").stdout.split()  # noqa: S603
        journal = [name for name in os.listdir(updates) if name.isdigit()]
    except (OSError, subprocess.CalledProcessError):
        return False
    return not journal and set(found) <= {"installed", "config-files", "not-installed"}


def has_systemd() -> bool:
    """Check whether systemd runs this machine."""
    return os.path.isdir("/run/systemd/system")


def memory_and_swap(meminfo: str = "/proc/meminfo") -> tuple[int, int]:
    """Return this machine's memory and swap in KiB."""
    with open(meminfo, encoding="ascii") as file:
        values = dict(line.split(":", 1) for line in file)
    return tuple(int(values[name].split()[0]) for name in ("MemTotal", "SwapTotal"))  # type: ignore[return-value]


def base_python() -> str:
    """Return the path of the Python that runs us, not of a virtual environment's."""
    return os.path.realpath(_base_python())


def require_usable(python: str) -> None:
    """Raise CocoAIError if only its owner may run a Python, as one below somebody's home: the pool is not theirs."""
    path = python
    while path != "/":
        if not os.stat(path).st_mode & stat.S_IXOTH:
            raise CocoAIError(f"{python}: other users may not enter {path}. Use the system's Python, /usr/bin/python3")
        path = os.path.dirname(path)


def _base_python() -> str:
    return str(getattr(sys, "_base_executable", "") or sys.executable)


def _can_make_environments() -> bool:
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def _is_systems_own(version: str) -> bool:
    """Check whether `python3` is this version."""
    python3 = shutil.which("python3")
    return python3 is not None and os.path.realpath(python3).endswith(f"python{version}")
