"""Read the arguments of `cocoai backup` and `cocoai restore`, and run them.

What needs the ledger and the archive is imported when one of them runs, so that the other commands start quickly.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cocoai import config
from cocoai.errors import CocoAIError
from cocoai.up.machine import become_owner

if TYPE_CHECKING:
    from cocoai.backup.backup import BackupReport
    from cocoai.backup.restore import RestoreReport

BACKUPS = "/var/backups"
"""Where Debian and its like keep backups. A folder in it that is named as `var` is the default."""

KEPT = 7
"""Backups that are kept by default: a week of nights."""


def add_backup(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add `backup`, and return its parser."""
    backup = commands.add_parser("backup", help="write what CocoAI keeps, and its settings, into one file")
    backup.add_argument(
        "folder", metavar="FOLDER", nargs="?", help=f"by default {BACKUPS}/cocoai if it is there, else var/backups"
    )
    backup.add_argument("--keep", metavar="N", type=int, default=KEPT, help="delete all but the newest (%(default)s)")
    backup.set_defaults(command=_backup)
    return backup


def add_restore(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add `restore`, and return its parser."""
    restore = commands.add_parser("restore", help="put back what a backup holds; the pool must be stopped")
    restore.add_argument("file", metavar="FILE", help="as `cocoai backup` has written it")
    restore.add_argument(
        "--settings", metavar="FOLDER", default="", help="write the settings and instructions too, into this folder"
    )
    restore.set_defaults(command=_restore)
    return restore


def _backup(arguments: argparse.Namespace) -> int:
    """Write a backup and print what it holds; return 0. Raise CocoAIError if a file is missing in it, too."""
    from cocoai.backup.backup import write_backup

    if arguments.keep < 1:
        raise CocoAIError(f"--keep {arguments.keep}: expected 1 or more")
    settings = config.read(arguments.config, os.environ, secrets=False)
    become_owner(settings.paths.var)
    os.umask(0o077)  # what is kept are people's questions
    folder = os.path.abspath(arguments.folder or default_folder(settings.paths.var))
    report = write_backup(settings, folder, keep=arguments.keep)
    _print(_backup_lines(report))
    if report.unread:
        raise CocoAIError(f"the backup is without {', '.join(report.unread)}, which cannot be read")
    return 0


def default_folder(var: str, backups: str = BACKUPS) -> str:
    """Return the folder in `backups` that is named as `var`, as /var/backups/cocoai for /var/lib/cocoai.

    If it is not there, return the folder `backups` below `var`. So a second copy on one machine never takes the first
    one's folder, and deletes nothing there.
    """
    folder = os.path.join(backups, os.path.basename(os.path.abspath(var)))
    return folder if os.path.isdir(folder) else os.path.join(var, "backups")


def _backup_lines(report: BackupReport) -> Iterator[str]:
    """Yield what a backup holds, what was deleted for it, and what no backup knows."""
    counts = report.counts
    yield f"{report.path}: {report.size / 1e6:.2f} MB"
    ledger = "the ledger" if counts["ledger"] else "no ledger yet"
    ledger += ", the history" if counts["history"] else ""
    states = ", ".join(f"{counts[state]} {state}" for state in ("ready", "done", "failed"))
    yield f"  {ledger}; jobs: {states}; {counts['threads']} threads, {counts['people']} names"
    for name in report.removed:
        yield f"  deleted: {name}"
    for name in report.unknown:
        yield f"  left out, since it is not known what it is: {name}"


def _restore(arguments: argparse.Namespace) -> int:
    """Restore a backup and print what was done; return 0."""
    from cocoai.backup.restore import restore

    settings = config.read(arguments.config, os.environ, secrets=False)
    try:
        # As root, if it is: the file may be one that only root can read.
        file = open(arguments.file, "rb")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise CocoAIError(f"cannot read {arguments.file}: {error.strerror}") from None
    with file:
        become_owner(settings.paths.var)
        os.umask(0o077)
        report = restore(settings, file, arguments.file, settings_folder=arguments.settings)
    _print(_restore_lines(report, settings.paths.var, arguments.settings))
    return 0


def _restore_lines(report: RestoreReport, var: str, settings_folder: str) -> Iterator[str]:
    """Yield what was restored, what waits for the operator, and where that is which was there before."""
    from cocoai.backup.unpack import moment

    unpacked, counts = report.unpacked, report.unpacked.counts
    yield f"{var} is as it was at {moment(unpacked.at)} (CocoAI {unpacked.version}):"
    answered, given_up = counts["spool/done"], counts["spool/failed"] - unpacked.waiting
    yield f"  jobs: {answered} done, {given_up} failed; {counts['threads']} threads, {counts['people']} names"
    if counts["ledger.sqlite3"]:
        yield "  the ledger; what was spent since then is not in it"
    else:
        yield "  no ledger: nothing had been paid yet"
    if counts["history.sqlite3"]:
        yield "  the history; who was forgotten since then is in it again: `cocoai forget` them once more"
    if unpacked.waiting:
        yield f"  {unpacked.waiting} jobs that waited then were given up, since they may have been done since: see"
        yield "  `last=restored` in `cocoai spool list`; `cocoai spool retry KEY` does one"
    if report.aside:
        yield f"  what was there before is in {report.aside}"
    if settings_folder:
        yield f"  the settings, with their secrets, are in {settings_folder}"


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
