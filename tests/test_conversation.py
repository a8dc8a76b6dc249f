"""What of a thread the model is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.conversation import Conversation, Turn, estimated_tokens, merged

pytestmark = pytest.mark.pure


def said(*words: str) -> Conversation:
    """A conversation in which CocoAI's words begin with a capital."""
    turns = tuple(Turn("cocoai" if word[0].isupper() else "asker", word) for word in words)
    return Conversation("Be kind.", turns)


def words(conversation: Conversation) -> list[str]:
    return [turn.text for turn in conversation.turns]


@pytest.mark.parametrize(
    ("round_trips", "left"),
    [
        (0, ["q3"]),
        (1, ["q2", "p2", "A2", "q3"]),
        (2, ["q1", "A1", "q2", "p2", "A2", "q3"]),
        (9, ["q0", "A0", "q1", "A1", "q2", "p2", "A2", "q3"]),
    ],
)
def test_the_last_exchanges_are_kept_whole(round_trips: int, left: list[str]) -> None:
    """An exchange is all that people said and the answer to it; the question itself is always there."""
    conversation = said("q0", "A0", "q1", "A1", "q2", "p2", "A2", "q3")

    assert left == words(conversation.recent(round_trips))


def test_other_peoples_thread_is_seen_when_we_are_called_into_it() -> None:
    """Before our first answer there is no exchange to count: all that was said is the question's ground."""
    assert ["a", "b", "c"] == words(said("a", "b", "c").recent(1))


def test_the_newest_that_fits_is_kept() -> None:
    """From the question backwards, without a gap."""
    conversation = said("a" * 400, "B" * 40, "c" * 40)

    kept = conversation.within(2 * estimated_tokens("c" * 40))

    assert ["B" * 40, "c" * 40] == words(kept)


def test_the_question_stays_however_long_it_is() -> None:
    """It is for the model's own limit to refuse it."""
    assert ["q" * 9999] == words(said("before", "q" * 9999).within(10))


@given(st.lists(st.sampled_from(["q", "A"]), min_size=1, max_size=12), st.integers(0, 5), st.integers(0, 60))
def test_trimming_keeps_an_end_of_what_was_said(turns: list[str], round_trips: int, tokens: int) -> None:
    """Never an older turn without a newer one, and never nothing."""
    conversation = said(*(f"{turn}{n}" for n, turn in enumerate([*turns, "q"])))

    for trimmed in (conversation.recent(round_trips), conversation.within(tokens), conversation.without_oldest()):
        assert trimmed.turns
        assert conversation.turns[-len(trimmed.turns) :] == trimmed.turns


def test_halving_ends_at_the_question() -> None:
    """What is too long can be shortened until only the question is left, and then stays as it is."""
    conversation = said("a", "B", "c", "D", "e")
    lengths = []
    while len(conversation.turns) > 1:
        conversation = conversation.without_oldest()
        lengths.append(len(conversation.turns))

    assert 1 == lengths[-1]
    assert conversation == conversation.without_oldest()


def test_neighbouring_turns_of_one_side_are_one() -> None:
    """An answer in three parts is one turn."""
    turns = [Turn("asker", "q"), Turn("cocoai", "one"), Turn("cocoai", "two"), Turn("asker", "next")]

    assert (Turn("asker", "q"), Turn("cocoai", "one\ntwo"), Turn("asker", "next")) == merged(turns)


@pytest.mark.parametrize(
    ("text", "least", "most"), [("", 0, 5), ("word " * 100, 100, 150), ("漢字かな" * 25, 100, 110)]
)
def test_tokens_are_estimated_rather_too_many(text: str, least: int, most: int) -> None:
    """ASCII about four characters a token, Japanese about one."""
    assert least <= estimated_tokens(text) <= most
