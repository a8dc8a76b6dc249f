"""SlackEventAnalyzer: classifies what Slack's Events API posted: as a Challenge, a Question, RateLimited or Ignored.

It is pure: our identity and the threads where we were asked before are read by callables, the time is a number.
It must not know the spool, the web server or Slack's API, and whatever the JSON holds, it raises only `Refused`.
Source: docs.slack.dev/apis/events-api, docs.slack.dev/reference/events/message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cocoai.errors import BodyNotJSON
from cocoai.json_values import encodable, text_at
from cocoai.slack.inbound.access import DEFAULT_ACCESS, AccessRules, Author
from cocoai.slack.inbound.signature import verify
from cocoai.slack.model.files import files_of
from cocoai.slack.model.identity import Identity, from_authorizations
from cocoai.slack.model.message_text import addressed, own_text, shown_text, written_anywhere
from cocoai.slack.model.messages import teams_of
from cocoai.slack.model.question import Challenge, Ignored, Kind, Question, RateLimited
from cocoai.slack_ids import is_id, is_ts

EventOutcome = Challenge | Question | RateLimited
"""What an event can be that is not ignored."""

SUBTYPES = (None, "", "file_share", "thread_broadcast", "me_message")
"""Subtypes of a message that a person wrote; all others report edits, joins, bots and the like."""

SLACKBOT = "USLACKBOT"
"""The user id of Slack's own bot, whose messages do not always have a bot_id."""

_EVENT_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_CLIENT_MSG_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_PLAIN_NAME = re.compile(r"[a-z_.]{1,40}")


@dataclass(frozen=True)
class _MessageEvent:
    """One message event with its payload and our identity (None if unknown): all that the checks below look at."""

    payload: Mapping[str, Any]
    event: Mapping[str, Any]
    identity: Identity | None

    def text_at(self, key: str) -> str:
        return text_at(self.event, key)

    @property
    def thread_ts(self) -> str:
        """Return `thread_ts`, or `ts` if there is none because this message opens the thread; "" if it is no text."""
        # Only a missing thread_ts means that this message opens a thread: an odd one must not be replaced by ts.
        return self.text_at("ts") if self.event.get("thread_ts") is None else self.text_at("thread_ts")

    @property
    def is_direct(self) -> bool:
        # An app_mention has no channel_type; a direct channel's id begins with D.
        return self.event.get("channel_type") == "im" or self.text_at("channel").startswith("D")

    @cached_property
    def mentions(self) -> frozenset[str]:
        """Return the ids of the users and user groups that the author addresses: `U12` for `<@U12>`.

        To mention a group is to address its people. What is code, quoted or attached addresses nobody.
        """
        return addressed(self.event)

    @property
    def is_mention(self) -> bool:
        """Return True if the message mentions us: its author does, or Slack says so by an app_mention.

        Slack says so too for a mention in code or in a quotation: that counts as little as in the `message` of the same
        ts. While our identity is unknown, only an app_mention counts.
        """
        own, mentions = self.identity.user_id if self.identity else "", self.mentions
        if own in mentions:
            return True
        if self.event.get("type") != "app_mention":
            return False
        written = written_anywhere(self.event)
        return own not in written if own else bool(mentions) or not written

    @property
    def author(self) -> Author:
        """Return the author, the channel and the author's teams as the access rules take them."""
        return Author(
            user=self.text_at("user"),
            channel=self.text_at("channel"),
            teams=teams_of(self.event),
            is_direct=self.is_direct,
            # Elsewhere the team says nothing: within one organisation people belong to several teams.
            may_be_external=self.is_shared,
        )

    @property
    def is_shared(self) -> bool:
        """Return True if Slack says that the channel is shared with another organisation."""
        return bool(self.payload.get("is_ext_shared_channel"))


