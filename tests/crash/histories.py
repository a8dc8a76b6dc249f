"""Histories of a few questions, each a row of phases. The processes of one phase run at the same time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from cocoai.answer.dead_holds import settle_dead_holds
from cocoai.slack.model.question import Question
from cocoai.spool.admin import RETENTION
from cocoai.spool.job import LONGEST_DELAY
from tests.crash.machine import Machine
from tests.crash.pictures import reply_to
from tests.crash.services import WRITES
from tests.crash.world import (
    INITIAL,
    Input,
    Outside,
    asked_again,
    chosen,
    click,
    clip,
    flag,
    job_key,
    question,
    task_of,
    thanks,
)

Process = Callable[[Machine], object]
Phase = Sequence[Process]

FIRST, SECOND, THIRD = question(1), question(2, thread=1), question(3)
AGAIN, AWAY = asked_again(4, FIRST), click(5, "delete", FIRST)
ONCE_MORE = asked_again(6, FIRST)
THANKS = thanks(9, thread=1)
PICTURE = question(10, text="draw a cat")
CLIP = clip(11)
FLAG = flag(12)
CHOSEN = chosen(14)
ITS_TASK = task_of(CHOSEN)
GESTURE, ITS_COPY = question(7, gesture="0bb6ad4c"), question(8, gesture="0bb6ad4c")
ONE_A_MINUTE = Outside(per_minute=1)
LONG = "\n\n".join(f"Paragraph {n}: " + "text " * 300 for n in range(6))
SHORT = "Because of the tea."


@dataclass(frozen=True)
class History:
    """A history: its phases, the faults that are due outside, and the model's answer to the first question.

    If it `is_coarse`, fewer disks are built: it puts many jobs, has many steps, or leaves files that are never fsynced.
    """

    name: str
    phases: Sequence[Phase]
    outside: Outside = INITIAL
    answer: str = SHORT
    is_coarse: bool = False

    @functools.cached_property
    def inputs(self) -> dict[str, Input]:
        """Return everything that may be asked or clicked, by the key of its job."""
        asked = (FIRST, SECOND, THIRD, AGAIN, ONCE_MORE, GESTURE, ITS_COPY, THANKS, PICTURE, CLIP, FLAG, ITS_TASK)
        return {job_key(each): each for each in (*asked, AWAY, CHOSEN)}

    @functools.cached_property
    def answers(self) -> dict[str, str]:
        """Return the model's answers, by the key of the question's job."""
        return {
            FIRST.key: self.answer,
            SECOND.key: "Because of the first.",
            THIRD.key: "Because of the third.",
            AGAIN.key: "Because of me.",
            ONCE_MORE.key: "Because of me, once more.",
            GESTURE.key: "Because of a gesture.",
            ITS_COPY.key: "Because of a gesture's copy.",
            PICTURE.key: reply_to("draw a cat (10)"),
            CLIP.key: "Because of your voice.",
            FLAG.key: "こんにちは。",
            ITS_TASK.key: "ごきげんよう。",
        }


def start(machine: Machine) -> None:
    machine.spool.make_folders()
    machine.spool.restore_marks()


def sweep(machine: Machine) -> None:
    """Settle the holds of the dead, then remove what is old, as the hourly sweep does."""
    settle_dead_holds(machine.spool, machine.books)
    machine.spool.sweep()


def put(item: Input = FIRST) -> Process:
    return partial(Machine.put, item=item)


def wait(seconds: float) -> Process:
    return partial(Machine.wait, seconds=seconds)


def retry(given_up: Question) -> Process:
    return partial(Machine.retry, given_up=given_up)


def stop(unwanted: Question = FIRST) -> Process:
    return partial(Machine.request_stop, unwanted=unwanted)


def killed(before: str, times: int = 1) -> list[Process]:
    """Return so many job processes; each is killed before the first of its steps with this in its name."""
    return [partial(Machine.work_until_killed, before=before)] * times


def clicked(machine: Machine) -> None:
    """Put the click on *Delete*, and do it in a process without a slot, as the worker's wake-up has it."""
    machine.put(AWAY)
    machine.post_placeholder()


WORK: Process = Machine.work
RELOAD: Process = Machine.reload
PLACEHOLDER: Process = Machine.post_placeholder

PART, DELIVERED = '"fact":"part"', '"fact":"delivered"'
"""Steps at which a process is killed: before the second message of a reply is recorded, and when the last one is."""


