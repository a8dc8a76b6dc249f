"""What a chaos run prints: the table of figures, and everything that is known about each wrong question."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.chaos.faults import InjectedFault
from bench.chaos.history import payload
from bench.chaos.ledger import Account
from bench.chaos.waits import answer_length, lone_waits
from cocoai.rehearsal.slack.event_delivery import Delivery

MOST_SHOWN = 20
"""Wrong questions whose evidence is printed; the others are only counted."""

MOST_LINES = 60
"""Lines of log, and injected faults, that are printed for one question."""

BEFORE, AFTER = 2.0, 30.0
"""Seconds before and after a question's message within which injected faults are printed with it."""


class Logs:
    """All logs of the run, of each machine's folder. supervisord deletes the older files; a hard link keeps them."""

    def __init__(self, folders: Sequence[Path], kept: Path) -> None:
        self._folders = folders
        self._kept = kept
        kept.mkdir()

    def keep(self) -> None:
        """Link the log files that are new. To be called more often than supervisord rotates."""
        for file in (file for folder in self._folders for file in folder.glob("cocoai.log*")):
            try:
                link = self._kept / f"{file.stat().st_ino}.log"
                if not link.exists():
                    os.link(file, link)
            except FileNotFoundError:
                continue  # supervisord has deleted or renamed it since the folder was listed

    def lines(self, word: str) -> Iterator[str]:
        """Yield every line that contains `word`, from the oldest file to the newest."""
        for file in sorted(self._kept.iterdir(), key=_modified):
            with open(file, encoding="utf-8", errors="replace") as log:
                yield from (line.rstrip() for line in log if word in line)


def _modified(file: Path) -> float:
    """Return the time of the last change to a file."""
    return file.stat().st_mtime


def figures(accounts: Sequence[Account], crowd: str) -> dict[str, object]:
    """Return the first half of the table: how many questions ended in which way, and how long people waited.

    `crowd` is the person who asks most of the questions.
    """
    accepted = [account for account in accounts if account.is_accepted]
    questions = [account.question for account in accounts]
    return {
        "asked": len(accounts),
        "accepted": len(accepted),
        "answered": sum(account.is_answered for account in accepted),
        "reported as failed": sum(account.is_reported for account in accepted),
        "lost": sum(account.is_lost for account in accounts),
        "answered twice": sum(account.is_twice for account in accounts),
        "answered wrongly": sum(account.is_garbled for account in accounts),
        "not deleted": sum(account.is_undeleted for account in accounts),
        "taken away": sum(account.is_taken_away for account in accounts),
        "paid more than once": sum(account.paid > 1 for account in accounts),
        "paid more than twice": sum(account.is_overpaid for account in accounts),
        "never accepted": len(accounts) - len(accepted),
        "of these, answered all the same": sum(account.is_answered for account in accounts if not account.is_accepted),
        **pictures(accounts),
        "asked again by a click": sum(bool(each.again) and each.wanted != "rest" for each in questions),
        "gone on with by a click": sum(each.wanted == "rest" for each in questions),
        "stopped by a click": sum("stop" in account.accepted_clicks for account in accounts),
        "deleted by a click": sum("delete" in account.accepted_clicks for account in accounts),
        **waits(accounts, crowd),
    }


def pictures(accounts: Sequence[Account]) -> dict[str, object]:
    """Return how many pictures were recorded, and stand there, and how many sounds a model has heard."""
    drawn = [account for account in accounts if account.job.drawn_at is not None]
    return {
        "pictures drawn": len(drawn),
        "pictures that stand there": sum(account.pictures for account in accounts),
        "pictures paid more than once": sum(account.paid > 1 for account in drawn),
        "pictures wrong": sum(bool(account.wrong_pictures) for account in accounts),
        "voice clips": sum(bool(account.question.message.files) for account in accounts),
        "sounds heard by a model": sum(account.job.heard for account in accounts),
    }


def waits(accounts: Sequence[Account], crowd: str) -> dict[str, object]:
    """Return how long people with one question waited, in seconds and in lengths of an answer; {} if there are none."""
    times, length = lone_waits(accounts, crowd), answer_length(accounts)
    if not times or not length:
        return {}
    return {
        "questions of people with one question": len(times),
        "longest wait of a person with one question (s)": f"{times[-1]:.1f}",
        "the same in answers' lengths": f"{times[-1] / length:.1f}",
        "median of these waits (s)": f"{times[len(times) // 2]:.1f}",
        "length of an answer (s)": f"{length:.2f}",
    }


def evidence(
    accounts: Sequence[Account],
    spool_lines: Callable[[str], Iterator[str]],
    deliveries: Sequence[Delivery],
    faults: Sequence[InjectedFault],
    logs: Logs,
) -> Iterator[str]:
    """Yield lines about each wrong question: its messages, deliveries, job, log and the faults near it."""
    wrong = [account for account in accounts if account.is_wrong]
    for account in wrong[:MOST_SHOWN]:
        question = account.question
        message = question.message
        yield f"\n#{question.number} {question.key}: {', '.join(account.faults)}; paid {account.paid} times"
        yield f"  clicked {sorted(account.clicks)}, accepted {sorted(account.accepted_clicks)}"
        yield f"  wanted {question.wanted}; {account.pictures} pictures"
        for each in account.messages:
            yield f"  message {each.ts} {payload(each)} {each.text[:60]!r}"
        for shown in account.revisions if account.is_taken_away else ():
            yield (
                f"  shown   {shown.time:.3f} {shown.message.ts} {payload(shown.message)['kind']}"
                f" {'deleted' if shown.is_deleted else repr(shown.message.text[:60])}"
            )
        for delivery in deliveries:
            if (delivery.channel, delivery.ts) == (message.channel, message.ts):
                yield (
                    f"  deliver {delivery.time:.3f} {delivery.kind} attempt={delivery.attempt}"
                    f" status={delivery.status} {delivery.failure} {delivery.milliseconds:.0f} ms"
                )
        yield from (f"  spool   {line}" for line in spool_lines(question.key))
        yield from (f"  log     {line[:300]}" for line in list(logs.lines(question.key))[:MOST_LINES])
        yield from _faults_near(float(message.ts), faults)
    if len(wrong) > MOST_SHOWN:
        yield f"\n... and {len(wrong) - MOST_SHOWN} more"


def _faults_near(asked_at: float, faults: Sequence[InjectedFault]) -> Iterator[str]:
    """Yield a line for each fault that was injected near this time (epoch seconds), in order of time."""
    near = sorted(fault for fault in faults if asked_at - BEFORE < fault.time < asked_at + AFTER)
    yield from (f"  fault   {fault.time:.3f} {fault.kind}: {fault.detail}" for fault in near[:MOST_LINES])
