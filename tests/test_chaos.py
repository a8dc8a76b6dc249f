"""bench/chaos: some of it in every run of the tests, and whether its ledger would see what it looks for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.chaos.ledger import Account, Ledger, Question, answer_to, asked_text, number_asked
from cocoai.rehearsal.openai.practice_openai import RecordedRequest
from cocoai.rehearsal.slack.event_delivery import Delivery
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message

ROOT = Path(__file__).parent.parent
SECONDS = 40
PATIENCE = 360.0
"""Seconds: of chaos; and with the rest afterwards, the start and the end."""

QUESTION = Question(7, Message("C0PRACTICE", "100.000001", "U0ASKER01", asked_text(7)))
LONG = Question(20, Message("C0PRACTICE", "100.000002", "U0ASKER01", asked_text(20)))


@pytest.mark.parametrize("seed", ["--seed=cocoai", ""], ids=["the same each time", "a fresh one"])
def test_chaos(seed: str) -> None:
    """Kills, reloads, restarts and full disks: nothing is lost, nothing is said twice, nobody is left."""
    command = [sys.executable, "-m", "bench.chaos", f"--seconds={SECONDS}", *filter(None, [seed])]
    # A process of its own, as its threads and its mounts are.
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    print(run.stdout, run.stderr)

    assert 0 == run.returncode, run.stdout + run.stderr
    figures = table(run.stdout)
    assert "0" == figures["lost"] == figures["answered twice"] == figures["answered wrongly"]
    assert "0" == figures["not taken away"]
    assert "0" == figures["files in ready/"] == figures["processes left behind"]
    assert 40 < int(figures["accepted"])
    if seed:  # chance may leave something out
        clicks = {name: int(count) for name, count in figures.items() if name.endswith("by a click")}
        kills = {name: int(count) for name, count in figures.items() if name.startswith("done to it")}
        assert len(clicks) == 3
        assert all(clicks.values()), clicks
        assert all(kills.values()), kills


def table(printed: str) -> dict[str, str]:
    """The figures by their names."""
    lines = [
        line.rsplit(maxsplit=1) for line in printed.splitlines() if line.startswith("  ") and len(line.split()) > 1
    ]
    return {name.strip(): value for name, value in lines}


@pytest.mark.pure
@pytest.mark.parametrize(
    ("said", "wrong"),
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
def test_verdict(said: list[tuple[str, int]], wrong: list[str]) -> None:
    """Lost: neither answered nor told. Twice: more than one first message."""
    account = Account(QUESTION, True, [of(QUESTION, kind, n, answer_to(asked_text(7))) for kind, n in said], 1)

    assert wrong == account.faults


@pytest.mark.pure
def test_not_accepted_is_not_lost() -> None:
    """What was never answered 200 is Slack's to send again."""
    assert [] == Account(QUESTION, False, [], 0).faults


@pytest.mark.pure
def test_verdict_on_parts() -> None:
    """A part that is there twice is said twice; one that is missing, or another question's answer, is wrong."""
    words = answer_to(asked_text(20)).split()
    first, second = of(LONG, "answer", 1, " ".join(words[:500])), of(LONG, "part", 2, " ".join(words[500:]))

    assert [] == Account(LONG, True, [first, second], 1).faults
    assert ["twice"] == Account(LONG, True, [first, second, second], 1).faults
    assert ["garbled"] == Account(LONG, True, [first], 1).faults
    assert ["garbled"] == Account(QUESTION, True, [of(QUESTION, "answer", 1, answer_to(asked_text(8)))], 1).faults


@pytest.mark.pure
def test_verdict_on_what_was_clicked() -> None:
    """A stopped answer may end anywhere, but says nothing else; what was taken away is not lost, but must be gone."""
    words = answer_to(asked_text(20)).split()
    half, other = of(LONG, "answer", 1, " ".join(words[:500])), of(LONG, "answer", 1, " ".join(words[1:500]))
    stop, delete = frozenset({"stop"}), frozenset({"delete"})

    assert [] == Account(LONG, True, [half], 1, stop, stop).faults
    assert ["garbled"] == Account(LONG, True, [other], 1, stop, stop).faults
    assert [] == Account(LONG, True, [], 1, delete, delete).faults
    assert ["garbled", "left"] == Account(LONG, True, [half], 1, delete, delete).faults
    assert ["lost"] == Account(LONG, True, [], 1, stop, stop).faults


@pytest.mark.pure
def test_accounts() -> None:
    """Accepted is what any delivery of the message was answered 200; paid every call that the model began to serve."""
    delivered = [delivery(503, "http_error"), delivery(200, "")]
    asked = [request(7, "rate_limit_exceeded"), request(7, "cut"), request(7, "ok"), request(8, "ok")]
    accounts = Ledger([QUESTION, LONG]).accounts(delivered, asked, lambda *_: [])

    assert [(True, 2), (False, 0)] == [(account.accepted, account.paid) for account in accounts]


@pytest.mark.pure
def test_number_asked() -> None:
    """The question that a request is for is its last one, whatever was said in the thread before."""
    assert 8 == number_asked(request(8, "ok"))
    assert None is number_asked(RecordedRequest("/v1/models", None, {}, 0.0, "ok"))


def of(question: Question, kind: str, n: int, text: str) -> Message:
    """A message of ours for a question."""
    payload = {"key": question.key, "kind": kind, "n": n}
    metadata = {"event_type": "cocoai", "event_payload": payload}
    return Message(question.message.channel, "101.000000", "U0COCOAI", text, metadata=metadata)


def delivery(status: int, failure: str) -> Delivery:
    message = QUESTION.message
    return Delivery("Ev01", "app_mention", message.channel, message.ts, 0, status, failure, 1.0, 100.0)


def request(number: int, outcome: str) -> RecordedRequest:
    body = {"messages": [{"content": asked_text(3)}, {"content": f"{asked_text(4)} {asked_text(number)}"}]}
    return RecordedRequest("/v1/chat/completions", body, {}, 0.0, outcome)
