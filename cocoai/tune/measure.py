"""Measure what CocoAI takes on this machine: rehearse, and watch the processes at rest and at work.

    this process (the practice Slack and OpenAI) ── supervisord ─┬─ nginx
                                                                 └─ master ── workers ── job processes

The processes themselves are not involved: everything is read from /proc (process_tree.py).
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from cocoai.errors import CocoAIError
from cocoai.rehearsal.certificates import make
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.rehearse import ASKER, StartProduction, answered, rehearsal, replies
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.tune.advice import MOST_WORKERS, Measurement
from cocoai.tune.process_tree import INTERVAL, CpuWatch, ProcessTree, adopting_orphans, read_kinds, read_tree

IN_FLIGHT = 4
"""Answers that are being written while memory is read: as many as there are slots by default."""

MESSAGES = 500
"""Messages over which the CPU time of one is averaged."""

PIECES = 100
"""Pieces of one answer, about as many as a long paragraph has."""

WRITING = OpenAISwitches(pieces=PIECES, piece_delay=0.15)
"""A model that takes 15 s for an answer, so that the reply is updated five times."""

SETTINGS = {"COCOAI_POOL_WORKERS": f"0..{MOST_WORKERS}", "COCOAI_POOL_IDLE_TIMEOUT": "5"}
"""Workers that come on demand, as is advised, and end soon, so that the pool is seen without them."""

PATIENCE = 120.0
"""Seconds that a round of questions or messages may take."""


def measure(raise_up: StartProduction, folder: Path) -> Measurement:
    """Rehearse in `folder` and measure what the processes take, in about half a minute.

    `raise_up` starts the production setup; it takes `environ` beside what StartProduction says. Raise CocoAIError if
    the rehearsal cannot start, if the answers take longer than PATIENCE, or if /proc does not tell the memory.
    """
    certificates = make(folder / "certificates")
    raise_up = partial(raise_up, environ={**os.environ, **SETTINGS})
    with contextlib.ExitStack() as stack:
        stack.enter_context(adopting_orphans())
        slack = stack.enter_context(PracticeSlack(certificates))
        openai = stack.enter_context(PracticeOpenAI(certificates))
        stack.enter_context(rehearsal(raise_up, folder, certificates, slack, openai, listen=_free_address()))
        try:
            return _measure(slack, openai)
        except TimeoutError:
            raise CocoAIError(f"cannot measure here: the answers took longer than {PATIENCE:g} s") from None
        except OSError as error:
            raise CocoAIError(f"cannot measure here: {error}") from error


def _measure(slack: PracticeSlack, openai: PracticeOpenAI) -> Measurement:
    """Measure the running setup between these servers: with idle workers, without, then while it answers.

    Raise TimeoutError if the answers take longer than PATIENCE.
    """
    _ask(slack, 2)  # so that each process has done what it does only once
    with CpuWatch() as messages:
        _post_messages(slack, MESSAGES)
    while not (with_workers := read_tree()).kinds.get("worker"):
        _post_messages(slack, 1)  # on a machine so busy that they have ended meanwhile
    at_rest = _await_rest()
    openai.switches = WRITING
    with CpuWatch() as questions:
        at_work = _ask(slack, IN_FLIGHT)
    return _measurement(with_workers, at_rest, at_work, questions.seconds / IN_FLIGHT, messages.seconds / MESSAGES)


def _await_rest() -> ProcessTree:
    """Wait until the last worker has ended, which takes idle_timeout and a little; return the processes then.

    Raise TimeoutError if that takes longer than PATIENCE.
    """
    deadline = time.monotonic() + PATIENCE
    while read_kinds().get("worker"):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(INTERVAL)
    return read_tree()


def _measurement(
    with_workers: ProcessTree, at_rest: ProcessTree, at_work: ProcessTree, question: float, message: float
) -> Measurement:
    """Combine the processes' memory with idle workers, at rest, and while they answer IN_FLIGHT questions, and the CPU.

    `question` and `message` are seconds of CPU for one of each.
    """
    # supervisord is counted with them: it may map the same interpreter, and has a smaller part of it for each process.
    rest = at_rest.pss(*at_rest.kinds)
    worker = (with_workers.pss(*with_workers.kinds) - rest) / len(with_workers.kinds["worker"])
    workers = worker * len(at_work.kinds.get("worker", ()))
    return Measurement(
        nginx=at_rest.pss("nginx"),
        supervisord=at_rest.pss("supervisord"),
        master=at_rest.pss("master"),
        worker=worker,
        job=(at_work.pss(*at_work.kinds) - rest - workers) / IN_FLIGHT,
        rss=at_rest.rss("nginx", "master"),
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
    while read_kinds().keys() & {"job", "notify"}:
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
