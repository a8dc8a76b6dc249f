"""Render the report as a page: plain HTML without a script, for phones and large screens.

The page does not change by itself unless its address asks for that: each reload costs the machine one collection of the
status. Every text that is put into the page goes through `_escaped`.
"""

from __future__ import annotations

import base64
import hashlib
import html
from importlib import resources
from string import Template

from cocoai.drawing.day_chart import DayChart
from cocoai.drawing.svg_chart import caption, draw_svg
from cocoai.status.report import Report
from cocoai.status.report_parts import Column, Field, ReportTable, Section

EVERY = 5
"""Seconds between two reloads of a page that reloads itself."""


def every(query: str) -> int:
    """Return the seconds until the page reloads itself: EVERY if the URL's query asks for that, else 0 (never)."""
    return EVERY if query == f"every={EVERY}" else 0


def render(report: Report, *, every: int) -> tuple[str, str]:
    """Return the page's HTML, and the Content-Security-Policy under which a browser may show it.

    The page reloads itself after `every` seconds, or never if that is 0.
    """
    style = _file("page.css")
    page = Template(_file("page.html")).substitute(
        refresh=f'<meta http-equiv="refresh" content="{every}">' if every else "",
        style=style,
        state=_escaped(report.state),
        health="well" if report.is_healthy else "ill",
        summary=_escaped(report.summary),
        var=_escaped(report.var),
        at=_escaped(report.at),
        fields="".join(map(_tile, report.fields)),
        sections="".join(map(_section, report.sections)),
        again='<a href="/">Stand still</a>' if every else f'<a href="/?every={EVERY}">Look every {EVERY} s</a>',
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return page, (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)


def _tile(field: Field) -> str:
    """Return the HTML of one of the large fields at the top of the page."""
    return (
        f"<div{_alarm(field)}><dt>{_escaped(field.label)}</dt>"
        f"<dd>{_escaped(field.value)}<small>{_escaped(field.note)}</small></dd></div>\n"
    )


def _section(section: Section) -> str:
    """Return the HTML of a section: its title, its fields, its table and its chart, as far as it has them."""
    fields = f"<dl>{''.join(map(_line, section.fields))}</dl>\n" if section.fields else ""
    table = _table(section.table) if section.table else ""
    chart = _chart(section.chart) if section.chart else ""
    return f"<section>\n<h2>{_escaped(section.title)}</h2>\n{fields}{table}{chart}</section>\n"


def _chart(chart: DayChart) -> str:
    """Return the HTML of a chart with a caption that says what is to be seen."""
    return f"<figure>{draw_svg(chart)}<figcaption>{_escaped(caption(chart))}</figcaption></figure>\n"


def _line(field: Field) -> str:
    """Return the HTML of one field within a section."""
    note = f" <small>{_escaped(field.note)}</small>" if field.note else ""
    return (
        f"<div{_alarm(field)}><dt>{_escaped(field.label)}</dt>"
        f"<dd><span>{_escaped(field.value)}</span>{note}</dd></div>\n"
    )


def _alarm(field: Field) -> str:
    return ' class="alarm"' if field.is_alarm else ""


def _table(table: ReportTable) -> str:
    """Return the HTML of a table, or of a paragraph with its text `empty` if it has no rows."""
    if not table.rows:
        return f"<p>{_escaped(table.empty)}</p>\n"
    heads = "".join(f'<th scope="col"{_align(column)}>{_escaped(column.title)}</th>' for column in table.columns)
    rows = "".join(_row(table, cells) for cells in table.rows)
    wide = ' class="wide"' if table.is_wide else ""
    return f"<table{wide}><thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n"


def _row(table: ReportTable, cells: tuple[str, ...]) -> str:
    """Return the HTML of a row; its first cell is its heading."""
    # On a narrow screen the style shows each cell's data-label instead of the table's head.
    first, *others = (
        f'data-label="{_escaped(column.title)}"{_align(column)}>{_escaped(cell)}'
        for column, cell in zip(table.columns, cells, strict=True)
    )
    return f'<tr><th scope="row" {first}</th>{"".join(f"<td {cell}</td>" for cell in others)}</tr>\n'


def _align(column: Column) -> str:
    return ' class="number"' if column.is_number else ""
