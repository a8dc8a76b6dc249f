"""The two virtual environments of an installation, and the link to the one in use.

An upgrade builds the one that is not in use, from the beginning, then turns the link in one instant. The version before
stays for the way back. A process that runs goes on with its own version until it is reloaded.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from urllib.parse import unquote, urlsplit

from cocoai.errors import CocoAIError
from cocoai.install.instance import Instance
from cocoai.install.steps import Link, Step, WholeFile, run, succeeds
from cocoai.install.system import base_python
from cocoai.version import read_commit

_CHECKOUT = (
    "cocoai",
    "etc",
    "cocoai.fcgi",
    "cocoai.ini.example",
    "setup.cfg",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)
"""What of a checkout is installed."""

_TEMPORARY = "being-built"
"""The folder in an environment that holds the copy of a checkout, and pip's own files, while it is built."""

_NOT_SOURCE = shutil.ignore_patterns("__pycache__", ".*", "*.egg-info")


@dataclass(frozen=True)
class Source:
    """What is installed: the path of a checkout, or of a wheel. `commit` is a checkout's, "" where it is not known."""

    path: str
    commit: str = ""

    @property
    def is_checkout(self) -> bool:
        """Check whether it is a checkout."""
        return os.path.isdir(self.path)

    def stamp(self) -> str:
        """Return a hash of all that is installed, and of the Python, by which the same is not installed twice."""
        digest = hashlib.sha256(sys.version.encode())
        for path in sorted(self._files()):
            digest.update(os.path.relpath(path, self.path).encode())
            with open(path, "rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def _files(self) -> Iterator[str]:
        if not self.is_checkout:
            yield self.path
            return
        for name in _CHECKOUT:
            top = os.path.join(self.path, name)
            if os.path.isfile(top):
                yield top
            for folder, folders, files in os.walk(top):
                ignored = _NOT_SOURCE(folder, [*folders, *files])
                folders[:] = [each for each in folders if each not in ignored]
                yield from (os.path.join(folder, file) for file in files if file not in ignored)

    def copy(self, folder: str) -> str:
        """Copy a checkout into `folder`, and return its path there: pip would leave files in the operator's own.

        Modules that are gone from the checkout would stay, too, in the folder build/ that pip uses there.
        """
        if not self.is_checkout:
            return self.path
        for name in _CHECKOUT:
            path, copy = os.path.join(self.path, name), os.path.join(folder, name)
            if os.path.isdir(path):
                shutil.copytree(path, copy, ignore=_NOT_SOURCE)
            else:
                shutil.copy(path, copy)
        return folder


def find_source(given: str = "") -> Source:
    """Return what to install: what is `given`, else the checkout that we run from, or the wheel that we came by.

    Raise CocoAIError if there is none.
    """
    path = os.path.abspath(given) if given else _own_source()
    if os.path.isdir(path):
        lacking = next((name for name in _CHECKOUT if not os.path.exists(os.path.join(path, name))), None)
        if lacking:
            raise CocoAIError(f"{path} is no checkout of CocoAI: it has no {lacking}")
        return Source(path, read_commit(os.path.join(path, "cocoai")))
    if os.path.isfile(path) and path.endswith(".whl"):
        return Source(path)
    raise CocoAIError(f"--from {path}: expected a checkout of CocoAI, or a wheel (.whl)")


def _own_source() -> str:
    checkout = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if os.path.exists(os.path.join(checkout, "setup.cfg")):
        return checkout
    try:
        url = json.loads(metadata.distribution("cocoai").read_text("direct_url.json") or "{}").get("url", "")
    except (metadata.PackageNotFoundError, ValueError):
        url = ""
    path = unquote(urlsplit(url).path) if url.startswith("file:") else ""
    if not os.path.exists(path):
        raise CocoAIError("what is to be installed? Give --from, with a checkout of CocoAI or a wheel")
    return path


@dataclass(frozen=True)
class Releases:
    """The two environments of an instance."""

    instance: Instance

    def current(self) -> str:
        """Return the environment in use, "" if there is none."""
        return self._target(self.instance.current)

    def other(self) -> str:
        """Return the one that is not in use: where the next version goes."""
        first, second = self.instance.slots
        return second if self.current() == first else first

    def previous(self) -> str:
        """Return the version before. Raise CocoAIError if there is none that is whole, and was in use once.

        An upgrade that failed halfway has left there a version that never was.
        """
        was_in_use = os.path.exists(self.used(self.other()).path)
        if not self.current() or not self._stamp(self.other()) or not was_in_use:
            raise CocoAIError("there is no version before this one: nothing to go back to")
        return self.other()

    def turn(self, slot: str) -> Link:
        """Return the step that turns the link to an environment."""
        return Link(self.instance.current, os.path.basename(slot))

    def used(self, slot: str) -> WholeFile:
        """Return the step that notes in an environment that it is in use, for the way back to it."""
        return WholeFile(os.path.join(slot, "share", "cocoai", "used"), "in use\n")

    def holds(self, slot: str, source: Source) -> bool:
        """Check whether an environment is whole, runs, and holds this source.

        After an upgrade of the distribution its Python may be gone.
        """
        return self._stamp(slot) == source.stamp() and succeeds(os.path.join(slot, "bin", "python"), "-c", "")

    def _target(self, link: str) -> str:
        try:
            return os.path.join(os.path.dirname(link), os.readlink(link))
        except OSError:
            return ""

    def _stamp(self, slot: str) -> str:
        try:
            with open(_stamp_file(slot), encoding="ascii") as file:
                return file.read().strip()
        except OSError:
            return ""


@dataclass(frozen=True)
class Build:
    """A step that makes a virtual environment from the beginning, and installs a source into it.

    It is whole when its last file, the stamp, is there.
    """

    slot: str
    source: Source
    extras: str = "ops"  # supervisor costs no memory where systemd runs the pool, and one can change one's mind

    def is_done(self) -> bool:
        """Check whether the environment holds this source."""
        return Releases(Instance()).holds(self.slot, self.source)

    def do(self) -> None:
        """Make it. Raise CocoAIError with pip's words if that fails."""
        # The stamp goes first: half of an environment must not pass for a whole one, should we be killed here.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_stamp_file(self.slot))
            os.sync()
        shutil.rmtree(self.slot, ignore_errors=True)
        # In the environment, and not in /tmp: there a run that is killed would leave it for good.
        temporary = os.path.join(self.slot, _TEMPORARY)
        source = os.path.join(temporary, "source")
        os.makedirs(source)
        run([base_python(), "-m", "venv", self.slot], environ={"TMPDIR": temporary})
        run([*self._pip(), self._requirement(self.source.copy(source))], environ={"TMPDIR": temporary})
        shutil.rmtree(temporary)
        if self.source.commit:
            _write(os.path.join(self.slot, "share", "cocoai", "commit"), self.source.commit)
        run([os.path.join(self.slot, "bin", "cocoai"), "--version"])
        run(self._compile())
        os.sync()  # the stamp must not outlive a power cut that its environment has not survived
        _write(_stamp_file(self.slot), self.source.stamp())

    def typed(self) -> Iterator[str]:
        """Yield the commands that make it."""
        slot = self.slot
        yield f"rm -rf {slot}"
        yield shlex.join([base_python(), "-m", "venv", slot])
        if self.source.is_checkout:
            temporary = f"{slot}/{_TEMPORARY}"
            yield f"mkdir -p {temporary}/source"
            copied = [os.path.join(self.source.path, name) for name in _CHECKOUT]
            yield shlex.join(["cp", "-R", *copied, f"{temporary}/source"])
            yield f"find {temporary}/source -name __pycache__ -prune -exec rm -rf {{}} +"
            pip = shlex.join([*self._pip(), self._requirement(f"{temporary}/source")])
            yield f"TMPDIR={temporary} {pip}"
            yield f"rm -rf {temporary}"
        else:
            yield shlex.join([*self._pip(), self._requirement(self.source.path)])
        if self.source.commit:
            yield f"echo {self.source.commit} >{slot}/share/cocoai/commit"
        yield shlex.join(self._compile())
        yield f"echo {self.source.stamp()} >{_stamp_file(slot)}"

    def _compile(self) -> list[str]:
        """Return the command that compiles the environment as the pool runs it (PYTHONOPTIMIZE=2).

        pip compiles for the plain interpreter only, and the pool's user may not write there: each start would compile
        everything anew.
        """
        return [base_python(), "-m", "compileall", "-q", "-o", "2", f"{self.slot}/lib"]

    def _pip(self) -> list[str]:
        pip = os.path.join(self.slot, "bin", "pip")
        return [pip, "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]

    def _requirement(self, path: str) -> str:
        return f"{path}[{self.extras}]"


def build(instance: Instance, source: Source) -> tuple[str, list[Step]]:
    """Return the environment that is to be in use, and the steps that fill it: none, if it is in use already."""
    releases = Releases(instance)
    if releases.current() and releases.holds(releases.current(), source):
        return releases.current(), []
    extras = "ops,documents" if _reads_office_files(releases.current()) else Build.extras
    return releases.other(), [Build(releases.other(), source, extras)]


def _reads_office_files(slot: str) -> bool:
    """Check whether the operator has installed the extra `documents` into an environment: the next one gets it too."""
    return bool(slot and glob.glob(os.path.join(glob.escape(slot), "lib", "python*", "site-packages", "pypdf")))


def _stamp_file(slot: str) -> str:
    return os.path.join(slot, "share", "cocoai", "stamp")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{text}\n")
