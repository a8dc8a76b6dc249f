"""Carry out a Dockerfile's steps in a bare Debian root, as root and with network; start containers of the result."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.container.context import Context
from bench.container.dockerfile import Image, Instruction, Unsupported, after
from bench.roots import base, container, machine_settings
from bench.roots.container import Leader
from bench.roots.root import Root

BASES = {f"debian:{codename}-slim": release for release, codename in base.RELEASES.items()}
"""The base images that a root can stand for, and their releases."""

NOT_SLIM = tuple(name for name in base.PACKAGES if name != "ca-certificates")
"""What a root has and the slim image has not. The certificates stay: the way to the registries may need them."""

STEP = 900.0
"""Seconds that a step may take on a busy machine."""


class StepFailed(Exception):
    """A step of the Dockerfile failed; the message has the end of what it said."""


@dataclass
class Container:
    """A running container: nspawn's process, and the container's process 1."""

    nspawn: subprocess.Popen[bytes]
    leader: Leader

    def end(self, number: int, patience: float) -> tuple[int, float]:
        """Send process 1 a signal, as `docker stop` and `docker kill` do; return the exit code and the seconds it took.

        Raise TimeoutError if it has not ended after `patience` seconds: an engine would kill it then.
        """
        began = time.monotonic()
        self.leader.signal(number)
        try:
            return self.nspawn.wait(patience), time.monotonic() - began
        except subprocess.TimeoutExpired:
            raise TimeoutError(
                f"the container has not ended {patience:g} s after {signal.Signals(number).name}"
            ) from None

    def zombies(self) -> int:
        """Count the processes that have ended, and that process 1 should have reaped."""
        count = 0
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                state, parent = Path(f"/proc/{entry}/stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
            except OSError:  # it has just been reaped
                continue
            count += state == "Z" and int(parent) == self.leader.pid
        return count

    def users(self) -> set[int]:
        """Return the user ids of all its processes."""
        return {os.stat(f"/proc/{pid}").st_uid for pid in self.leader.processes()}


class Build:
    """A root in which a Dockerfile's steps are carried out one after the other, and then its containers run."""

    def __init__(self, root: Root, context: Context) -> None:
        self._root, self._context = root, context
        self.image = Image()
        self._volumes = root.home / "volumes"

    def slim(self) -> None:
        """Remove what the root has and Debian's slim image has not, so that no step relies on it."""
        # Each of the two refuses to go unless it is told twice.
        purge = "DEBIAN_FRONTEND=noninteractive SUDO_FORCE_REMOVE=yes apt-get purge -y --autoremove"
        self._run_as_root(f"{purge} --allow-remove-essential {' '.join(NOT_SLIM)}")

    def carry_out(self, instruction: Instruction) -> None:
        """Do one instruction's step, and take over what it sets. Raise StepFailed if a command of it fails."""
        if instruction.name == "RUN":
            self._run_as_root(instruction.argument)
        elif instruction.name == "COPY":
            self._copy(instruction)
        self.image = after(self.image, instruction)
        if instruction.name == "FROM" and self.image.base not in BASES:
            raise Unsupported(f"no root stands for {self.image.base}; there are {', '.join(BASES)}")
        if instruction.name == "WORKDIR":
            self._inside(self.image.folder).mkdir(parents=True, exist_ok=True)

    def _run_as_root(self, line: str) -> None:
        """Run a line of sh in the root with the image's environment and folder. Raise StepFailed if it fails."""
        if self.image.user != "root":
            raise Unsupported("a RUN behind USER is not known here")
        environment = {"HOME": "/root", **machine_settings.proxies(), **self.image.environment}
        payload = [*_settings(environment, self.image.folder), "sh", "-c", line]
        began = self._console_size()
        nspawn = container.spawn(self._root.name, self._root.tree, self._namespace, self._root.console, payload)
        try:
            code = nspawn.wait(STEP)
        finally:
            nspawn.kill()
            nspawn.wait()
        if code:
            raise StepFailed(f"exit code {code}\n{self.said(began)[-3000:]}")

    def _copy(self, instruction: Instruction) -> None:
        """Copy files of the context; they become root's and keep their modes, as an engine does it."""
        *sources, target = instruction.argument.split()
        if not target.endswith("/"):
            raise Unsupported(f"line {instruction.line}: COPY is known here into a folder only, with a / at its end")
        folder = self._inside(self.image.path(target))
        folder.mkdir(parents=True, exist_ok=True)
        for source in sources:
            below = "" if source == "." else source
            is_folder = (self._context.root / below).is_dir()
            for name in self._context.files(below):
                # Of a folder its content is copied, of a file the file itself.
                copied = folder / (os.path.relpath(name, below or ".") if is_folder else os.path.basename(name))
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self._context.root / name, copied)
                shutil.copymode(self._context.root / name, copied)

    def run(
        self, *words: str, environment: dict[str, str] | None = None, mounted: dict[Path, str] | None = None
    ) -> Container:
        """Start a container: the entry point with `words`, or with the image's own command if there are none.

        All of it is read-only but the volumes, which stay from one container to the next. `mounted` names files of this
        machine, and where they lie in the container.
        """
        for place in (mounted or {}).values():  # an engine makes the mount point before the root is read-only
            self._inside(place).touch()
        everything = {"HOME": "/srv/cocoai", **self.image.environment, **(environment or {})}
        payload = ["--read-only", f"--user={self.image.user}", "--no-new-privileges=yes"]
        payload += [f"--bind={self.volume(path)}:{path}" for path in self.image.volumes]
        payload += [f"--bind-ro={path}:{place}" for path, place in (mounted or {}).items()]
        payload += [*_settings(everything, self.image.folder), *self.image.entrypoint, *(words or self.image.command)]
        root = self._root
        return Container(*container.start(root.name, root.tree, self._namespace, root.console, 60.0, payload))

    def volume(self, path: str) -> Path:
        """Return this machine's folder of a volume; a new one begins as a copy of what the image has at that path."""
        folder = self._volumes / path.strip("/").replace("/", "-")
        if not folder.exists():
            self._volumes.mkdir(exist_ok=True)
            subprocess.run(["cp", "-a", str(self._inside(path)), str(folder)], check=True)
        return folder

    def is_running(self) -> bool:
        """Return True if a process of a container, or its nspawn, still lives."""
        return container.is_running(self._root.name)

    @property
    def _namespace(self) -> Path:
        return self._root.network.namespace

    def _inside(self, path: str) -> Path:
        return self._root.tree / path.lstrip("/")

    def _console_size(self) -> int:
        return self._root.console.stat().st_size if self._root.console.exists() else 0

    def said(self, since: int = 0) -> str:
        """Return what the steps and containers have written to stdout and stderr, from that byte on."""
        return self._root.console.read_bytes()[since:].decode(errors="replace")


def _settings(environment: dict[str, str], folder: str) -> Sequence[str]:
    """Return nspawn's options for an environment and a working folder."""
    return [*(f"--setenv={name}={value}" for name, value in environment.items()), f"--chdir={folder}", "--"]
