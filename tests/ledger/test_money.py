"""ledger/money.py: dollars are read exactly, and written without a hole between nothing and the least amount shown."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.ledger.money import NANO, exact_usd, parse_usd, usd, usd_fine, yen

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

CENT = NANO // 100


@pytest.mark.parametrize(
    ("text", "nano"),
    [
        ("0", 0),
        ("0.000000001", 1),
        ("0.125", 125_000_000),
        ("12.34", 12_340_000_000),
        ("007", 7 * NANO),
        ("1000000", 10**6 * NANO),
        ("1000000.000000000", 10**6 * NANO),
        ("999999.999999999", 10**6 * NANO - 1),
    ],
)
def test_dollars_are_read_exactly(text: str, nano: int) -> None:
    """An amount of up to nine decimals is a whole number of nano-dollars."""
    assert nano == parse_usd(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "NaN",
            "sNaN",
            "inf",
            "-inf",
            "Infinity",
            "-1",
            "-0",
            "+1",
            "1e3",
            "1E-3",
            "0x10",
            "one",
            "$1",
            "1,000",
        ),
        *("1_000", "１２", "٣", "1.", ".5", "1.2.3", " 1", "1\n", "0.0000000001", "1.0000000000", "1000000.000000001"),
        *("1000001", "9" * 400, "1/2", "None", "1,000"),
    ],
)
def test_an_odd_amount_is_refused(text: str) -> None:
    """What is no plain decimal number, is too fine or too much, is an error."""
    with pytest.raises(ValueError):  # noqa: PT011  (it has no words: the setting's type has them)
        parse_usd(text)


@given(st.integers(0, 10**15))
def test_reading_is_the_inverse_of_writing_all_decimals(nano: int) -> None:
    """Every whole number of nano-dollars can be written, and is read back."""
    assert nano == parse_usd(f"{nano // NANO}.{nano % NANO:09}")


@given(st.text(max_size=12))
def test_any_text_is_an_amount_or_an_error(text: str) -> None:
    """No text leads to another error, or to an amount out of bounds."""
    try:
        nano = parse_usd(text)
    except ValueError:
        return
    assert 0 <= nano <= 10**6 * NANO


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "$0.00"),
        (1, "<$0.01"),
        (CENT // 2, "<$0.01"),
        (CENT - 1, "<$0.01"),
        (CENT, "$0.01"),
        (CENT + CENT // 2 - 1, "$0.01"),
        (CENT + CENT // 2, "$0.02"),
        (12_340_000_000, "$12.34"),
        (NANO - 1, "$1.00"),
        (1_234_567_895_000_000, "$1,234,567.90"),
        (-NANO // 2, "-$0.50"),
        (-1, "-<$0.01"),
    ],
)
def test_dollars_have_cents(nano: int, text: str) -> None:
    """Cents are rounded half up; less than one is said to be less, and only nothing is $0.00."""
    assert text == usd(nano)


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "$0.0000"),
        (1, "<$0.0001"),
        (99_999, "<$0.0001"),
        (100_000, "$0.0001"),
        (387_500, "$0.0004"),
        (149_999, "$0.0001"),
        (150_000, "$0.0002"),
        (1_000_123_450_000, "$1,000.1235"),
    ],
)
def test_one_answers_cost_has_four_decimals(nano: int, text: str) -> None:
    """The cost of one answer is told finer than a cent."""
    assert text == usd_fine(nano)


@given(st.integers(1, 10**15))
def test_dollars_are_rounded_half_up(nano: int) -> None:
    """From one cent on, the text is what Decimal makes of the amount, rounded half up."""
    rounded = (Decimal(nano) / NANO).quantize(Decimal("0.01"), ROUND_HALF_UP)

    assert (f"${rounded:,}" if nano >= CENT else "<$0.01") == usd(nano)


@pytest.mark.parametrize(
    ("nano", "rate", "text"),
    [
        (0, 153_200, "0円"),
        (1, 153_200, "1円未満"),
        (387_500, 153_200, "1円未満"),
        (NANO, 153_499, "約153円"),
        (NANO, 153_500, "約154円"),
        (370_000_000, 153_200, "約57円"),
        (20 * NANO, 153_200, "約3,064円"),
        (-NANO, 150_000, "約-150円"),
        (NANO, 0, "0円"),
    ],
)
def test_yen_are_whole(nano: int, rate: int, text: str) -> None:
    """Yen are rounded half up, and less than half a yen, but more than nothing, is said to be less than one."""
    assert text == yen(nano, rate)


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "0.000000000"),
        (1, "0.000000001"),
        (387_500, "0.000387500"),
        (12 * NANO, "12.000000000"),
        (-1, "-0.000000001"),
        (-NANO - 5, "-1.000000005"),
    ],
)
def test_programs_get_every_decimal(nano: int, text: str) -> None:
    """Decimal reads the very same amount from the text."""
    assert text == exact_usd(nano)
    assert nano == Decimal(text) * NANO
