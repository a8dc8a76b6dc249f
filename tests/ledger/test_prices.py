"""ledger/prices.py and prices.json: which price a model has on a day, and whose wins."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.ledger.money import parse_usd
from cocoai.ledger.prices import FREE, Price, PriceTable, parse_override, read_prices
from tests.ledger.table import DATA, TABLE, TODAY, noon

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

ENTRIES = [(model, entry) for kind in ("models", "units") for model, entries in DATA[kind].items() for entry in entries]

DAY = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]")


def usd_of(price: Price) -> tuple[float, ...]:
    """Return the four prices in USD per million tokens."""
    return tuple(nano / 10**9 for nano in (price.plain, price.cached, price.written, price.output))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-6-luna", (0.1, 0.01, 0.125, 0.5)),
        ("gpt-6.1-terra", (1, 0.05, 1.25, 5)),
        ("gpt-6.2-sol", (2, 0.1, 2.5, 10)),
        ("gpt-6.1-sol", (2, 0.1, 2.5, 10)),
        ("gpt-6-sol", (2, 0.2, 2.5, 10)),
        ("gpt-6-astra", (10, 1, 12.5, 50)),
        ("gpt-5.6-luna", (0.2, 0.02, 0.25, 1.2)),
        ("gpt-5.6-terra", (2, 0.2, 2.5, 12)),
        ("gpt-5.6-sol", (5, 0.5, 6.25, 30)),
        ("gpt-5.6", (5, 0.5, 6.25, 30)),
        ("gpt-5.5", (5, 0.5, 5, 30)),
        ("chat-latest", (5, 0.5, 5, 30)),
        ("gpt-5.4", (2.5, 0.25, 2.5, 15)),
        ("gpt-5.4-mini", (0.75, 0.075, 0.75, 4.5)),
        ("gpt-5.4-nano", (0.2, 0.02, 0.2, 1.25)),
        ("gpt-5.2", (1.75, 0.175, 1.75, 14)),
        ("gpt-5.1", (1.25, 0.125, 1.25, 10)),
        ("gpt-5", (1.25, 0.125, 1.25, 10)),
        ("gpt-5-mini", (0.25, 0.025, 0.25, 2)),
        ("gpt-5-nano", (0.05, 0.005, 0.05, 0.4)),
        ("o3", (2, 0.5, 2, 8)),
        ("gpt-4o", (2.5, 1.25, 2.5, 10)),
        ("gpt-4o-2024-05-13", (5, 5, 5, 15)),
        ("gpt-4o-mini", (0.15, 0.075, 0.15, 0.6)),
        ("gpt-4.1", (2, 0.5, 2, 8)),
        ("gpt-4.1-mini", (0.4, 0.1, 0.4, 1.6)),
    ],
)
def test_todays_prices(model: str, expected: tuple[float, ...]) -> None:
    """The table has the published prices; where no price for cached or written tokens is, they cost as plain ones."""
    assert expected == usd_of(TABLE.price(model, TODAY))
    assert TABLE.knows(model)


@pytest.mark.parametrize(
    ("model", "day", "expected"),
    [
        ("gpt-5.6-luna", "2026-07-29", (1, 0.1, 1.25, 6)),
        ("gpt-5.6-luna", "2026-07-30", (0.2, 0.02, 0.25, 1.2)),
        ("gpt-5.6-terra", "2026-07-29", (2.5, 0.25, 3.125, 15)),
        ("gpt-5.6-terra", "2026-07-30", (2, 0.2, 2.5, 12)),
        ("gpt-5.6-sol", "2026-08-20", (5, 0.5, 6.25, 30)),
        ("gpt-5.6-sol", "2026-08-21", (4, 0.4, 5, 20)),
        ("gpt-5.6-sol", "2026-11-20", (4, 0.4, 5, 20)),
        ("gpt-5.6-sol", "2026-11-21", (5, 0.5, 6.25, 30)),
        ("gpt-5.6", "2026-11-20", (4, 0.4, 5, 20)),
        ("gpt-6-luna", "2020-01-01", (0.1, 0.01, 0.125, 0.5)),
        ("gpt-6-luna", "2040-01-01", (0.1, 0.01, 0.125, 0.5)),
    ],
)
def test_a_price_holds_on_its_days(model: str, day: str, expected: tuple[float, ...]) -> None:
    """A price holds from its first day and before its end; before all of them the earliest holds."""
    assert expected == usd_of(TABLE.price(model, noon(day)))


def test_a_day_is_a_day_in_utc() -> None:
    """The price changes at midnight UTC, to the second."""
    midnight = noon("2026-07-30") - 12 * 3600

    assert 1 == usd_of(TABLE.price("gpt-5.6-luna", midnight - 1))[0]
    assert 0.2 == usd_of(TABLE.price("gpt-5.6-luna", midnight))[0]


def test_ultrafast_on_sol_has_an_end() -> None:
    """Ultrafast costs three times as much before 2027-02-28, then six times."""
    factors = [TABLE.price("gpt-6.2-sol", noon(day)).tiers["ultrafast"] for day in ("2027-02-27", "2027-02-28")]

    assert [3000, 6000] == factors


def table(*entries: dict[str, Any], **overrides: Price) -> PriceTable:
    """Return a table of one model, `a`, with these entries."""
    return PriceTable({"checked": "2026-12-01", "models": {"a": list(entries)}, "units": {}}, overrides)


def test_a_price_that_ended_without_another_still_holds() -> None:
    """Behind the end of the last price nothing better is known than that price."""
    ended = table({"from": "2026-01-01", "until": "2026-02-01", "in": "1", "out": "2"})

    assert (1, 1, 1, 2) == usd_of(ended.price("a", noon("2026-03-01")))


def test_a_promotion_between_the_days_of_a_price() -> None:
    """While a promotion holds it wins, and behind its end the price of before holds again."""
    both = table(
        {"from": "2026-01-01", "in": "2", "out": "4"},
        {"from": "2026-02-01", "until": "2026-03-01", "in": "1", "out": "2"},
    )

    days = ("2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01")

    assert [2, 1, 1, 2] == [usd_of(both.price("a", noon(day)))[0] for day in days]


@pytest.mark.parametrize("date", ["2024-08-06", "2026-03-05", "1999-12-31"])
def test_a_dated_name_costs_what_its_family_costs(date: str) -> None:
    """A date at the end of a name is left out, if the dated name has no price of its own."""
    assert TABLE.price("gpt-5.4", TODAY) == TABLE.price(f"gpt-5.4-{date}", TODAY)
    assert TABLE.knows(f"gpt-5.4-{date}")


def test_a_dated_name_may_have_a_price_of_its_own() -> None:
    """gpt-4o-2024-05-13 is dearer than gpt-4o, and its other dated names are not."""
    assert 5 == usd_of(TABLE.price("gpt-4o-2024-05-13", TODAY))[0]
    assert 2.5 == usd_of(TABLE.price("gpt-4o-2024-11-20", TODAY))[0]


@pytest.mark.parametrize(
    "name",
    [
        *("", "gpt-6", "gpt-6-luna-mini", "gpt-6-lun", "openai/gpt-6-luna", "gpt-6-luna ", "gpt-5.4-pro"),
        *(
            "ft:gpt-4o-2024-08-06",
            "gpt-6-luna-2026",
            "gpt-6-luna-2026-09-22-x",
            "gpt-6-luna-20260922",
            "text-embedding-3-small",
        ),
    ],
)
def test_no_prefix_is_a_name(name: str) -> None:
    """A name that only begins or ends as a known one is unknown, and costs as much as the dearest."""
    assert not TABLE.knows(name)
    assert (10, 5, 12.5, 50) == usd_of(TABLE.price(name, TODAY))


def test_an_unknown_model_costs_most_in_every_way() -> None:
    """The price of an unknown model is the most of each class and factor, and long and regional if any is."""
    unknown = TABLE.price("a-new-model", TODAY)

    assert 272_000 == unknown.long_from
    assert {"fast": 2500, "flex": 500, "ultrafast": 6000} == unknown.tiers
    assert unknown.is_regional


@pytest.mark.parametrize(
    "name", [field.name for field in fields(Price) if field.name not in ("long_from", "tiers", "picture")]
)
def test_an_unknown_model_is_at_least_as_dear_as_each(name: str) -> None:
    """No model of the table has a class of tokens that costs more than the unknown one's."""
    unknown = getattr(TABLE.price("a-new-model", TODAY), name)

    assert unknown == max(getattr(TABLE.price(model, TODAY), name) for model in DATA["models"])


