"""List what is in the index: a line for each document, then what its sources have left out."""

from __future__ import annotations

import os
from collections.abc import Iterator

from cocoai.documents.index_look import is_being_built, left_out_of
from cocoai.documents.index_reader import IndexedDocument, IndexReader
from cocoai.documents.problems import left_out_words, problem_words
from cocoai.documents_command.view import IndexView, available, called, minute
from cocoai.status.units import number, plain


def list_documents(view: IndexView, *, only_problems: bool) -> Iterator[str]:
    """Yield a line for each document, by source and name, and for what was left out; first what the columns are.

    The last one says so if the index is being written at this moment: then there may be more to come.
    Raise CocoAIError if there is no index to be read.
    """
    reader = IndexReader(view.path)
    with available():
        # All at once: a terminal that takes its time would keep the pool from writing.
        rows = reader.documents()
        left_out = {source: left_out_of(reader, source) for source in view.sources}
    shown = [row for row in rows if row.problem] if only_problems else rows
    if shown:
        yield f"{'SOURCE':7} {'PASSAGES':>8}  {'INDEXED':16}  {'SHOWN IN':12}  DOCUMENT"
    for row in shown:
        yield _line(view, row)
    for source, problems in left_out.items():
        for code, count in problems.items():
            yield f"! {source}: {number(count)} × {plain(left_out_words(code))}"
    passages, unread = sum(row.passages for row in rows), sum(bool(row.problem) for row in rows)
    yield f"{number(len(rows))} documents, {number(passages)} passages; {number(unread)} documents could not be read"
    if is_being_built(os.path.dirname(view.path)):
        yield "the index is just being written: look again in a minute"


def _line(view: IndexView, row: IndexedDocument) -> str:
    problem = f"  ! {plain(problem_words(row.problem))}" if row.problem else ""
    shown = view.shown_in(row.document)
    return (
        f"{row.document.source:7} {number(row.passages):>8}  {minute(row.indexed_at)}  {shown:12}  "
        f"{called(row.document)}{problem}"
    )
