"""Fixtures for the tests of workers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.web.handlers import Held, Pipe


@pytest.fixture
def pipe(request: pytest.FixtureRequest) -> Callable[[], Pipe]:
    """Return a function that makes a pipe, closed with the test."""

    def make() -> Pipe:
        new = Pipe()
        request.addfinalizer(new.close)
        return new

    return make


@pytest.fixture
def held(pipe: Callable[[], Pipe]) -> Held:
    """Return a handler that the test holds and releases."""
    return Held(pipe)
