"""Build the report for people: what is shown, in which order and wording, alike in a terminal and in a browser.

A report is a headline, a few fields that matter most, and sections of fields or a table (report_parts.py). Every text
in it is plain: one line, without anything that a terminal would interpret. text.py and page.py decide how it looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cocoai.engine.process.scoreboard_snapshot import Snapshot
from cocoai.status.answers import LastDay
from cocoai.status.inbox import inbox_fields
from cocoai.status.last_check import check_field, check_section
from cocoai.status.machines import machine_fields
from cocoai.status.money import money_section
from cocoai.status.report_parts import Column, Field, ReportTable, Section
from cocoai.status.status import RUNNING, ProcessMemory, Status
from cocoai.status.store import store_fields
from cocoai.status.units import mib, moment, number, plain, seconds, times
from cocoai.status.wrong import errors_table, split_errors, trouble_fields
from cocoai.version import version_text

LONG_WAIT = 60.0
"""Seconds after which a question that no process has taken is marked."""

NEARLY_FULL = 0.9
"""The part of a control group's memory limit above which its use is marked: beyond the limit the kernel kills."""

NAMES = {"look": "this look"}
"""The names of processes that are not called by their kind."""


@dataclass(frozen=True)
class Report:
    """All that is shown: a headline, the fields that matter most, and the sections.

    The headline is the pool's `state`, a sentence about it (`summary`, or ""), the folder `var`, and the time, written
    for people (`at`).
    """

    state: str
    summary: str
    var: str
    at: str
    is_healthy: bool
    fields: tuple[Field, ...]
    sections: tuple[Section, ...]


def report(status: Status) -> Report:
    """Build the report from a collected status: word each figure, and mark those that need attention."""
    snapshot = status.snapshot
    return Report(
        state=status.state,
        summary=plain(status.trouble) or _uptime(status, snapshot),
        var=plain(status.var),
        at=moment(status.at),
        is_healthy=status.state == RUNNING,
        fields=tuple(_headline(status)),
        sections=tuple(_sections(status, snapshot)),
    )


def _uptime(status: Status, snapshot: Snapshot | None) -> str:
    """Return for how long the pool has run and its pid; "" if there is no snapshot."""
    return f"for {seconds(status.at - snapshot.started)}, pid {snapshot.pid}" if snapshot else ""


