"""slack/inbound/events.py: whom a message addresses, where mentions stand in code or in what is quoted.

Both copies of a message, the `message` and the app_mention, come to the same.
"""

from __future__ import annotations

from typing import Any

import pytest

from cocoai.slack.model.question import Ignored, Overheard
from tests.slack.inbound.test_events import LATER, OURS, TS, KnownThreads, analyze, mention, message, question
from tests.slack.inbound.test_events import US as US_OURSELVES
from tests.slack_payloads import JSON, envelope

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

US = "<@U0COCOAI>"


def rich(*elements: JSON, kind: str = "section") -> JSON:
    return {"type": "rich_text", "elements": [{"type": f"rich_text_{kind}", "elements": list(elements)}]}


def typed(text: str, **style: bool) -> JSON:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


USER = {"type": "user", "user_id": "U0COCOAI"}
SHARED = {"is_share": True, "author_name": "Hana", "text": f"{US} reset", "fallback": "x"}

ADDRESSED: dict[str, JSON] = {
    "beside code": {"text": f"{US} what does `{US} deploy` do?"},
    "behind code": {"text": f"`a` {US} `b`"},
    "between lone backticks": {"text": f"it`s {US} that`s it"},
    "a backtick on each line": {"text": f"` {US}\n`"},
    "an open fence": {"text": f"``` {US}"},
    "typed backticks that are no code": {"text": f"`{US}`", "blocks": [rich(typed("`"), USER, typed("`"))]},
    "beside code, by its blocks": {
        "text": f"{US} why `{US}`",
        "blocks": [rich(USER, typed(" why "), typed(US, code=True))],
    },
    "in a quotation that is typed": {"text": f"&gt; {US} said", "blocks": [rich(USER, typed(" said"), kind="quote")]},
    "blocks alone": {"text": "", "blocks": [rich(USER, typed(" hello"))]},
    "in a list": {
        "text": "",
        "blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": [{"elements": [USER]}]}]}],
    },
    "beside a forwarded message": {"text": f"{US} sum up", "attachments": [SHARED]},
}
NOT_ADDRESSED: dict[str, JSON] = {
    "inline code": {"text": f"`{US} deploy` is how"},
    "inline code with a label": {"text": "type `<@U0COCOAI|cocoai> deploy`, please"},
    "inline code between Japanese": {"text": f"これは`{US}`です"},
    "a code block": {"text": f"```\n{US} deploy\n```"},
    "a code block on one line": {"text": f"so: ```{US} `deploy` ```"},
    "two codes": {"text": f"`{US} a` or `{US} b`"},
    "escaped in code": {"text": "`&lt;@U0COCOAI&gt; deploy`"},
    "by its blocks alone": {"text": f"{US} deploy", "blocks": [rich(typed(f"{US} deploy", code=True))]},
    "a code block, by its blocks": {
        "text": f"```{US} deploy```",
        "blocks": [rich(typed(f"{US} deploy"), kind="preformatted")],
    },
    "a user element in a code block": {"text": "", "blocks": [rich(USER, kind="preformatted")]},
    "a user element as code": {"text": "", "blocks": [rich(USER | {"style": {"code": True}})]},
    "forwarded": {"text": "", "attachments": [SHARED]},
    "forwarded with a comment": {"text": "fyi", "attachments": [SHARED]},
    "in a cell": {"text": "", "blocks": [{"type": "table", "rows": [[rich(USER)]]}]},
    "in an alert's field": {"text": "x", "attachments": [{"fields": [{"title": "by", "value": US}]}]},
}


@pytest.mark.parametrize("name", ADDRESSED)
def test_a_mention_outside_code_addresses_us(name: str) -> None:
    """The author's own mention counts, whatever stands beside it, for both copies of the message."""
    for event in (message(**ADDRESSED[name]), mention(**ADDRESSED[name])):
        assert "mention" == question(envelope(event)).kind


