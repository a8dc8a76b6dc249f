"""Measure what CocoAI takes on this machine: rehearse, and watch the processes at rest and while they answer.

    this process (the practice Slack and OpenAI) ── supervisord ─┬─ nginx
                                                                 └─ master ── workers ── job processes

The processes themselves are not involved: everything is read from /proc (process_tree.py).
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cocoai.rehearsal.certificates import make
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.rehearse import ASKER, StartProduction, answered, rehearsal, replies
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.tune.advice import Measurement
from cocoai.tune.process_tree import INTERVAL, CpuWatch, ProcessTree, adopting_orphans, read_tree, shared_with_us

IN_FLIGHT = 4
"""Answers that are being written while memory is read: as many as there are slots by default."""

MESSAGES = 500
"""Messages over which the CPU time of one is averaged."""

PIECES = 100
"""Pieces of one answer, about as many as a long paragraph has."""

WRITING = OpenAISwitches(pieces=PIECES, piece_delay=0.15)
"""A model that takes 15 s for an answer, so that the reply is updated five times."""

PATIENCE = 120.0
"""Seconds that a round of questions or messages may take."""


def measure(raise_up: StartProduction, folder: Path) -> Measurement:
    """Rehearse in `folder` and measure what the processes take, in about half a minute.

    `raise_up` starts the production setup. Raise CocoAIError if the rehearsal cannot start, TimeoutError if the answers
    take longer than PATIENCE.
    """
    certificates = make(folder / "certificates")
    with contextlib.ExitStack() as stack:
        stack.enter_context(adopting_orphans())
        slack = stack.enter_context(PracticeSlack(certificates))
        openai = stack.enter_context(PracticeOpenAI(certificates))
        stack.enter_context(rehearsal(raise_up, folder, certificates, slack, openai, listen=_free_address()))
        _ask(slack, 2)  # so that each process has done what it does only once
        with CpuWatch() as messages:
            _post_messages(slack, MESSAGES)
        at_rest = read_tree()
        openai.switches = WRITING
        with CpuWatch() as questions:
            at_work = _ask(slack, IN_FLIGHT)
        return _measurement(at_rest, at_work, questions.seconds / IN_FLIGHT, messages.seconds / MESSAGES)


def _measurement(at_rest: ProcessTree, at_work: ProcessTree, question: float, message: float) -> Measurement:
    """Combine the processes' memory at rest and while they answer IN_FLIGHT questions with the CPU time.

    `question` and `message` are seconds of CPU for one of each.
    """
    workers = len(at_rest.kinds["worker"])
    rest, work = (tree.pss("nginx", "master", "worker", "job", "notify") for tree in (at_rest, at_work))
    return Measurement(
        nginx=at_rest.pss("nginx"),
        supervisord=at_rest.pss("supervisord"),
        # We map the same interpreter: what we share with the pool is the pool's alone on a machine without us.
        master=at_rest.pss("master") + shared_with_us(),
        worker=at_rest.pss("worker") / workers,
        workers=workers,
        job=(work - rest) / IN_FLIGHT,
        rss=at_rest.rss("nginx", "master", "worker"),
        question_ms=question * 1000,
        message_ms=message * 1000,
    )


def _free_address() -> str:
    """Return HOST:PORT on this machine where no program listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def _ask(slack: PracticeSlack, number: int) -> ProcessTree:
    """Ask so many questions at once, and wait until all are answered and all job processes have ended.

    Return the processes as they were when every answer had begun to appear.
    """
    questions = [slack.say(ASKER, f"<@U0COCOAI> question {index}?") for index in range(number)]
    _wait_for_all(slack, questions, _is_growing)
    tree = read_tree()
    _wait_for_all(slack, questions, answered)
    while read_tree().kinds.keys() & {"job", "notify"}:
        time.sleep(INTERVAL)
    return tree


def _wait_for_all(
    slack: PracticeSlack, questions: Sequence[Message], condition: Callable[[PracticeSlack, Message], object]
) -> None:
    """Wait until `condition` is true of every question. Raise TimeoutError after PATIENCE seconds."""

    def is_true_for_all() -> bool | None:
        return all(condition(slack, question) for question in questions) or None

    slack.wait_for(is_true_for_all, PATIENCE)


def _post_messages(slack: PracticeSlack, number: int) -> None:
    """Post so many messages that are no questions, and wait until Slack has delivered each."""
    for index in range(number):
        slack.say(ASKER, f"nothing to anybody {index}")
    slack.wait_for_deliveries(PATIENCE)


def _is_growing(slack: PracticeSlack, question: Message) -> bool:
    """Return True if the reply's placeholder has been replaced by the answer's first words."""
    updated = {call.arguments["ts"] for call in slack.calls if call.method == "chat.update"}
    return any(message.ts in updated for message in replies(slack, question))