def test_the_operators_price_wins() -> None:
    """An override holds for the name and for its dated names, on every day, and makes an unknown name known."""
    mine = parse_override("1/2/3/4")
    both = read_prices({"gpt-6-luna": mine, "llama": FREE})

    assert mine == both.price("gpt-6-luna", TODAY) == both.price("gpt-6-luna-2026-09-22", 0)
    assert FREE == both.price("llama", TODAY)
    assert both.knows("llama")
    assert TABLE.price("gpt-6-sol", TODAY) == both.price("gpt-6-sol", TODAY)


def test_an_override_of_a_family_spares_the_dated_name_with_its_own_price() -> None:
    """The whole name is looked up first, in both the operator's prices and ours."""
    cheap = read_prices({"gpt-4o": FREE})

    assert FREE == cheap.price("gpt-4o-2024-11-20", TODAY)
    assert 5 == usd_of(cheap.price("gpt-4o-2024-05-13", TODAY))[0]


def test_an_override_does_not_change_the_dearest_price() -> None:
    """What an unknown model costs follows from our own table alone."""
    assert TABLE.price("x", TODAY) == read_prices({"llama": parse_override("100/100/100/100")}).price("x", TODAY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.10/0.01/0.125/0.50", (0.1, 0.01, 0.125, 0.5)),
        (" 1 / 0 / 1.25 / 5 ", (1, 0, 1.25, 5)),
        ("0/0/0/0", (0, 0, 0, 0)),
        ("free", (0, 0, 0, 0)),
        (" free\n", (0, 0, 0, 0)),
    ],
)
def test_an_override_is_four_prices_or_free(text: str, expected: tuple[float, ...]) -> None:
    """The classes stand in the order in, cached, written, out; nothing else is a part of an override."""
    price = parse_override(text)

    assert expected == usd_of(price)
    assert (0, {}, False) == (price.long_from, price.tiers, price.is_regional)


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "1/2/3", "1/2/3/4/5/6", "1//3/4", "-1/2/3/4", "nan/1/1/1", "1/2/3/inf", "1 2 3 4", "1/2/3/1_0"),
        *("Free", "gratis", "free/free/free/free"),
    ],
)
def test_an_odd_override_is_an_error(text: str) -> None:
    """What is neither four amounts, nor five, nor the word `free` is an error."""
    with pytest.raises(ValueError):  # noqa: PT011  (it has no words: the setting's type has them)
        parse_override(text)


