"""The check in tests/conftest.py finds every process that a test left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from tests.conftest import ProcessTag, kill_left_behind


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
