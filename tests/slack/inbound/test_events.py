"""slack/inbound/events.py: the table of what arrives and what becomes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.errors import Refused
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.inbound.signature import sign
from cocoai.slack.model.files import File
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import Challenge, Ignored, Question

pytestmark = pytest.mark.pure

SECRET = "practice-signing-secret"
NOW = 1_763_822_400.0
US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", enterprise_id="E0PRACTICE")
TS = "1763822400.000100"
LATER = "1763822400.000200"

JSON = dict[str, Any]


def message(**fields: object) -> JSON:
    """A person's message in a channel; None takes a field away."""
    event: JSON = {"type": "message", "channel": "C0PRACTICE", "channel_type": "channel", "user": "U0ASKER01"}
    event |= {"text": "hello", "ts": TS, "event_ts": TS, "team": "T0PRACTICE"} | fields
    return {name: value for name, value in event.items() if value is not None}


def mention(**fields: object) -> JSON:
    return message(**({"type": "app_mention", "channel_type": None, "text": "<@U0COCOAI> hello"} | fields))


def payload(event: object, **fields: object) -> JSON:
    authorization = {"team_id": "T0PRACTICE", "user_id": "U0COCOAI", "is_bot": True, "enterprise_id": None}
    told: JSON = {"type": "event_callback", "team_id": "T0PRACTICE", "event": event, "event_id": "Ev0PRACTICE"}
    told |= {"event_time": 1_763_822_400, "authorizations": [authorization], "is_ext_shared_channel": False}
    return {name: value for name, value in (told | fields).items() if value is not None}


class Asked:
    """The threads CocoAI was asked in, and who wanted to know."""

    def __init__(self, *threads: tuple[str, str]) -> None:
        self.threads = threads
        self.calls: list[tuple[str, str]] = []

    def __call__(self, channel: str, thread_ts: str) -> bool:
        self.calls.append((channel, thread_ts))
        return (channel, thread_ts) in self.threads


def analyze_bytes(body: bytes, who: Identity | None = US, **settings: Any) -> Challenge | Question | Ignored:
    stamp = str(int(NOW))
    headers = {
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": sign(body, stamp.encode(), SECRET).decode(),
    }
    is_known_thread = settings.pop("is_known_thread", Asked())
    return SlackEventAnalyzer(SECRET, who=lambda: who, is_known_thread=is_known_thread, **settings).analyze(
        headers, body, NOW
    )


def analyze(told: object, who: Identity | None = US, **settings: Any) -> Challenge | Question | Ignored:
    return analyze_bytes(json.dumps(told).encode(), who, **settings)


def question(told: object, who: Identity | None = US, **settings: Any) -> Question:
    outcome = analyze(told, who, **settings)
    assert isinstance(outcome, Question), outcome
    return outcome


def reason(told: object, who: Identity | None = US, **settings: Any) -> str:
    outcome = analyze(told, who, **settings)
    assert isinstance(outcome, Ignored), outcome
    return outcome.reason


# What is no event


def test_a_challenge_is_told_back() -> None:
    """Slack's url_verification gets its own word again."""
    assert analyze({"type": "url_verification", "token": "x", "challenge": "3eZbrw1a"}) == Challenge("3eZbrw1a")


def test_an_unsigned_body_is_refused_before_it_is_read() -> None:
    """Even a challenge must be signed; what is not is a 401, JSON or not."""
    analyzer = SlackEventAnalyzer(SECRET, who=lambda: US, is_known_thread=Asked())

    with pytest.raises(Refused) as caught:
        analyzer.analyze({}, b'{"type": "url_verification", "challenge": "x"}', NOW)
    assert caught.value.status == 401


