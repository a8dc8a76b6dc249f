"""Restore a backup: `cocoai restore`. Nothing that is there is lost: it is moved into a folder beside it.

An archive is unpacked and checked whole before anything moves. Then each part of `var` is moved aside, and the
archive's into its place. A process that is killed in between leaves the folder SWAPPING, with which no pool starts.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from cocoai import config
from cocoai.backup.contents import ASIDE, SIDES, SWAPPING, UNITS, UNPACKED
from cocoai.backup.no_pool import no_pool
from cocoai.backup.unpack import SETTINGS, VAR, Unpacked, unpack
from cocoai.errors import CocoAIError
from cocoai.spool.file_spool import FileSpool


@dataclass(frozen=True)
class RestoreReport:
    """What was restored, and the folder into which all that was there before was moved, "" if there was nothing."""

    unpacked: Unpacked
    aside: str


def restore(
    settings: config.Settings,
    file: IO[bytes],
    name: str,
    *,
    settings_folder: str = "",
    clock: Callable[[], float] = time.time,
) -> RestoreReport:
    """Restore the archive in an open file into the `var` of these settings, on which no pool may run.

    With `settings_folder` the settings and the files that they name are written into that folder, where they must not
    be yet. `name` is the archive's, for messages; `clock` returns epoch seconds. Raise BadBackup if the archive is no
    whole backup, CocoAIError if a pool runs or the disk fails: then `var` is as it was.
    """
    var = settings.paths.var
    try:
        _require_var(var)
        with no_pool(settings):
            unpacked_folder = os.path.join(var, UNPACKED)
            shutil.rmtree(unpacked_folder, ignore_errors=True)  # a killed restore's, which had touched nothing
            try:
                unpacked = unpack(file, name, unpacked_folder, clock())
                if settings_folder:
                    _write_settings(unpacked, settings_folder)
                report = RestoreReport(unpacked, _swap(unpacked, var, clock()))
                FileSpool(var).make_folders()  # those of the locks, so that a job can be retried before the pool starts
                return report
            finally:
                shutil.rmtree(unpacked_folder, ignore_errors=True)
    except OSError as error:
        raise CocoAIError(f"cannot restore: {error.filename or var}: {error.strerror or error}") from error


def _require_var(var: str) -> None:
    """Make `var` if it is missing, except for root: the pool could not write into a folder of root's."""
    if os.path.isdir(var):
        return
    if os.geteuid() == 0:
        raise CocoAIError(f"there is no {var}: make it first, for the user as whom the pool runs")
    os.makedirs(var, mode=0o700)


def _write_settings(unpacked: Unpacked, folder: str) -> None:
    """Copy the settings and the files that they name into `folder`. Raise CocoAIError if one is there already."""
    files = [(unpacked.path(SETTINGS, inside), os.path.join(folder, inside)) for inside in unpacked.settings_files()]
    for _, target in files:
        if os.path.lexists(target):
            raise CocoAIError(f"{target} is there already: give --settings an empty folder")
    for source, target in files:
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        shutil.copy2(source, target)


def _swap(unpacked: Unpacked, var: str, now: float) -> str:
    """Move what is there aside and what was unpacked into its place; return the folder aside, "" if nothing was there.

    If a move fails, those before it are undone.
    """
    aside = os.path.join(var, time.strftime(f"{ASIDE}%Y-%m-%dT%H%M%S", time.gmtime(now)))
    swapping = os.path.join(var, SWAPPING)
    was_half = os.path.isdir(swapping)
    _empty(swapping)
    os.sync()  # all at once: each of thousands of files by itself would take minutes
    os.rename(unpacked.folder, swapping)
    moves = [(os.path.join(var, name), os.path.join(aside, name)) for name in (*UNITS, *SIDES)]
    moves += [(os.path.join(swapping, VAR, name), os.path.join(var, name)) for name in UNITS]
    moves = [(source, target) for source, target in moves if os.path.lexists(source)]
    is_anything_there = any(target.startswith(aside) for _, target in moves)
    try:
        if is_anything_there:
            os.mkdir(aside, 0o700)
        _move_all(moves)
    except OSError:
        with contextlib.suppress(OSError):
            os.rmdir(aside)
        if not was_half:
            os.rename(swapping, unpacked.folder)
        raise
    os.sync()
    shutil.rmtree(swapping)
    return aside if is_anything_there else ""


def _empty(folder: str) -> None:
    """Empty the folder of a restore that was killed, and leave it, so that no pool starts: it is renamed over."""
    if os.path.isdir(folder):
        for entry in os.scandir(folder):
            shutil.rmtree(entry.path)


def _move_all(moves: list[tuple[str, str]]) -> None:
    """Rename each source to its target. If one fails, rename those before it back, and raise OSError."""
    done: list[tuple[str, str]] = []
    try:
        for source, target in moves:
            os.rename(source, target)
            done.append((source, target))
    except OSError:
        for source, target in reversed(done):
            os.rename(target, source)
        raise
