"""slack/inbound/events.py: the table of the events that arrive and what becomes of each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.errors import Refused
from cocoai.slack.inbound.access import AccessRules
from cocoai.slack.inbound.events import EventOutcome, SlackEventAnalyzer
from cocoai.slack.model.files import File
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import Challenge, Declined, Ignored, Overheard, Question, RateLimited
from cocoai.slack.model.talk import Talk
from tests.slack_payloads import JSON, SIGNING_SECRET, envelope, mention_event, message_event, signed_headers

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

NOW = 1_763_822_000.0
US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", enterprise_id="E0PRACTICE")
TS = "1763822000.000100"
LATER = "1763822000.000200"


def message(text: object = "hello", **changes: object) -> JSON:
    return message_event(text, **{"ts": TS} | changes)


def mention(text: object = "<@U0COCOAI> hello", **changes: object) -> JSON:
    return mention_event(text, **{"ts": TS} | changes)


class KnownThreads:
    """The threads CocoAI was asked in, and each look-up in them."""

    def __init__(self, *threads: tuple[str, str]) -> None:
        self.threads = threads
        self.lookups: list[tuple[str, str]] = []

    def __call__(self, channel: str, thread_ts: str) -> dict[str, Any] | None:
        self.lookups.append((channel, thread_ts))
        return {} if (channel, thread_ts) in self.threads else None


def analyze_bytes(
    body: bytes,
    who: Identity | None = US,
    *,
    mark_of: Any = None,
    follow_ups: str = "answered",
    **access: Any,
) -> EventOutcome | Ignored:
    """Analyze a signed body with these settings; `access` are those of AccessRules."""
    analyzer = SlackEventAnalyzer(
        SIGNING_SECRET,
        who=lambda: who,
        mark_of=mark_of or KnownThreads(),
        follow_ups=follow_ups,
        access=AccessRules(**access),
    )
    return analyzer.analyze(signed_headers(body, NOW), body, NOW)


def analyze(payload: object, who: Identity | None = US, **settings: Any) -> EventOutcome | Ignored:
    return analyze_bytes(json.dumps(payload).encode(), who, **settings)


def question(payload: object, who: Identity | None = US, **settings: Any) -> Question:
    outcome = analyze(payload, who, **settings)
    assert isinstance(outcome, Question), outcome
    return outcome


def reason(payload: object, who: Identity | None = US, **settings: Any) -> str:
    outcome = analyze(payload, who, **settings)
    assert isinstance(outcome, Ignored), outcome
    return outcome.reason


def reason_or_none(payload: object, **settings: Any) -> str:
    """Return the reason for which the payload is ignored; "" if it is a question."""
    outcome = analyze(payload, **settings)
    return outcome.reason if isinstance(outcome, Ignored) else ""


def declined(payload: object, **settings: Any) -> str:
    """Return by which rule the author of a message to us is left out and told so; "" if he is not."""
    outcome = analyze(payload, **settings)
    return outcome.why if isinstance(outcome, Declined) else ""


# Payloads without an event


def test_a_challenge_is_returned() -> None:
    """Slack's url_verification is answered with its own challenge."""
    assert analyze({"type": "url_verification", "token": "x", "challenge": "3eZbrw1a"}) == Challenge("3eZbrw1a")


@pytest.mark.parametrize(
    ("minute", "expected"), [(1518467820, 1518467820), (None, 0), ("1518467820", 0), (-1, 0), ([], 0)]
)
def test_slacks_own_rate_limit_is_told(minute: object, expected: int) -> None:
    """Slack posts `app_rate_limited` without an event around it, once a minute in which it held events back."""
    notice = {"token": "x", "type": "app_rate_limited", "team_id": "T0PRACTICE", "api_app_id": "A0COCOAI"}

    assert RateLimited(expected) == analyze(notice | {"minute_rate_limited": minute})


