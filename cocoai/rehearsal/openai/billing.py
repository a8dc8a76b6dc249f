"""PracticeBooks: what the practice OpenAI charges for each request that the model ran for, finished or not.

A request is on the books from the moment it runs, at what has been generated so far. All of its reasoning comes first
and is billed at once. A request that is refused before it runs is never on the books.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Literal

from cocoai.rehearsal.openai.practice_prices import TokenUse, price

BillState = Literal["running", "whole", "cut"]


@dataclass(frozen=True)
class PracticeBill:
    """The bill of one request: its tokens by the four classes that have a price, and their sum in `nano_dollars`.

    `output` includes `reasoning`. `tier` is the one that answered: `default`, `flex`, `priority` or `scale`. `state` is
    `running` while the answer is generated, then `whole`, or `cut` if it was not generated to its end. A sound has no
    tokens, but `milliseconds`.
    """

    model: str
    tier: str
    plain: int
    cached: int
    written: int
    output: int
    reasoning: int
    nano_dollars: int
    state: BillState
    milliseconds: int = 0

    @property
    def is_cut(self) -> bool:
        """Return True if the answer was not generated to its end, because the client left or by a fault."""
        return self.state == "cut"


class BillMeter:
    """Counts what is generated for one request; `PracticeBooks.open` makes it.

    `use` holds the tokens of the whole answer. Once it is finished or cut, nothing changes it any more.
    """

    def __init__(self, changed: threading.Condition, model: str, tier: str, use: TokenUse) -> None:
        self._changed = changed
        self._model, self._tier, self._use = model, tier, use
        self._ascii = self._others = 0
        self._state: BillState = "running"
        self._is_billed_whole = False

    def add(self, piece: str) -> None:
        """Count the next piece of the text, before it is sent."""
        # Counted as tokens_of does, but a piece at a time: a long answer has thousands of them.
        others = 0 if piece.isascii() else sum(1 for character in piece if not character.isascii())
        with self._changed:
            self._others += others
            self._ascii += len(piece) - others

    def finish(self) -> None:
        """Bill the whole answer, because it has been generated to its end."""
        self._end("whole", is_billed_whole=True)

    def cut(self, *, bills_whole: bool = False) -> None:
        """Bill what has been generated so far, or with `bills_whole` the whole answer, as a gateway that goes on."""
        self._end("cut", is_billed_whole=bills_whole)

    def _end(self, state: BillState, *, is_billed_whole: bool) -> None:
        with self._changed:
            if self._state == "running":
                self._state, self._is_billed_whole = state, is_billed_whole
                self._changed.notify_all()

    @property
    def bill(self) -> PracticeBill:
        """Return the bill as it stands."""
        with self._changed:
            use, state = self._use, self._state
            if not self._is_billed_whole:
                visible = (self._ascii + 3) // 4 + self._others
                use = replace(use, output=min(use.output, use.reasoning + visible))
        amount = price(self._model, self._tier, use)
        parts = (use.plain, use.cached, use.written, use.output, use.reasoning)
        return PracticeBill(self._model, self._tier, *parts, amount, state)


@dataclass(frozen=True)
class WholeBill:
    """A bill that nothing changes any more."""

    bill: PracticeBill


class PracticeBooks:
    """All bills of one practice OpenAI, in the order in which the requests ran. May be used by several threads.

    `changed` guards them, and is notified when an answer is finished or cut.
    """

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._meters: list[BillMeter | WholeBill] = []

    def open(self, model: str, tier: str, use: TokenUse) -> BillMeter:
        """Put a request on the books that the model runs for now, and return its meter."""
        meter = BillMeter(self._changed, model, tier, use)
        with self._changed:
            self._meters.append(meter)
        return meter

    def add(self, bill: PracticeBill) -> None:
        """Put a request on the books whose bill is known as soon as it runs, as that of a picture or a sound."""
        with self._changed:
            self._meters.append(WholeBill(bill))
            self._changed.notify_all()

    @property
    def bills(self) -> list[PracticeBill]:
        """Return every bill as it stands, oldest first."""
        with self._changed:
            return [meter.bill for meter in self._meters]

    @property
    def billed(self) -> int:
        """Return the sum of all bills in nano-dollars."""
        return sum(bill.nano_dollars for bill in self.bills)
