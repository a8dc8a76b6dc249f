"""The rooms that tests of the spool run in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.spool.rooms import FilesRoom, MariaDBRoom, Room


@pytest.fixture
def mariadb_room(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MariaDBRoom]:
    """Return an empty room in a real database; tests of what only holds there ask for it."""
    made = MariaDBRoom(request.getfixturevalue("database"), tmp_path, monkeypatch)
    yield made
    made.close()


@pytest.fixture(params=["files", "mariadb"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Room:
    """Return an empty room of each kind."""
    if request.param == "files":
        return FilesRoom(tmp_path)
    made: MariaDBRoom = request.getfixturevalue("mariadb_room")
    return made
