"""Read the figures out of the tables that the measuring programs print.

    cpu                                          a table's name stands behind an empty line: all of it, or what
                                                 comes before a colon
      CPU a question, ms      soon     alone     the first line with gaps of two spaces and more may name columns
      in all                 54.61     58.21     a row: a name, a gap, and whatever has numbers in it
      first words (ms)   p50   6.24   p95 9.1    words before a figure name it,
      master                 35.26 ms a minute   and so do words behind it, after a single space

Columns are aligned right, as all of them are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

ROW = re.compile(r"\s*(\S(?:.*?\S)?)\s{2,}(\S.*)")
NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-]|\.\d)")
"""A number that stands alone: not that of `p50`, of a date or of a version."""

UNIT = re.compile(r" ([^\W\d]\S*(?: \S+)*)(?=\s{2}|$)")

CELL = re.compile(r"\S(?:.*?\S)?(?=\s{2}|$)")


@dataclass(frozen=True)
class Place:
    """Where a figure stands: the table's name, the row's, which of the row's figures it is, and how that is named.

    The second row of one name in one table has (2) behind it. `column` is "" if nothing names the figure.
    """

    table: str
    row: str
    number: int
    column: str

    @property
    def name(self) -> str:
        """Return the row and the column in words."""
        return f"{self.row}, {self.column}" if self.column else self.row


@dataclass
class _Table:
    """What is known of the table that is being read: its name, its first line with gaps, and how often a row came."""

    name: str = ""
    header: str = ""
    rows: Counter[str] = field(default_factory=Counter)


def read_tables(text: str) -> dict[Place, float]:
    """Return every figure in the rows of the printed tables, in their order."""
    figures: dict[Place, float] = {}
    table, is_new = _Table(), True
    for line in text.splitlines():
        row = ROW.fullmatch(line.rstrip())
        if line.strip() and not row and is_new:
            table = _Table(line.partition(":")[0].strip())
        if row:
            figures.update(_figures(line, row, table))
            table.header = table.header or line
        is_new = not line.strip()
    return figures


def _figures(line: str, row: re.Match[str], table: _Table) -> Iterator[tuple[Place, float]]:
    """Yield the figures of one row, if it has any."""
    numbers = list(NUMBER.finditer(line, row.start(2)))
    if not numbers:
        return
    name = row[1]
    table.rows[name] += 1
    if table.rows[name] > 1:
        name = f"{name} ({table.rows[name]})"
    end = row.start(2)
    for index, number in enumerate(numbers):
        between, unit = line[end : number.start()].strip(" ,;"), _unit(line, number)
        column = between or unit or _column(table.header, number)
        yield Place(table.name, name, index, column), float(number[0])
        end = number.end() + len(unit and f" {unit}")


def _unit(line: str, number: re.Match[str]) -> str:
    """Return the words right behind a number; "" if there are none, or another number among them, as in `1 to 2`."""
    unit = UNIT.match(line, number.end())
    return unit[1] if unit and not NUMBER.search(unit[1]) else ""


def _column(header: str, number: re.Match[str]) -> str:
    """Return the header's cell above a number, without its own numbers: columns are aligned right. "" if none is."""
    above = next((cell[0] for cell in CELL.finditer(header) if cell.end() >= number.end()), "")
    return NUMBER.sub("", above).strip()
