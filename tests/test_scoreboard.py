"""The scoreboard as CocoAI uses it: every refusal has a counter, and every process's last warning is kept."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.app import ScoreboardHandler
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_snapshot import read_snapshot
from cocoai.errors import COUNTERS

pytestmark = pytest.mark.pure

PACKAGE = Path(__file__).parent.parent / "cocoai"


def refusals(path: Path) -> Iterator[str]:
    """Yield the text of each `Refused(4xx, text)` and `line(4xx or 5xx, text)` in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Name(id="Refused" | "line"), args=[ast.Constant(int(status)), ast.Constant(str(text)), *_]
            ) if status >= 400:
                yield text


def test_every_refusal_has_its_own_count() -> None:
    """`cocoai status` counts each line that a sender gets, and none of them only as `other`."""
    files = [PACKAGE / "webhook.py", *PACKAGE.glob("engine/**/*.py"), *PACKAGE.glob("slack/**/*.py")]

    assert set(COUNTERS) == {text for path in files for text in refusals(path)}


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
