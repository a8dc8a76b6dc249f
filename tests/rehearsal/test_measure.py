"""What CocoAI takes is measured on real processes, and orphans are not lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cocoai.rehearsal import tree
from cocoai.rehearsal.measure import measure
from cocoai.up import Up
from tests.processes import wait_until


def test_a_whole_house_is_measured(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each figure is that of something that runs: more than nothing, and less than a process of its own would take."""
    figures = measure(Up, tmp_path_factory.mktemp("m"))

    assert 2 == figures.workers
    assert 0 < figures.nginx < figures.supervisord < figures.rss
    assert 0 < figures.worker < figures.rss / 2
    assert figures.master + 2 * figures.worker < figures.rss
    assert 0 < figures.job < figures.rss
    assert 0 < figures.message_ms < figures.question_ms


def test_after_a_measurement_nobody_is_left(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the watch adopts it also buries."""
    code = "import os, time\nif not os.fork():\n    os.setsid()\n    time.sleep(60)"

    with tree.adopting_orphans():
        before = set(tree.descendants(os.getpid()))
        subprocess.run([sys.executable, "-c", code], check=True)
        (orphan,) = set(tree.descendants(os.getpid())) - before
        os.kill(orphan, signal.SIGKILL)
        wait_until(lambda: orphan not in tree.descendants(os.getpid()))

    assert not Path(f"/proc/{orphan}").exists()


def test_the_watch_keeps_what_the_dead_have_taken() -> None:
    """CPU time of a process that has ended meanwhile is counted."""
    burn = "import time\nwhile time.process_time() < 0.3: pass\n"
    code = f"open('/proc/self/comm', 'w').write('cocoai-job')\n{burn}"

    with tree.Watch() as watch:
        subprocess.run([sys.executable, "-c", code], check=True)

    assert 0.1 < watch.taken < 0.9
