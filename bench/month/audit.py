"""Look for what must not be after a month: money that the books do not explain, a report too many, a wrong reply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.month.plan import MONTH, REPORTED, tokyo
from bench.month.team import Team
from cocoai.ledger.money import exact_usd, usd
from cocoai.ledger.summary import ChargeRow, MonthSummary, read_charges
from cocoai.rehearsal.openai.billing import PracticeBill
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import payload

KNOWN = ("told", "priced")
"""How a charge is known that must be what was billed; one that is estimated or lost may not be less."""

MONTHS = ("2026-10", MONTH, "2026-12")


@dataclass(frozen=True)
class PaidCall:
    """A charge of the ledger and the practice OpenAI's bill of the same request."""

    charge: ChargeRow
    bill: PracticeBill


def paid_calls(team: Team) -> list[PaidCall]:
    """Return all requests that the model ran for, oldest first: one was asked after the other. Fail if one lacks."""
    charges = [row for row in _charges(team) if row.how != "refused"]
    return [PaidCall(*each) for each in zip(charges, team.openai.bills, strict=True)]


def _charges(team: Team) -> list[ChargeRow]:
    return [row for month in MONTHS for row in read_charges(team.ledger.store, month)]


def faults_of_the_books(team: Team) -> Iterator[str]:
    """Yield each way in which the ledger and the practice OpenAI's books differ, or the month is not the calendar's."""
    for call in paid_calls(team):
        if fault := _difference(call.charge, call.bill):
            yield f"call {call.charge.id}, {call.charge.how}: {fault}"
    for row in _charges(team):
        if (row.month == MONTH) != (tokyo(1) <= row.at < tokyo(31)):
            yield f"call {row.id} at {row.at} is in {row.month}"
    for hold in team.ledger.open_holds():
        yield f"open: {hold}"
    for month in MONTHS:
        spent = sum(row.spent or 0 for row in _charges(team) if row.month == month)
        if spent > team.ledger.caps.team:
            yield f"{usd(spent)} in {month}, over the cap"


def _difference(row: ChargeRow, bill: PracticeBill) -> str:
    """Return how a charge differs from its bill, "" if it is as it must be."""
    spent = row.spent or 0
    if row.how in KNOWN:
        return "" if spent == bill.nano_dollars else f"{exact_usd(spent)}, but {exact_usd(bill.nano_dollars)} billed"
    return "" if bill.nano_dollars <= row.held else f"{exact_usd(bill.nano_dollars)} billed, over its hold"


def reports(team: Team) -> list[Message]:
    """Return the reports in the channel."""
    return [each for each in team.slack.messages(REPORTED) if payload(each).get("kind") == "report"]


def faults_of_the_report(team: Team, summary: MonthSummary) -> Iterator[str]:
    """Yield what is wrong with the report: it stands there once, with its chart, its table and the month's sum."""
    posted = reports(team)
    if len(posted) != 1:
        yield f"{len(posted)} reports"
        return
    types = [block["type"] for block in posted[0].blocks]
    if "data_visualization" not in types or "data_table" not in types:
        yield f"the report's blocks are {types}"
    if usd(summary.total) not in posted[0].text:
        yield f"the report does not say {usd(summary.total)}"


def faults_of_the_jobs(team: Team, questions: int) -> Iterator[str]:
    """Yield what is wrong with the jobs: each of the questions, and the report, is done."""
    done, failed = len(team.spool.keys("done")), len(team.spool.keys("failed"))
    if (done, failed) != (questions + 1, 0):
        yield f"{done} jobs are done, and {failed} failed, of {questions} questions and a report"


def faults_of_a_usage_reply(team: Team, question: Message, words: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong with the reply to "usage": a public note, and one for the asker alone that has the words."""
    replies = [each for each in team.slack.thread(question.channel, question.ts) if payload(each)]
    if [payload(each)["kind"] for each in replies] != ["note"]:
        yield f"the replies to {question.text!r} are {replies}"
    private = team.slack.ephemeral_messages(question.channel)
    told = [each for each in private if (each.only_for, each.thread_ts) == (question.user, question.ts)]
    if len(told) != 1 or not all(word in told[0].text for word in words):
        yield f"told to {question.user} alone: {[each.text for each in told]}"
