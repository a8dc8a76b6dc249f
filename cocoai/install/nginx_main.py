"""What CocoAI changes of nginx's own: room for a burst in its main file, and Debian's first site out of the way."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cocoai.errors import CocoAIError
from cocoai.install.steps import Command, Removal, Step, beside_of, read_text, run

DEFAULT_SITE = "/etc/nginx/sites-enabled/default"
"""Debian's first site, a default server as ours: nginx refuses two of them."""

DEFAULT_SITE_BEFORE = "/etc/nginx/default.before-cocoai"

MAIN = "/etc/nginx/nginx.conf"
MAIN_BEFORE = f"{MAIN}.before-cocoai"


@dataclass(frozen=True)
class _Change:
    """A change of MAIN: as a command of sed(1), as a pattern with what replaces it, and whether a text has it."""

    sed: str
    pattern: str
    replacement: str
    is_made: Callable[[str], bool]


def _at_least(directive: str, number: int) -> Callable[[str], bool]:
    """Return a function that checks whether a text has no such directive, or one that allows as many."""

    def is_made(text: str) -> bool:
        found = re.search(rf"(?m)^[^#\n]*\b{directive}\s+(\d+);", text)
        return found is None or int(found[1]) >= number

    return is_made


_CHANGES = (
    # 200 questions in one instant are 400 requests, of two connections each.
    _Change(
        r"s/^\([^#]*\bworker_connections\s\+\)[0-9]\+;/\12048;/",
        r"(?m)^([^#\n]*\bworker_connections\s+)[0-9]+;",
        r"\g<1>2048;",
        _at_least("worker_connections", 2048),
    ),
    # One is enough, and each further one takes 3 MiB.
    _Change(
        r"s/^\(\s*worker_processes\s\+\)auto;/\11;/",
        r"(?m)^(\s*worker_processes\s+)auto;",
        r"\g<1>1;",
        lambda text: not re.search(r"(?m)^\s*worker_processes\s+auto;", text),
    ),
    _Change(
        r"s/^\(\s*worker_rlimit_nofile\s\+\)[0-9]\+;/\14096;/",
        r"(?m)^(\s*worker_rlimit_nofile\s+)[0-9]+;",
        r"\g<1>4096;",
        _at_least("worker_rlimit_nofile", 4096),
    ),
    _Change(
        "1i worker_rlimit_nofile 4096;",
        r"\A",
        "worker_rlimit_nofile 4096;\n",
        lambda text: re.search(r"(?m)^\s*worker_rlimit_nofile\s", text) is not None,
    ),
)


def changed(text: str) -> str:
    """Return the text of MAIN with all changes that it lacks."""
    for change in _CHANGES:
        if not change.is_made(text):
            text = re.sub(change.pattern, change.replacement, text)
    return text


def main_settings() -> list[Step]:
    """Return the steps that give nginx room for a burst, and keep its file as it was before."""
    copy = beside_of(MAIN_BEFORE)
    is_kept = lambda: os.path.exists(MAIN_BEFORE)  # noqa: E731 (two steps ask the same)
    return [
        Command(["cp", MAIN, copy], is_kept),
        Command(["mv", copy, MAIN_BEFORE], is_kept),
        *(Command(["sed", "-i", "--follow-symlinks", change.sed, MAIN], _is_made(change)) for change in _CHANGES),
    ]


def _is_made(change: _Change) -> Callable[[], bool]:
    # Where nginx is not installed yet, as for a dry run, its file will need all of them.
    return lambda: (text := read_text(MAIN)) is not None and change.is_made(text)


@dataclass(frozen=True)
class FirstSiteAway:
    """A step that moves Debian's first site away; one that the operator has changed is his own, and stays."""

    def is_done(self) -> bool:
        """Check whether the first site is not there, or not as the package has brought it."""
        return os.path.exists(MAIN) and not _is_as_packaged(DEFAULT_SITE)

    def do(self) -> None:
        """Move it."""
        os.replace(DEFAULT_SITE, DEFAULT_SITE_BEFORE)

    def typed(self) -> Iterator[str]:
        """Yield a command that moves it if it is there."""
        yield f"if [ -e {DEFAULT_SITE} ]; then mv {DEFAULT_SITE} {DEFAULT_SITE_BEFORE}; fi"


def _is_as_packaged(path: str) -> bool:
    """Check whether a configuration file has the bytes that its Debian package has brought."""
    try:
        with open(path, "rb") as file:
            digest = hashlib.md5(file.read(), usedforsecurity=False).hexdigest()
        known = run(["sh", "-c", "dpkg-query -W -f '${Conffiles}\\n' nginx nginx-common 2>/dev/null || :"])
    except (OSError, CocoAIError):
        return False
    return [os.path.realpath(path), digest] in [line.split()[:2] for line in known.splitlines()]


def undone() -> list[Step]:
    """Return the steps that give nginx back its own main file and first site, unless they were changed since."""
    steps: list[Step] = []
    before = read_text(MAIN_BEFORE)
    if before is not None:
        if changed(before) == read_text(MAIN):
            steps.append(Command(["cp", MAIN_BEFORE, MAIN]))
        steps.append(Removal(MAIN_BEFORE))
    if os.path.lexists(DEFAULT_SITE_BEFORE) and not os.path.lexists(DEFAULT_SITE):
        steps.append(Command(["mv", DEFAULT_SITE_BEFORE, DEFAULT_SITE]))
    return steps
