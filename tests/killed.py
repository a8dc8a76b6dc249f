"""Run something in a process that kills itself before, or behind, one of the functions that it calls."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from typing import Any


def is_killed_at(number: int, steps: Sequence[tuple[Any, str]], run: Callable[[], object]) -> bool:
    """Run it in a child that is killed at this step, from 1; return False if it came to its end before.

    Each call of one of `steps`, a class or module and the name of a function in it, is two: before it and behind it.
    """
    child = os.fork()
    if not child:
        passed = 0

        def pass_a_step() -> None:
            nonlocal passed
            passed += 1
            if passed == number:
                os.kill(os.getpid(), signal.SIGKILL)

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def step(*arguments: Any, **named: Any) -> Any:
                pass_a_step()
                value = real(*arguments, **named)
                pass_a_step()
                return value

            return step

        code = 1
        try:
            for owner, name in steps:
                setattr(owner, name, counted(getattr(owner, name)))
            run()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert 0 == os.waitstatus_to_exitcode(status)
    return False


def in_child(run: Callable[[], object]) -> int:
    """Fork a child that calls `run` and then waits to be killed. Return its pid once `run` has returned."""
    ready, done = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            run()
            os.write(done, b"+")
            signal.pause()
        finally:
            os._exit(1)
    os.close(done)
    assert os.read(ready, 1) == b"+"
    os.close(ready)
    return pid


def kill(pid: int) -> None:
    """Kill the process and wait for its end."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