def alone(*processes: Process) -> list[Phase]:
    """Return phases of one process each, after one that makes the folders."""
    return [[start], *([process] for process in processes)]


HISTORIES = [
    History("one question", alone(put(), WORK)),
    History("redelivered while it waits", alone(put(), put(), WORK)),
    History("redelivered when it was answered", alone(put(), WORK, put())),
    History("the placeholder is posted on the side", alone(put(), PLACEHOLDER, WORK)),
    History("an answer in three parts", alone(put(), WORK), answer=LONG),
    History("the model is busy", alone(put(), WORK, wait(6), WORK), Outside(model_faults=("busy",))),
    History(
        "given up, reported, and tried again by the operator",
        alone(put(), WORK, put(), retry(FIRST), put(), WORK),
        Outside(model_faults=("insufficient_quota",)),
    ),
    History(
        "Slack is away when the placeholder is due",
        alone(put(), WORK, wait(6), WORK),
        Outside(slack_faults=("away",)),
    ),
    History(
        "Slack posts the placeholder and its response is lost",
        alone(put(), WORK, wait(6), WORK),
        Outside(slack_faults=("unheard",)),
    ),
    History(
        "Slack is away when the answer is due",
        alone(put(), WORK, wait(6), WORK),
        Outside(slack_faults=("", "away", "away", "away")),
    ),
    History(
        "the token is dead, then right again",
        alone(put(), WORK, wait(6), WORK),
        Outside(slack_faults=("revoked",)),
    ),
    History(
        "the token is dead, then the pool is reloaded with another",
        alone(put(), put(SECOND), WORK, PLACEHOLDER, RELOAD, WORK, WORK),
        Outside(slack_faults=("revoked",) * 2),
        is_coarse=True,
    ),
    History(
        "the token is revoked when the answer is due",
        alone(put(), WORK, RELOAD, WORK),
        Outside(slack_faults=("", "revoked", "revoked")),
    ),
    History(
        "the token is revoked between two parts",
        alone(put(), WORK, wait(6), WORK),
        Outside(slack_faults=("", "", "", "", "", "revoked")),
        answer=LONG,
        is_coarse=True,
    ),
    History("two questions of one thread", alone(put(FIRST), put(SECOND), PLACEHOLDER, WORK, WORK)),
    History("two threads", alone(put(FIRST), put(THIRD), WORK, WORK)),
    History("stopped before it is answered", alone(put(), stop(), WORK)),
    History(
        "stopped behind another of its thread",
        alone(put(FIRST), put(SECOND), stop(SECOND), WORK, WORK),
        is_coarse=True,
    ),
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
    History("asked again before it is answered", alone(put(), put(AGAIN), PLACEHOLDER, WORK, WORK)),
    History("deleted by its asker, in three parts", alone(put(), WORK, put(AWAY), WORK), answer=LONG),
    History(
        "Slack is away when the reply is to be deleted",
        alone(put(), WORK, put(AWAY), WORK, wait(6), WORK),
        Outside(slack_faults=("", "", "", "", "", "away", "unheard")),
    ),
    History("a forgotten stop request is swept", alone(put(), stop(), wait(RETENTION["stop"] + 1), sweep, WORK)),
    History("swept", alone(put(), WORK, put(THIRD), wait(RETENTION["tmp"] + 1), sweep, put(), WORK)),
    History("killed five times while the model writes", alone(put(), *killed(WRITES, 5), WORK)),
    History(
        "killed five times while the answer is delivered",
        alone(put(), *killed(PART, 5), WORK),
        answer=LONG,
        is_coarse=True,
    ),
    History("killed five times when the answer is delivered", alone(put(), *killed(DELIVERED, 5), WORK)),
    History("killed nine times when the answer is delivered", alone(put(), *killed(DELIVERED, 9), WORK)),
    History(
        "killed nine times while the answer is delivered",
        alone(put(), *killed(PART, 9), WORK),
        answer=LONG,
        is_coarse=True,
    ),
    History(
        "the connection to the model is lost, twice",
        alone(put(), WORK, wait(6), WORK),
        Outside(model_faults=("lost", "lost")),
    ),
    History(
        "done/ refuses for a while",
        alone(put(), *[WORK, wait(LONGEST_DELAY)] * 6, WORK),
        Outside(move_faults=("split", "locked") * 3),
    ),
    History(
        "a limited question and its twin",
        alone(put(FIRST), put(THIRD), put(THIRD), WORK, WORK),
        ONE_A_MINUTE,
        is_coarse=True,
    ),
    History(
        "asked again, while that waits",
        alone(put(), WORK, put(AGAIN), put(ONCE_MORE), PLACEHOLDER, WORK),
        is_coarse=True,
    ),
    History("a click on an answer in the making", alone(put(), PLACEHOLDER, put(AWAY), WORK, WORK, wait(2), WORK)),
    History(
        "a click on an answer whose process was killed",
        alone(put(), *killed(DELIVERED), put(AWAY), WORK, WORK, wait(2), WORK),
    ),
    History(
        "a click on a reply that is given up",
        alone(put(), PLACEHOLDER, put(AWAY), *killed(WRITES, 2), WORK, wait(2), WORK),
    ),
    History(
        "one gesture with two ts",
        alone(put(GESTURE), put(ITS_COPY), WORK, put(ITS_COPY), put(GESTURE)),
        is_coarse=True,
    ),
    History("a picture", alone(put(PICTURE), WORK), is_coarse=True),
    History(
        "a picture whose process is killed before it is shown",
        alone(put(PICTURE), *killed("ask to show"), WORK),
        is_coarse=True,
    ),
    History("a voice clip", alone(put(CLIP), WORK), is_coarse=True),
    History(
        "the words of a voice clip are lost, twice",
        alone(put(CLIP), WORK, wait(6), WORK),
        Outside(model_faults=("lost", "lost")),
        is_coarse=True,
    ),
    History("thanked behind the answer", alone(put(), WORK, put(THANKS), PLACEHOLDER)),
    History(
        "thanked while Slack is away",
        alone(put(), put(THANKS), WORK, wait(6), PLACEHOLDER, WORK),
        Outside(slack_faults=("away",)),
    ),
    History("a flag under a message", alone(put(FLAG), put(FLAG), PLACEHOLDER, WORK)),
    History(
        "a choice in the menu of a message, where we are no member", alone(put(CHOSEN), put(CHOSEN), PLACEHOLDER, WORK)
    ),
    History("swept when nothing needs to be known", alone(put(), WORK, wait(RETENTION["done"] + 1), sweep)),
]
"""Histories with one process at a time. The power is cut at each step, so every prefix of each history is tried."""

