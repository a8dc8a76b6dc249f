"""SlackEventAnalyzer: classifies what Slack's Events API posted, as a Challenge, a Question or one of the others.

It is pure: our identity and the threads where we were asked before are read by callables, the time is a number.
It must not know the spool, the web server or Slack's API, and whatever the JSON holds, it raises only `Refused`.
Source: docs.slack.dev/apis/events-api, docs.slack.dev/reference/events/message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from cocoai.errors import BodyNotJSON
from cocoai.json_values import encodable
from cocoai.slack.inbound.access import DEFAULT_ACCESS, AccessRules
from cocoai.slack.inbound.follow_ups import Verdict, is_only_thanks, verdict
from cocoai.slack.inbound.home import is_home, read_home
from cocoai.slack.inbound.message_event import MessageEvent
from cocoai.slack.inbound.raw_event import is_change, unaddressed_place
from cocoai.slack.inbound.reactions import is_reaction, read_reaction
from cocoai.slack.inbound.signature import verify
from cocoai.slack.model.files import files_of
from cocoai.slack.model.home_opened import HomeOpened
from cocoai.slack.model.identity import Identity, from_authorizations
from cocoai.slack.model.message_text import shown_text
from cocoai.slack.model.question import (
    Challenge,
    Declined,
    DocumentsChanged,
    Ignored,
    Kind,
    Overheard,
    Question,
    RateLimited,
)
from cocoai.slack.model.talk import Talk
from cocoai.slack.model.tasks import REACTIONS, MessageTask
from cocoai.slack_ids import is_id, is_ts

EventOutcome = Challenge | Question | Declined | HomeOpened | RateLimited | DocumentsChanged
"""What an event can be that is not ignored."""

SUBTYPES = (None, "", "file_share", "thread_broadcast", "me_message")
"""Subtypes of a message that a person wrote; all others report edits, joins, bots and the like."""

SLACKBOT = "USLACKBOT"
"""The user id of Slack's own bot, whose messages do not always have a bot_id."""

_EVENT_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_CLIENT_MSG_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_PLAIN_NAME = re.compile(r"[a-z_.]{1,40}")

CHANGE = Ignored("a message that was changed")
ASIDE = Ignored("not addressed to us")


