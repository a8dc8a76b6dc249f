"""The disk of a chaos run: `var` is a small file system of its own, in a mount namespace of its own, if it may be."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OWN_MOUNTS = "CHAOS_OWN_MOUNTS"
"""Set in the environment once the run is in a mount namespace of its own: its mounts end with it, however it ends."""


def enter_own_mounts() -> None:
    """As root, start this program anew in a mount namespace of its own, if the system allows one."""
    if os.geteuid() != 0 or OWN_MOUNTS in os.environ or not shutil.which("unshare"):
        return
    unshare = ["unshare", "--mount", "--"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0:
        os.environ[OWN_MOUNTS] = "yes"
        os.execvp(unshare[0], [*unshare, sys.executable, "-m", "bench.chaos", *sys.argv[1:]])


@contextlib.contextmanager
def disk(folder: Path, seconds: float) -> Iterator[Path]:
    """Make `var`, on a small disk of its own if the run may mount one, and yield it."""
    var, log = folder / "var", folder / "log"
    var.mkdir(mode=0o700)
    log.mkdir(mode=0o700)
    # A question takes a block or two for as long as its file stays in done/.
    size = int(48 + seconds * 6 * 12 / 1024)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=0700", "chaos", str(var)]
    mounted = OWN_MOUNTS in os.environ and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    (var / "log").symlink_to(log)  # the logs lie on another disk, so that a full one loses no evidence
    try:
        yield var
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(var)], check=False)
