"""Small valid inputs that the product gets wrong, each with the right behaviour.

A case is a program: it prints what it found and exits 0 if the product is right, 1 if it is not. Those that fail today
are listed with what goes wrong. A case that begins to pass must leave the list, so that it cannot fail again unseen.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CASES = ROOT / "tests" / "cases"
SHARED = ("_fake", "files_at_slack", "stand")
"""Files beside the cases that are no cases."""

FAILING: dict[str, str] = {}


def _names() -> list[str]:
    return sorted(path.stem for path in CASES.glob("*.py") if path.stem not in SHARED)


@pytest.mark.parametrize("name", _names())
def test_case(name: str) -> None:
    """The product does what the case says is right, unless the case is listed as failing."""
    command = [sys.executable, str(CASES / f"{name}.py")]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)

    printed = ended.stdout + ended.stderr
    assert "Traceback" not in printed, printed  # the case itself is broken: it has proven nothing
    assert (1 if name in FAILING else 0) == ended.returncode, printed
    if name in FAILING:
        pytest.xfail(FAILING[name])


def test_every_failing_case_is_there() -> None:
    """The list of failing cases names no case that does not exist."""
    assert set() == set(FAILING) - set(_names())
