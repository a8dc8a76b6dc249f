"""The status of documents and history: in the terminal, on the page, as JSON, and where there are none."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cocoai.documents.document import FOLDER, HISTORY_FILE, Document
from cocoai.documents.file_history import FileHistory
from cocoai.documents.history import Exchange
from cocoai.documents.index import DocumentIndex
from cocoai.documents.index_task import index_lock_path, set_due
from cocoai.documents.indexing import problems_key
from cocoai.engine.process import locks
from cocoai.status import page, text
from cocoai.status.report import report
from cocoai.status.status import Status, as_json, collect
from tests.documents.team import SETTINGS, Team
from tests.processes import PATIENCE
from tests.status.samples import HOSTILE

WITH_HISTORY = SETTINGS + "[history]\nkeep_days = 3\n"


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """Return a team whose documents were indexed just now."""
    made = Team(tmp_path)
    made.indexes()
    set_due(str(made.var))
    return made


def lines(status: Status) -> list[str]:
    """Return the lines of the text, their columns one space apart."""
    return [" ".join(line.split()) for line in text.render(report(status))]


def test_what_is_indexed_and_what_is_not(team: Team) -> None:
    """In words, with the index's size and version."""
    shown = lines(collect(team.settings))

    assert {
        "Documents",
        "Indexed 14 14 passages",
        "– nothing is in it 1 see: cocoai documents list --problems",
        "Left out 1 files of other types",
    } <= set(shown)
    assert [1, 1, 1] == [
        sum(line.startswith(each) for line in shown) for each in ("Size", "Index version", "Last look")
    ]
    assert "History" not in shown


def test_json_has_it(team: Team) -> None:
    """The figures by name; null where nothing is switched on."""
    facts = json.loads(json.dumps(as_json(collect(team.settings))))

    assert (14, 14, {"empty": 1}) == tuple(
        facts["documents"]["figures"][name] for name in ("documents", "passages", "problems")
    )
    assert {"other_type": 1} == facts["documents"]["left_out"]
    assert abs(facts["documents"]["last_slice"] - time.time()) < 600
    assert facts["history"] is None
    team.set("[paths]\nvar = var\n")
    facts = as_json(collect(team.settings))

    assert (None, None) == (facts["documents"], facts["history"])


def test_the_history(team: Team) -> None:
    """How many are kept, and since when; one that cannot be read is marked."""
    team.set(WITH_HISTORY)
    nothing = lines(collect(team.settings))
    path = team.var / HISTORY_FILE
    asked_at = int(time.time())
    FileHistory(str(path)).keep([Exchange("key", "key", "C1", "1.0", "U1", asked_at, "en", "What?", "That.")], [])
    kept = collect(team.settings)
    path.write_bytes(b"x" * 5000)
    broken = [line for line in text.render(report(collect(team.settings))) if "file is not a database" in line]

    assert "Questions and answers 0" in nothing
    assert any(line.startswith("Questions and answers 1 the oldest of ") for line in lines(kept))
    assert (1, asked_at, 3) == tuple(as_json(kept)["history"][name] for name in ("exchanges", "oldest", "keep_days"))
    assert [True] == [line.startswith("!") for line in broken]


def test_an_index_that_cannot_be_read(team: Team) -> None:
    """Missing is as it should be before the first slice; broken is marked."""
    team.index.write_bytes(b"x" * 5000)
    broken = list(text.render(report(collect(team.settings))))
    team.index.unlink()
    missing = list(text.render(report(collect(team.settings))))

    assert any(line.startswith("! Index") and "broken" in line for line in broken)
    assert any(line.startswith("  Index") and "there is no index yet" in line for line in missing)


def test_an_index_that_is_being_written(team: Team) -> None:
    """Its lock tells."""
    before = collect(team.settings)
    lock = locks.take(index_lock_path(str(team.var)))
    assert lock is not None
    during = collect(team.settings)
    lock.release()

    assert [False, True] == [bool(each.documents and each.documents.is_being_built) for each in (before, during)]
    assert any("it is being written now" in line for line in lines(during))


def test_one_that_nobody_looks_after_is_marked(team: Team) -> None:
    """The pool looks at its sources every ten minutes at least."""
    status = collect(team.settings)
    late = [line for line in text.render(report(replace(status, at=status.at + 4000))) if "Last looked" in line]

    assert [True] == [line.startswith("!") for line in late]


def test_hostile_names_do_no_harm_on_the_page(team: Team) -> None:
    """A code could be another side's."""
    with DocumentIndex(str(team.index)) as index:
        index.note_problem(Document(FOLDER, "a", "a", "1"), HOSTILE)
        index.set_meta(problems_key(FOLDER), json.dumps({HOSTILE: 1}))
    shown = report(collect(team.settings))

    assert "<script>" not in page.render(shown, every=0)[0]
    assert "\x1b" not in "".join(text.render(shown))


def test_nothing_is_imported_where_there_are_none(team: Team) -> None:
    """What the settings need of it is all that the status loads."""
    script = (
        "import sys\nfrom cocoai import config\nfrom cocoai.status.report import report\n"
        "from cocoai.status.status import as_json, collect\n"
        "status = collect(config.read(sys.argv[1], {}, secrets=False))\nreport(status), as_json(status)\n"
        "print(*(name for name in sys.modules if name.startswith('cocoai.documents')))"
    )

    def imported() -> set[str]:
        command = [sys.executable, "-c", script, str(team.file)]
        return set(subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout.split())

    on = imported()
    team.set("[paths]\nvar = var\n")
    off = imported()

    assert "cocoai.documents.index" in on
    assert {"cocoai.documents", "cocoai.documents.access", "cocoai.documents.document"} == off