@pytest.mark.parametrize("body", [b"", b"payload=%7B%7D", b"{", b"\xff\xfe\xfd", b'{"a": 1} x'])
def test_a_body_that_is_not_json_is_400(body: bytes) -> None:
    """Signed, but not what the Events API sends."""
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
    """Deep, huge or of another shape: it is left alone, and nothing breaks."""
    assert isinstance(analyze_bytes(body), Ignored)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"type": "app_rate_limited", "minute_rate_limited": 1}, "payload of type app_rate_limited"),
        ({"type": "block_actions"}, "payload of type block_actions"),
        ({"type": "<@U0ASKER01>\n"}, "payload of type unknown"),
        ({"type": ["event_callback"]}, "payload of type unknown"),
        (payload(None), "no event in the payload"),
        (payload(["message"]), "no event in the payload"),
        (payload({"type": "reaction_added"}), "event of type reaction_added"),
        (payload({"type": {"message": 1}}), "event of type unknown"),
    ],
)
def test_other_types_are_ignored_by_name(told: JSON, expected: str) -> None:
    """The reason names the type if it is a plain word, and quotes nothing else of what was sent."""
    assert expected == reason(told)


# Mentions


def test_a_mention_is_a_question() -> None:
    """Everything that the question holds, from the payload of one app_mention."""
    assert question(payload(mention())) == Question(
        kind="mention",
        channel="C0PRACTICE",
        thread_ts=TS,
        ts=TS,
        user="U0ASKER01",
        team="T0PRACTICE",
        text="<@U0COCOAI> hello",
        event_id="Ev0PRACTICE",
        event_time=1_763_822_400,
        is_bare=True,
    )


@pytest.mark.parametrize("text", ["<@U0COCOAI> hello", "やあ<@U0COCOAI>", "<@U0COCOAI|cocoai>: hello", "<@U0COCOAI>"])
def test_a_message_that_holds_our_name_is_a_mention(text: str) -> None:
    """The `message` copy of a mention is told by its text, in either form of the name."""
    assert question(payload(message(text=text))).kind == "mention"


@pytest.mark.parametrize("thread_ts", [None, "1763822300.000100"])
def test_both_copies_have_one_key(thread_ts: str | None) -> None:
    """app_mention and message are the same question, whichever comes first."""
    twins = [mention(thread_ts=thread_ts), message(text="<@U0COCOAI> hello", thread_ts=thread_ts)]

    assert {question(payload(twin)).key for twin in twins} == {f"C0PRACTICE-{thread_ts or TS}-{TS}"}


def test_somebody_elses_name_is_no_mention() -> None:
    """A message to another user is none of ours, also where their id begins as ours does."""
    assert reason(payload(message(text="<@U0COCOAI2> hello"))) == "not addressed to us"


def test_a_question_knows_whether_it_was_asked_in_a_thread() -> None:
    """A message that opens its thread has that thread's ts for its own."""
    assert not question(payload(mention())).in_thread
    assert not question(payload(mention(thread_ts=TS))).in_thread
    assert question(payload(mention(thread_ts=TS, ts=LATER))).in_thread


def test_facts_survive_json_and_later_versions() -> None:
    """A question is read again from the spool, also with facts that this version does not know."""
    asked = question(payload(mention(text="<@U0COCOAI> 猫は? &amp; \ud83d\ude3a")))
    facts = json.loads(json.dumps(asked.facts() | {"files": []}))

    assert asked == Question.from_facts(facts)


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
    """Those that Slack tells properly, and they survive the spool."""
    asked = question(payload(event | {"files": [FILE, None, {"id": 7}, {"id": "F0GONE0000", "mode": "tombstone"}]}))

    assert [File("F0PICTURE1", "cat.png", "image/png", 3, "https://x/")] == [File.from_facts(f) for f in asked.files]
    assert asked == Question.from_facts(json.loads(json.dumps(asked.facts())))
    assert not asked.is_bare


def test_a_file_without_a_word_is_a_question_where_all_is() -> None:
    """In a direct message."""
    asked = question(payload(message(subtype="file_share", text="", channel="D0PRACTICE", files=[FILE])))

    assert ("", 1) == (asked.text, len(asked.files))


