"""Fixtures for the tests of moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cocoai import config
from cocoai.spool.file_spool import FileSpool

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB
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
