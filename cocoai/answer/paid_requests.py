"""PaidCalls: the door through which each request to a model leaves: held, recorded, sent, and settled.

The order is what keeps the books right over any kill: the hold in the ledger, the `asked` fact with its number, the
request, the fact of what came of it (PAID_FACTS) with its bill, the settling. A process that dies on the way leaves
enough for the next one, or for the sweep, to settle the hold.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from cocoai.answer.attempt import Attempt
from cocoai.answer.retry import MOST_OPEN_REQUESTS, open_requests
from cocoai.chatgpt.chunk import Usage
from cocoai.chatgpt.request_size import RequestSize
from cocoai.chatgpt.stream import Ending
from cocoai.chatgpt.token_ratio import TokenRatio
from cocoai.conversation import estimated_tokens
from cocoai.errors import Permanent
from cocoai.ledger.caps import PayLater
from cocoai.ledger.charge import NOTHING_PAID, Bill, OpenHold, PaidCall, Payer
from cocoai.ledger.cost import Tokens
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.store import LedgerBroken
from cocoai.ledger.tariff import Tariff
from cocoai.spool.job import Fact, Job
from cocoai.spool.store_error import StoreError

PAID_FACTS = frozenset({"answer", "heard", "worded", "picture", "searched"})
"""The facts that have the number of a paid `call`, and its `bill`: of an answer, of what was heard, of the words by
which a picture is drawn, of the picture, and of the words by which documents are searched."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Books:
    """What paid calls need: the `ledger`, the `tariff`, the token `ratio` of each model, and epoch seconds."""

    ledger: Ledger
    tariff: Tariff
    ratio: TokenRatio
    clock: Callable[[], float] = time.time

    @contextlib.contextmanager
    def logged(self, what: str) -> Iterator[None]:
        """Log a broken ledger instead of raising it, as a context manager; `what` was to be written, such as a key."""
        try:
            yield
        except LedgerBroken as error:
            log.error("ledger what=%s outcome=not-written reason=%s", what, error)  # noqa: TRY400 (the words say all)

    def settle_earlier(self, job: Job) -> None:
        """Settle the holds that earlier attempts at a job have left open, by its facts. The caller has the claim.

        A ledger that is broken is only logged: nothing is paid here.
        """
        with self.logged(str(job.key)):
            for hold in self.ledger.open_holds(str(job.key)):
                self.ledger.settle(hold.key, hold.call, bill_by_facts(hold, job.lines))


class PaidCalls:
    """The paid calls of one attempt, one at a time: each is a charge, and an `asked` fact of the job.

    One that was not run becomes an `unasked` fact. However often the job's process dies, no more than
    MOST_OPEN_REQUESTS are paid without an answer.
    """

    def __init__(self, attempt: Attempt, books: Books) -> None:
        self._attempt = attempt
        self._books = books
        self.n = 0
        self.number = 0
        self.call: PaidCall | None = None

    def open(self, call: PaidCall) -> None:
        """Hold what a call may cost, and record it before it leaves.

        It is then `call`, its number in the job, from 1, `n`, and that of its charge `number`. Raise `Permanent`
        `attempts` if MOST_OPEN_REQUESTS are open, `OverBudget`, `OverAllowance`, `PayLater` or `LedgerBroken` if it may
        not be paid, StoreError if it cannot be recorded: one that nobody knows of could be paid again and again.
        """
        self.settle_as_lost()  # a call before this one, which was repaired
        job = self._attempt.job
        if open_requests(job) >= MOST_OPEN_REQUESTS:
            raise Permanent("attempts")
        self.number = self._hold(call)
        self.call = call
        self.n = 1 + sum(1 for line in job.lines if line.get("fact") == "asked")
        try:
            job.record("asked", n=self.n, call=self.number)
        except StoreError:
            self.settle(NOTHING_PAID)
            raise

    def _hold(self, call: PaidCall) -> int:
        """Hold the call's bound; return its number. A full disk under the ledger is waited for, as everywhere else."""
        try:
            return self._books.ledger.hold(call)
        except LedgerBroken as error:
            if not error.may_pass:
                raise
            raise PayLater("ledger_busy", error) from error

    def unasked(self, why: str) -> None:
        """Record that the model did not run for the last call. If the disk fails, it counts as one that did."""
        if self._attempt.record("unasked", n=self.n, why=why):
            self.settle(NOTHING_PAID)

    def settle(self, bill: Bill) -> None:
        """Settle the call that is open, if there is one. A broken ledger is only logged: its hold stays."""
        if (call := self.call) is not None:
            self.call = None
            with self._books.logged(call.key):
                self._books.ledger.settle(call.key, self.number, bill)

    def settle_as_lost(self) -> None:
        """Settle the call that is open at its whole hold, as it may be billed."""
        if self.call:
            self.settle(Bill(self.call.bound, "lost"))


def paid_call(attempt: Attempt, kind: str, model: str, bound: int, price: str) -> PaidCall:
    """Return a call for the asker of this attempt's question; see PaidCall."""
    question, job = attempt.question, attempt.job
    payer = Payer(question.team, question.channel, question.user)
    return PaidCall(str(job.key), job.attempt, payer, kind, model, bound, price)


