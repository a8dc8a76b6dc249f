"""The way back to the version before: when it is open, and that it always leads to the same place."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import pytest

from cocoai.errors import CocoAIError
from cocoai.install import rollback
from cocoai.install.choices import Choices
from cocoai.install.releases import Releases
from cocoai.install.steps import Task
from cocoai.slack.model.job_kinds import JOB_KINDS
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from tests.install.place import Place, fill

CHOICES = Choices("a.example.com")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return an installation of which the first version is in use, and the second was."""
    place = Place(getpass.getuser(), str(tmp_path))
    for slot in place.slots:
        fill(slot, "some version")
    Releases(place).turn(place.slots[0]).do()
    FileSpool(place.var).make_folders()
    return place


def waiting(place: Place, *kinds: str) -> None:
    spool = FileSpool(place.var)
    for number, kind in enumerate(kinds):
        ts = f"1700000000.{number:06d}"
        spool.put(Key("C0PRACTICE", ts, ts), {"kind": kind})


def test_the_way_back_is_shut_while_a_job_waits_that_the_version_before_does_not_know(place: Place) -> None:
    kind = sorted(JOB_KINDS)[0]
    waiting(place, kind, "written_by_a_later_version")
    assert {kind, "written_by_a_later_version"} == rollback.waiting_kinds(place.var)
    with pytest.raises(CocoAIError, match="does not know what waits: written_by_a_later_version"):
        next(rollback.tasks(place, CHOICES))


def test_the_way_back_is_open_while_only_known_jobs_wait(place: Place) -> None:
    waiting(place, *sorted(JOB_KINDS))
    assert "a look at the settings" in next(rollback.tasks(place, CHOICES)).title


def test_the_version_before_is_asked_and_not_the_checkout(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`bin/install` goes into the checkout first, where `import cocoai` would find the checkout's own."""
    for module in ("slack/model/job_kinds.py", "install/rollback.py"):
        path = tmp_path / "checkout/cocoai" / module
        path.parent.mkdir(parents=True)
        path.write_text("JOB_KINDS = ['written_by_a_later_version']\ndef waiting_kinds(var): return set()\n")
    monkeypatch.chdir(tmp_path / "checkout")
    waiting(place, "written_by_a_later_version")
    with pytest.raises(CocoAIError, match="does not know what waits: written_by_a_later_version"):
        next(rollback.tasks(place, CHOICES))


def test_a_job_that_is_done_while_we_look_is_no_failure(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting(place, "gone_meanwhile", "still_there")
    gone = Path(place.var, "spool/ready", "C0PRACTICE-1700000000.000000-1700000000.000000")
    keys = FileSpool.keys

    def then_one_is_done(spool: FileSpool, state: str) -> list[Key]:
        found = keys(spool, state)
        gone.unlink()
        return found

    monkeypatch.setattr(FileSpool, "keys", then_one_is_done)
    assert {"still_there"} == rollback.waiting_kinds(place.var)


def back(place: Place) -> Task:
    tasks = rollback.tasks(place, CHOICES)
    return next(task for task in tasks if task.title == "back to the version before")


def test_killed_behind_the_turn_and_begun_again_it_does_not_turn_round(place: Place) -> None:
    before = place.slots[1]
    for step in back(place).steps[:2]:
        step.do()
    assert before == Releases(place).current()
    for step in back(place).steps[:2]:
        assert step.is_done()
    assert before == Releases(place).current()


def test_an_upgrade_ends_a_way_back_that_was_begun(place: Place, tmp_path: Path) -> None:
    from cocoai.install.plan import Plan
    from cocoai.install.releases import Source
    from cocoai.install.system import DEBIAN

    back(place).steps[0].do()
    assert os.path.exists(place.going_back)
    for step in Plan(place, CHOICES, Source(str(tmp_path)), DEBIAN, None)._switch(place.slots[1]).steps[:3]:
        step.do()
    assert not os.path.exists(place.going_back)
    assert place.slots[0] == Releases(place).previous()
