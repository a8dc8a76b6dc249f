"""The fixture that the tests of failures share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.rehearsal.certificates import Certificates
from tests.failures.harness import LocalizedHarness, localized_harness


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[LocalizedHarness]:
    """Yield a harness; at the end of each test, nothing private may have reached its Slack."""
    with localized_harness(tmp_path, certificates) as opened:
        yield opened
