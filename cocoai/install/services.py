"""The units, and how a running pool takes over what was installed.

The pool is run by a supervisord of its own, which a unit starts, or by systemd alone, with a unit for its socket.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cocoai.install.choices import Choices
from cocoai.install.instance import Instance
from cocoai.install.steps import Command, Removal, Step, Task, WholeFile, run, succeeds
from cocoai.install.system import System
from cocoai.up import etc

_ID = re.compile(r"(?<!bin/)\bcocoai\b(?!\.(?:fcgi|ini|sock|log|locations)\b)")
"""Where the files in etc/ name the installation, and not a program, a file of every installation, or nginx's."""

_NGINX_GROUP = re.compile(r"(socket_owner=\w+:|SocketGroup=)\w+")


def units(instance: Instance, choices: Choices, system: System) -> Task:
    """Return the steps that write the units of the chosen shape, and let systemd read them."""
    files = _files(instance, choices, system)
    steps: list[Step] = [*files]
    if choices.shape == "supervisor":
        socket = instance.unit(instance.socket)
        # The socket of a shape before this one would take the events.
        disable = Command(["systemctl", "disable", "--now", instance.socket], lambda: not os.path.exists(socket))
        steps += [disable, Removal(socket)]
    else:
        steps += map(Removal, _supervisord_files(instance))
    return Task(f"the services, by {choices.shape}", [*steps, Command(["systemctl", "daemon-reload"])])


def _files(instance: Instance, choices: Choices, system: System) -> list[WholeFile]:
    """Return the files of the chosen shape, and those of the nightly copy."""
    return [*_shape_files(instance, choices, system), *_backup_files(instance, system)]


def _backup_files(instance: Instance, system: System) -> list[WholeFile]:
    return [
        WholeFile(instance.unit(instance.backup_service), _rendered("systemd/cocoai-backup.service", instance, system)),
        WholeFile(instance.unit(instance.backup_timer), _rendered("systemd/cocoai-backup.timer", instance, system)),
    ]


def _shape_files(instance: Instance, choices: Choices, system: System) -> list[WholeFile]:
    if choices.shape == "systemd":
        return [
            WholeFile(instance.unit(instance.socket), _rendered("systemd/cocoai.socket", instance, system)),
            WholeFile(instance.unit(instance.service), _rendered("systemd/cocoai.service", instance, system)),
        ]
    program, supervisord = _supervisord_files(instance)
    return [
        WholeFile(program, _rendered("supervisor/cocoai.conf", instance, system)),
        WholeFile(supervisord, _rendered("supervisor/supervisord.conf", instance, system)),
        WholeFile(instance.unit(instance.service), _rendered("supervisor/cocoai.service", instance, system)),
    ]


def _supervisord_files(instance: Instance) -> tuple[str, str]:
    """Return the paths of the file of supervisord's program, and of its own."""
    return f"{instance.folder}/program.conf", f"{instance.folder}/supervisord.conf"


def _rendered(name: str, instance: Instance, system: System) -> str:
    """Return the text of a file in etc/ for this instance and this system's nginx."""
    text = _NGINX_GROUP.sub(rf"\g<1>{system.nginx_group}", etc.read(f"etc/{name}"))
    return _ID.sub(instance.id, text)


def start(instance: Instance, choices: Choices, system: System) -> Task:
    """Return the steps after which the pool runs what is installed, now and after a boot."""
    files = [file.path for file in _shape_files(instance, choices, system)]
    return Task(
        "start",
        [
            take_over(instance, choices, files),
            Command(["systemctl", "enable", "--now", instance.backup_timer], lambda: _is_on(instance.backup_timer)),
        ],
    )


def take_over(instance: Instance, choices: Choices, files: Sequence[str] = ()) -> TakeOver:
    """Return the step by which the pool runs what is installed; `files` are those that a restart alone takes over."""
    return TakeOver(instance.service, [instance.socket] if choices.shape == "systemd" else [], files)


@dataclass(frozen=True)
class TakeOver:
    """A step that starts the pool, or makes the running one take over what is installed.

    It is started anew only if one of `files`, by which it is run, is younger than it. `sockets` are the units that hold
    its socket.
    """

    service: str
    sockets: Sequence[str]
    files: Sequence[str]

    def is_done(self) -> bool:
        """Return False: a running pool may have another version, and to reload it costs no question."""
        return False

    def do(self) -> None:
        """Start, restart or reload it. Raise CocoAIError with systemd's words if that fails."""
        for words in self._commands():
            # A supervisord may run while the pool, its program, has been given up: then there is nobody to reload.
            if words[1] != "reload" or not succeeds(*words):
                run(words if words[1] != "reload" else self._restart)

    def typed(self) -> Iterator[str]:
        """Yield the commands that do it, as things stand now."""
        for words in self._commands():
            yield " ".join([*words, "||", *self._restart] if words[1] == "reload" else words)

    @property
    def _restart(self) -> list[str]:
        return ["systemctl", "restart", self.service]

    def _commands(self) -> Iterator[list[str]]:
        units = [*self.sockets, self.service]
        since = _active_since(self.service)
        if since is not None and not _any_younger(self.files, since):
            yield ["systemctl", "reload", self.service]
        elif since is not None and not _any_younger([f for f in self.files if f.endswith(".socket")], since):
            yield self._restart  # the socket stays: no event is refused
        elif since is not None:
            yield ["systemctl", "stop", self.service, *self.sockets]
        if not all(map(_is_on, units)):
            if since is None and succeeds("systemctl", "is-failed", "-q", self.service):
                yield ["systemctl", "reset-failed", self.service]  # after many starts in vain none more is allowed
            yield ["systemctl", "enable", "--now", *units]


def _is_on(unit: str) -> bool:
    return succeeds("systemctl", "is-enabled", "-q", unit) and succeeds("systemctl", "is-active", "-q", unit)


def _active_since(service: str) -> float | None:
    """Return the time, in epoch seconds, since which a service is active; None if it is not."""
    shown = ""
    with contextlib.suppress(Exception):
        shown = run(["systemctl", "show", service, "-p", "ActiveState", "-p", "ActiveEnterTimestampMonotonic"])
    values = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    if values.get("ActiveState") not in ("active", "reloading"):
        return None
    return time.time() - time.monotonic() + int(values["ActiveEnterTimestampMonotonic"]) / 1e6


def _any_younger(files: Sequence[str], since: float) -> bool:
    return any(os.path.exists(file) and os.path.getmtime(file) > since for file in files)