def test_an_unsigned_body_is_refused_before_it_is_read() -> None:
    """Even a challenge must be signed; without a signature it is a 401."""
    analyzer = SlackEventAnalyzer(SIGNING_SECRET, who=lambda: US, mark_of=KnownThreads())

    with pytest.raises(Refused) as caught:
        analyzer.analyze({}, b'{"type": "url_verification", "challenge": "x"}', NOW)
    assert caught.value.status == 401


@pytest.mark.parametrize("body", [b"", b"payload=%7B%7D", b"{", b"\xff\xfe\xfd", b'{"a": 1} x'])
def test_a_body_that_is_not_json_is_400(body: bytes) -> None:
    """A signed body that is not JSON is refused with 400."""
    with pytest.raises(Refused) as caught:
        analyze_bytes(body)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b"[" + b"9" * 5_000 + b"]",
        b"[]",
        b"null",
        b"NaN",
        b'"event_callback"',
        b"{}",
        b'{"type": "url_verification"}',
        b'{"type": "url_verification", "challenge": ["x"]}',
    ],
)
def test_json_that_is_no_payload_is_ignored(body: bytes) -> None:
    """JSON that is too deep, too large or of another shape is ignored without an error."""
    assert isinstance(analyze_bytes(body), Ignored)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"type": "block_actions"}, "payload of type block_actions"),
        ({"type": "<@U0ASKER01>\n"}, "payload of type unknown"),
        ({"type": ["event_callback"]}, "payload of type unknown"),
        (envelope(None), "no event in the payload"),
        (envelope(["message"]), "no event in the payload"),
        (envelope({"type": "reaction_removed"}), "event of type reaction_removed"),
        (envelope({"type": {"message": 1}}), "event of type unknown"),
    ],
)
def test_other_types_are_ignored_by_name(payload: JSON, expected: str) -> None:
    """The reason names the type if it is a plain name, and quotes nothing else of the payload."""
    assert expected == reason(payload)


# Mentions


def test_a_mention_is_a_question() -> None:
    """The payload of an app_mention gives every field of the question."""
    assert question(envelope(mention())) == Question(
        kind="mention",
        channel="C0PRACTICE",
        thread_ts=TS,
        ts=TS,
        user="U0ASKER01",
        team="T0PRACTICE",
        text="<@U0COCOAI> hello",
        event_id="Ev0",
        event_time=1_763_822_000,
        is_bare=True,
        may_be_shared=False,
    )


@pytest.mark.parametrize("text", ["<@U0COCOAI> hello", "やあ<@U0COCOAI>", "<@U0COCOAI|cocoai>: hello", "<@U0COCOAI>"])
def test_a_message_that_mentions_us_is_a_mention(text: str) -> None:
    """The `message` copy of a mention is recognized by either form of the mention in its text."""
    assert question(envelope(message(text=text))).kind == "mention"


@pytest.mark.parametrize("thread_ts", [None, "1763822300.000100"])
def test_both_copies_have_one_key(thread_ts: str | None) -> None:
    """The app_mention and the message event of one message have the same key, whichever comes first."""
    twins = [mention(thread_ts=thread_ts), message(text="<@U0COCOAI> hello", thread_ts=thread_ts)]

    assert {question(envelope(twin)).key for twin in twins} == {f"C0PRACTICE-{thread_ts or TS}-{TS}"}


def test_a_mention_of_another_user_is_no_mention_of_us() -> None:
    """A message to another user is ignored, also if their id begins as ours does."""
    assert reason(envelope(message(text="<@U0COCOAI2> hello"))) == "not addressed to us"


def test_a_question_knows_whether_it_was_asked_in_a_thread() -> None:
    """A question whose message opens its thread is not in a thread: both have the same ts."""
    assert not question(envelope(mention())).in_thread
    assert not question(envelope(mention(thread_ts=TS))).in_thread
    assert question(envelope(mention(thread_ts=TS, ts=LATER))).in_thread


