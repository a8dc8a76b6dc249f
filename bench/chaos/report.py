"""What the run prints: the table, and for whatever is wrong all that is known about it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.chaos.ledger import Account, payload
from bench.chaos.mischief import Deed
from cocoai.rehearsal.slack.event_delivery import Delivery
from tests.house import House

MOST_SHOWN = 20
"""Wrong questions whose evidence is printed."""

MOST_LINES = 60


class Logs:
    """The logs of the run, kept whole: supervisord forgets all but the last few files, a link does not."""

    def __init__(self, folder: Path, kept: Path) -> None:
        self._folder = folder
        self._kept = kept
        kept.mkdir()

    def keep(self) -> None:
        """To be called every now and then."""
        for file in self._folder.glob("cocoai.log*"):
            try:
                link = self._kept / f"{file.stat().st_ino}.log"
                if not link.exists():
                    os.link(file, link)
            except FileNotFoundError:
                continue  # rotated away meanwhile

    def lines(self, word: str) -> Iterator[str]:
        for file in sorted(self._kept.iterdir(), key=lambda file: file.stat().st_mtime):
            with open(file, encoding="utf-8", errors="replace") as log:
                yield from (line.rstrip() for line in log if word in line)


def figures(accounts: Sequence[Account]) -> dict[str, int]:
    """The table's first half."""
    accepted = [account for account in accounts if account.accepted]
    return {
        "asked": len(accounts),
        "accepted": len(accepted),
        "answered": sum(account.answered for account in accepted),
        "told that it failed": sum(account.told for account in accepted),
        "lost": sum(account.lost for account in accounts),
        "answered twice": sum(account.twice for account in accounts),
        "answered wrongly": sum(account.garbled for account in accounts),
        "not taken away": sum(account.left for account in accounts),
        "paid more than once": sum(account.paid > 1 for account in accounts),
        "never accepted": len(accounts) - len(accepted),
        "of these, answered all the same": sum(account.answered for account in accounts if not account.accepted),
        "asked again by a click": sum(bool(account.question.again) for account in accounts),
        "stopped by a click": sum("stop" in account.heard for account in accounts),
        "taken away by a click": sum("delete" in account.heard for account in accounts),
    }


def evidence(
    accounts: Sequence[Account], house: House, deliveries: Sequence[Delivery], deeds: Sequence[Deed], logs: Logs
) -> Iterator[str]:
    """All that is known of each wrong question."""
    wrong = [account for account in accounts if account.is_wrong]
    for account in wrong[:MOST_SHOWN]:
        question = account.question
        message = question.message
        yield f"\n#{question.number} {question.key}: {', '.join(account.faults)}; paid {account.paid} times"
        yield f"  clicked {sorted(account.clicked)}, heard {sorted(account.heard)}"
        for each in account.said:
            yield f"  said    {each.ts} {payload(each)} {each.text[:60]!r}"
        for delivery in deliveries:
            if (delivery.channel, delivery.ts) == (message.channel, message.ts):
                yield (
                    f"  deliver {delivery.time:.3f} {delivery.kind} attempt={delivery.attempt}"
                    f" status={delivery.status} {delivery.failure} {delivery.milliseconds:.0f} ms"
                )
        yield from (f"  spool   {line}" for line in spool_lines(house.var, question.key))
        yield from (f"  log     {line[:300]}" for line in list(logs.lines(question.key))[:MOST_LINES])
        began = float(message.ts)
        near = sorted((deed for deed in deeds if began - 2 < deed.time < began + 30), key=lambda deed: deed.time)
        yield from (f"  deed    {deed.time:.3f} {deed.kind}: {deed.what}" for deed in near[:MOST_LINES])
    if len(wrong) > MOST_SHOWN:
        yield f"\n... and {len(wrong) - MOST_SHOWN} more"


def spool_lines(var: Path, key: str) -> Iterator[str]:
    """The job's file, wherever it lies."""
    for folder in ("ready", "done", "failed"):
        file = var / "spool" / folder / key
        if file.exists():
            yield from (f"{folder}/ {line[:300]}" for line in file.read_text(errors="replace").splitlines())
