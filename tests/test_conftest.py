"""The guard over all tests: it finds what a test left behind, however well that has hidden."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from tests.conftest import Mark, left_behind


def test_a_program_in_a_session_of_its_own_is_found_and_killed() -> None:
    """It bears the mark in its environment."""
    mark = Mark()
    child = subprocess.Popen(["sh", "-c", "echo; exec sleep 60"], start_new_session=True, stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()

    told = left_behind(mark, 0.2)
    mark.close()
    child.stdout.close()
    code = child.wait()

    assert [True] == [line.startswith(f"{child.pid} ") for line in told]
    assert -signal.SIGKILL == code


def test_a_fork_of_a_fork_is_found_and_killed() -> None:
    """It has our environment, not the mark's, but it has our memory, and the mark is in that."""
    mark = Mark()
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

    told = left_behind(mark, 0.2)
    mark.close()
    os.close(reader)
    os.close(writer)

    assert [True] == [line.startswith(f"{grandchild} ") for line in told]


def test_whoever_leaves_in_time_is_not_blamed() -> None:
    """A job that finishes the question in hand may take a while."""
    mark = Mark()
    child = subprocess.Popen(["sh", "-c", "echo; exec sleep 0.2"], stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()

    told = left_behind(mark, 30)
    mark.close()
    child.stdout.close()
    code = child.wait()

    assert [] == told
    assert 0 == code
