"""conversation.py: which turns of a thread the model is shown, and how many tokens they are taken for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.conversation import Attachment, Conversation, Turn, estimated_tokens, merged

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

IMAGE = Attachment("image", "a.png", "image/png", bytes(100_000))
PDF = Attachment("pdf", "a.pdf", "application/pdf", bytes(100_000))
TEXT = Attachment("text", "a.txt", "text/plain", "日本語".encode() * 1000)


def conversation_of(*texts: str) -> Conversation:
    """Return a conversation of these texts; those that begin with a capital are CocoAI's."""
    turns = tuple(Turn("cocoai" if text[0].isupper() else "asker", text) for text in texts)
    return Conversation("Be kind.", turns)


def texts(conversation: Conversation) -> list[str]:
    """Return the text of each turn."""
    return [turn.text for turn in conversation.turns]


def test_the_newest_turns_that_fit_are_kept() -> None:
    """The kept turns end with the question and have no gap."""
    conversation = conversation_of("a" * 400, "B" * 40, "c" * 40)

    kept = conversation.within(2 * estimated_tokens("c" * 40))

    assert ["B" * 40, "c" * 40] == texts(kept)


def test_a_higher_ratio_leaves_fewer_turns() -> None:
    """The limit holds for the tokens that the model counts, not for the estimated ones."""
    conversation = conversation_of("a" * 396, "B" * 396, "c" * 396)

    assert [1, 2, 3] == [len(conversation.within(320, ratio).turns) for ratio in (2.0, 1.1, 0.5)]


@pytest.mark.parametrize(("attached", "kept"), [(TEXT, 1), (PDF, 1), (IMAGE, 2)])
def test_earlier_attachments_count(attached: Attachment, kept: int) -> None:
    """An attachment to an earlier turn counts: a text by its words, an image as any, a PDF by its size."""
    conversation = Conversation("", (Turn("asker", "before", (attached,)), Turn("asker", "now")))

    assert kept == len(conversation.within(2000).turns)


@pytest.mark.parametrize("attached", [TEXT, PDF, IMAGE])
def test_attachments_of_the_question_do_not_count(attached: Attachment) -> None:
    """The turns before a long document are kept, because its question refers to them."""
    conversation = Conversation("", (Turn("asker", "before"), Turn("asker", "now", (attached,))))

    assert conversation == conversation.within(20)


def test_the_estimate_includes_all_that_is_sent() -> None:
    """The estimate has the instructions, every turn and the attachments; `is_text` is False with a PDF."""
    bare = conversation_of("a" * 400, "B" * 40)
    full = Conversation(bare.instructions, (*bare.turns, Turn("asker", "c", (TEXT,))))

    texts_alone = ("Be kind.", "a" * 400, "B" * 40)
    assert sum(map(estimated_tokens, texts_alone)) == bare.estimated_tokens()
    assert bare.estimated_tokens() + 3000 < full.estimated_tokens() < bare.estimated_tokens() + 3100
    assert (True, True, False) == (bare.is_text, full.is_text, Conversation("", (Turn("asker", "", (PDF,)),)).is_text)
    assert (False, True) == (bare.has_attachments, full.has_attachments)


def test_the_question_stays_however_long_it_is() -> None:
    """A question that exceeds the limit is kept: it is for the model to refuse it."""
    assert ["q" * 9999] == texts(conversation_of("before", "q" * 9999).within(10))


@given(st.lists(st.sampled_from(["q", "A"]), min_size=1, max_size=12), st.integers(0, 60))
def test_trimming_keeps_the_last_turns(turns: list[str], tokens: int) -> None:
    """Every way to shorten keeps one or more of the last turns, without a gap."""
    conversation = conversation_of(*(f"{turn}{n}" for n, turn in enumerate([*turns, "q"])))

    for trimmed in (conversation.within(tokens), conversation.without_oldest()):
        assert trimmed.turns
        assert conversation.turns[-len(trimmed.turns) :] == trimmed.turns


def test_halving_ends_at_the_question() -> None:
    """A conversation can be halved until only the question is left, and then stays as it is."""
    conversation = conversation_of("a", "B", "c", "D", "e")
    lengths = []
    while len(conversation.turns) > 1:
        conversation = conversation.without_oldest()
        lengths.append(len(conversation.turns))

    assert 1 == lengths[-1]
    assert conversation == conversation.without_oldest()


def test_joined_turns_have_the_time_of_the_last() -> None:
    """It tells how long ago the last thing was said; turns that differ in their time alone are equal."""
    (joined,) = merged([Turn("asker", "q", at=1.0), Turn("asker", "p", at=2.0)])

    assert 2.0 == joined.at
    assert joined == Turn("asker", "q\np")


def test_neighbouring_turns_of_one_speaker_are_joined() -> None:
    """Two messages with parts of one answer become one turn."""
    turns = [Turn("asker", "q"), Turn("cocoai", "one"), Turn("cocoai", "two"), Turn("asker", "next")]

    assert (Turn("asker", "q"), Turn("cocoai", "one\ntwo"), Turn("asker", "next")) == merged(turns)


@pytest.mark.parametrize("attached", [(0,), (1,), (0, 1)])
def test_turns_with_attachments_stay_apart(attached: tuple[int, ...]) -> None:
    """A turn with attachments is not joined, so that one can tell which text they belong to."""
    turns = tuple(Turn("asker", f"{n}", (IMAGE,) if n in attached else ()) for n in range(2))

    assert turns == merged(turns)


def test_bytes_are_in_no_repr() -> None:
    """The `repr` of an attachment does not have its data, which would fill a log."""
    assert len(repr(IMAGE)) < 100


@pytest.mark.parametrize(
    ("text", "least", "most"), [("", 0, 5), ("word " * 100, 100, 150), ("漢字かな" * 25, 100, 110)]
)
def test_the_estimate_is_rather_too_high(text: str, least: int, most: int) -> None:
    """ASCII has about four characters a token, Japanese about one."""
    assert least <= estimated_tokens(text) <= most


@pytest.mark.parametrize("line", ["word " * 2000, "漢字かな" * 500, "🍵 tea " * 1000])
@pytest.mark.parametrize("behind", ["", "\nI agree."])
def test_of_a_line_that_is_too_long_the_end_is_kept(line: str, behind: str) -> None:
    """A long message may be one line: without it the model would be asked about nothing."""
    question = Turn("asker", "q" * 40)
    before = Turn("asker", "z" * 4000), Turn("cocoai", "Yes."), Turn("asker", line + behind)

    kept = Conversation("", (*before, question)).within(500)

    (turn, asked) = kept.turns
    assert question == asked
    assert turn.text.startswith("…")
    assert (line + behind).endswith(turn.text[1:])
    assert 450 <= sum(each.estimated_tokens() for each in kept.turns) <= 500


def test_the_last_lines_of_a_long_turn_are_kept() -> None:
    """A turn that does not fit is cut to its last lines, so that the model sees where an answer stopped."""
    talk = Turn("asker", "\n".join(["a" * 40, "b" * 40, "c" * 40]))
    answer = Turn("cocoai", talk.text)
    question = Turn("asker", "q" * 40)
    room = 3 * estimated_tokens("q" * 40)

    kept = Conversation("", (talk, question)).within(room)

    assert [Turn("asker", "b" * 40 + "\n" + "c" * 40), question] == list(kept.turns)
    assert "b" * 40 + "\n" + "c" * 40 == Conversation("", (answer, question)).within(room).turns[0].text
    assert [question] == list(Conversation("", (talk, question)).within(room // 3).turns)
