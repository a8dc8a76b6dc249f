"""`pip install .` into a fresh virtual environment gives a CocoAI that works outside any checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.test_up import ask

ROOT = Path(__file__).parent.parent

NOT_SOURCE = shutil.ignore_patterns(
    ".*", "var", "build", "dist", "*.egg-info", "__pycache__", "tests", "bench", "cocoai.ini"
)

SETTINGS = """\
[slack]
signing_secret = practice
bot_token = xoxb-practice
api_url = http://127.0.0.1:9/
[openai]
api_key = sk-practice
base_url = http://127.0.0.1:9/
"""
"""No program listens at port 9 (discard), so that no request reaches a server."""


@pytest.fixture(scope="module")
def installed(short_folder: Callable[[], Path]) -> Path:
    """Install CocoAI without extras into a new virtual environment; return its folder."""
    folder = short_folder()
    shutil.copytree(ROOT, folder / "source", ignore=NOT_SOURCE)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    install(folder / "venv", str(folder / "source"))
    shutil.rmtree(folder / "source")
    return folder / "venv"


def install(venv: Path, what: str) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin/python"), "install", "--quiet"]
    done = subprocess.run(
        [*pip, "--disable-pip-version-check", what], check=False, capture_output=True, text=True, cwd=venv
    )
    assert 0 == done.returncode, done.stderr


def environ() -> dict[str, str]:
    """Return our environment without the variables that would lead back to this checkout."""
    return {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "COCOAI", "VIRTUAL"))}


def test_it_requires_flup_and_requests_and_nothing_else(installed: Path) -> None:
    """There are two requirements at run time, besides those of requests."""
    script = "from importlib.metadata import requires; print(*(r for r in requires('cocoai') if 'extra' not in r))"

    requirements = subprocess.run(
        [installed / "bin/python", "-c", script], capture_output=True, text=True, check=True, cwd=installed
    ).stdout

    assert ["flup<2,>=1.0.3", "requests<3,>=2.32.3"] == requirements.split()


def test_every_file_of_the_package_is_there(installed: Path) -> None:
    """The package's data files are installed too, and etc/ beside it."""
    package = next((installed / "lib").glob("python3*/site-packages/cocoai"))

    assert files(ROOT / "cocoai") == files(package)
    assert files(ROOT / "etc") == files(installed / "share/cocoai/etc")
    assert (installed / "share/cocoai/cocoai.ini.example").exists()


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_up_works_once_supervisor_is_installed(
    installed: Path, short_folder: Callable[[], Path], free_port: Callable[[], int]
) -> None:
    """Without supervisor `cocoai up` says how to install it; with it the real pool starts, and TERM ends it."""
    folder = short_folder()
    (folder / "cocoai.ini").write_text(SETTINGS)
    (folder / "cocoai.ini").chmod(0o600)
    address = f"127.0.0.1:{free_port()}"
    command = [str(installed / "bin/cocoai"), "up", "--listen", address]

    refused = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environ())
    install(installed, "supervisor>=4.2.5,<5")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder, env=environ()) as process:
        assert process.stdout
        line = process.stdout.readline()
        answered, _ = ask(address)
        process.terminate()

    assert (1, "") == (refused.returncode, refused.stdout)
    assert f"cocoai: supervisor is missing; type: {installed}/bin/python -m pip install 'cocoai[ops]'" in refused.stderr
    assert f"CocoAI is ready at http://{address}/slack/events (logs: {folder}/var/log; Ctrl-C ends it)\n" == line
    assert 200 == answered
    assert 0 == process.returncode
