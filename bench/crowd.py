"""Whether one person's backlog, or one channel's rate limit, holds anybody else up, in the production shape.

    python -m bench.crowd              both tables, about six minutes

turns     one person has 30 questions waiting all the time; others ask one each, 40 in all; 4 slots
limited   one person asks twice a second in a channel to which Slack lets one message a second; another asks once a
          second in a quiet channel, 60 questions; once with that crowd and once without it

nginx has the production site, the pool its default settings but for the limit of questions a minute, which is off; each
call of Slack takes 100 ms. A wait is from the question, by Slack's clock, until its request is at the practice OpenAI.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench import tables
from bench.journey import placeholder_times, production
from bench.tables import print_row, print_times
from bench.timed_openai import TimedOpenAI
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import Deployment
from tests.processes import wait_until
from tests.volley import person

BACKLOG = 30
"""Questions of one person that wait, besides those in hand."""

OTHERS = 40
"""Questions of others, each another person's."""

QUIET = 60
"""Questions in the quiet channel."""

LIMITED_CHANNEL, QUIET_CHANNEL = "C0PRACTICE", "G0PRIVATE"

PATIENCE = 60.0
"""Seconds to wait for one question's turn."""


def turns(folder: Path, certificates: Certificates) -> None:
    """Measure how many answers' lengths another person's question waits behind somebody's backlog."""
    thinking = Model(first_delay=1.5, piece_delay=0.05)
    waits: list[float] = []
    with production(
        folder, certificates, manner=SlackSwitches(latency=0.1), openai=partial(TimedOpenAI, switches=thinking)
    ) as (built, _door):
        model = timed(built)
        with repeated(partial(top_up, built), pause=0.1):
            wait_until(lambda: len(built.spool.keys("ready")) >= BACKLOG)
            for number in range(OTHERS):
                word = f"other{number}"
                message = built.slack.say(person(built, number), f"<@U0COCOAI> {word}", channel=QUIET_CHANNEL)
                wait_until(lambda word=word: word in model.starts, PATIENCE)  # type: ignore[misc]
                waits.append(model.starts[word] - float(message.ts))
                time.sleep(0.37)  # so that the questions come at all stages of the answers in hand
        length = statistics.median(model.lengths)
    print_row("answers", len(model.lengths), "their length (s)", f"{length:.2f}")
    print_times("wait (s)", waits)
    print_times("wait (answers' lengths)", [wait / length for wait in waits])


def limited(folder: Path, certificates: Certificates) -> None:
    """Measure how soon a placeholder is in a quiet channel, beside a rate-limited one and without it."""
    for label, is_crowded in (("beside a limited channel", True), ("without it", False)):
        own = folder / label.split()[0]
        own.mkdir()
        manner = SlackSwitches(latency=0.1, limited=frozenset({LIMITED_CHANNEL}))
        thinking = partial(TimedOpenAI, switches=Model(first_delay=0.3, piece_delay=0.02))
        with production(own, certificates, manner=manner, openai=thinking) as (built, _door):
            pause = 0.5 if is_crowded else PATIENCE * 60
            with repeated(partial(built.ask, "crowded"), pause=pause):
                questions = list(ask_quietly(built))
            for question in questions:
                built.answer_to(question, PATIENCE)
            print_times(f"placeholder {label} (s)"[:28], placeholder_times(built, questions))
            refused = sum(1 for call in built.slack.calls if call.outcome == "ratelimited")
            print_row(label, len(questions), "calls that Slack limited", refused)


def ask_quietly(built: Deployment) -> Iterator[Message]:
    """Let one person ask in the quiet channel, once a second."""
    somebody = person(built, 0)
    for number in range(QUIET):
        yield built.slack.say(somebody, f"<@U0COCOAI> quiet {number}", channel=QUIET_CHANNEL)
        time.sleep(1.0)


def timed(built: Deployment) -> TimedOpenAI:
    """Return the deployment's practice OpenAI, which notes its times."""
    assert isinstance(built.openai, TimedOpenAI)
    return built.openai


def top_up(built: Deployment) -> None:
    """Let the person with the backlog ask until BACKLOG questions wait, besides one for each slot."""
    for _ in range(BACKLOG + 4 - len(built.spool.keys("ready"))):
        built.ask("backlog")


@contextmanager
def repeated(function: Callable[[], object], *, pause: float) -> Iterator[None]:
    """Call a function in a thread, every `pause` seconds, until the context ends."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.is_set():
            function()
            ended.wait(pause)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


if __name__ == "__main__":
    tables.run(__doc__, {"turns": turns, "limited": limited})
