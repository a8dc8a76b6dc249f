"""A short soak: forty questions and a few clicks. The long one is bench/soak.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.soak import CLICKS, MAX_REQUESTS, WARM_UP, ask, click, figures, model_calls, names, refused, sweep
from cocoai.rehearsal.certificates import Certificates
from tests.deployment import deploy

QUESTIONS = 40


def test_questions_leave_nothing_open(short_folder: Callable[[], Path], certificates: Certificates) -> None:
    """After forty questions the descriptors, processes, zombies and lock files are the same as before them.

    The jobs in done/ are swept two days later.
    """
    with deploy(short_folder(), certificates, COCOAI_POOL_WORKERS="2", COCOAI_POOL_MAX_REQUESTS=MAX_REQUESTS) as built:
        ask(built, WARM_UP)
        click(built, CLICKS)
        before = figures(built)
        ask(built, QUESTIONS)
        click(built, CLICKS)
        after = figures(built)
        gestures = len(names(built, "gestures"))
        swept = sweep(built)

        assert before.counts == after.counts
        assert 0 == after.counts.zombies
        assert WARM_UP + QUESTIONS + 2 * CLICKS // 3 == model_calls(built)
        assert WARM_UP + QUESTIONS + 2 * CLICKS == after.files["spool/done"]
        assert 0 == refused(built)
        assert {0} == {after.files[f"spool/{folder}"] for folder in ("tmp", "ready", "failed", "stop")}
        assert (WARM_UP + QUESTIONS + 2 * CLICKS + gestures, []) == (swept, names(built, "done"))
