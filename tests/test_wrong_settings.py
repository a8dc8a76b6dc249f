"""Every wrong setting is named by `cocoai check`, and leaves nobody in silence: the table, played row by row."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.wrong import wrong_things
from tests.processes import PATIENCE
from tests.wrong_outcome import Outcome, play
from tests.wrong_plays import rehearsed
from tests.wrong_settings import LATER_OR_NEVER, NOT_PLAYED, PLAYED, Row
from tests.wrong_stage import Stage
from tests.wrong_stage import stage as started

ROOT = Path(__file__).parent.parent

OUTCOMES: dict[str, Outcome] = {}
"""What was seen of each row that was played so far."""

SHOWN = {"status": "`status`", "log": "log", "healthz": "`/healthz`", "direct message": "direct message"}
"""How docs/operating.md names the places in which a trouble is seen."""


@pytest.fixture(scope="module")
def stage(short_folder: Callable[[], Path], certificates: Certificates) -> Iterator[Stage]:
    """Start the one deployment on which all rows are played."""
    with started(short_folder(), certificates) as made:
        yield made


@pytest.mark.parametrize("row", PLAYED, ids=str)
def test_each_is_seen_where_the_table_says(stage: Stage, row: Row) -> None:
    """By the check with a remedy, by whoever asks, and by an operator who has typed nothing."""
    outcome = OUTCOMES[row.name] = play(stage, row)

    assert set(row.checked) <= outcome.checked
    assert (row.asker, sorted(row.operator)) == (outcome.asker, sorted(outcome.operator))


def test_what_waited_is_answered(stage: Stage) -> None:
    """Once Slack takes what is ours again, and OpenAI works."""
    stage.finish()

    assert [] == stage.waiting


def test_nobody_is_left_in_silence() -> None:
    """Of no row that was played do the asker and the operator both see nothing."""
    silent = [name for name, seen in OUTCOMES.items() if seen.asker in LATER_OR_NEVER and not seen.operator]

    assert [] == silent
    assert all(row.checked for row in PLAYED)


def test_the_command_finds_the_same(stage: Stage) -> None:
    """As a process of its own, with an exit code for programs."""
    words = [sys.executable, "-m", "cocoai", "check", "--json", "--config", str(stage.file), "--url", stage.door.url]
    environ = {name: text for name, text in os.environ.items() if not name.startswith(("COCOAI", "SLACK_", "OPENAI_"))}
    with rehearsed("revoked-token")(stage):
        run = subprocess.run(words, capture_output=True, env=environ, timeout=PATIENCE, check=False)
        here = stage.check()
    found = [each for each in json.loads(run.stdout) if each["level"] in ("warning", "wrong")]

    assert 1 == run.returncode
    assert {(each.id, each.case) for each in here} == {(each["id"], each["case"]) for each in found}
    assert ("slack.token", "token_revoked") in {(each["id"], each["case"]) for each in found}


def test_all_that_a_rehearsal_plays_is_in_the_table() -> None:
    """What an operator can look at with `cocoai rehearse --wrong` is held here; a page has two rows of its own."""
    played = {row.name for row in PLAYED}

    assert {"openai-page"} == wrong_things().keys() - played


@pytest.mark.parametrize("name", sorted({test for tests in NOT_PLAYED.values() for test in tests}))
def test_what_is_not_played_is_held_by_a_test(name: str) -> None:
    """The tests that the table names exist."""
    file, _, test = name.partition("::")

    assert re.search(rf"(?m)^def {test}\(", (ROOT / file).read_text())


def documented(name: str) -> list[list[str]]:
    """Return the cells of the first table in the section on who hears of what is wrong, without its heads."""
    text = (ROOT / "docs" / name).read_text()
    title = {"operating.md": "## Who hears", "operating.ja.md": "## うまくいかないことが"}[name]
    section = text[text.index(title) :].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_documented_table_is_this_one() -> None:
    """Each of its rows is played, and says where an operator sees it; the Japanese one has as many."""
    rows = documented("operating.md")
    unnamed = {row.name for row in PLAYED}
    places = ""

    for what, asker, operator in rows:
        places = places if operator.startswith("the same") else operator
        mine = [row for row in PLAYED if what.startswith(row.documented)]
        unnamed -= {row.name for row in mine}
        is_silent = asker.startswith(("nothing", "the same; 24 hours"))
        assert {is_silent} == {row.asker in LATER_OR_NEVER for row in mine}, what
        seen = frozenset[str]().union(*(row.operator for row in mine)) - {"last check"}
        assert seen == {place for place in seen if SHOWN[place] in places}, what

    assert set() == unnamed
    assert len(rows) == len(documented("operating.ja.md"))
