"""The doors: what is kept, and what Slack hears."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cocoai.engine.web.request import Request
from cocoai.errors import Refused
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.inbound.interactions import InteractionAnalyzer
from cocoai.slack.model.click import Click
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import Question
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.webhook import Interactions, Webhook
from tests import slack_payloads
from tests.slack_payloads import SIGNING_SECRET, button, envelope, form, mention_event, signed_headers, user

NOW = 1_763_822_000.0
US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")


def posted(payload: Any, *, secret: str = SIGNING_SECRET) -> Request:
    """Return the request that Slack would make of this payload."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Request("POST", "/slack/events", signed_headers(body, NOW, secret), body)


def mention(**changes: Any) -> dict[str, Any]:
    """Return the payload of the mention whose key is ASKED."""
    return envelope(mention_event(**{"ts": "1763822000.000100"} | changes))


ASKED = "C0PRACTICE-1763822000.000100-1763822000.000100"
CLICKED_AT = "1763822050.417840"


def click(action: str, **changes: Any) -> dict[str, Any]:
    """Return the payload of a press of a button under the reply to `mention()`, by another user than the asker."""
    pressed = button(action, ASKED, **{"action_ts": CLICKED_AT} | changes)
    return slack_payloads.click(action, ASKED, user=user(id="U0READER1"), actions=[pressed])


def clicked(payload: Any, *, secret: str = SIGNING_SECRET) -> Request:
    """Return the request that Slack would make of this click."""
    return posted(form(payload), secret=secret)


class House:
    """The two doors over a real spool."""

    def __init__(self, var: Path) -> None:
        self.spool = Spool(str(var))
        self.spool.make_folders()
        self.woken = 0
        self.noted: list[str] = []
        analyzer = SlackEventAnalyzer(SIGNING_SECRET, who=lambda: US, is_known_thread=self.spool.is_known_thread)
        self.webhook = Webhook(analyzer, self.spool, wake=self.wake, note=self.noted.append, clock=lambda: NOW)
        self.stopped: list[str] = []
        self.interactions = Interactions(
            InteractionAnalyzer(SIGNING_SECRET, who=lambda: US),
            self.spool,
            stop=self.stop,
            wake=self.wake,
            note=self.noted.append,
            clock=lambda: NOW,
        )

    def stop(self, key: str) -> bool:
        self.stopped.append(key)
        return self.spool.request_stop(Key.parse(key))

    def facts(self, key: str) -> dict[str, Any]:
        """The first line of this waiting job."""
        return self.spool.peek("ready", Key.parse(key))[0]

    def answer(self, *, fail: bool = False) -> None:
        """See to the oldest question's end."""
        job = self.spool.claim()
        assert job is not None
        self.spool.fail(job, "reason") if fail else self.spool.finish(job)

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


# what people click

AGAIN = f"C0PRACTICE-1763822000.000100-{CLICKED_AT}"


def test_a_stop_is_wished_at_once(house: House) -> None:
    """In the worker: no job is made of it, and there is nothing to come after the 200."""
    house.webhook(posted(mention()))

    response = house.interactions(clicked(click("stop")))

    assert (200, b"", None) == (response.status, response.body, response.after)
    assert [ASKED] == house.stopped == house.keys()
    assert house.spool.is_stop_requested(Key.parse(ASKED))


def test_a_stop_that_comes_too_late_is_200_too(house: House) -> None:
    """The answer is there by now, and whoever clicked sees it."""
    assert 200 == house.interactions(clicked(click("stop"))).status
    assert [] == house.keys()


@pytest.mark.parametrize("action", ["delete", "up", "down"])
def test_a_click_is_a_job_in_a_lane_of_its_own(house: House, action: str) -> None:
    """It waits for no question of the thread; what it says is read back, and work on it begins after the 200."""
    house.webhook(posted(mention()))

    response = house.interactions(clicked(click(action)))

    key = f"C0PRACTICE-1763822001.000200-{CLICKED_AT}"
    assert (200, house.wake) == (response.status, response.after)
    assert [ASKED, key] == house.keys()
    read = Click.from_facts(house.facts(key))
    assert (action, ASKED, "U0ASKER01", "U0READER1") == (read.action, read.key, read.asker, read.user)
    assert ("C0PRACTICE", "1763822000.000100") == (read.channel, read.thread_ts)
    assert ("1763822001.000200", CLICKED_AT, "T0PRACTICE") == (read.message_ts, read.ts, read.team)


@pytest.mark.parametrize("end", ["done", "failed", "ready"])
def test_asking_again_is_a_question_of_its_own(house: House, end: str) -> None:
    """With the text and the files of the first, wherever that lies; its asker is who clicked."""
    house.webhook(posted(mention()))
    if end != "ready":
        house.answer(fail=end == "failed")

    response = house.interactions(clicked(click("again")))

    asked = Question.from_facts(house.facts(AGAIN))
    assert (200, house.wake) == (response.status, response.after)
    assert ("again", "<@U0COCOAI> hello", "1763822000.000100") == (asked.kind, asked.text, asked.again)
    assert (AGAIN, "U0READER1", "T0PRACTICE", "") == (asked.key, asked.user, asked.team, asked.event_id)
    assert 1763822050 == asked.event_time