def test_facts_survive_json_and_fields_of_later_versions() -> None:
    """A question that was written as JSON is read back unchanged."""
    written = question(envelope(mention(text="<@U0COCOAI> 猫は? &amp; \ud83d\ude3a")))
    facts = json.loads(json.dumps(written.facts() | {"files": []}))

    assert written == Question.from_facts(facts)
    assert written == Question.from_facts(facts | {"added": "by a later version"})


# Files

FILE: JSON = {"id": "F0PICTURE1", "name": "cat.png", "mimetype": "image/png", "size": 3, "url_private": "https://x/"}


@pytest.mark.parametrize(
    "event",
    [
        message(subtype="file_share", channel="D0PRACTICE", channel_type="im", upload=True),
        message(subtype="file_share", text="<@U0COCOAI> what is this?"),
        mention(),
    ],
    ids=["direct", "file_share", "mention"],
)
def test_the_files_of_a_message_are_the_questions(event: JSON) -> None:
    """The question has the message's files without odd and deleted ones, and keeps them in its facts."""
    read = question(envelope(event | {"files": [FILE, None, {"id": 7}, {"id": "F0GONE0000", "mode": "tombstone"}]}))

    assert [File("F0PICTURE1", "cat.png", "image/png", 3, "https://x/")] == [File.from_facts(f) for f in read.files]
    assert read == Question.from_facts(json.loads(json.dumps(read.facts())))
    assert not read.is_bare


def test_a_file_alone_in_a_direct_message_is_a_question() -> None:
    """A message without text that has a file is a question with an empty text and one file."""
    read = question(envelope(message(subtype="file_share", text="", channel="D0PRACTICE", files=[FILE])))

    assert ("", 1) == (read.text, len(read.files))


def test_only_an_app_mention_without_files_may_leave_some_out() -> None:
    """An app_mention without the field `files` is bare; one with an empty list, and a `message`, are complete."""
    assert question(envelope(mention())).is_bare
    assert not question(envelope(mention(files=[]))).is_bare
    assert not question(envelope(message(text="<@U0COCOAI> hello"))).is_bare


# Direct messages


@pytest.mark.parametrize(
    "event",
    [
        message(channel="D0PRACTICE", channel_type="im"),
        message(channel="D0PRACTICE", channel_type=None),
        message(channel="C0PRACTICE", channel_type="im"),
        message(channel="D0PRACTICE", channel_type="im", thread_ts=TS, ts=LATER),
        message(channel="D0PRACTICE", channel_type="im", text="<@U0ASKER02> and <@U0COCOAI>"),
        mention(channel="D0PRACTICE"),
    ],
)
def test_a_direct_message_is_a_question(event: JSON) -> None:
    """A direct message is a question with or without a mention; with the switch off, its author is told so."""
    assert question(envelope(event)).kind == "direct"
    assert "direct" == declined(envelope(event), direct_messages=False)


def test_a_group_message_needs_a_mention() -> None:
    """In a conversation of several people, as in a channel, only a mention is a question."""
    group = {"channel": "G0PRACTICE", "channel_type": "mpim"}

    assert reason(envelope(message(**group))) == "not addressed to us"
    assert question(envelope(message(text="<@U0COCOAI> hi", **group))).kind == "mention"


# Follow-ups

OURS = ("C0PRACTICE", TS)


