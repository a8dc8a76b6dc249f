"""The practice answer: it shows what it is asked for, and goes on where it was cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.rehearsal.openai.completion import complete
from cocoai.rehearsal.openai.completion_request import CompletionRequest, RequestMessage
from cocoai.rehearsal.openai.message_content import ReceivedAttachment
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.practice_answer import practice_answer, rest_of
from cocoai.rehearsal.openai.sample_answers import SECTIONS

pytestmark = pytest.mark.pure


def told(*said: tuple[str, str], limit: int | None = None, manner: OpenAISwitches | None = None) -> tuple[str, str]:
    """What it says to these messages, and why it stopped."""
    messages = tuple(RequestMessage(role, text) for role, text in (("system", "Be kind."), *said))
    wanted = CompletionRequest("gpt-6-luna", messages, True, False, False, limit, "none", 10)
    written = complete(wanted, manner or OpenAISwitches(), None, number=1, created=0)
    return written.text, written.finish_reason


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("表を見せて", ["| --- |", "もんじゃ焼き"]),
        ("Show me a Table", ["| --- |", "monjayaki"]),
        ("コードを書いて", ["```python", "倍数", "````"]),
        ("some code, please", ["```python", "multiples", "````"]),
        ("箇条書きで", ["- [x] ", "りんご", "  2. ".strip()]),
        ("a list of fruit", ["- [x] ", "apples"]),
        ("表とコード", ["もんじゃ焼き", "```python"]),
        ("長い答えを", [f"## {SECTIONS}. "]),
        ("a long answer", [f"## {SECTIONS}. "]),
    ],
)
def test_it_shows_what_it_is_asked_for(question: str, shown: list[str]) -> None:
    """By name, in the question's language, and more than one thing at once."""
    answer = practice_answer(question, 1)

    assert [] == [piece for piece in shown if piece not in answer]


def test_a_long_answer_is_longer_than_a_message() -> None:
    """Its sections are numbered, so that whatever is missing is found."""
    answer = practice_answer("a long answer", 1)

    assert len(answer) > 12_000
    assert [*range(1, SECTIONS + 1)] == [int(n) for n in re.findall(r"^## (\d+)\.", answer, re.MULTILINE)]


def test_it_says_what_it_saw() -> None:
    """Kind, name and size, in the question's language."""
    seen = (ReceivedAttachment("image", "image/png", 1234), ReceivedAttachment("pdf", "application/pdf", 9, "plan.pdf"))
    messages = (RequestMessage("user", "What is this?", seen),)
    wanted = CompletionRequest("gpt-6-luna", messages, True, False, False, None, "none", 10)
    text = complete(wanted, OpenAISwitches(), None, number=1, created=0).text

    assert "I also see a PNG (1,234 bytes).\nI also see a PDF plan.pdf (9 bytes).\n" in text
    assert "PNG（1,234バイト）も見ました。" in practice_answer("これは？", 1, [("PNG", 1234)])


@pytest.mark.parametrize(
    ("question", "go_on"), [("長い答えを", "続き"), ("a long answer", "Continue\n\nGo on, please.")]
)
def test_it_goes_on_where_it_was_cut(question: str, go_on: str) -> None:
    """As often as it takes; nothing is lost and nothing is said twice but blanks at the seams."""
    said = [("user", question)]
    whole, _ = told(*said)
    pieces = []
    for _ in range(20):
        text, reason = told(*said, limit=1000)
        pieces.append(text)
        if reason == "stop":
            break
        said += [("assistant", text.strip()), ("user", go_on)]

    assert len(pieces) > 3
    assert "".join(whole.split()) == "".join("".join(pieces).split())


def test_it_goes_on_with_a_given_answer_too() -> None:
    """A test's own words are cut and gone on with as well."""
    manner = OpenAISwitches(answer="word " * 100)
    first, reason = told(("user", "?"), limit=20, manner=manner)

    assert "length" == reason
    assert manner.answer == first + told(("user", "?"), ("assistant", first), ("user", "continue"), manner=manner)[0]


@pytest.mark.parametrize(
    "said",
    [
        [("user", "続き")],
        [("user", "?"), ("assistant", "something else"), ("user", "続き")],
        [("user", "?"), ("assistant", ""), ("user", "続き")],
        [("assistant", "a"), ("user", "続き")],
        [("user", "?"), ("assistant", practice_answer("?", 1)), ("user", "続き")],
    ],
)
def test_with_nothing_to_go_on_with_it_just_answers(said: list[tuple[str, str]]) -> None:
    """Nothing was said, or nothing is left of it."""
    assert practice_answer("続き", len(said)) == told(*said)[0]


@given(st.text(alphabet="a \n", max_size=12), st.integers(0, 12))
def test_what_is_left_is_what_was_not_told(answer: str, cut: int) -> None:
    """Blanks may have been lost on the way."""
    begun = answer[:cut]
    rest = rest_of(answer, begun.strip())

    assert not begun.strip() or "".join(answer.split()) == "".join((begun + rest).split())
    assert "" == rest_of(answer, begun + "b")
