"""How long people wait for their answers: those who have one question waiting, beside a crowd of another's. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median

from bench.chaos.ledger import Account


def lone_waits(accounts: Iterable[Account], crowd: str) -> list[float]:
    """Return the seconds from each question of a person with one question to its whole answer, shortest first.

    Left out are the questions of the person `crowd`, those that were never answered nor reported as failed, and those
    whose asker had another one waiting at any moment meanwhile.
    """
    asked = defaultdict[str, list[Account]](list)
    for account in accounts:
        if account.is_accepted and account.question.message.user != crowd:
            asked[account.question.message.user].append(account)
    alone = (each for theirs in asked.values() for each in theirs if _is_alone(each, theirs))
    return sorted(ended - each.question.asked_at for each in alone if (ended := each.ended_at) is not None)


def _is_alone(account: Account, theirs: Sequence[Account]) -> bool:
    """Check whether none of `theirs`, the same person's questions, was waiting while this one was."""
    began, ended = _waiting(account)
    others = (_waiting(other) for other in theirs if other is not account)
    return all(other_ended < began or ended < other_began for other_began, other_ended in others)


def _waiting(account: Account) -> tuple[float, float]:
    """Return from when to when a question was waiting, in epoch seconds."""
    return account.question.asked_at, math.inf if account.ended_at is None else account.ended_at


def answer_length(accounts: Iterable[Account]) -> float:
    """Return the median of the seconds from the model's first call to the whole answer; 0 if there was none.

    Only answers that were paid for once are counted.
    """
    lengths = [
        account.ended_at - account.called_at
        for account in accounts
        if account.paid == 1 and not account.question.again and account.called_at and account.ended_at
    ]
    return median(lengths) if lengths else 0.0
