"""How a running pool takes over what was installed, with a systemctl that is played."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cocoai.install.choices import Choices
from cocoai.install.instance import Instance
from cocoai.install.services import take_over, units
from cocoai.install.steps import Removal
from cocoai.install.system import DEBIAN

SYSTEMCTL = """#!/bin/sh
echo "$*" >>{folder}/called
case $1 in
show) cat {folder}/shown ;;
*) [ ! -e "{folder}/$1-fails" ] ;;
esac
"""


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder: `shown` is what `systemctl show` says, VERB-fails lets a verb fail, `called` has all calls."""
    (tmp_path / "systemctl").write_text(SYSTEMCTL.format(folder=tmp_path))
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "shown").write_text("ActiveState=active\nActiveEnterTimestampMonotonic=1000000\n")
    return tmp_path


def done(folder: Path, shape: str = "supervisor") -> list[str]:
    """Let it take over; return the calls that change something."""
    take_over(Instance(), Choices("a.example.com", shape=shape)).do()
    calls = (folder / "called").read_text().splitlines()
    return [call for call in calls if not call.startswith(("show", "is-"))]


def test_a_running_pool_is_reloaded(systemctl: Path) -> None:
    assert ["reload cocoai.service"] == done(systemctl)


def test_a_supervisord_whose_pool_was_given_up_is_started_anew(systemctl: Path) -> None:
    """The unit is active then, but there is no pool to reload: without this, the mended settings would never run."""
    (systemctl / "reload-fails").touch()
    assert ["reload cocoai.service", "restart cocoai.service"] == done(systemctl)


def test_a_pool_that_systemd_has_given_up_may_start_again(systemctl: Path) -> None:
    (systemctl / "shown").write_text("ActiveState=failed\nActiveEnterTimestampMonotonic=0\n")
    (systemctl / "is-active-fails").touch()
    enable = "enable --now cocoai.socket cocoai.service"
    assert ["reset-failed cocoai.service", enable] == done(systemctl, "systemd")


def test_the_files_of_the_shape_before_are_removed() -> None:
    removed = {
        shape: {
            step.path
            for step in units(Instance(), Choices("a.example.com", shape=shape), DEBIAN).steps
            if isinstance(step, Removal)
        }
        for shape in ("supervisor", "systemd")
    }
    assert {"/etc/systemd/system/cocoai.socket"} == removed["supervisor"]
    assert {"/etc/cocoai/program.conf", "/etc/cocoai/supervisord.conf"} == removed["systemd"]
