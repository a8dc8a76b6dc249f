"""The scoreboard keeps each process's last warning."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.app import ScoreboardHandler
from cocoai.engine.process.scoreboard import Scoreboard, read_snapshot

pytestmark = pytest.mark.pure


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Scoreboard]:
    """Return a scoreboard that the log's warnings go to."""
    made = Scoreboard(str(tmp_path / "scoreboard"), slots=1)
    made.begin(1, 1)
    handler = ScoreboardHandler(made)
    logging.getLogger().addHandler(handler)
    yield made
    logging.getLogger().removeHandler(handler)


def test_the_last_warning_is_kept(seen: Scoreboard, tmp_path: Path) -> None:
    """The last warning or error is kept; of an exception only its class is, since its text may quote anything."""
    log = logging.getLogger("cocoai.test")
    log.warning("first")
    try:
        int("a secret")
    except ValueError:
        log.exception("second number=%d", 2)
    log.info("third")

    (mishap,) = read_snapshot(str(tmp_path / "scoreboard"), slots=1).mishaps

    assert ("master", "second number=2 ValueError") == (mishap.who, mishap.text)
