"""What people do with shortcuts in tests, between an answerer and the practice servers, and what they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.texts import ENGLISH
from tests.answer_harness import AnswerHarness
from tests.interactions_endpoint import InteractionsEndpoint

BY = "U0ASKER01"
"""Who uses a shortcut; this person's Slack is in Japanese."""

SECOND = "U0ASKER02"
OUTSIDE = "C0OUTSIDE"
"""A channel in which we are no member."""

ANSWER = "こんにちは、みなさん。"

PRIVATE = f"{ANSWER}\n\n{ENGLISH.tasks['private']}"
"""What whoever asked reads of it where we cannot write."""


Play = tuple[AnswerHarness, InteractionsEndpoint]


@contextmanager
def playing(var: Path, certificates: Certificates) -> Iterator[Play]:
    """Yield an answerer and the endpoint to which the practice Slack posts; nobody waits for anything."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        made = AnswerHarness(var, certificates, slack, openai)
        made.sleep = lambda _seconds: None
        openai.switches.answer = ANSWER
        with InteractionsEndpoint(made, certificates) as endpoint:
            slack.subscribe(f"{endpoint.url}/slack/events", f"{endpoint.url}/slack/interactions")
            yield made, endpoint
        made.close_connections()


def say(harness: AnswerHarness, text: str = "Hello everybody.", channel: str = "C0PRACTICE", **more: Any) -> Message:
    """Post a message of somebody's; return it."""
    return harness.slack.say(SECOND, text, channel=channel, **more)


def use(harness: AnswerHarness, message: Message, task: str = "translate", user: str = BY) -> None:
    """Choose a shortcut in the menu of a message, as a person does."""
    assert harness.slack.shortcut(user, message.ts, f"cocoai_{task}", channel=message.channel).is_accepted


def run_all(harness: AnswerHarness) -> None:
    """Claim and do one job after another until none is claimable."""
    for _ in range(20):
        job = harness.spool.claim()
        if job is None:
            return
        harness.answerer().answer(job)
        job.release()
        harness.close_connections()
    raise AssertionError("jobs without an end")


def replies(harness: AnswerHarness, opening: Message) -> list[str]:
    """Return the texts of our messages in the thread that a message opens."""
    thread = harness.slack.thread(opening.channel, opening.ts)
    return [message.text for message in thread if message.user == "U0COCOAI"]


def whispers(harness: AnswerHarness, channel: str = "C0PRACTICE", user: str = BY) -> list[str]:
    """Return what somebody alone was shown in a channel."""
    return [each.text for each in harness.slack.ephemeral_messages(channel) if each.only_for == user]


def conversation(harness: AnswerHarness) -> list[tuple[str, str]]:
    """Return the role and the content of each message in the newest request to the model."""
    return [(each["role"], each["content"]) for each in harness.openai.requests[-1].body["messages"]]
