"""Word amounts of money for people in Slack: in dollars, and in yen too where the settings have a rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cocoai.ledger.money import usd, usd_fine, yen_digits
from cocoai.ledger.summary import Spending
from cocoai.slack.model.plain_text import escaped
from cocoai.texts import Texts

MOST_LINES = 20
"""People, channels or models that are listed one by one."""


def money(nano: int, texts: Texts, rate: int, *, is_fine: bool = False) -> str:
    """Return an amount as Slack writes text; `is_fine` for one that may be less than a cent, such as an answer's."""
    dollars = escaped(usd_fine(nano) if is_fine else usd(nano))
    return texts.usage["money"].format(usd=dollars, yen=yen_digits(nano, rate)) if rate else dollars


def rate_note(texts: Texts, rate: int) -> str:
    """Return the note that says by which rate yen were computed, and that taxes are left out."""
    return texts.usage["rate"].format(rate=f"{rate / 1000:g}") if rate else texts.usage["tax"]


def bullets(group: Sequence[Spending], shown: Callable[[str], str], texts: Texts, rate: int) -> str:
    """Return a line for each of a group, by the name that is `shown` for its own, and one for all beyond MOST_LINES."""
    lines = [
        texts.usage["row"].format(
            name=shown(each.name) if each.name else texts.usage["forgotten"],
            spent=money(each.spent, texts, rate),
            questions=each.calls,
        )
        for each in group[:MOST_LINES]
    ]
    if len(group) > MOST_LINES:
        lines.append(texts.usage["more"].format(n=len(group) - MOST_LINES))
    return "\n".join(lines)
