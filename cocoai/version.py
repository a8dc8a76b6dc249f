"""Tell which code this is: its version, and the commit that it was made from, as far as that can be known.

The installer leaves the commit in a file of the environment; in a checkout git's own files have it. git itself is never
run: it may be missing, and would delay each start of the pool.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

import cocoai

COMMIT_FILE = os.path.join("share", "cocoai", "commit")
"""The installer's file in an environment."""

PACKAGE = os.path.dirname(os.path.realpath(__file__))
"""This package's folder, wherever a symbolic link on the way to it may point later."""

SHORTEST, LONGEST = 7, 40
"""Digits of a commit. A checkout shows the fewest, as git does in a repository of usual size."""


class ShowVersion(argparse.Action):
    """An option like argparse's own `version`, but the commit is read only when somebody asks."""

    def __init__(self, option_strings: list[str], dest: str, **_: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version and the commit, then exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print `cocoai VERSION (COMMIT)`, and exit with 0."""
        sys.stdout.write(f"cocoai {version_text(cocoai.__version__, read_commit())}\n")
        parser.exit()


def version_text(version: str, commit: str) -> str:
    """Return the version for people: `0.1.0 (abc1234)`, or `0.1.0` if the commit is ""."""
    return f"{version} ({commit})" if commit else version


def read_commit(package: str = PACKAGE, prefix: str = "") -> str:
    """Return the commit of the code in the folder `package`, 7 to 40 hexadecimal digits; "" if it cannot be known.

    `prefix` is the folder of the environment, by default sys.prefix. Its file counts for a package that lies in it.
    """
    prefix = os.path.realpath(prefix or sys.prefix)
    try:
        if package.startswith(os.path.join(prefix, "")):
            return _commit_in(_first_line(os.path.join(prefix, COMMIT_FILE))) or _commit_of_checkout(package)
        return _commit_of_checkout(package)
    except (OSError, ValueError):  # a file that cannot be read, or is no text
        return ""


def _commit_of_checkout(package: str) -> str:
    """Return the commit that is checked out where `package` lies, shortened; "" if it is no checkout, or has no commit.

    The files are those of gitrepository-layout(5). Raise OSError or ValueError if one cannot be read.
    """
    folder = os.path.dirname(package)
    git = os.path.join(folder, ".git")
    if os.path.isfile(git):  # a worktree or a submodule: a file that names the folder
        git = os.path.join(folder, _first_line(git).removeprefix("gitdir: "))
    head = _first_line(os.path.join(git, "HEAD"))
    if not head.startswith("ref: "):
        return _commit_in(head[:SHORTEST])  # no branch is checked out
    branch = head.removeprefix("ref: ")
    # A worktree has its own HEAD, and shares the branches.
    shared = os.path.join(git, _first_line(os.path.join(git, "commondir")) or ".")
    return _commit_in(_first_line(os.path.join(shared, branch))[:SHORTEST]) or _packed(shared, branch)


def _packed(git: str, branch: str) -> str:
    """Return the commit of a branch that has no file of its own, from the file `packed-refs`; "" if it is not there.

    Raise OSError or ValueError if the file cannot be read.
    """
    with open(os.path.join(git, "packed-refs"), encoding="utf-8") as lines:
        for line in lines:
            commit, _, name = line.rstrip("\n").partition(" ")
            if name == branch:
                return _commit_in(commit[:SHORTEST])
    return ""


def _first_line(path: str) -> str:
    """Return the first line of a file, without white space around it; "" if there is no file.

    Raise OSError or ValueError if there is one that cannot be read.
    """
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline(4096).strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _commit_in(text: str) -> str:
    """Return `text` if it is a commit's hexadecimal digits, SHORTEST to LONGEST of them, else ""."""
    return text if SHORTEST <= len(text) <= LONGEST and set(text) <= set("0123456789abcdef") else ""
