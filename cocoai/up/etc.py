"""Find the files in etc/ and the entry script, and copy them for this machine.

`cocoai up` runs the production files. In a copy only production's names (paths, port, user) are replaced, and one
duration (startsecs). The meaning of the files is not known here.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import metadata

from cocoai.errors import CocoAIError

ENTRY = "cocoai.fcgi"
"""The script that supervisord starts."""

COPIED = (
    "nginx/cocoai.locations",
    "nginx/cocoai-local.conf",
    "nginx/nginx-local.conf",
    "supervisor/cocoai.conf",
    "supervisor/supervisord-local.conf",
)

UNSAFE = re.compile(r"[\x00-\x1f\"'\\;%$#{}\[\]*?]")
"""Characters that nginx or supervisor would misread in a path. A space is harmless: the files quote every path."""


def find_etc() -> str:
    """Return the path of the folder etc/, in a checkout or where pip installed it.

    Raise CocoAIError if it is missing.
    """
    return os.path.dirname(os.path.dirname(find("etc/nginx/cocoai.locations")))


REACTIONS = "reactions:read"
"""The scope without which Slack sends no reactions, and takes no manifest that wants them."""
COMMANDS = "commands"
"""The scope without which nobody is offered shortcuts or the slash command."""
PINS = "pins:read"
"""The scope without which nothing that is pinned to a channel is a document."""
DOCUMENTS = (PINS, "channels:read", "groups:read")
"""The scopes that are needed where the files and canvases of channels are documents, and for nothing else."""

_EVENTS = {
    REACTIONS: ("reaction_added",),
    PINS: ("pin_added", "pin_removed", "file_change", "file_deleted", "file_unshared"),
}
"""By scope, the events that are asked for with it alone."""


def manifest(url: str, *, unused: Collection[str] = DOCUMENTS) -> str:
    """Return the Slack app manifest (JSON) with `url` as CocoAI's address, without the scopes that are `unused`.

    Without a scope the manifest names no event, shortcut or command that needs it. Raise CocoAIError if `url` is not
    https://HOST, or if the manifest's file is missing.
    """
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d+)?/?", url):
        raise CocoAIError(f"--url {url}: expected https://HOST, since Slack sends its events over https only")
    text = read("etc/slack/manifest.json").replace("https://cocoai.example.com", url.rstrip("/"))
    made = json.loads(text)
    scopes = made["oauth_config"]["scopes"]["bot"]
    made["oauth_config"]["scopes"]["bot"] = [scope for scope in scopes if scope not in unused]
    unasked = {event for scope, events in _EVENTS.items() if scope in unused for event in events}
    subscriptions = made["settings"]["event_subscriptions"]
    subscriptions["bot_events"] = [event for event in subscriptions["bot_events"] if event not in unasked]
    if COMMANDS in unused:
        del made["features"]["shortcuts"], made["features"]["slash_commands"]
    return json.dumps(made, ensure_ascii=False, indent=2) + "\n"


def find_entry() -> str:
    """Return the path of the script ENTRY, in a checkout or where pip installed it.

    Raise CocoAIError if it is missing.
    """
    return find(ENTRY)


def read(name: str) -> str:
    """Return the text of a file that comes with the package; `name` and errors are those of `find`."""
    with open(find(name), encoding="utf-8") as file:
        return file.read()


def find(name: str) -> str:
    """Return the path of a file that comes with the package, in a checkout or where pip installed it.

    `name` is relative to the checkout. Raise CocoAIError if the file is in neither place.
    """
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
class LocalNames:
    """This machine's names in place of production's.

    All are absolute paths but `listen` (HOST:PORT). `config` is the settings file, or "" without one.
    """

    run: str
    log: str
    listen: str
    python: str
    entry: str
    nginx: str
    config: str = ""

    def replacements(self) -> Mapping[str, str]:
        """Return this machine's name for each of production's that stands in etc/; "" where it must be left out."""
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
            # Everything runs as one user here, so that none is named; but nginx started by root would use `nobody`.
            "user cocoai nginx;": _nginx_user(),
            "user=cocoai": "",
            "socket_owner=cocoai:nginx": "",
            # Nobody's CPU is rationed here: a pool that is killed twice in half a minute starts again at once.
            "startsecs=30": "startsecs=2",
        }


def _nginx_user() -> str:
    """Return nginx's line `user` with root's name if we are root, else "": then nginx keeps our user."""
    return f"user {pwd.getpwuid(0).pw_name} {grp.getgrgid(0).gr_name};" if os.geteuid() == 0 else ""


def copy(etc: str, names: LocalNames) -> None:
    """Copy the files COPIED from the folder `etc` to `names.run`/etc, with this machine's names in them.

    Raise CocoAIError if nginx or supervisor would misread a path, and OSError if a file cannot be written.
    """
    for path in (names.run, names.log, names.python, names.entry, names.nginx, names.config):
        unsafe = UNSAFE.search(path)
        if unsafe:
            raise CocoAIError(f"{path}: nginx or supervisor would misread {unsafe[0]!r}; choose another folder")
    for name in COPIED:
        target = os.path.join(names.run, "etc", name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with (
            open(os.path.join(etc, name), encoding="utf-8") as production,
            open(target, "w", encoding="utf-8") as local,
        ):
            local.write(replaced(production.read(), names.replacements()))


def replaced(text: str, replacements: Mapping[str, str]) -> str:
    """Return `text` with every key of `replacements` replaced, in one pass: a replacement is never replaced again."""
    names = sorted(replacements, key=len, reverse=True)  # the longer one first: a name may be a part of another
    pieces = re.split(f"({'|'.join(map(re.escape, names))})", text)
    return "".join(replacements.get(piece, piece) for piece in pieces)
