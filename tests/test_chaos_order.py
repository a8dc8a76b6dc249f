"""bench/chaos: its look at the order of a thread notices what is out of order, and nothing else."""

from __future__ import annotations

import pytest

from bench.chaos.ledger import Account
from bench.chaos.order import out_of_order
from bench.chaos.pictures import JobRecord
from bench.chaos.questions import Question
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message

pytestmark = pytest.mark.pure

READY = {"C0-100.1-100.1": 101.0, "C0-100.1-200.1": 201.0, "D0-100.1-100.1": 101.0, "D0-200.1-200.1": 201.0}


def account(channel: str, ts: str, thread_ts: str, began: float, ended: float, state: str = "done") -> Account:
    """Return the account of a question whose job was begun and has ended at these times."""
    message = Message(channel, ts, "U0ASKER01", "?", thread_ts="" if thread_ts == ts else thread_ts)
    end: dict[str, object] = {"fact": "finished" if state == "done" else "failed", "at": ended}
    lines: list[dict[str, object]] = [
        {"kind": "mention"},
        {"fact": "attempt", "at": began},
        end,
        {"fact": "opinion", "at": 999.0},
    ]
    return Account(Question(1, message), True, [], 1, job=JobRecord(state, lines))


@pytest.mark.parametrize(
    ("older", "younger", "expected"),
    [
        pytest.param(("C0", "100.1", "100.1", 300, 310), ("C0", "200.1", "100.1", 311, 320), 0, id="in order"),
        pytest.param(
            ("C0", "100.1", "100.1", 300, 310), ("C0", "200.1", "100.1", 309, 320), 1, id="while it is answered"
        ),
        pytest.param(("C0", "100.1", "100.1", 300, 310), ("C0", "200.1", "100.1", 102, 105), 0, id="at the same look"),
        pytest.param(("C0", "100.1", "100.1", 300, 310), ("C0", "200.1", "200.1", 205, 206), 0, id="another thread"),
        pytest.param(("D0", "100.1", "100.1", 300, 310), ("D0", "200.1", "200.1", 205, 206), 1, id="lines of a box"),
        pytest.param(("C9", "100.1", "100.1", 300, 310), ("C9", "200.1", "100.1", 205, 206), 0, id="never seen ready"),
    ],
)
def test_what_is_begun_before_an_older_one_has_ended(
    older: tuple[str, str, str, float, float], younger: tuple[str, str, str, float, float], expected: int
) -> None:
    """It is out of order, if the older one was known to be ready by then; facts behind the end do not count."""
    found = list(out_of_order([account(*younger), account(*older)], READY))

    assert expected == len(found)
