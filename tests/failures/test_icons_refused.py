"""A Slack without icons: every reply has them as buttons in a row, and a process tries them once only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.answer import Answerer
from cocoai.rehearsal.certificates import Certificates
from cocoai.texts import ENGLISH
from tests.failures.harness import LocalizedHarness, localized_harness
from tests.footer import actions, labels

ROW = ["again", "delete", "up", "down"]


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[LocalizedHarness]:
    """Yield a harness whose Slack refuses context_actions blocks."""
    with localized_harness(tmp_path, certificates) as opened:
        opened.slack.switches.context_actions = False
        yield opened


def refusals(harness: LocalizedHarness) -> int:
    """Return how many calls Slack has refused because of their blocks."""
    return [call.outcome for call in harness.slack.calls].count("invalid_blocks")


def answer(harness: LocalizedHarness, answerer: Answerer) -> None:
    """Run one attempt at the next job in the process of `answerer`."""
    job = harness.claim()
    answerer.answer(job)
    job.release()


def test_a_process_tries_icons_once(harness: LocalizedHarness) -> None:
    """The first answer is sent again with buttons, the second at once; a new process tries the icons again."""
    answerer = harness.answerer()
    questions = [harness.ask(f"question {number}?") for number in range(2)]
    answer(harness, answerer)
    first = refusals(harness)
    answer(harness, answerer)
    second = refusals(harness)
    harness.slack.switches.context_actions = True
    later = harness.ask_and_run("later?")

    assert (1, 1) == (first, second)
    for question in questions:
        (reply,) = harness.replies(question)
        assert ["markdown", "actions"] == [block["type"] for block in reply.blocks]
        assert ROW == actions(reply)
        assert [ENGLISH.buttons[action] for action in ROW] == labels(reply)
    assert ["again", "up", "down", "delete"] == actions(harness.replies(later)[0])
    assert (0, 3, 0) == harness.ended()


def test_a_long_answer_is_whole(harness: LocalizedHarness) -> None:
    """Only its last part has buttons; each part stands once, with its blocks."""
    harness.openai.switches.answer = "\n\n".join(f"Paragraph {number}. " + "word " * 500 for number in range(12))
    question = harness.ask_and_run("at length?")
    replies = harness.replies(question)

    assert 1 == refusals(harness)
    assert [[]] * (len(replies) - 1) + [ROW] == [actions(reply) for reply in replies]
    assert {"markdown"} == {reply.blocks[0]["type"] for reply in replies}
    text = "".join(reply.blocks[0]["text"] for reply in replies)
    assert [1] * 12 == [text.count(f"Paragraph {number}.") for number in range(12)]


def test_an_apology_has_its_buttons(harness: LocalizedHarness) -> None:
    """An error's row is *Ask again* and *Delete*."""
    harness.openai.fail("no credit")
    question = harness.ask_and_run("please?")

    (reply,) = harness.replies(question)
    assert (["again", "delete"], 1) == (actions(reply), refusals(harness))


def test_where_all_blocks_are_refused_the_text_stands(harness: LocalizedHarness) -> None:
    """Then the icons were not what Slack refused: the answer is text alone, and the next one tries them again."""
    harness.slack.switches.markdown_blocks = False
    answerer = harness.answerer()
    questions = [harness.ask(f"question {number}?") for number in range(2)]
    answer(harness, answerer)
    harness.slack.switches.markdown_blocks = harness.slack.switches.context_actions = True
    answer(harness, answerer)

    first, second = (harness.replies(question)[0] for question in questions)
    assert ((), ["again", "up", "down", "delete"]) == (first.blocks, actions(second))
    assert (0, 2, 0) == harness.ended()
