"""The sheet as a page: plain HTML without a script, for a phone as for a desk.

It stands still, so that it can be read; whoever asks for it gets one that comes anew every few seconds, which costs
the machine one look each time. Everything that is put into the page goes through `_escaped`.
"""

from __future__ import annotations

import base64
import hashlib
import html
from importlib import resources
from string import Template

from cocoai.status.sheet import Column, Figure, Section, Sheet, Table

EVERY = 5
"""Seconds between two looks of a page that comes anew by itself."""


def every(query: str) -> int:
    """Seconds until the page is to come anew, from the address's query; 0: it stands still."""
    return EVERY if query == f"every={EVERY}" else 0


def render(sheet: Sheet, *, every: int) -> tuple[str, str]:
    """The page, and the policy under which a browser may show it (Content-Security-Policy)."""
    style = _file("page.css")
    page = Template(_file("page.html")).substitute(
        refresh=f'<meta http-equiv="refresh" content="{every}">' if every else "",
        style=style,
        state=_escaped(sheet.state),
        mood="well" if sheet.is_well else "ill",
        told=_escaped(sheet.told),
        where=_escaped(sheet.where),
        at=_escaped(sheet.at),
        figures="".join(map(_tile, sheet.figures)),
        sections="".join(map(_section, sheet.sections)),
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


def _tile(figure: Figure) -> str:
    return (
        f"<div{_alarm(figure)}><dt>{_escaped(figure.label)}</dt>"
        f"<dd>{_escaped(figure.value)}<small>{_escaped(figure.note)}</small></dd></div>\n"
    )


def _section(section: Section) -> str:
    figures = f"<dl>{''.join(map(_fact, section.figures))}</dl>\n" if section.figures else ""
    table = _table(section.table) if section.table else ""
    return f"<section>\n<h2>{_escaped(section.title)}</h2>\n{figures}{table}</section>\n"


def _fact(figure: Figure) -> str:
    note = f" <small>{_escaped(figure.note)}</small>" if figure.note else ""
    return (
        f"<div{_alarm(figure)}><dt>{_escaped(figure.label)}</dt>"
        f"<dd><span>{_escaped(figure.value)}</span>{note}</dd></div>\n"
    )


def _alarm(figure: Figure) -> str:
    return ' class="alarm"' if figure.alarm else ""


def _table(table: Table) -> str:
    if not table.rows:
        return f"<p>{_escaped(table.empty)}</p>\n"
    heads = "".join(f'<th scope="col"{_side(column)}>{_escaped(column.title)}</th>' for column in table.columns)
    rows = "".join(_row(table, cells) for cells in table.rows)
    wide = ' class="wide"' if table.wide else ""
    return f"<table{wide}><thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n"


def _row(table: Table, cells: tuple[str, ...]) -> str:
    first, *others = (
        f'data-label="{_escaped(column.title)}"{_side(column)}>{_escaped(cell)}'
        for column, cell in zip(table.columns, cells, strict=True)
    )
    return f'<tr><th scope="row" {first}</th>{"".join(f"<td {cell}</td>" for cell in others)}</tr>\n'


def _side(column: Column) -> str:
    return ' class="figure"' if column.is_figure else ""
