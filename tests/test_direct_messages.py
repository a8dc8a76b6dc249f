"""Direct messages through a whole deployment: the lines in their own box are one conversation, wherever we reply."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.thread.box import BOX_MEMORY
from cocoai.texts import ENGLISH
from tests.deployment import Deployment, deploy, payload
from tests.held_answers import HeldAnswers
from tests.processes import wait_until
from tests.test_controls import ended, press
from tests.test_journey import job_processes

BOX = "D0PRACTICE"
ASKER = "U0ASKER01"


@pytest.fixture(scope="module", params=["thread", "box"])
def place(request: pytest.FixtureRequest) -> str:
    """Return each value of the setting `dm_replies`."""
    return str(request.param)


@pytest.fixture(scope="module")
def standing(place: str, tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Yield one deployment for each of them."""
    folder = tmp_path_factory.mktemp("house")
    with deploy(folder, certificates, COCOAI_SLACK_DM_REPLIES=place, COCOAI_POOL_SLOTS="3") as running:
        yield running


@pytest.fixture
def deployment(standing: Deployment) -> Iterator[Deployment]:
    """Yield the deployment at rest, with a new conversation in the box."""
    ended(standing, say(standing, "reset"))
    yield standing
    standing.openai.switches = Model()


def say(deployment: Deployment, text: str, thread_ts: str | None = None) -> Message:
    """Write a line as the asker, into the box or a thread there."""
    return deployment.slack.say(ASKER, text, thread_ts=thread_ts, channel=BOX)


def say_in_order(deployment: Deployment, *texts: str) -> list[Message]:
    """Write the lines one after the other, each as soon as the one before it is kept; return them."""
    lines = []
    for text in texts:
        lines.append(say(deployment, text))
        deployment.slack.wait_for_deliveries()  # Slack may deliver two events at once in either order
    return lines


def shown(deployment: Deployment) -> list[str]:
    """Return the contents of the newest request to the model, without the instructions."""
    return [str(message["content"]) for message in deployment.openai.requests[-1].body["messages"][1:]]


def test_a_line_in_the_box_is_understood_by_those_before_it(deployment: Deployment) -> None:
    """The model sees the lines of the last half hour, or more, and our answers to them, by one call of Slack."""
    deployment.openai.switches.answer = lambda question: f"About {question}"
    ended(deployment, say(deployment, "tea in winter"))
    ended(deployment, say(deployment, "and in summer"))
    before = len(deployment.slack.calls)

    ended(deployment, say(deployment, "shorter"))

    calls = [call.method for call in deployment.slack.calls[before:]]
    assert ["tea in winter", "About tea in winter", "and in summer", "About and in summer", "shorter"] == shown(
        deployment
    )
    assert (1, 0) == (calls.count("conversations.history"), calls.count("conversations.replies"))


def test_the_reply_stands_where_the_setting_says(deployment: Deployment, place: str) -> None:
    """In the thread under the line, or in the box; a line in a thread is answered in that thread either way."""
    first = say(deployment, "hello")
    reply = ended(deployment, first)
    second = say(deployment, "in the thread", first.ts)

    assert reply.thread_ts == (None if place == "box" else first.ts)
    assert first.ts == ended(deployment, second).thread_ts


def test_a_reset_ends_the_conversation(deployment: Deployment) -> None:
    """Nothing up to it is shown to the model."""
    ended(deployment, say(deployment, "my secret plan"))
    assert ENGLISH.started_over == ended(deployment, say(deployment, "reset")).text

    ended(deployment, say(deployment, "what did I say?"))

    assert ["what did I say?"] == shown(deployment)


def test_a_deleted_answer_is_no_longer_part_of_it(deployment: Deployment) -> None:
    """What the asker has deleted is gone from the conversation, in whichever place it stood."""
    deployment.openai.switches.answer = "Something wrong."
    question = say(deployment, "a question?")
    reply = ended(deployment, question)
    press(deployment, reply, "delete")
    wait_until(lambda: not deployment.replies(question))

    ended(deployment, say(deployment, "and now?"))

    assert "Something wrong." not in "\n".join(shown(deployment))


