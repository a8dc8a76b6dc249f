"""bench/chaos: its comparison of the ledger with the bills notices what is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.chaos.money import MoneyAccount
from bench.never_over.laws import ChargedCall

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def charge(number: int, spent: int | None, how: str | None, call: int = 1) -> ChargedCall:
    """Return a charge of a question with this number."""
    return ChargedCall(f"C1-{number}.0-{number}.0", call, "2026-11", "T1", "C1", "U1", 100, spent, how)


NUMBERS = {f"C1-{number}.0-{number}.0": number for number in range(1, 5)}
RIGHT = MoneyAccount(
    [
        charge(1, 0, "refused"),
        charge(1, 40, "priced", call=2),
        charge(2, 60, "estimated"),
        charge(3, 100, "lost"),
        charge(3, 100, "lost", call=2),
    ],
    bills=[40, 55, 30],
    paid={1: 1, 2: 1, 3: 1},
    numbers=NUMBERS,
    cap=1000,
)


def test_books_that_are_right() -> None:
    """One of the lost requests had never left."""
    assert [] == RIGHT.faults
    assert {"requests billed": 3, "charges": 5, "holds open after the sweep": 0, "wrong about money": 0}.items() <= (
        RIGHT.figures.items()
    )


def test_a_request_that_was_stopped_at_once_may_not_have_run() -> None:
    """It had left, so that its price is estimated; the server had not begun with it."""
    assert [] == replace(RIGHT, paid={1: 1, 3: 1}).faults


@pytest.mark.parametrize(
    ("account", "fault"),
    [
        (replace(RIGHT, cap=124), "125 nano-dollars are billed, and the cap is 124"),
        (
            replace(RIGHT, bills=[40, 55, 206], cap=1000),
            "301 nano-dollars are billed, and 300 charged",
        ),
        (replace(RIGHT, bills=[41, 55, 30]), "1 charges of 40 nano-dollars have no bill"),
        (replace(RIGHT, paid={1: 1, 2: 1, 3: 1, 4: 1}), "#4: 1 requests, 0 charges, 0 of them lost"),
        (replace(RIGHT, paid={2: 1, 3: 1}), "#1: 0 requests, 1 charges, 0 of them lost"),
        (replace(RIGHT, paid={1: 1, 2: 1, 3: 3}), "#3: 3 requests, 2 charges, 2 of them lost"),
        (
            replace(RIGHT, charges=[*RIGHT.charges, charge(4, None, None)], paid={1: 1, 2: 1, 3: 1, 4: 1}),
            f"open: {charge(4, None, None)}",
        ),
    ],
)
def test_what_is_wrong_is_told(account: MoneyAccount, fault: str) -> None:
    """Each fault alone."""
    assert [fault] == account.faults
