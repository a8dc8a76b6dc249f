"""The stack in which all tests of the kill points kill processes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cocoai.engine.process import locks
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from tests.deployment import Deployment, deploy
from tests.kill.stack import is_idle
from tests.processes import wait_until

ROOT = Path(__file__).parents[2]
ENTRY = Path(__file__).with_name("entry.py")

SETTINGS = {
    "COCOAI_POOL_WORKERS": "2",
    "COCOAI_POOL_SLOTS": "1",
    "COCOAI_POOL_LINGER": "0",  # each point is met by a process that a worker has just forked
    "COCOAI_OPENAI_MAX_OUTPUT_TOKENS": "20000",
    "COCOAI_IMAGES_USE": "on",
    "COCOAI_IMAGES_PER_PERSON_A_DAY": "0",
    "COCOAI_SPEECH_USE": "model",
    "COCOAI_SPEECH_MINUTES_A_DAY": "0",
}


@pytest.fixture(scope="package")
def built(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Start a stack with the kill points installed, on files."""
    with killable(tmp_path_factory.mktemp("house"), certificates) as standing:
        yield standing


@contextlib.contextmanager
def killable(folder: Path, certificates: Certificates, **environ: str) -> Iterator[Deployment]:
    """Start a stack with the kill points installed and one slot in `folder`; `environ` are further settings.

    A slot or a lock that a dead process kept would so be noticed at the next point.
    """
    for name in ("points", "team", "locks"):
        (folder / name).mkdir(mode=0o700)
    # There is no index but where a test fills one: nothing else is to write it.
    lock = locks.take(str(folder / "locks" / "index.lock"))
    assert lock is not None
    settings: dict[str, Any] = SETTINGS | environ
    with deploy(
        folder,
        certificates,
        manner=SlackSwitches(echoes=False, retry_waits=(0.1, 0.3, 1.5), share_delay=0.1),
        entry=str(ENTRY),
        KILL_POINTS=str(folder / "points"),
        PYTHONPATH=str(ROOT),
        COCOAI_DOCUMENTS_FOLDER=str(folder / "team"),
        **settings,
    ) as standing:
        wait_until(lambda: is_idle(standing))
        yield standing
        (folder / "points").rename(folder / "past")  # no process is killed while the stack is taken down
    lock.release()
