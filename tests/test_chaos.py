"""bench/chaos: two short runs, and tests that its ledger notices what it looks for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.chaos.ledger import Account, Ledger, Question, answer_to, number_asked, question_text
from cocoai.rehearsal.openai.practice_openai import RecordedRequest
from cocoai.rehearsal.slack.event_delivery import Delivery
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message

ROOT = Path(__file__).parent.parent
SECONDS = 40
PATIENCE = 360.0
"""Seconds that a run may take: `SECONDS` of faults, the wait until it is idle, the start and the end."""

QUESTION = Question(7, Message("C0PRACTICE", "100.000001", "U0ASKER01", question_text(7)))
LONG = Question(20, Message("C0PRACTICE", "100.000002", "U0ASKER01", question_text(20)))


@pytest.mark.parametrize("seed", ["--seed=cocoai", ""], ids=["the same each time", "a fresh one"])
def test_chaos(seed: str) -> None:
    """Under kills, reloads, restarts and full disks nothing is lost or posted twice, and no process is left."""
    command = [sys.executable, "-m", "bench.chaos", f"--seconds={SECONDS}", *filter(None, [seed])]
    # Threads and mounts of a run belong to its process, so it runs in one of its own.
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    print(run.stdout, run.stderr)

    assert 0 == run.returncode, run.stdout + run.stderr
    figures = table(run.stdout)
    assert "0" == figures["lost"] == figures["answered twice"] == figures["answered wrongly"]
    assert "0" == figures["not deleted"]
    assert "0" == figures["files in ready/"] == figures["processes left behind"]
    assert 40 < int(figures["accepted"])
    if seed:  # with a fresh seed, some kind of fault or click may not be drawn at all
        clicks = {name: int(count) for name, count in figures.items() if name.endswith("by a click")}
        kills = {name: int(count) for name, count in figures.items() if name.startswith("injected: ")}
        assert len(clicks) == 3
        assert all(clicks.values()), clicks
        assert all(kills.values()), kills


def table(printed: str) -> dict[str, str]:
    """Return the figures of the printed table by their names."""
    lines = [
        line.rsplit(maxsplit=1) for line in printed.splitlines() if line.startswith("  ") and len(line.split()) > 1
    ]
    return {name.strip(): value for name, value in lines}


@pytest.mark.pure
@pytest.mark.parametrize(
    ("posted", "faults"),
    [
        ([("answer", 1)], []),
        ([("error", 1)], []),
        ([], ["lost"]),
        ([("placeholder", 1)], ["lost"]),
        ([("note", 1)], ["lost"]),
        ([("answer", 1), ("answer", 1)], ["twice"]),
        ([("answer", 1), ("placeholder", 1)], ["twice"]),
        ([("answer", 1), ("error", 1)], ["twice"]),
    ],
)
def test_a_question_is_lost_or_answered_twice(posted: list[tuple[str, int]], faults: list[str]) -> None:
    """A question with neither answer nor error is lost; one with two first messages is answered twice."""
    messages = [message(QUESTION, kind, n, answer_to(question_text(7))) for kind, n in posted]
    account = Account(QUESTION, True, messages, 1)

    assert faults == account.faults


@pytest.mark.pure
def test_a_question_that_was_not_accepted_is_not_lost() -> None:
    """A question that was never answered 200 is Slack's to deliver again."""
    assert [] == Account(QUESTION, False, [], 0).faults


@pytest.mark.pure
def test_a_repeated_part_is_twice_and_a_missing_one_is_garbled() -> None:
    """A part that is there twice is posted twice; a missing part, or another question's answer, is garbled."""
    words = answer_to(question_text(20)).split()
    first, second = message(LONG, "answer", 1, " ".join(words[:500])), message(LONG, "part", 2, " ".join(words[500:]))
    another = message(QUESTION, "answer", 1, answer_to(question_text(8)))

    assert [] == Account(LONG, True, [first, second], 1).faults
    assert ["twice"] == Account(LONG, True, [first, second, second], 1).faults
    assert ["garbled"] == Account(LONG, True, [first], 1).faults
    assert ["garbled"] == Account(QUESTION, True, [another], 1).faults


@pytest.mark.pure
def test_clicks_change_what_is_a_fault() -> None:
    """A stopped answer may end anywhere but must start as meant; a deleted one is not lost, but must be gone."""
    words = answer_to(question_text(20)).split()
    half, other = message(LONG, "answer", 1, " ".join(words[:500])), message(LONG, "answer", 1, " ".join(words[1:500]))
    stop, delete = frozenset({"stop"}), frozenset({"delete"})

    assert [] == Account(LONG, True, [half], 1, stop, stop).faults
    assert ["garbled"] == Account(LONG, True, [other], 1, stop, stop).faults
    assert [] == Account(LONG, True, [], 1, delete, delete).faults
    assert ["garbled", "undeleted"] == Account(LONG, True, [half], 1, delete, delete).faults
    assert ["lost"] == Account(LONG, True, [], 1, stop, stop).faults


@pytest.mark.pure
def test_a_question_is_accepted_by_any_200_and_paid_by_each_served_call() -> None:
    """A question is accepted if any delivery was answered 200, and paid for each call that the model began to serve."""
    delivered = [delivery(503, "http_error"), delivery(200, "")]
    requests = [request(7, "rate_limit_exceeded"), request(7, "cut"), request(7, "ok"), request(8, "ok")]
    accounts = Ledger([QUESTION, LONG]).accounts(delivered, requests, empty_thread)

    assert [(True, 2), (False, 0)] == [(account.is_accepted, account.paid) for account in accounts]


@pytest.mark.pure
def test_a_request_to_the_model_is_for_its_last_question() -> None:
    """A request is for the last question in it, whatever the thread holds before that one."""
    assert 8 == number_asked(request(8, "ok"))
    assert None is number_asked(RecordedRequest("/v1/models", None, {}, 0.0, "ok"))


def message(question: Question, kind: str, n: int, text: str) -> Message:
    """Make a message of ours under a question, of one kind and part number."""
    payload = {"key": question.key, "kind": kind, "n": n}
    metadata = {"event_type": "cocoai", "event_payload": payload}
    return Message(question.message.channel, "101.000000", "U0COCOAI", text, metadata=metadata)


def empty_thread(_channel: str, _ts: str) -> list[Message]:
    """Return no messages, whichever thread is asked for."""
    return []


def delivery(status: int, failure: str) -> Delivery:
    """Make a delivery of the question's message that was answered with `status`."""
    asked_in = QUESTION.message
    return Delivery("Ev01", "app_mention", asked_in.channel, asked_in.ts, 0, status, failure, 1.0, 100.0)


def request(number: int, outcome: str) -> RecordedRequest:
    """Make a request to the model that ends with question `number`, after others of the same thread."""
    body = {"messages": [{"content": question_text(3)}, {"content": f"{question_text(4)} {question_text(number)}"}]}
    return RecordedRequest("/v1/chat/completions", body, {}, 0.0, outcome)
