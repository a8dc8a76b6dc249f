"""The board as this house has it: every reason is on it, and every process's last warning."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai import board
from cocoai.app import ScoreboardHandler
from cocoai.engine.process.scoreboard import Scoreboard, read_snapshot

pytestmark = pytest.mark.pure

HOUSE = Path(__file__).parent.parent / "cocoai"


def refusals(path: Path) -> Iterator[str]:
    """The words of each `Refused(4xx, words)` and `line(4xx or 5xx, words)` in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Name(id="Refused" | "line"), args=[ast.Constant(int(status)), ast.Constant(str(words)), *_]
            ) if status >= 400:
                yield words


def test_every_refusal_has_its_own_count() -> None:
    """What a sender sees is what `cocoai status` counts; nothing of it is only `other`."""
    files = [HOUSE / "webhook.py", *HOUSE.glob("engine/*.py"), *HOUSE.glob("slack/*.py")]

    assert set(board.REASONS) == {words for path in files for words in refusals(path)}


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Scoreboard]:
    """A board that the log's warnings go to."""
    made = Scoreboard(str(tmp_path / "scoreboard"), slots=1)
    made.begin(1, 1)
    handler = ScoreboardHandler(made)
    logging.getLogger().addHandler(handler)
    yield made
    logging.getLogger().removeHandler(handler)


def test_the_last_warning_is_kept(seen: Scoreboard, tmp_path: Path) -> None:
    """What is merely told is not; of an exception only its kind is, since its words may quote anything."""
    log = logging.getLogger("cocoai.test")
    log.warning("first")
    try:
        int("a secret")
    except ValueError:
        log.exception("second number=%d", 2)
    log.info("third")

    (mishap,) = read_snapshot(str(tmp_path / "scoreboard"), slots=1).mishaps

    assert ("master", "second number=2 ValueError") == (mishap.who, mishap.text)