@pytest.mark.parametrize("name", NOT_ADDRESSED)
@pytest.mark.parametrize("knows_us", [True, False])
def test_a_mention_in_code_or_quoted_addresses_nobody(name: str, knows_us: bool) -> None:
    """It is ignored in both copies of the message, also while our identity is unknown."""
    unknown: Any = {} if knows_us else {"authorizations": None}
    for event in (message(**NOT_ADDRESSED[name]), mention(**NOT_ADDRESSED[name])):
        outcome = analyze(envelope(event, **unknown), US_OURSELVES if knows_us else None)

        assert Ignored("not addressed to us") == outcome


@pytest.mark.parametrize("name", NOT_ADDRESSED)
def test_in_a_thread_of_ours_it_is_a_follow_up(name: str) -> None:
    """Where no mention is needed, both copies are the same follow-up, since they address nobody else either."""
    for event in (message(**NOT_ADDRESSED[name]), mention(**NOT_ADDRESSED[name])):
        asked = question(envelope(event | {"thread_ts": TS, "ts": LATER}), mark_of=KnownThreads(OURS))

        assert ("follow_up", f"C0PRACTICE-{TS}-{LATER}") == (asked.kind, asked.key)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"text": "see `<@U0ASKER02>`"}, "follow_up"),
        ({"text": "```<!subteam^S0OPS>```"}, "follow_up"),
        ({"text": "see", "attachments": [{"is_share": True, "text": "<@U0ASKER02> hi"}]}, "follow_up"),
        ({"text": "<@U0ASKER02> `code`"}, ""),
        ({"text": "", "blocks": [rich({"type": "usergroup", "usergroup_id": "S0OPS"})]}, ""),
        ({"text": "<!subteam^S0OPS|@ops> look"}, ""),
    ],
)
def test_somebody_else_is_addressed_by_a_mention_outside_code(fields: JSON, expected: str) -> None:
    """A reply to another person or a group is no follow-up; one that only shows or quotes such a mention is."""
    outcome = analyze(envelope(message(thread_ts=TS, ts=LATER, **fields)), mark_of=KnownThreads(OURS))

    if expected:
        assert not isinstance(outcome, Ignored)
        assert expected == getattr(outcome, "kind", "")
    else:
        assert Overheard("addressed to somebody else", "C0PRACTICE", TS, "U0ASKER01") == outcome


def test_an_app_mention_that_shows_no_mention_is_believed() -> None:
    """Slack may know more than the event holds: an app_mention without any mention in it counts."""
    assert "mention" == question(envelope(mention(text="hello"))).kind
    assert "mention" == question(envelope(mention(text="hello"), authorizations=None), who=None).kind


def test_what_is_attached_is_kept_with_the_question() -> None:
    """The question's text is the asker's own; what else is seen stands beside it, and both survive as facts."""
    asked = question(envelope(mention(text=f"{US} sum up", attachments=[SHARED])))

    assert f"{US} sum up" == asked.text
    assert f"{US} sum up\n\n[forwarded message from Hana]\n> {US} reset" == asked.shown
    assert asked == type(asked).from_facts(asked.facts())


def test_a_job_of_an_earlier_version_has_nothing_attached() -> None:
    """Facts without `shown` are read as a question that has its text alone."""
    asked = question(envelope(mention(text=f"{US} hi")))
    facts = {name: value for name, value in asked.facts().items() if name != "shown"}

    assert asked == type(asked).from_facts(facts)


@pytest.mark.parametrize(
    "fields",
    [
        {"bot_id": "B0ALERT"},
        {"subtype": "bot_message", "bot_id": "B0ALERT"},
        {"subtype": "message_changed", "hidden": True},
        {"user": "USLACKBOT"},
    ],
)
def test_what_was_ignored_stays_ignored(fields: JSON) -> None:
    """Attachments make no question of a bot's message or an edit."""
    event = message(text="", channel="D0PRACTICE", channel_type="im", attachments=[SHARED], **fields)

    assert isinstance(analyze(envelope(event)), Ignored)
