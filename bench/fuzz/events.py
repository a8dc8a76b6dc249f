"""What comes of an event or a click that Slack posts, as the worker takes it in.

An event must become a Challenge, RateLimited, an Ignored, a Question or a HomeOpened that can be kept, or `Refused`
400; a click must become a Click, a Shortcut or a Question that can be kept, an Ignored, or `Refused` 400.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from bench.fuzz.check import NOW, SECRET, US, require, signed
from bench.no_sync import NoSync
from cocoai.engine.web.request import MAX_BODY
from cocoai.errors import Refused
from cocoai.slack.inbound.events import ASIDE, CHANGE, SlackEventAnalyzer
from cocoai.slack.inbound.interactions import InteractionAnalyzer
from cocoai.slack.model.click import Click
from cocoai.slack.model.files import File, is_at_slack
from cocoai.slack.model.home_opened import HomeOpened
from cocoai.slack.model.messages import Message
from cocoai.slack.model.question import Challenge, Ignored, Question, RateLimited
from cocoai.slack.model.shortcut import Shortcut
from cocoai.slack.thread.history import turns
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import encode_line, whole_lines
from cocoai.spool.key import Key
from tests.slack_payloads import mention_event, shortcut, submission

SLOW = 1.0
"""Seconds that one payload may take: a worker ends a request after 2."""

KEPT_EVERY = 100
"""One question of so many is put into a spool, claimed and read again."""


def message_payload(**changes: Any) -> dict[str, Any]:
    """Return the payload of a person's message, in Slack's shape; `changes` are fields of its event."""
    words = [{"type": "user", "user_id": "U0COCOAI"}, {"type": "text", "text": " what is a fork? "}]
    blocks = [{"type": "rich_text", "block_id": "b1", "elements": [{"type": "rich_text_section", "elements": words}]}]
    event = {
        "type": "message",
        "user": "U0ASKER01",
        "client_msg_id": "7a0b6a6e-0000-4000-8000-000000000000",
        "text": "<@U0COCOAI> what is a fork? <https://example.com/?a=1&amp;b=2|here> &lt;b&gt; <#C0PRACTICE|practice>",
        "ts": "1763822000.000100",
        "team": "T0PRACTICE",
        "blocks": blocks,
        "channel": "C0PRACTICE",
        "event_ts": "1763822000.000100",
        "channel_type": "channel",
    } | changes
    authorization = {"enterprise_id": None, "team_id": "T0PRACTICE", "user_id": "U0COCOAI", "is_bot": True}
    return {
        "token": "practice-verification",
        "team_id": "T0PRACTICE",
        "context_team_id": "T0PRACTICE",
        "context_enterprise_id": None,
        "api_app_id": "A0COCOAI",
        "event": event,
        "type": "event_callback",
        "event_id": "Ev0PRACTICE1",
        "event_time": NOW,
        "authorizations": [authorization | {"is_enterprise_install": False}],
        "is_ext_shared_channel": False,
        "event_context": "4-practice",
    }


HOSTS = (".slack.com", ".slack-edge.com")
"""Ends of the host names to which the token may be sent."""

FILE_URL = "https://files.slack.com/files-pri/T0PRACTICE-F0FILE/download/a.txt"


def attached(**changes: Any) -> dict[str, Any]:
    """Return a file object in Slack's shape; `changes` are its fields."""
    file = {"id": "F0FILE", "name": "a.txt", "title": "a", "mimetype": "text/plain", "filetype": "text", "size": 12}
    return file | {"mode": "hosted", "url_private": FILE_URL, "url_private_download": FILE_URL} | changes


