"""Install packages of PyPI and npm, pinned, into a folder that may be kept between runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PATIENCE = 1800.0
"""Seconds that one installation may take: some servers bring 200 packages."""


def python_packages(folder: Path, packages: Sequence[str], without: Sequence[str] = ()) -> Path:
    """Install packages, as `name==version`, into a virtual environment in `folder`; return the folder of its programs.

    Those of `without` are taken off again. A folder that holds exactly these packages already is left as it is.
    """
    programs = folder / "bin"
    if not _holds(folder, packages):
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        pip = (str(programs / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check")
        _run(*pip, "install", *packages)
        if without:
            _run(*pip, "uninstall", "--yes", *without)
        _note(folder, packages)
    return programs


def node_packages(folder: Path, packages: Sequence[str]) -> Path:
    """Install packages, as `name@version`, into `folder`, running none of their scripts; return its node_modules.

    A folder that holds exactly these already is left as it is.
    """
    if not _holds(folder, packages):
        folder.mkdir(parents=True, exist_ok=True)
        options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
        # Else npm would add a second, newer copy of a package that is pinned here beside the one that needs it.
        options.append("--legacy-peer-deps")
        _run("npm", "install", "--prefix", str(folder), *options, *packages)
        _note(folder, packages)
    return folder / "node_modules"


def _holds(folder: Path, packages: Sequence[str]) -> bool:
    try:
        return (folder / "packages").read_text().split() == list(packages)
    except FileNotFoundError:
        return False


def _note(folder: Path, packages: Sequence[str]) -> None:
    """Write down which packages are there, as the last step: an installation that broke off is made anew."""
    (folder / "packages").write_text("\n".join(packages))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)