class Talking:
    """A thread of ours in which this has happened."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk

    def __call__(self, channel: str, thread_ts: str) -> dict[str, Any]:
        return self.talk.facts()


AMONG_PEOPLE = Talking(Talk("U0ASKER02", has_others=True, is_ours=False))
ANSWERED = Talking(Talk("U0ASKER01"))
ASKS_BACK = Talking(Talk("U0ASKER01", asks=True))


@pytest.mark.parametrize(
    ("text", "mark_of", "follow_ups", "kind"),
    [
        ("どう思う？", AMONG_PEOPLE, "asker", ""),
        ("どう思う？", AMONG_PEOPLE, "answered", "follow_up"),
        ("ココアちゃん、どう思う？", AMONG_PEOPLE, "asker", "follow_up"),
        ("もっと短く", ANSWERED, "asker", "follow_up"),
        ("ありがとう！", ANSWERED, "asker", "thanks"),
        ("ありがとう！", ANSWERED, "answered", "follow_up"),
        ("ok", ASKS_BACK, "asker", "follow_up"),
        ("<!here> look", ANSWERED, "asker", ""),
    ],
)
def test_to_whom_a_line_is_put(text: str, mark_of: Talking, follow_ups: str, kind: str) -> None:
    """By default the talk in the thread tells, with `answered` every line without a mention is ours."""
    outcome = analyze(follow_up(text=text), mark_of=mark_of, follow_ups=follow_ups)

    if kind:
        assert kind == getattr(outcome, "kind", "")
    else:
        assert isinstance(outcome, Overheard)
        assert ("C0PRACTICE", TS, "U0ASKER01") == (outcome.channel, outcome.thread_ts, outcome.user)


@pytest.mark.parametrize(
    ("payload", "mark_of", "kind"),
    [
        (envelope(mention(text="<@U0COCOAI> thank you!", thread_ts=TS, ts=LATER)), ANSWERED, "thanks"),
        (envelope(mention(text="<@U0COCOAI> thank you!", thread_ts=TS, ts=LATER)), AMONG_PEOPLE, "mention"),
        (envelope(mention(text="<@U0COCOAI> thank you!")), KnownThreads(), "mention"),
        (envelope(mention(text="<@U0COCOAI> yes", thread_ts=TS, ts=LATER)), ASKS_BACK, "mention"),
        (envelope(message(text="ありがとう", channel="D0PRACTICE", channel_type="im")), ANSWERED, "thanks"),
        (envelope(message(text="ありがとう", channel="D0PRACTICE", channel_type="im")), KnownThreads(), "direct"),
    ],
)
def test_thanks_behind_an_answer_want_none(payload: JSON, mark_of: Any, kind: str) -> None:
    """Where nothing was answered before, or CocoAI has asked something, they are a question like any other."""
    assert kind == question(payload, mark_of=mark_of).kind


def follow_up(**fields: object) -> JSON:
    return envelope(message(**({"thread_ts": TS, "ts": LATER} | fields)))


def test_a_message_in_a_thread_of_ours_is_a_follow_up() -> None:
    """In a thread where CocoAI was asked before, a message without a mention is a follow-up."""
    assert question(follow_up(), mark_of=KnownThreads(OURS)).kind == "follow_up"


def test_a_mention_in_a_thread_of_ours_is_a_mention() -> None:
    """A mention in a known thread is a mention, not a follow-up."""
    assert question(follow_up(text="<@U0COCOAI> more"), mark_of=KnownThreads(OURS)).kind == "mention"


@pytest.mark.parametrize(
    ("payload", "settings", "expected"),
    [
        (follow_up(), {"mark_of": KnownThreads()}, "a thread that is not ours"),
        (follow_up(channel="C0OTHER"), {"mark_of": KnownThreads(OURS)}, "a thread that is not ours"),
        (follow_up(), {"mark_of": KnownThreads(OURS), "follow_ups": "mention"}, "not addressed to us"),
        (follow_up(text="<@U0ASKER02> look"), {"mark_of": KnownThreads(OURS)}, "addressed to somebody else"),
        (
            follow_up(text="look, <@W0ASKER02|asker>"),
            {"mark_of": KnownThreads(OURS)},
            "addressed to somebody else",
        ),
        (
            follow_up(text="<!subteam^S0GROUP01> look"),
            {"mark_of": KnownThreads(OURS)},
            "addressed to somebody else",
        ),
        (
            follow_up(text="look, <!subteam^S0GROUP01|@team>"),
            {"mark_of": KnownThreads(OURS)},
            "addressed to somebody else",
        ),
        (follow_up(ts=TS), {"mark_of": KnownThreads(OURS)}, "not addressed to us"),
        (envelope(message()), {"mark_of": KnownThreads(OURS)}, "not addressed to us"),
    ],
)
def test_no_follow_up(payload: JSON, settings: JSON, expected: str) -> None:
    """A message in another thread, one that opens a thread, and one to somebody else are no follow-ups."""
    assert expected == reason(payload, **settings)


@pytest.mark.parametrize(
    "payload",
    [
        envelope(message()),
        envelope(mention()),
        follow_up(bot_id="B0OTHER"),
        follow_up(channel="../../etc"),
        follow_up(subtype="message_changed"),
    ],
)
def test_the_disk_is_read_last(payload: JSON) -> None:
    """A message that any other check decides causes no look-up of its thread, least of all under an odd name."""
    known = KnownThreads(OURS)

    analyze(payload, mark_of=known)

    assert [] == known.lookups


# Messages that no person wrote to us


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message", "", None])
def test_subtypes_of_peoples_messages_are_questions(subtype: str | None) -> None:
    """A message with a file, a broadcast from a thread and /me are questions as plain messages are."""
    assert question(envelope(message(text="<@U0COCOAI> hi", subtype=subtype))).kind == "mention"


def compact(payload: JSON) -> bytes:
    """Return the body as Slack writes it, without blanks."""
    return json.dumps(payload, separators=(",", ":")).encode()


@pytest.mark.parametrize("subtype", ["message_changed", "message_deleted"])
def test_our_own_updates_come_back_and_their_json_is_not_read(subtype: str) -> None:
    """They are most of what a busy bot hears. What is behind the beginning could be anything."""
    event = {"type": "message", "subtype": subtype, "hidden": True, "channel": "C0PRACTICE", "message": message()}
    body = compact(envelope(event))

    outcomes = [analyze_bytes(body), analyze_bytes(body[:-9])]

    assert [Ignored("a message that was changed")] * 2 == outcomes
    with pytest.raises(Refused):
        analyze_bytes(compact(envelope(message()))[:-9])


@pytest.mark.parametrize("order", [("event", "blocks"), ("blocks", "event")])
@pytest.mark.parametrize("key", ["text", "event"])
def test_what_looks_like_a_change_inside_a_message_is_none(key: str, order: tuple[str, str]) -> None:
    """Neither a text that quotes such a payload nor an object inside the event, or before it, takes a question away."""
    change = {"type": "message", "subtype": "message_changed", "hidden": True}
    inside = json.dumps({"event": change}, separators=(",", ":")) if key == "text" else {"event": change}
    event = mention(f"<@U0COCOAI> {inside}") if key == "text" else mention() | {"quoted": inside}
    parts = {"event": event, "blocks": {"event": change}}
    others = {name: value for name, value in envelope({}).items() if name != "event"}

    outcome = analyze_bytes(compact({name: parts[name] for name in order} | others))

    assert isinstance(outcome, Question)


def test_a_message_without_text_may_be_a_question() -> None:
    """A direct message without the field `text` is a question with an empty text."""
    event = message(channel="D0PRACTICE", channel_type="im", text=None, subtype="file_share", bot_id=None)

    assert question(envelope(event)).text == ""


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"subtype": "message_changed", "hidden": True}, "hidden"),
        ({"hidden": True}, "hidden"),
        ({"subtype": "message_changed"}, "subtype message_changed"),
        ({"subtype": "message_deleted"}, "subtype message_deleted"),
        ({"subtype": "channel_join"}, "subtype channel_join"),
        ({"subtype": "ekm_access_denied"}, "subtype ekm_access_denied"),
        ({"subtype": "bot_message"}, "subtype bot_message"),
        ({"subtype": "bot_message", "bot_id": "B0OTHER"}, "subtype bot_message"),
        ({"subtype": ["file_share"]}, "subtype unknown"),
        ({"subtype": 0}, "subtype unknown"),
        ({"bot_id": "B0OTHER"}, "by a bot"),
        ({"bot_profile": {"id": "B0OTHER"}}, "by a bot"),
        ({"user": "USLACKBOT"}, "by a bot"),
        ({"user": "U0COCOAI"}, "by ourselves"),
        ({"user": None}, "no user, or an odd one"),
        ({"user": ["U0ASKER01"]}, "no user, or an odd one"),
        ({"user": "u0asker01"}, "no user, or an odd one"),
        ({"channel": None}, "no channel, or an odd one"),
        ({"channel": {"id": "C0PRACTICE"}}, "no channel, or an odd one"),
        ({"channel": "C0PRACTICE/../x"}, "no channel, or an odd one"),
        ({"channel": "C0PRACTICE\n"}, "no channel, or an odd one"),
        ({"channel": "C" * 25}, "no channel, or an odd one"),
        ({"channel": "Ｃ0PRACTICE"}, "no channel, or an odd one"),
        ({"ts": None}, "no ts, or an odd one"),
        ({"ts": 1763822000.0001}, "no ts, or an odd one"),
        ({"ts": "1763822000"}, "no ts, or an odd one"),
        ({"ts": "1763822000.0001\n"}, "no ts, or an odd one"),
        ({"ts": "１763822400.0001"}, "no ts, or an odd one"),
        ({"ts": "1763822000.000000100"}, "no ts, or an odd one"),
        ({"thread_ts": 1}, "no ts, or an odd one"),
        ({"thread_ts": ""}, "no ts, or an odd one"),
        ({"thread_ts": "../1.0"}, "no ts, or an odd one"),
    ],
)
@pytest.mark.parametrize("kind", [mention, message])
def test_edits_bots_and_odd_fields_are_ignored(kind: Any, fields: JSON, expected: str) -> None:
    """Edits, joins, bots, our own messages and odd fields are ignored in either copy of a mention."""
    payload = envelope(kind(**({"text": "<@U0COCOAI> hello"} | fields)))

    assert expected == reason(payload, mark_of=KnownThreads(OURS))


def test_a_null_bot_id_is_no_bot() -> None:
    """A message with `bot_id: null`, which Slack writes on files that people share, is a person's."""
    payload = envelope({**message(text="<@U0COCOAI> hi", subtype="file_share"), "bot_id": None, "thread_ts": None})

    assert question(payload).kind == "mention"


