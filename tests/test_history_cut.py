"""answer/history_cut.py: how much of a thread the model is shown, and that its beginning stays the same for a while."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.answer.history_cut import PAUSE, HistoryLimits, cut
from cocoai.conversation import Attachment, Conversation, Turn, estimated_tokens

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

MINUTE = 60.0
ROOM = 1_000_000


def thread(exchanges: int, *, every: float = MINUTE, pauses: Sequence[int] = (), size: int = 4) -> Conversation:
    """Return a thread with so many exchanges and a question, each `every` seconds after the one before.

    The questions whose numbers are in `pauses` come a long time later. `size` is the characters of a turn.
    """
    turns, now = [], 1_700_000_000.0
    for number in range(exchanges + 1):
        now += PAUSE + MINUTE if number in pauses else every
        turns += [Turn("asker", f"q{number}".ljust(size), at=now), Turn("cocoai", f"A{number}".ljust(size), at=now)]
    return Conversation("Be kind.", tuple(turns[:-1]))


def first(conversation: Conversation) -> str:
    """Return the text of the first turn that is shown."""
    return conversation.turns[0].text.strip()


def shown(exchanges: int, limits: HistoryLimits, *, answers: int | None = -1, **more: object) -> Conversation:
    """Return what is shown of a thread with so many exchanges; all its answers are known unless `answers` says else."""
    return cut(thread(exchanges, **more), limits, exchanges if answers == -1 else answers)  # type: ignore[arg-type]


def count(conversation: Conversation) -> int:
    """Return the number of exchanges in a conversation."""
    return sum(1 for turn in conversation.turns if turn.speaker == "cocoai")


def steps(conversations: Sequence[Conversation]) -> list[int]:
    """Return the numbers of those that do not begin with all that the one before had, its question included."""
    return [
        number
        for number, (earlier, later) in enumerate(pairwise(conversations), 1)
        if later.turns[: len(earlier.turns)] != earlier.turns
    ]


@pytest.mark.parametrize(
    ("round_trips", "kept"),
    [
        (0, [0] * 12),
        (1, [0, *[1] * 11]),
        (2, [0, 1, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3]),
        (5, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 5, 6]),
        (9, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    ],
)
def test_the_history_grows_and_is_then_cut_to_the_least(round_trips: int, kept: list[int]) -> None:
    """It has at least `round_trips` exchanges where there are so many, and at most twice as many less one."""
    limits = HistoryLimits(round_trips, ROOM)

    assert kept == [count(shown(exchanges, limits)) for exchanges in range(12)]


@given(st.integers(1, 12), st.integers(0, 60), st.integers(1, 3000))
def test_a_thread_s_beginning_is_sent_again_but_for_the_steps(round_trips: int, longest: int, every: int) -> None:
    """From one question to the next all that was sent is sent again, but for one step in `round_trips` questions."""
    limits = HistoryLimits(round_trips, ROOM)
    conversations = [shown(exchanges, limits, every=min(every, PAUSE)) for exchanges in range(longest)]

    found = steps(conversations)

    assert all(later - earlier >= round_trips for earlier, later in pairwise(found))
    assert all(min(number, round_trips) <= count(each) for number, each in enumerate(conversations))
    assert all(count(each) <= max(round_trips, 2 * round_trips - 1) for each in conversations)
    assert all(number >= 2 * round_trips for number in found)


@given(st.integers(1, 9), st.sets(st.integers(1, 40)), st.booleans(), st.integers(0, 30))
def test_after_a_pause_the_least_is_shown(round_trips: int, pauses: set[int], is_known: bool, unread: int) -> None:
    """Nothing is cached any more, and a short history costs less. Then it grows from there, and is cut after that.

    So it is whether or not the thread's beginning is known, and where a part of it was not read.
    """
    limits = HistoryLimits(round_trips, ROOM)
    conversations = []
    for exchanges in range(41):
        whole = thread(exchanges, pauses=sorted(pauses))
        part = whole.since(min(2 * unread, 2 * max(0, exchanges - 3 * round_trips)))
        conversations.append(cut(part, limits, exchanges if is_known else None))

    for pause in pauses:
        assert min(pause, round_trips) == count(conversations[pause])
    between = [each for each in steps(conversations) if each not in pauses]
    held = {pause + each for pause in pauses if pause >= round_trips for each in range(1, round_trips)}
    assert not held & set(between)


@pytest.mark.parametrize("round_trips", [2, 3, 5, 8, 10])
@pytest.mark.parametrize("every", [20.0, 200.0, 1700.0])
def test_without_its_beginning_a_thread_has_steps_too(round_trips: int, every: float) -> None:
    """They are up to twice as frequent: what the model saw last still stands at the same place."""
    limits = HistoryLimits(round_trips, ROOM)
    conversations = [
        cut(thread(exchanges, every=every).since(2 * (exchanges - 3 * round_trips)), limits, None)
        for exchanges in range(3 * round_trips, 3 * round_trips + 200)
    ]

    assert len(steps(conversations)) <= 2 * 200 / round_trips
    assert {True} == {round_trips <= count(each) < 2 * round_trips for each in conversations}


def test_a_part_of_a_thread_has_the_steps_of_the_whole() -> None:
    """Where only the newest messages were read, but the answers before them were counted."""
    limits = HistoryLimits(5, ROOM)
    whole = [first(shown(exchanges, limits)) for exchanges in range(20, 60)]
    parts = [first(cut(thread(each).since(2 * (each - 12)), limits, each)) for each in range(20, 60)]

    assert whole == parts


@given(st.integers(1, 9), st.integers(10, 400), st.integers(0, 40), st.floats(0.5, 2.0))
def test_the_limit_of_tokens_holds_and_two_thirds_of_it_are_shown(
    round_trips: int, size: int, exchanges: int, ratio: float
) -> None:
    """Of exchanges that are not too large; the others wait in vain for room that the newer ones need."""
    limits = HistoryLimits(round_trips, 1000, ratio)
    whole = thread(exchanges, size=size)
    kept = cut(whole, limits, exchanges)
    turn = estimated_tokens("x" * size) * ratio

    assert turn * len(kept.turns) <= 1000
    assert count(kept) >= min(exchanges, round_trips) or turn * (len(kept.turns) + 2) >= 1000 * 2 / 3
    assert whole.turns[-len(kept.turns) :] == kept.turns


def test_a_thread_that_the_tokens_limit_has_steps() -> None:
    """Where four exchanges fit and three are promised, the beginning is new at every other question, or nearly so."""
    limits = HistoryLimits(5, 10 * estimated_tokens("x" * 400))
    conversations = [shown(exchanges, limits, size=400) for exchanges in range(40)]

    assert len(steps(conversations)) <= 24
    assert {3, 4} == {count(each) for each in conversations[4:]}


def test_one_exchange_that_is_too_large_leaves_its_last_lines() -> None:
    """A model that is to continue an answer must see where it stopped."""
    answer = "\n".join(["a" * 400] * 10)
    talk = Conversation("", (Turn("asker", "q"), Turn("cocoai", answer), Turn("asker", "continue")))

    kept = cut(talk, HistoryLimits(5, 500), 1)

    assert ["\n".join(["a" * 400] * 4), "continue"] == [turn.text for turn in kept.turns]


def test_the_question_stays_however_large_it_is() -> None:
    """What was said before it is left out, if its text alone is over the limit."""
    talk = Conversation("", (Turn("asker", "q"), Turn("cocoai", "A"), Turn("asker", "x" * 9999)))

    assert ["x" * 9999] == [turn.text for turn in cut(talk, HistoryLimits(5, 500), 1).turns]


def test_the_question_s_files_do_not_count() -> None:
    """Somebody who shares a long document still refers to what was said before it."""
    file = Attachment("text", "a.txt", "text/plain", b"x" * 99_999)
    talk = Conversation("", (Turn("asker", "q"), Turn("cocoai", "A"), Turn("asker", "x", (file,))))

    assert talk == cut(talk, HistoryLimits(5, 500), 1)


def test_all_before_the_first_answer_is_shown() -> None:
    """A thread without an answer yet is shown whole: people talked before they asked CocoAI."""
    talk = Conversation("", tuple(Turn("asker", text) for text in "abc"))

    assert talk == cut(talk, HistoryLimits(1, ROOM), 0)


def test_an_exchange_is_all_that_people_said_and_the_answer() -> None:
    """The cut is behind an answer."""
    talk = Conversation("", tuple(Turn("asker" if text.islower() else "cocoai", text) for text in "aBcdEfg"))

    assert ["c", "d", "E", "f", "g"] == [turn.text for turn in cut(talk, HistoryLimits(1, ROOM), 2).turns]


def test_a_reset_begins_a_thread_anew() -> None:
    """What is shown since then grows like that of a new thread, though the answers before it count."""
    limits = HistoryLimits(5, ROOM)
    kept = [count(cut(thread(since), limits, 7 + since)) for since in range(12)]

    assert [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] == kept[:10]
    assert all(each >= 5 for each in kept[10:])
