"""Write a month's charges as CSV: exact dollars, times with their distance from UTC."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO

from cocoai.ledger.money import exact_usd
from cocoai.ledger.summary import ChargeRow, Spending

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula, at a cell's beginning (owasp.org, CSV Injection)."""

CHARGE_COLUMNS = (
    *("at", "month", "team", "channel", "person", "kind", "model", "tier"),
    *("prompt", "cached", "written", "output", "reasoning", "units"),
    *("spent_usd", "held_usd", "how", "price"),
)


def write_charges(charges: Iterable[ChargeRow], out: TextIO, time_of: Callable[[float], str]) -> None:
    """Write a line for each charge. One that is not settled has no `spent_usd` and no `how`.

    `time_of` writes a time in epoch seconds.
    """
    write = _writer(out, CHARGE_COLUMNS)
    for charge in charges:
        money = {
            "at": time_of(charge.at),
            "spent_usd": "" if charge.spent is None else exact_usd(charge.spent),
            "held_usd": exact_usd(charge.held),
        }
        fields = charge._asdict() | money
        write([fields[column] for column in CHARGE_COLUMNS])


def write_group(group: str, spendings: Iterable[Spending], out: TextIO, name_of: Callable[[str], str]) -> None:
    """Write a line for each person, channel, model or day, as `group` says; a person's with the name if it is known."""
    is_person = group == "person"
    write = _writer(out, [group, *(["name"] if is_person else []), "spent_usd", "calls", "estimated_calls"])
    for each in spendings:
        name = [name_of(each.name)] if is_person else []
        write([each.name, *name, exact_usd(each.spent), each.calls, each.estimated])


def _writer(out: TextIO, columns: Sequence[str]) -> Callable[[Sequence[Any]], object]:
    """Write the heading; return a function that writes a line."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)

    def write(cells: Sequence[Any]) -> None:
        writer.writerow([_harmless(cell) for cell in cells])

    return write


def _harmless(cell: Any) -> Any:
    """Return the cell, with a `'` before a text that a spreadsheet would run."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
