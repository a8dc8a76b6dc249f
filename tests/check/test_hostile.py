"""What the pool's user may put into `var`, and what a terminal may lack; neither holds up or ends a check."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

NOBODY = pwd.getpwnam("nobody")
ROOT = Path(__file__).parents[2]


def check(file: Path, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """Run `cocoai check` with this settings file; raise TimeoutExpired if it does not end."""
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ}
    command = [sys.executable, "-m", "cocoai", "check", "--config", str(file)]
    return subprocess.run(command, check=False, capture_output=True, timeout=40, env=variables)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("name", ["troubles/slack", "run/scoreboard", "ledger.sqlite3"])
def test_a_pipe_in_var_holds_up_nobody(short_folder: Callable[[], Path], name: str) -> None:
    """Root reads `var` as its owner, in a process of its own, and goes on without it."""
    folder = short_folder()
    folder.chmod(0o755)
    for each in ("run", "troubles", "spool/ready", "locks", "threads"):
        (folder / "var" / each).mkdir(parents=True)
    os.mkfifo(folder / "var" / name)
    for path in [folder / "var", *(folder / "var").rglob("*")]:
        shutil.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    file = folder / "cocoai.ini"
    file.write_text("[paths]\nvar = var\n")

    said = check(file).stdout.decode()

    assert "as user nobody" in said
    assert "right" in said.splitlines()[-1]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_terminal_that_is_not_utf_8_is_no_error(tmp_path: Path, language: str) -> None:
    """`?` stands for what it cannot show."""
    file = tmp_path / "cocoai.ini"
    file.write_text("[paths]\nvar = var\n")

    ended = check(file, PYTHONIOENCODING="latin-1", LANG=f"{language}_XX")

    assert 1 == ended.returncode
    assert b"Traceback" not in ended.stderr
    assert ended.stdout