@pytest.mark.parametrize("model", [*DATA["models"], "unknown"])
def test_a_price_is_kept_as_text(model: str) -> None:
    """The text that is kept with a charge gives the same price again."""
    price = TABLE.price(model, TODAY)

    assert price == Price.from_text(price.as_text())
    assert len(price.as_text()) < 200


@given(
    st.builds(
        Price,
        *[st.integers(0, 10**15)] * 5,
        tiers=st.dictionaries(st.text(max_size=8), st.integers(0, 10**5), max_size=3),
        is_regional=st.booleans(),
    )
)
def test_any_price_is_kept_as_text(price: Price) -> None:
    """No price is changed by being written and read, and equal prices have equal hashes."""
    again = Price.from_text(price.as_text())

    assert price == again
    assert hash(price) == hash(again)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[]", "1", "null", '"in"', '{"in":1,"cached":1,"written":1}', "free"),
        *(
            json.dumps({"in": 1, "cached": 1, "written": 1, "out": 1} | odd)
            for odd in (
                {"in": 1.5},
                {"out": -1},
                {"in": True},
                {"cached": "1"},
                {"tiers": [1]},
                {"tiers": {"fast": None}},
            )
        ),
        '{"in":NaN,"cached":1,"written":1,"out":1}',
    ],
)
def test_an_odd_text_is_no_price(text: str) -> None:
    """What is not the text of a price is an error."""
    with pytest.raises(ValueError):  # noqa: PT011  (JSON's words or ours)
        Price.from_text(text)


def test_a_known_text_stays_readable() -> None:
    """The form in the ledger's rows does not change: a price that was kept once is read for ever."""
    text = (
        '{"in":100000000,"cached":10000000,"written":125000000,"out":500000000,'
        '"long_from":272000,"tiers":{"fast":2000},"regional":true}'
    )
    price = Price(10**8, 10**7, 125 * 10**6, 5 * 10**8, long_from=272_000, tiers={"fast": 2000}, is_regional=True)

    assert price == Price.from_text(text)
    assert text == price.as_text()


def test_the_day_of_the_last_check_is_told() -> None:
    """The table tells when a person last compared it."""
    assert DATA["checked"] == TABLE.checked
    assert DAY.fullmatch(TABLE.checked)


