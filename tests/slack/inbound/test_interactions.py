"""slack/inbound/interactions.py: the table of the interactions that arrive and what becomes of each."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.errors import IdentityUnknown, Refused
from cocoai.slack.inbound.access import AccessRules
from cocoai.slack.inbound.interactions import InteractionAnalyzer, InteractionOutcome
from cocoai.slack.model.click import ACTIONS, Click
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import Ignored, NotAllowed
from cocoai.spool.key import Key
from tests import slack_payloads
from tests.slack_payloads import JSON, SIGNING_SECRET, container, form, signed_headers, user

pytestmark = pytest.mark.pure

NOW = 1_763_822_000.0
US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", app_id="A0COCOAI", enterprise_id="E0PRACTICE")
KEY = "C0PRACTICE-1763822000.000100-1763822010.000300"


def button(action: str = "stop", **changes: object) -> JSON:
    """Return the entry of `actions` for a button under the reply to KEY, with fields that we do not read."""
    usual: JSON = {"block_id": "b1", "text": {"type": "plain_text", "text": "Stop", "emoji": True}}
    return slack_payloads.button(action, KEY, **usual | {"action_ts": "1763822020.4178"} | changes)


def payload(pressed: JSON | None = None, **changes: object) -> JSON:
    """Return a whole payload as Slack posts it: somebody other than the asker presses a button under the reply."""
    usual: JSON = {"actions": [pressed or button()], "user": user(id="U0READER1", username="reader", name="reader")}
    usual |= {"message": {"ts": "1763822011.000200", "text": "…"}, "channel": {"id": "C0PRACTICE", "name": "practice"}}
    usual |= {"team": {"id": "T0PRACTICE", "domain": "practice"}, "trigger_id": "1.2.3", "token": "practice"}
    usual |= {"state": {"values": {}}, "response_url": "https://hooks.slack.com/actions/T/1/x"}
    return slack_payloads.click("stop", KEY, **usual | changes)


def analyze_bytes(body: bytes, who: Identity | None = US, **access: Any) -> InteractionOutcome | Ignored:
    """Analyze a signed body with these settings of AccessRules."""
    analyzer = InteractionAnalyzer(SIGNING_SECRET, who=lambda: who, access=AccessRules(**access))
    return analyzer.analyze(signed_headers(body, NOW), body, NOW)


def analyze(payload: object, who: Identity | None = US, **access: Any) -> InteractionOutcome | Ignored:
    return analyze_bytes(form(payload), who, **access)


def reason(payload: object, who: Identity | None = US, **access: Any) -> str:
    outcome = analyze(payload, who, **access)
    assert isinstance(outcome, Ignored), outcome
    return outcome.reason


def click(payload: object, who: Identity | None = US, **access: Any) -> Click:
    outcome = analyze(payload, who, **access)
    assert isinstance(outcome, Click), outcome
    return outcome


# clicks


@pytest.mark.parametrize("action", ACTIONS)
def test_each_of_our_buttons_is_a_click(action: str) -> None:
    """A press of each button gives a click with every field that its job needs."""
    expected = Click(
        action=action,  # type: ignore[arg-type]
        channel="C0PRACTICE",
        thread_ts="1763822000.000100",
        message_ts="1763822001.000200",
        key=KEY,
        asker="U0ASKER01",
        user="U0READER1",
        team="T0PRACTICE",
        ts="1763822020.4178",
        reply="…",
    )

    assert expected == click(payload(button(action)))


def thumb(value: str) -> JSON:
    """Return the entry of `actions` for one of Slack's feedback buttons, which have one action_id."""
    return button(type="feedback_buttons", action_id="cocoai_feedback", value=value)


@pytest.mark.parametrize("action", ["up", "down"])
def test_a_feedback_button_is_the_click_that_its_value_says(action: str) -> None:
    """It gives the same click as a button for that action, which stands under older messages."""
    assert click(payload(button(action))) == click(payload(thumb(f"{KEY} U0ASKER01 {action}")))


