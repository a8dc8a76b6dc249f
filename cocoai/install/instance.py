"""Instance: what one installation is called on its machine, and where its parts lie."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cocoai.errors import CocoAIError

_NAME = re.compile(r"[a-z][a-z0-9]{0,15}")


@dataclass(frozen=True)
class Instance:
    """One installation; `id` is in the names of all that belongs to it: `cocoai`, or `cocoai_qa` for a copy."""

    id: str = "cocoai"

    @property
    def is_copy(self) -> bool:
        """Check whether it stands beside the machine's first installation."""
        return self.id != "cocoai"

    @property
    def current(self) -> str:
        """Return the link to the virtual environment in use."""
        return f"/opt/{self.id}"

    @property
    def slots(self) -> tuple[str, str]:
        """Return the two virtual environments: one is in use, the other holds the version before, or the next one."""
        return f"/opt/{self.id}.a", f"/opt/{self.id}.b"

    @property
    def command(self) -> str:
        """Return the link by which people type the command."""
        return f"/usr/local/bin/{self.id}"

    @property
    def folder(self) -> str:
        """Return the folder of the settings."""
        return f"/etc/{self.id}"

    @property
    def settings(self) -> str:
        """Return the settings file."""
        return f"{self.folder}/cocoai.ini"

    @property
    def choices(self) -> str:
        """Return the file that keeps what the operator chose."""
        return f"{self.folder}/install.json"

    @property
    def going_back(self) -> str:
        """Return the file that is there while a way back to the version before is under way."""
        return f"{self.folder}/going-back"

    @property
    def var(self) -> str:
        """Return the folder of all that CocoAI keeps."""
        return f"/var/lib/{self.id}"

    @property
    def log(self) -> str:
        """Return the folder of the logs."""
        return f"/var/log/{self.id}"

    @property
    def run(self) -> str:
        """Return the folder of the sockets, which a boot empties."""
        return f"/run/{self.id}"

    @property
    def backups(self) -> str:
        """Return the folder of the nightly copies."""
        return f"/var/backups/{self.id}"

    @property
    def tmpfiles(self) -> str:
        """Return the file by which each boot makes `run`."""
        return f"/etc/tmpfiles.d/{self.id}.conf"

    @property
    def service(self) -> str:
        """Return the unit that is started, stopped and reloaded."""
        return f"{self.id}.service"

    @property
    def socket(self) -> str:
        """Return the unit that holds the socket, where systemd runs the pool itself."""
        return f"{self.id}.socket"

    @property
    def backup_service(self) -> str:
        """Return the unit that makes a nightly copy."""
        return f"{self.id}-backup.service"

    @property
    def backup_timer(self) -> str:
        """Return the unit that starts it each night."""
        return f"{self.id}-backup.timer"

    def unit(self, name: str) -> str:
        """Return the path of a unit of ours."""
        return f"/etc/systemd/system/{name}"

    def site(self, protocol: str) -> str:
        """Return the path of nginx's file for `http` or `https`. It is read after cocoai.conf, as "_" follows "."."""
        return f"/etc/nginx/conf.d/{self.id}_{protocol}.conf"

    @property
    def locations(self) -> str:
        """Return nginx's file that the https site includes."""
        return f"/etc/nginx/{self.id}.locations"


def instance(name: str) -> Instance:
    """Return the instance for `--name`, "" for the first of a machine. Raise CocoAIError if it cannot be one."""
    if not name:
        return Instance()
    if not _NAME.fullmatch(name):
        raise CocoAIError(f"--name {name}: expected a short name such as qa: lower-case letters and digits, 16 at most")
    return Instance(f"cocoai_{name}")
