"""A click on *Go on*, under an answer that was cut: what the model is shown of it, and where the rest stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer.prompt import CONTINUE_INSTRUCTION
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.model.question import Question
from cocoai.spool.job import Fact
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH, JAPANESE
from tests.deployment import payload
from tests.failures.harness import ASKER, LocalizedHarness, localized_harness
from tests.failures.scenarios import cut
from tests.footer import actions
from tests.options import FixedPersonas

OTHER = "U0ASKER02"
UNFINISHED = JAPANESE.unfinished_button.format(button=JAPANESE.buttons["continue"])
BOX = "D0PRACTICE"


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[LocalizedHarness]:
    """Yield a harness; at the end of each test, nothing private may have reached its Slack."""
    with localized_harness(tmp_path, certificates) as opened:
        yield opened


def says(harness: LocalizedHarness, answer: str, *, is_cut: bool = True) -> None:
    """Have the model write this text next; if it is cut, without saying that it has ended."""
    harness.openai.switches.answer = answer
    if is_cut:
        harness.openai.fail("unexplained")


def ask(harness: LocalizedHarness, text: str, answer: str, *, thread_ts: str | None = None) -> Message:
    """Ask a question whose answer is cut behind these words; return our reply."""
    says(harness, answer)
    question = harness.ask(text, thread_ts=thread_ts)
    harness.run_to_the_end()
    return harness.replies(question)[-1]


def press(harness: LocalizedHarness, reply: Message, action: str, answer: str, **how: Any) -> Message:
    """Press a button under a reply, and run until the model has written `answer`; return the new reply."""
    harness.ahead += 1  # each click has a time of its own
    says(harness, answer, **how)
    assert 200 == harness.click(reply, action, OTHER)
    harness.run_to_the_end()
    return harness.slack.messages(reply.channel)[-1]


def shown(harness: LocalizedHarness) -> list[tuple[str, str]]:
    """Return the turns of the newest request, without the instructions."""
    return [(each["role"], each["content"]) for each in harness.openai.requests[-1].body["messages"][1:]]


def facts(harness: LocalizedHarness, reply: Message) -> list[Fact]:
    return harness.spool.peek("done", Key.parse(str(payload(reply)["key"])))


def test_the_rest_is_a_reply_of_its_own(harness: LocalizedHarness) -> None:
    """The model sees the question, its whole answer, and that it is to go on; the first reply stays as it is."""
    harness.changes["max_history_tokens"] = 20_000
    question = cut(harness, "count on")
    first = harness.replies(question)
    whole = facts(harness, first[0])
    rest = press(harness, first[-1], "continue", "and so on.", is_cut=False)

    (answer,) = (fact["text"] for fact in whole if fact.get("fact") == "answer")
    assert [("user", "count on"), ("assistant", answer), ("user", CONTINUE_INSTRUCTION)] == shown(harness)
    assert [*first, rest] == harness.replies(question)
    assert ("and so on.", "answer", question.ts) == (rest.text, payload(rest)["kind"], payload(rest)["again"])
    assert ["continue", "again", "up", "down", "delete"] == actions(first[-1])
    assert ["again", "up", "down", "delete"] == actions(rest)
    assert (0, 2, 0) == harness.ended()


def test_it_is_paid_and_counted_as_a_question(harness: LocalizedHarness) -> None:
    """The click's job is one of the person who clicked, with a request that was held and settled."""
    rest = press(harness, ask(harness, "one?", "First, be-"), "continue", "gun.")

    question, *others = facts(harness, rest)
    assert ("continue", OTHER) == (question["kind"], question["user"])
    (answer,) = (fact for fact in others if fact.get("fact") == "answer")
    assert ["asked"] == [fact["fact"] for fact in others if fact.get("fact") in ("asked", "unasked")]
    assert answer["bill"]["spent"] > 0
    assert answer["call"] is not None


def test_the_rest_of_the_rest(harness: LocalizedHarness) -> None:
    """A rest that was cut, too, has the button; the model sees both parts as one turn, and nothing said since."""
    first = ask(harness, "one?", "First, be-")
    harness.slack.say(OTHER, "by the way", thread_ts=first.thread_ts)
    ask(harness, "two?", "Second.", thread_ts=first.thread_ts)
    second = press(harness, first, "continue", "gun and ")
    last = press(harness, second, "continue", "ended.", is_cut=False)

    both = "First, be-\ngun and"
    assert [("user", "one?"), ("assistant", both), ("user", CONTINUE_INSTRUCTION)] == shown(harness)
    assert "ended." == last.text


def test_the_same_rest_can_be_asked_again(harness: LocalizedHarness) -> None:
    """*Ask again* under a rest, or under the apology in its place, asks for that rest once more."""
    first = ask(harness, "one?", "First, be-")
    harness.openai.fail("no credit")
    harness.ahead += 1
    harness.click(first, "continue")
    harness.run_to_the_end()
    apology = harness.slack.messages()[-1]
    turns = shown(harness)
    rest = press(harness, apology, "again", "gun.", is_cut=False)
    anew = press(harness, rest, "again", "gun, anew.", is_cut=False)

    assert [ENGLISH.sorry["operator"], "gun.", "gun, anew."] == [each.text for each in (apology, rest, anew)]
    assert ["again", "delete"] == actions(apology)
    assert [turns] * 3 == [
        [(each["role"], each["content"]) for each in request.body["messages"][1:]]
        for request in harness.openai.requests[-3:]
    ]