TOGETHER = [
    History("the mention and its twin at once", [[start], [put(), put()], [WORK]]),
    History("claimed while it is put", [[start], [put(), WORK], [WORK]]),
    History("redelivered while it is answered", [[start], [put()], [WORK, put()]]),
    History("a twin that comes in late", [[start], [put(), put(), WORK], [WORK]]),
    History("placeholder process and job process", [[start], [put()], [PLACEHOLDER, WORK], [WORK]]),
    History("two job processes", [[start], [put(FIRST)], [put(THIRD)], [WORK, WORK], [WORK]], is_coarse=True),
    History(
        "redelivered while the operator tries again",
        [[start], [put()], [WORK], [retry(FIRST), put()], [WORK]],
        Outside(model_faults=("insufficient_quota",)),
    ),
    History("stopped while it is answered", [[start], [put()], [WORK, stop()], [WORK]]),
    History("a click and its replay at once", [[start], [put()], [WORK], [put(AWAY), put(AWAY)], [WORK]]),
    History("swept while it is put", [[start], [put(), sweep], [WORK]]),
    History("one gesture with two ts at once", [[start], [put(GESTURE), put(ITS_COPY)], [WORK]], is_coarse=True),
    History(
        "asked again twice at once",
        [[start], [put()], [WORK], [put(AGAIN), put(ONCE_MORE)], [WORK], [WORK]],
        is_coarse=True,
    ),
    History(
        "a limited question and its twin at once",
        [[start], [put(FIRST)], [put(THIRD), put(THIRD)], [WORK], [WORK]],
        ONE_A_MINUTE,
        is_coarse=True,
    ),
    History(
        "clicked while it is answered",
        [[start], [put()], [WORK, clicked], [wait(2)]],
        is_coarse=True,
    ),
]
"""Histories with several processes at once, interleaved at every step that another process can notice."""


def history_named(name: str) -> History:
    """Return the history of this name."""
    (found,) = (history for history in (*HISTORIES, *TOGETHER) if history.name == name)
    return found
