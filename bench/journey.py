"""How soon a placeholder follows a question, in the production shape, over TLS, against the practice Slack and OpenAI.

    python -m bench.journey            all tables, about three minutes

slow    100 questions within 10 s to a model that thinks for 20 s; a slot for each; both twins, three redeliveries each
rush    the same, all at the same moment
burst   30 questions at once in one channel, 4 slots, Slack's rate tiers and 100 ms of latency on
alone   30 questions, one after another, with 100 ms of latency

nginx has the production site of etc/nginx/, and each question is another person's.
A delivery's time is nginx's own ($request_time): from the first byte of Slack's request to the last of our answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench import tables
from bench.tables import print_row, print_times
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import Deployment, deploy
from tests.volley import FrontDoor, person, production_site

PATIENCE = 240.0
"""Seconds to wait for an answer."""


def slow(folder: Path, certificates: Certificates, pause: float = 0.1) -> None:
    """Measure whether Slack has its 200 within 3 s when the model takes 20 s; a question every `pause` seconds."""
    manner = SlackSwitches(repeat=3, retry_waits=(0.0, 1.0, 2.0))
    settings: dict[str, Any] = {"openai": model(first_delay=20.0), "COCOAI_POOL_SLOTS": "100"}
    with production(folder, certificates, manner=manner, **settings) as (built, door):
        questions = []
        for number in range(100):
            built.slack.switches.twins = "mention first" if number % 2 else "message first"
            questions.append(ask(built, number))
            time.sleep(pause)
        wait_for_all(built, questions)
        deliveries = built.slack.wait_for_deliveries(PATIENCE)
        print_row("deliveries", len(deliveries), "of them 200", sum(1 for each in deliveries if each.status == 200))
        print_times("200 after, at nginx (ms)", door.request_times())
        print_times("200 after, at Slack (ms)", [each.milliseconds for each in deliveries])
        print_times("placeholder after (s)", placeholder_times(built, questions))
        print_counts(built, questions)


def burst(folder: Path, certificates: Certificates) -> None:
    """Measure how soon all askers have a placeholder when every slot is busy and Slack limits the posts."""
    manner = SlackSwitches(rate_limits=True, latency=0.1)
    thinking = model(first_delay=1.0, piece_delay=0.05)
    with production(folder, certificates, manner=manner, openai=thinking) as (built, door):
        questions = [ask(built, number) for number in range(30)]
        most = watch_locks(built, questions)
        waits = placeholder_times(built, questions)
        print_times("200 after, at nginx (ms)", door.request_times())
        print_times("placeholder after (s)", waits)
        print_row("last placeholder (s)", f"{max(waits):.2f}", "Slack's own floor (s)", f"{30 - 4:.2f}")
        print_row("most slots held", most["slot"], "most placeholder locks", most["placeholder"])
        print_counts(built, questions)


def alone(folder: Path, certificates: Certificates) -> None:
    """Measure how soon one asker has a placeholder when nobody else asks."""
    with production(folder, certificates, manner=SlackSwitches(latency=0.1)) as (built, door):
        questions = []
        for number in range(30):
            questions.append(ask(built, number))
            built.answer_to(questions[-1])
        print_times("200 after, at nginx (ms)", door.request_times())
        print_times("placeholder after (s)", placeholder_times(built, questions))
        print_counts(built, questions)


def rush(folder: Path, certificates: Certificates) -> None:
    """Measure the same as `slow` with all questions at one moment, on a machine of two processors."""
    slow(folder, certificates, pause=0.0)


@contextmanager
def production(folder: Path, certificates: Certificates, **arguments: Any) -> Iterator[tuple[Deployment, FrontDoor]]:
    """Start a deployment with these arguments of `deploy`, and the production site before it, to which Slack posts."""
    var, site = folder / "var", folder / "site"
    var.mkdir()
    site.mkdir()
    with deploy(var, certificates, **arguments) as built, production_site(built, site) as door:
        yield built, door


def ask(built: Deployment, number: int) -> Message:
    """Let the person of this number mention CocoAI in C0PRACTICE."""
    return built.slack.say(person(built, number), f"<@U0COCOAI> question {number}?")


def model(**switches: Any) -> Callable[[Certificates], PracticeOpenAI]:
    """Return what makes a practice OpenAI with these switches."""
    return partial(PracticeOpenAI, switches=Model(**switches))


def wait_for_all(built: Deployment, questions: Sequence[Message]) -> None:
    """Wait until each question has its answer."""
    for question in questions:
        built.answer_to(question, PATIENCE)


def watch_locks(built: Deployment, questions: Sequence[Message]) -> dict[str, int]:
    """Wait until each question has its answer; return how many slots and placeholder locks were held at most."""
    most = {"slot": 0, "placeholder": 0}
    deadline = time.monotonic() + PATIENCE
    while len(built.spool.keys("done")) < len(questions) and time.monotonic() < deadline:
        held = built.held_locks()
        for kind in most:
            most[kind] = max(most[kind], sum(1 for name in held if name.startswith(kind)))
        time.sleep(0.02)
    wait_for_all(built, questions)
    return most


def placeholder_times(built: Deployment, questions: Sequence[Message]) -> list[float]:
    """Return the seconds from each question to its placeholder, by Slack's own time stamps."""
    return [float(built.replies(question)[0].ts) - float(question.ts) for question in questions]


def print_counts(built: Deployment, questions: Sequence[Message]) -> None:
    """Print how many questions have exactly one reply, and how often the model was called."""
    replies = [len(built.replies(question)) for question in questions]
    print_row("questions", len(questions), "with exactly one reply", replies.count(1))
    calls = sum(1 for each in built.openai.requests if each.path.endswith("/chat/completions"))
    print_row("calls of the model", calls, "jobs done", len(built.spool.keys("done")))


if __name__ == "__main__":
    tables.run(__doc__, {"slow": slow, "rush": rush, "burst": burst, "alone": alone})
