"""`POST /slack/interactions` through a whole deployment: clicks that are stored, ignored or duplicates; a stop.

The payloads are made here, because the practice Slack sends no malformed ones. tests/test_webhook.py has the table of
clicks and their outcomes.
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
from tests.house import House, house
from tests.processes import wait_until
from tests.test_journey import everything, request

DOOR = "/slack/interactions"
NOWHERE = "C0PRACTICE-1763822000.000100-1763822000.000100"
"""The key of a question that is not in the spool."""

NUMBER = iter(range(1, 10_000))


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[House]:
    """Yield one deployment for all tests of this module, once it knows its own identity."""
    with house(tmp_path_factory.mktemp("house"), certificates) as deployment:
        wait_until((deployment.var / "identity.json").exists)
        yield deployment


def click(action: str = "up", key: str = NOWHERE, **changes: Any) -> dict[str, Any]:
    """Return the payload of a click on a button below the reply to the question `key`; `changes` replaces its fields.

    Each click has another `action_ts`.
    """
    channel = key.partition("-")[0]
    button = {"type": "button", "action_id": f"cocoai_{action}", "value": f"{key} U0ASKER01"}
    button |= {"action_ts": f"1763822100.{next(NUMBER):06}"}
    container = {"type": "message", "message_ts": "1763822001.000200", "channel_id": channel}
    user = {"id": "U0ASKER01", "team_id": "T0PRACTICE"}
    payload = {"type": "block_actions", "api_app_id": "A0COCOAI", "user": user, "container": container}
    return payload | {"actions": [button]} | changes


def form(payload: object) -> bytes:
    """Return the form body in which Slack posts a payload."""
    return urlencode({"payload": json.dumps(payload)}).encode()


def post(
    deployment: House, body: bytes, *, headers: dict[str, str] | None = None, at: float = 0.0, secret: str | None = None
) -> tuple[int, bytes]:
    """Post a form as Slack does, signed as of `at` seconds from now; return the status and the body of the response.

    `headers` replaces the signature; `secret` replaces the signing secret.
    """
    signed = headers if headers is not None else deployment.slack.signed(body, at=time.time() + at, secret=secret)
    content_type = {"Content-Type": "application/x-www-form-urlencoded"}
    return request(deployment.address, "POST", DOOR, body, signed | content_type)


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
    "payload",
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
def test_any_other_interaction_is_accepted_and_ignored(standing: House, payload: object) -> None:
    """A payload that is no click on a button of CocoAI is answered with an empty 200, and nothing is stored."""
    before = everything(standing)

    response = post(standing, form(payload))

    assert (200, b"") == response
    assert before == everything(standing)


def test_a_replayed_click_is_a_duplicate(standing: House) -> None:
    """The same bytes with the same signature, posted four times, are stored once, so a replay repeats nothing."""
    body = form(click())
    headers = standing.slack.signed(body)
    before = everything(standing)

    statuses = [post(standing, body, headers=headers)[0] for _ in range(4)]

    assert [200] * 4 == statuses
    (key,) = everything(standing) - before
    line = f"question key={key} kind=up outcome=duplicate"
    # supervisord copies the pool's log through a pipe, so a line may come after the response that it tells of.
    wait_until(lambda: standing.log().count(line) >= 3)
    assert 3 == standing.log().count(line)


def test_an_answer_is_stopped_while_it_is_written(standing: House) -> None:
    """The part that was written stays, and the job is done, long before the model would have ended."""
    standing.openai.switches.answer = "word " * 400
    standing.openai.switches.piece_delay = 1.0
    question = standing.ask("a long one?")
    key = f"{question.channel}-{question.ts}-{question.ts}"
    standing.slack.wait_for(lambda: is_growing(standing, question))

    status, _ = post(standing, form(click("stop", key)))
    reply = standing.answer_to(question)
    wait_until(lambda: Key.parse(key) in standing.spool.keys("done"))

    assert 200 == status
    assert 1 == len(standing.replies(question))
    assert 1 <= reply.text.count("word") < 200
    assert 1 == len(standing.openai.requests)


def is_growing(deployment: House, question: Message) -> bool:
    """Return True if the reply shows the model's first words."""
    return any("word" in message.text for message in deployment.replies(question))
