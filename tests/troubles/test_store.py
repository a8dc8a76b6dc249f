"""The troubles below `var`: what is noted is there for every process, until it is over."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from cocoai.engine.web.request import Request
from cocoai.healthz import HealthHandler
from cocoai.troubles.store import NO_TROUBLES, Trouble, Troubles

NOW = 1_796_137_200.0


class Clock:
    """A clock that can be set."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture
def troubles(tmp_path: Path, clock: Clock) -> Troubles:
    """Return the troubles below an empty folder."""
    return Troubles(str(tmp_path), clock=clock)


def test_a_trouble_has_its_newest_code_and_its_first_time(troubles: Troubles, clock: Clock, tmp_path: Path) -> None:
    """Other processes read the same, and only their owner may read the file."""
    troubles.note("slack", "connection")
    clock.now += 60

    troubles.note("slack", "token_revoked", 2)

    expected = Trouble("slack", "token_revoked", NOW, NOW + 60, 3)
    assert (expected,) == troubles.all() == Troubles(str(tmp_path)).all()
    assert ["600", "700"] == [
        f"{os.stat(tmp_path / path).st_mode & 0o777:o}" for path in ("troubles/slack", "troubles")
    ]


def test_the_oldest_trouble_comes_first(troubles: Troubles, clock: Clock) -> None:
    """Whatever their names."""
    troubles.note("slack", "tls")
    clock.now -= 5
    troubles.note("openai", "invalid_api_key")

    assert ["openai", "slack"] == [trouble.source for trouble in troubles.all()]


def test_what_is_over_is_gone(troubles: Troubles, caplog: pytest.LogCaptureFixture) -> None:
    """The log tells when it began and when it was over, once each."""
    caplog.set_level(logging.INFO)
    troubles.over("slack")
    troubles.note("slack", "tls")
    troubles.note("slack", "tls")
    there = troubles.has("slack"), troubles.has_files()

    troubles.over("slack")
    troubles.over("slack")

    assert (True, True) == there
    assert (False, False) == (troubles.has("slack"), troubles.has_files())
    assert () == troubles.all()
    assert ["trouble source=slack code=tls outcome=begun", "trouble source=slack outcome=over"] == caplog.messages


@pytest.mark.parametrize("data", ["", "{", "[]", '{"code": "tls"}', '{"code": 1, "since": "x", "last": 0, "count": 1}'])
def test_an_odd_file_is_no_trouble(troubles: Troubles, tmp_path: Path, data: str) -> None:
    """Neither is one that a killed process has left unfinished, nor what its readers keep beside."""
    troubles.note("openai", "tls")
    for name in ("slack", "slack.123.new", "told.json"):
        (tmp_path / "troubles" / name).write_text(data)

    assert ["openai"] == [trouble.source for trouble in troubles.all()]


def test_a_disk_that_refuses_is_only_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing that answers may stop for it. That there is nothing to remove is no line: some disks refuse that too."""
    (tmp_path / "troubles").write_text("no folder")
    troubles = Troubles(str(tmp_path))

    troubles.note("slack", "tls")
    troubles.over("slack")
    (tmp_path / "troubles").unlink()
    (tmp_path / "troubles" / "slack").mkdir(parents=True)
    troubles.over("slack")

    assert ["not-kept", "not-removed"] == [line.partition("outcome=")[2].split()[0] for line in caplog.messages]
    assert () == troubles.all()


def test_whoever_keeps_none_has_none() -> None:
    """No file is written."""
    NO_TROUBLES.note("slack", "tls")
    NO_TROUBLES.over("slack")

    assert (False, False, ()) == (NO_TROUBLES.has("slack"), NO_TROUBLES.has_files(), NO_TROUBLES.all())


def test_healthz_says_that_something_is_wrong(troubles: Troubles) -> None:
    """What it is, is not for everybody who can ask. The status stays 200: events can still be kept."""
    health = HealthHandler(troubles)
    well = health(Request("GET", "/healthz", {}, b""))
    troubles.note("slack", "token_revoked")

    ill = health(Request("GET", "/healthz", {}, b""))

    assert [(200, b"ok\n"), (200, b"degraded\n")] == [(each.status, each.body) for each in (well, ill)]