def test_a_mention_that_tells_of_no_files_may_leave_some_out() -> None:
    """The app_mention copy does; the `message` copy, and one that says that there are none, is whole."""
    assert question(payload(mention())).is_bare
    assert not question(payload(mention(files=[]))).is_bare
    assert not question(payload(message(text="<@U0COCOAI> hello"))).is_bare


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
    """In a direct message all is for us, with or without a name; with the switch off, nothing is."""
    assert question(payload(event)).kind == "direct"
    assert reason(payload(event), direct_messages=False) == "direct messages are off"


def test_a_group_message_is_for_us_only_when_it_says_so() -> None:
    """A conversation of several people is like a channel."""
    group = {"channel": "G0PRACTICE", "channel_type": "mpim"}

    assert reason(payload(message(**group))) == "not addressed to us"
    assert question(payload(message(text="<@U0COCOAI> hi", **group))).kind == "mention"


# Follow-ups

OURS = ("C0PRACTICE", TS)


def follow_up(**fields: object) -> JSON:
    return payload(message(**({"thread_ts": TS, "ts": LATER} | fields)))


def test_a_message_in_a_thread_of_ours_is_a_follow_up() -> None:
    """Without a mention, where CocoAI was asked before."""
    assert question(follow_up(), is_known_thread=Asked(OURS)).kind == "follow_up"


def test_a_mention_in_a_thread_of_ours_is_a_mention() -> None:
    """The name says more than the place."""
    assert question(follow_up(text="<@U0COCOAI> more"), is_known_thread=Asked(OURS)).kind == "mention"


@pytest.mark.parametrize(
    ("told", "settings", "expected"),
    [
        (follow_up(), {"is_known_thread": Asked()}, "a thread that is not ours"),
        (follow_up(channel="C0OTHER"), {"is_known_thread": Asked(OURS)}, "a thread that is not ours"),
        (follow_up(), {"is_known_thread": Asked(OURS), "follow_ups": "mention"}, "not addressed to us"),
        (follow_up(text="<@U0ASKER02> look"), {"is_known_thread": Asked(OURS)}, "addressed to somebody else"),
        (follow_up(text="look, <@W0ASKER02|asker>"), {"is_known_thread": Asked(OURS)}, "addressed to somebody else"),
        (follow_up(text="<!subteam^S0GROUP01> look"), {"is_known_thread": Asked(OURS)}, "addressed to somebody else"),
        (
            follow_up(text="look, <!subteam^S0GROUP01|@team>"),
            {"is_known_thread": Asked(OURS)},
            "addressed to somebody else",
        ),
        (follow_up(ts=TS), {"is_known_thread": Asked(OURS)}, "not addressed to us"),
        (payload(message()), {"is_known_thread": Asked(OURS)}, "not addressed to us"),
    ],
)
def test_what_is_no_follow_up(told: JSON, settings: JSON, expected: str) -> None:
    """Another thread, the thread's parent, the switch off, or a message to somebody else."""
    assert expected == reason(told, **settings)


@pytest.mark.parametrize(
    "told",
    [
        payload(message()),
        payload(mention()),
        follow_up(text="<@U0ASKER02> look"),
        follow_up(bot_id="B0OTHER"),
        follow_up(channel="../../etc"),
        follow_up(subtype="message_changed"),
    ],
)
def test_the_disk_is_asked_last(told: JSON) -> None:
    """Whatever else settles a message, nobody looks for the thread's mark, least of all under an odd name."""
    asked = Asked(OURS)
    analyze(told, is_known_thread=asked)

    assert [] == asked.calls


# What is not a person's own word to us


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message", "", None])
def test_a_persons_subtypes_are_as_none(subtype: str | None) -> None:
    """A file, a broadcast from a thread, /me: words all the same."""
    assert question(payload(message(text="<@U0COCOAI> hi", subtype=subtype))).kind == "mention"


