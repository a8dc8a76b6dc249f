"""One house for all that is killed here, with the points laid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from tests.house import House, house
from tests.kill.stack import is_at_rest
from tests.processes import wait_until

ROOT = Path(__file__).parents[2]
ENTRY = Path(__file__).with_name("entry.py")


@pytest.fixture(scope="package")
def built(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[House]:
    """A house with one slot, so that a slot or a lock that a dead process kept would be seen at the next point."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "points").mkdir()
    with house(
        folder,
        certificates,
        manner=SlackSwitches(echoes=False, retry_waits=(0.1, 0.3, 1.5)),
        entry=str(ENTRY),
        KILL_POINTS=str(folder / "points"),
        PYTHONPATH=str(ROOT),
        COCOAI_POOL_SLOTS="1",
        COCOAI_OPENAI_MAX_OUTPUT_TOKENS="20000",
    ) as standing:
        wait_until(lambda: is_at_rest(standing))
        yield standing
        (folder / "points").rename(folder / "past")  # nobody is killed while the house is taken down
