"""How soon the form of the shortcut *Ask* is open while all slots are busy and 20 questions wait, over nginx and TLS.

    python -m bench.forms [--uses 100]            about a minute

A trigger_id is dead after 3 s. Four answers are held in mid-air and 20 questions wait behind them; then a person uses
the shortcut so many times, one after another, and at last eight people do at one moment: four processes may open forms
at once, so some of these are told to try again. The time is Slack's: from the use to the end of the call of views.open.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from bench import tables
from bench.tables import print_row, print_times
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.workspace import Person
from tests.deployment import Deployment, deploy
from tests.held_answers import HeldAnswers
from tests.processes import wait_until

SLOTS, WAITING, AT_ONCE = 4, 20, 8
ALIVE = 3.0
"""Seconds for which a trigger_id can open a form."""

BY = "U0ASKER01"


def busy(folder: Path, certificates: Certificates, *, uses: int) -> None:
    """Measure it, and print the table."""
    answers = HeldAnswers()
    openai = partial(PracticeOpenAI, switches=Model(answer=answers))
    with deploy(folder, certificates, openai=openai, COCOAI_POOL_SLOTS=str(SLOTS)) as built:
        people = [f"U0BUSY{n:02}" for n in range(SLOTS + WAITING)]
        for user in people:
            built.slack.add(Person(user, user.title()))
        message = built.slack.say("U0ASKER02", "Hello everybody.")
        for user in people:
            built.slack.say(user, "<@U0COCOAI> and I?")
        wait_until(lambda: len(answers.asked) == SLOTS and len(built.spool.keys("ready")) == len(people))
        try:
            seconds = [opened(built, BY, message.ts) for _ in range(uses)]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                many = list(pool.map(lambda user: opened(built, user, message.ts), people[:AT_ONCE]))
            print_row("slots busy", len(answers.asked), "questions waiting", len(built.spool.keys("ready")) - SLOTS)
        finally:
            answers.let_go.set()
        print_times("one after another: form after (ms)", [1000 * each for each in seconds if each is not None])
        print_row("opened", sum(each is not None for each in seconds), "of", uses)
        print_times("at once: form after (ms)", [1000 * each for each in many if each is not None])
        print_row("opened", sum(each is not None for each in many), "of", AT_ONCE)


def opened(built: Deployment, user: str, ts: str) -> float | None:
    """Use the shortcut, and return the seconds until the person has the form; None if there is none in time."""
    before = len(built.slack.views_of(user))
    began = time.monotonic()
    if not built.slack.shortcut(user, ts, "cocoai_ask").is_accepted:
        return None
    while len(built.slack.views_of(user)) == before:
        if time.monotonic() - began > ALIVE:
            return None
        time.sleep(0.002)
    return time.monotonic() - began


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uses", type=int, default=100)
    options = parser.parse_args()
    tables.print_tables([], {"busy": partial(busy, uses=options.uses)})


if __name__ == "__main__":
    main()
