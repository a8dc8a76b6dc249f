"""The handlers of what Slack posts: what is kept, and what Slack is answered."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cocoai import config
from cocoai.clicked_question import may_be_shared
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.request import Request
from cocoai.errors import CannotKeep, CannotRead, ClickNotAllowed, Refused
from cocoai.interactions import InteractionsHandler
from cocoai.slack.inbound.document_events import read_document_event
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.inbound.interactions import InteractionAnalyzer
from cocoai.slack.model.click import Click
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import Question
from cocoai.slack_handlers import click_analyzer
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from cocoai.webhook import EventsHandler
from tests import slack_payloads
from tests.job_runner import RecordingForms, RecordingRunner
from tests.options import FixedIdentity
from tests.slack_payloads import SIGNING_SECRET, button, envelope, form, mention_event, signed_headers, user

NOW = 1_763_822_000.0
US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")


def posted(payload: Any) -> Request:
    """Return the request with which Slack posts this payload."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Request("POST", "/slack/events", signed_headers(body, NOW), body)


def mention(**changes: Any) -> dict[str, Any]:
    """Return the payload of the mention whose key is QUESTION_KEY."""
    return envelope(mention_event(**{"ts": "1763822000.000100"} | changes))


QUESTION_KEY = "C0PRACTICE-1763822000.000100-1763822000.000100"
CLICKED_AT = "1763822050.417840"


def click(action: str, **changes: Any) -> dict[str, Any]:
    """Return the payload of a press of a button under the reply to `mention()`, by another user than the asker."""
    pressed = button(action, QUESTION_KEY, **{"action_ts": CLICKED_AT} | changes)
    return slack_payloads.click(action, QUESTION_KEY, user=user(id="U0READER1"), actions=[pressed])


def clicked(payload: Any) -> Request:
    """Return the request with which Slack posts this click."""
    return posted(form(payload))


class Handlers:
    """Both handlers over a real spool, with a runner that starts no process."""

    def __init__(self, var: Path) -> None:
        self.spool = FileSpool(str(var))
        self.spool.make_folders()
        self.runner = RecordingRunner(self.spool)
        self.forms = RecordingForms()
        self._scoreboard = Scoreboard(None, slots=0)
        analyzer = SlackEventAnalyzer(SIGNING_SECRET, who=lambda: US, mark_of=self.spool.mark_of)
        self.events = EventsHandler(analyzer, self.spool, self.runner, self._scoreboard, clock=clock)
        self.interactions = InteractionsHandler(
            InteractionAnalyzer(SIGNING_SECRET, who=lambda: US),
            self.spool,
            self.runner,
            self._scoreboard,
            self.forms,
            clock=clock,
        )

    @property
    def noted(self) -> str:
        """Return the key that stands in this process's row of the scoreboard; empty if there is none."""
        return self._scoreboard.key(self._scoreboard.own_row)

    def facts(self, key: str) -> dict[str, Any]:
        """Return the first line of this waiting job."""
        return self.spool.peek("ready", Key.parse(key))[0]

    def end_oldest(self, *, fail: bool = False) -> None:
        """Claim the oldest job, and finish it or let it fail."""
        job = self.spool.claim()
        assert job is not None
        self.spool.fail(job, "reason") if fail else self.spool.finish(job)

    def keys(self) -> list[str]:
        """Return the keys of the waiting jobs."""
        return [str(key) for key in self.spool.keys("ready")]


def clock() -> float:
    """Return the time of every request."""
    return NOW


@pytest.fixture
def handlers(tmp_path: Path) -> Handlers:
    """Return both handlers over an empty spool."""
    return Handlers(tmp_path)


def test_a_question_is_kept_before_slack_hears_200(handlers: Handlers) -> None:
    """A question is in the spool when the 200 is made, and a process is woken only by what comes after it."""
    response = handlers.events(posted(mention()))

    assert 200 == response.status
    assert [QUESTION_KEY] == handlers.keys()
    assert 0 == handlers.runner.wake_ups
    assert response.after is not None
    response.after()
    assert 1 == handlers.runner.wake_ups


def test_a_questions_key_is_noted_even_if_it_cannot_be_kept(handlers: Handlers, tmp_path: Path) -> None:
    """The scoreboard shows which question a request is about, before it is kept; an ignored event has no key."""
    os.rename(tmp_path / "spool" / "tmp", tmp_path / "spool" / "gone")

    handlers.events(posted(mention(bot_id="B0OTHER")))
    before = handlers.noted
    with pytest.raises(CannotKeep):
        handlers.events(posted(mention()))

    assert ("", QUESTION_KEY) == (before, handlers.noted)


