"""Target: what is checked. The settings, the installation to which they belong, the pool's user, the public address."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from cocoai import config
from cocoai.errors import CocoAIError
from cocoai.install.choices import Choices, kept
from cocoai.install.instance import Instance

SOCKET = "cocoai.sock"


@dataclass(frozen=True)
class User:
    """A user of this machine by number, main group and name; the name is "" if it has none."""

    uid: int
    gid: int
    name: str

    @property
    def shown(self) -> str:
        """Return the name, or the number if there is none."""
        return self.name or str(self.uid)


@dataclass(frozen=True)
class Target:
    """What is checked. `settings` None: they could not be read, for the reason in `trouble`, a sentence.

    `file` is the settings file, "" without one. `instance` is the installation that it belongs to, None if it belongs
    to none, and `choices` what its operator chose, None if unknown. `url` is the public address as https://HOST, "" if
    unknown. `owner` is the user as whom the pool runs. `clock` returns epoch seconds. All time limits of the network
    are multiplied by `patience`.
    """

    settings: config.Settings | None
    file: str = ""
    trouble: str = ""
    instance: Instance | None = None
    choices: Choices | None = None
    url: str = ""
    owner: User | None = None
    clock: Callable[[], float] = time.time
    patience: float = 1.0

    @property
    def is_hidden(self) -> bool:
        """Check whether this user may not read the settings: then little can be asked, and nothing is wrong."""
        return bool(self.trouble) and is_hidden(self.file)

    @property
    def var(self) -> str:
        """Return the folder of all that is kept; "" if it is not known."""
        if self.settings:
            return self.settings.paths.var
        return self.instance.var if self.instance else ""

    @property
    def shown_file(self) -> str:
        """Return the settings file as it is named to an operator."""
        return self.file or "cocoai.ini"

    @property
    def reload(self) -> str:
        """Return the command by which the pool takes over changed settings."""
        if self.instance:
            return f"sudo systemctl reload {self.instance.id}"
        return f"kill -HUP $(cat {os.path.join(self.var or 'var', 'run', 'master.lock')})"

    @property
    def start(self) -> str:
        """Return the command that starts the pool."""
        return f"sudo systemctl restart {self.instance.id}" if self.instance else "cocoai up"

    @property
    def install(self) -> str:
        """Return the command that repairs what the installer makes."""
        name = self.instance.id.removeprefix("cocoai").lstrip("_") if self.instance else ""
        return f"sudo cocoai install --name {name}" if name else "sudo cocoai install"

    @property
    def restore(self) -> str:
        """Return the commands that put back a copy, whose name FILE stands for; nothing runs meanwhile."""
        if self.instance is None:
            return f"ls -t {self.var}/backups; cocoai restore {self.var}/backups/FILE   (while the pool is stopped)"
        name, folder = self.instance.id, self.instance.backups
        restored = f"sudo systemctl stop {name}; sudo {name} restore {folder}/FILE; sudo systemctl start {name}"
        return f"sudo ls -t {folder}; {restored}"

    @property
    def socket(self) -> str:
        """Return the path of the pool's socket: the installation's, or that of `cocoai up`.

        Where the production files were installed by hand, it is that which stands in them.
        """
        if self.instance:
            return os.path.join(self.instance.run, SOCKET)
        by_hand = os.path.join(Instance().run, SOCKET)
        is_by_hand = self.file == config.SYSTEM_FILE and os.path.exists(by_hand)
        return by_hand if is_by_hand else os.path.join(self.var or "var", "run", SOCKET)


def find_target(settings: config.Settings | None, file: str, *, trouble: str = "", url: str = "") -> Target:
    """Return what is checked by these settings, read from `file`. `url` is the operator's; "": the installation's.

    Raise CocoAIError if `url` is no https://HOST.
    """
    instance = instance_of(file)
    choices = _choices(instance) if instance else None
    address = checked_url(url) if url else f"https://{choices.domain}" if choices else ""
    var = settings.paths.var if settings else instance.var if instance else ""
    return Target(settings, file, trouble, instance, choices, address, _owner(var, instance))


def is_hidden(file: str) -> bool:
    """Check whether this user may not read the file, or not look into its folder, and so does not know of it."""
    if os.geteuid() == 0 or not file:
        return False
    folder = os.path.dirname(file)
    is_closed = os.path.isdir(folder) and not os.access(folder, os.X_OK)
    return is_closed or (os.path.exists(file) and not os.access(file, os.R_OK))


def instance_of(file: str) -> Instance | None:
    """Return the installation whose settings file this is; None if it is none's."""
    instance = Instance(os.path.basename(os.path.dirname(file)))
    return instance if file and instance.settings == file and os.path.exists(instance.choices) else None


def checked_url(url: str) -> str:
    """Return https://HOST, or https://HOST:PORT, without a slash. Raise CocoAIError if `url` is anything else."""
    try:
        parts = urlsplit(url)
        is_right = parts.scheme == "https" and parts.hostname and parts.path in ("", "/") and parts.username is None
        if is_right and not (parts.query or parts.fragment) and (parts.port is None or parts.port > 0):
            return url.rstrip("/")
    except ValueError:
        pass
    raise CocoAIError("--url: expected https://HOST, the address under which Slack finds this machine")


def user_of(uid: int, gid: int) -> User:
    """Return the user with this number; `gid` is the main group of one without a name."""
    try:
        known = pwd.getpwuid(uid)
    except KeyError:
        return User(uid, gid, "")
    return User(uid, known.pw_gid, known.pw_name)


def _choices(instance: Instance) -> Choices | None:
    """Return what the operator chose; None if that cannot be read by this user, or at all."""
    try:
        return kept(instance)
    except CocoAIError:
        return None


def _owner(var: str, instance: Instance | None) -> User | None:
    """Return the user as whom the pool runs: the owner of `var`, else the installation's; None if unknown."""
    try:
        found = os.stat(var)
        return user_of(found.st_uid, found.st_gid)
    except OSError:
        pass
    try:
        known = pwd.getpwnam(instance.id) if instance else None
    except KeyError:
        return None
    return User(known.pw_uid, known.pw_gid, known.pw_name) if known else None
