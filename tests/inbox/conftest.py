"""The fixture of the inbox's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inbox.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Return a machine whose store is away."""
    made = Stage(tmp_path)
    made.spool.is_away = True
    return made