class SlackEventAnalyzer:
    """Decides for each event that Slack posts whether it is a question to us.

    `who` returns our identity, None while it is unknown; `mark_of(channel, thread_ts)` what has happened in a thread
    (see Talk), None if CocoAI was never asked there; thread_ts is "" for a direct message's own box. `follow_ups` says
    which lines need no mention there: `asker` those that are put to us by rules, `answered` all, `mention` none.
    `reactions` says which emoji ask for which task. `documents` reads a payload that may be about documents, and
    returns None if it is not; None where Slack has none.
    """

    def __init__(
        self,
        signing_secret: str,
        *,
        who: Callable[[], Identity | None],
        mark_of: Callable[[str, str], Mapping[str, Any] | None],
        follow_ups: str = "asker",
        access: AccessRules = DEFAULT_ACCESS,
        reactions: Mapping[str, MessageTask] = REACTIONS,
        documents: Callable[[Mapping[str, Any]], DocumentsChanged | Ignored | None] | None = None,
    ) -> None:
        self._signing_secret = signing_secret
        self._who = who
        self._mark_of = mark_of
        self._follow_ups = follow_ups
        self._access = access
        self._reactions = reactions
        self._documents = documents

    def analyze(self, headers: Mapping[str, str], body: bytes, now: float) -> EventOutcome | Ignored:
        """Check the signature of one POST of the Events API and classify its body.

        Return a Challenge for url_verification, RateLimited for app_rate_limited, a Question for a message addressed to
        us or a reaction that asks for a task, Declined if the settings leave out its author, HomeOpened for a look at
        our Home tab, DocumentsChanged for what may change a document, and Ignored with a reason for the rest. Header
        names are lower-case, `now` is in seconds since the epoch.
        Raise `Refused` with status 401 for a signature that is not Slack's, 400 for a body that is not JSON.
        """
        verify(body, headers, self._signing_secret, now)
        if is_change(body):
            return CHANGE
        if self._is_aside(body):
            return ASIDE
        payload = read_payload(body)
        if isinstance(payload, Ignored):
            return payload
        if payload.get("type") == "url_verification":
            return _challenge(payload)
        if payload.get("type") == "app_rate_limited":
            return RateLimited(_seconds(payload.get("minute_rate_limited")))
        identity = self._who() or from_authorizations(payload)
        if is_reaction(payload):
            return read_reaction(payload, identity, self._reactions, self._access)
        if is_home(payload):
            return read_home(payload, identity, self._access)
        if self._documents and (outcome := self._documents(payload)):
            return outcome
        if reason := _not_a_message(payload):
            return Ignored(reason)
        return self._classify(MessageEvent(payload, payload["event"], identity))

    def _is_aside(self, body: bytes) -> bool:
        """Check, on the bytes, whether people talk to one another; False if the JSON must be parsed to know."""
        identity = self._who()
        place = unaddressed_place(body, identity.user_id) if identity else None
        if place is None:
            return False
        return self._follow_ups == "mention" or not place[1] or self._mark_of(*place) is None

    def _classify(self, message: MessageEvent) -> Question | Declined | Ignored:
        """Return what a message is. The checks are in the order of their cost: the last ones may read the disk."""
        if reason := _not_plain_text(message) or _by_a_bot(message) or _malformed(message):
            return Ignored(reason)
        if refusal := self._refusal(message):
            why = self._access.declined_for(message.author, message.identity)
            is_to_us = bool(why) and (message.is_direct or message.is_mention)
            return Declined(_question(message, _kind(message)), why) if is_to_us else Ignored(refusal)
        if message.is_direct or message.is_mention:
            return _question(message, "thanks" if self._is_thanks(message) else _kind(message))
        if message.opens_thread or self._follow_ups == "mention":
            return Ignored("not addressed to us")
        talk = self._talk(message)
        return Ignored("a thread that is not ours") if talk is None else self._judge(message, talk)

    def _refusal(self, message: MessageEvent) -> str:
        """Return why the author may not address us there; "" if they may."""
        if not self._access.may_refuse(is_direct=message.is_direct, may_be_external=message.is_shared):
            return ""
        return self._access.refusal(message.author, message.identity)

    def _judge(self, message: MessageEvent, talk: Talk) -> Question | Ignored:
        """Return what a line without a mention is, in a thread in which we were asked before."""
        put_to = self._put_to(message, talk)
        if put_to == "others":
            reason = "addressed to somebody else" if message.mentions_others else "put to others"
            return Overheard(reason, message.text_at("channel"), message.thread_ts, message.text_at("user"))
        return _question(message, "thanks" if put_to == "thanks" else "follow_up")

    def _put_to(self, message: MessageEvent, talk: Talk) -> Verdict:
        if self._follow_ups == "answered":
            return "others" if message.mentions_others else "question"
        return verdict(message.text, message.text_at("user"), talk, mentions_others=message.mentions_others)

    def _is_thanks(self, message: MessageEvent) -> bool:
        """Check whether a message to us is thanks or assent, right behind an answer, and nothing more."""
        if message.opens_thread and not message.is_direct:  # no answer of ours stands before it
            return False
        if not is_only_thanks(message.text) or shown_text(message.event) or files_of(message.event):
            return False
        talk = self._talk(message)
        if talk is None or not talk.is_ours:
            return False
        return not talk.asks or is_only_thanks(message.text, is_asked=True)

    def _talk(self, message: MessageEvent) -> Talk | None:
        """Return what has happened in the message's thread; None if we were never asked there."""
        is_in_box = message.is_direct and message.opens_thread  # as in talk.place()
        mark = self._mark_of(message.text_at("channel"), "" if is_in_box else message.thread_ts)
        return None if mark is None else Talk.from_facts(mark)


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


def _not_plain_text(message: MessageEvent) -> str:
    """Return a reason if the event is hidden or has a subtype that is none of SUBTYPES; else "".

    Such a subtype reports an edit (`message_changed`), a join (`channel_join`) or the like, not a new message.
    """
    if message.event.get("hidden"):
        return "hidden"
    subtype = message.event.get("subtype")
    return "" if subtype in SUBTYPES else f"subtype {_plain_name(subtype)}"


def _by_a_bot(message: MessageEvent) -> str:
    """Return a reason if we, another bot or Slackbot wrote the message; else "".

    An answer to a bot could go on for ever.
    """
    event = message.event
    if message.identity is not None and event.get("user") == message.identity.user_id:
        return "by ourselves"
    is_bot = event.get("bot_id") or event.get("bot_profile") or event.get("user") == SLACKBOT
    return "by a bot" if is_bot else ""


def _malformed(message: MessageEvent) -> str:
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


def _question(message: MessageEvent, kind: Kind) -> Question:
    """Return the question of this kind in a message that is put to us."""
    return Question(
        kind=kind,
        channel=message.text_at("channel"),
        thread_ts=message.thread_ts,
        ts=message.text_at("ts"),
        user=message.text_at("user"),
        team=_team(message),
        text=message.text,
        event_id=_matched(_EVENT_ID, message.payload.get("event_id")),
        event_time=_seconds(message.payload.get("event_time")) or int(message.text_at("ts").partition(".")[0]),
        files=tuple(file.facts() for file in files_of(message.event)),
        # Slack may leave the files out of an app_mention; the thread has them.
        is_bare=message.event.get("type") == "app_mention" and "files" not in message.event,
        client_msg_id=_matched(_CLIENT_MSG_ID, message.event.get("client_msg_id")),
        may_be_shared=message.is_shared,
        shown=encodable(shown_text(message.event)),
    )


def _kind(message: MessageEvent) -> Kind:
    return "direct" if message.is_direct else "mention"


def _team(message: MessageEvent) -> str:
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
