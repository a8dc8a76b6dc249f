"""Settings and an empty spool for `cocoai status`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cocoai import config
from cocoai.spool.file_spool import FileSpool
from tests.status.samples import settings_in


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    """Return settings whose var is below `tmp_path`; the spool's folders exist."""
    made = settings_in(tmp_path)
    FileSpool(made.paths.var).make_folders()
    os.makedirs(f"{made.paths.var}/run")
    return made


@pytest.fixture
def spool(settings: config.Settings) -> FileSpool:
    """Return the spool of these settings."""
    return FileSpool(settings.paths.var)
