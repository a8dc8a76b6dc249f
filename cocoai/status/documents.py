"""The status's part on the documents and the history: how many there are, what is wrong, how old that is.

It is imported only where there are any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cocoai import config
from cocoai.documents.database import IndexUnavailable
from cocoai.documents.index_look import is_being_built, last_slice, left_out_of
from cocoai.documents.index_reader import IndexFigures, IndexReader
from cocoai.documents.index_task import index_path
from cocoai.documents.problems import left_out_words, problem_words
from cocoai.documents_command.view import UNAVAILABLE, index_view
from cocoai.errors import CocoAIError
from cocoai.status.report_parts import Field, Section
from cocoai.status.units import mib, moment, number, plain, seconds
from cocoai.stores import history_of

OLD = 3600.0
"""Seconds after which a last slice is marked: the pool looks every ten minutes at least."""

WHERE = "see: cocoai documents list --problems"

_ALARMS = frozenset(
    {
        "folder_missing",
        "folder_empty",
        "folder_unreadable",
        "missing_scope",
        "not_in_channel",
        "channel_not_found",
        "history_broken",
    }
)
"""The codes of what a source could not look at that an operator has to mend."""


@dataclass(frozen=True)
class DocumentsState:
    """The index at a moment: its `figures`, None if it cannot be read, for the reason whose code is in `trouble`.

    `left_out` counts what the sources have left out, by code. `last_slice` is when one began or ended, in epoch
    seconds, 0.0 for never. `is_being_built`: a process is writing at this moment.
    """

    figures: IndexFigures | None
    trouble: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    last_slice: float = 0.0
    is_being_built: bool = False


@dataclass(frozen=True)
class HistoryState:
    """The history: how many exchanges are kept, when the oldest was asked (epoch seconds, 0 for none), its size.

    `trouble` says why that cannot be known, "" if it can.
    """

    exchanges: int = 0
    oldest: int = 0
    bytes: int = 0
    keep_days: int = 0
    trouble: str = ""


def read_documents(settings: config.Settings) -> DocumentsState:
    """Return the state of the index; never raise for one that cannot be read."""
    var, view = settings.paths.var, index_view(settings)
    reader, left_out = IndexReader(index_path(var)), Counter[str]()
    figures, trouble = None, ""
    try:
        figures = reader.figures()
        for source in view.sources:
            left_out.update(left_out_of(reader, source))
    except IndexUnavailable as error:
        figures, trouble = None, error.code
    return DocumentsState(figures, trouble, dict(left_out), last_slice(var), is_being_built(var))


def read_history(settings: config.Settings) -> HistoryState | None:
    """Return the state of the history; None where none is kept. Never raise for one that cannot be read."""
    days = settings.history.keep_days
    if not days:
        return None
    try:
        history = history_of(settings)
        exchanges, oldest = history.figures()
        size = history.size()
    except CocoAIError as error:
        return HistoryState(keep_days=days, trouble=str(error))
    return HistoryState(exchanges, oldest, size, days)


def documents_section(state: DocumentsState, now: float) -> Section:
    """Return the section on the index; `now` is in epoch seconds."""
    return Section("Documents", tuple(_document_fields(state, now)))


def history_section(state: HistoryState) -> Section:
    """Return the section on the history."""
    if state.trouble:
        return Section("History", (Field("History", "cannot be read", plain(state.trouble), is_alarm=True),))
    oldest = f"the oldest of {moment(state.oldest)}" if state.oldest else ""
    kept = Field("Questions and answers", number(state.exchanges), oldest)
    return Section("History", (kept, Field("Size", mib(state.bytes // 1024), f"kept {number(state.keep_days)} days")))


def _document_fields(state: DocumentsState, now: float) -> Iterator[Field]:
    if state.figures is None:
        yield Field("Index", state.trouble, UNAVAILABLE.get(state.trouble, ""), is_alarm=state.trouble == "broken")
    else:
        yield Field("Indexed", number(state.figures.documents), f"{number(state.figures.passages)} passages")
        for code, count in state.figures.problems.items():
            yield Field(f"– {plain(problem_words(code))}", number(count), WHERE)
        for code, count in state.left_out.items():
            yield Field("Left out", number(count), plain(left_out_words(code)), is_alarm=code in _ALARMS)
        newest = f"the newest document was read {_ago(now - state.figures.newest)}" if state.figures.newest else ""
        yield Field("Size", mib(state.figures.bytes // 1024), newest)
        yield Field("Index version", plain(state.figures.version))
    if state.last_slice:
        age = now - state.last_slice
        note = "it is being written now" if state.is_being_built else ""
        yield Field("Last looked at the sources", _ago(age), note, is_alarm=age > OLD and not state.is_being_built)
    else:
        yield Field("Last looked at the sources", "never", "the pool begins when it has started")


def _ago(value: float) -> str:
    return f"{seconds(max(0.0, value))} ago"
