"""Each history in which something goes wrong on purpose comes, with the power on, to the end that its name says."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cocoai.texts import ENGLISH
from tests.crash.enumeration import play
from tests.crash.histories import (
    AGAIN,
    AWAY,
    CHOSEN,
    CLIP,
    FIRST,
    GESTURE,
    ITS_TASK,
    ONCE_MORE,
    PICTURE,
    SECOND,
    THANKS,
    THIRD,
    history_named,
)
from tests.crash.machine import Machine
from tests.crash.world import Input, job_key

WAIT = ENGLISH.too_many.format(seconds=58)


@dataclass(frozen=True)
class End:
    """What there is in the end.

    `kinds` are those of our messages that stand, in their order, `runs` how often the model ran for the first question,
    `told` all ephemeral messages, `shown` those by a shortcut's address, `reacted` the ts of the messages with our
    reaction.
    """

    kinds: tuple[str, ...]
    done: tuple[Input, ...] = ()
    failed: tuple[Input, ...] = ()
    ready: tuple[Input, ...] = ()
    runs: int = 1
    told: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    reacted: tuple[str, ...] = ()


ENDS = {
    "killed five times while the model writes": End(("error",), failed=(FIRST,), runs=2),
    "killed five times while the answer is delivered": End(("answer", *["part"] * 5), done=(FIRST,)),
    "killed five times when the answer is delivered": End(("answer",), done=(FIRST,)),
    "killed nine times when the answer is delivered": End(("answer",), failed=(FIRST,)),
    "killed nine times while the answer is delivered": End(("answer", "part"), failed=(FIRST,)),
    "the connection to the model is lost, twice": End(("error",), failed=(FIRST,), runs=2),
    "done/ refuses for a while": End(("answer",), done=(FIRST,)),
    "the token is dead, then right again": End(("answer",), done=(FIRST,)),
    "the token is dead, then the pool is reloaded with another": End(("answer", "answer"), done=(FIRST, SECOND)),
    "the token is revoked when the answer is due": End(("answer",), done=(FIRST,)),
    "the token is revoked between two parts": End(("answer", *["part"] * 5), done=(FIRST,)),
    "a limited question and its twin": End(("answer",), done=(FIRST, THIRD), told=(WAIT,)),
    "asked again, while that waits": End(("answer", "answer"), done=(FIRST, AGAIN, ONCE_MORE), told=(ENGLISH.pending,)),
    "a click on an answer in the making": End((), done=(FIRST, AWAY), told=(ENGLISH.heard,)),
    "a click on an answer whose process was killed": End((), done=(FIRST, AWAY), told=(ENGLISH.heard,)),
    "thanked behind the answer": End(("answer",), done=(FIRST, THANKS), reacted=(THANKS.ts,)),
    "thanked while Slack is away": End(("answer",), done=(FIRST, THANKS), reacted=(THANKS.ts,)),
    "a choice in the menu of a message, where we are no member": End(
        (),
        done=(ITS_TASK, CHOSEN),
        runs=0,
        shown=(ENGLISH.placeholder, f"ごきげんよう。\n\n{ENGLISH.tasks['private']}"),
    ),
    "a picture": End(("answer",), done=(PICTURE,), runs=0),
    "a picture whose process is killed before it is shown": End(("answer",), done=(PICTURE,), runs=0),
    "a voice clip": End(("answer",), done=(CLIP,), runs=0),
    "the words of a voice clip are lost, twice": End(("error",), failed=(CLIP,), runs=0),
    "one gesture with two ts": End(("answer",), done=(GESTURE,), runs=0),
}
"""The end of a history, by its name."""


def end_of(machine: Machine) -> End:
    """Return what there is on a machine in the end."""
    standing = [message for message in machine.outside.posted if message.ts not in machine.outside.deleted]
    return End(
        tuple(message.payload["kind"] for message in standing),
        inputs_in(machine, "done"),
        inputs_in(machine, "failed"),
        inputs_in(machine, "ready"),
        runs=machine.outside.calls.count(FIRST.key),
        told=machine.outside.told,
        shown=machine.outside.shown,
        reacted=tuple(machine.outside.reacted),
    )


def inputs_in(machine: Machine, state: str) -> tuple[Input, ...]:
    """Return the inputs whose jobs are in this state."""
    keys = {str(key) for key in machine.spool.keys(state)}
    return tuple(each for each in machine.inputs.values() if job_key(each) in keys)


@pytest.mark.parametrize("name", ENDS)
def test_a_history_comes_to_its_end(name: str) -> None:
    """What was answered stands, what is paid is bounded, and whoever has to wait is told once."""
    machine = play(history_named(name))

    assert ENDS[name] == end_of(machine)
    assert {} == machine.violations