def test_a_message_edited_since_is_a_question() -> None:
    """A mention that was edited before its event was sent is a question."""
    assert question(envelope(mention(edited={"user": "U0ASKER01", "ts": LATER}))).kind == "mention"


# Who may ask


@pytest.mark.parametrize(
    ("event", "settings", "expected"),
    [
        (mention(), {"allow_channels": frozenset({"C0PRACTICE"})}, ""),
        (mention(), {"allow_channels": frozenset({"C0OTHER"})}, "place"),
        (message(channel="D0PRACTICE", channel_type="im"), {"allow_channels": frozenset({"C0OTHER"})}, ""),
        (mention(), {"allow_users": frozenset({"U0ASKER01"})}, ""),
        (mention(), {"allow_users": frozenset({"U0ASKER02"})}, "person"),
        (
            message(channel="D0PRACTICE", channel_type="im"),
            {"allow_users": frozenset({"U0ASKER02"})},
            "person",
        ),
    ],
)
def test_allowed_users_and_channels(event: JSON, settings: JSON, expected: str) -> None:
    """An empty list allows all; a list of channels does not close direct messages, which have their own switch."""
    assert expected == declined(envelope(event), **settings)
    assert expected or question(envelope(event), **settings)


def test_the_words_to_one_person_on_one_day_are_one_job() -> None:
    """Whatever was asked, and wherever: the twin of a mention and all that comes later is known."""
    settings: JSON = {"allow_users": frozenset({"U0ASKER02"})}
    events = [mention(), message(text="<@U0COCOAI> hi"), message(channel="D0PRACTICE", channel_type="im", ts=LATER)]

    outcomes = [analyze(envelope(event), **settings) for event in events]

    keys = {outcome.key for outcome in outcomes if isinstance(outcome, Declined)}
    assert {"U0ASKER01-1763769600.000000-1763769600.000000"} == keys


