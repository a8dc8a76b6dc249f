"""slack/inbound/interactions.py: the table of what is clicked and what becomes of it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.errors import Refused
from cocoai.slack.inbound.interactions import InteractionAnalyzer
from cocoai.slack.inbound.signature import sign
from cocoai.slack.model.click import ACTIONS, Click
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import Ignored
from cocoai.spool.key import Key

pytestmark = pytest.mark.pure

SECRET = "practice-signing-secret"
NOW = 1_763_822_400.0
US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", app_id="A0COCOAI", enterprise_id="E0PRACTICE")
KEY = "C0PRACTICE-1763822400.000100-1763822410.000300"
JSON = dict[str, Any]


def without_none(told: JSON) -> JSON:
    return {name: value for name, value in told.items() if value is not None}


def button(**fields: object) -> JSON:
    """One of our buttons as Slack tells of it; None takes a field away."""
    told: JSON = {"action_id": "cocoai_stop", "block_id": "b1", "type": "button", "value": f"{KEY} U0ASKER01"}
    text = {"type": "plain_text", "text": "Stop", "emoji": True}
    return without_none(told | {"text": text, "action_ts": "1763822420.417840"} | fields)


def container(**fields: object) -> JSON:
    told: JSON = {"type": "message", "message_ts": "1763822411.000200", "channel_id": "C0PRACTICE"}
    return without_none(told | {"is_ephemeral": False, "thread_ts": "1763822400.000100"} | fields)


def user(**fields: object) -> JSON:
    return without_none({"id": "U0READER1", "username": "reader", "name": "reader", "team_id": "T0PRACTICE"} | fields)


def payload(action: JSON | None = None, **fields: object) -> JSON:
    """A whole block_actions payload."""
    told: JSON = {"type": "block_actions", "user": user(), "api_app_id": "A0COCOAI", "token": "practice"}
    told |= {"container": container(), "trigger_id": "1.2.3", "team": {"id": "T0PRACTICE", "domain": "practice"}}
    told |= {"channel": {"id": "C0PRACTICE", "name": "practice"}, "message": {"ts": "1763822411.000200", "text": "…"}}
    told |= {"state": {"values": {}}, "response_url": "https://hooks.slack.com/actions/T/1/x"}
    return without_none(told | {"actions": [button() if action is None else action]} | fields)


def analyze_bytes(body: bytes, who: Identity | None = US, **settings: Any) -> Click | Ignored:
    stamp = str(int(NOW))
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": sign(body, stamp.encode(), SECRET).decode()}
    return InteractionAnalyzer(SECRET, who=lambda: who, **settings).analyze(headers, body, NOW)


def analyze(told: object, who: Identity | None = US, **settings: Any) -> Click | Ignored:
    return analyze_bytes(urlencode({"payload": json.dumps(told)}).encode(), who, **settings)


def reason(told: object, who: Identity | None = US, **settings: Any) -> str:
    outcome = analyze(told, who, **settings)
    assert isinstance(outcome, Ignored), outcome
    return outcome.reason


def click(told: object, who: Identity | None = US, **settings: Any) -> Click:
    outcome = analyze(told, who, **settings)
    assert isinstance(outcome, Click), outcome
    return outcome


# what is a click


@pytest.mark.parametrize("action", ACTIONS)
def test_each_of_our_buttons_is_a_click(action: str) -> None:
    """With all that its job needs: on which message, about which question, whose, and by whom."""
    expected = Click(
        action=action,  # type: ignore[arg-type]
        channel="C0PRACTICE",
        thread_ts="1763822400.000100",
        message_ts="1763822411.000200",
        key=KEY,
        asker="U0ASKER01",
        user="U0READER1",
        team="T0PRACTICE",
        ts="1763822420.417840",
        reply="…",
    )

    assert expected == click(payload(button(action_id=f"cocoai_{action}")))


def test_a_click_reads_back_from_its_facts() -> None:
    """Which have a kind, as a question's have, and none of those kinds."""
    made = click(payload())

    facts = json.loads(json.dumps(made.facts()))

    assert "stop" == facts["kind"]
    assert made == Click.from_facts(facts | {"added": "by a later version"})
    with pytest.raises(KeyError):
        Click.from_facts({name: value for name, value in facts.items() if name != "asker"})


