"""Word amounts of money for people in Slack: in dollars, and in yen too where the settings have a rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cocoai.ledger.money import usd, usd_fine, yen_digits
from cocoai.ledger.summary import Spending
from cocoai.slack.model.plain_text import escaped
from cocoai.texts import Texts

MOST_LINES = 20
"""People, channels or models that are listed one by one."""

TENTHS = 10
"""Tenths of a percent in a percent."""


def money(nano: int, texts: Texts, rate: int, *, is_fine: bool = False) -> str:
    """Return an amount as Slack writes text; `is_fine` for one that may be less than a cent, such as an answer's.

    `rate` is a dollar's price in 1/1000 yen; with 0 there are dollars alone.
    """
    shown = dollars(nano, is_fine=is_fine)
    return texts.usage["money"].format(usd=shown, yen=yen_digits(nano, rate)) if rate else shown


def short_money(nano: int, texts: Texts, rate: int, *, is_fine: bool = False) -> str:
    """Return an amount as money() does, in one currency, for where there is little room: yen, if there is a rate."""
    return texts.usage["yen_alone"].format(yen=yen_digits(nano, rate)) if rate else dollars(nano, is_fine=is_fine)


def dollars(nano: int, *, is_fine: bool = False) -> str:
    """Return an amount in dollars as Slack writes text. Whole dollars have no cents: `$20`."""
    return escaped(usd_fine(nano) if is_fine else usd(nano).removesuffix(".00"))


def counted(number: int, one: str, many: str) -> str:
    """Return the text `one` for 1, and for any other number `many`, into which it is put: `1,234 questions`."""
    return one if number == 1 else many.format(n=f"{number:,}")


def questions(number: int, texts: Texts) -> str:
    """Return a number of questions in words, such as `1,234 questions`."""
    return counted(number, texts.usage["one_question"], texts.usage["many_questions"])


def percent(part: int, whole: int) -> str:
    """Return how many percent `part` is of `whole`, rounded down: `36`, or of less than one `0.4`.

    It is `0` only of nothing, and if `whole` is 0.
    """
    tenths = part * 1000 // whole if whole else 0
    if not (part and whole) or tenths >= TENTHS:
        return str(tenths // TENTHS)
    return f"0.{max(tenths, 1)}"


def rate_note(texts: Texts, rate: int) -> str:
    """Return the note that says by which rate yen were computed, and that taxes are left out."""
    return texts.usage["rate"].format(rate=f"{rate / 1000:g}") if rate else texts.usage["tax"]


def bullets(group: Sequence[Spending], shown: Callable[[str], str], texts: Texts, rate: int) -> str:
    """Return a line for each of a group, by the name that is `shown` for its own, and one for all beyond MOST_LINES."""
    lines = [
        texts.usage["row"].format(
            name=shown(each.name) if each.name else texts.usage["forgotten"],
            spent=money(each.spent, texts, rate),
            questions=questions(each.calls, texts),
        )
        for each in group[:MOST_LINES]
    ]
    if len(group) > MOST_LINES:
        lines.append(texts.usage["more"].format(n=len(group) - MOST_LINES))
    return "\n".join(lines)
