"""The files in etc/ and the entry script: where they lie, and their copies for this machine.

`cocoai up` runs the production files. A copy differs only where production's names (paths, port, user) stand:
those are replaced, and nothing else is. It does not know what the files say.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

from cocoai.errors import CocoAIError

ENTRY = "cocoai.fcgi"

COPIED = (
    "nginx/cocoai.locations",
    "nginx/cocoai-local.conf",
    "nginx/nginx-local.conf",
    "supervisor/cocoai.conf",
    "supervisor/supervisord-local.conf",
)

UNSAFE = re.compile(r"[\x00-\x1f\"'\\;%$#{}\[\]*?]")
"""What nginx or supervisor would read as something else in the middle of a path; a space is harmless, being quoted."""


def find_etc() -> str:
    """The folder etc/, in a checkout or as `pip install` laid it down. Raises CocoAIError."""
    return os.path.dirname(os.path.dirname(_find("etc/nginx/cocoai.locations")))


def manifest(url: str) -> str:
    """The Slack app manifest (JSON) for a CocoAI that Slack finds at `url`. Raises CocoAIError."""
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d+)?/?", url):
        raise CocoAIError(f"--url {url}: expected https://HOST, since Slack sends its events over https only")
    with open(_find("etc/slack/manifest.json"), encoding="utf-8") as production:
        return production.read().replace("https://cocoai.example.com", url.rstrip("/"))


def find_entry() -> str:
    """The script that supervisord starts, in a checkout or as installed. Raises CocoAIError."""
    return _find(ENTRY)


def _find(name: str) -> str:
    checkout = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), name)
    if os.path.exists(checkout):
        return checkout
    try:
        installed = metadata.files("cocoai") or ()
    except metadata.PackageNotFoundError:
        installed = ()
    for file in installed:
        path = os.path.abspath(str(file.locate()))
        if path.endswith(f"/{name}") and os.path.exists(path):
            return path
    raise CocoAIError(f"{name} was not found: install CocoAI again, with pip or from a checkout")


@dataclass(frozen=True)
class Names:
    """What takes the place of production's names. All paths are absolute; `config` is empty without a file."""

    run: str
    log: str
    listen: str
    python: str
    entry: str
    nginx: str
    config: str = ""

    def replacements(self) -> Mapping[str, str]:
        """What stands in the files in etc/, and what stands there for this machine."""
        copies = os.path.join(self.run, "etc")
        return {
            "/run/cocoai": self.run,
            "/var/log/cocoai": self.log,
            "127.0.0.1:8080": self.listen,
            "/opt/cocoai/bin/python": self.python,
            f"/opt/cocoai/bin/{ENTRY}": self.entry,
            "/usr/sbin/nginx": self.nginx,
            "/etc/nginx/nginx.conf": f"{copies}/nginx/nginx-local.conf",
            "/etc/nginx/conf.d/cocoai-local.conf": f"{copies}/nginx/cocoai-local.conf",
            "/etc/nginx/cocoai.locations": f"{copies}/nginx/cocoai.locations",
            ' --config "/etc/cocoai/cocoai.ini"': f' --config "{self.config}"' if self.config else "",
            # Everything runs as one user here, who needs no naming; but nginx's root would take `nobody`.
            "user cocoai nginx;": _nginx_user(),
            "user=cocoai": "",
            "socket_owner=cocoai:nginx": "",
        }


def _nginx_user() -> str:
    return f"user {pwd.getpwuid(0).pw_name} {grp.getgrgid(0).gr_name};" if os.geteuid() == 0 else ""


def copy(etc: str, names: Names) -> None:
    """Write the copies to `names.run`/etc. Raises CocoAIError for a path that cannot stand in them, and OSError."""
    for path in (names.run, names.log, names.python, names.entry, names.nginx, names.config):
        unsafe = UNSAFE.search(path)
        if unsafe:
            raise CocoAIError(f"{path}: nginx or supervisor would misread {unsafe[0]!r}; choose another folder")
    for name in COPIED:
        target = os.path.join(names.run, "etc", name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(os.path.join(etc, name), encoding="utf-8") as production, open(target, "w", encoding="utf-8") as ours:
            ours.write(replaced(production.read(), names.replacements()))


def replaced(text: str, replacements: Mapping[str, str]) -> str:
    """Replace all at once, the longer name first: what was put in is never replaced again."""
    names = sorted(replacements, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, names)), lambda found: replacements[found[0]], text)
