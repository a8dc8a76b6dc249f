"""SlackEventAnalyzer: what Slack posted to us, settled as a Challenge, a Question or Ignored.

It is pure: who we are and where we were asked before are handed to it as callables, the time as a number.
It must not know the spool, the web server or Slack's API, and whatever the JSON holds, it raises only `Refused`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cocoai.errors import BodyNotJSON
from cocoai.slack.inbound.signature import verify
from cocoai.slack.model.files import files_of
from cocoai.slack.model.identity import Identity, from_authorizations, is_id
from cocoai.slack.model.question import Challenge, Ignored, Kind, Question

SUBTYPES = (None, "", "file_share", "thread_broadcast", "me_message")
"""A person's own words; every other subtype tells of edits, joins, bots and the like."""

SLACKBOT = "USLACKBOT"
"""Slack's own bot: it writes under this user's name, and not always with a bot_id."""

_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,8}")
_MENTION = re.compile(r"<(?:@|!subteam\^)([A-Z0-9]{2,24})(?:\|[^<>|]*)?>")
"""A person, or a group of them: to mention a group is to address its people."""
_EVENT_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_PLAIN_NAME = re.compile(r"[a-z_.]{1,40}")


@dataclass(frozen=True, slots=True)
class _Heard:
    """One message event with its payload, and who we are: what every reason below looks at."""

    payload: Mapping[str, Any]
    event: Mapping[str, Any]
    us: Identity | None

    def word(self, name: str) -> str:
        value = self.event.get(name)
        return value if isinstance(value, str) else ""

    @property
    def thread_ts(self) -> str:
        return self.word("ts") if self.event.get("thread_ts") is None else self.word("thread_ts")

    @property
    def is_direct(self) -> bool:
        return self.event.get("channel_type") == "im" or self.word("channel").startswith("D")

    @property
    def addressed(self) -> set[str]:
        return set(_MENTION.findall(self.word("text")))

    @property
    def is_mention(self) -> bool:
        if self.event.get("type") == "app_mention":
            return True
        return self.us is not None and self.us.user_id in self.addressed


class SlackEventAnalyzer:
    """The table of what arrives and what becomes of it.

    `who` tells who we are, None while that is unknown; `asked_in(channel, thread_ts)` whether CocoAI was asked
    in that thread before. `allow_channels` speaks of channels: direct messages have a switch of their own.
    """

    def __init__(
        self,
        signing_secret: str,
        *,
        who: Callable[[], Identity | None],
        is_known_thread: Callable[[str, str], bool],
        follow_ups: str = "answered",
        direct_messages: bool = True,
        allow_channels: Collection[str] = frozenset(),
        allow_users: Collection[str] = frozenset(),
        external_users: bool = False,
    ) -> None:
        self._signing_secret = signing_secret
        self._who = who
        self._asked_in = is_known_thread
        self._follow_ups = follow_ups
        self._direct_messages = direct_messages
        self._allow_channels = allow_channels
        self._allow_users = allow_users
        self._external_users = external_users

    def analyze(self, headers: Mapping[str, str], body: bytes, now: float) -> Challenge | Question | Ignored:
        """Settle one POST of Slack's Events API; header names are lower-case, `now` in seconds.

        Raises `Refused` 401 for a signature that is not Slack's, 400 for a body that is not JSON.
        """
        verify(body, headers, self._signing_secret, now)
        payload = read_payload(body)
        if isinstance(payload, Ignored):
            return payload
        if payload.get("type") == "url_verification":
            return _challenge(payload)
        reason = _not_a_message(payload)
        return Ignored(reason) if reason else self._message(_Heard(payload, payload["event"], self._us(payload)))

    def _us(self, payload: Mapping[str, Any]) -> Identity | None:
        return self._who() or from_authorizations(payload)

    def _message(self, heard: _Heard) -> Question | Ignored:
        reason = self._reason(heard)
        return Ignored(reason) if reason else _question(heard)

    def _reason(self, heard: _Heard) -> str:
        """The first reason to leave a message alone, empty if there is none; the dearest to find out comes last."""
        return (
            _not_said_aloud(heard)
            or _by_a_bot(heard)
            or _odd(heard)
            or self._not_allowed(heard)
            or self._foreign(heard)
            or self._not_for_us(heard)
        )

    def _not_allowed(self, heard: _Heard) -> str:
        if self._allow_users and heard.word("user") not in self._allow_users:
            return "this user is not allowed"
        if heard.is_direct:
            return "" if self._direct_messages else "direct messages are off"
        if self._allow_channels and heard.word("channel") not in self._allow_channels:
            return "this channel is not allowed"
        return ""

    def _foreign(self, heard: _Heard) -> str:
        if self._external_users or not heard.payload.get("is_ext_shared_channel") or _of_our_team(heard):
            return ""
        return "another organisation's user"

    def _not_for_us(self, heard: _Heard) -> str:
        if heard.is_direct or heard.is_mention:
            return ""
        if heard.thread_ts == heard.word("ts") or self._follow_ups != "answered":
            return "not addressed to us"
        if heard.addressed:
            return "addressed to somebody else"
        # Last of all, since it touches the disk.
        return "" if self._asked_in(heard.word("channel"), heard.thread_ts) else "a thread that is not ours"