def test_the_two_events_of_a_mention_are_one_question(handlers: Handlers) -> None:
    """Slack posts a mention as `app_mention` and as `message`: the second is a duplicate, and wakes no process."""
    first = handlers.events(posted(mention()))
    second = handlers.events(posted(mention(type="message", channel_type="channel")))

    assert (200, 200) == (first.status, second.status)
    assert second.after is None
    assert 1 == len(handlers.keys())


def test_a_challenge_is_answered(handlers: Handlers) -> None:
    """A challenge that Slack has signed is sent back as plain text."""
    response = handlers.events(posted({"type": "url_verification", "challenge": "abc"}))

    assert (200, b"abc") == (response.status, response.body)


def test_an_ignored_event_is_answered_200_and_leaves_nothing(handlers: Handlers) -> None:
    """An event that we leave alone gets 200, or Slack would send it again."""
    response = handlers.events(posted(mention(bot_id="B0OTHER")))

    assert (200, b"", None) == (response.status, response.body, response.after)
    assert [] == handlers.keys()


def test_a_question_that_cannot_be_kept_is_a_503(
    handlers: Handlers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A question that cannot be kept is refused with 503, so that Slack sends it again; the log says why."""
    os.rename(tmp_path / "spool" / "tmp", tmp_path / "spool" / "gone")

    with pytest.raises(CannotKeep) as refused:
        handlers.events(posted(mention()))

    assert 503 == refused.value.status
    assert f"question key={QUESTION_KEY} outcome=not-kept" in caplog.text
    os.rename(tmp_path / "spool" / "gone", tmp_path / "spool" / "tmp")
    assert 200 == handlers.events(posted(mention())).status


def test_the_log_names_the_key_and_never_the_text(handlers: Handlers, caplog: pytest.LogCaptureFixture) -> None:
    """The log has a question's key, and nothing of its text."""
    caplog.set_level("DEBUG")

    handlers.events(posted(mention(text="<@U0COCOAI> a private matter")))

    assert QUESTION_KEY in caplog.text
    assert "private" not in caplog.text


# clicks

REPEATED_KEY = f"C0PRACTICE-1763822000.000100-{CLICKED_AT}"


def test_a_stop_is_requested_at_once(handlers: Handlers) -> None:
    """A click on *Stop* is handled in the worker: it makes no job. A process looks after one that waits."""
    handlers.events(posted(mention()))

    response = handlers.interactions(clicked(click("stop")))

    assert (200, b"", handlers.runner.wake) == (response.status, response.body, response.after)
    assert [QUESTION_KEY] == handlers.runner.stopped == handlers.keys()
    assert handlers.spool.stop_requesters(Key.parse(QUESTION_KEY))


def test_a_stop_that_comes_too_late_is_200_too(handlers: Handlers) -> None:
    """A stop for a question that has ended gets 200: the person who clicked sees the answer."""
    assert 200 == handlers.interactions(clicked(click("stop"))).status
    assert [] == handlers.keys()


@pytest.mark.parametrize("action", ["delete", "up", "down"])
def test_a_click_is_a_job_that_waits_for_no_question(handlers: Handlers, action: str) -> None:
    """A click's job has the clicked message for its thread, holds the whole click, and is begun after the 200."""
    handlers.events(posted(mention()))

    response = handlers.interactions(clicked(click(action)))

    key = f"C0PRACTICE-1763822001.000200-{CLICKED_AT}"
    assert (200, handlers.runner.wake) == (response.status, response.after)
    assert [QUESTION_KEY, key] == handlers.keys()
    kept = Click.from_facts(handlers.facts(key))
    assert (action, QUESTION_KEY, "U0ASKER01", "U0READER1") == (kept.action, kept.key, kept.asker, kept.user)
    assert ("C0PRACTICE", "1763822000.000100") == (kept.channel, kept.thread_ts)
    assert ("1763822001.000200", CLICKED_AT, "T0PRACTICE") == (kept.message_ts, kept.ts, kept.team)


@pytest.mark.parametrize("end", ["done", "failed", "ready"])
def test_asking_again_is_a_question_of_its_own(handlers: Handlers, end: str) -> None:
    """A click on *Ask again* puts a question with the first one's text, asked by the person who clicked."""
    handlers.events(posted(mention()))
    if end != "ready":
        handlers.end_oldest(fail=end == "failed")

    response = handlers.interactions(clicked(click("again")))

    question = Question.from_facts(handlers.facts(REPEATED_KEY))
    assert (200, handlers.runner.wake) == (response.status, response.after)
    assert ("again", "<@U0COCOAI> hello", "1763822000.000100") == (question.kind, question.text, question.again)
    assert (REPEATED_KEY, "U0READER1", "T0PRACTICE") == (question.key, question.user, question.team)
    assert ("", 1763822050) == (question.event_id, question.event_time)


def test_a_repeated_question_has_the_files_of_the_first(handlers: Handlers) -> None:
    """A repeated question has the first one's files, and knows whether its event may have left some out."""
    before = Question.from_facts(
        {"kind": "mention", "channel": "C0PRACTICE", "thread_ts": "1763822000.000100", "ts": "1763822000.000100"}
        | {"user": "U0ASKER01", "team": "T0PRACTICE", "text": "what is this?", "event_id": "Ev1", "event_time": 1}
        | {"files": [{"id": "F0FILE"}], "is_bare": True}
    )
    handlers.spool.put(Key.parse(before.key), before.facts())

    handlers.interactions(clicked(click("again")))

    question = Question.from_facts(handlers.facts(REPEATED_KEY))
    assert (({"id": "F0FILE"},), True) == (question.files, question.is_bare)


@pytest.mark.parametrize(("is_known", "expected"), [(True, ""), (False, "It is tea.")])
def test_the_reply_is_kept_only_where_the_text_is_gone(handlers: Handlers, is_known: bool, expected: str) -> None:
    """A repeated question keeps the clicked reply, for its language, only if the first one's text is not known."""
    if is_known:
        handlers.events(posted(mention()))

    handlers.interactions(clicked(click("again") | {"message": {"text": "It is tea."}}))

    assert expected == Question.from_facts(handlers.facts(REPEATED_KEY)).reply


def test_repeating_a_repeated_question_means_the_first(handlers: Handlers) -> None:
    """A question repeated twice names the first question's message, for no message has a click's time."""
    handlers.events(posted(mention()))
    handlers.end_oldest()
    handlers.interactions(clicked(click("again")))
    handlers.end_oldest()

    handlers.interactions(clicked(click("again", value=f"{REPEATED_KEY} U0READER1", action_ts="1763822060.000300")))

    question = Question.from_facts(handlers.facts("C0PRACTICE-1763822000.000100-1763822060.000300"))
    assert ("<@U0COCOAI> hello", "1763822000.000100") == (question.text, question.again)


def test_going_on_is_a_question_of_its_own(handlers: Handlers) -> None:
    """A click on *Go on* puts a question with the first one's text, which names the answer that it goes on with."""
    handlers.events(posted(mention()))
    handlers.end_oldest()

    response = handlers.interactions(clicked(click("continue")))

    question = Question.from_facts(handlers.facts(REPEATED_KEY))
    assert (200, handlers.runner.wake) == (response.status, response.after)
    assert ("continue", QUESTION_KEY) == (question.kind, question.continues)
    assert ("<@U0COCOAI> hello", "1763822000.000100") == (question.text, question.again)
    assert (REPEATED_KEY, "U0READER1") == (question.key, question.user)


@pytest.mark.parametrize(("action", "continues"), [("continue", REPEATED_KEY), ("again", QUESTION_KEY)])
def test_clicks_under_the_rest_of_an_answer(handlers: Handlers, action: str, continues: str) -> None:
    """*Go on* means the rest of the rest, *Ask again* the same rest once more."""
    handlers.events(posted(mention()))
    handlers.end_oldest()
    handlers.interactions(clicked(click("continue")))
    handlers.end_oldest()

    handlers.interactions(clicked(click(action, value=f"{REPEATED_KEY} U0READER1", action_ts="1763822060.000300")))

    question = Question.from_facts(handlers.facts("C0PRACTICE-1763822000.000100-1763822060.000300"))
    assert (action, continues, "1763822000.000100") == (question.kind, question.continues, question.again)


ODD_FILES = Question("mention", "C0PRACTICE", "1.0", "1.0", "U0ASKER01", "T0", "hello", "Ev1", 1).facts() | {"files": 1}


@pytest.mark.parametrize("left", [None, b"", b"[]\n", b'{"kind":"delete"}\n', json.dumps(ODD_FILES).encode() + b"\n"])
def test_a_question_that_is_not_known_any_more_is_repeated_without_its_text(
    handlers: Handlers, tmp_path: Path, left: bytes | None
) -> None:
    """A question that was swept, or cannot be understood, is repeated with an empty text."""
    if left is not None:
        (tmp_path / "spool" / "done" / QUESTION_KEY).write_bytes(left)

    response = handlers.interactions(clicked(click("again")))

    question = Question.from_facts(handlers.facts(REPEATED_KEY))
    assert (200, "", "1763822000.000100") == (response.status, question.text, question.again)
    assert ("C0PRACTICE", "1763822000.000100", "U0READER1") == (question.channel, question.thread_ts, question.user)


@pytest.mark.parametrize("action", ["again", "continue", "delete", "up", "down"])
def test_a_replayed_click_is_a_duplicate(handlers: Handlers, action: str) -> None:
    """A click that is posted again is a duplicate, also once its job is done; a click at another time is not."""
    first = handlers.interactions(clicked(click(action)))
    second = handlers.interactions(clicked(click(action)))
    handlers.end_oldest()
    third = handlers.interactions(clicked(click(action)))
    another = handlers.interactions(clicked(click(action, action_ts="1763822060.000300")))

    wake = handlers.runner.wake
    assert [wake, None, None, wake] == [each.after for each in (first, second, third, another)]
    assert 1 == len(handlers.keys())


def test_an_ignored_click_is_answered_200_and_leaves_nothing(handlers: Handlers) -> None:
    """A click on another app's button, or a dialog, gets 200 and leaves nothing."""
    for payload in (click("explode"), {"type": "view_submission"}):
        response = handlers.interactions(clicked(payload))

        assert (200, b"", None) == (response.status, response.body, response.after)
    assert ([], "") == (handlers.keys(), handlers.noted)


@pytest.mark.parametrize(
    ("action", "broken", "refusal"),
    [
        ("again", "tmp", CannotKeep),
        ("again", "done", CannotKeep),
        ("again", "ready", CannotRead),
        ("delete", "tmp", CannotKeep),
        ("up", "ready", CannotKeep),
        ("stop", "stop", CannotKeep),
    ],
)
def test_a_click_that_cannot_be_kept_is_a_503(
    handlers: Handlers,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    action: str,
    broken: str,
    refusal: type[Refused],
) -> None:
    """A click that cannot be kept is refused with 503, which Slack shows to the person; the log says why."""
    handlers.events(posted(mention()))
    folder = tmp_path / "spool" / broken
    os.rename(folder, tmp_path / "gone")
    folder.write_text("no folder")

    with pytest.raises(refusal) as refused:
        handlers.interactions(clicked(click(action)))

    assert 503 == refused.value.status
    assert ("outcome=not-read" if refusal is CannotRead else "outcome=not-kept") in caplog.text


def test_a_clicks_question_is_noted(handlers: Handlers) -> None:
    """The scoreboard shows which question a click is about."""
    handlers.interactions(clicked(click("up")))

    assert QUESTION_KEY == handlers.noted


# what people and operators are told


def test_a_click_that_is_not_allowed_is_told(handlers: Handlers, caplog: pytest.LogCaptureFixture) -> None:
    """It is a 403, so that Slack shows the person that it did not work; the log says why, and nothing is kept."""
    handlers.events(posted(mention()))
    stranger = click("again") | {"user": user(id="U0STRANGER", team_id="T0OTHER")}

    with caplog.at_level("INFO"), pytest.raises(ClickNotAllowed) as refusal:
        handlers.interactions(clicked(stranger))

    assert (403, "a click that is not allowed") == (refusal.value.status, refusal.value.counter)
    assert [QUESTION_KEY] == handlers.keys()
    assert 'click outcome=not-allowed reason="another organisation\'s user"' in caplog.messages


def test_slacks_rate_limit_is_a_warning(handlers: Handlers, caplog: pytest.LogCaptureFixture) -> None:
    """That Slack holds events back is logged once for each of its notices, and answered 200."""
    notice = {"type": "app_rate_limited", "team_id": "T0PRACTICE", "minute_rate_limited": 1518467820}

    response = handlers.events(posted(notice))

    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert (200, b"", None) == (response.status, response.body, response.after)
    assert ["event outcome=held-back-by-slack minute_rate_limited=1518467820"] == warnings


def test_a_question_asked_again_is_no_second_copy_of_the_first(handlers: Handlers) -> None:
    """It keeps neither event_id nor client_msg_id, by which copies of one message are known."""
    handlers.events(posted(mention(client_msg_id="3e1f6f1c-2ad0")))

    handlers.interactions(clicked(click("again")))

    first, again = (handlers.facts(key)["client_msg_id"] for key in handlers.keys())  # noqa: SIM118 (a method of ours)
    assert ("3e1f6f1c-2ad0", "") == (first, again)


@pytest.mark.parametrize(
    ("is_ext_shared_channel", "expected"),
    [(False, False), (None, False), (True, True)],
    ids=["own", "unsaid", "shared"],
)
def test_a_kept_question_tells_whether_its_channel_may_be_shared(
    handlers: Handlers, is_ext_shared_channel: bool | None, expected: bool
) -> None:
    """The spool has what the question's event said; a question that is no longer kept may be in a shared channel."""
    handlers.events(
        posted(envelope(mention_event(ts="1763822000.000100"), is_ext_shared_channel=is_ext_shared_channel))
    )
    key = Key.parse(QUESTION_KEY)

    assert expected is may_be_shared(handlers.spool, key)
    assert may_be_shared(handlers.spool, Key("C0PRACTICE", "1.1", "1.1")) is True


@pytest.mark.parametrize("outcome", [True, False, OSError(28, "no space"), None])
def test_a_changed_document_is_noted_and_is_no_job(tmp_path: Path, outcome: bool | OSError | None) -> None:
    """Slack is answered 200 in any case, and no process is started, also if the note fails or none is taken."""
    handlers, noted = Handlers(tmp_path), list[str]()

    def note(changed: str) -> bool:
        noted.append(changed)
        if isinstance(outcome, OSError):
            raise outcome
        return bool(outcome)

    documents = partial(read_document_event, channels=["C0DOCS"])
    analyzer = SlackEventAnalyzer(SIGNING_SECRET, who=lambda: US, mark_of=handlers.spool.mark_of, documents=documents)
    events = EventsHandler(
        analyzer,
        handlers.spool,
        handlers.runner,
        Scoreboard(None, slots=0),
        clock=clock,
        note_change=None if outcome is None else note,
    )
    response = events(posted(envelope({"type": "pin_added", "user": "U0ASKER01", "channel_id": "C0DOCS"})))

    assert (200, None) == (response.status, response.after)
    assert ([] if outcome is None else ["C0DOCS"]) == noted
    assert [] == handlers.keys()


@pytest.mark.parametrize(
    ("is_ext_shared_channel", "is_kept", "status"),
    [(False, True, 200), (True, True, 403), (False, False, 403)],
    ids=["own channel", "shared channel", "question no longer kept"],
)
def test_a_colleague_of_a_sister_workspace_may_click(
    tmp_path: Path, is_ext_shared_channel: bool, is_kept: bool, status: int
) -> None:
    """The product's own analyzer looks the clicked question up: it tells a sister workspace from a stranger's."""
    settings = config.read(
        None, {"SLACK_SIGNING_SECRET": SIGNING_SECRET, "SLACK_BOT_TOKEN": "x", "OPENAI_API_KEY": "y"}
    )
    handlers = Handlers(tmp_path)
    grid = FixedIdentity(replace(US, enterprise_id="E0PRACTICE"))
    analyzer = click_analyzer(settings, grid, handlers.spool)
    interactions = InteractionsHandler(
        analyzer, handlers.spool, handlers.runner, Scoreboard(None, slots=0), handlers.forms, clock=clock
    )
    if is_kept:
        handlers.events(
            posted(envelope(mention_event(ts="1763822000.000100"), is_ext_shared_channel=is_ext_shared_channel))
        )
    sister = {"user": user(team_id="T0SISTER"), "team": {"id": "T0PRACTICE", "enterprise_id": "E0PRACTICE"}}

    try:
        got = interactions(clicked(click("up") | sister)).status
    except Refused as refusal:
        got = refusal.status

    assert status == got
    assert is_kept + (status == 200) == len(handlers.keys())