def test_an_icon_is_a_click_as_a_button_is() -> None:
    """The bin gives the same click as a button that deletes."""
    icon = button("delete", type="icon_button", icon="trash")

    assert click(payload(button("delete"))) == click(payload(icon))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"{KEY} U0ASKER01", "not a button of ours"),
        (f"{KEY} U0ASKER01 delete", "not a button of ours"),
        (f"{KEY} U0ASKER01 up ", "not a button of ours"),
        ("up", "odd value"),
        (f"{KEY} up", "odd value"),
        (f"{KEY} U0ASKER01 x up", "odd value"),
        ("C0OTHER-1.0-1.0 U0ASKER01 up", "odd value"),
    ],
)
def test_feedback_with_an_odd_value_is_ignored(value: str, expected: str) -> None:
    """Its value must be key, asker and one of the two actions of feedback."""
    assert expected in reason(payload(thumb(value)))


def test_another_buttons_value_names_no_action() -> None:
    """Only feedback has a third word."""
    assert "odd value" in reason(payload(button("delete", value=f"{KEY} U0ASKER01 up")))


def test_a_click_reads_back_from_its_facts() -> None:
    """Facts survive JSON and fields of later versions; without one of our own they raise KeyError."""
    read = click(payload())

    facts = json.loads(json.dumps(read.facts()))

    assert "stop" == facts["kind"]
    assert read == Click.from_facts(facts | {"added": "by a later version"})
    with pytest.raises(KeyError):
        Click.from_facts({name: value for name, value in facts.items() if name != "asker"})


def test_fields_that_we_do_not_need_may_be_missing_or_new() -> None:
    """A payload with only the fields that we need gives the same click as one with others besides."""
    bare = {name: payload()[name] for name in ("type", "user", "container", "api_app_id", "actions")}

    assert click(payload(enterprise={"id": "E0PRACTICE"}, surprise=[1], message=None)) == click(bare)


@pytest.mark.parametrize(
    ("trigger", "container_thread", "expected"),
    [
        ("", "1763821000.000100", "1763822000.000100"),
        ("-translate_ja", "1763821000.000100", "1763821000.000100"),
        ("-translate_ja", None, "1763822000.000100"),
        ("-translate_ja", "odd", "1763822000.000100"),
    ],
)
def test_only_slack_knows_the_thread_of_a_task(trigger: str, container_thread: str | None, expected: str) -> None:
    """Its key has the message's own ts in its place; for a question the key counts."""
    pressed = button() | {"value": f"{KEY}{trigger} U0ASKER01"}
    found = click(payload(pressed, container=container(thread_ts=container_thread)))

    assert (expected, f"{KEY}{trigger}") == (found.thread_ts, found.key)


def test_a_click_knows_how_the_message_begins() -> None:
    """A click has the first 200 characters of the message, and "" if the message has no text."""
    messages: list[object] = [{"text": "あ" * 5000}, {"text": 5}, [], None]

    replies = [click(payload(message=message)).reply for message in messages]

    assert ["あ" * 200, "", "", ""] == replies


def test_forms_are_read_in_either_encoding() -> None:
    """Blanks may be + or %20, and other fields may stand beside `payload`."""
    written = json.dumps(payload(message={"text": "こんにちは & 100% + more"}), ensure_ascii=False)

    one = analyze_bytes(b"payload=" + quote(written).encode())
    other = analyze_bytes(urlencode({"ssl_check": "", "payload": written}).encode())

    assert isinstance(one, Click)
    assert one == other


# interactions that are ignored


