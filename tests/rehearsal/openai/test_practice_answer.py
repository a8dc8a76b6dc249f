"""The practice answer: the samples that it shows on request, and the continuation of a cut answer."""

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


def answer_to(
    *turns: tuple[str, str], limit: int | None = None, switches: OpenAISwitches | None = None
) -> tuple[str, str]:
    """Return the answer to these messages, and its finish_reason."""
    messages = tuple(RequestMessage(role, text) for role, text in (("system", "Be kind."), *turns))
    request = CompletionRequest("gpt-6-luna", messages, True, False, False, limit, "none", 10)
    completion = complete(request, switches or OpenAISwitches(), None, number=1, created=0)
    return completion.text, completion.finish_reason


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("表を見せて", ["| --- |", "もんじゃ焼き"]),
        ("Show me a Table", ["| --- |", "monjayaki"]),
        ("コードを書いて", ["```python", "倍数", "````"]),
        ("some code, please", ["```python", "multiples", "````"]),
        ("箇条書きで", ["- [x] ", "りんご", "  2. ".strip()]),
        ("a list of fruit", ["- [x] ", "apples"]),
        ("表とコード", ["もんじゃ焼き", "```python"]),
        ("質問者: a list of fruit", ["- [x] ", "apples"]),
        ("Asker: 箇条書きで", ["- [x] ", "りんご"]),
        ("長い答えを", [f"## {SECTIONS}. "]),
        ("a long answer", [f"## {SECTIONS}. "]),
    ],
)
def test_samples_on_request(question: str, expected: list[str]) -> None:
    """The answer has every sample that the question names, in the question's language."""
    answer = practice_answer(question, 1)

    assert [] == [piece for piece in expected if piece not in answer]


def test_long_answer() -> None:
    """The long answer is longer than a Slack message, and its sections are numbered."""
    answer = practice_answer("a long answer", 1)

    assert len(answer) > 12_000
    assert [*range(1, SECTIONS + 1)] == [int(n) for n in re.findall(r"^## (\d+)\.", answer, re.MULTILINE)]


def test_answer_names_the_attachments() -> None:
    """The answer names each attachment with its kind, name and size, in the question's language."""
    attached = (
        ReceivedAttachment("image", "image/png", 1234),
        ReceivedAttachment("pdf", "application/pdf", 9, "plan.pdf"),
    )
    messages = (RequestMessage("user", "What is this?", attached),)
    request = CompletionRequest("gpt-6-luna", messages, True, False, False, None, "none", 10)
    text = complete(request, OpenAISwitches(), None, number=1, created=0).text

    assert "I also see a PNG (1,234 bytes).\nI also see a PDF plan.pdf (9 bytes).\n" in text
    assert "PNG（1,234バイト）も見ました。" in practice_answer("これは？", 1, [("PNG", 1234)])


@pytest.mark.parametrize(
    ("question", "follow_up"), [("長い答えを", "続き"), ("a long answer", "Continue\n\nGo on, please.")]
)
def test_cut_answer_is_continued(question: str, follow_up: str) -> None:
    """A cut answer is continued as often as asked; only blanks may be missing where it was cut."""
    turns = [("user", question)]
    whole, _ = answer_to(*turns)
    pieces = []
    for _ in range(20):
        text, reason = answer_to(*turns, limit=1000)
        pieces.append(text)
        if reason == "stop":
            break
        turns += [("assistant", text.strip()), ("user", follow_up)]

    assert len(pieces) > 3
    assert "".join(whole.split()) == "".join("".join(pieces).split())


def test_continuation_of_a_set_answer() -> None:
    """An answer that the switches set is cut and continued in the same way."""
    switches = OpenAISwitches(answer="word " * 100)
    first, reason = answer_to(("user", "?"), limit=20, switches=switches)

    assert "length" == reason
    assert (
        switches.answer
        == first + answer_to(("user", "?"), ("assistant", first), ("user", "continue"), switches=switches)[0]
    )


@pytest.mark.parametrize(
    "turns",
    [
        [("user", "続き")],
        [("user", "?"), ("assistant", "something else"), ("user", "続き")],
        [("user", "?"), ("assistant", ""), ("user", "続き")],
        [("assistant", "a"), ("user", "続き")],
        [("user", "?"), ("assistant", practice_answer("?", 1)), ("user", "続き")],
    ],
)
def test_without_a_rest_a_new_answer_is_given(turns: list[tuple[str, str]]) -> None:
    """If there is no earlier answer, or nothing is left of it, the question is answered."""
    assert practice_answer("続き", len(turns)) == answer_to(*turns)[0]


@given(st.text(alphabet="a \n", max_size=12), st.integers(0, 12))
def test_rest_of_an_answer(answer: str, cut: int) -> None:
    """The rest is all that was not sent yet, even if blanks of the sent text are lost; for other text it is empty."""
    sent = answer[:cut]
    rest = rest_of(answer, sent.strip())

    assert not sent.strip() or "".join(answer.split()) == "".join((sent + rest).split())
    assert "" == rest_of(answer, sent + "b")