def test_the_model_that_began_goes_on(harness: LocalizedHarness) -> None:
    """A model's prefix before the question counts for the rest, too; the reply is in the question's language."""
    harness.changes["personas"] = FixedPersonas(prefixes={"deep": "gpt-6.1-sol"})
    first = ask(harness, "deep: なぜですか", "なぜなら")
    press(harness, first, "continue", "です。")

    assert ["gpt-6.1-sol"] * 2 == [request.body["model"] for request in harness.openai.requests]
    assert UNFINISHED in harness.slack.messages()[-1].text


@pytest.mark.parametrize("has_buttons", [True, False])
def test_the_note_names_the_button_where_there_is_one(harness: LocalizedHarness, has_buttons: bool) -> None:
    """Whoever has buttons switched off reads how to go on in words."""
    harness.changes["buttons"] = has_buttons
    reply = ask(harness, "one?", "First, be-")

    note = ENGLISH.unfinished_button.format(button="Go on") if has_buttons else ENGLISH.unfinished
    assert f"First, be-\n\n{note}" == reply.text
    assert has_buttons == ("continue" in actions(reply))


def test_where_slack_refuses_all_blocks_no_button_is_named(harness: LocalizedHarness) -> None:
    """None stands there: the text alone says how to go on."""
    for _ in range(2):  # of the answer; of the answer with plainer buttons
        harness.slack.fail("chat.update", SlackFault("refused", code="invalid_blocks"))
    reply = ask(harness, "one?", "First, be-")

    assert f"First, be-\n\n{ENGLISH.unfinished}" == reply.text
    assert [] == list(reply.blocks)


def test_files_are_sent_with_it(harness: LocalizedHarness) -> None:
    """What the answer was about may be a file: the model gets it again, to go on with it."""
    says(harness, "A list of ")
    question = harness.share_and_run("read this", PracticeFile("note.txt", "text/plain", b"the cat is grey"))
    press(harness, harness.replies(question)[-1], "continue", "cats.")

    *_, (role, content) = shown(harness)
    assert "user" == role
    assert ["note.txt:\n\nthe cat is grey", CONTINUE_INSTRUCTION] == [part["text"] for part in content]  # type: ignore[index]


def test_a_question_that_is_no_longer_kept(harness: LocalizedHarness) -> None:
    """After the job is swept, the rest goes on from what Slack has; the reply's language is the answer's."""
    first = ask(harness, "なぜですか", "なぜなら")
    harness.ahead += 7 * 86_400.0
    harness.spool.sweep()
    press(harness, first, "continue", "です。")

    texts = [text for _, text in shown(harness)]
    assert ("なぜですか", CONTINUE_INSTRUCTION) == (texts[0], texts[2])
    assert texts[1].startswith("なぜなら")
    assert UNFINISHED in harness.slack.messages()[-1].text


def test_two_people_press_it_at_once(harness: LocalizedHarness) -> None:
    """While the rest is being written, whoever presses the button is told that it is on its way."""
    first = ask(harness, "one?", "First, be-")
    harness.ahead += 1
    harness.click(first, "continue")
    harness.ahead += 1
    harness.click(first, "continue", OTHER)
    says(harness, "gun.", is_cut=False)
    harness.run_to_the_end()

    assert [(OTHER, ENGLISH.pending)] == [(each.only_for, each.text) for each in harness.slack.ephemeral_messages()]
    assert 2 == len(harness.openai.requests)


@pytest.mark.parametrize("place", ["thread", "box"])
@pytest.mark.parametrize("presses", [("continue",), ("again", "continue"), ("continue", "continue")])
def test_in_a_direct_message(harness: LocalizedHarness, place: str, presses: tuple[str, ...]) -> None:
    """The lines before it in the box are seen, and the rest stands where the answer does."""
    harness.changes["dm_replies"] = place
    for text in ("look at this", "one?"):
        says(harness, "Seen." if text == "look at this" else "Part 0,", is_cut=text == "one?")
        message = harness.slack.say(ASKER, text, channel=BOX)
        harness.put(message)
        harness.run_to_the_end()
    reply = harness.slack.messages(BOX)[-1]
    for number, action in enumerate(presses, 1):
        reply = press(harness, reply, action, f"part {number},")

    turns = [text for _, text in shown(harness)]
    *before, answered, last = turns
    assert (["look at this", "Seen.", "one?"], CONTINUE_INSTRUCTION) == (before, last)
    assert ["Part 0,", *(f"part {number}," for number in range(1, len(presses)))] == answered.split("\n")
    assert (message.ts if place == "thread" else None) == reply.thread_ts


def test_an_answer_without_words_cannot_be_gone_on_with(harness: LocalizedHarness) -> None:
    """Where all of the allowance went into thinking there is no button, nor under a whole answer."""
    harness.openai.fail("empty")
    empty = harness.ask_and_run("one?")
    says(harness, "All of it.", is_cut=False)
    whole = harness.ask_and_run("two?")

    assert [["again", "up", "down", "delete"]] * 2 == [actions(harness.replies(each)[-1]) for each in (empty, whole)]


def test_an_older_version_reads_its_facts() -> None:
    """A job written before there was *Go on* is read as ever; a new one keeps what it goes on with."""
    asked = Question("mention", "C0PRACTICE", "1.0", "1.0", ASKER, "T0", "hello", "Ev1", 1)
    old = {name: value for name, value in asked.facts().items() if name != "continues"}
    rest = replace(asked, kind="continue", continues=asked.key)

    assert (asked, rest) == (Question.from_facts(old), Question.from_facts(rest.facts()))
