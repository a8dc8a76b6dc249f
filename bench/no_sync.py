"""NoSync: file operations that do not wait for the disk, for runs in which no power is cut."""

from __future__ import annotations

from cocoai.spool.disk import Disk


class NoSync(Disk):
    """File operations without fsync, to fill a spool quickly."""

    def fsync(self, fd: int) -> None:
        """Do without the fsync."""
        del fd

    def fsync_folder(self, path: str) -> None:
        """Do without the fsync."""
        del path
