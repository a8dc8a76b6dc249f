"""`cocoai tune` measures real processes, and loses neither orphans nor the CPU time of processes that have ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.errors import CocoAIError
from cocoai.tune import page_sharing
from cocoai.tune.advice import Measurement
from cocoai.tune.measure import measure
from cocoai.tune.process_tree import CpuWatch, adopting_orphans, descendants
from cocoai.up import Up
from tests.processes import wait_until

ALONE = """
import sys
from dataclasses import astuple
from pathlib import Path

from cocoai.tune.measure import measure
from cocoai.up import Up

print(*astuple(measure(Up, Path(sys.argv[1]))))
"""
"""Measures below a process that has no other children, as `cocoai tune` does: this one may have a browser."""


def test_every_figure_is_measured(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every figure is more than 0, and shared memory is counted once; at rest there is no worker."""
    command = [sys.executable, "-c", ALONE, str(tmp_path_factory.mktemp("m"))]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=200)
    measured = Measurement(*map(float, run.stdout.split()))

    assert 0 < measured.nginx < measured.supervisord < measured.rss
    assert 0 < measured.worker < measured.master < measured.rss < 50
    assert 0 < measured.job < measured.rss
    assert 0 < measured.message_ms < measured.question_ms


def test_another_program_of_the_same_python_changes_no_figure() -> None:
    """A page that it shares is counted as before, though its share of PSS is smaller now."""
    with sleeper() as measured:
        alone = page_sharing.measure([measured])[measured]
        with sleeper(), sleeper():
            beside_others = page_sharing.measure([measured])[measured]

    assert beside_others.pss < alone.pss
    assert alone.alone == pytest.approx(beside_others.alone, abs=64)


@contextlib.contextmanager
def sleeper() -> Iterator[int]:
    """Run a process of this Python that does nothing; yield its pid once it does so."""
    code = "print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.communicate(b"\n")


def test_answers_that_take_too_long_are_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine may be too busy to be measured: that is no trace of ours."""
    monkeypatch.setattr("cocoai.tune.measure.PATIENCE", 0.0)

    with pytest.raises(CocoAIError, match="cannot measure here: the answers took longer than 0 s"):
        measure(Up, tmp_path_factory.mktemp("m"))


def test_adopted_orphans_are_reaped() -> None:
    """No zombie is left of a process that lost its parent."""
    code = "import os, time\nif not os.fork():\n    os.setsid()\n    time.sleep(60)"

    with adopting_orphans():
        before = set(descendants(os.getpid()))
        subprocess.run([sys.executable, "-c", code], check=True)
        (orphan,) = set(descendants(os.getpid())) - before
        os.kill(orphan, signal.SIGKILL)
        wait_until(lambda: orphan not in descendants(os.getpid()))

    assert not Path(f"/proc/{orphan}").exists()


def test_the_cpu_time_of_a_process_that_has_ended_is_counted() -> None:
    """The watch keeps the last reading of a process that ends while it runs."""
    burn = "import time\nwhile time.process_time() < 0.3: pass\n"
    code = f"open('/proc/self/comm', 'w').write('cocoai-job')\n{burn}"

    with CpuWatch() as watch:
        subprocess.run([sys.executable, "-c", code], check=True)

    assert 0.1 < watch.seconds < 0.9
