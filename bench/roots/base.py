"""Make the bare Debian trees that roots are copies of, by debootstrap, each once."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bench.roots.machine_settings import debian_mirror

RELEASES = {"12": "bookworm", "13": "trixie"}
"""Debian's codename of each version."""

PACKAGES = (
    "ca-certificates",
    "curl",
    "dbus",
    "iproute2",
    "logrotate",
    "procps",
    "sudo",
    "systemd",
    "systemd-sysv",
)
"""What a cloud image of Debian has beyond debootstrap's minbase, and an installer may rely on."""

SCRIPTS = Path("/usr/share/debootstrap/scripts")


def make(release: str, folder: Path) -> Path:
    """Return the folder of the bare tree of a release ("12" or "13"), below `folder`; make it if it is not there yet.

    That takes minutes and the network, and leaves 300 MB. Raise `subprocess.CalledProcessError` if debootstrap fails.
    """
    codename = RELEASES[release]
    base, packages = folder / f"base-{codename}", folder / f"base-{codename}.packages"
    if packages.exists() and packages.read_text().split() == list(PACKAGES):
        return base
    folder.mkdir(parents=True, exist_ok=True)
    packages.unlink(missing_ok=True)
    shutil.rmtree(base, ignore_errors=True)
    # In a mount namespace of its own, so that a debootstrap that was killed leaves no /proc mounted in the tree.
    command = ["unshare", "--mount", "debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    command += [codename, str(base), debian_mirror()]
    if not (SCRIPTS / codename).exists():  # a debootstrap that is older than the release: sid's script serves it
        command.append(str(SCRIPTS / "sid"))
    with open(folder / f"base-{codename}.log", "w", encoding="utf-8") as log:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
    subprocess.run(["chroot", str(base), "apt-get", "clean"], check=True)
    packages.write_text("\n".join(PACKAGES))  # last: from now on the tree counts as made
    return base
