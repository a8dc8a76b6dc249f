"""What is played: histories of a few questions, each a row of scenes. Processes of one scene run at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from cocoai.slack.model.question import Question
from cocoai.spool.admin import RETENTION
from tests.crash.machine import Machine
from tests.crash.world import NOTHING_YET, Asked, Outside, asked_again, click, name, question

Process = Callable[[Machine], object]
Scene = Sequence[Process]

FIRST, SECOND, THIRD = question(1), question(2, thread=1), question(3)
AGAIN, AWAY = asked_again(4, FIRST), click(5, "delete", FIRST)
LONG = "\n\n".join(f"Paragraph {n}: " + "text " * 300 for n in range(6))
SHORT = "Because of the tea."


@dataclass(frozen=True)
class History:
    """A name, the scenes, what will go wrong outside, what the model answers to the first question."""

    name: str
    scenes: Sequence[Scene]
    outside: Outside = NOTHING_YET
    answer: str = SHORT

    @property
    def questions(self) -> dict[str, Asked]:
        """All that anybody may ask or click, by the keys of their jobs."""
        return {name(each): each for each in (FIRST, SECOND, THIRD, AGAIN, AWAY)}

    @property
    def answers(self) -> dict[str, str]:
        """What the model writes to each."""
        others = {SECOND.key: "Because of the first.", THIRD.key: "Because of the third.", AGAIN.key: "Because of me."}
        return {FIRST.key: self.answer, **others}


def start(machine: Machine) -> None:
    machine.spool.make_folders()


def sweep(machine: Machine) -> None:
    machine.spool.sweep()


def put(asked: Asked = FIRST) -> Process:
    return partial(Machine.put, asked=asked)


def wait(seconds: float) -> Process:
    return partial(Machine.wait, seconds=seconds)


def retry(given_up: Question) -> Process:
    return partial(Machine.retry, given_up=given_up)


def stop(unwanted: Question = FIRST) -> Process:
    return partial(Machine.request_stop, unwanted=unwanted)


WORK: Process = Machine.work
USHER: Process = Machine.post_placeholder


def alone(*processes: Process) -> list[Scene]:
    """One scene each, on a machine that has just been set up."""
    return [[start], *([process] for process in processes)]


HISTORIES = [
    History("one question", alone(put(), WORK)),
    History("redelivered while it waits", alone(put(), put(), WORK)),
    History("redelivered when it was answered", alone(put(), WORK, put())),
    History("welcomed by the usher", alone(put(), USHER, WORK)),
    History("an answer in three parts", alone(put(), WORK), answer=LONG),
    History("the model is busy", alone(put(), WORK, wait(6), WORK), Outside(model_faults=("busy",))),
    History(
        "given up, told, and tried again by the operator",
        alone(put(), WORK, put(), retry(FIRST), put(), WORK),
        Outside(model_faults=("insufficient_quota",)),
    ),
    History(
        "Slack is away when the placeholder is due",
        alone(put(), WORK, wait(6), WORK),
        Outside(slack_faults=("away",)),
    ),
    History(
        "Slack posts the placeholder and is not heard",
        alone(put(), WORK, wait(6), WORK),
        Outside(slack_faults=("unheard",)),
    ),
    History(
        "Slack is away when the answer is due",
        alone(put(), WORK, wait(6), WORK),
        Outside(slack_faults=("", "", "", "", "away")),
    ),
    History("two questions of one thread", alone(put(FIRST), put(SECOND), USHER, WORK, WORK)),
    History("two threads", alone(put(FIRST), put(THIRD), WORK, WORK)),
    History("stopped before it is answered", alone(put(), stop(), WORK)),
    History("stopped behind another of its thread", alone(put(FIRST), put(SECOND), stop(SECOND), WORK, WORK)),
    History(
        "stopped, and the model is busy", alone(put(), WORK, stop(), wait(6), WORK), Outside(model_faults=("busy",))
    ),
    History("stopped when it was answered", alone(put(), WORK, stop(), put())),
    History(
        "stopped when it was given up, and tried again",
        alone(put(), WORK, stop(), retry(FIRST), WORK),
        Outside(model_faults=("insufficient_quota",)),
    ),
    History("asked again", alone(put(), WORK, put(AGAIN), WORK)),
    History("asked again before it is answered", alone(put(), put(AGAIN), USHER, WORK, WORK)),
    History("taken away by its asker, in three parts", alone(put(), WORK, put(AWAY), WORK), answer=LONG),
    History(
        "Slack is away when the reply is to be taken away",
        alone(put(), WORK, put(AWAY), WORK, wait(6), WORK),
        Outside(slack_faults=("", "", "", "", "", "away", "unheard")),
    ),
    History("a wish that nobody came for is swept", alone(put(), stop(), wait(RETENTION["stop"] + 1), sweep, WORK)),
    History("swept", alone(put(), WORK, put(THIRD), wait(RETENTION["tmp"] + 1), sweep, put(), WORK)),
    History("swept when nothing needs to be known", alone(put(), WORK, wait(RETENTION["done"] + 1), sweep)),
]
"""One process at a time: every prefix of each."""

TOGETHER = [
    History("the mention and its twin at once", [[start], [put(), put()], [WORK]]),
    History("claimed while it is put", [[start], [put(), WORK], [WORK]]),
    History("redelivered while it is answered", [[start], [put()], [WORK, put()]]),
    History("a twin that comes in late", [[start], [put(), put(), WORK], [WORK]]),
    History("usher and job process", [[start], [put()], [USHER, WORK], [WORK]]),
    History("two job processes", [[start], [put(FIRST)], [put(THIRD)], [WORK, WORK], [WORK]]),
    History(
        "redelivered while the operator tries again",
        [[start], [put()], [WORK], [retry(FIRST), put()], [WORK]],
        Outside(model_faults=("insufficient_quota",)),
    ),
    History("stopped while it is answered", [[start], [put()], [WORK, stop()], [WORK]]),
    History("a click and its replay at once", [[start], [put()], [WORK], [put(AWAY), put(AWAY)], [WORK]]),
    History("swept while it is put", [[start], [put(), sweep], [WORK]]),
]
"""Several at once, interleaved at every step at which one can matter to another."""


def named(name: str) -> History:
    """The history of that name."""
    (found,) = (history for history in (*HISTORIES, *TOGETHER) if history.name == name)
    return found
