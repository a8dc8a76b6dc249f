"""Rows: makes readable text of a table's rows. A row that is found alone has to say what its cells mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def row_texts(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the text of each row that has any: `Name: Ann, Desk: 3`, with the header's names before the cells.

    The header is the first row of two cells or more, if no cell is empty between them and none is a number; what stands
    above it is yielded as it is. Without a header a row is its cells.
    """
    header: Sequence[str] | None = None
    for row in rows:
        cells = [" ".join(cell.split()) for cell in row]
        if not any(cells):
            continue
        if header is None and sum(map(bool, cells)) > 1:
            header = cells if _is_header(cells) else ()
            yield cells_text(cells)
        else:
            yield ", ".join(_named(header or (), cells))


def cells_text(cells: Iterable[str]) -> str:
    """Return a row of a table without its header's names, such as `Ann | 3`."""
    return " | ".join(filter(None, (" ".join(cell.split()) for cell in cells)))


def _is_header(cells: Sequence[str]) -> bool:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return all(cells) and not any(_is_number(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    return any(map(str.isdigit, cell)) and not any(map(str.isalpha, cell))


def _named(header: Sequence[str], cells: Sequence[str]) -> Iterator[str]:
    for at, cell in enumerate(cells):
        if cell:
            name = header[at] if at < len(header) else ""
            yield f"{name}: {cell}" if name and name != cell else cell
