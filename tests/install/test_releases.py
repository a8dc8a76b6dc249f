"""Two environments and a link: what is installed, what is in use, and what one can go back to."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cocoai.errors import CocoAIError
from cocoai.install import releases
from cocoai.install.releases import Build, Releases, Source, build, find_source
from tests.install.place import ROOT, Place, fill


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(folder_of_test=str(tmp_path))


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


def test_what_reads_office_files_is_taken_along(place: Place, tmp_path: Path) -> None:
    """The operator has installed it into the environment in use: an upgrade would leave the documents unread."""
    fill(place.slots[0], "another version")
    Releases(place).turn(place.slots[0]).do()
    (Path(place.slots[0]) / "lib/python3.11/site-packages/pypdf").mkdir(parents=True)
    wheel = tmp_path / "cocoai-1-py3-none-any.whl"
    wheel.write_bytes(b"")
    _, steps = build(place, Source(str(wheel)))
    assert [Build(place.slots[1], Source(str(wheel)), "ops,documents")] == steps
    assert any(f"{wheel}[ops,documents]" in line for line in steps[0].typed())


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
    # Not `--short`: git shows as many digits as tell the commits of this very clone apart.
    told = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True)
    assert told.stdout.strip()[:7] == source.commit


def test_a_version_that_never_came_into_use_is_no_way_back(place: Place) -> None:
    """An upgrade that failed behind its build has left a whole environment: it is not the version before."""
    for slot in place.slots:
        fill(slot, "whole")
    Releases(place).turn(place.slots[0]).do()
    os.unlink(Path(place.slots[1]) / "share/cocoai/used")
    with pytest.raises(CocoAIError, match="nothing to go back to"):
        Releases(place).previous()
    Releases(place).used(place.slots[1]).do()
    assert place.slots[1] == Releases(place).previous()


def test_an_environment_loses_its_stamp_before_anything_else(
    place: Place, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that is killed while it removes the old one must not leave half of that as a whole version."""
    fill(place.slots[0], "the one before")
    there: list[Path] = []

    def killed(slot: str, **_: object) -> None:
        there.extend(Path(slot).rglob("stamp"))
        raise KeyboardInterrupt

    monkeypatch.setattr("cocoai.install.releases.shutil.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        Build(place.slots[0], Source(str(checkout))).do()
    assert [] == there


def test_what_is_typed_to_build_leaves_the_stamp_and_no_copy(place: Place, checkout: Path, tmp_path: Path) -> None:
    """With pip and venv played, since they need the network; the other commands run as they are."""
    source = Source(str(checkout), "0123abc")
    (checkout / "cocoai/__pycache__").mkdir(exist_ok=True)
    script = "\n".join(Build(place.slots[0], source).typed())
    seen = tmp_path / "seen"
    played = f"""
pip_install() {{ for last; do :; done; cp -R "${{last%\\[ops\\]}}" {seen}; mkdir -p {place.slots[0]}/share/cocoai; }}
venv() {{ mkdir -p {place.slots[0]}/lib; echo 'x = 1' >{place.slots[0]}/lib/x.py; }}
"""
    lines = [
        line.replace(f"{place.slots[0]}/bin/pip install", "pip_install") if "/bin/pip" in line else line
        for line in script.splitlines()
    ]
    lines = ["venv" if " -m venv " in line else line for line in lines]
    subprocess.run(["sh", "-e"], input=played + "\n".join(lines), check=True, encoding="utf-8")
    assert source.stamp() == (Path(place.slots[0]) / "share/cocoai/stamp").read_text().strip()
    assert "0123abc" == (Path(place.slots[0]) / "share/cocoai/commit").read_text().strip()
    assert {"lib", "share"} == set(os.listdir(place.slots[0]))
    assert list(Path(place.slots[0]).glob("lib/__pycache__/x.*.opt-2.pyc"))
    assert source.stamp() == Source(str(seen)).stamp()
    assert not list(seen.rglob("__pycache__"))
