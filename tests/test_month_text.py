"""The sentences and figures about a month's money, and how amounts are worded in Slack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cocoai.answer.money_text import counted, money, percent, short_money
from cocoai.answer.month_figures import MonthFigures
from cocoai.answer.month_text import MonthText
from cocoai.answer.options import MoneyOptions
from cocoai.ledger.money import NANO, yen_digits
from cocoai.ledger.summary import MonthSummary, Spending
from cocoai.texts import ENGLISH, JAPANESE, Texts
from tests.books import no_books

pytestmark = pytest.mark.pure

CENT = NANO // 100
YEN = 150_000
"""A dollar is 150 yen."""


def summary(spent: int = 21 * CENT, **changes: Any) -> MonthSummary:
    """Return a November in which two people have asked three questions of one model, on one day."""
    day = Spending("2026-11-09", spent, 3)
    people = (Spending("U1", spent, 2), Spending("U2", 0, 1))
    fields: dict[str, Any] = {
        "total": spent,
        "people": people,
        "models": (Spending("gpt-6-luna", spent, 3),),
        "days": (day,),
    }
    return MonthSummary("2026-11", **(fields | changes))


def month(
    texts: Texts = ENGLISH, of: MonthSummary | None = None, *, seat: int = 20 * NANO, yen_rate: int = 0
) -> MonthText:
    """Return the sentences about a month, by default compared with seats at 20 dollars."""
    return MonthText(of or summary(), texts, no_books(), MoneyOptions(seat, yen_rate))


# amounts


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 10, "0"), (1, 0, "0"), (1, 10**6, "0.1"), (4, 1000, "0.4"), (9, 1000, "0.9"), (1, 100, "1"), (3, 2, "150")],
)
def test_a_part_is_never_said_to_be_nothing(part: int, whole: int, text: str) -> None:
    """Percents are rounded down; of less than one there is a decimal."""
    assert text == percent(part, whole)


@pytest.mark.parametrize(("number", "text"), [(0, "0 questions"), (1, "1 question"), (1234, "1,234 questions")])
def test_one_is_no_plural(number: int, text: str) -> None:
    """There is a text for 1, and one for all other numbers."""
    assert text == counted(number, ENGLISH.usage["one_question"], ENGLISH.usage["many_questions"])


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "0"),
        (1, "0.01"),
        (NANO * 3 // 15_000, "0.03"),
        (NANO * 8 // 15_000, "0.08"),
        (NANO // 1500, "0.1"),
        (NANO // 300, "0.5"),
        (NANO // 150, "1"),
        (100 * NANO, "15,000"),
        (-NANO // 300, "-0.5"),
    ],
)
def test_a_part_of_a_yen_can_be_multiplied(nano: int, text: str) -> None:
    """What a question costs is told so finely that the month's sum can be recognized in it."""
    assert text == yen_digits(nano, YEN)


def test_whole_dollars_have_no_cents() -> None:
    """Seats and caps are whole dollars, as a rule."""
    assert ["$20", "$0", "$0.21", "&lt;$0.01"] == [money(nano, ENGLISH, 0) for nano in (20 * NANO, 0, 21 * CENT, 1)]


def test_where_there_is_little_room_there_is_one_currency() -> None:
    """It is yen, where there is a rate."""
    assert "$0.21" == short_money(21 * CENT, JAPANESE, 0)
    assert ("約32円", "¥32") == tuple(short_money(21 * CENT, texts, YEN) for texts in (JAPANESE, ENGLISH))
    assert "約32円（$0.21）" == money(21 * CENT, JAPANESE, YEN)


# sentences


def test_the_title_tells_the_month_its_cost_and_what_seats_would_cost() -> None:
    """It is all that many people read."""
    assert "CocoAI in November 2026: $0.21 instead of $40" == month().title()
    assert "2026年11月のCocoAI：約6,000円のところ、約32円" == month(JAPANESE, yen_rate=YEN).title()


@pytest.mark.parametrize(("spent", "seat"), [(21 * CENT, 0), (50 * NANO, 20 * NANO)])
def test_nothing_is_said_to_be_saved_that_is_not(spent: int, seat: int) -> None:
    """A dear month is compared, but stands alone in the title; without a price of a seat nothing is compared."""
    dear = month(of=summary(spent), seat=seat)

    assert " instead of " not in dear.title()
    assert ["Elsewhere, seats at $20 a head would be $40."] * bool(seat) == list(dear.compared())


def test_a_model_without_a_price_is_named() -> None:
    """Its calls are counted as the dearest model's, and a cost that the server told is none of ours."""
    guessed = summary(priced_models=frozenset({"gpt-6-luna", "gpt-9"}))

    assert ["No price is known for gpt-9, so it was counted as the dearest model.", "(Before tax.)"] == list(
        month(of=guessed).notes()
    )


def test_estimates_are_counted() -> None:
    """Lost answers are estimates, too."""
    some = summary(sources={"estimated": 1, "lost": 1})

    assert "The cost of 2 questions is estimated." == next(month(of=some).notes())


def test_a_month_has_its_name_or_its_number() -> None:
    """An operator's own text may name another number of months."""
    short = replace(ENGLISH, usage={**ENGLISH.usage, "months": "Jan Feb"})

    assert {"year": "2026", "month": "November"} == ENGLISH.month("2026-11")
    assert {"year": "2026", "month": "1月"} == JAPANESE.month("2026-01")
    assert {"year": "2026", "month": "11"} == short.month("2026-11")


# figures


def chart(spent: int, *, yen_rate: int = 0) -> tuple[str, list[str], list[float]]:
    """Return the unit, the labels and the values of a month's chart."""
    block, _ = MonthFigures(summary(spent), ENGLISH, yen_rate).blocks()
    axes, (series,) = block["chart"]["axis_config"], block["chart"]["series"]
    return axes["y_label"], axes["categories"], [point["value"] for point in series["data"]]


@pytest.mark.parametrize(
    ("spent", "yen_rate", "unit", "value"),
    [
        (21 * CENT + 1, 0, "US cents", 21.0),
        (NANO // 300, 0, "US cents", 0.3),
        (1234 * CENT, 0, "US dollars", 12.3),
        (123 * NANO + CENT, 0, "US dollars", 123),
        (21 * CENT, YEN, "Yen", 31.5),
        (0, YEN, "Yen", 0),
    ],
)
def test_a_chart_has_a_bar_for_each_week_in_a_unit_that_suits(
    spent: int, yen_rate: int, unit: str, value: float
) -> None:
    """There are at most four digits at a bar."""
    assert (unit, ["1–7", "8–14", "15–21", "22–28", "29–30"], [0, value, 0, 0, 0]) == chart(spent, yen_rate=yen_rate)


def test_a_last_week_of_one_day_has_that_day_as_its_label() -> None:
    """February 2024 had 29 days."""
    block, _ = MonthFigures(replace(summary(), month="2024-02"), ENGLISH, 0).blocks()

    assert "29" == block["chart"]["axis_config"]["categories"][-1]


def test_the_table_tells_what_one_question_costs_of_each_model() -> None:
    """Slack sorts by the numbers behind the texts."""
    _, table = MonthFigures(summary(), ENGLISH, 0).blocks()
    head, row = table["rows"]

    assert "By model" == table["caption"]
    assert ["Model", "Questions", "Cost", "Average"] == [cell["text"] for cell in head]
    assert ["gpt-6-luna", "3", "$0.21", "$0.0700"] == [cell["text"] for cell in row]
    assert [3, 0.21, 0.07] == [cell["value"] for cell in row[1:]]
