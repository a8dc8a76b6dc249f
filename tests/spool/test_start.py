"""What a start refuses: folders of the spool between which no job can be moved."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cocoai.spool.file_spool import FileSpool
from cocoai.spool.folders import FOLDERS
from cocoai.spool.store_error import StoreError
from tests.test_faults import mounted


def files(var: Path) -> list[str]:
    """Return the names of all files in the spool's folders."""
    return [name for folder in FOLDERS for name in os.listdir(var / "spool" / folder)]


def test_a_usual_var_is_accepted(tmp_path: Path) -> None:
    """Nothing is left of the check."""
    spool = FileSpool(str(tmp_path))
    spool.make_folders()

    spool.check_moves()

    assert [] == files(tmp_path)


@pytest.mark.parametrize(("folder", "source"), [("ready", "tmp"), ("done", "ready"), ("failed", "done")])
def test_a_folder_that_is_a_mount_of_its_own_is_named(tmp_path: Path, folder: str, source: str) -> None:
    """Even a bind mount of the folder at itself refuses links and renames; the start says between which folders."""
    spool = FileSpool(str(tmp_path))
    spool.make_folders()
    mount_point = tmp_path / "spool" / folder

    with mounted(mount_point, "--bind", str(mount_point)), pytest.raises(StoreError) as refused:
        spool.check_moves()

    assert errno.EXDEV == refused.value.errno
    assert f"{tmp_path}/spool/{source} to {mount_point}" in str(refused.value)
    assert [] == files(tmp_path)


def test_the_pool_does_not_start_where_no_job_can_be_moved(tmp_path: Path) -> None:
    """`cocoai.fcgi --check` ends with 1 and names the folders, so a reload keeps the old pool too."""
    root = Path(__file__).parents[2]
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "done").mkdir()
    settings = {"SLACK_SIGNING_SECRET": "s" * 32, "SLACK_BOT_TOKEN": "xoxb-1", "OPENAI_API_KEY": "sk-1"}
    environ = {**os.environ, **settings, "COCOAI_PATHS_VAR": str(tmp_path)}
    command = [sys.executable, str(root / "cocoai.fcgi"), "--check"]

    with mounted(tmp_path / "spool" / "done", "--bind", str(tmp_path / "spool" / "done")):
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert 1 == done.returncode
    assert re.search(r"no job can go from .*/spool/ready to .*/spool/done", done.stderr)
