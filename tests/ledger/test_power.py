"""No power cut corrupts the ledger, or takes what was acknowledged. `python -m bench.ledger_power` goes further."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bench.ledger_power.cutting import cut_everywhere
from bench.ledger_power.paying import OURS


def may_trace() -> bool:
    """Check whether there is a strace, and the system lets it look at processes."""
    strace = shutil.which("strace")
    return strace is not None and subprocess.run([strace, "-o/dev/null", "true"], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not may_trace(), reason="there is no strace that may look at processes")


def test_what_is_acknowledged_outlasts_a_power_cut(tmp_path: Path) -> None:
    """At every system call, also of a process that comes after a killed one, and of what only that had written."""
    result = cut_everywhere(OURS, tmp_path, images=4, seed="cocoai", kills=(0, 3))

    assert [] == result.evidence
    assert (0, 0) == (result.corrupt, result.lose)
    assert result.acknowledged > 8
    assert result.images > result.cuts > 100


def test_a_journal_that_is_deleted_without_an_fsync_is_caught(tmp_path: Path) -> None:
    """With DELETE and FULL the journal may come back, and roll back what was acknowledged."""
    result = cut_everywhere(("DELETE", "FULL"), tmp_path, images=0, seed="cocoai", kills=(0,))

    assert 0 == result.corrupt
    assert result.lose > 0
