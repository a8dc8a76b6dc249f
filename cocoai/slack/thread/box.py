"""Which lines of a direct message's own box, in no thread there, belong to a question's conversation. Pure.

It begins with the same line for a while, not with another one at each question: servers reuse what is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from cocoai.slack.model.messages import Message

BOX_MEMORY = 1800.0
"""Seconds for which a line belongs to the conversation at least, and after which, without any, a new one begins."""


def box_start(asked: float) -> float:
    """Return the time since which lines may belong to the conversation of a question; both in epoch seconds.

    It is the half hour of the clock before the one in which the question was asked.
    """
    return (asked // BOX_MEMORY - 1) * BOX_MEMORY


def since_pause(messages: Sequence[Message], asked: float) -> tuple[Message, ...]:
    """Return the messages since the last pause of BOX_MEMORY in what people wrote before a question, or all.

    `asked` is the question's time in epoch seconds.
    """
    times = [float(each.ts) for each in messages if each.metadata is None]
    times = sorted({asked, *(time for time in times if time < asked)})
    start = max((later for earlier, later in pairwise(times) if later - earlier > BOX_MEMORY), default=0.0)
    return tuple(each for each in messages if float(each.ts) >= start)


def answered(messages: Iterable[Message]) -> set[str]:
    """Return the keys of the questions to which these messages reply."""
    return {message.metadata.key for message in messages if message.metadata}
