"""Without a log: thousands of runs would each write what they recover from, and pytest would keep every word of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.crash import clips, pictures


@pytest.fixture(autouse=True)
def simulated_way_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pictures brought into their threads by the simulated Slack, and clips fetched from it."""
    pictures.install(monkeypatch.setattr)
    clips.install(monkeypatch.setattr)


@pytest.fixture(autouse=True)
def no_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Switch off all logging in the tests of this folder, except in those that read the log."""
    if "caplog" not in request.fixturenames:
        logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
