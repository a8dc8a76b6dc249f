"""Amounts of money: whole nano-dollars inside, dollars and yen where people read and write them."""

from __future__ import annotations

import re

NANO = 10**9
"""Nano-dollars in a dollar."""

MOST_DOLLARS = 10**6
"""The greatest amount that can be written: more is a slip, such as a price in the wrong unit."""

_PLAIN = re.compile(r"[0-9]+(\.[0-9]{1,9})?")
"""Digits with at most nine decimals, in ASCII: no sign, no exponent, no NaN, and no spaces."""

_THOUSAND = 1000


def parse_usd(text: str) -> int:
    """Return the nano-dollars of an amount in dollars such as `0.125`, exactly.

    Raise ValueError unless it is a plain decimal number of at most nine decimals, from 0 to `MOST_DOLLARS`.
    """
    if not _PLAIN.fullmatch(text):
        raise ValueError
    # Decimal would do it, too, but takes a tenth of a MiB for good.
    dollars, _, rest = text.partition(".")
    nano = int(dollars) * NANO + int(rest.ljust(9, "0"))
    if nano > MOST_DOLLARS * NANO:
        raise ValueError
    return nano


def usd(nano: int) -> str:
    """Return the amount in dollars and cents, rounded half up, such as `$1,234.50`.

    `$0.00` is exactly nothing: less than a cent, but more than nothing, is `<$0.01`.
    """
    return _dollars(nano, 2)


def usd_fine(nano: int) -> str:
    """Return the amount in dollars with four decimals, for the cost of one answer, such as `$0.0004`.

    `$0.0000` is exactly nothing: less than a hundredth of a cent, but more than nothing, is `<$0.0001`.
    """
    return _dollars(nano, 4)


def yen(nano: int, rate: int) -> str:
    """Return the amount in yen, rounded half up, such as `約1,234円`; `rate` is a dollar's price in 1/1000 yen.

    `0円` is exactly nothing: more than nothing that would be rounded to 0 is `1円未満`.
    """
    whole = _half_up(abs(nano) * rate, NANO * _THOUSAND)
    if not whole:
        return "1円未満" if nano * rate else "0円"
    return f"約{_sign(nano)}{whole:,}円"


def yen_digits(nano: int, rate: int) -> str:
    """Return the amount in yen as digits alone, rounded half up, such as `1,234`.

    `rate` is a dollar's price in 1/1000 yen. A part of a yen has one digit that is not 0, such as `0.4` or `0.06`; what
    is less than a hundredth, but more than nothing, is `0.01`.
    """
    sign, amount = _sign(nano), abs(nano) * rate
    if _half_up(amount * 10, NANO * _THOUSAND) >= 10:
        return f"{sign}{_half_up(amount, NANO * _THOUSAND):,}"
    hundredths = _half_up(amount * 100, NANO * _THOUSAND)
    if hundredths >= 10:
        return f"{sign}0.{_half_up(amount * 10, NANO * _THOUSAND)}"
    return f"{sign}0.0{max(hundredths, 1)}" if amount else "0"


def exact_usd(nano: int) -> str:
    """Return the amount in dollars with all nine decimals and no dollar sign, such as `0.000387500`: for programs."""
    dollars, rest = divmod(abs(nano), NANO)
    return f"{_sign(nano)}{dollars}.{rest:09}"


def _dollars(nano: int, decimals: int) -> str:
    """Return the amount with so many decimals. Less than the last of them shows is `<` that much."""
    last = NANO // 10**decimals
    is_less = 0 < abs(nano) < last
    units = 1 if is_less else _half_up(abs(nano), last)
    dollars, rest = divmod(units, 10**decimals)
    return f"{_sign(nano)}{'<' if is_less else ''}${dollars:,}.{rest:0{decimals}}"


def _half_up(number: int, divisor: int) -> int:
    """Return the quotient of two numbers that are not negative, rounded to the nearest, and up from a half."""
    return (2 * number + divisor) // (2 * divisor)


def _sign(nano: int) -> str:
    return "-" if nano < 0 else ""
