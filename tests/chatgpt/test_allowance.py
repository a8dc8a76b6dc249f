"""chatgpt/allowance.py: a limit that the server does not keep is kept, and one that it keeps is never undercut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.chatgpt.allowance import Allowance

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def taken(tokens: float, *pieces: str) -> str:
    """Return what an allowance of so many tokens lets pass."""
    allowance = Allowance(tokens)
    return "".join([allowance.take(piece) for piece in pieces])


@pytest.mark.parametrize(
    ("tokens", "piece", "expected"),
    [
        (50, "word ", 100 * len("word ")),
        (50, "word\n", 100 * len("word ")),
        (50, "富士山は高い。", 50 * 8 + 50),
        (50, "x", 50 * 16),
        (50, "----------------", 50 * 16),
        (50, "слово ", 100 * len("слово ")),
        (50, "아버지가 ", 100 * len("아버지가 ")),
    ],
)
def test_a_limit_that_is_not_kept(tokens: int, piece: str, expected: int) -> None:
    """Twice as many words as tokens pass, or 16 characters a token, of which kana and kanji take two."""
    assert expected >= len(taken(tokens, *[piece] * 10_000)) >= expected * 0.9


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        # About one token a word, or for three kana or kanji: common tokenizers make more of these texts.
        (13, "The quick brown fox jumps over the lazy dog, and nobody minds at all."),
        (10, "富士山は日本で一番高い山で、標高は3776メートルです。"),
        (9, "ありがとうございます。よろしくお願いいたします。"),
        (12, "Donaudampfschifffahrtsgesellschaftskapitän und Rindfleischetikettierungsüberwachungsaufgabe"),
        (16, "| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |\n"),
        (9, "supercalifragilisticexpialidocious internationalization"),
    ],
)
def test_a_limit_that_is_kept_is_never_undercut(tokens: int, text: str) -> None:
    """An answer that fills its limit passes whole, in whatever pieces it comes."""
    assert text * 20 == taken(20 * tokens, text * 20) == taken(20 * tokens, *(text * 20))


@given(st.lists(st.text(alphabet="ab \n漢かé", max_size=9), max_size=9), st.integers(1, 20))
def test_the_cuts_change_nothing(pieces: list[str], tokens: int) -> None:
    """The same passes, however it is cut, and it is the beginning."""
    whole = "".join(pieces)

    assert taken(tokens, whole) == taken(tokens, *pieces)
    assert whole.startswith(taken(tokens, whole))


def test_nothing_passes_once_it_is_used_up() -> None:
    """What follows is dropped, though it would fit."""
    allowance = Allowance(1)

    assert ["one two ", "", ""] == [allowance.take("one two three"), allowance.take("x"), allowance.take("")]
    assert allowance.is_used_up


def test_without_an_end_of_tokens_everything_passes() -> None:
    """The default of a state that has no limit."""
    assert "word " * 1000 == taken(float("inf"), "word " * 1000)
