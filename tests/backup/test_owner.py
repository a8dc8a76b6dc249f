"""As root both commands become var's owner, as all commands do: the pool must be able to use what they make."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cocoai.cli import main
from cocoai.engine.process.fork import fork
from tests.backup.machine import Machine, machine_in, names_in

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

USER, GROUP = 12345, 12346


@pytest.fixture
def machine(short_folder: Callable[[], Path]) -> Machine:
    """Return a machine whose var, and the folder of its backups, are another user's; its settings only he may read."""
    folder = short_folder()
    folder.chmod(0o755)
    made = machine_in(folder / "machine")
    made.folder.chmod(0o755)
    (made.folder / "kept").mkdir(mode=0o700)
    for top in ("var", "kept"):
        for path in (made.folder / top, *(made.folder / top).rglob("*")):
            os.chown(path, USER, GROUP)
    os.chown(made.settings.file, 0, GROUP)
    os.chmod(made.settings.file, 0o640)
    return made


def typed(*arguments: str) -> int:
    """Return the exit code of a command that a process of its own runs, since it becomes another user."""

    def run() -> None:
        if main(arguments):
            raise SystemExit(1)

    return os.waitstatus_to_exitcode(os.waitpid(fork(run, name="typed", detach=False), 0)[1])


def owners(folder: Path) -> set[tuple[int, int]]:
    """Return the users and groups of all that lies in a folder."""
    return {(path.stat().st_uid, path.stat().st_gid) for path in folder.rglob("*")}


def test_what_is_made_is_the_owner_s(machine: Machine) -> None:
    """The backup, and all that is restored; the archive itself may be one that root alone can read."""
    assert 0 == typed("backup", str(machine.folder / "kept"), "--config", machine.settings.file)
    (path,) = (machine.folder / "kept").iterdir()
    assert {(USER, GROUP)} == owners(machine.folder / "kept")

    copy = shutil.copyfile(path, machine.folder / "copy.tar.gz")
    copy.chmod(0o600)
    assert 0 == typed("restore", str(copy), "--config", machine.settings.file)

    assert {(USER, GROUP)} == owners(machine.var)
    assert (machine.var / "ledger.sqlite3").exists()
    restored = [path for path in machine.var.rglob("*") if path.is_dir() and "before-restore" not in str(path)]
    assert {0o700} == {path.stat().st_mode & 0o777 for path in restored}


def test_settings_that_only_root_can_read_are_missing(machine: Machine) -> None:
    """The backup is there without them, and the command has failed."""
    os.chmod(machine.settings.file, 0o600)

    assert 1 == typed("backup", str(machine.folder / "kept"), "--config", machine.settings.file)

    (path,) = (machine.folder / "kept").iterdir()
    assert "var/ledger.sqlite3" in names_in(path)
    assert "settings/cocoai.ini" not in names_in(path)
