"""slack/inbound/shortcuts.py: what becomes of a shortcut in a message's menu, and of what was typed into our form."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.engine.web.request import MAX_BODY
from cocoai.errors import IdentityUnknown
from cocoai.slack.inbound.access import AccessRules
from cocoai.slack.inbound.interactions import InteractionAnalyzer
from cocoai.slack.inbound.shortcuts import FormRefused
from cocoai.slack.model.ask_form import LONGEST_QUESTION, MOST_METADATA, form_metadata, read_metadata
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.kept_message import kept_message, message_from, thread_of
from cocoai.slack.model.question import Ignored, Question
from cocoai.slack.model.shortcut import SHORTCUTS, Shortcut
from cocoai.spool.key import Key
from cocoai.spool.waiting import HEAD_SIZE, waiting_job
from tests.slack_payloads import JSON, SIGNING_SECRET, form, shortcut, signed_headers, submission, user

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

NOW = 1_763_822_000.5
US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", app_id="A0COCOAI")
TS = "1763822000.000100"


def analyze(payload: object, who: Identity | None = US, **access: Any) -> Any:
    """Analyze a signed payload with these settings of AccessRules."""
    analyzer = InteractionAnalyzer(SIGNING_SECRET, who=lambda: who, access=AccessRules(**access))
    body = form(payload)
    return analyzer.analyze(signed_headers(body, NOW), body, NOW)


def chosen(payload: object, **access: Any) -> Shortcut:
    outcome = analyze(payload, **access)
    assert isinstance(outcome, Shortcut), outcome
    return outcome


def typed(payload: object, **access: Any) -> Question:
    outcome = analyze(payload, **access)
    assert isinstance(outcome, Question), outcome
    return outcome


def reason(payload: object, **access: Any) -> str:
    outcome = analyze(payload, **access)
    assert isinstance(outcome, Ignored), outcome
    return outcome.reason


# shortcuts


@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_the_longest_message_that_slack_takes_fits_into_a_request(ensure_ascii: bool) -> None:
    """An app's of 40,000 characters, in Japanese, with the blocks in which Slack repeats it; a person types 12,000.

    Source of the number: api.slack.com/changelog/2018-04-truncating-really-long-messages.
    """
    text = "あ" * 40_000
    rich: JSON = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    message = {"type": "message", "bot_id": "B0OTHER", "text": text, "ts": TS}
    payload = shortcut(message={**message, "blocks": [{"type": "rich_text", "elements": [rich]}]})
    body = urlencode({"payload": json.dumps(payload, ensure_ascii=ensure_ascii)}).encode()

    outcome = InteractionAnalyzer(SIGNING_SECRET, who=lambda: US).analyze(signed_headers(body, NOW), body, NOW)

    assert len(body) <= MAX_BODY * 3 / 4  # with room for more than that, such as links and emoji
    assert isinstance(outcome, Shortcut)
    assert text == (outcome.message or {})["text"]


def test_whose_shortcut_it_is_can_be_told_by_the_beginning_of_its_job() -> None:
    """The message's author stands in it, too: a long one would push the asker out of what is read of a waiting job."""
    found = chosen(shortcut(message={"ts": TS, "user": "U0OTHER01", "text": "long " * 2000}))
    head = json.dumps(found.facts(), separators=(",", ":")).encode()[:HEAD_SIZE]
    waiting = waiting_job(str(found.key), head)

    assert ("shortcut", "U0ASKER01") == (waiting.kind, waiting.asker)


@pytest.mark.parametrize("task", sorted(SHORTCUTS))
def test_each_of_our_shortcuts_has_all_that_its_job_needs(task: str) -> None:
    """With the whole message: it works where we cannot read."""
    found = chosen(shortcut(task, action_ts="1763822100.000007"))

    assert Key("C0PRACTICE", TS, "1763822100.000007", f"shortcut_{task}") == found.key
    assert ("U0ASKER01", "T0PRACTICE", "", "1.2.abc") == (found.user, found.team, found.why, found.trigger_id)
    message = {"ts": TS, "user": "U0OTHER01", "text": "Hello.", "teams": ["T0PRACTICE"], "thread_ts": TS}
    assert message == found.message


