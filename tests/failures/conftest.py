"""What the tests of failures share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.rehearsal.certificates import Certificates
from tests.failures.counter import Counter, counter


@pytest.fixture
def desk(tmp_path: Path, certificates: Certificates) -> Iterator[Counter]:
    """A counter; whatever the test is about, nothing of ours alone has reached Slack behind it."""
    with counter(tmp_path, certificates) as opened:
        yield opened