class SlackEventAnalyzer:
    """Decides for each event that Slack posts whether it is a question to us.

    `who` returns our identity, None while it is unknown; `is_known_thread(channel, thread_ts)` whether CocoAI was
    asked in that thread before. `follow_ups` is `answered` if questions in such a thread need no mention.
    """

    def __init__(
        self,
        signing_secret: str,
        *,
        who: Callable[[], Identity | None],
        is_known_thread: Callable[[str, str], bool],
        follow_ups: str = "answered",
        access: AccessRules = DEFAULT_ACCESS,
    ) -> None:
        self._signing_secret = signing_secret
        self._who = who
        self._is_known_thread = is_known_thread
        self._follow_ups = follow_ups
        self._access = access

    def analyze(self, headers: Mapping[str, str], body: bytes, now: float) -> EventOutcome | Ignored:
        """Check the signature of one POST of the Events API and classify its body.

        Return a Challenge for url_verification, RateLimited for app_rate_limited, a Question for a message addressed to
        us, and Ignored with a reason for the rest. Header names are lower-case, `now` is in seconds since the epoch.
        Raise `Refused` with status 401 for a signature that is not Slack's, 400 for a body that is not JSON.
        """
        verify(body, headers, self._signing_secret, now)
        payload = read_payload(body)
        if isinstance(payload, Ignored):
            return payload
        if payload.get("type") == "url_verification":
            return _challenge(payload)
        if payload.get("type") == "app_rate_limited":
            return RateLimited(_seconds(payload.get("minute_rate_limited")))
        if reason := _not_a_message(payload):
            return Ignored(reason)
        identity = self._who() or from_authorizations(payload)
        return self._classify(_MessageEvent(payload, payload["event"], identity))

    def _classify(self, message: _MessageEvent) -> Question | Ignored:
        reason = self._reason(message)
        return Ignored(reason) if reason else _question(message)

    def _reason(self, message: _MessageEvent) -> str:
        """Return the first reason to ignore a message, in words for a log; "" if it is a question to us."""
        # The checks are in the order of their cost: the last one may read the disk.
        return (
            _not_plain_text(message)
            or _by_a_bot(message)
            or _malformed(message)
            or self._access.refusal(message.author, message.identity)
            or self._not_for_us(message)
        )

    def _not_for_us(self, message: _MessageEvent) -> str:
        """Return why the message is not addressed to us; "" if it is direct, a mention, or a follow-up.

        A follow-up is a reply in a thread where we were asked before that mentions nobody, if `follow_ups` is
        `answered`.
        """
        if message.is_direct or message.is_mention:
            return ""
        if message.thread_ts == message.text_at("ts") or self._follow_ups != "answered":
            return "not addressed to us"
        if message.mentions:
            return "addressed to somebody else"
        # Checked last of all, since it reads the disk.
        known = self._is_known_thread(message.text_at("channel"), message.thread_ts)
        return "" if known else "a thread that is not ours"


def read_payload(body: bytes | str) -> dict[str, Any] | Ignored:
    """Parse the JSON object that Slack posted, and return it. Raise `BodyNotJSON` if the body is no JSON.

    Return Ignored for JSON that is no object, or is too deeply nested or has too long a number to be parsed.
    """
    try:
        payload = json.loads(body)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise BodyNotJSON from None
    except (RecursionError, ValueError):  # nested too deeply, or a number of thousands of digits
        return Ignored("JSON beyond reading")
    return payload if isinstance(payload, dict) else Ignored("JSON, but no object")


def _challenge(payload: Mapping[str, Any]) -> Challenge | Ignored:
    """Return the Challenge in a url_verification payload; Ignored if its `challenge` is no text."""
    text = payload.get("challenge")
    return Challenge(encodable(text)) if isinstance(text, str) else Ignored("url_verification without a challenge")


def _not_a_message(payload: Mapping[str, Any]) -> str:
    """Return why the payload holds no event of the type `message` or `app_mention`; "" if it holds one."""
    if payload.get("type") != "event_callback":
        return f"payload of type {_plain_name(payload.get('type'))}"
    event = payload.get("event")
    if not isinstance(event, dict):
        return "no event in the payload"
    return "" if event.get("type") in ("message", "app_mention") else f"event of type {_plain_name(event.get('type'))}"


