"""Let five people ask for a month, from one midnight in Tokyo to the next, and read on the morning after what it cost.

    python -m bench.month                                  the month, in three minutes
    python -m bench.month --pictures FOLDER --language en  the same, with pictures of what people see

The clock is turned from question to question, so that twenty working days take as long as their answers. Each is asked
in the practice Slack, answered by an Answerer, and held and settled in a ledger, against the practice OpenAI, which
bills as the real one does. Some answers are stopped, cut off, or refused at first. The exit status is 1 if the ledger
differs from what was billed, other than in rows that are marked as estimated or lost; if it has gone over the cap, or
holds anything still; or if the report does not stand there, once. The pictures need chromium.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.month import audit
from bench.month.pictures import Camera, camera
from bench.month.plan import MONTH, OPERATOR, SOMEBODY, ZONE, plan, tokyo
from bench.month.team import Team, team
from bench.month.words import USAGE
from bench.tables import print_row
from cocoai.ledger.calendar import read_calendar
from cocoai.ledger.money import NANO, usd, usd_fine
from cocoai.ledger.summary import MonthSummary, read_summary, saved, seats_cost
from cocoai.rehearsal.certificates import make
from cocoai.rehearsal.openai.billing import PracticeBill
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message

HOUR = 60
"""Minutes."""


def main() -> int:
    """Run the month, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="the folder that takes the pictures")
    parser.add_argument("--language", choices=("ja", "en"), default="ja", help="of the operator's Slack")
    parser.add_argument("--seed", type=int, default=1, help="of the plan")
    options = parser.parse_args()
    os.environ["TZ"] = ZONE  # what the people and the browser have
    time.tzset()
    with tempfile.TemporaryDirectory(prefix="month-") as name:
        folder = Path(name)
        certificates = make(folder / "certificates")
        var = folder / "v"
        var.mkdir()
        with team(var, certificates, tokyo(1, -5), options.language) as people, ExitStack() as stack:
            looking = None
            if options.pictures:
                looking = stack.enter_context(camera(people, folder, options.pictures, options.language))
            faults = list(run(people, options.seed, options.language, looking))
            if looking:
                looking.takes_report()
                looking.takes_status(folder / "status.html")
                looking.takes_usage_command()
    print(f"\n{len(faults)} faults", flush=True)
    for fault in faults:
        print(f"  {fault}", flush=True)
    return 1 if faults else 0


def run(people: Team, seed: int, language: str, looking: Camera | None) -> Iterator[str]:
    """Let the month pass, print its figures, and yield each fault. What was spent is asked in front of the camera."""
    planned = plan(seed)
    began, cpu = time.monotonic(), time.process_time()
    people.ask_all(planned[:-1])
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    asked = list(ask_for_usage(people, tokyo(30, 19 * HOUR), language, looking))
    people.ask_all(planned[-1:])
    put = report(people, 0, 10)
    asked += ask_for_usage(people, tokyo(31, 10 * HOUR), language)
    put += report(people, 10, 8 * 24)
    if put != [9]:
        yield f"the report was put in the hours {put} of the new month"
    summary = read_summary(people.ledger.store, MONTH, day_of=read_calendar(ZONE).day)
    print_figures(people, summary, sum(tokyo(1) <= each.at < tokyo(31) for each in planned))
    print_row("took (s)", f"{took:.0f}", "CPU (s), with both practice servers", f"{cpu:.0f}")
    yield from audit.faults_of_the_books(people)
    yield from audit.faults_of_the_report(people, summary)
    yield from audit.faults_of_the_jobs(people, len(planned) + len(asked))
    for question, words in zip(asked, ((), ("gpt-6-luna",), (), ("gpt-6-luna",)), strict=True):
        yield from audit.faults_of_a_usage_reply(people, question, words)


def ask_for_usage(people: Team, at: float, language: str, looking: Camera | None = None) -> Iterator[Message]:
    """Let somebody ask at this time what was spent, and then the operator; yield the questions."""
    people.clock.turn_to(at)
    for name, member in (("somebody", SOMEBODY), ("operator", OPERATOR)):
        if looking:
            looking.opens(member)
        question = people.ask(member, USAGE[language])
        if looking:
            looking.takes_usage(question, name)
        yield question


def report(people: Team, first: int, last: int) -> list[int]:
    """Look at each of these hours of the new month for a report to put, and run it; return those at which one was."""
    task, put = people.report(), []
    for hour in range(first, last):
        people.clock.turn_to(tokyo(31, hour * HOUR + 1))
        if task.is_wanted() and task.run():
            put.append(hour)
        people.run()
    return put


def print_figures(people: Team, summary: MonthSummary, questions: int) -> None:
    """Print what the month with so many questions has cost, how that is known, and what was asked."""
    seat = people.settings.budget.seat_usd
    calls = [call for call in audit.paid_calls(people) if call.charge.month == MONTH]
    known = [call.charge.spent or 0 for call in calls if call.charge.how in audit.KNOWN]
    billed = sum(call.bill.nano_dollars for call in calls)
    print_row("questions", questions, "of people", len(summary.people))
    print_row("calls that were paid", summary.calls, "refused", summary.sources["refused"])
    print_row("spent", usd_fine(summary.total), "billed by OpenAI", usd_fine(billed))
    print_row("known, and equal", f"{usd_fine(sum(known))} of {len(known)}", "estimated or lost", summary.estimated)
    print_row("a call", f"${summary.total / NANO / summary.calls:.5f}", "the dearest", usd_fine(max(known)))
    seats = seats_cost(len(summary.people), seat)
    print_row(f"at {usd(seat)} a head", usd(seats), "saved", usd(saved(summary, seat)))
    for model in summary.models:
        print_row(model.name, usd_fine(model.spent), "calls", model.calls)
    bills = [call.bill for call in calls]
    read = sum(bill.plain + bill.cached + bill.written for bill in bills) / len(bills)
    cached = sum(bill.cached for bill in bills) / len(bills)
    print_row("tokens read a call", f"{read:.0f}, {cached:.0f} cached", "written", f"{_mean_output(bills):.0f}")


def _mean_output(bills: Sequence[PracticeBill]) -> float:
    return sum(bill.output for bill in bills) / len(bills)


if __name__ == "__main__":
    sys.exit(main())