class _OpenRequest(NamedTuple):
    """A request that was held `at` (epoch seconds) and is not settled: its call, and its size."""

    call: PaidCall
    size: RequestSize
    at: float


class PaidRequests(PaidCalls):
    """The `RequestRecorder` of one attempt; `kind` is what its charges are called."""

    def __init__(self, attempt: Attempt, books: Books, kind: str = "chat") -> None:
        super().__init__(attempt, books)
        self._kind = kind
        self._last: _OpenRequest | None = None

    def asked(self, size: RequestSize) -> None:
        """Hold what the next request may cost, and record it before it leaves. Raise as open() does."""
        at, tariff = self._books.clock(), self._books.tariff
        bound, price = tariff.bound(size.model, size.most_input, size.most_output, at, has_tier=size.has_tier)
        call = paid_call(self._attempt, self._kind, size.model, bound, price.as_text())
        self.open(call)
        self._last = _OpenRequest(call, size, at)

    @property
    def _open(self) -> _OpenRequest | None:
        return self._last if self.call else None

    def facts(self, text: str, ending: Ending) -> Fact:
        """Return what the `answer` fact says of the request that is open: the number of its `call`, and its `bill`.

        `text` is the answer as far as it was read. Both are None if no request is open.
        """
        if self._open is None:
            return {"call": None, "bill": None}
        return {"call": self.number, "bill": self._bill(self._open, text, ending).as_fact()}

    def settle_by(self, fact: Fact) -> None:
        """Settle the request that is open by facts(), once they are recorded."""
        if fact["bill"] is not None:
            self.settle(Bill.from_fact(fact["bill"]))

    def fail(self, text: str) -> None:
        """Settle the request that is open after an error, with the `text` that was read until then.

        Without any text nobody knows how far the model had come: it counts as lost.
        """
        if text and self._open:
            self.settle(self._estimate(self._open, text, ""))
        else:
            self.settle_as_lost()

    def _bill(self, request: _OpenRequest, text: str, ending: Ending) -> Bill:
        """Return what the request has cost: as the server says, else by its usage, else by our estimate."""
        usage = ending.usage
        if usage is None or (usage.cost is None and not _is_plausible(usage, text)):
            return self._estimate(request, text, ending.model)
        bill = self._priced(request, _tokens(usage), ending.model, ending.tier)
        return bill if usage.cost is None else self._books.tariff.told(usage.cost, bill)

    def _estimate(self, request: _OpenRequest, text: str, answered: str) -> Bill:
        """Return what the request has probably cost, given the text that was read; never more than its hold.

        Its input is taken as written into the cache, which is the dearest; its output as the text and this model's
        most reasoning of late, or all that it may be if that is not known: people stop the long answers, not the usual
        ones.
        """
        size = request.size
        written = min(size.most_input, round(size.estimated_input * self._books.ratio.ratio(size.model)))
        reasoning = self._most_reasoning(size.model)
        output = size.most_output if reasoning is None else estimated_tokens(text) + reasoning
        bill = self._priced(request, Tokens(written, 0, written, output, reasoning or 0), answered, "")
        return replace(bill, spent=min(bill.spent, request.call.bound), how="estimated")

    def _most_reasoning(self, model: str) -> int | None:
        """Return the most reasoning tokens of this model's last answers; None if there was none."""
        with self._books.logged(str(self._attempt.job.key)):
            return self._books.ledger.most_reasoning(model)
        return None

    def _priced(self, request: _OpenRequest, tokens: Tokens, answered: str, tier: str) -> Bill:
        size = request.size
        return self._books.tariff.priced(
            tokens, asked=size.model, answered=answered, tier=tier, at=request.at, has_tier=size.has_tier
        )


def bill_by_facts(hold: OpenHold, facts: Sequence[Fact]) -> Bill:
    """Return the bill of a hold whose process has died, by the facts of its job.

    That is the recorded one of what came of it (PAID_FACTS); nothing, if the request had not left or was not run;
    else the whole hold.
    """
    for fact in facts:
        if fact.get("fact") in PAID_FACTS and fact.get("call") == hold.call:
            with contextlib.suppress(KeyError, TypeError, ValueError):
                return Bill.from_fact(fact["bill"])
    requests = [fact["n"] for fact in facts if fact.get("fact") == "asked" and fact.get("call") == hold.call]
    not_run = {fact["n"] for fact in facts if fact.get("fact") == "unasked"}
    return NOTHING_PAID if not_run.issuperset(requests) else hold.lost()


def _is_plausible(usage: Usage, text: str) -> bool:
    """Check whether the usage can be that of an answer with this text: servers were seen to send zeros."""
    return usage.prompt_tokens > 0 and (usage.completion_tokens > 0 or not text)


def _tokens(usage: Usage) -> Tokens:
    return Tokens(
        usage.prompt_tokens,
        usage.cached_tokens,
        usage.cache_write_tokens,
        usage.completion_tokens,
        usage.reasoning_tokens,
    )
