"""What is shown to people, in which order and in which words: the same for a terminal and for a browser.

A sheet is a headline, a few figures that matter most, and sections of figures or a table. Every text in it is
plain: one line, and nothing in it that a terminal would obey. How it looks is text.py's and page.py's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cocoai.engine.process.scoreboard import Snapshot
from cocoai.status import RUNNING, Member, Status
from cocoai.status.answers import LastDay
from cocoai.status.units import mib, moment, number, plain, seconds, times

LONG_WAIT = 60.0
"""Seconds: a question that nobody has in hand for so long is worth a look."""

ROLES = {"look": "this look"}


@dataclass(frozen=True)
class Figure:
    """`alarm`: somebody should look at it."""

    label: str
    value: str
    note: str = ""
    alarm: bool = False


class Column(NamedTuple):
    """`is_figure`: set at the right, digits under digits."""

    title: str
    is_figure: bool = False


@dataclass(frozen=True)
class Table:
    """`empty` stands where there are no rows. A `wide` one is too much for a narrow screen as it is."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Section:
    """Figures, then a table, or one of them."""

    title: str
    figures: tuple[Figure, ...] = ()
    table: Table | None = None


@dataclass(frozen=True)
class Sheet:
    """`state` in one word, what there is to say of it, where and when that was so."""

    state: str
    told: str
    where: str
    at: str
    is_well: bool
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]


def sheet(status: Status) -> Sheet:
    """The sheet for a status."""
    picture = status.picture
    return Sheet(
        state=status.state,
        told=plain(status.trouble) or _running(status, picture),
        where=plain(status.var),
        at=moment(status.at),
        is_well=status.state == RUNNING,
        figures=tuple(_headline(status)),
        sections=tuple(_sections(status, picture)),
    )


def _running(status: Status, picture: Snapshot | None) -> str:
    return f"for {seconds(status.at - picture.started)}, pid {picture.pid}" if picture else ""


def _headline(status: Status) -> Iterator[Figure]:
    waiting, day = status.waiting, status.day
    if status.members:
        workers = status.of_kind("worker")
        active = sum(1 for worker in workers if worker.state == "busy")
        idle = sum(1 for worker in workers if worker.state == "idle")
        yield Figure("Workers", f"{active} active", f"{idle} idle, {len(workers)} in all")
        yield Figure("Slots", f"{len(status.of_kind('job'))} of {status.slots}", "answers being written")
    left = waiting.files["ready"] - waiting.unknown - waiting.in_hand
    since = f"the oldest for {seconds(waiting.seconds)}" if left else "nobody waits"
    yield Figure("Waiting", number(left), since, alarm=waiting.seconds > LONG_WAIT)
    yield Figure("Answered", number(day.answered), "in the last 24 hours")
    if status.members:
        parts = f"pool {mib(status.pool_pss)}, jobs {mib(status.jobs_pss)}"
        yield Figure("Memory (PSS)", mib(status.pool_pss + status.jobs_pss), parts)


def _sections(status: Status, picture: Snapshot | None) -> Iterator[Section]:
    yield Section("Answers of the last 24 hours", tuple(_answers(status.day)), _phases(status.day))
    yield Section("Spool", tuple(_spool(status)))
    if picture:
        yield Section("Last errors", table=_errors(picture, status.at))
    if status.members:
        yield Section("Processes", table=_processes(status))
    if picture:
        yield Section("Requests", tuple(_requests(picture)))
        yield Section("Pool", tuple(_pool(picture)))


def _processes(status: Status) -> Table:
    columns = (
        Column("Process"),
        Column("State"),
        Column("For", is_figure=True),
        Column("Done", is_figure=True),
        Column("Last took", is_figure=True),
        Column("Last CPU", is_figure=True),
        Column("PSS", is_figure=True),
        Column("pid", is_figure=True),
        Column("Question"),
    )
    return Table(columns, tuple(map(_process, status.members)), empty="none", wide=True)


def _process(member: Member) -> tuple[str, ...]:
    it = member.process
    is_one_of_many = it.kind in ("worker", "job")
    name = f"{it.kind} {it.number}" if is_one_of_many else ROLES.get(it.kind, it.kind)
    done = (number(it.requests), seconds(it.duration), seconds(it.cpu)) if it.requests else ("", "", "")
    since = seconds(it.since) if it.since else ""
    return (name, it.state, since, *done, mib(member.pss), str(it.pid), plain(it.key))


def _answers(day: LastDay) -> Iterator[Figure]:
    yield Figure("Answered", number(day.answered))
    yield Figure("Given up", number(day.given_up), "see: cocoai spool list" if day.given_up else "", day.given_up > 0)
    among = f"of the newest {number(day.read)}" if day.read < day.answered else ""
    yield Figure("Tried more than once", number(day.retried), among)


def _phases(day: LastDay) -> Table:
    columns = (Column("Phase"), *(Column(title, is_figure=True) for title in ("Median", "p95", "Longest")))
    rows = tuple(
        (phase.name, *map(seconds, (phase.median, phase.p95, phase.most))) for phase in day.phases if phase.number
    )
    return Table(columns, rows, empty="no answer, so no times")


def _spool(status: Status) -> Iterator[Figure]:
    waiting = status.waiting
    files = waiting.files
    ready = files["ready"] - waiting.unknown
    yield Figure("To be answered (ready)", number(ready), f"{number(waiting.in_hand)} in hand")
    if waiting.oldest:
        is_long = waiting.seconds > LONG_WAIT
        yield Figure("The oldest waits for", seconds(waiting.seconds), plain(waiting.oldest), is_long)
    if waiting.unknown:
        yield Figure("Left alone (ready)", number(waiting.unknown), "another version's jobs", alarm=True)
    yield Figure("Answered (done)", number(files["done"]), "kept 48 hours")
    yield Figure("Given up (failed)", number(files["failed"]), "kept 30 days")
    yield Figure("Being written (tmp)", number(files["tmp"]))


def _requests(picture: Snapshot) -> Iterator[Figure]:
    yield Figure("Accepted", number(picture.accepted))
    yield Figure("Slow", number(picture.slow), "their stacks are in the log" if picture.slow else "", picture.slow > 0)
    yield Figure("Timed out", number(picture.timed_out), alarm=picture.timed_out > 0)
    yield Figure("Refused", number(sum(picture.refused.values())))
    for reason, count in picture.refused.items():
        yield Figure(f"– {plain(reason)}", number(count))


def _pool(picture: Snapshot) -> Iterator[Figure]:
    yield Figure("Started", moment(picture.started))
    yield Figure("Reloaded", moment(picture.reloaded) if picture.reloaded else "not since")
    fixed = picture.least == picture.most
    yield Figure("Workers allowed", str(picture.most) if fixed else f"{picture.least} to {picture.most}")
    yield Figure("Most active at once", number(picture.most_active))
    reached = picture.most_reached
    yield Figure("Most workers reached", times(reached), "raise [pool] workers" if reached else "", reached > 0)
    yield Figure("Workers spawned", number(picture.spawned))
    yield Figure("Workers died", number(picture.died), alarm=picture.died > 0)
    outgrown = picture.outgrown
    yield Figure("Workers outgrown", number(outgrown), "over [pool] max_worker_mib" if outgrown else "")


def _errors(picture: Snapshot, now: float) -> Table:
    columns = (Column("When"), Column("Who"), Column("What"))
    rows = tuple(
        (f"{seconds(max(0.0, now - mishap.at))} ago", mishap.who, plain(mishap.text)) for mishap in picture.mishaps
    )
    return Table(columns, rows, empty="none", wide=True)
