"""Money through a whole deployment: what the practice OpenAI bills, by its own books, is what the ledger says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import Deployment, deploy, payload
from tests.held_answers import HeldAnswers
from tests.processes import wait_until
from tests.test_journey import job_processes

ASKERS = ("U0ASKER01", "U0ASKER02", "U0ASKER04")


@pytest.fixture
def deployment(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Yield a deployment in Tokyo's months, with answers that say what they cost."""
    folder = tmp_path_factory.mktemp("house")
    with deploy(folder, certificates, COCOAI_BUDGET_TIMEZONE="Asia/Tokyo", COCOAI_BUDGET_SHOW_COST="on") as running:
        yield running


def usage(deployment: Deployment, *arguments: str) -> dict[str, Any]:
    """Return what `cocoai usage --json` prints."""
    command = [sys.executable, "-m", "cocoai", "usage", "--json", "--config", str(deployment.var / "cocoai.ini")]
    done = subprocess.run([*command, *arguments], check=True, capture_output=True, timeout=60)
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


def ask(deployment: Deployment, user: str, text: str) -> Message:
    """Mention CocoAI as this person."""
    return deployment.slack.say(user, f"<@U0COCOAI> {text}")


def test_three_people_s_answers_stand_in_the_ledger(deployment: Deployment) -> None:
    """To the nano-dollar, by person; each answer says its own cost, and "usage" says the sum."""
    questions = [ask(deployment, user, f"question {n}?") for n in range(2) for user in ASKERS]
    answers = [deployment.answer_to(question) for question in questions]
    asked = ask(deployment, ASKERS[0], "usage")
    wait_until(lambda: deployment.replies(asked) and payload(deployment.replies(asked)[0])["kind"] == "note")

    shown, billed = usage(deployment), deployment.openai.billed
    assert (billed, 6, 0) == (shown["spent_nano"], shown["calls"], shown["open_holds"])
    assert dict.fromkeys(ASKERS, 2) == {each["name"]: each["calls"] for each in shown["by_person"]}
    assert all("gpt-6-luna.)" in answer.text for answer in answers)
    assert "3 people asked 6 questions" in deployment.replies(asked)[0].text
    assert [ASKERS[0]] == [message.only_for for message in deployment.slack.ephemeral_messages()]


def test_a_process_that_is_killed_in_mid_call_leaves_no_money_tied_up(deployment: Deployment) -> None:
    """Its call may be billed: it is booked as lost, and the next process pays its own."""
    deployment.openai.switches.answer = answers = HeldAnswers("Yes.")
    question = ask(deployment, ASKERS[0], "once?")
    wait_until(lambda: answers.asked)
    for pid in job_processes(deployment):
        os.kill(pid, signal.SIGKILL)
    answers.let_go.set()
    deployment.answer_to(question)
    wait_until(lambda: not deployment.held_locks())
    deployment.openai.switches = OpenAISwitches()

    shown = usage(deployment)
    assert (0, 1, 1) == (shown["open_holds"], shown["sources"]["lost"], shown["sources"]["priced"])
    assert deployment.openai.billed <= shown["spent_nano"]
