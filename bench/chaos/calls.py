"""The calls of the models in a chaos run, as the practice OpenAI has recorded them: for whom, and which were paid.

A call does not show for which of the questions of its number it was made: they have the same words. Pure.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from bench.chaos.questions import number_in, number_of_clip
from cocoai.rehearsal.openai.practice_openai import RecordedRequest

UNPAID = frozenset({"rate_limit_exceeded", "server_error", "server_is_overloaded", "broken", "gone"})
"""Outcomes of a request to a model that cost nothing: it was refused before it ran."""

MOST_PAID = 2
"""Requests to one model for one question, each time that it is asked, that may be paid for."""

Model = Literal["chat", "picture", "sound"]
"""Which kind of model is called."""


@dataclass
class Calls:
    """The calls of one kind of model for one number: when it was asked, first and by clicks, and when a call was paid.

    `maybe` are the clicks that were not answered 200: such a click may have been put all the same. Times are in epoch
    seconds.
    """

    asked: list[float] = field(default_factory=list)
    paid: list[float] = field(default_factory=list)
    maybe: list[float] = field(default_factory=list)

    @property
    def paid_for_one(self) -> int:
        """Return how many calls were paid for one of the questions, if each of the others was paid for once."""
        return len(self.paid) - len(self.asked) + 1

    @property
    def is_overpaid(self) -> bool:
        """Return True if more calls were paid than `MOST_PAID` for each time that the number had been asked by then."""
        ends = (*sorted(self.asked + self.maybe)[1:], math.inf)
        return any(sum(paid < end for paid in self.paid) > MOST_PAID * times for times, end in enumerate(ends, 1))

    def is_paid_after(self, time: float) -> bool:
        """Check whether a call was paid after a time, although the number was not asked again."""
        return len(self.asked) == 1 and not self.maybe and any(paid > time for paid in self.paid)


CallsByModel = dict[Model, Calls]


def by_number(
    asked: Iterable[tuple[int, float]], maybe: Iterable[tuple[int, float]], requests: Iterable[RecordedRequest]
) -> defaultdict[int | None, CallsByModel]:
    """Return the calls that were paid for, by the number of the question, and by the kind of model.

    `asked` are the numbers that were asked, with the times, and `maybe` those that a click may have asked.
    """
    calls = defaultdict[int | None, CallsByModel](lambda: {model: Calls() for model in get_args(Model)})
    for number, time in asked:
        for each in calls[number].values():
            each.asked.append(time)
    for number, time in maybe:
        for each in calls[number].values():
            each.maybe.append(time)
    for request in requests:
        if request.outcome not in UNPAID:
            calls[number_asked(request)][model_asked(request)].paid.append(request.time)
    return calls


def model_asked(request: RecordedRequest) -> Model:
    """Return which kind of model a request is to."""
    return "picture" if "/images/" in request.path else "sound" if "/audio/" in request.path else "chat"


def number_asked(request: RecordedRequest) -> int | None:
    """Return the number of the question that a request to a model is for, or None if it shows none.

    That is the last one in it: to go on with an answer is asked without a number.
    """
    body = request.body if isinstance(request.body, dict) else {}
    numbers = map(number_in, _texts(body))
    if model_asked(request) == "sound":
        file = body.get("file")
        return number_of_clip(file["size"]) if isinstance(file, dict) else None
    return next((number for number in numbers if number is not None), None)


def _texts(body: dict[str, Any]) -> Iterator[str]:
    """Yield what a picture is to show, or the messages to the chat model, the last one first."""
    yield str(body.get("prompt", ""))
    for message in reversed(body.get("messages", [])):
        if message.get("role", "user") == "user":
            yield str(message.get("content", ""))