CORPUS: tuple[dict[str, Any], ...] = (
    message_payload(),
    message_payload(type="app_mention"),
    message_payload(thread_ts="1763821000.000100"),
    message_payload(text="and then?", thread_ts="1763821000.000100", parent_user_id="U0ASKER01"),
    message_payload(text="hello", channel="D0PRACTICE", channel_type="im"),
    message_payload(subtype="file_share", files=[attached()]),
    message_payload(files=[attached(mode="tombstone"), attached(file_access="check_file_info"), {"id": "F0FILE"}]),
    message_payload(type="app_mention", files=[attached(url_private_download=None), attached(is_external=True), None]),
    message_payload(subtype="thread_broadcast", thread_ts="1763821000.000100", root={"ts": "1763821000.000100"}),
    message_payload(subtype="message_changed", hidden=True, message={"text": "x", "edited": {"user": "U0ASKER01"}}),
    message_payload(subtype="bot_message", bot_id="B0OTHER", username="other"),
    message_payload(user_team="T0OTHER", source_team="T0OTHER") | {"is_ext_shared_channel": True},
    message_payload(type="app_home_opened", tab="home", channel="D0PRACTICE"),
    {"type": "url_verification", "token": "practice-verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWM"},
    {"type": "app_rate_limited", "team_id": "T0PRACTICE", "minute_rate_limited": NOW, "api_app_id": "A0COCOAI"},
)


VALUE = "C0PRACTICE-1763822000.000100-1763822000.000100 U0ASKER01"
"""The value of our buttons under the reply to one question."""


def clicked(action: str, **changes: str) -> dict[str, Any]:
    """Return the payload of a click on one of our buttons, in Slack's shape; `changes` are fields of the button."""
    button = {"action_id": f"cocoai_{action}", "block_id": "b1", "type": "button", "action_ts": "1763822020.417840"}
    button |= {"value": VALUE} | changes
    return {
        "type": "block_actions",
        "user": {"id": "U0ASKER01", "username": "asker", "name": "asker", "team_id": "T0PRACTICE"},
        "api_app_id": "A0COCOAI",
        "token": "practice-verification",
        "container": {"type": "message", "message_ts": "1763822001.000200", "channel_id": "C0PRACTICE"},
        "trigger_id": "1.2.practice",
        "team": {"id": "T0PRACTICE", "domain": "practice"},
        "channel": {"id": "C0PRACTICE", "name": "practice"},
        "message": {"type": "message", "user": "U0COCOAI", "ts": "1763822001.000200", "text": "a fork is …"},
        "state": {"values": {}},
        "actions": [button],
    }


CLICKS: tuple[dict[str, Any], ...] = (
    *(clicked(action) for action in ("stop", "again", "continue", "delete", "up")),
    clicked("feedback", type="feedback_buttons", value=f"{VALUE} down"),
    clicked("delete", type="icon_button", icon="trash"),
    shortcut("translate", message=mention_event(thread_ts="1763821000.000100")),
    shortcut("ask"),
    submission("Is <@U0OTHER01> right?"),
)


