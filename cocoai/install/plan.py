"""All steps of an installation, in the order in which each of them has what it needs."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cocoai.install import releases, services, settings, site
from cocoai.install.choices import Choices
from cocoai.install.instance import Instance
from cocoai.install.proof import Proof
from cocoai.install.releases import Releases, Source
from cocoai.install.steps import Command, Folder, Owner, Removal, Step, Task, WholeFile, has_group, has_user
from cocoai.install.system import ENOUGH_MEMORY, System, dpkg_is_whole, has, memory_and_swap

SWAP = "/swapfile"
_FSTAB = "/etc/fstab"


@dataclass(frozen=True)
class Plan:
    """An installation of `source` as `instance`, by these `choices`, on a machine of this `system`.

    `secrets` are those to be written into new settings; None if there are settings already.
    """

    instance: Instance
    choices: Choices
    source: Source
    system: System
    secrets: Mapping[str, str] | None

    def tasks(self) -> Iterator[Task]:
        """Yield all tasks. Each is made when the ones before it are done, since it looks at what is there."""
        instance, choices = self.instance, self.choices
        yield swap()
        yield self._packages()
        yield self._user_and_folders()
        slot, steps = releases.build(instance, self.source)
        yield Task("the program", steps)
        if self.secrets is not None:
            yield Task("the settings", [settings.file(instance, self.secrets)])
        yield Task("a look at the settings", [checked(instance, slot)])
        yield site.room()
        yield site.port_80_files(instance, choices)
        yield site.certificate(instance, choices)
        yield services.units(instance, choices, self.system)
        yield self._switch(slot)
        yield services.start(instance, choices, self.system)
        yield site.port_443_files(instance, choices)
        yield Task("the proof: a question as Slack asks it, at the public address", [Proof(instance, choices)])

    def _packages(self) -> Task:
        wanted = ["nginx", "openssl", "logrotate", *(["certbot"] if self.choices.is_by_certbot else [])]
        packages = self.system.packages([command for command in wanted if not has(command)])
        steps: list[Step] = []
        if self.system.is_debian:
            steps += _mended_dpkg(self.system)
        if packages and self.system.is_debian:
            steps.append(Command(["apt-get", "update", "-q"]))
        if packages:
            steps.append(Command([*self.system.install, *packages]))
        return Task("packages", steps)

    def _user_and_folders(self) -> Task:
        instance = self.instance
        group = ["groupadd", "--system", instance.id]
        user = ["useradd", "--system", "--gid", instance.id, "--home-dir", instance.var, "--no-create-home"]
        user += ["--shell", "/usr/sbin/nologin", instance.id]
        return Task(
            "the user and the folders",
            [
                Command(group, lambda: has_group(instance.id)),
                Command(user, lambda: has_user(instance.id)),
                Folder(instance.folder, Owner(0o750, group=instance.id)),
                Folder(instance.var, Owner(0o700, instance.id, instance.id)),
                Folder(instance.backups, Owner(0o700, instance.id, instance.id)),
                # Root's supervisord writes there: to no link that a pool which was broken into could have laid.
                Folder(instance.log, Owner(0o750, group="adm")),
                WholeFile(instance.tmpfiles, f"d {instance.run} 0755 root root -\n"),
                Command(["systemd-tmpfiles", "--create", instance.tmpfiles], lambda: os.path.isdir(instance.run)),
                self.choices.file(instance),
            ],
        )

    def _switch(self, slot: str) -> Task:
        instance = self.instance
        turn = Releases(instance).turn(slot)
        command = WholeFile(instance.command, command_text(instance), Owner(0o755))
        # A way back that was begun and not ended is over now.
        noted: list[Step] = [Releases(instance).used(slot), Removal(instance.going_back)]
        return Task("from now on this version", [turn, *noted, command])


def command_text(instance: Instance) -> str:
    """Return the script by which people type the command: it means this instance, wherever it is typed."""
    return f"""\
#!/bin/sh
export COCOAI_CONFIG="${{COCOAI_CONFIG:-{instance.settings}}}"
exec {instance.current}/bin/cocoai "$@"
"""


_CUT_OFF = "$(dpkg-query -W -f '${db:Status-Eflag} ${binary:Package}\\n' | sed -n 's/^reinstreq //p')"
"""In sh, the packages that were cut off while dpkg unpacked them: they can only be unpacked again."""


def _mended_dpkg(system: System) -> list[Step]:
    """Return the steps by which dpkg ends what it has begun, after a kill or a power cut.

    Until then its commands may be there and not work yet, and apt-get refuses to go on.
    """
    install = shlex.join(system.install)
    lines = (
        "DEBIAN_FRONTEND=noninteractive dpkg --force-confold --configure -a || :",  # what fails there, apt tells
        f'packages="{_CUT_OFF}"; [ -z "$packages" ] || {install} --reinstall $packages',
        f"{install} --fix-broken",
    )
    return [Command(["sh", "-c", line], dpkg_is_whole) for line in lines]


def swap() -> Task:
    """Return the steps that make swap, where memory is so short that a package manager would be killed.

    By dd, since a file with holes cannot be swap on every file system (mkswap(8)).
    """
    steps: list[Step] = []
    if sum(memory_and_swap()) < ENOUGH_MEMORY:
        new = f"{SWAP}.cocoai-new"
        is_made = lambda: os.path.exists(SWAP)  # noqa: E731 (three steps ask the same)
        steps = [
            Command(["dd", "if=/dev/zero", f"of={new}", "bs=1M", "count=1024"], is_made),
            Command(["chmod", "600", new], is_made),
            Command(["mkswap", new], is_made),
            Command(["mv", new, SWAP], is_made),
            # Before it is switched on, from when on this task has nothing to do. With a newline before: the last line
            # may lack its own.
            Command(["sh", "-c", f"printf '\\n{SWAP} swap swap defaults 0 0\\n' >>{_FSTAB}"], _is_in_fstab),
            Command(["swapon", SWAP], _is_on),
        ]
    return Task("swap", steps)


def checked(instance: Instance, slot: str) -> Command:
    """Return the step that lets a version look at the settings, as the pool's user, before anything runs by it."""
    look = [f"{slot}/bin/python", f"{slot}/bin/cocoai.fcgi", "--config", instance.settings, "--check"]
    return Command(
        ["runuser", "-u", instance.id, "--", *look],
        advice=f"Mend {instance.settings}, then type the same again.",
    )


def _is_in_fstab() -> bool:
    return _names_swap(_FSTAB)


def _is_on() -> bool:
    return _names_swap("/proc/swaps")


def _names_swap(path: str) -> bool:
    with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8", errors="replace") as file:
        return any(line.split()[:1] == [SWAP] for line in file)
    return False
