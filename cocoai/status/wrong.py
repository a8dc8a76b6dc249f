"""The parts of the report on what is wrong: the troubles of now, and the last errors, those that are over apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cocoai.engine.process.scoreboard_snapshot import LastError
from cocoai.status.report_parts import Column, Field, ReportTable
from cocoai.status.status import Status
from cocoai.status.units import moment, number, plain, seconds
from cocoai.troubles.store import Trouble
from cocoai.troubles.watch import OPENAI, SIGNATURE, SLACK

FRESH = 3600.0
"""Seconds after which an error counts as over, if nothing tells so before."""

_LABELS = {SLACK: "Slack", OPENAI: "OpenAI", SIGNATURE: "Signatures"}
"""The labels of troubles by their source; the others are scopes."""

_OF_JOBS = ("job", "placeholder")
"""How the names of those rows begin whose errors are over when a question was answered since."""


def trouble_fields(status: Status) -> Iterator[Field]:
    """Yield a field for each trouble of now: what is wrong, since when, and for Slack how many questions wait.

    Before them comes what is wrong with the settings, if anything is.
    """
    if status.settings_error:
        yield Field("Settings", "wrong", plain(status.settings_error), is_alarm=True)
    for trouble in status.troubles:
        yield Field(_LABELS.get(trouble.source, "Scope"), plain(trouble.code), _note(trouble, status), is_alarm=True)


def _note(trouble: Trouble, status: Status) -> str:
    if trouble.source == SLACK:
        more = "1 question waits" if status.waiting == 1 else f"{number(status.waiting)} questions wait"
    elif trouble.source == SIGNATURE:
        more = f"{number(trouble.count)} requests refused: is signing_secret this app's, and the clock right?"
    else:
        more = f"met {number(trouble.count)} times" if trouble.count > 1 else "met once"
    return f"since {moment(trouble.since)} ({seconds(max(0.0, status.at - trouble.since))}), {more}"


def split_errors(status: Status) -> tuple[list[LastError], list[LastError]]:
    """Return the last errors of all processes: those that may go on, and those that are over.

    Over is what is older than FRESH, and the error of a job if a question was answered since.
    """
    errors = status.snapshot.last_errors if status.snapshot else ()
    over = [error for error in errors if _is_over(error, status)]
    return [error for error in errors if error not in over], over


def _is_over(error: LastError, status: Status) -> bool:
    is_followed = error.who.startswith(_OF_JOBS) and error.at < status.day.newest
    return is_followed or status.at - error.at > FRESH


def errors_table(errors: Iterable[LastError], now: float) -> ReportTable:
    """Return the table of these errors, with the time since each; `now` is in epoch seconds."""
    columns = (Column("When"), Column("Who"), Column("What"))
    rows = tuple((f"{seconds(max(0.0, now - error.at))} ago", error.who, plain(error.text)) for error in errors)
    return ReportTable(columns, rows, empty="none", is_wide=True)
