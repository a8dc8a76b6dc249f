"""The second door to Slack, in the production shape: what is clicked comes through real nginx into a real pool.

The clicks are made here, so that some can be odd; tests/test_webhook.py has the table of what becomes of each.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.key import Key
from tests.house import House, house, payload
from tests.processes import wait_until
from tests.test_journey import everything, request

DOOR = "/slack/interactions"
NOWHERE = "C0PRACTICE-1763822000.000100-1763822000.000100"
"""A question that nobody has asked."""

NUMBER = iter(range(1, 10_000))


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[House]:
    """One house for all of them, which knows who it is."""
    with house(tmp_path_factory.mktemp("house"), certificates) as built:
        wait_until((built.var / "identity.json").exists)
        yield built


def click(action: str = "up", key: str = NOWHERE, **changes: Any) -> dict[str, Any]:
    """A click on a button under the reply to the question `key`, at a time of its own."""
    channel = key.partition("-")[0]
    button = {"type": "button", "action_id": f"cocoai_{action}", "value": f"{key} U0ASKER01"}
    button |= {"action_ts": f"1763822100.{next(NUMBER):06}"}
    container = {"type": "message", "message_ts": "1763822001.000200", "channel_id": channel}
    user = {"id": "U0ASKER01", "team_id": "T0PRACTICE"}
    told = {"type": "block_actions", "api_app_id": "A0COCOAI", "user": user, "container": container}
    return told | {"actions": [button]} | changes


def form(told: object) -> bytes:
    return urlencode({"payload": json.dumps(told)}).encode()


def post(
    built: House, body: bytes, *, headers: dict[str, str] | None = None, at: float = 0.0, secret: str | None = None
) -> tuple[int, bytes]:
    """Status and body, as Slack would hear them of a form posted `at` seconds from now."""
    signed = headers if headers is not None else built.slack.signed(body, at=time.time() + at, secret=secret)
    return request(built.address, "POST", DOOR, body, {**signed, "Content-Type": "application/x-www-form-urlencoded"})


@pytest.mark.parametrize(
    ("body", "how", "status"),
    [
        pytest.param(form(click()), {"secret": "forged"}, 401, id="forged"),
        pytest.param(form(click()), {"headers": {}}, 401, id="unsigned"),
        pytest.param(form(click()), {"at": -301}, 401, id="stale"),
        pytest.param(form(click()), {"at": 330}, 401, id="from the future"),
        pytest.param(json.dumps(click()).encode(), {}, 400, id="json, not a form"),
        pytest.param(b"", {}, 400, id="empty"),
        pytest.param(b"payload=%7B", {}, 400, id="half of it"),
        pytest.param(b"\xff\xfe\x00", {}, 400, id="no text"),
        pytest.param(b"payload=" + b"+" * (513 * 1024), {}, 413, id="too big"),
    ],
)
def test_the_door_refuses_in_one_line(standing: House, body: bytes, how: dict[str, Any], status: int) -> None:
    """And nothing is stored."""
    before = everything(standing)

    got, told = post(standing, body, **how)

    assert status == got
    assert 1 == told.count(b"\n")
    assert before == everything(standing)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_a_post_comes_in(standing: House, method: str) -> None:
    """The others end at nginx."""
    assert 405 == request(standing.address, method, DOOR)[0]


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"type": "view_submission", "view": {}}, id="a dialog"),
        pytest.param({"type": "shortcut", "callback_id": "x"}, id="a shortcut"),
        pytest.param([click()], id="a list"),
        pytest.param(click(api_app_id="A0OTHER"), id="another app's"),
        pytest.param(click("explode"), id="no button of ours"),
        pytest.param(click(key="../../etc/passwd"), id="an odd key"),
        pytest.param(click(container={"type": "view"}), id="no message"),
        pytest.param(click(user={"id": "U0STRANGE", "team_id": "T0OTHER"}), id="a stranger"),
        pytest.param(click(user=None, actions={"a": 1}), id="odd fields"),
        pytest.param(click("stop"), id="a stop for nobody"),
    ],
)
def test_what_is_no_click_for_us_is_heard_and_left_alone(standing: House, told: object) -> None:
    """200 without a word, and nothing in the spool."""
    before = everything(standing)

    assert (200, b"") == post(standing, form(told))
    assert before == everything(standing)


def test_a_replayed_click_is_a_duplicate(standing: House) -> None:
    """The very same bytes, four times: whoever has listened can do nothing with them but what was done."""
    body = form(click())
    headers = standing.slack.signed(body)
    before = everything(standing)

    statuses = [post(standing, body, headers=headers)[0] for _ in range(4)]

    assert [200] * 4 == statuses
    (key,) = everything(standing) - before
    assert 3 == standing.log().count(f"question key={key} kind=up outcome=duplicate")


def test_an_answer_is_stopped_while_it_is_written(standing: House) -> None:
    """What is there stays, and the job is done; the model would have written for minutes."""
    standing.openai.switches.answer = "word " * 400
    standing.openai.switches.piece_delay = 1.0
    question = standing.ask("a long one?")
    key = f"{question.channel}-{question.ts}-{question.ts}"
    standing.slack.wait_for(lambda: grown(standing, question))

    status, _ = post(standing, form(click("stop", key)))
    reply = standing.answer_to(question)
    wait_until(lambda: Key.parse(key) in standing.spool.keys("done"))

    assert 200 == status
    assert 1 == len(standing.replies(question))
    assert 1 <= reply.text.count("word") < 200
    assert 1 == len(standing.openai.requests)


def grown(built: House, question: Message) -> bool:
    """Whether the model's first words are seen."""
    return any("word" in message.text for message in built.replies(question) if payload(message))
