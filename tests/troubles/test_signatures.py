"""Requests with bad signatures: a line in the log once a minute, and a trouble until one is rightly signed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.request import Request
from cocoai.errors import Refused, StaleSignature, WrongSignature
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.spool.file_spool import FileSpool
from cocoai.troubles.store import Troubles
from cocoai.troubles.watch import SignatureWatch
from cocoai.webhook import EventsHandler
from tests.job_runner import RecordingRunner
from tests.slack_payloads import SIGNING_SECRET, signed_headers

NOW = 1_763_822_000.0


class Door:
    """The handler of events, with a clock that can be set, and the troubles that it notes."""

    def __init__(self, var: Path, secret: str = SIGNING_SECRET) -> None:
        self.now = NOW
        self.troubles = Troubles(str(var), clock=self.clock)
        spool = FileSpool(str(var))
        self._events = EventsHandler(
            SlackEventAnalyzer(secret, who=lambda: None, mark_of=lambda _channel, _thread: None),
            spool,
            RecordingRunner(spool),
            Scoreboard(None, slots=0),
            signatures=SignatureWatch(self.troubles),
            clock=self.clock,
        )

    def clock(self) -> float:
        return self.now

    def post(self, *, age: float = 0.0, is_signed: bool = True, kind: str = "event_callback") -> int:
        """Post an event of this kind that was signed `age` seconds ago, or not at all; return the status."""
        body = json.dumps({"type": kind, "challenge": "x", "event": {"type": "team_join"}}).encode()
        signed = signed_headers(body, self.now - age) if is_signed else {}
        try:
            return self._events(Request("POST", "/slack/events", signed, body)).status
        except Refused as error:
            return error.status


@pytest.fixture
def door(tmp_path: Path) -> Door:
    """Return a door whose secret is that of another app."""
    return Door(tmp_path, "another-secret")


def bad(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the lines about bad signatures say."""
    lines = [line for line in caplog.messages if "bad-signature" in line]
    return [line.partition("outcome=bad-signature ")[2] for line in lines]


def test_wrong_signatures_are_logged_once_a_minute(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """The first at once, the others together; the trouble counts them all."""
    statuses = [door.post() for _ in range(3)]
    door.now += 59
    door.post()
    first = bad(caplog)
    door.now += 1
    door.post()

    reason = f"reason={WrongSignature.line!r}"
    assert [401, 401, 401] == statuses
    assert [f"count=1 {reason}"] == first
    assert [f"count=1 {reason}", f"count=4 {reason}"] == bad(caplog)
    (trouble,) = door.troubles.all()
    assert ("signature", "wrong", NOW, 5) == (trouble.source, trouble.code, trouble.since, trouble.count)


def test_a_clock_that_is_wrong_is_told_apart(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """All signatures are stale then."""
    door = Door(tmp_path)

    assert 401 == door.post(age=301)
    assert [f"count=1 reason={StaleSignature.line!r}"] == bad(caplog)
    assert ["stale"] == [trouble.code for trouble in door.troubles.all()]


def test_unsigned_requests_are_no_trouble(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever scans the internet signs nothing."""
    assert 401 == door.post(is_signed=False)
    assert [] == bad(caplog)
    assert () == door.troubles.all()


def test_the_next_right_signature_ends_it(tmp_path: Path) -> None:
    """It is looked up every few seconds at most."""
    door = Door(tmp_path)
    well = door.post()
    door.post(age=301)
    door.post()
    soon = door.troubles.has("signature")
    door.now += 5

    door.post()

    assert (200, True, False) == (well, soon, door.troubles.has("signature"))


def test_a_challenge_ends_nothing(door: Door, tmp_path: Path) -> None:
    """`cocoai check` and the pool's look at itself sign one with our own secret, whoever's that is."""
    door.post()
    ours = Door(tmp_path)

    assert 200 == ours.post(kind="url_verification")
    assert door.troubles.has("signature")