@pytest.mark.parametrize(
    ("event", "shared"),
    [
        (message(), False),
        (mention(bot_id="B0OTHER"), False),
        (mention(team="T0OTHER"), True),
        (mention(team=None), True),
        (message(thread_ts="1763821990.000100"), False),
    ],
)
@pytest.mark.parametrize("external", [True, False])
def test_who_does_not_address_us_or_is_not_ours_is_told_nothing(event: JSON, shared: bool, external: bool) -> None:
    """Bots, other organisations' people, and lines without a mention are ignored in silence."""
    settings: JSON = {"allow_users": frozenset({"U0ASKER02"}), "external_users": external}

    assert reason(envelope(event, is_ext_shared_channel=shared), **settings)


EXTERNAL = "another organisation's user"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ""),
        ({"team": "E0PRACTICE"}, ""),
        ({"team": "T0OTHER"}, EXTERNAL),
        ({"user_team": "T0OTHER"}, EXTERNAL),
        ({"source_team": "T0OTHER"}, EXTERNAL),
        ({"user_team": "E0OTHER"}, EXTERNAL),
        ({"team": None}, EXTERNAL),
        ({"team": ["T0PRACTICE"]}, EXTERNAL),
    ],
)
def test_external_users_in_a_shared_channel_are_ignored(fields: JSON, expected: str) -> None:
    """In a channel shared with another organisation its users are ignored, unless the settings allow them."""
    payload = envelope(mention(**fields), is_ext_shared_channel=True)

    assert expected == reason_or_none(payload)
    assert question(payload, external_users=True).kind == "mention"


