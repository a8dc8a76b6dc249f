"""What a model's tokens cost on a day: our own table (prices.json), in which the operator's prices win.

A price is known by a model's whole name, or by that name without the date at its end, never by a prefix: a new model
of a family has a price of its own. A provider's prefix, as in `openai/gpt-6-luna`, belongs to the name: a reseller
sets prices of its own. An unknown model costs as much as the dearest one.

prices.json holds USD per million units. `in`, `cached`, `written` and `out` are the classes of a text model's tokens;
where `cached` or `written` is missing, such tokens cost as much as `in`. An entry holds from the UTC day `from`, and
before the day `until`. `checked` is the day on which a person last compared it with its source.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from cocoai.ledger.money import parse_usd

Row = TypeVar("Row")

PICTURE_TOKENS = ("text_in", "text_cached", "image_in", "image_cached", "image_out")
"""The classes of the tokens of a model that draws, in the order of the operator's own price."""

_DATE = re.compile(r"-[0-9]{4}-[0-9]{2}-[0-9]{2}$")
"""The end of a dated model's name, as in `gpt-5.4-2026-03-05`."""

_A_MINUTE = "/minute"
"""The end of the operator's price of a model that listens."""


@dataclass(frozen=True)
class Price:
    """What a model's tokens cost, in nano-dollars per million tokens, by the class in which each token is billed.

    A prompt's tokens are `plain`, `cached` (read from the cache) or `written` to it. A request whose prompt has more
    than `long_from` tokens is a long one; 0 means that none is. `tiers` holds the factor of each service tier except
    the default one, in thousandths. A price that `is_regional` is higher at an address that keeps data in a region.
    `second` is that of a million seconds of sound, and `picture` has the classes of a picture's tokens: only an
    operator's own price has one of these, and then all others are 0.
    """

    plain: int
    cached: int
    written: int
    output: int
    long_from: int = 0
    tiers: Mapping[str, int] = field(default_factory=dict, hash=False)
    is_regional: bool = False
    picture: Mapping[str, int] = field(default_factory=dict, hash=False)
    second: int = 0

    @property
    def is_of_text(self) -> bool:
        """Return True for the price of a text model, or of one that is free."""
        return not (self.second or self.picture)

    def as_text(self) -> str:
        """Return the price as JSON, short enough to be kept with each charge."""
        kept: dict[str, Any] = {"in": self.plain, "cached": self.cached, "written": self.written, "out": self.output}
        if self.long_from:
            kept["long_from"] = self.long_from
        if self.tiers:
            kept["tiers"] = dict(self.tiers)
        if self.is_regional:
            kept["regional"] = True
        return json.dumps(kept, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Price:
        """Return the price that `as_text` wrote. Raise ValueError for any other text."""
        kept = json.loads(text)
        try:
            return cls(
                plain=_whole(kept["in"]),
                cached=_whole(kept["cached"]),
                written=_whole(kept["written"]),
                output=_whole(kept["out"]),
                long_from=_whole(kept.get("long_from", 0)),
                tiers={name: _whole(factor) for name, factor in kept.get("tiers", {}).items()},
                is_regional=kept.get("regional") is True,
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(text) from error


FREE = Price(plain=0, cached=0, written=0, output=0)
"""The price of a model that the operator says is free, such as one on a machine of the team's own."""


class PriceTable:
    """The prices of `data`, which has the form of prices.json, and of `overrides`, the operator's, by model.

    `checked` is the day on which the table as a whole was last compared with its sources, as `2026-12-01`.
    """

    def __init__(self, data: Mapping[str, Any], overrides: Mapping[str, Price] | None = None) -> None:
        self.checked = str(data["checked"])
        self._overrides = dict(overrides or {})
        self._models = {name: [_dated_price(each) for each in entries] for name, entries in data["models"].items()}
        self._units = {name: [_dated_units(each) for each in entries] for name, entries in data["units"].items()}

    def price(self, model: str, at: float) -> Price:
        """Return the model's price at `at`, in epoch seconds; the dearest price of that day if it is unknown."""
        day = _day(at)
        for name in _names(model):
            if name in self._overrides and self._overrides[name].is_of_text:
                return self._overrides[name]
            if name in self._models:
                return _on(day, self._models[name])
        return _dearest([_on(day, entries) for entries in self._models.values()])

    def unit_prices(self, model: str, at: float) -> Mapping[str, int]:
        """Return what a model that is no text model costs at `at`: nano-dollars per million units, by kind of unit.

        The kinds are `token`, `second` and `character`; `text_in`, `text_cached`, `text_out`, `audio_in`, `audio_out`,
        `image_in`, `image_cached` and `image_out` for tokens of several kinds; and one for each size and quality of a
        picture, as `1024x1024 low`, which is an estimate before the tokens are known. {} means an unknown model.
        """
        day = _day(at)
        return next((_on(day, self._units[name]) for name in _names(model) if name in self._units), {})

    def picture_prices(self, model: str, at: float) -> Mapping[str, int]:
        """Return what the tokens of a model that draws cost at `at`, by their class; {} for an unknown model."""
        for name in _names(model):
            if name in self._overrides and (self._overrides[name].picture or self._overrides[name] == FREE):
                return self._overrides[name].picture or dict.fromkeys(PICTURE_TOKENS, 0)
        prices = self.unit_prices(model, at)
        return {name: prices[name] for name in PICTURE_TOKENS} if "image_out" in prices else {}

    def drawn_tokens(self, model: str, kind: str, at: float) -> int | None:
        """Return about how many tokens a picture has, by its size and quality, such as `1536x1024 medium`.

        Of a model that is not in our table they are the most that any has; None if none has such a picture.
        """
        own = self.unit_prices(model, at)
        tables = [own] if "image_out" in own else [_on(_day(at), entries) for entries in self._units.values()]
        found = [-(-prices[kind] // prices["image_out"]) for prices in tables if kind in prices]
        return max(found, default=None)

    def sound_prices(self, model: str, at: float) -> Mapping[str, int]:
        """Return what a model that listens costs at `at`, as unit_prices() does, with `second` in any case.

        The operator's price wins; an unknown model costs as much as the dearest one of that day.
        """
        for name in _names(model):
            if name in self._overrides and (self._overrides[name].second or self._overrides[name] == FREE):
                return {"second": self._overrides[name].second}
        if "second" in (found := self.unit_prices(model, at)):
            return found
        return {"second": max(_on(_day(at), entries).get("second", 0) for entries in self._units.values())}

    def knows_sound(self, model: str) -> bool:
        """Return True if the model that listens has a price of its own, ours or the operator's."""
        return any(name in self._overrides for name in _names(model)) or "second" in self.unit_prices(model, 0.0)

    def knows_any(self, model: str) -> bool:
        """Return True if the model has a price of its own, whatever it does."""
        return self.knows(model) or bool(self.unit_prices(model, 0.0))

    def knows(self, model: str) -> bool:
        """Return True if the text model has a price of its own, ours or the operator's."""
        return any(name in self._overrides or name in self._models for name in _names(model))


def read_prices(overrides: Mapping[str, Price] | None = None) -> PriceTable:
    """Return the table of prices.json, with the operator's prices, by model."""
    # By its path: what `importlib.resources` imports would stay in the master for good.
    with open(os.path.join(os.path.dirname(__file__), "prices.json"), encoding="utf-8") as file:
        return PriceTable(json.load(file), overrides)


def parse_override(text: str) -> Price:
    """Return the operator's price: `in/cached/written/out` in USD per million tokens, or the word `free`.

    Five numbers are the price of a model that draws: `text/cached/picture/cached/out`, and that of a model that listens
    is `USD/minute`. A text model's is the same for long requests, in each tier and in each region. Raise ValueError for
    anything else.
    """
    if text.strip() == "free":
        return FREE
    if text.strip().endswith(_A_MINUTE):
        return Price(0, 0, 0, 0, second=-(-parse_usd(text.strip().removesuffix(_A_MINUTE).strip()) * 1_000_000 // 60))
    numbers = [parse_usd(part.strip()) for part in text.split("/")]
    if len(numbers) == len(PICTURE_TOKENS):
        return Price(0, 0, 0, 0, picture=dict(zip(PICTURE_TOKENS, numbers, strict=True)))
    plain, cached, written, output = numbers
    return Price(plain, cached, written, output)


@dataclass(frozen=True)
class _Dated(Generic[Row]):
    """What holds from the UTC day `first`, and before the day `until`; "" means that no end is known."""

    first: str
    until: str
    what: Row


def _dated_price(entry: Mapping[str, Any]) -> _Dated[Price]:
    """Return one entry of a text model."""
    plain = parse_usd(entry["in"])
    price = Price(
        plain=plain,
        cached=parse_usd(entry["cached"]) if "cached" in entry else plain,
        written=parse_usd(entry["written"]) if "written" in entry else plain,
        output=parse_usd(entry["out"]),
        long_from=_whole(entry.get("long_from", 0)),
        tiers={name: _whole(factor) for name, factor in entry.get("tiers", {}).items()},
        is_regional=entry.get("regional", False),
    )
    return _Dated(entry["from"], entry.get("until", ""), price)


def _dated_units(entry: Mapping[str, Any]) -> _Dated[Mapping[str, int]]:
    """Return one entry of a model that is billed by other units."""
    return _Dated(
        entry["from"], entry.get("until", ""), {kind: parse_usd(usd) for kind, usd in entry["per_million"].items()}
    )


def _on(day: str, entries: Sequence[_Dated[Row]]) -> Row:
    """Return what holds on that day, of `entries` from the oldest to the newest.

    Before the first of them that is the first, and behind the end of the last it is the last.
    """
    begun = [each for each in entries if each.first <= day] or entries[:1]
    holding = [each for each in begun if not each.until or day < each.until]
    return (holding or begun)[-1].what


def _dearest(prices: Sequence[Price]) -> Price:
    """Return the price of an unknown model: the most of each class, and of each tier's factor, in `prices`."""
    tiers = {name for price in prices for name in price.tiers}
    return Price(
        plain=max(price.plain for price in prices),
        cached=max(price.cached for price in prices),
        written=max(price.written for price in prices),
        output=max(price.output for price in prices),
        long_from=min((price.long_from for price in prices if price.long_from), default=0),
        tiers={name: max(price.tiers.get(name, 0) for price in prices) for name in sorted(tiers)},
        is_regional=any(price.is_regional for price in prices),
    )


def _names(model: str) -> tuple[str, ...]:
    """Return the names under which a model is looked up, in this order: its own, and the one without its date."""
    name = model.lower()  # as the settings file has it
    bare = _DATE.sub("", name)
    return (name,) if bare == name else (name, bare)


def _day(at: float) -> str:
    """Return the UTC day of an instant in epoch seconds, as `2026-12-01`."""
    return time.strftime("%Y-%m-%d", time.gmtime(at))


def _whole(value: object) -> int:
    """Return `value`. Raise ValueError unless it is a whole number, 0 or more."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(value)
    return value
