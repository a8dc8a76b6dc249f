"""Fixtures for the tests of moves, and of several machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cocoai import config
from cocoai.spool.file_spool import FileSpool

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB
    from cocoai.rehearsal.certificates import Certificates
    from tests.deployment import Deployment
    from tests.store.moving import Machine


@pytest.fixture
def machine(tmp_path: Path, database: MariaDB) -> Iterator[Machine]:
    """Return a machine whose database has our tables, and that keeps nothing yet."""
    from cocoai.store.schema import migrate
    from tests.store.moving import Machine

    file = tmp_path / "cocoai.ini"
    file.write_text(f"[paths]\nvar = var\n[store]\nurl = {database.address}\n")
    file.chmod(0o600)
    (tmp_path / "var").mkdir()
    migrate(database)
    made = Machine(config.read(str(file), {}, secrets=False), database)
    FileSpool(str(made.var)).make_folders()
    yield made
    made.other.close()


@pytest.fixture
def first(
    short_folder: Callable[[], Path], certificates: Certificates, database: MariaDB, request: pytest.FixtureRequest
) -> Iterator[Deployment]:
    """Start the first of several machines; the fixture's parameter is what its settings say beside."""
    from tests.store.machines import first_machine

    with first_machine(short_folder(), certificates, database, getattr(request, "param", "")) as standing:
        yield standing