def test_the_team_of_an_external_user_is_their_own() -> None:
    """If external users are allowed, the question's team is the user's own, not the workspace's."""
    payload = envelope(mention(user_team="T0OTHER"), is_ext_shared_channel=True)

    assert question(payload, external_users=True).team == "T0OTHER"


def test_outside_shared_channels_a_team_says_nothing() -> None:
    """In a channel that is not shared the author's team is not checked: within one organisation people have several."""
    assert question(envelope(mention(team="T0SISTER"))).kind == "mention"


@pytest.mark.parametrize(("said", "expected"), [(True, True), (False, False), (None, False)])
def test_a_question_knows_whether_its_channel_is_shared(said: bool | None, expected: bool) -> None:
    """`is_ext_shared_channel` tells it; a question of an earlier version, which did not look, may be shared."""
    asked = question(envelope(mention(), is_ext_shared_channel=said))
    earlier = {name: value for name, value in asked.facts().items() if name != "may_be_shared"}

    assert expected is asked.may_be_shared
    assert asked == Question.from_facts(json.loads(json.dumps(asked.facts())))
    assert Question.from_facts(earlier).may_be_shared is True


# While our identity is unknown


def test_the_authorization_serves_while_our_identity_is_unknown() -> None:
    """Mentions, our own posts and our team are recognized by the bot's authorization in the payload."""
    shared = envelope(mention(), is_ext_shared_channel=True)

    assert question(envelope(message(text="<@U0COCOAI> hi")), who=None).kind == "mention"
    assert reason(envelope(message(user="U0COCOAI")), who=None) == "by ourselves"
    assert question(shared, who=None).kind == "mention"


def test_without_any_identity_only_an_app_mention_is_a_mention() -> None:
    """Without an authorization no text is a mention, and everybody in a shared channel is external."""
    nobody = {"authorizations": None}

    assert question(envelope(mention(), **nobody), who=None).kind == "mention"
    assert reason(envelope(message(text="<@U0COCOAI> hi"), **nobody), who=None) == "not addressed to us"
    assert reason(envelope(mention(), is_ext_shared_channel=True, **nobody), who=None) == EXTERNAL
    assert reason(envelope(mention(bot_id="B0OTHER"), **nobody), who=None) == "by a bot"


def test_a_known_identity_goes_before_the_payloads() -> None:
    """A payload for another bot does not make its user id ours."""
    another = envelope(message(text="<@U0OTHERBOT> hi"))
    another["authorizations"][0]["user_id"] = "U0OTHERBOT"

    assert reason(another) == "not addressed to us"


