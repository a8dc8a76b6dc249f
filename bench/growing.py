"""How a reply grows, in the production shape, over TLS, against a Slack with its rate tiers and 100 ms of latency.

    python -m bench.growing [first] [four]            both tables, about four minutes

first   40 questions, four at a time, to a model that writes for 3 s: from its first piece to the first words in Slack;
        as many in a minute as Slack's tier bears, for beyond it growing replies are skipped
four    four replies that grow at once for a minute, twice: how often each, what Slack refused, and whether the last
        words of each arrived

The model's first piece counts from when it leaves the practice OpenAI; the first words, when Slack has shown them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from bench.journey import row, times
from bench.question import kind_of_update
from cocoai.rehearsal.certificates import Certificates, make
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.practice_server import Incoming, Outgoing
from cocoai.rehearsal.slack.gateway import Call
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.house import House, house, payload

PATIENCE = 240.0
SLACK = {"rate_limits": True, "latency": 0.1}
AT_ONCE = 4
QUESTIONS = 40
EVERY = 12.0
"""Seconds from four questions to the next four: two updates of each are 40 a minute."""

WORDS = "word by word it grows and grows, " * 4
END = "and this is its end."


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="all, if none is named")
    chosen = parser.parse_args().tables or list(TABLES)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        certificates = make(Path(folder) / "certificates")
        for name in chosen:
            print(f"\n{name}", flush=True)
            TABLES[name](Path(folder) / name, certificates)


class Watched(PracticeOpenAI):
    """One that notes in `begun`, by the question's number, when the first piece of its answer left: epoch seconds."""

    def __init__(self, certificates: Certificates, *, seconds: float, pieces: int) -> None:
        answer = WORDS * (pieces // 16) + END
        super().__init__(certificates, switches=Model(answer=answer, pieces=pieces, piece_delay=seconds / pieces))
        self.begun: dict[str, float] = {}
        self.whole = answer

    def answer(self, incoming: Incoming) -> Outgoing:
        outgoing = super().answer(incoming)
        if isinstance(outgoing.body, bytes):
            return outgoing
        asked = json.loads(incoming.body)["messages"][-1]["content"]
        return replace(outgoing, body=self._noted(outgoing.body, asked.split()[-1]))

    def _noted(self, pieces: Iterable[bytes], number: str) -> Iterator[bytes]:
        for piece in pieces:
            if b'"content": "w' in piece:
                self.begun.setdefault(number, time.time())
            yield piece


def first(folder: Path, certificates: Certificates) -> None:
    """How long the asker waits for the first words once there are some."""
    folder.mkdir()
    watched = Watched(certificates, seconds=3.0, pieces=60)
    with house(folder, certificates, manner=SlackSwitches(**SLACK), openai=lambda _: watched) as built:
        questions = [question for start in range(0, QUESTIONS, AT_ONCE) for question in ask(built, start, EVERY)]
        shown = built.slack.wait_for(lambda: first_words(built, questions))
        times("first words after (ms)", [(shown[each.ts] - watched.begun[number(each)]) * 1000 for each in questions])


def four(folder: Path, certificates: Certificates) -> None:
    """What Slack bears is shared, and nothing is lost at the end."""
    folder.mkdir()
    watched = Watched(certificates, seconds=60.0, pieces=600)
    with house(folder, certificates, manner=SlackSwitches(**SLACK), openai=lambda _: watched) as built:
        questions = [question for start in range(0, 2 * AT_ONCE, AT_ONCE) for question in ask(built, start)]
        updates = [call for call in built.slack.calls if call.method == "chat.update"]
        grown = [call for call in updates if kind_of_update(call) == "placeholder" and call.outcome == "ok"]
        minutes = sum(span(grown, half) for half in (questions[:AT_ONCE], questions[AT_ONCE:])) / 60
        row("replies at once", AT_ONCE, "updates a minute, all together", f"{len(grown) / minutes:.1f}")
        row("calls of chat.update", len(updates), "by outcome", dict(Counter(call.outcome for call in updates)))
        whole = sum(1 for each in questions if text_of(built, each).endswith(END))
        row("answers", len(questions), "with their last words", whole)


def ask(built: House, start: int, seconds: float = 0.0) -> list[Message]:
    """Four questions in the same instant, and all their answers awaited, for at least so many seconds."""
    began = time.monotonic()
    asked: list[Message] = []
    askers = [
        threading.Thread(target=lambda n=n: asked.append(built.ask(f"how does it grow, number {n}")))  # type: ignore[misc]
        for n in range(start, start + AT_ONCE)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    for question in asked:
        built.answer_to(question, PATIENCE)
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    return asked


def number(question: Message) -> str:
    return question.text.split()[-1]


def first_words(built: House, questions: list[Message]) -> dict[str, float] | None:
    """When Slack first showed words of each answer, in epoch seconds, by the question's ts; None until all are."""
    shown: dict[str, float] = {}
    for call in built.slack.calls:
        if kind_of_update(call) in ("placeholder", "answer") and call.outcome == "ok":
            shown.setdefault(asked_at(call), call.time + call.seconds)
    return shown if shown.keys() >= {question.ts for question in questions} else None


def asked_at(call: Call) -> str:
    """The ts of the question that a message of ours is about."""
    return str(call.arguments["metadata"]["event_payload"]["key"]).rpartition("-")[2]


def span(grown: list[Call], questions: list[Message]) -> float:
    """Seconds from the first to the last update of these questions' growing replies."""
    asked = {question.ts for question in questions}
    at = [call.time for call in grown if asked_at(call) in asked]
    return max(at) - min(at)


def text_of(built: House, question: Message) -> str:
    """All that we have said to a question, whatever it is shown in."""
    return "".join(shown_text(each) for each in built.replies(question) if payload(each)["kind"] in ("answer", "part"))


def shown_text(message: Message) -> str:
    markdown = [block["text"] for block in message.blocks if block.get("type") == "markdown"]
    return "".join(markdown) or message.text


TABLES: dict[str, Callable[[Path, Certificates], None]] = {"first": first, "four": four}


if __name__ == "__main__":
    main()