def _headline(status: Status) -> Iterator[Field]:
    """Yield the fields at the top, those that an operator wants first.

    What is wrong comes first. Then come workers, slots, waiting questions, answers, memory, and the limit of a control
    group if there is one; without processes only waiting questions, answers and the limit.
    """
    spool, day = status.spool, status.day
    yield from trouble_fields(status)
    yield from check_field(status.check)
    if status.store_trouble:
        note = f"{plain(status.store_trouble)}; what Slack sends waits here"
        yield Field("Database", "cannot be reached", note, is_alarm=True)
    yield from inbox_fields(status.inbox, status.at)
    if status.processes:
        yield _workers(status)
        yield Field("Slots", f"{len(status.of_kind('job'))} of {status.slots}", "answers being written")
    since = f"the oldest for {seconds(spool.seconds)}" if status.waiting else "nobody waits"
    yield Field("Waiting", number(status.waiting), since, is_alarm=spool.seconds > LONG_WAIT)
    yield Field("Answered", number(day.answered), "in the last 24 hours")
    if status.processes:
        parts = f"pool {mib(status.pool_pss)}, jobs {mib(status.jobs_pss)}"
        yield Field("Memory (PSS)", mib(status.pool_pss + status.jobs_pss), parts)
    if limit := status.limit:
        note = f"of the control group {plain(limit.group)}, {mib(limit.used // 1024)} in use"
        yield Field("Memory limit", mib(limit.most // 1024), note, is_alarm=limit.used > NEARLY_FULL * limit.most)


def _workers(status: Status) -> Field:
    """Return the field on the workers; without any it says whether that is as it should be."""
    workers = status.of_kind("worker")
    if not workers and status.snapshot and status.snapshot.least == 0:
        return Field("Workers", "none", "they come on demand")
    active = sum(1 for worker in workers if worker.state == "busy")
    idle = sum(1 for worker in workers if worker.state == "idle")
    return Field("Workers", f"{active} active", f"{idle} idle, {len(workers)} in all")


def _sections(status: Status, snapshot: Snapshot | None) -> Iterator[Section]:
    """Yield the sections, those that need attention before those that explain.

    Those on errors, requests and the pool need a scoreboard that can be read, and that on processes a running pool.
    """
    errors, earlier = split_errors(status)
    if errors:
        yield Section("Last errors", table=errors_table(errors, status.at))
    yield Section("Answers of the last 24 hours", tuple(_answers(status.day)), _phases(status.day))
    if status.money:
        yield money_section(status.money)
    yield from _documents(status)
    if status.check:
        yield check_section(status.check)
    if status.machines:
        yield Section("Machines", tuple(machine_fields(status.machines)))
    if status.tallied:
        yield Section("Database", tuple(store_fields(status.tallied)))
    yield Section("Spool", tuple(_spool(status)))
    if status.processes:
        yield Section("Processes", table=_processes(status))
    if snapshot:
        yield Section("Requests", tuple(_requests(snapshot)))
        yield Section("Pool", tuple(_pool(snapshot)))
    if earlier:
        yield Section("Earlier errors", table=errors_table(earlier, status.at))


def _documents(status: Status) -> Iterator[Section]:
    """Yield the sections on the documents and the history, as far as they are switched on."""
    if not (status.documents or status.history):
        return
    from cocoai.status.documents import documents_section, history_section

    if status.documents:
        yield documents_section(status.documents, status.at)
    if status.history:
        yield history_section(status.history)


def _processes(status: Status) -> ReportTable:
    """Return the table of all processes: what each does, how long it takes, and its memory."""
    columns = (
        Column("Process"),
        Column("State"),
        Column("For", is_number=True),
        Column("Done", is_number=True),
        Column("Last took", is_number=True),
        Column("Last CPU", is_number=True),
        Column("PSS", is_number=True),
        Column("pid", is_number=True),
        Column("Question"),
    )
    return ReportTable(columns, tuple(map(_process_row, status.processes)), empty="none", is_wide=True)


def _process_row(memory: ProcessMemory) -> tuple[str, ...]:
    """Return the cells of one process, in the order of the columns of `_processes`; unknown ones are empty."""
    process = memory.process
    is_one_of_many = process.kind in ("worker", "job")
    name = f"{process.kind} {process.number}" if is_one_of_many else NAMES.get(process.kind, process.kind)
    done = ("", "", "")
    if process.requests:
        done = (number(process.requests), seconds(process.duration), seconds(process.cpu))
    since = seconds(process.since) if process.since else ""
    return (name, process.state, since, *done, mib(memory.pss), str(process.pid), plain(process.key))


def _answers(day: LastDay) -> Iterator[Field]:
    """Yield the fields on the last day: how many were answered, given up, and tried more than once."""
    yield Field("Answered", number(day.answered))
    yield Field("Given up", number(day.given_up), "see: cocoai spool list" if day.given_up else "", day.given_up > 0)
    if day.refused:
        yield Field("Refused", number(day.refused), "the askers were told why: a budget, a day's pictures, their words")
    among = f"of the newest {number(day.read)}" if day.read < day.answered else ""
    yield Field("Tried more than once", number(day.retried), among)
    if day.declined:
        yield Field("Left out", number(day.declined), "people who were told that the settings leave them out")


def _phases(day: LastDay) -> ReportTable:
    """Return the table with the durations of each phase of an answer; a phase without figures is left out."""
    columns = (Column("Phase"), *(Column(title, is_number=True) for title in ("Median", "p95", "Longest")))
    rows = tuple(
        (phase.name, *map(seconds, (phase.median, phase.p95, phase.most))) for phase in day.phases if phase.number
    )
    return ReportTable(columns, rows, empty="no answer, so no times")


def _spool(status: Status) -> Iterator[Field]:
    """Yield the fields on the spool: how many jobs are in each folder, and how long the oldest question has waited."""
    spool = status.spool
    files = spool.files
    yield Field("To be answered (ready)", number(files["ready"] - spool.unknown), f"{number(spool.in_hand)} in hand")
    if spool.oldest:
        is_long = spool.seconds > LONG_WAIT
        yield Field("The oldest waits for", seconds(spool.seconds), plain(spool.oldest), is_long)
    if spool.unknown:
        yield Field("Left alone (ready)", number(spool.unknown), "another version's jobs", is_alarm=True)
    yield Field("Answered (done)", number(files["done"]), "kept 48 hours")
    yield Field("Given up or refused (failed)", number(files["failed"]), "kept 30 days")
    yield Field("Being written (tmp)", number(files["tmp"]))


def _requests(snapshot: Snapshot) -> Iterator[Field]:
    """Yield the fields on the requests since the pool's start: accepted, slow, timed out, and refused by reason."""
    yield Field("Accepted", number(snapshot.accepted))
    yield Field(
        "Slow", number(snapshot.slow), "their stacks are in the log" if snapshot.slow else "", snapshot.slow > 0
    )
    yield Field("Timed out", number(snapshot.timed_out), is_alarm=snapshot.timed_out > 0)
    yield Field("Refused", number(sum(snapshot.refused.values())))
    for reason, count in snapshot.refused.items():
        yield Field(f"– {plain(reason)}", number(count))


def _pool(snapshot: Snapshot) -> Iterator[Field]:
    """Yield the fields on the pool: its version, when it was started and reloaded, and the counters of its workers."""
    yield Field("Version", plain(version_text(snapshot.version, snapshot.commit)))
    yield Field("Started", moment(snapshot.started))
    yield Field("Reloaded", moment(snapshot.reloaded) if snapshot.reloaded else "not since")
    is_fixed = snapshot.least == snapshot.most
    yield Field("Workers allowed", str(snapshot.most) if is_fixed else f"{snapshot.least} to {snapshot.most}")
    yield Field("Most active at once", number(snapshot.most_active))
    reached = snapshot.most_reached
    yield Field("Most workers reached", times(reached), "raise [pool] workers" if reached else "", reached > 0)
    yield Field("Most slots taken at once", number(snapshot.most_slots))
    yield Field("Found every slot taken", number(snapshot.no_slot), "see: cocoai tune" if snapshot.no_slot else "")
    yield Field("Workers spawned", number(snapshot.spawned))
    yield Field("Workers died", number(snapshot.died), is_alarm=snapshot.died > 0)
    outgrown = snapshot.outgrown
    yield Field("Workers outgrown", number(outgrown), "over [pool] max_worker_mib" if outgrown else "")
    sharing, _, reason = snapshot.memory_sharing.partition(": ")
    yield Field("Memory sharing", sharing, plain(reason))
