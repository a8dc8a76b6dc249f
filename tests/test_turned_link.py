"""An upgrade turns a symbolic link to another environment while the pool runs: no process mixes two versions."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sysconfig
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import cocoai
from tests.engine.web.fastcgi_client import ask
from tests.processes import wait_until
from tests.test_install import SETTINGS, environ

ROOT = Path(__file__).parent.parent

ONE_WORKER = """\
[pool]
workers = 1
status_listen = off
"""

LATE = """

def respond(_: HealthHandler, __: Request) -> Response:
    from cocoai import late
    from cocoai.engine.web.response import text_response

    return text_response(200, late.WORD)

HealthHandler.__call__ = respond
"""
"""What each version has at the end of its app.py: a worker imports a module at its first request, and not before."""


def install(environment: Path, version: str, commit: str) -> None:
    """Make a virtual environment with a copy of CocoAI, its entry, and the installer's file with the commit.

    The copy has this version; it is also the word in its responses.
    """
    venv.create(environment, symlinks=True)
    package = package_in(environment)
    shutil.copytree(ROOT / "cocoai", package)
    init = (package / "__init__.py").read_text()
    assert cocoai.__version__ in init
    (package / "__init__.py").write_text(init.replace(cocoai.__version__, version))
    with (package / "app.py").open("a") as app:
        app.write(LATE)
    (package / "late.py").write_text(f'WORD = "{version}"\n')
    # What CocoAI requires; a line of a .pth file is put behind the environment's own folder.
    (package.parent / "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n")
    shutil.copy(ROOT / "cocoai.fcgi", environment / "bin/cocoai.fcgi")
    (environment / "share/cocoai").mkdir(parents=True)
    (environment / "share/cocoai/commit").write_text(f"{commit}\n")


def package_in(environment: Path) -> Path:
    """Return the package's folder in an environment."""
    return next((environment / "lib").glob("python3*/site-packages")) / "cocoai"


def turn(link: Path, environment: str) -> None:
    """Let the link point to this environment from one instant to the next, as an upgrade does."""
    (link.parent / "next").symlink_to(environment)
    (link.parent / "next").replace(link)


@dataclass
class LinkedPool:
    """A pool that was started through the link `opt` in its folder, as supervisor starts it in production."""

    folder: Path
    master: subprocess.Popen[bytes]

    def log(self) -> str:
        """Return what the pool has logged so far."""
        return (self.folder / "log").read_text()

    def word(self) -> str:
        """Return the word in a worker's response."""
        return ask(f"{self.folder}/socket", "/healthz").text.strip()

    def reload(self, outcome: str, times: int) -> None:
        """Send HUP; wait until the pool has logged this outcome so many times."""
        self.master.send_signal(signal.SIGHUP)
        wait_until(lambda: self.log().count(f"pool outcome={outcome}") == times)

    def command(self, *arguments: str) -> str:
        """Return what the command that is installed now prints."""
        command = [f"{self.folder}/opt/bin/python", "-m", "cocoai", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=self.folder, env=environ())
        return done.stdout

    def running(self) -> tuple[str, str]:
        """Return version and commit of the running pool, as `cocoai status` shows them."""
        pool = json.loads(self.command("status", "--json"))["pool"]
        return pool["version"], pool["commit"]


@pytest.fixture
def pool(short_folder: Callable[[], Path]) -> Iterator[LinkedPool]:
    """Run a pool of the environment a; b has the new version."""
    folder = short_folder()
    install(folder / "a", "0.8", "aaaaaaa")
    install(folder / "b", "0.9", "bbbbbbb")
    turn(folder / "opt", "a")
    (folder / "cocoai.ini").write_text(SETTINGS + ONE_WORKER)
    (folder / "cocoai.ini").chmod(0o600)
    command = [f"{folder}/opt/bin/python", f"{folder}/opt/bin/cocoai.fcgi", "--bind", f"unix:{folder}/socket"]
    with (
        (folder / "log").open("ab") as log,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, cwd=folder, env=environ()) as master,
    ):
        try:
            pool = LinkedPool(folder, master)
            wait_until(lambda: "pool outcome=started" in pool.log())
            yield pool
        finally:
            master.terminate()


def test_a_turned_link_is_followed_by_a_reload_and_by_nothing_else(pool: LinkedPool) -> None:
    """Until HUP whatever a process imports is of the version that it began with; then all is the new one's.

    A reload's check runs the new version too: while that is broken, the pool goes on as it was. The version and the
    commit that the status shows are always those that run.
    """
    app = package_in(pool.folder / "b") / "app.py"
    working = app.read_text()
    app.write_text("raise SystemExit('broken')\n")
    turn(pool.folder / "opt", "b")

    pool.reload("not-reloaded", times=1)
    installed = pool.command("--version")
    before = (pool.word(), pool.running())
    app.write_text(working)
    pool.reload("started", times=2)
    wait_until(lambda: pool.word() == "0.9")  # the old worker may accept until the new one does
    after = pool.running()

    assert "cocoai 0.9 (bbbbbbb)\n" == installed
    assert ("0.8", ("0.8", "aaaaaaa")) == before
    assert ("0.9", "bbbbbbb") == after
