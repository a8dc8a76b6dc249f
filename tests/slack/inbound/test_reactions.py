"""slack/inbound/reactions.py: which reactions ask for something, whose, and where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cocoai.slack.inbound.events import EventOutcome
from cocoai.slack.model.question import Ignored, Question
from cocoai.slack.model.tasks import REACTIONS
from cocoai.spool.key import Key
from cocoai.texts.language_names import LANGUAGE_NAMES
from tests.slack.inbound.test_events import LATER, TS, US, analyze_bytes
from tests.slack_payloads import JSON, envelope

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def reaction(name: str = "flag-jp", **changes: object) -> JSON:
    """Return the event of a reaction to a message of somebody else's."""
    item = {"type": "message", "channel": "C0PRACTICE", "ts": TS}
    event: JSON = {"type": "reaction_added", "user": "U0ASKER01", "reaction": name, "item": item}
    return event | {"item_user": "U0OTHER01", "event_ts": LATER} | changes


def analyze(event: JSON, **settings: Any) -> EventOutcome | Ignored:
    """Analyze the reaction, with changes of its envelope in `payload`, and other settings."""
    payload = envelope(event, **settings.pop("payload", {}))
    return analyze_bytes(json.dumps(payload).encode(), **settings)


@pytest.mark.parametrize(
    ("emoji", "kind", "language", "trigger"),
    [
        ("flag-jp", "translate", "ja", "translate_ja"),
        ("jp", "translate", "ja", "translate_ja"),
        ("us", "translate", "en", "translate_en"),
        ("gb", "translate", "en", "translate_en"),
        ("uk", "translate", "en", "translate_en"),
        ("flag-ua", "translate", "uk", "translate_uk"),
        ("flag-br", "translate", "pt-br", "translate_pt_br"),
        ("flag-tw", "translate", "zh-tw", "translate_zh_tw"),
        ("memo", "summarize", "", "summarize"),
        ("pencil", "summarize", "", "summarize"),
        ("memo::skin-tone-3", "summarize", "", "summarize"),
    ],
)
def test_a_reaction_asks_for_a_task(emoji: str, kind: str, language: str, trigger: str) -> None:
    """Both names of a flag, and both flags of one language, ask for the same: one job."""
    question = analyze(reaction(emoji))

    assert isinstance(question, Question)
    assert (kind, language) == (question.kind, question.language)
    assert ("U0ASKER01", LATER) == (question.user, question.asked_at)
    assert Key("C0PRACTICE", TS, TS, trigger) == Key.parse(question.key)
    assert question == Question.from_facts(question.facts())


@pytest.mark.parametrize("emoji", ["eyes", "flag-be", "flag-ch", "flag-in", "flag-zz", "thumbsup", "", None, 7])
def test_other_reactions_ask_for_nothing(emoji: Any) -> None:
    """Flags whose people would not agree are left alone, and so are those that nobody knows."""
    assert Ignored("a reaction that asks for nothing") == analyze(reaction(emoji))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"user": US.user_id}, "by ourselves"),
        ({"user": None}, "no user or channel, or an odd one"),
        ({"user": "../etc"}, "no user or channel, or an odd one"),
        ({"item": None}, "a reaction to something else than a message"),
        ({"item": {"type": "file", "file": "F1"}}, "a reaction to something else than a message"),
        ({"item": {"type": "message", "channel": "C0PRACTICE", "ts": "now"}}, "no ts, or an odd one"),
        ({"item": {"type": "message", "channel": ["C0"], "ts": TS}}, "no user or channel, or an odd one"),
        ({"event_ts": 1.5}, "no ts, or an odd one"),
    ],
)
def test_what_is_odd_or_ours_is_left_alone(changes: JSON, reason: str) -> None:
    """No reaction can raise."""
    assert Ignored(reason) == analyze(reaction() | changes)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"allow_users": {"U0BOSS"}}, "this user is not allowed"),
        ({"allow_channels": {"C0OTHER"}}, "this channel is not allowed"),
        ({"payload": {"is_ext_shared_channel": True}}, "another organisation's user"),
    ],
)
def test_whoever_may_not_ask_is_left_alone(settings: dict[str, Any], reason: str) -> None:
    """Without a word: a reaction is addressed to nobody."""
    assert Ignored(reason) == analyze(reaction(), **settings)


def test_a_reaction_to_our_own_answer_asks_too() -> None:
    """It is translated as anybody's message is."""
    assert isinstance(analyze(reaction(item_user=US.user_id)), Question)


def test_each_language_of_a_flag_has_a_name() -> None:
    """By which the model is told of it."""
    assert {task.language for task in REACTIONS.values()} - {""} <= LANGUAGE_NAMES.keys()
    assert max(len(task.trigger) for task in REACTIONS.values()) <= 40