def test_a_message_without_text_may_be_a_question() -> None:
    """A file alone in a direct message is asked about without a word."""
    event = message(channel="D0PRACTICE", channel_type="im", text=None, subtype="file_share", bot_id=None)

    assert question(payload(event)).text == ""


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
        ({"ts": 1763822400.0001}, "no ts, or an odd one"),
        ({"ts": "1763822400"}, "no ts, or an odd one"),
        ({"ts": "1763822400.0001\n"}, "no ts, or an odd one"),
        ({"ts": "１763822400.0001"}, "no ts, or an odd one"),
        ({"ts": "1763822400.000000100"}, "no ts, or an odd one"),
        ({"thread_ts": 1}, "no ts, or an odd one"),
        ({"thread_ts": ""}, "no ts, or an odd one"),
        ({"thread_ts": "../1.0"}, "no ts, or an odd one"),
    ],
)
@pytest.mark.parametrize("kind", [mention, message])
def test_what_no_person_said_to_us_in_good_form_is_ignored(kind: Any, fields: JSON, expected: str) -> None:
    """Edits, joins, bots, ourselves and odd fields, in either copy of a mention and in a thread of ours."""
    told = payload(kind(**({"text": "<@U0COCOAI> hello"} | fields)))

    assert expected == reason(told, is_known_thread=Asked(OURS))


def test_a_null_bot_id_is_nobodys() -> None:
    """Slack writes `bot_id: null` on files that people share."""
    told = payload({**message(text="<@U0COCOAI> hi", subtype="file_share"), "bot_id": None, "thread_ts": None})

    assert question(told).kind == "mention"


def test_a_message_edited_since_is_still_its_first_copy() -> None:
    """An asker who mends a word at once has still asked."""
    assert question(payload(mention(edited={"user": "U0ASKER01", "ts": LATER}))).kind == "mention"


# Who may ask


@pytest.mark.parametrize(
    ("event", "settings", "expected"),
    [
        (mention(), {"allow_channels": frozenset({"C0PRACTICE"})}, ""),
        (mention(), {"allow_channels": frozenset({"C0OTHER"})}, "this channel is not allowed"),
        (message(channel="D0PRACTICE", channel_type="im"), {"allow_channels": frozenset({"C0OTHER"})}, ""),
        (mention(), {"allow_users": frozenset({"U0ASKER01"})}, ""),
        (mention(), {"allow_users": frozenset({"U0ASKER02"})}, "this user is not allowed"),
        (
            message(channel="D0PRACTICE", channel_type="im"),
            {"allow_users": frozenset({"U0ASKER02"})},
            "this user is not allowed",
        ),
    ],
)
def test_only_whom_and_where_the_settings_allow(event: JSON, settings: JSON, expected: str) -> None:
    """Empty means all; a list of channels does not close direct messages, which have their own switch."""
    outcome = analyze(payload(event), **settings)

    assert expected == (outcome.reason if isinstance(outcome, Ignored) else "")


STRANGER = "another organisation's user"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ""),
        ({"team": "E0PRACTICE"}, ""),
        ({"team": "T0OTHER"}, STRANGER),
        ({"user_team": "T0OTHER"}, STRANGER),
        ({"source_team": "T0OTHER"}, STRANGER),
        ({"user_team": "E0OTHER"}, STRANGER),
        ({"team": None}, STRANGER),
        ({"team": ["T0PRACTICE"]}, STRANGER),
    ],
)
def test_strangers_in_a_shared_channel_are_left_alone(fields: JSON, expected: str) -> None:
    """In a channel shared with another organisation only our own people are answered, unless the settings say more."""
    told = payload(mention(**fields), is_ext_shared_channel=True)
    outcome = analyze(told)

    assert expected == (outcome.reason if isinstance(outcome, Ignored) else "")
    assert question(told, external_users=True).kind == "mention"


def test_the_team_of_a_stranger_is_their_own() -> None:
    """With external users allowed, the asker's team is told from where they are at home."""
    told = payload(mention(user_team="T0OTHER"), is_ext_shared_channel=True)

    assert question(told, external_users=True).team == "T0OTHER"


def test_outside_shared_channels_a_team_says_nothing() -> None:
    """Within one organisation people belong to several teams."""
    assert question(payload(mention(team="T0SISTER"))).kind == "mention"


