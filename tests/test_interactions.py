"""`POST /slack/interactions` through a whole deployment: clicks that are stored, ignored or duplicates; a stop.

The payloads are made here, because the practice Slack sends no malformed ones. tests/test_webhook.py has the table of
clicks and their outcomes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from cocoai.errors import ClickNotAllowed
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.key import Key
from tests.deployment import Deployment, deploy
from tests.http_client import request
from tests.processes import wait_until
from tests.slack_payloads import click, form
from tests.test_journey import everything

DOOR = "/slack/interactions"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Yield one deployment for all tests of this module, once it knows its own identity."""
    with deploy(tmp_path_factory.mktemp("house"), certificates) as deployment:
        wait_until((deployment.var / "identity.json").exists)
        yield deployment


def post(
    deployment: Deployment,
    body: bytes,
    *,
    headers: dict[str, str] | None = None,
    at: float = 0.0,
    secret: str | None = None,
) -> tuple[int, bytes]:
    """Post a form as Slack does, signed as of `at` seconds from now; return the status and the body of the response.

    `headers` replaces the signature; `secret` replaces the signing secret.
    """
    signed = headers if headers is not None else deployment.slack.signed(body, at=time.time() + at, secret=secret)
    content_type = {"Content-Type": "application/x-www-form-urlencoded"}
    return request(deployment.address, "POST", DOOR, body, signed | content_type)


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
        pytest.param(click(user=None, actions={"a": 1}), id="odd fields"),
        pytest.param(click("stop"), id="a stop for nobody"),
    ],
)
def test_any_other_interaction_is_accepted_and_ignored(standing: Deployment, payload: object) -> None:
    """A payload that is no click on a button of CocoAI is answered with an empty 200, and nothing is stored."""
    before = everything(standing)

    response = post(standing, form(payload))

    assert (200, b"") == response
    assert before == everything(standing)


def test_a_click_that_is_not_allowed_is_told(standing: Deployment) -> None:
    """A stranger's click is a 403, which Slack shows to them; nothing is stored, and `cocoai status` counts it."""
    before = everything(standing)

    status, _ = post(standing, form(click(user={"id": "U0STRANGE", "team_id": "T0OTHER"})))

    assert 403 == status
    assert before == everything(standing)
    wait_until(lambda: 1 == standing.status()["pool"]["refused"][ClickNotAllowed.counter])


def test_slacks_rate_limit_is_seen_by_the_operator(standing: Deployment) -> None:
    """The notice that Slack holds events back is a line in the log, and the last error of its worker in the status."""
    notice = {"token": "x", "type": "app_rate_limited", "team_id": "T0PRACTICE", "minute_rate_limited": 1518467820}
    body = json.dumps(notice | {"api_app_id": "A0COCOAI"}).encode()
    headers = standing.slack.signed(body) | {"Content-Type": "application/json"}
    line = "event outcome=held-back-by-slack minute_rate_limited=1518467820"

    status, _ = request(standing.address, "POST", "/slack/events", body, headers)

    assert 200 == status
    wait_until(lambda: line in standing.log())
    assert line in [error["text"] for error in standing.status()["errors"]]


def test_a_replayed_click_is_a_duplicate(standing: Deployment) -> None:
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


def test_an_answer_is_stopped_while_it_is_written(standing: Deployment) -> None:
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


def is_growing(deployment: Deployment, question: Message) -> bool:
    """Return True if the reply shows the model's first words."""
    return any("word" in message.text for message in deployment.replies(question))
