"""PaidPicture: the paid call of one picture: held by what it may cost at most, recorded, and settled by its tokens."""

from __future__ import annotations

from dataclasses import replace

from cocoai.answer.attempt import Attempt
from cocoai.answer.paid_requests import Books, PaidCalls, paid_call
from cocoai.chatgpt.picture_form import PictureOrder
from cocoai.chatgpt.pictures import DrawnPicture
from cocoai.conversation import estimated_tokens
from cocoai.errors import CocoAIError, Permanent
from cocoai.ledger.caps import OverAllowance
from cocoai.ledger.charge import Bill
from cocoai.ledger.picture_tariff import PictureTokens


class PaidPicture(PaidCalls):
    """The `CallRecorder` of one attempt. A person may have `most_a_day`, 0 for any number."""

    def __init__(self, attempt: Attempt, books: Books, order: PictureOrder, most_a_day: int) -> None:
        super().__init__(attempt, books)
        self._order = order
        self._most_a_day = most_a_day
        self._at = 0.0

    def asked(self) -> None:
        """Hold what the picture may cost, and record the request before it leaves.

        Raise as open() does, `Permanent` `no_price` if nobody can say what it may cost, and `pictures_today` if the
        person has had as many pictures as there are for a day.
        """
        order, self._at = self._order, self._books.clock()
        text = len(order.prompt.encode("utf-8", "replace"))
        kind = f"{order.size} {order.quality}"
        bound = self._books.tariff.pictures.bound(order.model, kind, text, self._sent_tokens, self._at)
        if bound is None:
            raise Permanent("no_price", source="ledger")
        call = paid_call(self._attempt, "picture", order.model, *bound)
        try:
            self.open(replace(call, units=1, most_a_day=self._most_a_day))
        except OverAllowance:
            raise Permanent("pictures_today", source="ledger") from None

    def bill(self, drawn: DrawnPicture) -> Bill:
        """Return what the picture has cost: by its usage, else the whole hold."""
        assert self.call is not None  # noqa: S101 (the call was made)
        usage = drawn.usage
        if usage is None:
            return Bill(self.call.bound, "estimated", self._order.model)
        return self._priced(PictureTokens(usage.text, usage.image, usage.drawn))

    def fail(self, error: CocoAIError) -> None:
        """Settle the call that is open after an error: what moderation has refused costs its input, all else the hold.

        Nothing is left to settle if the model did not run.
        """
        if self.call is not None and error.code == "refused":
            tokens = PictureTokens(estimated_tokens(self._order.prompt), self._sent_tokens, 0)
            self.settle(replace(self._priced(tokens), how="estimated", units=0))
        else:
            self.settle_as_lost()

    def _priced(self, tokens: PictureTokens) -> Bill:
        return self._books.tariff.pictures.priced(tokens, model=self._order.model, at=self._at)

    @property
    def _sent_tokens(self) -> int:
        return sum(each.tokens for each in self._order.sent)
