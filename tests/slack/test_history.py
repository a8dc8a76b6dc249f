"""A thread as turns: who said what, in the order in which it makes sense."""

from __future__ import annotations

import pytest

from cocoai.slack.events import Question
from cocoai.slack.history import turns
from cocoai.slack.messages import Mark, Message

pytestmark = pytest.mark.pure

US = "U0COCOAI"


def question(ts: int, text: str = "now?") -> Question:
    """A question asked at second `ts` in the thread that second 100 opened."""
    return Question("mention", "C0PRACTICE", "100.000000", f"{ts}.000000", "U0ASKER01", "T0", text, "Ev1", ts)


def person(ts: int, text: str, *, user: str = "U0ASKER01", subtype: str = "", bot_id: str = "") -> Message:
    return Message(f"{ts}.000000", user, bot_id, text, None, subtype)


def ours(ts: int, text: str, *, to: int, kind: str = "answer", n: int = 1) -> Message:
    """A message of ours that belongs to the question asked at second `to`."""
    return Message(f"{ts}.000000", US, "B0", text, Mark(f"C0PRACTICE-100.000000-{to}.000000", kind, n), "")


def said(*messages: Message, ask: Question) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in turns(messages, ask, US)]


def test_people_ask_and_we_answer() -> None:
    """The question comes last, once, even if the thread shows it too."""
    thread = [person(100, f"<@{US}> first?"), ours(101, "First.", to=100), person(102, "now?")]

    assert [("asker", "first?"), ("cocoai", "First."), ("asker", "now?")] == said(*thread, ask=question(102))


def test_a_question_that_the_thread_does_not_show_yet_is_asked_all_the_same() -> None:
    """Slack may be a moment behind itself."""
    assert [("asker", "now?")] == said(ask=question(102))


def test_placeholders_notes_and_errors_are_nobodys_turn() -> None:
    """They are told by their metadata."""
    kinds = ("placeholder", "note", "error")

    thread = [ours(100 + n, "…", to=100, kind=kind) for n, kind in enumerate(kinds)]

    assert [("asker", "now?")] == said(*thread, ask=question(110))


def test_an_answer_stands_behind_its_question_not_where_it_was_posted() -> None:
    """Asked at 100 and 101; the answer to the first was posted at 102: the second question sees it before itself."""
    thread = [person(100, "first?"), person(101, "second?"), ours(102, "First.", to=100)]

    assert [("asker", "first?"), ("cocoai", "First."), ("asker", "second?")] == said(
        *thread, ask=question(101, "second?")
    )


def test_what_came_after_the_question_is_not_seen() -> None:
    """Neither people's words nor our answers to later questions."""
    thread = [person(100, "now?"), person(105, "later"), ours(106, "Later.", to=105)]

    assert [("asker", "now?")] == said(*thread, ask=question(100))


def test_an_answer_in_parts_is_one_turn() -> None:
    """In the order of its parts, whenever they were posted."""
    thread = [person(100, "q"), ours(103, "three", to=100, kind="part", n=3)]
    thread += [ours(102, "two", to=100, kind="part", n=2), ours(101, "one", to=100)]

    assert [("asker", "q"), ("cocoai", "one\ntwo\nthree"), ("asker", "now?")] == said(*thread, ask=question(110))


def test_who_joined_is_not_what_was_said() -> None:
    """But another bot's words are: people call us to explain them."""
    thread = [person(100, "has joined", subtype="channel_join"), person(101, "disk full", subtype="bot_message")]

    assert [("asker", "disk full"), ("asker", "now?")] == said(*thread, ask=question(110))


def test_entities_are_read_as_a_person_reads_them() -> None:
    """And our own mention is taken off."""
    asked = question(100, f"<@{US}> is 1 &lt; 2 &amp;&amp; true?")

    assert [("asker", "is 1 < 2 && true?")] == said(ask=asked)
