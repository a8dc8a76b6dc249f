"""An installation below a folder of a test."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from cocoai.install.instance import Instance

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Place(Instance):
    """An instance below a folder of the test."""

    folder_of_test: str = ""

    @property
    def current(self) -> str:
        return f"{self.folder_of_test}/cocoai"

    @property
    def slots(self) -> tuple[str, str]:
        return f"{self.current}.a", f"{self.current}.b"

    @property
    def folder(self) -> str:
        return f"{self.folder_of_test}/etc"

    @property
    def var(self) -> str:
        return f"{self.folder_of_test}/var"


def fill(slot: str, stamp: str) -> None:
    """Make what looks like an environment: with this stamp, and our own Python."""
    (Path(slot) / "bin").mkdir(parents=True)
    (Path(slot) / "share/cocoai").mkdir(parents=True)
    script = f'#!/bin/sh\nexec env PYTHONPATH={ROOT} {sys.executable} "$@"\n'
    (Path(slot) / "bin/python").write_text(script)
    (Path(slot) / "bin/python").chmod(0o755)
    (Path(slot) / "share/cocoai/stamp").write_text(f"{stamp}\n")
    (Path(slot) / "share/cocoai/used").write_text("")
