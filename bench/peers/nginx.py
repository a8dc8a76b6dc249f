"""nginx in front of each subject: the files in etc/nginx, with another way to the backend; and nginx alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import API_KEY
from cocoai.rehearsal.slack.practice_slack import SIGNING_SECRET, TOKEN
from cocoai.rehearsal.slack.workspace import Installation
from cocoai.up import etc
from cocoai.up.machine import SBIN, find_nginx
from cocoai.up.session import Session

SERVED = Path(__file__).parent / "served"
"""The folder with the peers' own programs."""

MAX_REQUESTS = 5000
"""Requests after which each backend replaces a worker: CocoAI's default."""


@dataclass
class Place:
    """Where a subject runs, and its settings. `urls` are those of Slack's Web API and of OpenAI's.

    `workers` 0 are as many as CocoAI has by its default settings.
    """

    folder: Path
    listen: str
    certificates: Certificates
    workers: int
    answers: bool
    pm: str
    environ: Mapping[str, str]
    urls: tuple[str, str] = ("", "")

    @property
    def run(self) -> Path:
        """Return the folder of sockets and settings files."""
        return self.folder / "run"

    @property
    def log(self) -> Path:
        """Return the folder of logs."""
        return self.folder / "log"

    @property
    def socket(self) -> str:
        """Return the path of the backend's socket, under the name that etc/nginx has for it."""
        return f"{self.run}/cocoai.sock"

    def environment(self) -> dict[str, str]:
        """Return the environment of the programs in served/: CocoAI's settings, under names of their own."""
        slack, openai = self.urls
        return {
            "VAR": str(self.folder),
            "ANSWERS": str(int(self.answers)),
            "SIGNING_SECRET": SIGNING_SECRET,
            "BOT_TOKEN": TOKEN,
            "BOT_USER": Installation.user_id,
            "API_KEY": API_KEY,
            "MODEL": "gpt-6-luna",
            "INSTRUCTIONS": str(resources.files("cocoai") / "instructions.txt"),
            "SLACK_URL": slack,
            "OPENAI_URL": openai,
            "CA_FILE": self.certificates.ca_file,
        }


@dataclass(frozen=True)
class Backend:
    """The server behind nginx: a command in the foreground (none if it is empty), and nginx's directive to reach it.

    `parameters` are further FastCGI parameters.
    """

    command: tuple[str, ...]
    environ: Mapping[str, str]
    reach: str
    parameters: str = ""


def backend(_: Place) -> Backend:
    """Return no server: what nginx itself takes for a request is the least that any subject can take."""
    return Backend((), {}, reach="return 200;")


def copy(place: Place, config: str) -> None:
    """Copy the files of etc/ for this place; `config` is the path of CocoAI's settings file."""
    for folder in (place.run, place.log):
        folder.mkdir(mode=0o700)
    names = etc.LocalNames(
        run=str(place.run),
        log=str(place.log),
        listen=place.listen,
        python=sys.executable,
        entry=etc.find_entry(),
        nginx=program(),
        config=config,
    )
    etc.copy(etc.find_etc(), names)


def start(place: Place, server: Backend) -> Session:
    """Start nginx as a system does, with its logs in files: what supervisord takes to write logs is not nginx's."""
    pool, last_parameter = f'fastcgi_pass "unix:{place.socket}";', "PATH_INFO $uri;"
    edit(place, "cocoai.locations", {pool: server.reach, last_parameter: last_parameter + server.parameters})
    edit(place, "cocoai-local.conf", {"access_log /dev/stdout": f'access_log "{place.log}/nginx.log"'})
    edit(place, "nginx-local.conf", {"error_log stderr": f'error_log "{place.log}/nginx-error.log"'})
    return Session([program(), "-p", str(place.run), "-c", f"{place.run}/etc/nginx/nginx-local.conf"], os.environ)


def edit(place: Place, name: str, replacements: Mapping[str, str]) -> None:
    """Replace texts in one of nginx's files.

    Raise ValueError if a text is not there: then etc/nginx has changed, and this module has to follow.
    """
    file = place.run / "etc" / "nginx" / name
    text = file.read_text()
    for old, new in replacements.items():
        if old not in text:
            raise ValueError(f"{name} has no {old}")
        text = text.replace(old, new)
    file.write_text(text)


def program() -> str:
    """Return nginx's path. Raise CocoAIError if it is not installed."""
    return find_nginx(f"{os.environ.get('PATH', os.defpath)}:{SBIN}")
