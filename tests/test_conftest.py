"""The checks in tests/conftest.py find every process that a test left behind, and changes of the work tree."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import IN_BROWSER, ROOT, ProcessTag, kill_left_behind, work_tree_status


def test_a_program_in_a_session_of_its_own_is_found_and_killed() -> None:
    """A program that exec started in a new session has the tag in its environment."""
    tag = ProcessTag()
    child = subprocess.Popen(["sh", "-c", "echo; exec sleep 60"], start_new_session=True, stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()

    commands = kill_left_behind(tag, 0.05)
    tag.close()
    child.stdout.close()
    code = child.wait()

    assert [True] == [line.startswith(f"{child.pid} ") for line in commands]
    assert -signal.SIGKILL == code


def test_a_fork_of_a_fork_is_found_and_killed() -> None:
    """A process that was only forked has the tag in its memory map; /proc shows it the environment of before."""
    tag = ProcessTag()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(writer, str(os.getpid()).encode())
            time.sleep(60)
        os._exit(0)
    os.waitpid(child, 0)
    grandchild = int(os.read(reader, 16))

    commands = kill_left_behind(tag, 0.05)
    tag.close()
    os.close(reader)
    os.close(writer)

    assert [True] == [line.startswith(f"{grandchild} ") for line in commands]


def test_a_process_that_exits_in_time_is_not_reported() -> None:
    """A process that exits by itself within the patience is neither reported nor killed."""
    tag = ProcessTag()
    child = subprocess.Popen(["sh", "-c", "echo; exec sleep 0.2"], stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()

    commands = kill_left_behind(tag, 30)
    tag.close()
    child.stdout.close()
    code = child.wait()

    assert [] == commands
    assert 0 == code


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_a_stray_file_changes_the_status_of_the_work_tree(tmp_path: Path) -> None:
    """A new file in a checkout is named, unless it is ignored; a folder that is no checkout has no status."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("ignored\n.gitignore\n")
    before = work_tree_status(tmp_path)
    (tmp_path / "ignored").touch()
    (tmp_path / "stray").touch()
    (tmp_path / "folder").mkdir()

    assert frozenset() == before
    assert {"?? stray"} == work_tree_status(tmp_path)
    assert frozenset() == work_tree_status(tmp_path / "folder")


def test_every_file_with_a_browser_is_named() -> None:
    """The others would start browsers of their own, one in each process."""
    named = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
        if "pytest.mark.browser" in path.read_text("utf-8").replace('"pytest.mark.browser"', "")
    }

    assert named
    assert all(name.startswith(IN_BROWSER) for name in named), named
