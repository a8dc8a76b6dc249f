"""How a reply grows, in the production shape, over TLS, against a Slack with its rate tiers and 100 ms of latency.

    python -m bench.growing [first] [four]            both tables, about four minutes

first   40 questions, four at a time, to a model that writes for 3 s: the time from its first words to the first words
        in Slack. No more questions a minute than Slack's tier bears: beyond it, updates of growing replies are skipped
four    four replies that grow at once for a minute, twice: how often each is updated, what Slack refused, and whether
        the last words of each arrived

The model's first words count from when they leave the practice OpenAI; the first words in Slack, from the end of the
call that shows them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench import tables
from bench.asked import kind_of_update
from bench.tables import print_row, print_times
from bench.timed_openai import TimedOpenAI
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.slack.gateway import Call
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import Deployment, deploy, payload

PATIENCE = 240.0
"""Seconds to wait for an answer."""

AT_ONCE = 4
QUESTIONS = 40
EVERY = 12.0
"""Seconds from four questions to the next four: with two updates for each, 40 updates a minute."""

WORDS = "word by word it grows and grows, " * 4
END = "and this is its end."


@contextmanager
def growing_house(folder: Path, certificates: Certificates, *, seconds: float, pieces: int) -> Iterator[Deployment]:
    """Run CocoAI with Slack's rate tiers and latency, and a model that writes `pieces` in so many seconds."""
    model = Model(answer=WORDS * (pieces // 16) + END, pieces=pieces, piece_delay=seconds / pieces)
    manner = SlackSwitches(rate_limits=True, latency=0.1)
    with deploy(folder, certificates, manner=manner, openai=partial(TimedOpenAI, switches=model)) as built:
        yield built


def first(folder: Path, certificates: Certificates) -> None:
    """Measure how soon the asker sees the model's first words."""
    with growing_house(folder, certificates, seconds=3.0, pieces=60) as built:
        questions = [question for start in range(0, QUESTIONS, AT_ONCE) for question in ask(built, start, EVERY)]
        shown = built.slack.wait_for(lambda: first_words(built, questions))
        assert isinstance(built.openai, TimedOpenAI)
        written = built.openai.first_pieces
        print_times("first words after (ms)", [(shown[each.ts] - written[number(each)]) * 1000 for each in questions])


def four(folder: Path, certificates: Certificates) -> None:
    """Measure how four growing replies share the updates that Slack's tier allows, and whether each gets its end."""
    with growing_house(folder, certificates, seconds=60.0, pieces=600) as built:
        questions = [question for start in range(0, 2 * AT_ONCE, AT_ONCE) for question in ask(built, start)]
        updates = [call for call in built.slack.calls if call.method == "chat.update"]
        grown = [call for call in updates if kind_of_update(call) == "placeholder" and call.outcome == "ok"]
        minutes = sum(span(grown, half) for half in (questions[:AT_ONCE], questions[AT_ONCE:])) / 60
        print_row("replies at once", AT_ONCE, "updates a minute, all together", f"{len(grown) / minutes:.1f}")
        print_row("calls of chat.update", len(updates), "by outcome", dict(Counter(call.outcome for call in updates)))
        whole = sum(1 for each in questions if text_of(built, each).endswith(END))
        print_row("answers", len(questions), "with their last words", whole)


def ask(built: Deployment, start: int, seconds: float = 0.0) -> list[Message]:
    """Ask four questions at the same moment, numbered from `start`, and wait for their answers.

    Return the questions, after at least so many seconds.
    """
    began = time.monotonic()
    texts = [f"how does it grow, number {index}" for index in range(start, start + AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as askers:
        questions = list(askers.map(built.ask, texts))
    for question in questions:
        built.answer_to(question, PATIENCE)
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    return questions


def number(question: Message) -> str:
    return question.text.split()[-1]


def first_words(built: Deployment, questions: Sequence[Message]) -> dict[str, float] | None:
    """Return when Slack first showed words of each answer, in epoch seconds, by the question's ts.

    Return None while an answer is without words.
    """
    shown: dict[str, float] = {}
    for call in built.slack.calls:
        if kind_of_update(call) in ("placeholder", "answer") and call.outcome == "ok":
            shown.setdefault(question_ts(call), call.time + call.seconds)
    return shown if shown.keys() >= {question.ts for question in questions} else None


def question_ts(call: Call) -> str:
    """Return the ts of the question in the metadata of a message that we post or update."""
    return str(call.arguments["metadata"]["event_payload"]["key"]).rpartition("-")[2]


def span(grown: Sequence[Call], questions: Sequence[Message]) -> float:
    """Return the seconds from the first to the last update of these questions' growing replies."""
    wanted = {question.ts for question in questions}
    at = [call.time for call in grown if question_ts(call) in wanted]
    return max(at) - min(at)


def text_of(built: Deployment, question: Message) -> str:
    """Return the whole answer to a question, from all its messages, whether it is shown in blocks or in text."""
    return "".join(shown_text(each) for each in built.replies(question) if payload(each)["kind"] in ("answer", "part"))


def shown_text(message: Message) -> str:
    """Return the Markdown of a message's blocks, or its text if it has no such blocks."""
    markdown = [block["text"] for block in message.blocks if block.get("type") == "markdown"]
    return "".join(markdown) or message.text


if __name__ == "__main__":
    tables.run(__doc__, {"first": first, "four": four})
