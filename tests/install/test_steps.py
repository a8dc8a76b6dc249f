"""Each kind of step knows whether it is done, does it whole, and says what one could type instead."""

from __future__ import annotations

import getpass
import grp
import os
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from cocoai.errors import CocoAIError
from cocoai.install.steps import Command, Folder, Link, Owner, Removal, Step, WholeFile, run, succeeds

ME = Owner(0o640, getpass.getuser(), grp.getgrgid(os.getgid()).gr_name)


def kinds(folder: Path) -> list[Step]:
    (folder / "old").mkdir()
    (folder / "old/file").write_text("old")
    return [
        Folder(str(folder / "a folder"), Owner(0o750, ME.user, ME.group)),
        WholeFile(str(folder / "file"), "text with $HOME, `echo no` and 'quotes'\nあ\n", ME),
        Link(str(folder / "link"), "file"),
        Removal(str(folder / "old")),
        Removal(str(folder / "never there")),
    ]


def test_a_step_is_done_once_it_was_done(tmp_path: Path) -> None:
    for step in kinds(tmp_path)[:-1]:
        assert not step.is_done()
        step.do()
        assert step.is_done()


def test_what_is_typed_does_the_same(tmp_path: Path) -> None:
    """Every command that a dry run prints leaves the step done, in a plain sh."""
    for step in kinds(tmp_path):
        subprocess.run(["sh", "-e"], input="\n".join(step.typed()), check=True, encoding="utf-8")
        assert step.is_done(), step


def test_a_file_has_its_owner_and_mode_from_the_first_moment(tmp_path: Path) -> None:
    path = tmp_path / "new folder/secret"
    WholeFile(str(path), "text\n", ME).do()
    assert 0o640 == stat.S_IMODE(path.stat().st_mode)
    assert "text\n" == path.read_text()
    assert [path] == list(path.parent.iterdir())


def test_a_file_is_written_again_when_its_mode_was_changed(tmp_path: Path) -> None:
    file = WholeFile(str(tmp_path / "file"), "text\n", ME)
    file.do()
    (tmp_path / "file").chmod(0o600)
    assert not file.is_done()
    file.do()
    assert file.is_done()


def test_what_a_killed_run_left_beside_a_file_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "file.cocoai-new").write_text("half of it")
    (tmp_path / "link.cocoai-new").write_text("")
    for step in (WholeFile(str(tmp_path / "file"), "whole\n", ME), Link(str(tmp_path / "link"), "file")):
        step.do()
        assert step.is_done()
    assert {"file", "link"} == set(os.listdir(tmp_path))


def test_a_secret_is_not_in_what_is_typed(tmp_path: Path) -> None:
    typed = "\n".join(WholeFile(str(tmp_path / "file"), "key = s3cret\n", ME, shown="key = (not shown)\n").typed())
    assert "(not shown)" in typed
    assert "s3cret" not in typed


def test_an_unknown_owner_is_named(tmp_path: Path) -> None:
    with pytest.raises(CocoAIError, match="no_such_user"):
        Folder(str(tmp_path / "folder"), Owner(0o755, "no_such_user")).do()


def test_a_failed_command_shows_its_words_and_the_advice() -> None:
    with pytest.raises(CocoAIError, match=r"sh -c 'echo because; exit 3': failed\nbecause\nDo this\."):
        Command(["sh", "-c", "echo because; exit 3"], advice="Do this.").do()


def test_a_missing_command_is_named() -> None:
    with pytest.raises(CocoAIError, match="cocoai-no-such-command is missing"):
        run(["cocoai-no-such-command"])
    assert not succeeds("cocoai-no-such-command")


def test_a_command_cannot_wait_for_the_terminal() -> None:
    """What asks a question there would wait for ever, since nobody sees it."""
    began = time.monotonic()
    assert "" == run(["sh", "-c", "read answer || true; printf '%s' \"$answer\""])
    assert time.monotonic() - began < 10


def test_a_folder_in_the_place_of_a_link_is_named(tmp_path: Path) -> None:
    """As of an installation by hand; moving the link there would fail without a word that helps."""
    (tmp_path / "cocoai").mkdir()
    link = Link(str(tmp_path / "cocoai"), "cocoai.a")
    with pytest.raises(CocoAIError, match="cocoai is a folder"):
        link.do()
    typed = subprocess.run(["sh", "-e"], input="\n".join(link.typed()), capture_output=True, encoding="utf-8")
    assert typed.returncode != 0
    assert [] == os.listdir(tmp_path / "cocoai")


def test_what_a_killed_run_left_beside_a_file_is_removed_with_it(tmp_path: Path) -> None:
    """It may hold secrets: half of the settings."""
    step = Removal(str(tmp_path / "file"))
    for words in (None, "\n".join(step.typed())):
        (tmp_path / "file.cocoai-new").write_text("half of it")
        assert not step.is_done()
        if words is None:
            step.do()
        else:
            subprocess.run(["sh", "-e"], input=words, check=True, encoding="utf-8")
        assert step.is_done()
        assert [] == os.listdir(tmp_path)


def test_a_command_is_given_no_secret_and_nothing_that_steers_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at the settings must not find in the environment what the settings lack."""
    for name in ("SLACK_BOT_TOKEN", "OPENAI_API_KEY", "COCOAI_POOL_SLOTS", "PYTHONPATH", "PYTHONHOME"):
        monkeypatch.setenv(name, "s3cret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com")
    printed = run(["env"])
    assert "s3cret" not in printed
    assert "HTTPS_PROXY=http://proxy.example.com\n" in printed


def test_whoever_still_works_for_a_killed_installer_keeps_the_next_one_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 ends the installer alone: its pip or apt works on."""
    from cocoai.install import command

    monkeypatch.setattr(command, "_LOCK", str(tmp_path / "lock"))
    read, write = os.pipe()
    installer = os.fork()
    if installer == 0:
        try:
            os.close(write)
            os.set_inheritable(read, True)
            with command._alone():
                run(["sh", "-c", f"echo $$ >{tmp_path}/pid; read -r _ </dev/fd/{read}"])
        finally:
            os._exit(0)
    os.close(read)
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        time.sleep(0.01)
    os.kill(installer, signal.SIGKILL)
    os.waitpid(installer, 0)
    with pytest.raises(CocoAIError, match="under way"), command._alone():
        pass
    os.close(write)  # what the shell waits for
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with command._alone():
                return
        except CocoAIError:
            time.sleep(0.01)
    pytest.fail("the lock is still held")
