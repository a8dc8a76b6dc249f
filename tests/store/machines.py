"""Several machines on one database: each with a folder, a pool and an nginx of its own, before the same Slack."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.store.schema import migrate
from cocoai.up import Up
from tests.deployment import Deployment, deploy
from tests.processes import free_port

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB
    from cocoai.rehearsal.certificates import Certificates


@contextlib.contextmanager
def first_machine(folder: Path, certificates: Certificates, database: MariaDB, more: str = "") -> Iterator[Deployment]:
    """Start the machine to which Slack delivers, in `folder`; its settings say `more` beside."""
    migrate(database)
    with deploy(
        folder,
        certificates,
        manner=SlackSwitches(echoes=False, retry_waits=(0.2, 1.0, 3.0)),
        more=more,
        COCOAI_STORE_URL=str(database.address),
        COCOAI_POOL_WORKERS="1",
        WHICH_MACHINE=str(folder),
    ) as standing:
        yield standing


@contextlib.contextmanager
def another(first: Deployment, folder: Path, **settings: str) -> Iterator[None]:
    """Start another machine in `folder`, with the same settings and these (COCOAI_SECTION_KEY); stop it at the end."""
    shutil.copy(first.var / "cocoai.ini", folder)
    environ = {
        **os.environ,
        "COCOAI_STORE_URL": first.database,
        "COCOAI_POOL_STATUS_LISTEN": "off",
        "COCOAI_POOL_SELF_CHECK": "off",
        "COCOAI_BUDGET_QUESTIONS_PER_MINUTE": "0",
        "WHICH_MACHINE": str(folder),
        **settings,
    }
    listen, config = f"127.0.0.1:{free_port()}", str(folder / "cocoai.ini")
    with Up(str(folder), listen=listen, config=config, environ=environ):
        yield


def pids(folder: Path, name: str = "") -> list[int]:
    """Return the processes of the machine in `folder`, of this name or all, by the environment that they inherit."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            is_its = f"WHICH_MACHINE={folder}\0".encode() in Path(f"/proc/{entry}/environ").read_bytes()
            if is_its and name in ("", Path(f"/proc/{entry}/comm").read_text().strip()):
                found.append(int(entry))
    return found