def test_slacks_own_fields_may_be_missing_or_more() -> None:
    """What we do not need is not looked at."""
    bare = {name: payload()[name] for name in ("type", "user", "container", "api_app_id", "actions")}

    assert click(payload(enterprise=None, surprise=[1], message=None)) == click(bare)


def test_a_click_knows_how_the_message_begins() -> None:
    """Enough of it to tell its language, whatever stands there."""
    messages: list[object] = [{"text": "あ" * 5000}, {"text": 5}, [], None]

    replies = [click(payload(message=message)).reply for message in messages]

    assert ["あ" * 200, "", "", ""] == replies


def test_the_form_may_be_written_one_way_or_the_other() -> None:
    """Blanks as + or %20, other fields beside the one, Japanese in the message."""
    told = json.dumps(payload(message={"text": "こんにちは & 100% + more"}), ensure_ascii=False)

    one = analyze_bytes(b"payload=" + quote(told).encode())
    other = analyze_bytes(urlencode({"ssl_check": "", "payload": told}).encode())

    assert isinstance(one, Click)
    assert one == other


# what is left alone


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"type": "view_submission"}, "another type"),
        ({"type": "shortcut"}, "another type"),
        ({"type": "message_action"}, "another type"),
        ({}, "another type"),
        (payload(api_app_id="A0OTHER"), "another app's"),
        (payload(api_app_id=None), "another app's"),
        (payload(actions=[]), "not a button of ours"),
        (payload(actions=None), "not a button of ours"),
        (payload(actions={"0": button()}), "not a button of ours"),
        (payload(actions=[button(), button()]), "not a button of ours"),
        (payload(actions=["cocoai_stop"]), "not a button of ours"),
        (payload(button(action_id="stop")), "not a button of ours"),
        (payload(button(action_id="cocoai_")), "not a button of ours"),
        (payload(button(action_id="cocoai_Stop")), "not a button of ours"),
        (payload(button(action_id="cocoai_cocoai_stop")), "not a button of ours"),
        (payload(button(action_id=["cocoai_stop"])), "not a button of ours"),
        (payload(container=None), "no message"),
        (payload(container=container(type="view")), "no message"),
        (payload(container=container(message_ts=None)), "no message"),
        (payload(container=container(message_ts="../../x")), "no message"),
        (payload(user=None), "no user"),
        (payload(user=user(id="u-0 1")), "no user"),
        (payload(button(action_ts=None)), "no time"),
        (payload(button(action_ts="now")), "no time"),
        (payload(button(action_ts=1763822420.41784)), "no time"),
        (payload(button(value=None)), "odd value"),
        (payload(button(value=KEY)), "odd value"),
        (payload(button(value="U0ASKER01")), "odd value"),
        (payload(button(value=f"{KEY}  U0ASKER01")), "odd value"),
        (payload(button(value=f"{KEY} U0ASKER01 ")), "odd value"),
        (payload(button(value=f"{KEY}\nU0ASKER01")), "odd value"),
        (payload(button(value="../../etc/passwd U0ASKER01")), "odd value"),
        (payload(button(value=f"{KEY} U0ASKER01"), container=container(channel_id="C0OTHER")), "odd value"),
        (payload(button(), container=container(channel_id=None)), "odd value"),
        ([payload()], "no object"),
        ("block_actions", "no object"),
    ],
)
def test_what_is_no_click_of_ours_is_ignored(told: object, expected: str) -> None:
    """With a reason that is safe in a log."""
    assert expected in reason(told)


def test_the_app_is_not_asked_for_where_ours_is_not_known() -> None:
    """Slack delivers an app's clicks to that app only, and has signed them with its secret."""
    unknown = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")

    assert isinstance(analyze(payload(api_app_id="A0OTHER"), unknown), Click)


# who may click


@pytest.mark.parametrize(("allowed", "is_click"), [((), True), (("U0READER1",), True), (("U0ASKER01",), False)])
def test_only_who_may_ask_may_click(allowed: tuple[str, ...], is_click: bool) -> None:
    """allow_users: the one who clicks, whoever asked."""
    assert is_click == isinstance(analyze(payload(), allow_users=allowed), Click)


