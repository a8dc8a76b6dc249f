"""nginx's files: written whole, or as they were before; with an nginx that is played."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cocoai.errors import CocoAIError
from cocoai.install import site
from cocoai.install.site import NginxFiles
from cocoai.install.steps import WholeFile

NGINX = """#!/bin/sh
if [ -e {folder}/refuses ]; then echo 'a duplicate default server for 0.0.0.0:80'; exit 1; fi
cat {folder}/reads 2>/dev/null || :
"""


@pytest.fixture
def nginx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nginx").write_text(NGINX.format(folder=tmp_path))
    (tmp_path / "nginx").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def files(folder: Path) -> NginxFiles:
    (folder / "old.conf").write_text("old\n")
    return NginxFiles([WholeFile(str(folder / "old.conf"), "new\n"), WholeFile(str(folder / "new.conf"), "new\n")])


@pytest.mark.skipif(os.geteuid() != 0, reason="the files become root's")
def test_what_nginx_refuses_is_as_it_was_with_advice(nginx: Path) -> None:
    (nginx / "refuses").touch()
    with pytest.raises(CocoAIError, match="take `default_server` from"):
        files(nginx).do()
    assert "old\n" == (nginx / "old.conf").read_text()
    assert not (nginx / "new.conf").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="the files become root's")
def test_an_nginx_that_does_not_read_our_folder_is_noticed(nginx: Path) -> None:
    """With another nginx.conf all would seem well, until nobody answers."""
    with pytest.raises(CocoAIError, match=r"nginx does not read .*old\.conf: .* must include"):
        files(nginx).do()
    assert not (nginx / "new.conf").exists()
    names = (nginx / "old.conf", nginx / "new.conf")
    (nginx / "reads").write_text("".join(f"# configuration file {name}:\n" for name in names))
    files(nginx).do()
    assert ["new\n", "new\n"] == [name.read_text() for name in names]


def test_a_webroot_that_serves_others_too_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "ACME", str(tmp_path / "acme"))
    step = site.webroot_removed()
    for others in (True, False):
        (tmp_path / "acme/.well-known").mkdir(parents=True, exist_ok=True)
        if others:
            (tmp_path / "acme/.well-known/theirs").touch()
        step.do()
        assert others == (tmp_path / "acme").exists() == (not step.is_done())
        (tmp_path / "acme/.well-known/theirs").unlink(missing_ok=True)


@pytest.mark.parametrize("is_on", [True, False])
def test_a_dry_run_switches_the_renewal_on_whatever_the_timer_is_called(tmp_path: Path, *, is_on: bool) -> None:
    """Before certbot is installed nobody knows its timer."""
    answer = "true" if is_on else "false"
    play = f"""
systemctl() {{
    echo "$*" >>{tmp_path}/called
    case "$*" in
    "cat certbot.timer") {answer} ;;
    "cat "*) false ;;
    esac
}}
"""
    play += "\n".join(site.Renewal().typed())
    subprocess.run(["sh", "-e"], input=play, check=True, encoding="utf-8")
    assert is_on == ("enable --now certbot.timer" in (tmp_path / "called").read_text())