@pytest.mark.parametrize(
    ("posted", "expected"),
    [
        ({"type": "view_closed"}, "another type"),
        ({"type": "shortcut"}, "another type"),
        ({"type": "message_action"}, "not a shortcut of ours"),
        ({"type": "view_submission"}, "not a form of ours"),
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
def test_what_is_no_press_of_our_button_is_ignored(posted: object, expected: str) -> None:
    """Another interaction, another app's button and odd fields are ignored with their reason."""
    assert expected in reason(posted)


def test_the_app_is_not_checked_while_ours_is_unknown() -> None:
    """Without our app id any app's button passes: Slack has signed the payload with our own secret."""
    unknown = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")

    assert isinstance(analyze(payload(api_app_id="A0OTHER"), unknown), Click)


# who may click


@pytest.mark.parametrize(("allowed", "is_click"), [((), True), (("U0READER1",), True), (("U0ASKER01",), False)])
def test_only_allowed_users_may_click(allowed: tuple[str, ...], is_click: bool) -> None:
    """allow_users restricts the user who clicks, not the asker."""
    assert is_click == isinstance(analyze(payload(), allow_users=allowed), Click)


@pytest.mark.parametrize(
    ("channel", "allowed", "is_click"),
    [
        ("C0PRACTICE", ("C0PRACTICE",), True),
        ("C0PRACTICE", ("C0OTHER",), False),
        ("D0PRACTICE", ("C0OTHER",), True),
    ],
)
def test_only_clicks_in_allowed_channels_count(channel: str, allowed: tuple[str, ...], is_click: bool) -> None:
    """allow_channels restricts clicks in channels, not those in direct messages."""
    posted = payload(
        button(value=f"{KEY} U0ASKER01".replace("C0PRACTICE", channel)), container=container(channel_id=channel)
    )

    assert is_click == isinstance(analyze(posted, allow_channels=allowed), Click)


@pytest.mark.parametrize("direct_messages", [True, False])
def test_clicks_in_direct_messages_go_with_their_questions(direct_messages: bool) -> None:
    """The switch for direct messages keeps clicks out as it does questions."""
    value = f"{KEY} U0ASKER01".replace("C0PRACTICE", "D0PRACTICE")
    posted = payload(button(value=value), container=container(channel_id="D0PRACTICE"))

    assert direct_messages == isinstance(analyze(posted, direct_messages=direct_messages), Click)


@pytest.mark.parametrize(
    ("team", "who", "is_click"),
    [
        ("T0PRACTICE", US, True),
        ("E0PRACTICE", US, True),
        ("T0OTHER", US, False),
        ("E0OTHER", US, False),
        (None, US, False),
        ("", Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI"), False),
        ("T0OTHER", Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI"), False),
    ],
)
def test_external_users_may_click_only_if_that_is_allowed(team: str | None, who: Identity, is_click: bool) -> None:
    """A user of another team, or of none, is external."""
    posted = payload(user=user(team_id=team))

    assert is_click == isinstance(analyze(posted, who), Click)
    assert isinstance(analyze(posted, who, external_users=True), Click)


def in_a_grid(grid: str = "E0PRACTICE", **changes: object) -> JSON:
    """Return a click by a user of another team, on a reply of an app whose team is in this grid."""
    team = {"id": "T0PRACTICE", "domain": "practice", "enterprise_id": grid, "enterprise_name": "Practice"}
    named: JSON = {"team": team, "enterprise": {"id": grid, "name": "Practice"}, "user": user(team_id="T0SISTER")}
    return payload(**named | changes)


def clicked_where(posted: object, who: Identity = US, *, may_be_shared: bool) -> str:
    """Return the reason why a click is not allowed, "" if it is; `may_be_shared` is what is known of the channel."""
    body = form(posted)
    analyzer = InteractionAnalyzer(SIGNING_SECRET, who=lambda: who, may_be_shared=lambda _key: may_be_shared)
    outcome = analyzer.analyze(signed_headers(body, NOW), body, NOW)
    assert isinstance(outcome, (Click, NotAllowed)), outcome
    return outcome.reason if isinstance(outcome, NotAllowed) else ""


EXTERNAL = "another organisation's user"


@pytest.mark.parametrize(
    ("posted", "may_be_shared", "expected"),
    [
        pytest.param(in_a_grid(), False, "", id="a sister workspace"),
        pytest.param(in_a_grid(team=None), False, "", id="an app installed for the whole grid"),
        pytest.param(in_a_grid(), True, EXTERNAL, id="a shared channel"),
        pytest.param(in_a_grid("E0OTHER"), False, EXTERNAL, id="another grid"),
        pytest.param(in_a_grid(enterprise={"id": "E0OTHER"}), False, EXTERNAL, id="two grids"),
        pytest.param(in_a_grid(enterprise=None, team={"id": "T0PRACTICE"}), False, EXTERNAL, id="no grid named"),
        pytest.param(in_a_grid(user=user()), True, "", id="our own team in a shared channel"),
    ],
)
def test_a_sister_workspace_of_our_grid_may_click(posted: JSON, may_be_shared: bool, expected: str) -> None:
    """In a grid a user of another team is of our organisation, unless the channel may be shared with another one."""
    assert expected == clicked_where(posted, may_be_shared=may_be_shared)


@pytest.mark.parametrize("posted", [in_a_grid(), in_a_grid(""), payload(user=user(team_id="T0SISTER"))])
def test_outside_a_grid_there_are_no_sister_workspaces(posted: JSON) -> None:
    """If our own team is in no grid, every other team is another organisation, whatever the payload names."""
    alone = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", app_id="A0COCOAI")

    assert EXTERNAL == clicked_where(posted, alone, may_be_shared=False)


@pytest.mark.parametrize("access", [{}, {"external_users": True}])
def test_while_we_do_not_know_who_we_are_a_click_is_refused(access: JSON) -> None:
    """It is a 503, so that the person sees that it did not work; what is no click of ours is ignored as ever."""
    with pytest.raises(IdentityUnknown) as refusal:
        analyze(payload(), None, **access)

    assert 503 == refusal.value.status
    assert isinstance(analyze({"type": "view_submission"}, None, **access), Ignored)
    assert isinstance(analyze(payload(button(action_id="stop")), None, **access), Ignored)


# bodies that are refused


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
    """A signed body that is no form, or has no JSON in `payload`, is refused with 400."""
    with pytest.raises(Refused) as refusal:
        analyze_bytes(body)

    assert (400, code) == (refusal.value.status, refusal.value.code)


@pytest.mark.parametrize("headers", [{}, {"x-slack-signature": "v0=0", "x-slack-request-timestamp": "1"}])
def test_an_unsigned_body_is_refused_before_it_is_read(headers: dict[str, str]) -> None:
    """A body without Slack's signature is a 401, though it is no JSON either."""
    with pytest.raises(Refused) as refusal:
        InteractionAnalyzer(SIGNING_SECRET, who=lambda: US).analyze(headers, b"payload=%7B", NOW)

    assert 401 == refusal.value.status


@pytest.mark.parametrize("unreadable", ["[" * 100_000, '{"a":' * 100_000, '{"a":' + "9" * 5000 + "}"])
def test_json_beyond_reading_is_ignored(unreadable: str) -> None:
    """JSON that is too deep or has too long a number is ignored, since it would fail each time."""
    outcome = analyze_bytes(urlencode({"payload": unreadable}).encode())

    assert Ignored("JSON beyond reading") == outcome


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([KEY, "C0", "1.0"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
FIELD = st.sampled_from(["type", "user", "container", "actions", "api_app_id"])
INNER = st.sampled_from(["id", "team_id", "type", "message_ts", "channel_id", "action_id", "value", "action_ts"])


@given(FIELD, INNER | st.none(), ODD)
def test_any_value_in_any_field_is_classified(field: str, inner: str | None, value: object) -> None:
    """Any value in any field gives a click whose keys are valid, or Ignored."""
    posted = payload()
    if inner is None:
        posted[field] = value
    else:
        place = posted[field][0] if field == "actions" else posted[field]
        if isinstance(place, dict):
            place[inner] = value

    outcome = analyze(posted)

    if isinstance(outcome, Click):
        Key.parse(f"{outcome.channel}-{outcome.message_ts}-{outcome.ts}")
        Key.parse(outcome.key)
    else:
        assert isinstance(outcome, Ignored)
        assert outcome.reason.isprintable()
