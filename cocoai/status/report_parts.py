"""The parts of which a report consists: fields, tables and sections. They know nothing of what is reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from cocoai.drawing.day_chart import DayChart


@dataclass(frozen=True)
class Field:
    """A label and a value, with a note. A field that `is_alarm` needs the operator's attention."""

    label: str
    value: str
    note: str = ""
    is_alarm: bool = False


class Column(NamedTuple):
    """A column's title. One that `is_number` is aligned at the right, digits under digits."""

    title: str
    is_number: bool = False


@dataclass(frozen=True)
class ReportTable:
    """Rows of texts; `empty` is shown if there are none. A table that `is_wide` does not fit a narrow screen."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = ""
    is_wide: bool = False


@dataclass(frozen=True)
class Section:
    """A title with fields, a table, and a chart, as far as it has them. A text leaves out the chart."""

    title: str
    fields: tuple[Field, ...] = ()
    table: ReportTable | None = None
    chart: DayChart | None = None
