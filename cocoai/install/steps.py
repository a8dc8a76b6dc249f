"""The kinds of steps of an installation.

Each knows whether it is done, can do it, and says what one could type instead. What is done already is left alone, so
that an installation which was killed is simply begun again.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shlex
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cocoai.errors import CocoAIError
from cocoai.install.system import SBIN

_NOT_PASSED_ON = ("COCOAI_", "SLACK_", "OPENAI_", "PYTHON", "VIRTUAL_ENV")
"""Beginnings of the names of variables that no command of ours is given."""


class Step(Protocol):
    """One step of an installation."""

    def is_done(self) -> bool:
        """Check whether there is nothing to do."""

    def do(self) -> None:
        """Do it. Raise CocoAIError or OSError if that fails."""

    def typed(self) -> Iterator[str]:
        """Yield the commands that one could type instead, as root."""


@dataclass(frozen=True)
class Command:
    """A step that runs a command; it is done if `done()` says so, and by default never.

    `advice` is for the operator if it fails.
    """

    words: Sequence[str]
    done: Callable[[], bool] = lambda: False
    advice: str = ""

    def is_done(self) -> bool:
        """Ask `done()`."""
        return self.done()

    def do(self) -> None:
        """Run the command. Raise CocoAIError with its output if it fails."""
        run(self.words, advice=self.advice)

    def typed(self) -> Iterator[str]:
        """Yield the command."""
        yield shlex.join(self.words)


@dataclass(frozen=True)
class Owner:
    """Who owns a file, and the mode that it has. Root's own files need no more than a mode."""

    mode: int = 0o644
    user: str = "root"
    group: str = "root"

    def fits(self, path: str) -> bool:
        """Check whether a file or folder has this owner and this mode."""
        try:
            found = os.stat(path)
            uid, gid = self._ids()
        except (OSError, KeyError):
            return False
        return (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (uid, gid, self.mode)

    def apply(self, path: str) -> None:
        """Give it this owner and this mode. Raise CocoAIError if there is no such user or group."""
        try:
            os.chown(path, *self._ids())
        except KeyError as error:
            raise CocoAIError(f"{path}: {error.args[0]}") from None
        os.chmod(path, self.mode)

    def typed(self) -> str:
        """Return the options of install(1) for it."""
        return f"-o {self.user} -g {self.group} -m {self.mode:04o}"

    def _ids(self) -> tuple[int, int]:
        return pwd.getpwnam(self.user).pw_uid, grp.getgrnam(self.group).gr_gid


ROOT = Owner()


@dataclass(frozen=True)
class Folder:
    """A step that makes a folder, or gives one its owner and mode."""

    path: str
    owner: Owner = Owner(0o755)

    def is_done(self) -> bool:
        """Check whether the folder is there, with this owner and mode."""
        return os.path.isdir(self.path) and self.owner.fits(self.path)

    def do(self) -> None:
        """Make it."""
        os.makedirs(self.path, exist_ok=True)
        self.owner.apply(self.path)

    def typed(self) -> Iterator[str]:
        """Yield install(1)'s command for it."""
        yield f"install -d {self.owner.typed()} {shlex.quote(self.path)}"


@dataclass(frozen=True)
class WholeFile:
    """A step that writes a file as a whole. `shown` is its text without secrets, for what one could type."""

    path: str
    text: str
    owner: Owner = ROOT
    shown: str = ""

    def is_done(self) -> bool:
        """Check whether the file has this text, owner and mode."""
        return self.has_text() and self.owner.fits(self.path)

    def has_text(self) -> bool:
        """Check whether the file has this text."""
        return read_text(self.path) == self.text

    def do(self) -> None:
        """Write it beside its place, and move it there: at no moment is there half of a file, or one that all read."""
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        beside = beside_of(self.path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(self.text)
            self.owner.apply(beside)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self.path)

    def typed(self) -> Iterator[str]:
        """Yield a command that writes it from a here-document."""
        text = self.shown or self.text
        end = "" if text.endswith("\n") else "\n"
        command = f"install -D {self.owner.typed()} /dev/stdin {shlex.quote(self.path)}"
        yield f"{command} <<'END_OF_FILE'\n{text}{end}END_OF_FILE"


@dataclass(frozen=True)
class Link:
    """A step that makes a symbolic link, or turns one, in one instant."""

    path: str
    target: str

    def is_done(self) -> bool:
        """Check whether the link is there, and has this target."""
        return os.path.islink(self.path) and os.readlink(self.path) == self.target

    def do(self) -> None:
        """Make it beside its place, and move it there."""
        if os.path.isdir(self.path) and not os.path.islink(self.path):
            raise CocoAIError(
                f"{self.path} is a folder, and must become a link: move it away, then type the same again"
            )
        beside = beside_of(self.path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        os.symlink(self.target, beside)
        os.replace(beside, self.path)

    def typed(self) -> Iterator[str]:
        """Yield ln(1)'s command for it."""
        yield f"ln -sfnT {shlex.quote(self.target)} {shlex.quote(self.path)}"


@dataclass(frozen=True)
class Removal:
    """A step that removes a file, a link, or a folder with all that is in it; and what a killed run left beside it."""

    path: str

    def is_done(self) -> bool:
        """Check whether there is no such thing."""
        return not any(map(os.path.lexists, self._paths()))

    def do(self) -> None:
        """Remove it."""
        for path in filter(os.path.lexists, self._paths()):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)

    def typed(self) -> Iterator[str]:
        """Yield rm(1)'s command for it."""
        yield f"rm -rf {shlex.join(self._paths())}"

    def _paths(self) -> tuple[str, str]:
        return self.path, beside_of(self.path)


@dataclass(frozen=True)
class Task:
    """Steps that belong together, under a title for the operator."""

    title: str
    steps: Sequence[Step]


def beside_of(path: str) -> str:
    """Return the path under which a file or link is made whole, before it is moved to its own."""
    return f"{path}.cocoai-new"


def run(words: Sequence[str], *, advice: str = "", environ: Mapping[str, str] | None = None) -> str:
    """Run a command, and return its output. Raise CocoAIError with the end of it, and the advice, if it fails.

    It has our environment but for CocoAI's settings and what steers a Python: a look at the settings must see what the
    pool will see, whatever secrets the operator has given us, and an environment is built from its own modules alone.
    """
    full = {
        **{name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)},
        "PATH": f"{os.environ.get('PATH', os.defpath)}:{SBIN}",
        "LC_ALL": "C.UTF-8",
        **(environ or {}),
    }
    try:
        # No terminal: what asks there would wait for ever, unseen.
        done = subprocess.run(  # noqa: S603 (no shell; the words are ours)
            list(words),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=full,
            # Whoever holds our lock open still works for us, if we are killed: it keeps the next one out.
            close_fds=False,
            encoding="utf-8",
            errors="replace",
        )
    except FileNotFoundError:
        raise CocoAIError(f"{words[0]} is missing") from None
    if done.returncode:
        end = "\n".join(done.stdout.strip().splitlines()[-12:])
        raise CocoAIError("\n".join(filter(None, (f"{shlex.join(words)}: failed", end, advice))))
    return done.stdout


def has_user(name: str) -> bool:
    """Check whether there is a user of this name."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def has_group(name: str) -> bool:
    """Check whether there is a group of this name."""
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def read_text(path: str) -> str | None:
    """Return the text of a file, None if it cannot be read."""
    with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
    return None


def succeeds(*words: str) -> bool:
    """Check whether a command runs without an error."""
    try:
        run(words)
    except CocoAIError:
        return False
    return True