@pytest.mark.parametrize(("model", "entry"), ENTRIES, ids=[f"{model}-{entry['from']}" for model, entry in ENTRIES])
def test_an_entry_is_complete(model: str, entry: dict[str, Any]) -> None:
    """Each entry has days, amounts that can be read, its source and the day of its check, and nothing unknown."""
    known = {"from", "until", "in", "cached", "written", "out", "long_from", "tiers", "regional", "per_million"}

    assert set() == entry.keys() - known - {"checked", "source"}
    assert all(DAY.fullmatch(entry[name]) for name in ("from", "until", "checked") if name in entry)
    assert entry["checked"] <= DATA["checked"]
    assert entry["source"]
    amounts = entry.get("per_million") or {name: entry[name] for name in ("in", "out")}
    assert all(parse_usd(amount) > 0 for amount in amounts.values())
    assert entry.get("long_from", 272_000) == 272_000
    assert entry.get("tiers", {}).keys() <= {"fast", "flex", "ultrafast"}


@pytest.mark.parametrize("kind", ["models", "units"])
def test_the_entries_of_a_model_follow_each_other(kind: str) -> None:
    """Entries stand from the oldest to the newest, and each end is the next one's beginning."""
    for entries in DATA[kind].values():
        assert [each.get("until") for each in entries[:-1]] == [each["from"] for each in entries[1:]]
        assert "until" not in entries[-1]


@pytest.mark.parametrize(
    ("model", "kind", "usd"),
    [
        ("text-embedding-3-small", "token", 0.02),
        ("text-embedding-3-large", "token", 0.13),
        ("gpt-transcribe", "second", 0.0045 / 60 * 10**6),
        ("whisper-1", "second", 100),
        ("gpt-4o-transcribe", "audio_in", 6),
        ("gpt-4o-mini-transcribe", "audio_in", 3),
        ("tts-1", "character", 15),
        ("tts-1-hd", "character", 30),
        ("gpt-4o-mini-tts", "text_in", 0.6),
        ("gpt-4o-mini-tts", "audio_out", 12),
        ("gpt-image-2", "image_out", 30),
        ("gpt-image-2-2026-04-21", "image_in", 8),
        ("gpt-image-2.5-flare", "text_cached", 1.25),
        ("gpt-image-2.6-sunburst", "image_cached", 2),
        ("gpt-image-2", "1024x1024 high", 0.211 * 10**6),
    ],
)
def test_other_units_have_prices(model: str, kind: str, usd: float) -> None:
    """Texts to embed, sound, speech and pictures are priced by their own units, in nano-dollars per million."""
    assert round(usd * 10**9) == TABLE.unit_prices(model, TODAY)[kind]


def test_an_unknown_model_has_no_other_units() -> None:
    """A model that is not in the table of units has no such prices, be it a text model or none at all."""
    assert {} == TABLE.unit_prices("gpt-6-luna", TODAY) == TABLE.unit_prices("x", TODAY)


def test_the_case_of_a_name_does_not_count() -> None:
    """The settings file has all keys in lower case."""
    table = read_prices({"qwen3:8b": FREE})

    assert (FREE, True) == (table.price("Qwen3:8B", TODAY), table.knows("QWEN3:8b"))


def test_a_model_that_hears_costs_by_the_second() -> None:
    """A minute of the usual one costs 0.45 cents; an unknown one counts as the dearest, and a dated name as its own."""
    assert {"second": 75 * 10**9} == TABLE.sound_prices("gpt-transcribe", TODAY)
    assert {"second": 75 * 10**9} == TABLE.sound_prices("gpt-transcribe-2026-10-01", TODAY)
    assert {"second": 100 * 10**9} == TABLE.sound_prices("own-ears", TODAY)
    assert (True, True, False) == tuple(map(TABLE.knows_sound, ("gpt-transcribe", "whisper-1", "own-ears")))
    assert (True, True, False) == tuple(map(TABLE.knows_any, ("gpt-transcribe", "gpt-6-luna", "own-ears")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.0045/minute", 75 * 10**9), ("0.001 /minute", 16_666_666_667), ("free", 0), ("0/minute", 0)],
)
def test_the_operators_price_of_a_minute_wins(text: str, expected: int) -> None:
    """It is rounded up to a nano-dollar for a million seconds; a chat model of that name keeps its own price."""
    prices = PriceTable(DATA, {"own-ears": parse_override(text), "gpt-6-luna": parse_override("0.1/minute")})

    assert {"second": expected} == prices.sound_prices("own-ears", TODAY)
    assert prices.knows_sound("own-ears")
    assert TABLE.price("gpt-6-luna", TODAY) == prices.price("gpt-6-luna", TODAY)


@pytest.mark.parametrize("text", ["/minute", "-1/minute", "0.1/second", "1/2/minute", "x/minute"])
def test_an_odd_price_of_a_minute_is_refused(text: str) -> None:
    """Only an amount in dollars stands before it."""
    with pytest.raises(ValueError):  # noqa: PT011 (it has no words)
        parse_override(text)
