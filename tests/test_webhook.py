"""The door: what is kept, and what Slack hears."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any

import pytest

from cocoai.engine.request import Request
from cocoai.engine.spool import Spool
from cocoai.errors import Refused
from cocoai.slack.events import SlackEventAnalyzer
from cocoai.slack.identity import Identity
from cocoai.webhook import Webhook

SECRET = "practice-signing-secret"
NOW = 1_763_822_000.0
US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")


def posted(payload: Any, *, secret: str = SECRET) -> Request:
    """The request that Slack would make of this payload."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    stamp = str(int(NOW))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}
    return Request("POST", "/slack/events", headers, body)


def mention(**changes: Any) -> dict[str, Any]:
    """The payload of a mention."""
    event = {"type": "app_mention", "user": "U0ASKER01", "channel": "C0PRACTICE", "ts": "1763822000.000100"}
    event |= {"text": "<@U0COCOAI> hello"} | changes
    return {"type": "event_callback", "team_id": "T0PRACTICE", "event_id": "Ev1", "event": event}


class House:
    """A webhook over a real spool."""

    def __init__(self, var: Path) -> None:
        self.spool = Spool(str(var))
        self.spool.make_folders()
        self.woken = 0
        self.noted: list[str] = []
        analyzer = SlackEventAnalyzer(SECRET, who=lambda: US, asked_in=self.spool.asked_in)
        self.webhook = Webhook(analyzer, self.spool, wake=self.wake, note=self.noted.append, clock=lambda: NOW)

    def wake(self) -> None:
        self.woken += 1

    def keys(self) -> list[str]:
        return [str(key) for key in self.spool.keys("ready")]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_question_is_kept_before_slack_hears_200(house: House) -> None:
    """And work on it begins only afterwards."""
    response = house.webhook(posted(mention()))

    assert 200 == response.status
    assert ["C0PRACTICE-1763822000.000100-1763822000.000100"] == house.keys()
    assert 0 == house.woken
    assert response.after is not None
    response.after()
    assert 1 == house.woken


def test_a_questions_key_is_noted_even_if_it_cannot_be_kept(house: House, tmp_path: Path) -> None:
    """So that whoever looks at a request that hangs sees which question it is; of all else there is nothing to note."""
    os.rename(tmp_path / "spool" / "tmp", tmp_path / "spool" / "gone")

    house.webhook(posted(mention(bot_id="B0OTHER")))
    house.webhook(posted(mention()))

    assert ["C0PRACTICE-1763822000.000100-1763822000.000100"] == house.noted


def test_the_twin_of_a_mention_is_the_same_question(house: House) -> None:
    """Whichever comes second is a duplicate, and wakes nobody."""
    first = house.webhook(posted(mention()))
    second = house.webhook(posted(mention(type="message", channel_type="channel")))

    assert (200, 200) == (first.status, second.status)
    assert second.after is None
    assert 1 == len(house.keys())


def test_a_challenge_is_answered(house: House) -> None:
    """As plain text, when Slack has signed it."""
    response = house.webhook(posted({"type": "url_verification", "challenge": "abc"}))

    assert (200, b"abc") == (response.status, response.body)


def test_what_is_ignored_is_answered_200_and_leaves_nothing(house: House) -> None:
    """Otherwise Slack would send it again."""
    response = house.webhook(posted(mention(bot_id="B0OTHER")))

    assert (200, b"", None) == (response.status, response.body, response.after)
    assert [] == house.keys()


@pytest.mark.parametrize(
    ("request_", "status"), [(posted(mention(), secret="forged"), 401), (posted(b"not json"), 400)]
)
def test_what_slack_did_not_send_is_refused(house: House, request_: Request, status: int) -> None:
    """With nothing stored."""
    with pytest.raises(Refused) as refusal:
        house.webhook(request_)

    assert status == refusal.value.status
    assert [] == house.keys()


def test_what_cannot_be_kept_is_answered_503(house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """So that Slack sends it again; the operator's log says why."""
    os.rename(tmp_path / "spool" / "tmp", tmp_path / "spool" / "gone")

    response = house.webhook(posted(mention()))

    assert (503, None) == (response.status, response.after)
    assert "outcome=not-kept" in caplog.text
    os.rename(tmp_path / "spool" / "gone", tmp_path / "spool" / "tmp")
    assert 200 == house.webhook(posted(mention())).status


def test_the_log_names_the_key_and_never_the_text(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """What people write is theirs."""
    caplog.set_level("DEBUG")

    house.webhook(posted(mention(text="<@U0COCOAI> a private matter")))

    assert "C0PRACTICE-1763822000.000100-1763822000.000100" in caplog.text
    assert "private" not in caplog.text
