"""The sheet as plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cocoai.status.sheet import Figure, Section, Sheet, Table


def render(sheet: Sheet) -> Iterator[str]:
    """The lines. A `!` stands before what somebody should look at."""
    yield f"CocoAI: {sheet.state}{f', {sheet.told}' if sheet.told else ''}"
    yield f"{sheet.where}, {sheet.at}"
    yield ""
    yield from _figures(sheet.figures)
    for section in sheet.sections:
        yield ""
        yield section.title
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield from _figures(section.figures)
    if section.table is not None:
        yield from _table(section.table)


def _figures(figures: Iterable[Figure]) -> Iterator[str]:
    """Labels under labels, values under values."""
    figures = tuple(figures)
    label, value = (max((len(getattr(each, name)) for each in figures), default=0) for name in ("label", "value"))
    for each in figures:
        mark = "!" if each.alarm else " "
        yield f"{mark} {each.label:{label}}  {each.value:{value}}  {each.note}".rstrip()


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        yield f"  {table.empty}"
        return
    lines = [tuple(column.title for column in table.columns), *table.rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for cells in lines:
        set_out = (
            cell.rjust(width) if column.is_figure else cell.ljust(width)
            for cell, width, column in zip(cells, widths, table.columns, strict=True)
        )
        yield f"  {'  '.join(set_out)}".rstrip()
