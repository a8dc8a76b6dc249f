"""Cut a thread's history in steps, so that servers find the beginning of a request in their caches. Pure.

Of a history whose oldest exchange falls out at every question, no beginning is ever sent twice: OpenAI writes all of it
into its cache each time, at 1.25 times the price, and reads nothing, at a tenth of it. So a history grows from the
least that the settings promise to the most that they allow, and is then cut to the least. Nothing is remembered: where
it begins follows from the thread alone (`bench.cache` measures what that saves).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from cocoai.conversation import Conversation, estimated_tokens

PAUSE = 1800.0
"""Seconds between two questions after which nothing of the first is cached: OpenAI keeps it for 30 minutes."""

_STEADIEST = 1 << 62
"""More than any power of two that divides a number of exchanges."""


@dataclass(frozen=True)
class HistoryLimits:
    """How much of a thread is shown: at least `round_trips` exchanges, and at most twice as many less one.

    All of it is at most `tokens` of the model, which counts `ratio` of them for an estimated one. So the exchanges that
    lie beyond two thirds of these tokens need not be shown.
    """

    round_trips: int
    tokens: int
    ratio: float = 1.0

    @property
    def most_round_trips(self) -> int:
        """Return the most exchanges that are shown."""
        return max(self.round_trips, 2 * self.round_trips - 1)

    @property
    def least_tokens(self) -> float:
        """Return the tokens up to which exchanges are promised."""
        return self.tokens * 2 / 3


def cut(conversation: Conversation, limits: HistoryLimits, answers: int | None) -> Conversation:
    """Return the conversation cut to its newest exchanges and the question, within the limits.

    An exchange is what people said and the answer that followed, so the cut is behind an answer; what was said since
    the last answer stays. Only where that alone, or one exchange, is over the limit of tokens, a turn loses its first
    lines (Conversation.within).

    From one question of a thread to the next the beginning stays the same, but for one step in `round_trips` questions,
    more often where the limit of tokens is reached first, and one after each PAUSE. `answers` is how many answers the
    whole thread has before the question, None if that is unknown: then steps are up to twice as frequent.
    """
    exchanges = _Exchanges(conversation, limits, answers)
    return conversation.since(exchanges.first_turn()).within(limits.tokens, limits.ratio)


class _Exchanges:
    """The exchanges of a conversation, by their number from 0; the question's own number is `count`."""

    def __init__(self, conversation: Conversation, limits: HistoryLimits, answers: int | None) -> None:
        turns = conversation.turns
        ends = [index for index, turn in enumerate(turns) if turn.speaker == "cocoai"]
        sizes = [*(turn.estimated_tokens() for turn in turns[:-1]), estimated_tokens(turns[-1].text)]
        self._limits = limits
        self._answers = answers
        self._count = len(ends)
        self._starts = [0, *(end + 1 for end in ends)]
        self._ends = [*ends, len(turns)]
        self._sums = [0, *accumulate(sizes)]
        self._times = [*(turns[end].at for end in ends), turns[-1].at]

    def first_turn(self) -> int:
        """Return the index of the turn with which the history begins."""
        return self._starts[self._first()]

    def _first(self) -> int:
        """Return the first exchange that is shown: the steadiest of those that both limits allow."""
        pause = self._last_pause()
        held = self._least(pause) if pause else 0
        most = max(held, self._count - self._limits.most_round_trips, self._first_that_fits())
        least = self._least(self._count)
        if most >= least:
            return least
        return max(range(most, least + 1), key=lambda number: self._steadiness(number, pause, held)) if most else 0

    def _least(self, question: int) -> int:
        """Return the first exchange of the least that is shown with the question of this number."""
        promised = self._limits.least_tokens
        by_tokens = (each for each in range(question, 0, -1) if self._tokens(each, question) >= promised)
        return max(question - self._limits.round_trips, next(by_tokens, 0))

    def _first_that_fits(self) -> int:
        """Return the first exchange since which all fits into the limit of tokens; the question's number if none."""
        fitting = (each for each in range(self._count) if self._tokens(each, self._count) <= self._limits.tokens)
        return next(fitting, self._count)

    def _tokens(self, first: int, question: int) -> float:
        """Return the model's tokens from the first turn of an exchange up to the question of this number."""
        estimated = self._sums[self._ends[question]] - self._sums[self._starts[first]]
        return estimated * self._limits.ratio

    def _last_pause(self) -> int:
        """Return the number of the last question that came after a PAUSE, 0 if none did."""
        times = self._times
        return next((each for each in range(self._count, 0, -1) if times[each] - times[each - 1] > PAUSE), 0)

    def _steadiness(self, number: int, pause: int, held: int) -> tuple[bool, bool, int]:
        """Return how long the history may begin with this exchange, to be compared with that of others.

        Best is `held`, with which it began at the last pause. Then every `round_trips`-th exchange, counted from that
        pause, or from the thread's beginning if there was none. Of those in between, the more even numbers are better:
        whatever the limit of tokens allows, one of them is in reach for long. If the thread's beginning is unknown, the
        hours and minutes between two questions take the place of numbers: rounder ones are better.
        """
        # A pause among the first exchanges may leave what is read of the thread, and then another count begins.
        if pause >= self._limits.round_trips:
            count = number - pause
        elif self._answers is not None:
            count = self._answers - self._count + number
        else:
            return False, False, (int(self._times[number]) ^ int(self._times[number - 1])).bit_length()
        return number == held, count % self._limits.round_trips == 0, count & -count if count else _STEADIEST
