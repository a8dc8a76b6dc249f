"""The scoreboard's counters of refusals, and each process's last warning."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai import board, errors
from cocoai.app import ScoreboardHandler
from cocoai.engine.process.scoreboard import Scoreboard, read_snapshot

pytestmark = pytest.mark.pure

PACKAGE = Path(__file__).parent.parent / "cocoai"


def refusals(path: Path) -> Iterator[str]:
    """Yield the name of each class below `cocoai` that a file derives from `Refused`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ClassDef(name=name, bases=[ast.Name(id="Refused"), *_]):
                yield name


def test_every_refusal_has_its_own_counter() -> None:
    """Each class of refusal in the tree stands in REFUSALS, with a counter that no other has."""
    names = [name for path in PACKAGE.glob("**/*.py") for name in refusals(path)]

    assert sorted(names) == sorted(each.__name__ for each in errors.REFUSALS)
    assert len(names) == len({each.counter for each in errors.REFUSALS})
    assert tuple(each.counter for each in errors.REFUSALS) == board.REASONS


def test_the_counters_keep_their_names_and_places() -> None:
    """A running pool counts under these names, in this order; a change makes its scoreboard another one."""
    expected = (
        "the signature is missing or garbled",
        "the signature is not Slack's",
        "the signature is stale",
        "the body is not JSON",
        "the body is not a form",
        "the body is too big",
        "the body is shorter than its Content-Length",
        "Content-Length is not a number",
        "not found",
        "method not allowed",
        "cannot read it now",
        "cannot keep it now",
        "internal error",
    )

    assert expected == board.REASONS


def test_every_refusal_is_an_error_of_its_status() -> None:
    """Each refusal carries its status, and its line as its code."""
    made = [each(["GET"]) if each is errors.MethodNotAllowed else each() for each in errors.REFUSALS]

    assert [(each.status, each.line) for each in errors.REFUSALS] == [(each.status, each.code) for each in made]
    assert {400, 401, 404, 405, 413, 500, 503} == {each.status for each in made}


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