def test_a_job_keeps_it_whole_but_for_what_is_dead_by_then() -> None:
    """It is JSON, and read back as it was, without the trigger_id that lives for 3 seconds."""
    found = chosen(shortcut())

    facts = json.loads(json.dumps(found.facts()))

    assert "shortcut" == facts["kind"]
    assert "trigger_id" not in facts
    assert found.facts() == Shortcut.from_facts(facts).facts()
    assert "hooks.slack.com" not in repr(found)


def test_whoever_has_no_team_in_the_payload_is_for_the_job_to_judge() -> None:
    """Slack documents none there; another rule counts all the same."""
    found = chosen(shortcut(user=user(team_id=None)))

    assert ("", "") == (found.team, found.why)
    assert "person" == chosen(shortcut(user=user(team_id=None)), allow_users={"U0BOSS"}).why


def test_the_thread_and_the_files_of_the_message_are_kept() -> None:
    """A reply stands in its thread; what is no text of the payload's shape is left out."""
    entry: JSON = {"ts": TS, "thread_ts": "1763821000.000100", "user": "U0OTHER01", "text": "see"}
    entry |= {"files": [{"id": "F1", "name": "a.txt", "mimetype": "text/plain", "size": 3}], "team": 7}

    facts = kept_message(entry, TS)

    assert facts is not None
    message = message_from(json.loads(json.dumps(facts)))
    assert "1763821000.000100" == thread_of(facts)
    assert ("see", ["F1"], frozenset()) == (message.text, [file.id for file in message.files], message.teams)
    assert TS == thread_of(kept_message({**entry, "thread_ts": "odd"}, TS) or {})


@pytest.mark.parametrize("entry", [None, [], {}, {"ts": "1763822000.000200", "text": "another"}, {"ts": "now"}])
def test_a_message_that_the_payload_does_not_tell_must_be_read(entry: object) -> None:
    """The shortcut is taken all the same."""
    assert chosen(shortcut(message=entry)).message is None


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (shortcut(callback_id="translate"), "not a shortcut of ours"),
        (shortcut(callback_id="cocoai_delete"), "not a shortcut of ours"),
        (shortcut(callback_id=["cocoai_ask"]), "not a shortcut of ours"),
        (shortcut(api_app_id="A0OTHER"), "not a shortcut of ours"),
        (shortcut(channel={"id": "../../x"}), "no user or channel"),
        (shortcut(channel=None), "no user or channel"),
        (shortcut(user=user(id="u-0 1")), "no user or channel"),
        (shortcut(message_ts="now"), "no ts"),
        (shortcut(action_ts=None), "no ts"),
        (shortcut(action_ts=1763822100.5), "no ts"),
    ],
)
def test_what_is_no_use_of_our_shortcut_is_ignored(payload: JSON, expected: str) -> None:
    """With its reason; only what looks like an id or a ts is safe in a file's name."""
    assert reason(payload).startswith(expected)


@pytest.mark.parametrize(
    ("changes", "access", "why"),
    [
        ({}, {"allow_users": {"U0OTHER01"}}, "person"),
        ({}, {"allow_channels": {"C0OTHER"}}, "place"),
        ({"channel": {"id": "D0DIRECT"}}, {"direct_messages": False}, "direct"),
        ({"user": user(team_id="T0STRANGE")}, {}, "person"),
        ({"user": user(team_id="T0STRANGE")}, {"external_users": True}, ""),
        ({}, {"allow_users": {"U0ASKER01"}, "allow_channels": {"C0PRACTICE"}}, ""),
    ],
)
def test_who_may_not_use_it_is_known_to_be_told(changes: JSON, access: JSON, why: str) -> None:
    """The payload does not say that a channel is shared: who is not known to be ours is refused."""
    assert why == chosen(shortcut(**changes), **access).why


@pytest.mark.parametrize("url", [None, 7, "https://hooks.slack.com/a b", "x" * 2000, "https://hooks.slack.com/\n"])
def test_an_odd_address_is_none(url: object) -> None:
    """Whether it is Slack's at all is looked at where it is used."""
    assert "" == chosen(shortcut(response_url=url)).response_url


