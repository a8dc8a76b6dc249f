"""chatgpt/thoughts.py: thoughts at the beginning of an answer are left out, and tags elsewhere are text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.chatgpt.thoughts import ThoughtFilter

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def filtered(text: str, size: int = 10_000) -> str:
    """Return what is left of a text that comes in pieces of this size."""
    thoughts = ThoughtFilter()
    pieces = [thoughts.feed(text[start:end]) for start, end in pairwise([*range(0, len(text), size), len(text)])]
    return "".join([*pieces, thoughts.end()])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 10_000])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>\nThey want 2+2.\n</think>\n\nIt is 4.", "It is 4."),
        ("\n \ufeff<think>hmm</think>It is 4.", "It is 4."),
        ("<think></think>It is 4.", "It is 4."),
        ("<think>\n\n</think>\n\n<think>more</think>\nIt is 4.", "It is 4."),
        ("<THINK>hmm</Think> It is 4. ", "It is 4. "),
        ("<thinking>a < b</thinking>It is 4.", "It is 4."),
        ("<thought>hmm</thought>It is 4.", "It is 4."),
        ("<reasoning>hmm</reasoning>It is 4.", "It is 4."),
        ("<seed:think>hmm</seed:think>It is 4.", "It is 4."),
        ("[THINK]hmm[/THINK]It is 4.", "It is 4."),
        ("\u25c1think\u25b7hmm\u25c1/think\u25b7It is 4.", "It is 4."),
        ("<|channel|>analysis<|message|>hmm<|end|><|start|>assistant<|channel|>final<|message|>It is 4.", "It is 4."),
        ("<think>a </thin b </thinking> c</think>It is 4.", "It is 4."),
        ("<think>\u0130\u0130</think>It is 4.", "It is 4."),
        ("<think>hmm</think>```\n<think>\n```", "```\n<think>\n```"),
        ("<think>hmm</think>The tag </think> ends it.", "The tag </think> ends it."),
        ("<think>They want 2+2", ""),
        ("<think>hmm</thin", ""),
        ("<think>hmm</think>", ""),
        ("<think>hmm</think>\n \n", ""),
    ],
)
def test_thoughts_at_the_beginning_are_left_out(text: str, expected: str, size: int) -> None:
    """The tag may be cut anywhere, be unclosed, come twice, or have blanks around it."""
    assert expected == filtered(text, size)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 10_000])
@pytest.mark.parametrize(
    "text",
    [
        "It is 4.",
        "",
        "  It is 4.",
        "    code\n",
        "<b>It is 4.</b>",
        "<thinker>is a word</thinker>",
        "<thin",
        "<",
        " [th",
        "[thinking](https://example.com/)",
        "`<think>` begins the thoughts, `</think>` ends them.",
        "```\n<think>hmm</think>\n```",
        "The model writes <think>hmm</think> first.",
        "- <think>hmm</think>",
        "</think>It is 4.",
        "<|channel|>commentary",
        "\ufeffIt is 4.",
    ],
)
def test_all_else_is_text(text: str, size: int) -> None:
    """A tag later in the text or in code, and what only looks like one, stays as it is, blanks included."""
    assert text == filtered(text, size)


@given(st.text(alphabet="<>/think \nab[]TH", max_size=60), st.integers(1, 7))
def test_the_cuts_change_nothing(text: str, size: int) -> None:
    """Wherever a text is cut, the same is left of it."""
    assert filtered(text) == filtered(text, size)


def test_endless_thoughts_are_not_kept() -> None:
    """Of a hundred million characters of thoughts, some thirty are in memory."""
    thoughts = ThoughtFilter()
    thoughts.feed("<think>")
    for _ in range(100):
        thoughts.feed("x" * 1_000_000)

    assert sum(len(value) for value in vars(thoughts).values() if isinstance(value, str)) < 100
