"""A dpkg that was killed: what is typed to mend it, with dpkg and apt-get that are played."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cocoai.install.plan import _mended_dpkg
from cocoai.install.system import DEBIAN
from tests.install.place import ROOT


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file in which the calls of dpkg and apt-get are kept; readline-common was cut off."""
    for name in ("dpkg", "apt-get"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{tmp_path}/called\n[ {name} = apt-get ]\n')
    query = "#!/bin/sh\nprintf 'ok libc6:amd64\\nreinstreq readline-common:all\\nok nginx:amd64\\n'\n"
    (tmp_path / "dpkg-query").write_text(query)
    for path in tmp_path.iterdir():
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path / "called"


def assert_mended(called: Path) -> None:
    first, second, *_ = called.read_text().splitlines()
    assert "dpkg --force-confold --configure -a" == first
    assert second.startswith("apt-get install -y")
    assert second.endswith("--reinstall readline-common:all")


def test_the_installer_unpacks_again_what_was_cut_off(played: Path) -> None:
    """Neither `dpkg --configure -a`, which fails then, nor `apt-get --fix-broken` does that."""
    for step in _mended_dpkg(DEBIAN):
        step.do()
    assert_mended(played)
    assert "--fix-broken" in played.read_text().splitlines()[2]


def test_what_is_typed_does_the_same(played: Path) -> None:
    script = "\n".join(line for step in _mended_dpkg(DEBIAN) for line in step.typed())
    subprocess.run(["sh", "-e"], input=script, check=True, encoding="utf-8")
    assert_mended(played)


def test_before_there_is_a_python_bin_prepare_does_it(played: Path) -> None:
    script = """
set -eu
. bin/prepare
has() { :; }
may_be_root() { :; }
as_root() { case "$*" in *update*) ;; *) "$@" ;; esac; }
dpkg_is_whole() { false; }
install_by_apt nginx
"""
    subprocess.run(["sh"], input=script, check=True, cwd=ROOT, encoding="utf-8")
    assert_mended(played)
