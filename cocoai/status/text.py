"""Render the report as plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cocoai.status.report import Report
from cocoai.status.report_parts import Field, ReportTable, Section


def render(report: Report) -> Iterator[str]:
    """Yield the report's lines, without line ends. A `!` stands before a field that needs attention."""
    yield f"CocoAI: {report.state}{f', {report.summary}' if report.summary else ''}"
    yield f"{report.var}, {report.at}"
    yield ""
    yield from _fields(report.fields)
    yield from render_sections(report.sections)


def render_sections(sections: Iterable[Section]) -> Iterator[str]:
    """Yield the lines of sections, each with its title and an empty line before it, without line ends."""
    for section in sections:
        yield ""
        yield section.title
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    """Yield the lines of a section: its fields, then its table, if it has one."""
    yield from _fields(section.fields)
    if section.table is not None:
        yield from _table(section.table)


def _fields(fields: Iterable[Field]) -> Iterator[str]:
    """Yield a line for each field, with labels and values in columns."""
    fields = tuple(fields)
    label, value = (max((len(getattr(each, name)) for each in fields), default=0) for name in ("label", "value"))
    for each in fields:
        mark = "!" if each.is_alarm else " "
        yield f"{mark} {each.label:{label}}  {each.value:{value}}  {each.note}".rstrip()


def _table(table: ReportTable) -> Iterator[str]:
    """Yield a line for the titles and for each row, in columns, or the table's text `empty` if it has no rows."""
    if not table.rows:
        yield f"  {table.empty}"
        return
    lines = [tuple(column.title for column in table.columns), *table.rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for cells in lines:
        aligned = (
            cell.rjust(width) if column.is_number else cell.ljust(width)
            for cell, width, column in zip(cells, widths, table.columns, strict=True)
        )
        yield f"  {'  '.join(aligned)}".rstrip()