# Odd values


@pytest.mark.parametrize(
    ("event_time", "expected"),
    [
        (1_763_822_001, 1_763_822_001),
        (1_763_822_001.7, 1_763_822_001),
        (1_763_822_001_000_000, 1_763_822_001),
        (1_763_822_001_000, 1_763_822_001),
        (None, 1_763_822_000),
        ("1763822001", 1_763_822_000),
        (True, 1_763_822_000),
        (0, 1_763_822_000),
        (-1, 1_763_822_000),
        (10**4000, 1_763_822_000),
        (float("nan"), 1_763_822_000),
        (float("inf"), 1_763_822_000),
        ([1], 1_763_822_000),
    ],
)
def test_event_time_is_read_leniently(event_time: object, expected: int) -> None:
    """event_time may be in seconds, milliseconds or microseconds; for anything else the message's ts is taken."""
    assert expected == question(envelope(mention(), event_time=event_time)).event_time


@pytest.mark.parametrize("event_id", [None, 7, "", "Ev0\nEv1", "E" * 65, "Ｅ"])
def test_an_odd_event_id_is_empty(event_id: object) -> None:
    """An event id that is not a short plain word is dropped, since it goes into logs."""
    assert question(envelope(mention(), event_id=event_id)).event_id == ""


@pytest.mark.parametrize(
    ("client_msg_id", "expected"),
    [
        ("3e1f6f1c-2ad0-4d5f-9d0e-0fbb6b6a2a55", "3e1f6f1c-2ad0-4d5f-9d0e-0fbb6b6a2a55"),
        (None, ""),
        (7, ""),
        ("", ""),
        ("a/b", ""),
        ("a\nb", ""),
        ("a" * 65, ""),
        (["a"], ""),
    ],
)
def test_the_client_msg_id_is_a_short_plain_word(client_msg_id: object, expected: str) -> None:
    """The id that the asker's Slack gave the message is kept; an odd one is dropped."""
    assert expected == question(envelope(mention(client_msg_id=client_msg_id))).client_msg_id


@pytest.mark.parametrize("text", [None, 5, ["<@U0COCOAI> hi"], {"text": "x"}])
def test_an_odd_text_is_empty(text: object) -> None:
    """A mention whose text is missing or no text is a question with an empty text."""
    assert question(envelope(mention(text=text))).text == ""


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    """A lone surrogate, which no file takes, is replaced in a question and in a challenge."""
    body = json.dumps(envelope(mention(text="<@U0COCOAI> \ud800"))).encode()
    outcome = analyze_bytes(body)

    assert isinstance(outcome, Question)
    assert outcome.text == "<@U0COCOAI> ?"
    assert analyze({"type": "url_verification", "challenge": "\udfff"}) == Challenge("?")


PLAUSIBLE = st.sampled_from([TS, "C0X", "U0COCOAI", "<@U0COCOAI>"])
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | PLAUSIBLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
EVENT_FIELDS = [*message(), "subtype", "thread_ts", "bot_id", "hidden", "user_team", "source_team", "bot_profile"]


@given(
    event=st.dictionaries(st.sampled_from(EVENT_FIELDS), ODD),
    outer=st.dictionaries(st.sampled_from([*envelope({}), "challenge"]), ODD),
    kind=st.sampled_from([mention, message]),
    known=st.booleans(),
)
def test_any_value_in_any_field_is_classified(event: JSON, outer: JSON, kind: Any, known: bool) -> None:
    """Any value in any field gives one of the three outcomes, and a question's key is safe as a file's name."""
    payload = envelope(kind() | event) | outer
    outcome = analyze(payload, US if known else None, mark_of=lambda *_: {})

    assert isinstance(outcome, (Challenge, Question, Ignored))
    if isinstance(outcome, Question):
        assert outcome.key.isascii()
        assert not set(outcome.key) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")
        json.dumps(outcome.facts(), ensure_ascii=False).encode()
