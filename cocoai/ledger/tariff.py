"""Tariff: what calls of the models at one address may cost at most, and have cost, by the price table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from cocoai.ledger.charge import Bill
from cocoai.ledger.cost import Tokens, bound, cost, is_openai, region_of
from cocoai.ledger.money import NANO
from cocoai.ledger.picture_tariff import PictureTariff
from cocoai.ledger.prices import Price, PriceTable

UNKNOWN_TIER = "unknown"
"""The tier of a call whose tier nobody tells: the dearest."""


_MILLION = 10**6


class Tariff:
    """The prices of `table` for calls to the server at `base_url`."""

    def __init__(self, table: PriceTable, base_url: str) -> None:
        self.table = table
        self._region = region_of(base_url)
        self._is_openai = is_openai(base_url)
        self.pictures = PictureTariff(table, self._region)

    def bound(self, model: str, most_input: int, most_output: int, at: float, *, has_tier: bool) -> tuple[int, Price]:
        """Return the most that a call may cost, in nano-dollars, and the price by which that was computed.

        `most_input` and `most_output` are tokens, `at` is in epoch seconds. `has_tier`: the request names its tier.
        """
        price = self.table.price(model, at)
        is_tier_sent = has_tier or not self._is_openai
        return bound(most_input, most_output, price, is_tier_sent=is_tier_sent, region=self._region), price

    def told(self, cost_usd: float, bill: Bill) -> Bill:
        """Return the bill of a call of which the server says that it cost `cost_usd`; it is rounded up."""
        # Through the digits: 0.0004 as a binary fraction is a little more than that.
        dollars, _, pico = f"{cost_usd:.12f}".partition(".")
        spent = int(dollars) * NANO + -(-int(pico) // 1000)
        return replace(bill, spent=spent, how="told")

    def priced(self, tokens: Tokens, *, asked: str, answered: str, tier: str, at: float, has_tier: bool) -> Bill:
        """Return the bill of a call by its usage: at the price of the model that answered, in the tier that it names.

        `asked` is the model that the request named, and counts if the other one is not in the table. `at` is the time
        of the hold, in epoch seconds.
        """
        price = self.table.price(answered if self.table.knows(answered) else asked, at)
        is_known = tier or has_tier or not self._is_openai
        counted = tokens.consistent()
        spent = cost(counted, price, tier=tier if is_known else UNKNOWN_TIER, region=self._region)
        return Bill(spent, "priced", answered or asked, tier, counted, price=price.as_text())

    def sound_bound(self, model: str, seconds: int, at: float) -> tuple[int, str]:
        """Return the most that hearing so many seconds may cost, in nano-dollars, and the price as a charge keeps it.

        Of a model that is billed by tokens, which nobody knows beforehand, that is twice its usual price of a second.
        """
        prices = self.table.sound_prices(model, at)
        times = 1 if len(prices) == 1 else 2
        return -(-times * prices["second"] * seconds // _MILLION), _as_text(prices)

    def priced_sound(
        self, counts: Mapping[str, int], *, model: str, at: float, milliseconds: int | None
    ) -> Bill | None:
        """Return the bill of a call that heard something, by its usage; None if the price of a kind is not known.

        `counts` are thousandths of units by their kind: of a `second`, or of tokens, `text_in`, `audio_in`, `text_out`.
        """
        prices = self.table.sound_prices(model, at)
        if not counts or not prices.keys() >= counts.keys():
            return None
        thousandths = sum(prices[kind] * count for kind, count in counts.items())
        spent = -(-thousandths // (1000 * _MILLION))
        return Bill(spent, "priced", model, units=milliseconds, price=_as_text(prices))

    def is_guessed(self, model: str) -> bool:
        """Check whether the price of a model is not known, so that it counts as the dearest."""
        return not self.table.knows_any(model)


def _as_text(prices: Mapping[str, int]) -> str:
    return json.dumps(dict(prices), separators=(",", ":"))
