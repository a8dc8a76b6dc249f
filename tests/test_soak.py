"""The short soak: two hundred questions through the whole house, and nothing grows. The long one is bench/soak.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.soak import MAX_REQUESTS, WARM_UP, ask, asked, figures, names, refused, sweep
from cocoai.rehearsal.certificates import Certificates
from tests.house import house

QUESTIONS = 200


def test_two_hundred_questions_leave_nothing_open(short_folder: Callable[[], Path], certificates: Certificates) -> None:
    """Descriptors, processes, zombies and lock files are what they were; done/ is swept when its time has come."""
    with house(short_folder(), certificates, COCOAI_POOL_MAX_REQUESTS=MAX_REQUESTS) as built:
        ask(built, WARM_UP)
        before = figures(built)
        ask(built, QUESTIONS)
        after = figures(built)
        swept = sweep(built)

        assert before.counts == after.counts
        assert 0 == after.counts.zombies
        assert WARM_UP + QUESTIONS == asked(built) == after.files["spool/done"]
        assert 0 == refused(built)
        assert {0} == {after.files[f"spool/{folder}"] for folder in ("tmp", "ready", "failed")}
        assert (WARM_UP + QUESTIONS, []) == (swept, names(built, "done"))