# While we do not know who we are


def test_the_payload_tells_who_we_are_meanwhile() -> None:
    """Until auth.test has been asked, the bot's authorization serves: for mentions, our own posts and our team."""
    shared = payload(mention(), is_ext_shared_channel=True)

    assert question(payload(message(text="<@U0COCOAI> hi")), who=None).kind == "mention"
    assert reason(payload(message(user="U0COCOAI")), who=None) == "by ourselves"
    assert question(shared, who=None).kind == "mention"


def test_without_any_name_only_an_app_mention_is_one() -> None:
    """Its nature tells; a message's text cannot, nor whether somebody in a shared channel is of our team."""
    nobody = {"authorizations": None}

    assert question(payload(mention(), **nobody), who=None).kind == "mention"
    assert reason(payload(message(text="<@U0COCOAI> hi"), **nobody), who=None) == "not addressed to us"
    assert reason(payload(mention(), is_ext_shared_channel=True, **nobody), who=None) == STRANGER
    assert reason(payload(mention(bot_id="B0OTHER"), **nobody), who=None) == "by a bot"


def test_what_is_known_goes_before_what_a_payload_says() -> None:
    """A payload for another bot does not make its name ours."""
    another = payload(message(text="<@U0OTHERBOT> hi"))
    another["authorizations"][0]["user_id"] = "U0OTHERBOT"

    assert reason(another) == "not addressed to us"


# Odd values that do no harm


@pytest.mark.parametrize(
    ("event_time", "expected"),
    [
        (1_763_822_401, 1_763_822_401),
        (1_763_822_401.7, 1_763_822_401),
        (1_763_822_401_000_000, 1_763_822_401),
        (1_763_822_401_000, 1_763_822_401),
        (None, 1_763_822_400),
        ("1763822401", 1_763_822_400),
        (True, 1_763_822_400),
        (-1, 1_763_822_400),
        (10**4000, 1_763_822_400),
        (float("nan"), 1_763_822_400),
        (float("inf"), 1_763_822_400),
        ([1], 1_763_822_400),
    ],
)
def test_event_time_is_read_leniently(event_time: object, expected: int) -> None:
    """Seconds, or Slack's longer forms of them; anything else yields to the message's own ts."""
    assert expected == question(payload(mention(), event_time=event_time)).event_time


@pytest.mark.parametrize("event_id", [None, 7, "", "Ev0\nEv1", "E" * 65, "Ｅ"])
def test_an_odd_event_id_is_none(event_id: object) -> None:
    """It goes into logs, so it is a short plain word or nothing."""
    assert question(payload(mention(), event_id=event_id)).event_id == ""


@pytest.mark.parametrize("text", [None, 5, ["<@U0COCOAI> hi"], {"text": "x"}])
def test_an_odd_text_is_empty(text: object) -> None:
    """A mention without words is still a mention."""
    assert question(payload(mention(text=text))).text == ""


def test_half_a_character_does_not_get_through() -> None:
    """A lone surrogate, which no file takes, becomes a question mark."""
    body = json.dumps(payload(mention(text="<@U0COCOAI> \ud800"))).encode()
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
    outer=st.dictionaries(st.sampled_from([*payload({}), "challenge"]), ODD),
    kind=st.sampled_from([mention, message]),
    known=st.booleans(),
)
def test_whatever_the_fields_hold_it_is_settled(event: JSON, outer: JSON, kind: Any, known: bool) -> None:
    """Any value in any place gives one of the three outcomes, and a question's key is always safe as a file's name."""
    told = payload(kind() | event) | outer
    outcome = analyze(told, US if known else None, is_known_thread=lambda *_: True)

    assert isinstance(outcome, (Challenge, Question, Ignored))
    if isinstance(outcome, Question):
        assert outcome.key.isascii()
        assert not set(outcome.key) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")
        json.dumps(outcome.facts(), ensure_ascii=False).encode()
