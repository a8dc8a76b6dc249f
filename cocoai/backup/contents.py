"""What a backup holds of `var` and what it leaves out, and how its files are named.

Whatever is new below `var` must be entered here: a name in neither list is left out, and the operator is told.
"""

from __future__ import annotations

import os
import re
import time

from cocoai.documents.document import HISTORY_FILE, INDEX_FILE
from cocoai.engine.process.replace_file import UNFINISHED
from cocoai.errors import CocoAIError
from cocoai.ledger.database import FILE as LEDGER

DATABASES = (LEDGER, HISTORY_FILE)
"""Files of `var` that SQLite writes, and that are copied by it."""

KEPT_FILES = ("identity.json", "calibration.json")
"""Files of `var` beside the databases: our own ids in Slack, and what the models' tokens were found to be."""

KEPT_FOLDERS = ("threads", "spool/gestures", "people")
"""Folders of `var` beside the jobs'. They are read after the jobs: whoever knows a job then knows its thread."""

UNITS = (*DATABASES, *KEPT_FILES, "threads", "people", "spool")
"""What a restore replaces as a whole."""

SIDES = tuple(f"{name}-{suffix}" for name in DATABASES for suffix in ("journal", "wal", "shm"))
"""Files that belong to the database beside them, and would damage another in its place."""

UNPACKED, SWAPPING = "restoring", "half-restored"
"""Folders of `var`: one in which an archive is unpacked, and its name while its files take the place of others."""

MOVING = "half-moved"
"""An empty file of `var`, which is there while its jobs are moved into a database: with it no pool starts."""

ASIDE = "before-restore-"
"""How the folder is named, with the time behind it, in which a restore leaves what was there."""

LEFT_OUT = frozenset(
    {
        "asked",
        "backups",
        "check.json",
        "inbox",
        "locks",
        "log",
        "rehearsal",
        "run",
        "spool",
        "troubles",
        UNPACKED,
        SWAPPING,
        MOVING,
        *SIDES,
    }
)
"""Names in `var` that are left out on purpose; of the spool its jobs, their pictures and its gestures are kept."""

NAME = re.compile(r"cocoai-\d{4}-\d\d-\d\dT\d{6}\.tar\.gz")
"""The names of backups; sorted as text, the newest comes last."""

PLAIN = r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}"
"""A name of a file below `var`, as CocoAI gives them."""

VAR_MEMBER = re.compile(
    rf"var/({'|'.join(map(re.escape, DATABASES))}|identity\.json|calibration\.json"
    rf"|(?:people|threads|spool/(?:ready|done|failed|gestures|files))/{PLAIN})"
)
"""The names in an archive of what belongs below `var`."""

SETTINGS_MEMBER = re.compile(r"settings/([^/\0]+(?:/[^/\0]+)*)")
"""The names in an archive of the settings and of the files that they name."""


def backup_name(at: float) -> str:
    """Return the name of a backup that is made at this time (epoch seconds); it has the time in UTC."""
    return time.strftime("cocoai-%Y-%m-%dT%H%M%S.tar.gz", time.gmtime(at))


def is_left_out(name: str) -> bool:
    """Check whether this name in `var` is left out of backups on purpose."""
    # The index is made anew from the documents and the history.
    return name in LEFT_OUT or name.startswith((ASIDE, INDEX_FILE)) or UNFINISHED.fullmatch(name) is not None


def unknown_names(var: str) -> list[str]:
    """Return the names in `var` that are neither kept nor left out on purpose, sorted."""
    kept = {name.split("/")[0] for name in (*DATABASES, *KEPT_FILES, *KEPT_FOLDERS)}
    return sorted(name for name in os.listdir(var) if name not in kept and not is_left_out(name))


def path_in_var(member: str) -> str | None:
    """Return the path below `var` of a member of an archive; None if it belongs elsewhere, or is not allowed."""
    match = VAR_MEMBER.fullmatch(member)
    return match[1] if match else None


def path_in_settings(member: str) -> str | None:
    """Return the path below the settings' folder of a member of an archive; None if it is none, or leads out of it."""
    match = SETTINGS_MEMBER.fullmatch(member)
    if match is None or {".", ".."} & set(match[1].split("/")):
        return None
    return match[1]


def refuse_half_done(var: str) -> None:
    """Raise CocoAIError if a restore of `var`, or a move of its jobs into a database, was killed in its midst."""
    if os.path.exists(os.path.join(var, SWAPPING)):
        raise CocoAIError(f"{var} was restored by half: run `cocoai restore` again")
    if os.path.exists(os.path.join(var, MOVING)):
        raise CocoAIError(f"the jobs of {var} were moved by half: run `cocoai store move` again")
