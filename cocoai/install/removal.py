"""Take an installation away: all but what it has kept, or that too.

Kept are the settings and choices, what lies in its `var`, the nightly copies, the logs, its user, and the certificate.
"""

from __future__ import annotations

import glob
import os
import pwd
import time
from collections.abc import Iterator
from dataclasses import dataclass

from cocoai.install import nginx_main, site
from cocoai.install.choices import Choices
from cocoai.install.instance import Instance
from cocoai.install.steps import Command, Removal, Step, Task, has_group, has_user, succeeds

LONGEST_ANSWER = 200.0
"""Seconds that an answer in the making may still take, by the default settings, until its process ends by itself."""


def tasks(instance: Instance, choices: Choices | None, *, purge: bool) -> Iterator[Task]:
    """Yield the tasks that take `instance` away, with what it has kept if `purge`.

    `choices` are those by which it was installed, None if they are not known.
    """
    yield Task("the services", [*_stopped(instance), *_removed_units(instance)])
    yield Task("nginx", list(_nginx(instance)))
    yield Task("the program", [Removal(path) for path in (instance.command, instance.current, *instance.slots)])
    yield Task("the folder of the sockets", [Removal(instance.tmpfiles), Removal(instance.run)])
    if purge:
        yield Task("answers in the making", [Ended(instance.id)])
        # The folder of the settings goes last of all: in it lie the choices, which tell the certificate's name.
        yield Task("the certificate", _certificate(choices))
        yield Task("what was kept", [Removal(path) for path in _kept(instance)])
        yield Task("the user", [Command(["userdel", instance.id], lambda: not has_user(instance.id))])
        group = Command(["groupdel", instance.id], lambda: not has_group(instance.id))
        yield Task("its group, and the settings", [group, Removal(instance.folder)])


def _kept(instance: Instance) -> list[str]:
    rotated = f"/var/log/nginx/{instance.id}.log"
    # systemd's note of when the timer has last run.
    stamp = f"/var/lib/systemd/timers/stamp-{instance.backup_timer}"
    return [instance.var, instance.backups, instance.log, rotated, *sorted(glob.glob(f"{rotated}.*")), stamp]


def _stopped(instance: Instance) -> Iterator[Step]:
    for unit in (instance.backup_timer, instance.socket, instance.service):
        if os.path.exists(instance.unit(unit)) or succeeds("systemctl", "is-active", "-q", unit):
            yield Command(["systemctl", "disable", "--now", unit])


def _removed_units(instance: Instance) -> Iterator[Step]:
    for unit in (instance.service, instance.socket, instance.backup_service, instance.backup_timer):
        yield Removal(instance.unit(unit))
    yield Command(["systemctl", "daemon-reload"])


def _nginx(instance: Instance) -> Iterator[Step]:
    """Yield the steps that take our files from nginx; the common ones stay while another installation needs them."""
    for path in (instance.site("https"), instance.site("http"), instance.locations):
        yield Removal(path)
    if not _others(instance):
        yield from map(Removal, (site.COMMON, site.DROP_IN, site.HOOK))
        yield site.webroot_removed()
        folder = os.path.dirname(site.DROP_IN)
        yield Command(["rmdir", "--ignore-fail-on-non-empty", folder], lambda: not os.path.isdir(folder))
        yield from nginx_main.undone()
        yield Command(["systemctl", "daemon-reload"])
    yield Command(
        ["systemctl", "reload-or-restart", "nginx"], lambda: not succeeds("systemctl", "is-active", "-q", "nginx")
    )


def _others(instance: Instance) -> bool:
    """Check whether another installation has files in nginx."""
    folder = os.path.dirname(site.COMMON)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return any(
        name.startswith("cocoai") and name.endswith("_http.conf")
        for name in names
        if name != f"{instance.id}_http.conf"
    )


def _certificate(choices: Choices | None) -> list[Step]:
    if choices is None or not choices.is_by_certbot:
        return []
    live = f"/etc/letsencrypt/live/{choices.domain}"
    words = ["certbot", "delete", "--non-interactive", "--cert-name", choices.domain]
    return [Command(words, lambda: not os.path.exists(live))]


@dataclass(frozen=True)
class Ended:
    """A step that waits until the last process of a user has ended: answers in the making are not cut off."""

    user: str

    def is_done(self) -> bool:
        """Check whether the user has no process."""
        return not has_user(self.user) or not _pids(pwd.getpwnam(self.user).pw_uid)

    def do(self) -> None:
        """Wait for it, LONGEST_ANSWER seconds at most."""
        deadline = time.monotonic() + LONGEST_ANSWER
        while not self.is_done() and time.monotonic() < deadline:
            time.sleep(0.5)

    def typed(self) -> Iterator[str]:
        """Yield a command that waits as long."""
        yield f"while pgrep -u {self.user} >/dev/null; do sleep 1; done"


def _pids(uid: int) -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and _uid(name) == uid]


def _uid(pid: str) -> int:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return -1