@pytest.mark.parametrize(
    ("channel", "allowed", "is_click"),
    [
        ("C0PRACTICE", ("C0PRACTICE",), True),
        ("C0PRACTICE", ("C0OTHER",), False),
        ("D0PRACTICE", ("C0OTHER",), True),
    ],
)
def test_only_where_may_be_asked_may_be_clicked(channel: str, allowed: tuple[str, ...], is_click: bool) -> None:
    """allow_channels; it does not speak of direct messages."""
    told = payload(
        button(value=f"{KEY} U0ASKER01".replace("C0PRACTICE", channel)), container=container(channel_id=channel)
    )

    assert is_click == isinstance(analyze(told, allow_channels=allowed), Click)


@pytest.mark.parametrize(
    ("team", "who", "is_click"),
    [
        ("T0PRACTICE", US, True),
        ("E0PRACTICE", US, True),
        ("T0OTHER", US, False),
        (None, US, False),
        ("", Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI"), False),
        ("T0PRACTICE", None, False),
    ],
)
def test_another_organisations_user_may_click_only_where_that_is_allowed(
    team: str | None, who: Identity | None, is_click: bool
) -> None:
    """Whose team is not told is a stranger, and so is everybody while we do not know who we are."""
    told = payload(user=user(team_id=team))

    assert is_click == isinstance(analyze(told, who), Click)
    assert isinstance(analyze(told, who, external_users=True), Click)


# what is refused


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "the body is not a form"),
        (b"{}", "the body is not a form"),
        (b"payload", "the body is not JSON"),
        (b"payload=", "the body is not JSON"),
        (b"payload=%7B", "the body is not JSON"),
        (b"payload={}&payload={}", "the body is not a form"),
        (b"a=1&" * 20 + b"payload={}", "the body is not a form"),
        ('payload={"a":"é"}'.encode(), "the body is not a form"),
        (b"payload=%FF%FE", "the body is not JSON"),
        (json.dumps(payload()).encode(), "the body is not a form"),
    ],
)
def test_a_body_that_is_no_form_with_json_is_refused(body: bytes, code: str) -> None:
    """400, though it is signed."""
    with pytest.raises(Refused) as refusal:
        analyze_bytes(body)

    assert (400, code) == (refusal.value.status, refusal.value.code)


@pytest.mark.parametrize("headers", [{}, {"x-slack-signature": "v0=0", "x-slack-request-timestamp": "1"}])
def test_what_slack_has_not_signed_is_refused(headers: dict[str, str]) -> None:
    """401, before anything of it is read."""
    with pytest.raises(Refused) as refusal:
        InteractionAnalyzer(SECRET, who=lambda: US).analyze(headers, b"payload=%7B", NOW)

    assert 401 == refusal.value.status


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 100_000, '{"a":' + "9" * 5000 + "}"])
def test_json_beyond_reading_is_ignored(deep: str) -> None:
    """It would end the same way each time."""
    outcome = analyze_bytes(urlencode({"payload": deep}).encode())

    assert Ignored("JSON beyond reading") == outcome


NOTHING_GOOD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([KEY, "C0", "1.0"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
FIELD = st.sampled_from(["type", "user", "container", "actions", "api_app_id"])
INNER = st.sampled_from(["id", "team_id", "type", "message_ts", "channel_id", "action_id", "value", "action_ts"])


@given(FIELD, INNER | st.none(), NOTHING_GOOD)
def test_whatever_a_field_holds_it_is_settled(field: str, inner: str | None, value: object) -> None:
    """A click whose job has a name, or an Ignored: nothing is raised."""
    told = payload()
    if inner is None:
        told[field] = value
    else:
        place = told[field][0] if field == "actions" else told[field]
        if isinstance(place, dict):
            place[inner] = value

    outcome = analyze(told)

    if isinstance(outcome, Click):
        Key.parse(f"{outcome.channel}-{outcome.message_ts}-{outcome.ts}")
        Key.parse(outcome.key)
    else:
        assert outcome.reason.isprintable()
