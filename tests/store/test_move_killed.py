"""A move that is killed at any of its steps is completed by the next one, or all is moved back."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from cocoai.errors import CocoAIError

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from tests.store.moving import BOTH, NOTHING, TABLES, Machine, fill, start


def saved(machine: Machine) -> Callable[[], None]:
    """Return what brings back all that the machine keeps now, in files and in the database."""
    copy = machine.var.with_name("copy")
    shutil.copytree(machine.var, copy)
    for table in TABLES:
        machine.database.execute(f"CREATE TABLE saved_{table} AS SELECT * FROM {table}")

    def bring_back() -> None:
        shutil.rmtree(machine.var)
        shutil.copytree(copy, machine.var)
        for table in TABLES:
            machine.database.execute(f"DELETE FROM {table}")
            machine.database.execute(f"INSERT INTO {table} SELECT * FROM saved_{table}")

    return bring_back


@pytest.mark.parametrize(("source", "target"), BOTH)
@pytest.mark.parametrize("stride", [1, -2], ids=["completed", "moved back"])
def test_a_move_may_be_killed_at_any_step(machine: Machine, source: str, target: str, stride: int) -> None:
    """It is completed by the next one, or all is moved back: nothing is lost, and nothing is there twice.

    Until then no pool starts on the store that is left.
    """
    kept = fill(machine, source)
    bring_back = saved(machine)
    where, empty = (target, source) if stride > 0 else (source, target)
    steps = 1  # 0 is before the first one, the mark
    while machine.move_until(target, steps):
        with pytest.raises(CocoAIError, match="by half"):
            start(machine)

        machine.move(where)

        assert (kept, NOTHING) == (machine.kept(where), machine.kept(empty)), steps
        start(machine)
        bring_back()
        steps += abs(stride)

    assert steps > 40