@pytest.mark.parametrize("payload", [shortcut(), submission()])
def test_nobody_is_told_apart_while_we_do_not_know_who_we_are(payload: JSON) -> None:
    """Slack shows the person that it did not work."""
    with pytest.raises(IdentityUnknown):
        analyze(payload, None)


# the form


def test_what_was_typed_is_a_question_about_the_message() -> None:
    """It is named by the form, so that sending it off twice asks once; its words are no entities of Slack's."""
    metadata: JSON = {"channel": "C0PRACTICE", "thread_ts": "1763821000.000100", "message_ts": TS}
    metadata |= {"message": {"text": "Hello.", "user": "U0OTHER01"}, "response_url": "https://hooks.slack.com/app/1"}

    question = typed(submission("  Is <@U0OTHER01> right? ", metadata))

    assert f"C0PRACTICE-1763821000.000100-{TS}-ask_v0form" == question.key
    assert "Is &lt;@U0OTHER01&gt; right?" == question.text
    assert ("ask", f"{NOW:.6f}", "https://hooks.slack.com/app/1") == (
        question.kind,
        question.asked_at,
        question.response_url,
    )
    assert {"text": "Hello.", "user": "U0OTHER01", "ts": TS, "thread_ts": "1763821000.000100"} == question.message
    assert Key.parse(question.key).trigger == question.trigger


@pytest.mark.parametrize(
    ("payload", "access", "why"),
    [
        (submission(" \n"), {}, "empty"),
        (submission(None), {}, "empty"),
        (submission("x" * (LONGEST_QUESTION + 1)), {}, "long"),
        (submission(), {"allow_users": {"U0OTHER01"}}, "person"),
        (submission(), {"allow_channels": {"C0OTHER"}}, "place"),
        (submission(user=user(team_id="T0STRANGE")), {}, "person"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_the_form(payload: JSON, access: JSON, why: str) -> None:
    """So that what was typed is not lost."""
    refused = analyze(payload, **access)

    assert isinstance(refused, FormRefused)
    assert ("U0ASKER01", why) == (refused.user, refused.why)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"view": {"callback_id": "other"}}, "not a form of ours"),
        ({"view": None}, "not a form of ours"),
        ({"api_app_id": "A0OTHER"}, "not a form of ours"),
        ({"user": None}, "no user or channel"),
        ({"metadata": {}}, "no user or channel"),
        ({"metadata": ["C0PRACTICE"]}, "no user or channel"),
        ({"metadata": {"channel": "C0PRACTICE", "thread_ts": TS, "message_ts": "../x"}}, "no ts"),
    ],
)
def test_another_form_and_an_odd_one_are_ignored(changes: JSON, expected: str) -> None:
    """Only what looks like an id or a ts is safe in a file's name."""
    assert reason(submission(**changes)).startswith(expected)


@given(st.text(max_size=4000), st.text(max_size=300))
def test_the_form_carries_as_much_of_the_message_as_slack_takes(text: str, url: str) -> None:
    """At most 3,000 characters, always with its place."""
    message = kept_message({"ts": TS, "text": text, "user": "U0OTHER01"}, TS)
    use = Shortcut("ask", "C0PRACTICE", TS, message, "U0ASKER01", "T0PRACTICE", "1.2", url)

    carried = form_metadata(use)

    assert len(carried) <= MOST_METADATA
    read = read_metadata(carried)
    assert ("C0PRACTICE", TS, TS) == (read["channel"], read["thread_ts"], read["message_ts"])
    assert (message or {})["text"].startswith(read["message"].get("text", "")) if "text" in (message or {}) else True


@given(
    st.recursive(st.none() | st.text() | st.integers(), lambda each: st.lists(each) | st.dictionaries(st.text(), each))
)
def test_whatever_a_field_holds_nothing_is_raised(value: Any) -> None:
    """A payload is Slack's, but its shape is not ours to trust."""
    for name in ("channel", "user", "message", "response_url", "trigger_id", "message_ts", "callback_id"):
        assert isinstance(analyze(shortcut(**{name: value})), (Shortcut, Ignored))
    assert isinstance(analyze(submission(value)), (Question, Ignored))
    assert isinstance(analyze(submission(metadata=value if value is not None else 0)), (Question, Ignored))
