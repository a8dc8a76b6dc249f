"""Carry out the Dockerfile in a bare root, and try its containers: a line for each step, with its seconds."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import bench.container
from bench.container.context import Context
from bench.container.dockerfile import finished, parse
from bench.container.image import BASES, Build
from bench.container.trial import Trial
from bench.roots.__main__ import TOOLS
from bench.roots.root import Root

T = TypeVar("T")
CHECKOUT = Path(__file__).parent.parent.parent
NAME = "container"
"""The name of the root."""


def main() -> None:
    """Build and try; exit 1 at the first step that fails."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.container",
        description=bench.container.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    temporary = Path(tempfile.gettempdir())
    parser.add_argument("--folder", type=Path, default=temporary / "cocoai-roots", help="of the roots")
    folder = parser.parse_args().folder.absolute()
    if os.geteuid():
        sys.exit("bench.container makes mounts and namespaces: as root")
    if missing := [package for tool, package in TOOLS.items() if not shutil.which(tool)]:
        sys.exit(f"bench.container needs: apt-get install {' '.join(missing)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that all that was started is ended
    instructions = parse((CHECKOUT / "Dockerfile").read_text(encoding="utf-8"))
    Root(NAME, folder).remove()  # left by one that was killed
    with (
        Root.create(BASES[finished(instructions).base], folder, NAME) as root,
        tempfile.TemporaryDirectory(prefix="bench-") as scratch,
    ):
        build = Build(root, Context(CHECKOUT))
        take("as slim as the base image", build.slim)
        for instruction in instructions:
            words = f"{instruction.name} {' '.join(instruction.argument.split())}"
            take(words[:70], lambda it=instruction: build.carry_out(it))  # type: ignore[misc]
        try_out(Trial(build, root.address, Path(scratch)))


def try_out(trial: Trial) -> None:
    """Take containers of the image through all that the documentation promises of them."""
    take("docker run … cocoai rehearse --publish --once", trial.once)
    running = take("docker run", trial.rehearsal, told=False)
    take("the page speaks to this machine alone", trial.guarded)
    take("no process is root's", lambda: trial.as_own_user(running))
    take("a question on the page is answered", lambda: trial.ask()())
    take("a worker is killed in mid-answer", lambda: trial.ask_and_kill_the_worker(running))
    take("docker kill", lambda: running.end(signal.SIGKILL, 30.0), told=False)
    again = take("docker run, with the same volume", trial.rehearsal, told=False)
    take("a question on the page is answered", lambda: trial.ask()())
    take("docker stop", lambda: trial.stop(again))
    take("docker run … cocoai up, a signed request, docker stop", trial.real)


def take(name: str, step: Callable[[], T], *, told: bool = True) -> T:
    """Run a step, and print its seconds, and with `told` what it returns; return that."""
    began = time.monotonic()
    result = step()
    print(f"{time.monotonic() - began:7.1f} s  {name:<72} {result or '' if told else ''}".rstrip(), flush=True)
    return result


if __name__ == "__main__":
    main()
