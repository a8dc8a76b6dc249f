"""The second door to Slack, in the production shape: what is clicked comes through real nginx into a real pool.

The clicks are made here, so that some can be odd; tests/test_webhook.py has the table of what becomes of each.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.key import Key
from tests.house import House, house, payload
from tests.http_client import request
from tests.processes import wait_until
from tests.slack_payloads import click, form
from tests.test_journey import everything

DOOR = "/slack/interactions"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[House]:
    """One house for all of them, which knows who it is."""
    with house(tmp_path_factory.mktemp("house"), certificates) as built:
        wait_until((built.var / "identity.json").exists)
        yield built


def post(
    built: House, body: bytes, *, headers: dict[str, str] | None = None, at: float = 0.0, secret: str | None = None
) -> tuple[int, bytes]:
    """Status and body, as Slack would hear them of a form posted `at` seconds from now."""
    signed = headers if headers is not None else built.slack.signed(body, at=time.time() + at, secret=secret)
    return request(built.address, "POST", DOOR, body, {**signed, "Content-Type": "application/x-www-form-urlencoded"})


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