def test_files_are_asked_about_again(house: House) -> None:
    """And whether the first copy may have left some out."""
    before = Question.from_facts(
        {"kind": "mention", "channel": "C0PRACTICE", "thread_ts": "1763822000.000100", "ts": "1763822000.000100"}
        | {"user": "U0ASKER01", "team": "T0PRACTICE", "text": "what is this?", "event_id": "Ev1", "event_time": 1}
        | {"files": [{"id": "F0FILE"}], "is_bare": True}
    )
    house.spool.put(Key.parse(before.key), before.facts())

    house.interactions(clicked(click("again")))

    asked = Question.from_facts(house.facts(AGAIN))
    assert (({"id": "F0FILE"},), True) == (asked.files, asked.is_bare)


@pytest.mark.parametrize(("is_known", "expected"), [(True, ""), (False, "It is tea.")])
def test_where_the_text_is_gone_the_reply_tells_the_language(house: House, is_known: bool, expected: str) -> None:
    """Else it need not be kept once more."""
    if is_known:
        house.webhook(posted(mention()))

    house.interactions(clicked(click("again") | {"message": {"text": "It is tea."}}))

    assert expected == Question.from_facts(house.facts(AGAIN)).reply


def test_asking_again_of_what_was_asked_again_means_the_first(house: House) -> None:
    """Nothing was ever said at a click's time."""
    house.webhook(posted(mention()))
    house.answer()
    house.interactions(clicked(click("again")))
    house.answer()

    house.interactions(clicked(click("again", value=f"{AGAIN} U0READER1", action_ts="1763822060.000300")))

    asked = Question.from_facts(house.facts("C0PRACTICE-1763822000.000100-1763822060.000300"))
    assert ("<@U0COCOAI> hello", "1763822000.000100") == (asked.text, asked.again)


@pytest.mark.parametrize("lies_there", [None, b"", b"[]\n", b'{"kind":"delete"}\n'])
def test_what_is_not_known_any_more_is_asked_again_without_its_text(
    house: House, tmp_path: Path, lies_there: bytes | None
) -> None:
    """Swept, or not to be read: the answerer looks for it in the thread."""
    if lies_there is not None:
        (tmp_path / "spool" / "done" / ASKED).write_bytes(lies_there)

    response = house.interactions(clicked(click("again")))

    asked = Question.from_facts(house.facts(AGAIN))
    assert (200, "", "1763822000.000100") == (response.status, asked.text, asked.again)
    assert ("C0PRACTICE", "1763822000.000100", "U0READER1") == (asked.channel, asked.thread_ts, asked.user)


@pytest.mark.parametrize("action", ["again", "delete", "up", "down"])
def test_a_replayed_click_is_a_duplicate(house: House, action: str) -> None:
    """Also once it was seen to; a second click, at another time, is not."""
    first = house.interactions(clicked(click(action)))
    second = house.interactions(clicked(click(action)))
    house.answer()
    third = house.interactions(clicked(click(action)))
    another = house.interactions(clicked(click(action, action_ts="1763822060.000300")))

    assert [house.wake, None, None, house.wake] == [each.after for each in (first, second, third, another)]
    assert 1 == len(house.keys())


def test_what_is_clicked_elsewhere_is_answered_200_and_leaves_nothing(house: House) -> None:
    """Another app's button, a shortcut: whoever clicked need not be told."""
    for payload in (click("explode"), {"type": "view_submission"}):
        response = house.interactions(clicked(payload))

        assert (200, b"", None) == (response.status, response.body, response.after)
    assert ([], []) == (house.keys(), house.noted)


@pytest.mark.parametrize(
    ("request_", "status"),
    [(clicked(click("stop"), secret="forged"), 401), (posted(click("stop")), 400), (posted(b"payload=x"), 400)],
)
def test_a_click_that_slack_did_not_send_is_refused(house: House, request_: Request, status: int) -> None:
    """Forged, no form, a form without JSON: nothing is stopped, nothing stored."""
    with pytest.raises(Refused) as refusal:
        house.interactions(request_)

    assert status == refusal.value.status
    assert ([], []) == (house.stopped, house.keys())


@pytest.mark.parametrize(
    ("action", "broken"), [("again", "tmp"), ("again", "done"), ("delete", "tmp"), ("up", "ready"), ("stop", "stop")]
)
def test_a_click_that_cannot_be_kept_is_answered_503(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture, action: str, broken: str
) -> None:
    """Slack then shows whoever clicked that it did not work; the operator's log says why."""
    house.webhook(posted(mention()))
    folder = tmp_path / "spool" / broken
    os.rename(folder, tmp_path / "gone")
    folder.write_text("no folder")

    response = house.interactions(clicked(click(action)))

    assert (503, None) == (response.status, response.after)
    assert "outcome=not-" in caplog.text


def test_a_clicks_question_is_noted(house: House) -> None:
    """So that whoever looks at a request that hangs sees which one it is about."""
    house.interactions(clicked(click("up")))

    assert [ASKED] == house.noted
