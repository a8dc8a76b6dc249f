"""What stands in Slack at each second while an answer does not come, in both languages, over a production nginx.

    python -m bench.waiting            all tables, about five minutes

slow      the model thinks for 25 seconds before its first word
retries   OpenAI limits the rate, is overloaded, and hangs up, one after the other; the fourth try is answered
stop      OpenAI limits the rate for a minute; the asker presses *Stop* in the eighth second

Each is asked in Japanese and in English at the same moment. A line is a text, with the seconds for which it stood:
those of the looks that found it, one a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from bench import tables
from bench.journey import model, production
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_faults import FaultKind
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import Deployment, payload
from tests.test_controls import press

WORDS = {"ja": "議事録の書き方を教えて", "en": "how do I write minutes?"}

PATIENCE = 240
"""Seconds after which a table ends in any case."""

WIDTH = 90
"""Characters of a text that are printed."""

KINDS: tuple[FaultKind, ...] = ("rate limited", "overloaded", "gone")


def slow(folder: Path, certificates: Certificates) -> None:
    """Show what stands while the model thinks."""
    thinking = model(piece_delay=0.3)
    with production(folder, certificates, manner=SlackSwitches(latency=0.1), openai=thinking) as (built, _door):
        built.openai.fail("pause", len(WORDS), seconds=25.0)
        print_timeline(built, ask(built))


def retries(folder: Path, certificates: Certificates) -> None:
    """Show what stands until the fourth try."""
    with production(folder, certificates, manner=SlackSwitches(latency=0.1)) as (built, _door):
        for kind in KINDS:
            built.openai.fail(kind, len(WORDS))
        print_timeline(built, ask(built))


def stop(folder: Path, certificates: Certificates) -> None:
    """Show what stands before and after a stop in a wait."""
    with production(folder, certificates, manner=SlackSwitches(latency=0.1)) as (built, _door):
        built.openai.fail("rate limited", len(WORDS), seconds=60.0)
        questions = ask(built)

        def press_in_time(second: int) -> None:
            if second == 8:
                for question in questions.values():
                    press(built, built.replies(question)[0], "stop")

        print_timeline(built, questions, press_in_time)


def ask(built: Deployment) -> dict[str, Message]:
    """Ask in both languages; return the questions by the language."""
    return {language: built.ask(words) for language, words in WORDS.items()}


def do_nothing(_: int) -> None:
    """Let the second pass."""


def print_timeline(built: Deployment, questions: dict[str, Message], act: Callable[[int], None] = do_nothing) -> None:
    """Look at all replies once a second until they are answers, and print what stood when; `act` gets each second."""
    began = time.monotonic()
    seen: dict[str, list[str]] = {language: [] for language in questions}
    for second in range(PATIENCE):
        time.sleep(max(0.0, began + second - time.monotonic()))
        act(second)
        are_done = [look(built, question, seen[language]) for language, question in questions.items()]
        if all(are_done):
            break
    for language, texts in seen.items():
        print(f"  {language}")
        second = 0
        for text, looks in groupby(texts):
            last = second + len(list(looks)) - 1
            print(f"  {second:5} to {last:3} s   {text}")
            second = last + 1


def look(built: Deployment, question: Message, seen: list[str]) -> bool:
    """Add to `seen` what stands below a question now, "-" if nothing does; return True if it is the answer."""
    replies = built.replies(question)
    seen.append(" ".join(replies[0].text.split())[:WIDTH] if replies else "-")
    return bool(replies) and payload(replies[0])["kind"] == "answer"


if __name__ == "__main__":
    tables.run(__doc__, {"slow": slow, "retries": retries, "stop": stop})