class EventChecker:
    """Checks what comes of an event's body, and returns the outcome in a word; any exception is a find.

    Thread marks and a sample of the questions lie in `var`.
    """

    slow = SLOW

    def __init__(self, var: Path) -> None:
        self.kept = 0
        self._questions = 0
        self._spool = FileSpool(str(var), disk=NoSync())
        self._spool.make_folders()
        self._analyzers = [
            SlackEventAnalyzer(SECRET, who=lambda: US, mark_of=self._spool.mark_of),
            SlackEventAnalyzer(SECRET, who=lambda: None, mark_of=lambda *_: {}),
        ]

    def __call__(self, body: bytes) -> str:
        if len(body) > MAX_BODY:  # the engine responds 413 before anybody looks at it
            return "too big"
        outcomes = [self._outcome(analyzer, body) for analyzer in self._analyzers]
        return outcomes[0]

    def _outcome(self, analyzer: SlackEventAnalyzer, body: bytes) -> str:
        """Return what one analyzer makes of the body, in a word."""
        try:
            event = analyzer.analyze(signed(body), body, NOW)
        except Refused as refusal:
            require(refusal.status == 400, "refused, but not as bad JSON")
            return "refused 400"
        self._check_unparsed(analyzer, body)
        if isinstance(event, Question):
            self._check_question(event)
            return f"question {event.kind}"
        if isinstance(event, HomeOpened):
            Key.parse(event.key)
            read = HomeOpened.from_facts(whole_lines(encode_line(event.facts()))[0][0])
            require(read == event, "not what was written")
            return "home"
        if isinstance(event, Challenge):
            event.text.encode()
            return "challenge"
        if isinstance(event, RateLimited):
            require(0 <= event.minute < 10**11, "a minute beyond all clocks")
            return "rate limited"
        return ignored(event)

    def _check_unparsed(self, analyzer: SlackEventAnalyzer, body: bytes) -> None:
        """Check that what is ignored by its bytes, as JSON without blanks may be, is ignored too once it is parsed."""
        with contextlib.suppress(ValueError, RecursionError):
            payload = json.loads(body)
            compact = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
            if analyzer.analyze(signed(compact), compact, NOW) in (ASIDE, CHANGE):
                spaced = json.dumps(payload).encode()
                event = analyzer.analyze(signed(spaced), spaced, NOW)
                require(type(event) is Ignored, "ignored by its bytes alone")

    def _check_question(self, question: Question) -> None:
        """Check whether the question can be written and read again, and its files lie at Slack's."""
        key = Key.parse(question.key)
        line = encode_line(question.facts())
        (read,), _ = whole_lines(line)
        require(Question.from_facts(read) == question, "not what was written")
        require(0 <= question.event_time < 10**12, "an odd event_time")
        for file in map(File.from_facts, question.files):
            url = urlsplit(file.url) if is_at_slack(file.url, "https://slack.com/api/") else urlsplit(FILE_URL)
            # The token is sent with the request for a file: it must not go to anybody else.
            require(url.scheme == "https" and f".{url.hostname}".endswith(HOSTS), "the token would go elsewhere")
        self._questions += 1
        if self._questions % KEPT_EVERY == 0:
            self._keep(key, question)

    def _keep(self, key: Key, question: Question) -> None:
        """Check whether the question comes through the spool unchanged, and becomes the last turn for the model."""
        if self._spool.put(key, question.facts()):
            job = self._spool.claim()
            require(job is not None and job.key == key, "not claimed")
            if job is not None:
                require(Question.from_facts(job.question) == question, "not what was put")
                self._spool.finish(job)
        require(self._spool.mark_of(key.channel, key.thread_ts) is not None, "no mark")
        thread = [Message(question.ts, question.user, "", question.text, None, "")]
        require(turns(thread, question, US.user_id)[-1].speaker == "asker", "no last turn")
        self.kept += 1


class ClickChecker:
    """Checks what comes of a click's payload. No click is put into a spool: a click has no text, only names."""

    kept = 0
    slow = SLOW

    def __init__(self, _: Path) -> None:
        self._analyzer = InteractionAnalyzer(SECRET, who=lambda: US)

    def __call__(self, body: bytes) -> str:
        form = urlencode({"payload": body}).encode()
        if len(form) > MAX_BODY:
            return "too big"
        try:
            click = self._analyzer.analyze(signed(form), form, NOW)
        except Refused as refusal:
            require(refusal.status == 400, "refused, but not as a bad form")
            return "refused 400"
        if isinstance(click, (Shortcut, Question)):
            Key.parse(str(click.key))
            kept = whole_lines(encode_line(click.facts()))[0][0]
            require(type(click).from_facts(kept).facts() == click.facts(), "not what was written")
            return f"{type(click).__name__}"
        if not isinstance(click, Click):
            return ignored(click)
        # The question's job, and the click's own.
        for name in (click.key, f"{click.channel}-{click.message_ts}-{click.ts}"):
            Key.parse(name)
        require(Click.from_facts(whole_lines(encode_line(click.facts()))[0][0]) == click, "not what was written")
        return f"click {click.action}"


def ignored(outcome: object) -> str:
    """Return the outcome of an Ignored; anything else, or an odd reason, is a find."""
    require(isinstance(outcome, Ignored), "an outcome of no known type")
    reason = outcome.reason if isinstance(outcome, Ignored) else ""
    require(reason.isascii() and reason.isprintable() and len(reason) < 100, "an odd reason")
    return f"ignored: {reason.partition(' of type ')[0].partition('subtype ')[0] or 'subtype'}"
