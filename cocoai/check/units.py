"""Look at systemd's units: does all come back after a kill and after a reboot? Only where CocoAI is installed.

`systemctl show` answers any user, and does nothing.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence

from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.target import Target
from cocoai.install.instance import Instance
from cocoai.install.site import HOOK
from cocoai.install.system import has_systemd

SECONDS = 5.0
SHOWN = ("Id", "LoadState", "UnitFileState", "ActiveState", "Restart")
CERTBOT_TIMERS = ("certbot.timer", "certbot-renew.timer", "snap.certbot.renew.timer")
ENABLED = frozenset({"enabled", "enabled-runtime", "static", "alias", "indirect"})
RUNNING = frozenset({"active", "reloading", "activating"})

Unit = Mapping[str, str]


def units(target: Target) -> Iterator[Result]:
    """Yield whether each unit is enabled, runs, and is started again; and whether boots make the folder in /run."""
    instance = target.instance
    if instance is None:
        return
    if not has_systemd():
        yield note("units", "no_systemd")
        return
    is_systemd = os.path.exists(instance.unit(instance.socket))
    services = [instance.service, "nginx.service"]
    names = [*services, *([instance.socket] if is_systemd else []), instance.backup_timer, *CERTBOT_TIMERS]
    shown = parsed(show(names))
    if not shown:
        yield note("units", "unseen")
        return
    for name in names[: -len(CERTBOT_TIMERS)]:
        yield from judged(name, shown.get(name, {}), needs_restart=name in services, install=target.install)
    yield from _tmpfiles(instance, target)
    if target.choices and target.choices.is_by_certbot:
        yield from _renewal(shown, target)


def show(names: Sequence[str]) -> str:
    """Return what `systemctl show` says of these units; "" if it cannot be asked."""
    words = ["systemctl", "show", "-p", ",".join(SHOWN), *names]
    try:
        return subprocess.run(  # noqa: S603 (no shell; the words are ours)
            words, check=False, capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def parsed(text: str) -> dict[str, Unit]:
    """Return the properties of each unit by its name, from `systemctl show`: blocks with a blank line between them."""
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in text.split("\n\n")]
    return {block["Id"]: block for block in blocks if "Id" in block}


def judged(name: str, unit: Unit, *, needs_restart: bool, install: str) -> Iterator[Result]:
    """Yield what is wrong with one unit, or that nothing is."""
    facts = {"unit": name, "install": install}
    if unit.get("LoadState") != "loaded":
        level = warning if name.endswith("-backup.timer") else wrong
        yield level("units", "missing", **facts)
        return
    faults = 0
    if unit.get("UnitFileState") not in ENABLED:
        faults += 1
        yield wrong("units", "disabled", **facts)
    if unit.get("ActiveState") not in RUNNING:
        faults += 1
        yield wrong("units", "inactive", **facts, state=unit.get("ActiveState", "?"))
    if needs_restart and unit.get("Restart", "no") == "no":
        faults += 1
        yield warning("units", "no_restart", **facts)
    if not faults:
        yield ok("units", **facts)


def _tmpfiles(instance: Instance, target: Target) -> Iterator[Result]:
    """Yield whether each boot makes the folder of the sockets, by a line of tmpfiles.d(5)."""
    try:
        with open(instance.tmpfiles, encoding="utf-8") as file:
            is_there = any(line.split()[1:2] == [instance.run] for line in file)
    except FileNotFoundError:
        is_there = False
    except OSError:
        yield note("units.tmpfiles", "unseen", file=instance.tmpfiles)
        return
    facts = {"file": instance.tmpfiles, "run": instance.run, "install": target.install}
    yield ok("units.tmpfiles", **facts) if is_there else wrong("units.tmpfiles", "missing", **facts)


def _renewal(shown: Mapping[str, Unit], target: Target) -> Iterator[Result]:
    """Yield whether certbot renews the certificate by a timer, and nginx then shows the new one."""
    there = {name: shown.get(name, {}) for name in CERTBOT_TIMERS}
    loaded = [name for name, unit in there.items() if unit.get("LoadState") == "loaded"]
    is_on = any(there[name].get("ActiveState") in RUNNING for name in loaded)
    facts = {"install": target.install, "timer": loaded[0] if loaded else CERTBOT_TIMERS[0]}
    yield ok("units.certbot", **facts) if is_on else wrong("units.certbot", "off", **facts)
    if os.access(HOOK, os.X_OK):
        yield ok("units.hook", file=HOOK)
    elif os.access(os.path.dirname(HOOK), os.X_OK) or os.geteuid() == 0:
        yield warning("units.hook", "missing", file=HOOK, install=target.install)
    else:
        yield note("units.hook", "unseen", file=HOOK)
