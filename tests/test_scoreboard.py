"""The scoreboard as CocoAI uses it: every process's last warning is kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_handler import ScoreboardHandler
from cocoai.engine.process.scoreboard_snapshot import read_snapshot

pytestmark = pytest.mark.pure


@pytest.fixture
def scoreboard(tmp_path: Path) -> Iterator[Scoreboard]:
    """Yield a scoreboard that the log's warnings go to."""
    made = Scoreboard(str(tmp_path / "scoreboard"), slots=1)
    made.begin(1, 1)
    handler = ScoreboardHandler(made)
    logging.getLogger().addHandler(handler)
    yield made
    logging.getLogger().removeHandler(handler)


def test_the_last_warning_is_kept(scoreboard: Scoreboard, tmp_path: Path) -> None:
    """Information is not; of an exception only its class is kept, since its text may quote anything."""
    log = logging.getLogger("cocoai.test")
    log.warning("first")
    try:
        int("a secret")
    except ValueError:
        log.exception("second number=%d", 2)
    log.info("third")

    (error,) = read_snapshot(str(tmp_path / "scoreboard"), slots=1).last_errors

    assert ("master", "second number=2 ValueError") == (error.who, error.text)