def test_an_answer_that_was_asked_for_again_is_deleted_too(deployment: Deployment) -> None:
    """It stands where the first one does; deleting one leaves the other."""
    question = say(deployment, "a question?")
    first = ended(deployment, question)
    press(deployment, first, "again")

    def ours() -> list[Message]:
        return [each for each in deployment.slack.messages(BOX) if payload(each).get("again") == question.ts]

    again = deployment.slack.wait_for(lambda: [each for each in ours() if payload(each)["kind"] == "answer"])[0]
    press(deployment, again, "delete")
    wait_until(lambda: not ours())

    assert again.thread_ts == first.thread_ts
    assert [first.ts] == [each.ts for each in deployment.replies(question)]


def test_lines_are_answered_in_order_one_at_a_time(deployment: Deployment) -> None:
    """Though slots are free: three lines in a row, of which each sees the answers before it."""
    deployment.openai.switches.answer = answers = HeldAnswers("Yes.")
    before = len(deployment.openai.requests)
    lines = say_in_order(deployment, "one?", "two?", "three?")
    wait_until(lambda: answers.asked)
    wait_until(lambda: all(deployment.replies(line) for line in lines))
    at_once = list(answers.asked)

    answers.let_go.set()
    for line in lines:
        ended(deployment, line)

    sent = [[str(each["content"]) for each in request.body["messages"][1:]] for request in deployment.openai.requests]
    assert ["one?"] == at_once
    assert [["one?"], ["one?", "Yes.", "two?"], ["one?", "Yes.", "two?", "Yes.", "three?"]] == sent[before:]


def test_two_lines_at_once_and_a_kill_in_between(deployment: Deployment) -> None:
    """The second waits until the first, whose process is killed, is answered by another; each is answered once."""
    deployment.openai.switches.answer = answers = HeldAnswers("Yes.")
    first, second = say_in_order(deployment, "first?", "second?")
    wait_until(lambda: answers.asked)
    for pid in job_processes(deployment):
        os.kill(pid, signal.SIGKILL)
    answers.let_go.set()
    replies = [ended(deployment, line) for line in (first, second)]

    assert ["Yes."] * 2 == [reply.text for reply in replies]
    assert [1, 1] == [len(deployment.replies(line)) for line in (first, second)]
    assert ["first?", "Yes.", "second?"] == shown(deployment)


def test_a_line_from_before_the_last_half_hour_is_forgotten(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box is as long as the acquaintance; a conversation in it is not."""
    with monkeypatch.context() as earlier:
        earlier.setattr(deployment.slack.workspace, "next_ts", lambda: f"{time.time() - BOX_MEMORY - 60:.6f}")
        old = say(deployment, "long ago")
    ended(deployment, old)

    ended(deployment, say(deployment, "today"))

    assert ["today"] == shown(deployment)


def test_thanks_get_a_reaction_and_no_answer(deployment: Deployment) -> None:
    """Nothing is paid for them."""
    ended(deployment, say(deployment, "a question?"))
    paid = len(deployment.openai.requests)
    thanks = say(deployment, "ありがとう！")

    reactions = deployment.slack.wait_for(lambda: reactions_to(deployment, thanks))

    assert {"smile_cat": ("U0COCOAI",)} == reactions
    assert (paid, []) == (len(deployment.openai.requests), deployment.replies(thanks))
    assert "answer" == payload(ended(deployment, say(deployment, "go on then")))["kind"]


def reactions_to(deployment: Deployment, message: Message) -> dict[str, tuple[str, ...]]:
    """Return who has reacted to a message, by the name of the emoji."""
    (found,) = (each for each in deployment.slack.messages(message.channel) if each.ts == message.ts)
    return dict(found.reactions)
