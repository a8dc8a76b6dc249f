"""What of a thread the model is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.conversation import Attachment, Conversation, Turn, estimated_tokens, merged

pytestmark = pytest.mark.pure

IMAGE = Attachment("image", "a.png", "image/png", bytes(100_000))
PDF = Attachment("pdf", "a.pdf", "application/pdf", bytes(100_000))
TEXT = Attachment("text", "a.txt", "text/plain", "日本語".encode() * 1000)


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


def test_a_model_that_counts_more_is_shown_less() -> None:
    """What fits is what the model counts, not what is estimated."""
    conversation = said("a" * 396, "B" * 396, "c" * 396)

    assert [1, 2, 3] == [len(conversation.within(320, ratio).turns) for ratio in (2.0, 1.1, 0.5)]


@pytest.mark.parametrize(("attached", "kept"), [(TEXT, 1), (PDF, 1), (IMAGE, 2)])
def test_what_was_attached_before_takes_its_room(attached: Attachment, kept: int) -> None:
    """A text by its words, an image as any, a PDF by its size: what does not fit is not remembered."""
    conversation = Conversation("", (Turn("asker", "before", (attached,)), Turn("asker", "now")))

    assert kept == len(conversation.within(2000).turns)


@pytest.mark.parametrize("attached", [TEXT, PDF, IMAGE])
def test_what_is_attached_to_the_question_takes_nobodys_room(attached: Attachment) -> None:
    """Whoever shares a long document means the words before it all the same."""
    conversation = Conversation("", (Turn("asker", "before"), Turn("asker", "now", (attached,))))

    assert conversation == conversation.within(20)


def test_the_whole_is_estimated_with_all_that_is_sent() -> None:
    """The instructions, every turn, and what is attached; only words are a measure."""
    bare = said("a" * 400, "B" * 40)
    full = Conversation(bare.instructions, (*bare.turns, Turn("asker", "c", (TEXT,))))

    assert estimated_tokens("Be kind.") + estimated_tokens("a" * 400) + estimated_tokens("B" * 40) == bare.estimated()
    assert bare.estimated() + 3000 < full.estimated() < bare.estimated() + 3100
    assert (True, True, False) == (bare.is_text, full.is_text, Conversation("", (Turn("asker", "", (PDF,)),)).is_text)
    assert (False, True) == (bare.has_attachments, full.has_attachments)


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


@pytest.mark.parametrize("attached", [(0,), (1,), (0, 1)])
def test_turns_with_something_attached_stay_apart(attached: tuple[int, ...]) -> None:
    """One can tell to whose words it belongs."""
    turns = tuple(Turn("asker", f"{n}", (IMAGE,) if n in attached else ()) for n in range(2))

    assert turns == merged(turns)


def test_bytes_are_in_no_repr() -> None:
    """A log or a failing test is not filled with them."""
    assert len(repr(IMAGE)) < 100


@pytest.mark.parametrize(
    ("text", "least", "most"), [("", 0, 5), ("word " * 100, 100, 150), ("漢字かな" * 25, 100, 110)]
)
def test_tokens_are_estimated_rather_too_many(text: str, least: int, most: int) -> None:
    """ASCII about four characters a token, Japanese about one."""
    assert least <= estimated_tokens(text) <= most


def test_of_a_turn_that_does_not_fit_the_last_lines_are_kept() -> None:
    """Several people's messages are one turn; and of a long answer the end tells where to go on."""
    talk = Turn("asker", "\n".join(["a" * 40, "b" * 40, "c" * 40]))
    answer = Turn("cocoai", talk.text)
    asked = Turn("asker", "q" * 40)
    room = 3 * estimated_tokens("q" * 40)

    kept = Conversation("", (talk, asked)).within(room)

    assert [Turn("asker", "b" * 40 + "\n" + "c" * 40), asked] == list(kept.turns)
    assert "b" * 40 + "\n" + "c" * 40 == Conversation("", (answer, asked)).within(room).turns[0].text
    assert [asked] == list(Conversation("", (talk, asked)).within(room // 3).turns)
