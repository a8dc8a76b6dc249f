"""nginx before each subject: the files in etc/nginx with only the way to the backend exchanged; and nginx alone."""

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

MAX_REQUESTS = 5000
"""After which each backend replaces a worker: CocoAI's default."""


@dataclass
class Place:
    """Where a subject stands, and what it is told. `urls` are Slack's Web API's and OpenAI's."""

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
        return self.folder / "run"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def socket(self) -> str:
        """Where nginx finds the backend: the name that etc/nginx knows."""
        return f"{self.run}/cocoai.sock"

    def told(self) -> dict[str, str]:
        """What the programs in served/ find in their environment: CocoAI's settings, under their own names."""
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
    """What stands behind nginx: a command in the foreground (none, if empty), and what nginx says to reach it.

    `parameters` are further FastCGI parameters.
    """

    command: tuple[str, ...]
    environ: Mapping[str, str]
    reach: str
    parameters: str = ""


def backend(_: Place) -> Backend:
    """Nobody: what nginx itself takes for a request, which no subject can go below."""
    return Backend((), {}, reach="return 200;")


def copy(place: Place, config: str) -> None:
    """Copy the files in etc/ for this place; `config` is CocoAI's settings file."""
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


def start(place: Place, behind: Backend) -> Session:
    """Start nginx as a system does, with its log in a file: what supervisord takes to keep one is not nginx's."""
    pool = f'fastcgi_pass "unix:{place.socket}";'
    edit(place, "cocoai.locations", {pool: behind.reach, (own := 'SCRIPT_NAME "";'): own + behind.parameters})
    edit(place, "cocoai-local.conf", {"access_log /dev/stdout": f'access_log "{place.log}/nginx.log"'})
    edit(place, "nginx-local.conf", {"error_log stderr": f'error_log "{place.log}/nginx-error.log"'})
    return Session([program(), "-p", str(place.run), "-c", f"{place.run}/etc/nginx/nginx-local.conf"], os.environ)


def edit(place: Place, name: str, replacements: Mapping[str, str]) -> None:
    """Raises ValueError if what is to be replaced is not there: etc/nginx has changed, and this has not."""
    file = place.run / "etc" / "nginx" / name
    text = file.read_text()
    for old, new in replacements.items():
        if old not in text:
            raise ValueError(f"{name} has no {old}")
        text = text.replace(old, new)
    file.write_text(text)


def program() -> str:
    """nginx's path. Raises CocoAIError."""
    return find_nginx(f"{os.environ.get('PATH', os.defpath)}:{SBIN}")
