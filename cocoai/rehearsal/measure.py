"""What CocoAI takes on this machine: a rehearsal, looked at from outside while it rests and while it answers.

    this process (the practice Slack and OpenAI) ── supervisord ─┬─ nginx
                                                                 └─ master ── workers ── job processes

Nothing is asked of the processes: /proc tells what they take (tree.py).
"""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path
from typing import NamedTuple

from cocoai.rehearsal.certificates import make
from cocoai.rehearsal.openai.manner import Manner
from cocoai.rehearsal.openai.practice import PracticeOpenAI
from cocoai.rehearsal.slack.practice import PracticeSlack
from cocoai.rehearsal.slack.workspace import Message
from cocoai.rehearsal.stage import ASKER, Raise, answered, rehearsal, replies
from cocoai.rehearsal.tree import GLANCE, Look, Watch, adopting_orphans, hidden, look

IN_FLIGHT = 4
"""Answers that are being written while memory is looked at: as many as there are slots by default."""

MESSAGES = 500
"""How many are counted for the CPU time of one."""

PIECES = 100
"""Pieces of one answer, about as many as a long paragraph has."""

WRITING = Manner(pieces=PIECES, piece_delay=0.15)
"""A model that takes 15 s for an answer, so that it is seen to grow five times."""

PATIENCE = 120.0


class Figures(NamedTuple):
    """MiB and milliseconds. `nginx`, `supervisord`, `master`, `worker`: PSS; `job`: what one more answer adds to it.

    `rss` is what ps would make of nginx and the pool at rest.
    """

    nginx: float
    supervisord: float
    master: float
    worker: float
    workers: int
    job: float
    rss: float
    question_ms: float
    message_ms: float


def measure(raise_up: Raise, folder: Path) -> Figures:
    """Rehearse in `folder` and look. It takes about half a minute. Raises CocoAIError."""
    certificates = make(folder / "certificates")
    with contextlib.ExitStack() as stack:
        stack.enter_context(adopting_orphans())
        slack = stack.enter_context(PracticeSlack(certificates))
        openai = stack.enter_context(PracticeOpenAI(certificates))
        stack.enter_context(rehearsal(raise_up, folder, certificates, slack, openai, listen=_free_address()))
        _ask(slack, 2)  # what each process does once is done before anybody looks
        with Watch() as talking:
            _talk(slack, MESSAGES)
        rest = look()
        openai.manner = WRITING
        with Watch() as answering:
            busy = _ask(slack, IN_FLIGHT)
        return _figures(rest, busy, answering.taken / IN_FLIGHT, talking.taken / MESSAGES)


def _figures(rest: Look, busy: Look, question: float, message: float) -> Figures:
    workers = len(rest.kinds["worker"])
    at_rest, at_work = (seen.pss("nginx", "master", "worker", "job", "notify") for seen in (rest, busy))
    return Figures(
        nginx=rest.pss("nginx"),
        supervisord=rest.pss("supervisord"),
        # We map the same interpreter: what we share with the pool is the pool's alone on a machine without us.
        master=rest.pss("master") + hidden(),
        worker=rest.pss("worker") / workers,
        workers=workers,
        job=(at_work - at_rest) / IN_FLIGHT,
        rss=rest.rss("nginx", "master", "worker"),
        question_ms=question * 1000,
        message_ms=message * 1000,
    )


def _free_address() -> str:
    """Where nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def _ask(slack: PracticeSlack, number: int) -> Look:
    """So many questions at once. Returns what was to be seen when all of them had begun to be answered."""
    questions = [slack.say(ASKER, f"<@U0COCOAI> question {index}?") for index in range(number)]
    slack.wait_for(lambda: all(_is_growing(slack, question) for question in questions) or None, PATIENCE)
    seen = look()
    slack.wait_for(lambda: all(answered(slack, question) for question in questions) or None, PATIENCE)
    while look().kinds.keys() & {"job", "notify"}:
        time.sleep(GLANCE)
    return seen


def _talk(slack: PracticeSlack, number: int) -> None:
    """People talk among themselves, and every word is delivered."""
    for index in range(number):
        slack.say(ASKER, f"nothing to anybody {index}")
    slack.wait_for_deliveries(PATIENCE)


def _is_growing(slack: PracticeSlack, question: Message) -> bool:
    """Whether the model's words are in the placeholder's place."""
    updated = {call.arguments["ts"] for call in slack.calls if call.method == "chat.update"}
    return any(message.ts in updated for message in replies(slack, question))
