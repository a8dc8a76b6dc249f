"""Which system this is, by its os-release file, and what it needs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cocoai.errors import CocoAIError
from cocoai.install.system import AMAZON, DEBIAN, System, dpkg_is_whole, memory_and_swap, require_usable, this_system

pytestmark = pytest.mark.pure

RELEASES = [
    ('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n', DEBIAN),
    ('PRETTY_NAME="Debian GNU/Linux forky/sid"\nID=debian\n', DEBIAN),
    ('NAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n', DEBIAN),
    ('NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n', AMAZON),
]


@pytest.mark.parametrize(("text", "system"), RELEASES)
def test_a_system_of_ours_is_known(tmp_path: Path, text: str, system: System) -> None:
    (tmp_path / "os-release").write_text(f"# a comment\n{text}\n")
    assert system == this_system(str(tmp_path / "os-release"))


@pytest.mark.parametrize(
    "text", ["ID=alpine\nPRETTY_NAME='Alpine'", "ID=amzn\nVERSION_ID=2", "ID_LIKE=fedora", "", "'"]
)
def test_any_other_is_refused_with_what_is_expected(tmp_path: Path, text: str) -> None:
    (tmp_path / "os-release").write_text(text)
    with pytest.raises(CocoAIError, match=r"expected Debian 12|cannot tell which system"):
        this_system(str(tmp_path / "os-release"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CocoAIError, match="no-such-file"):
        this_system(str(tmp_path / "no-such-file"))


def test_no_package_is_asked_for_that_is_not_needed() -> None:
    assert ["nginx"] == DEBIAN.packages(["nginx"])
    assert [] == AMAZON.packages([])


def test_a_python_that_makes_no_environments_needs_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cocoai.install.system._can_make_environments", lambda: False)
    monkeypatch.setattr("cocoai.install.system._is_systems_own", lambda _: False)
    version = f"python3.{sys.version_info.minor}"
    assert [f"{version}-venv"] == DEBIAN.packages([])
    assert [version] == AMAZON.packages([])


def test_memory_and_swap_are_in_kibibytes(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text(
        "MemTotal:         426908 kB\nMemFree: 1 kB\nSwapTotal:       1048572 kB\nHugePages: 0\n"
    )
    assert (426908, 1048572) == memory_and_swap(str(tmp_path / "meminfo"))


def test_a_python_in_a_closed_folder_is_refused(tmp_path: Path) -> None:
    """The pool runs as a user of its own, who may not enter somebody's home."""
    (tmp_path / "home").mkdir()
    python = tmp_path / "home/python3"
    python.touch(0o755)
    (tmp_path / "home").chmod(0o700)
    with pytest.raises(CocoAIError, match=f"other users may not enter {tmp_path}/home"):
        require_usable(str(python))
    require_usable("/usr/bin/env")


@pytest.mark.parametrize(
    ("statuses", "journal", "is_whole"),
    [
        ("installed\nconfig-files\n", [], True),
        ("installed\nunpacked\n", [], False),
        ("installed\nhalf-configured\n", [], False),
        ("installed\n", ["0003"], False),
    ],
)
def test_a_dpkg_that_was_killed_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statuses: str, journal: list[str], *, is_whole: bool
) -> None:
    """Its commands may be there already, and not work yet; and apt-get refuses to go on."""
    (tmp_path / "statuses").write_text(statuses)
    (tmp_path / "dpkg-query").write_text(f"#!/bin/sh\ncat {tmp_path}/statuses\n")
    (tmp_path / "dpkg-query").chmod(0o755)
    (tmp_path / "updates").mkdir()
    for name in journal:
        (tmp_path / "updates" / name).touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert is_whole == dpkg_is_whole(str(tmp_path / "updates"))
