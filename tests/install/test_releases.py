"""Two environments and a link: what is installed, what is in use, and what one can go back to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from cocoai.errors import CocoAIError
from cocoai.install import releases, rollback
from cocoai.install.choices import Choices
from cocoai.install.instance import Instance
from cocoai.install.releases import Build, Releases, Source, build, find_source
from cocoai.slack.model.job_kinds import JOB_KINDS
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Place(Instance):
    """An instance below a folder of the test."""

    folder_of_test: str = ""

    @property
    def current(self) -> str:
        return f"{self.folder_of_test}/cocoai"

    @property
    def slots(self) -> tuple[str, str]:
        return f"{self.current}.a", f"{self.current}.b"

    @property
    def var(self) -> str:
        return f"{self.folder_of_test}/var"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(folder_of_test=str(tmp_path))


def fill(slot: str, stamp: str) -> None:
    """Make what looks like an environment: with this stamp, and our own Python."""
    (Path(slot) / "bin").mkdir(parents=True)
    (Path(slot) / "share/cocoai").mkdir(parents=True)
    script = f'#!/bin/sh\nexec env PYTHONPATH={ROOT} {sys.executable} "$@"\n'
    (Path(slot) / "bin/python").write_text(script)
    (Path(slot) / "bin/python").chmod(0o755)
    (Path(slot) / "share/cocoai/stamp").write_text(f"{stamp}\n")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    copy = tmp_path / "checkout"
    copy.mkdir()
    for name in releases._CHECKOUT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)
    return copy


def test_the_first_version_goes_into_the_first_environment(place: Place) -> None:
    slot, steps = build(place, Source(str(ROOT)))
    assert place.slots[0] == slot
    assert [Build(place.slots[0], Source(str(ROOT)))] == steps


def test_an_upgrade_goes_into_the_other_and_the_link_is_turned(place: Place) -> None:
    for slot in place.slots:
        fill(slot, "another version")
        Releases(place).turn(slot).do()
        assert slot == Releases(place).current()
        assert build(place, Source(str(ROOT)))[0] == Releases(place).other() != slot
        assert os.path.basename(slot) == os.readlink(place.current)


def test_the_same_version_is_not_installed_twice(place: Place, checkout: Path) -> None:
    source = Source(str(checkout))
    fill(place.slots[0], source.stamp())
    Releases(place).turn(place.slots[0]).do()
    assert (place.slots[0], []) == build(place, source)
    (checkout / "cocoai/app.py").write_text("changed\n")
    assert place.slots[1] == build(place, source)[0]


def test_an_environment_whose_python_is_gone_is_made_anew(place: Place, checkout: Path) -> None:
    source = Source(str(checkout))
    fill(place.slots[0], source.stamp())
    (Path(place.slots[0]) / "bin/python").write_text("#!/usr/bin/no-python\n")
    Releases(place).turn(place.slots[0]).do()
    assert place.slots[1] == build(place, source)[0]


def test_what_python_and_pip_leave_in_a_checkout_is_no_change(checkout: Path) -> None:
    before = Source(str(checkout)).stamp()
    for folder in ("cocoai/__pycache__", "cocoai.egg-info", "var", "tests"):
        (checkout / folder).mkdir()
        (checkout / folder / "new").write_text("new")
    assert before == Source(str(checkout)).stamp()


def test_a_checkout_is_copied_and_left_alone(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    before = sorted(checkout.rglob("*"))
    copy = Path(Source(str(checkout)).copy(str(tmp_path / "copy")))
    assert before == sorted(checkout.rglob("*"))
    assert (ROOT / "cocoai/app.py").read_text() == (copy / "cocoai/app.py").read_text()


def test_a_half_made_environment_is_no_way_back(place: Place) -> None:
    fill(place.slots[0], "this")
    Releases(place).turn(place.slots[0]).do()
    with pytest.raises(CocoAIError, match="nothing to go back to"):
        Releases(place).previous()
    (Path(place.slots[1]) / "bin").mkdir(parents=True)
    with pytest.raises(CocoAIError, match="nothing to go back to"):
        Releases(place).previous()
    shutil.rmtree(place.slots[1])
    fill(place.slots[1], "the one before")
    assert place.slots[1] == Releases(place).previous()


def test_what_cannot_be_installed_is_named(tmp_path: Path) -> None:
    for given, named in ((tmp_path, "has no cocoai"), (tmp_path / "x.whl", "expected a checkout")):
        with pytest.raises(CocoAIError, match=named):
            find_source(str(given))
    (tmp_path / "cocoai-1-py3-none-any.whl").write_bytes(b"")
    assert find_source(str(tmp_path / "cocoai-1-py3-none-any.whl")) == Source(f"{tmp_path}/cocoai-1-py3-none-any.whl")


def test_the_checkout_that_we_run_from_is_installed() -> None:
    source = find_source()
    assert str(ROOT) == source.path
    told = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    assert told.stdout.strip() == source.commit


def waiting(place: Place, *kinds: str) -> None:
    spool = Spool(place.var)
    spool.make_folders()
    for number, kind in enumerate(kinds):
        ts = f"1700000000.{number:06d}"
        spool.put(Key("C0PRACTICE", ts, ts), {"kind": kind})


def test_the_way_back_is_shut_while_a_job_waits_that_the_version_before_does_not_know(place: Place) -> None:
    for slot in place.slots:
        fill(slot, "some version")
    Releases(place).turn(place.slots[0]).do()
    kind = sorted(JOB_KINDS)[0]
    waiting(place, kind, "written_by_a_later_version")
    assert {kind, "written_by_a_later_version"} == rollback.waiting_kinds(place.var)
    with pytest.raises(CocoAIError, match="does not know what waits: written_by_a_later_version"):
        next(rollback.tasks(place, Choices("a.example.com")))


def test_the_way_back_is_open_while_only_known_jobs_wait(place: Place) -> None:
    for slot in place.slots:
        fill(slot, "some version")
    Releases(place).turn(place.slots[0]).do()
    waiting(place, *sorted(JOB_KINDS))
    assert "a look at the settings" in next(rollback.tasks(place, Choices("a.example.com"))).title
