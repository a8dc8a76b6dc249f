"""PictureTariff: what a picture may cost at most, before it is drawn, and what it has cost, by its tokens.

Nobody publishes how many tokens a picture has: prices.json has what one of each size and quality is said to cost, from
which its tokens follow. Such figures are rounded, and those of the newest models their predecessors', hence MARGIN.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from cocoai.ledger.charge import Bill
from cocoai.ledger.cost import Tokens
from cocoai.ledger.prices import PICTURE_TOKENS, PriceTable

MARGIN = 3, 2
"""By how much more than its figure a picture may cost: 3 / 2."""

_MILLION = 10**6
_THOUSAND = 1000


@dataclass(frozen=True)
class PictureTokens:
    """The tokens of one picture: of its prompt, of the pictures sent with it, and of the picture itself.

    `cached_text` and `cached_image` are the parts of the first two that came from a cache.
    """

    text: int
    image: int
    drawn: int
    cached_text: int = 0
    cached_image: int = 0


class PictureTariff:
    """The prices of `table` for pictures, at an address whose factor is `region`, in thousandths."""

    def __init__(self, table: PriceTable, region: int) -> None:
        self._table = table
        self._region = region

    def bound(self, model: str, kind: str, text: int, image: int, at: float) -> tuple[int, str] | None:
        """Return the most that a picture may cost, in nano-dollars, and the price as a charge keeps it.

        `kind` is its size and quality, such as `1536x1024 medium`; `text` and `image` are the most tokens of its prompt
        and of the pictures sent. Return None if the model has no price, or no picture of this kind a figure.
        """
        prices = self._table.picture_prices(model, at)
        if not prices:
            return None
        drawn = self._table.drawn_tokens(model, kind, at)
        if drawn is None:
            return None
        most = -(-drawn * MARGIN[0] // MARGIN[1])
        return self._cost(PictureTokens(text, image, most), prices), _as_text(prices)

    def priced(self, tokens: PictureTokens, *, model: str, at: float) -> Bill:
        """Return the bill of a picture by its tokens, which the server has told. `at` is the time of the hold."""
        prices = self._table.picture_prices(model, at)
        counted = Tokens(tokens.text + tokens.image, tokens.cached_text + tokens.cached_image, output=tokens.drawn)
        return Bill(self._cost(tokens, prices), "priced", model, tokens=counted, units=1, price=_as_text(prices))

    def _cost(self, tokens: PictureTokens, prices: Mapping[str, int]) -> int:
        """Return nano-dollars, rounded up once."""
        cached = min(tokens.cached_text, tokens.text), min(tokens.cached_image, tokens.image)
        counts = (tokens.text - cached[0], cached[0], tokens.image - cached[1], cached[1], tokens.drawn)
        product = sum(count * prices[name] for name, count in zip(PICTURE_TOKENS, counts, strict=True)) * self._region
        return -(-product // (_THOUSAND * _MILLION))


def _as_text(prices: Mapping[str, int]) -> str:
    return json.dumps(dict(prices), separators=(",", ":"))
