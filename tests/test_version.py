"""The commit is read from the installer's file or from git's own, and git is asked only by these tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cocoai
from cocoai.version import ShowVersion, read_commit, version_text

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is missing")

ROOT = Path(__file__).parent.parent

PERSON = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    """Run git in `folder`, without anybody's settings; return what it prints."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", *PERSON, *arguments]
    return subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True, text=True).stdout.strip()


def checkout(folder: Path, *options: str) -> Path:
    """Make a repository with one commit in `folder`; return the package's folder there."""
    (folder / "cocoai").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main", *options)
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    return folder / "cocoai"


def seen(package: Path, prefix: Path = Path("/nowhere")) -> str:
    return read_commit(str(package), str(prefix))


def installed(prefix: Path, content: bytes) -> Path:
    """Make an environment with this content in the installer's file; return the package's folder there."""
    package = prefix / "lib/python3.12/site-packages/cocoai"
    package.mkdir(parents=True)
    (prefix / "share/cocoai").mkdir(parents=True)
    (prefix / "share/cocoai/commit").write_bytes(content)
    return package


@pytest.mark.pure
@pytest.mark.parametrize("content", [b"abc1234\n", b"abc1234", b"0123456789abcdef0123456789abcdef01234567\n"])
def test_the_installer_s_file_has_the_commit(tmp_path: Path, content: bytes) -> None:
    """It holds from 7 to 40 hexadecimal digits."""
    assert content.decode().strip() == seen(installed(tmp_path, content), tmp_path)


@pytest.mark.pure
@pytest.mark.parametrize("content", [b"", b"abc123", b"a" * 41, b"ABC1234", b"v1.0-dirty", b"abc 1234", b"\xff" * 9])
def test_what_is_no_commit_is_not_shown(tmp_path: Path, content: bytes) -> None:
    """A file that says anything else counts as none."""
    assert "" == seen(installed(tmp_path, content), tmp_path)


@pytest.mark.pure
def test_a_wheel_has_no_commit(tmp_path: Path) -> None:
    """Nor has one of which the file is a folder, or cannot be read."""
    package = installed(tmp_path, b"")
    file = tmp_path / "share/cocoai/commit"
    file.unlink()
    without = seen(package, tmp_path)
    file.mkdir()

    assert ("", "") == (without, seen(package, tmp_path))


@pytest.mark.pure
def test_the_environment_counts_by_its_real_path(tmp_path: Path) -> None:
    """A link to it may be turned to another one: then the file is that of other code, and is left alone."""
    package = installed(tmp_path / "a", b"aaaaaaa\n")
    installed(tmp_path / "b", b"bbbbbbb\n")
    link = tmp_path / "link"
    link.symlink_to("a")
    before = seen(package, link)
    link.unlink()
    link.symlink_to("b")

    assert ("aaaaaaa", "") == (before, seen(package, link))


@pytest.mark.pure
def test_the_environment_of_a_checkout_says_nothing_of_it(tmp_path: Path) -> None:
    """A checkout that another environment's Python runs is not what the installer put there."""
    installed(tmp_path / "venv", b"abc1234\n")
    (tmp_path / "cocoai").mkdir()

    assert "" == seen(tmp_path / "cocoai", tmp_path / "venv")


@needs_git
@pytest.mark.parametrize("options", [(), ("--object-format=sha256",)], ids=["sha1", "sha256"])
@pytest.mark.parametrize("after", ["", "pack-refs --all", "checkout -q --detach", "checkout -q -b a/branch", "gc -q"])
def test_a_checkout_has_the_commit_that_git_says(tmp_path: Path, options: tuple[str, ...], after: str) -> None:
    """The branch's file, packed refs, no branch at all: each is read as git reads it, and the next commit is seen."""
    package = checkout(tmp_path, *options)
    if after:
        git(tmp_path, *after.split())
    first = seen(package)
    expected = [git(tmp_path, "rev-parse", "--short=7", "HEAD")]
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "two")
    expected.append(git(tmp_path, "rev-parse", "--short=7", "HEAD"))

    assert expected == [first, seen(package)]
    assert expected[0] != expected[1]


@needs_git
@pytest.mark.parametrize("packed", [False, True])
def test_a_worktree_has_its_own_commit(tmp_path: Path, *, packed: bool) -> None:
    """Its .git is a file, its HEAD its own, and its branch lies in the repository's folder."""
    checkout(tmp_path / "first")
    git(tmp_path / "first", "worktree", "add", "-q", "-b", "other", "../second")
    git(tmp_path / "second", "commit", "-q", "--allow-empty", "-m", "two")
    (tmp_path / "second/cocoai").mkdir()
    if packed:
        git(tmp_path / "first", "pack-refs", "--all")

    shown = [seen(tmp_path / name / "cocoai") for name in ("first", "second")]

    assert [git(tmp_path / name, "rev-parse", "--short=7", "HEAD") for name in ("first", "second")] == shown
    assert shown[0] != shown[1]


@needs_git
def test_a_repository_without_a_commit_has_none(tmp_path: Path) -> None:
    """Nor has an environment that lies within a repository: that one's commit is not CocoAI's."""
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "cocoai").mkdir()
    empty = seen(tmp_path / "cocoai")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "one")

    assert ("", "") == (empty, seen(installed(tmp_path / ".venv", b""), tmp_path / ".venv"))
    assert "" != seen(tmp_path / "cocoai")


@pytest.mark.pure
@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".git", b"gitdir: ../gone\n"),
        (".git", b"\xff\xfe\n"),
        (".git", b"gitdir: a\0b\n"),
        (".git/HEAD", b"ref: refs/heads/\xff\n"),
        (".git/HEAD", b"ref: refs/heads/.invalid\n"),
        (".git/HEAD", b"ref: a\0b\n"),
        (".git/HEAD", b"ref: .\n"),
        (".git/HEAD", b""),
    ],
)
def test_a_damaged_checkout_has_none(tmp_path: Path, name: str, content: bytes) -> None:
    """Whatever git's files say, nothing is raised."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)

    assert "" == seen(tmp_path / "cocoai")


@pytest.mark.pure
@pytest.mark.parametrize(("commit", "shown"), [("abc1234", "0.1.0 (abc1234)"), ("", "0.1.0")])
def test_the_commit_stands_behind_the_version(commit: str, shown: str) -> None:
    """Without a commit there are no brackets."""
    assert shown == version_text("0.1.0", commit)


def test_git_is_not_run_and_not_needed() -> None:
    """`--version` prints the same where no program can be found."""
    command = [sys.executable, "-m", "cocoai", "--version"]
    environ = {**os.environ, "PATH": "/nowhere"}

    shown = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=environ).stdout

    assert f"cocoai {version_text(cocoai.__version__, read_commit())}\n" == shown


@pytest.mark.pure
def test_the_commit_is_read_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing the arguments of another command reads no file for it."""
    from cocoai import cli, version

    def refuse(*_: object) -> str:
        raise AssertionError

    monkeypatch.setattr(version, "read_commit", refuse)
    parsed = cli._parser().parse_args(["status"])

    assert "status" == parsed.command.__name__.strip("_")
    assert any(isinstance(action, ShowVersion) for action in cli._parser()._actions)
