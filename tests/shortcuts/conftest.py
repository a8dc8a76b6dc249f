"""What the tests of shortcuts and of the form share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.rehearsal.certificates import Certificates
from tests.answer_harness import AnswerHarness
from tests.shortcuts.play import Play, playing


@pytest.fixture
def play(tmp_path: Path, certificates: Certificates) -> Iterator[Play]:
    """Yield an answerer and the endpoint to which the practice Slack posts, between the practice servers."""
    with playing(tmp_path, certificates) as made:
        yield made


@pytest.fixture
def harness(play: Play) -> AnswerHarness:
    """Return the answerer of `play`."""
    return play[0]
