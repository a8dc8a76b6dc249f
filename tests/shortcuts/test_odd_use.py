"""What Slack could post of a shortcut or of the form, however odd: it comes to an end, and nobody waits behind it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from cocoai.json_values import encodable
from tests.shortcuts.play import ANSWER, Play, conversation, replies, run_all, say, whispers
from tests.slack_payloads import JSON, form, shortcut, submission

FOREIGN = "https://evil.example/x"
TEXT = "Hello everybody."


def nested(depth: int) -> list[Any]:
    """Return lists within lists."""
    return [nested(depth - 1)] if depth else []


def message(**changes: object) -> JSON:
    """Return a message as a shortcut brings it, without its ts."""
    return {"type": "message", "user": "U0ASKER02", "team": "T0PRACTICE", "text": TEXT} | changes


@pytest.mark.parametrize(
    ("brought", "changes"),
    [
        pytest.param(None, {}, id="no message"),
        pytest.param({"ts": "1.2", "text": "another"}, {}, id="another message"),
        pytest.param(message(blocks=nested(500)), {}, id="deep blocks"),
        pytest.param(message(files=[None, {"id": None}, {"id": "F1", "size": "x"}]), {}, id="odd files"),
        pytest.param(message(attachments=[None, 5, {"fields": None}, {"blocks": 7}]), {}, id="odd attachments"),
        pytest.param(message(user=None, bot_id="B0OTHER"), {}, id="a bot's"),
        pytest.param(message(team=None), {}, id="no team"),
        pytest.param(message(thread_ts=["x"]), {}, id="an odd thread"),
        pytest.param(message(), {"action_ts": "999999999999.99999999"}, id="far ahead"),
        pytest.param(message(), {"action_ts": "0.0"}, id="long ago"),
        pytest.param(message(), {"response_url": None}, id="no address"),
        pytest.param(message(), {"trigger_id": "\0", "channel": {"id": "C0PRACTICE", "name": None}}, id="odd texts"),
    ],
)
def test_an_odd_shortcut_is_answered_all_the_same(play: Play, brought: JSON | None, changes: JSON) -> None:
    """By the message that is read from Slack, if that in the request is none; it is paid once."""
    harness, _ = play
    opening = say(harness)
    brought = brought and {"ts": opening.ts} | brought
    payload = shortcut("proofread", message_ts=opening.ts, message=brought, **{"response_url": FOREIGN} | changes)

    assert (200, b"") == post(play, payload)
    run_all(harness)

    assert [ANSWER] == [
        text.rpartition("\n\n")[2] for text in replies(harness, opening)
    ]  # below a word that it is late
    assert ("user", TEXT) == conversation(harness)[-1]
    assert 1 == len(harness.openai.requests)
    assert (0, 2, 0) == harness.ended()


@pytest.mark.parametrize(
    "text", ["a\ud800b\0c", "\u202e\u2066evil\u2069", "<!channel> <@U0ASKER01> :tada:", "-" * 9000]
)
def test_odd_words_are_worked_on(play: Play, text: str) -> None:
    """They are the author's: nobody is called by them, and what no file takes is replaced."""
    harness, _ = play
    opening = say(harness, encodable(text))
    payload = shortcut("proofread", message_ts=opening.ts, message=message(ts=opening.ts, text=text))

    assert (200, b"") == post(play, payload | {"response_url": FOREIGN})
    run_all(harness)

    assert [ANSWER] == [
        text.rpartition("\n\n")[2] for text in replies(harness, opening)
    ]  # below a word that it is late
    assert "<!channel>" not in conversation(harness)[-1][1]
    assert (0, 2, 0) == harness.ended()


@pytest.mark.parametrize("trigger", ["\0", None, 7, "1.2.abc"])
def test_without_a_trigger_there_is_no_form_and_that_is_told(play: Play, trigger: object) -> None:
    """Slack refuses one that is odd, old or was used; by the message's channel, if there is no other way."""
    harness, _ = play
    payload = shortcut("ask", message_ts=say(harness).ts, trigger_id=trigger, response_url=FOREIGN)

    assert (200, b"") == post(play, payload)
    run_all(harness)

    assert [harness.words.ask["form"]] == whispers(harness)
    assert (0, 1, 0) == harness.ended()


@pytest.mark.parametrize("typed", ["\u200b\u2060", "\ufeff \n", "\0"])
def test_what_nobody_can_see_is_no_question(play: Play, typed: str) -> None:
    """It stays in the form, with the word that something is to be typed."""
    ts = say(play[0]).ts

    status, shown = post(play, submission(typed, {"channel": "C0PRACTICE", "thread_ts": ts, "message_ts": ts}))

    assert (200, True) == (status, b'"errors"' in shown)
    assert (0, 0, 0) == play[0].ended()


def post(play: Play, payload: JSON) -> tuple[int, bytes]:
    """Post a signed payload as Slack does; return the status and the body of the response."""
    harness, endpoint = play
    body = form(payload)
    url = f"{endpoint.url}/slack/interactions"
    response = requests.post(url, body, headers=harness.slack.signed(body), timeout=5)
    return response.status_code, response.content
