"""Order and fairness: a thread is answered in order, one question at a time, and a slow thread holds up no other."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import Deployment, deploy, payload
from tests.held_answers import HeldAnswers
from tests.processes import wait_until
from tests.spool.test_runner import JobSetup, key
from tests.test_controls import ended

# in the production shape


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Run the pool with three slots, behind nginx, for all tests of this file."""
    folder = tmp_path_factory.mktemp("house")
    with deploy(folder, certificates, COCOAI_POOL_SLOTS="3") as running:
        yield running


def conversations_sent(deployment: Deployment) -> list[list[str]]:
    """Return the messages of each call of the model without the instructions; an answer of ours is an A."""
    return [
        [message["content"] if message["role"] == "user" else "A" for message in request.body["messages"][1:]]
        for request in deployment.openai.requests
    ]


def delivered_at(deployment: Deployment, question: Message) -> float:
    """Return when the whole answer was sent to Slack."""
    answer = ended(deployment, question)
    return max(call.time for call in deployment.slack.calls if call.arguments.get("ts") == answer.ts)


def test_three_questions_in_one_thread_are_answered_in_order_one_at_a_time(deployment: Deployment) -> None:
    """Though slots are free, a question is sent to the model only after the answer before it was delivered."""
    deployment.openai.switches = Model(first_delay=0.4, answer="Yes.")
    before = len(deployment.openai.requests)

    questions = [deployment.ask("one?")]
    for text in ("two?", "three?"):
        # The placeholder shows that the question was put; only then the next one is asked.
        deployment.slack.wait_for(lambda: deployment.replies(questions[-1]))
        questions.append(deployment.slack.say("U0ASKER01", text, thread_ts=questions[0].ts))
    for question in questions:
        deployment.answer_to(question)

    expected = [["one?"], ["one?", "A", "two?"], ["one?", "A", "two?", "A", "three?"]]
    assert expected == conversations_sent(deployment)[before:]
    began = [request.time for request in deployment.openai.requests[before:]]
    ended = [delivered_at(deployment, question) for question in questions]
    assert began[0] < ended[0] < began[1] < ended[1] < began[2] < ended[2]


def test_a_slow_thread_holds_up_no_other(deployment: Deployment) -> None:
    """While the model does not answer one question, its thread waits and all others are answered."""
    deployment.openai.switches.answer = answers = HeldAnswers(words="slow?")
    slow = deployment.ask("slow?")
    wait_until(lambda: answers.asked)

    behind = deployment.slack.say("U0ASKER01", "behind it?", thread_ts=slow.ts)
    deployment.slack.wait_for(lambda: deployment.replies(behind))
    for question in [deployment.ask(f"quick {number}?") for number in range(6)]:
        deployment.answer_to(question)
    meanwhile = [str(payload(deployment.replies(question)[0])["kind"]) for question in (slow, behind)]
    answers.let_go.set()
    for question in (slow, behind):
        deployment.answer_to(question)

    assert ["placeholder", "placeholder"] == meanwhile
    assert delivered_at(deployment, slow) < delivered_at(deployment, behind)


# the runner alone


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[int], JobSetup]]:
    """Return a function that makes a runner with so many slots; it is closed after the test."""
    made: list[JobSetup] = []

    def build(slots: int) -> JobSetup:
        made.append(JobSetup(tmp_path, slots=slots))
        return made[-1]

    yield build
    for setup in reversed(made):
        setup.close()


def answered(setup: JobSetup) -> list[str]:
    """Return the texts of the questions in the order in which their answers were begun."""
    words = [line.split()[0] for line in (setup.folder / "trace").read_text().splitlines()]
    return [word.removeprefix("answering-") for word in words if word.startswith("answering-")]


def test_with_one_slot_the_oldest_question_of_all_threads_comes_first(make: Callable[[int], JobSetup]) -> None:
    """Its age is the time at which it was asked; the order of the deliveries does not matter."""
    setup = make(1)
    setup.hold()
    setup.put(1, "1")
    setup.wait_for("answering-1")

    for ts, thread in ((9, 9), (5, 2), (7, 7), (2, 2), (4, 4), (8, 4), (3, 3), (6, 2)):
        setup.put(ts, str(ts), thread)
    # The placeholder process has ended: a question whose placeholder is being posted would be passed over.
    wait_until(lambda: all(setup.traced(f"placeholder-{ts}") for ts in range(2, 10)))
    wait_until(lambda: "placeholder.lock" not in setup.locked())
    setup.let_go()
    setup.wait_until_number_done(9)

    assert [str(ts) for ts in range(1, 10)] == answered(setup)


def test_a_hung_question_holds_up_its_own_thread_only(make: Callable[[int], JobSetup]) -> None:
    """Once its process has died, its thread is answered in order."""
    setup = make(2)
    setup.put(1, "hang")
    setup.wait_for("answering-hang")
    setup.put(2, "behind", thread=1)
    setup.put(3, "last", thread=1)

    for ts in range(4, 14):
        setup.put(ts)
    setup.wait_until_number_done(10)
    waiting = setup.spool.keys("ready")
    os.kill(int(setup.traced("answering-hang")[0]), signal.SIGKILL)
    wait_until(lambda: "slot-0" not in setup.locked())
    setup.runner.attend()
    wait_until(lambda: setup.spool.keys("ready") == [])

    assert [key(1), key(2, 1), key(3, 1)] == waiting
    assert ["hang", "hang", "behind", "last"] == [text for text in answered(setup) if text != "q"]


def test_an_older_question_that_arrives_late_still_comes_before_the_younger(make: Callable[[int], JobSetup]) -> None:
    """Slack delivers it a minute late, when a younger question of its thread already waits."""
    setup = make(1)
    setup.hold()
    setup.put(1, "1")
    setup.wait_for("answering-1")

    setup.put(3, "younger", thread=2)
    setup.put(2, "older", thread=2)
    setup.let_go()
    setup.wait_until_number_done(3)

    assert ["1", "older", "younger"] == answered(setup)
