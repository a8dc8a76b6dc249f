"""Order and fairness: a thread is answered in order, one question at a time, and a slow one holds up nobody else."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.practice_server import Incoming, Outgoing
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.house import House, house, payload
from tests.processes import PATIENCE, wait_until
from tests.spool.test_runner import House as Engine
from tests.spool.test_runner import key
from tests.test_controls import ended

# in the production shape


class SlowOpenAI(PracticeOpenAI):
    """It thinks about the question `slow?` until it is let go."""

    def __init__(self, certificates: Certificates) -> None:
        super().__init__(certificates)
        self.thinking = threading.Event()
        self.let_go = threading.Event()

    def answer(self, incoming: Incoming) -> Outgoing:
        if b"slow?" in incoming.body:
            self.thinking.set()
            self.let_go.wait(PATIENCE)
        return super().answer(incoming)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with house(folder, certificates, openai=SlowOpenAI, COCOAI_POOL_SLOTS="3") as standing:
        yield standing


def asked_of_the_model(built: House) -> list[list[str]]:
    """What each call of the model held, the instructions aside: the questions, and for each answer an A."""
    return [
        [said["content"] if said["role"] == "user" else "A" for said in asked.body["messages"][1:]]
        for asked in built.openai.requests
    ]


def delivered_at(built: House, question: Message) -> float:
    """When Slack was told the whole answer."""
    answer = ended(built, question)
    return max(call.time for call in built.slack.calls if call.arguments.get("ts") == answer.ts)


def test_three_questions_in_one_thread_are_answered_in_order_one_at_a_time(built: House) -> None:
    """With slots to spare: each is asked of the model only when the one before was delivered, and sees its answer."""
    built.openai.switches = Model(first_delay=0.4, answer="Yes.")
    before = len(built.openai.requests)

    questions = [built.ask("one?")]
    for text in ("two?", "three?"):
        # Each has been heard, which its placeholder shows, before the next is written.
        built.slack.wait_for(lambda: built.replies(questions[-1]))
        questions.append(built.slack.say("U0ASKER01", text, thread_ts=questions[0].ts))
    for question in questions:
        built.answer_to(question)

    assert [["one?"], ["one?", "A", "two?"], ["one?", "A", "two?", "A", "three?"]] == asked_of_the_model(built)[before:]
    began = [asked.time for asked in built.openai.requests[before:]]
    ended = [delivered_at(built, question) for question in questions]
    assert began[0] < ended[0] < began[1] < ended[1] < began[2] < ended[2]


def test_a_slow_thread_holds_up_no_other(built: House) -> None:
    """The model is silent on one question; its thread waits, the others are answered meanwhile."""
    assert isinstance(built.openai, SlowOpenAI)
    slow = built.ask("slow?")
    assert built.openai.thinking.wait(PATIENCE)

    behind = built.slack.say("U0ASKER01", "behind it?", thread_ts=slow.ts)
    built.slack.wait_for(lambda: built.replies(behind))
    for question in [built.ask(f"quick {number}?") for number in range(6)]:
        built.answer_to(question)
    meanwhile = [str(payload(built.replies(question)[0])["kind"]) for question in (slow, behind)]
    built.openai.let_go.set()
    for question in (slow, behind):
        built.answer_to(question)

    assert ["placeholder", "placeholder"] == meanwhile
    assert delivered_at(built, slow) < delivered_at(built, behind)


# the engine alone, held by the hand


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[int], Engine]]:
    """Make an engine with so many slots; when the test is over, no process of it may be left."""
    before = signal.getsignal(signal.SIGCHLD)
    engines: list[Engine] = []

    def build(slots: int) -> Engine:
        engines.append(Engine(tmp_path, slots=slots))
        return engines[-1]

    yield build
    for engine in engines:
        engine.let_go()
        engine.jobs.end()
        wait_until(lambda engine=engine: engine.held() == [])  # type: ignore[misc]
    signal.signal(signal.SIGCHLD, before)


def answered(engine: Engine) -> list[str]:
    """The texts in the order in which their answers were begun."""
    words = [line.split()[0] for line in (engine.folder / "trace").read_text().splitlines()]
    return [word.removeprefix("answering-") for word in words if word.startswith("answering-")]


def test_with_one_slot_the_oldest_of_all_threads_comes_first(make: Callable[[int], Engine]) -> None:
    """By the time at which it was asked, in whatever order Slack brought it."""
    engine = make(1)
    engine.hold()
    engine.put(1, "1")
    wait_until(lambda: engine.traced("answering-1") != [])

    for ts, thread in ((9, 9), (5, 2), (7, 7), (2, 2), (4, 4), (8, 4), (3, 3), (6, 2)):
        engine.put(ts, str(ts), thread)
    # The usher has been with all of them, and has left: one whose placeholder is being posted is passed over.
    wait_until(lambda: all(engine.traced(f"welcomed-{ts}") for ts in range(2, 10)))
    wait_until(lambda: "usher.lock" not in engine.held())
    engine.let_go()
    wait_until(lambda: len(engine.spool.keys("done")) == 9)

    assert [str(ts) for ts in range(1, 10)] == answered(engine)


def test_a_hung_question_keeps_its_own_thread_only(make: Callable[[int], Engine]) -> None:
    """And with its end its thread goes on, in order."""
    engine = make(2)
    engine.put(1, "hang")
    wait_until(lambda: engine.traced("answering-hang") != [])
    engine.put(2, "behind", thread=1)
    engine.put(3, "last", thread=1)

    for ts in range(4, 14):
        engine.put(ts)
    wait_until(lambda: len(engine.spool.keys("done")) == 10)
    waiting = engine.spool.keys("ready")
    os.kill(int(engine.traced("answering-hang")[0]), signal.SIGKILL)
    wait_until(lambda: "slot-0" not in engine.held())
    engine.jobs.attend()
    wait_until(lambda: engine.spool.keys("ready") == [])

    assert [key(1), key(2, 1), key(3, 1)] == waiting
    assert ["hang", "hang", "behind", "last"] == [text for text in answered(engine) if text != "q"]


def test_an_older_question_that_arrives_late_still_comes_before_the_younger(make: Callable[[int], Engine]) -> None:
    """Slack sent it again after a minute; its thread had a younger one waiting by then."""
    engine = make(1)
    engine.hold()
    engine.put(1, "1")
    wait_until(lambda: engine.traced("answering-1") != [])

    engine.put(3, "younger", thread=2)
    engine.put(2, "older", thread=2)
    engine.let_go()
    wait_until(lambda: len(engine.spool.keys("done")) == 3)

    assert ["1", "older", "younger"] == answered(engine)
