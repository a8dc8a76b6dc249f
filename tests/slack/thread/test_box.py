"""slack/thread/box.py: which lines of a direct message's own box are one conversation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.model.messages import Message, MessageMetadata
from cocoai.slack.thread.box import BOX_MEMORY, box_start, since_pause

pytestmark = pytest.mark.pure

NOON = 1_700_049_600.0


def lines(*minutes: int) -> list[Message]:
    """Return a line of a person at each of these minutes after noon."""
    return [Message(f"{NOON + 60 * minute:.6f}", "U0ASKER01", "", "a line", None, "") for minute in minutes]


@pytest.mark.parametrize(("asked", "start"), [(0, -30), (1, -30), (29, -30), (30, 0), (59, 0)])
def test_the_conversation_begins_with_a_half_hour_of_the_clock(asked: int, start: int) -> None:
    """So it begins with the same line for half an hour."""
    assert NOON + 60 * start == box_start(NOON + 60 * asked)


@given(st.floats(1e9, 3e9))
def test_a_line_is_remembered_for_half_an_hour_to_an_hour(asked: float) -> None:
    """By the clock."""
    assert BOX_MEMORY <= asked - box_start(asked) <= 2 * BOX_MEMORY


@pytest.mark.parametrize(
    ("minutes", "kept"),
    [
        ((), ()),
        ((0, 20, 40), (0, 20, 40)),
        ((0, 10, 20), ()),
        ((0, 31, 40), (31, 40)),
        ((0, 30, 40), (0, 30, 40)),
        ((40, 60, 70), (40, 60, 70)),
    ],
)
def test_a_pause_of_half_an_hour_begins_another(minutes: tuple[int, ...], kept: tuple[int, ...]) -> None:
    """Between two lines, or before the question, which is asked at minute 55; what is newer makes none."""
    assert tuple(lines(*kept)) == since_pause(lines(*minutes), NOON + 60 * 55)


def test_our_answer_ends_no_pause() -> None:
    """Only what people write counts."""
    ours = Message(f"{NOON + 60 * 20:.6f}", "U0COCOAI", "", "Yes.", MessageMetadata("k", "answer"), "")

    assert () == since_pause([*lines(0), ours], NOON + 60 * 40)