def read_payload(written: bytes | str) -> dict[str, Any] | Ignored:
    """The JSON object that Slack posted. Raises `Refused` 400 for what is no JSON."""
    try:
        payload = json.loads(written)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise BodyNotJSON from None
    except (RecursionError, ValueError):  # nested too deeply, or a number of thousands of digits
        return Ignored("JSON beyond reading")
    return payload if isinstance(payload, dict) else Ignored("JSON, but no object")


def _challenge(payload: Mapping[str, Any]) -> Challenge | Ignored:
    text = payload.get("challenge")
    return Challenge(_writable(text)) if isinstance(text, str) else Ignored("url_verification without a challenge")


def _not_a_message(payload: Mapping[str, Any]) -> str:
    if payload.get("type") != "event_callback":
        return f"payload of type {_name(payload.get('type'))}"
    event = payload.get("event")
    if not isinstance(event, dict):
        return "no event in the payload"
    return "" if event.get("type") in ("message", "app_mention") else f"event of type {_name(event.get('type'))}"


def _not_said_aloud(heard: _Heard) -> str:
    if heard.event.get("hidden"):
        return "hidden"
    subtype = heard.event.get("subtype")
    return "" if subtype in SUBTYPES else f"subtype {_name(subtype)}"


def _by_a_bot(heard: _Heard) -> str:
    if heard.us is not None and heard.event.get("user") == heard.us.user_id:
        return "by ourselves"
    is_bot = heard.event.get("bot_id") or heard.event.get("bot_profile") or heard.event.get("user") == SLACKBOT
    return "by a bot" if is_bot else ""


def _odd(heard: _Heard) -> str:
    if not is_id(heard.event.get("user")):
        return "no user, or an odd one"
    if not is_id(heard.event.get("channel")):
        return "no channel, or an odd one"
    if not (_TS.fullmatch(heard.word("ts")) and _TS.fullmatch(heard.thread_ts)):
        return "no ts, or an odd one"
    return ""


def _of_our_team(heard: _Heard) -> bool:
    """In a shared channel: does all that is told of the author's team name ours? An unknown author is a stranger."""
    told = {heard.event[name] for name in ("user_team", "source_team", "team") if is_id(heard.event.get(name))}
    ours = {heard.us.team_id, heard.us.enterprise_id} if heard.us else set()
    return bool(told) and told <= ours


def _question(heard: _Heard) -> Question:
    return Question(
        kind=_kind(heard),
        channel=heard.word("channel"),
        thread_ts=heard.thread_ts,
        ts=heard.word("ts"),
        user=heard.word("user"),
        team=_team(heard),
        text=_writable(heard.word("text")),
        event_id=_event_id(heard.payload.get("event_id")),
        event_time=_seconds(heard.payload.get("event_time"), heard.word("ts")),
        files=tuple(file.facts() for file in files_of(heard.event)),
        is_bare=heard.event.get("type") == "app_mention" and "files" not in heard.event,
    )


def _kind(heard: _Heard) -> Kind:
    if heard.is_direct:
        return "direct"
    return "mention" if heard.is_mention else "follow_up"


def _team(heard: _Heard) -> str:
    told = [heard.event.get("user_team"), heard.event.get("team"), heard.payload.get("team_id")]
    return next(filter(is_id, told), "")


def _event_id(value: object) -> str:
    return value if isinstance(value, str) and _EVENT_ID.fullmatch(value) else ""


def _seconds(value: object, ts: str) -> int:
    """`event_time` in seconds: Slack's samples also show microseconds, and an odd value yields to the message's ts."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 10**20:
        return int(ts.partition(".")[0])
    while value >= 10**11:  # the year 5138: not seconds
        value //= 1000
    return int(value)


def _writable(text: str) -> str:
    """JSON can name half a surrogate pair, which no file and no socket takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _name(value: object) -> str:
    return value if isinstance(value, str) and _PLAIN_NAME.fullmatch(value) else "unknown"