def _not_plain_text(message: _MessageEvent) -> str:
    """Return a reason if the event is hidden or has a subtype that is none of SUBTYPES; else "".

    Such a subtype reports an edit (`message_changed`), a join (`channel_join`) or the like, not a new message.
    """
    if message.event.get("hidden"):
        return "hidden"
    subtype = message.event.get("subtype")
    return "" if subtype in SUBTYPES else f"subtype {_plain_name(subtype)}"


def _by_a_bot(message: _MessageEvent) -> str:
    """Return a reason if we, another bot or Slackbot wrote the message; else "".

    An answer to a bot could go on for ever.
    """
    event = message.event
    if message.identity is not None and event.get("user") == message.identity.user_id:
        return "by ourselves"
    is_bot = event.get("bot_id") or event.get("bot_profile") or event.get("user") == SLACKBOT
    return "by a bot" if is_bot else ""


def _malformed(message: _MessageEvent) -> str:
    """Return a reason if the user, the channel, `ts` or `thread_ts` does not look like an id or a ts; else "".

    Only what has such a shape (slack_ids.py) is safe in a key, which becomes a file's name.
    """
    if not is_id(message.event.get("user")):
        return "no user, or an odd one"
    if not is_id(message.event.get("channel")):
        return "no channel, or an odd one"
    if not (is_ts(message.text_at("ts")) and is_ts(message.thread_ts)):
        return "no ts, or an odd one"
    return ""


def _question(message: _MessageEvent) -> Question:
    """Return the question in a message for which `_reason` found no reason to ignore it."""
    return Question(
        kind=_kind(message),
        channel=message.text_at("channel"),
        thread_ts=message.thread_ts,
        ts=message.text_at("ts"),
        user=message.text_at("user"),
        team=_team(message),
        text=encodable(own_text(message.event)),
        event_id=_matched(_EVENT_ID, message.payload.get("event_id")),
        event_time=_seconds(message.payload.get("event_time")) or int(message.text_at("ts").partition(".")[0]),
        files=tuple(file.facts() for file in files_of(message.event)),
        # Slack may leave the files out of an app_mention; the thread has them.
        is_bare=message.event.get("type") == "app_mention" and "files" not in message.event,
        client_msg_id=_matched(_CLIENT_MSG_ID, message.event.get("client_msg_id")),
        may_be_shared=message.is_shared,
        shown=encodable(shown_text(message.event)),
    )


def _kind(message: _MessageEvent) -> Kind:
    if message.is_direct:
        return "direct"
    return "mention" if message.is_mention else "follow_up"


def _team(message: _MessageEvent) -> str:
    """Return the id of the author's team, or of the event's workspace if none is named; "" if no id is valid."""
    teams = [message.event.get("user_team"), message.event.get("team"), message.payload.get("team_id")]
    return next(filter(is_id, teams), "")


def _matched(pattern: re.Pattern[str], value: object) -> str:
    """Return `value` if it is a string that matches the whole pattern, which keeps it short and plain; else ""."""
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _seconds(value: object) -> int:
    """Return a time of the payload in whole seconds since the epoch, also if it was in milliseconds or microseconds.

    Return 0 if it is no number above 0.
    """
    # A bool is an int too. The upper bound also keeps infinity out of the loop below, and NaN fails either comparison.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 10**20:
        return 0
    # Slack's samples also show microseconds.
    while value >= 10**11:  # the year 5138: not seconds
        value //= 1000
    return int(value)


def _plain_name(value: object) -> str:
    """Return a type or subtype if it is a plain name, 1 to 40 of `a-z_.`, which is safe in a log; else `unknown`."""
    return value if isinstance(value, str) and _PLAIN_NAME.fullmatch(value) else "unknown"
