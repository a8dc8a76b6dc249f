"""A pool's folder with nothing in it yet, as `cocoai status` finds it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cocoai import config
from cocoai.spool.spool import Spool
from tests.status.made_up import settings_in


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    """Settings whose var is below `tmp_path`; the spool's folders are there."""
    made = settings_in(tmp_path)
    Spool(made.paths.var).make_folders()
    os.makedirs(f"{made.paths.var}/run")
    return made


@pytest.fixture
def spool(settings: config.Settings) -> Spool:
    """Its spool."""
    return Spool(settings.paths.var)
