"""Every kill point on the way of a question: a process is killed there, and in the end everything has happened once.

One running stack serves all tests: nginx, supervisor, pool, practice Slack (which redelivers what was not accepted) and
practice OpenAI. It has one slot, so a slot or a lock that a dead process kept would be noticed at the next point.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from _pytest.mark import ParameterSet

from cocoai.app import sweep
from cocoai.documents.database import FILE
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.slack.slack_switches import Twins
from cocoai.rehearsal.slack.voice_clip import voice_clip
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.key import Key
from tests.books import books
from tests.charges import charges
from tests.deployment import Deployment, payload
from tests.held_answers import HeldAnswers
from tests.kill.light_points import LIGHT
from tests.kill.points import CLICKS, POINTS, Point
from tests.kill.stack import LONG, arm, is_idle, posted
from tests.processes import wait_until
from tests.sounds import tone
from tests.team_documents import fill

REPLIES = {
    "short": [("answer", 1)],
    "long": [("answer", 1), ("part", 2), ("part", 3)],
    "waiting": [("answer", 1)],
    "note": [("note", 1)],
    "refused": [("error", 1)],
    "deleted": [("answer", 1)],
    "drawn": [("answer", 1)],
    "transcribed": [("answer", 1)],
    "spoken": [("answer", 1)],
    "searched": [("answer", 1)],
}
"""By scene: the messages under the question in the end, by kind and part number."""


BOTH: tuple[Twins, ...] = ("mention only", "message first")
WITH_FILE = ("drawn", "transcribed")
ONE_WAY = (*WITH_FILE, "spoken", "searched")
"""Scenes of test_kill_media.py: how a mention comes makes no difference to these."""
WALKED = [point for point in POINTS if point.scene in REPLIES and point.scene not in ONE_WAY]


def cases() -> Iterator[ParameterSet]:
    """Yield each point with each way in which a mention comes: for the short run with one of them, in turns."""
    for n, point in enumerate(WALKED):
        for m, twins in enumerate(BOTH):
            marks = [pytest.mark.long] if (n + m) % 2 else []
            yield pytest.param(point, twins, id=f"{point.name}-{twins}", marks=marks)


@pytest.mark.parametrize(("point", "twins"), list(cases()))
def test_everything_happens_once_despite_a_kill(built: Deployment, point: Point, twins: Twins) -> None:
    """There is one reply with each part once, the model is called no more than necessary, and no process is left.

    That holds for a mention with one event, and for one with two.
    """
    happens_once(built, point, twins)


def happens_once(built: Deployment, point: Point, twins: Twins) -> None:
    """Play a point's scene, and check that all of it has happened once in the end."""
    # Of two events, the second may arrive before the redelivery of the first.
    built.slack.switches.twins = twins
    calls_before, posted_before = len(built.openai.requests), posted(built)

    question = SCENES[point.scene](built, point)
    wait_until(lambda: ended(built, question))
    wait_until(lambda: is_idle(built))
    deliveries = built.slack.wait_for_deliveries()

    assert [] == os.listdir(built.var / "points")
    assert REPLIES[point.scene] == [(payload(reply)["kind"], payload(reply)["n"]) for reply in built.replies(question)]
    assert point.paid == len(built.openai.requests) - calls_before
    assert len(REPLIES[point.scene]) + MORE_POSTS.get(point.scene, 0) == posted(built) - posted_before
    assert (1 if point.scene in WITH_FILE else 0) == len(built.pictures(question))
    # nginx passes the request to another worker at once, so Slack never learns that one died.
    assert {200} == {each.status for each in deliveries if each.ts == question.ts}
    assert [] == built.spool.keys("ready")
    assert_nothing_is_left_open(built)


def assert_nothing_is_left_open(built: Deployment) -> None:
    """Sweep as each hour; expect no file of an ended job, no open hold, and all that was billed in the ledger."""
    kept = books(built.var, store=built.ledger_store)
    sweep(built.spool, kept, str(built.var))
    spent = [charge.spent for charge in charges(kept)]

    assert [] == os.listdir(built.var / "spool" / "files")
    assert None not in spent
    assert built.openai.billed <= sum(amount or 0 for amount in spent)


MORE_POSTS = {"waiting": 1, "deleted": 1}
"""By scene: further posts, of the other question's reply and of the placeholder that was deleted."""


def ended(built: Deployment, question: Message) -> bool:
    """Check whether the question's job is done or has failed."""
    key = Key(question.channel, question.thread_ts or question.ts, question.ts)
    return any(key in built.spool.keys(state) for state in ("done", "failed"))


# the scenes: each arms the point, asks a question and returns it


def short(built: Deployment, point: Point) -> Message:
    """Ask for an answer that takes one message."""
    built.openai.switches = Model(answer="A short answer.")
    arm(built, point)
    return built.ask("one?")


def long(built: Deployment, point: Point) -> Message:
    """Ask for an answer that takes three messages."""
    built.openai.switches = Model(answer=LONG)
    arm(built, point)
    return built.ask("at length?")


def waiting(built: Deployment, point: Point) -> Message:
    """Ask while another question has the only slot."""
    answers = HeldAnswers()
    built.openai.switches = Model(answer=answers)
    built.ask("slowly?")
    wait_until(lambda: answers.asked)
    arm(built, point)
    question = built.ask("and I?")
    wait_until(lambda: not (built.var / "points" / point.name).exists())
    answers.let_go.set()
    return question


def note(built: Deployment, point: Point) -> Message:
    """Mention the bot without a text."""
    arm(built, point)
    return built.ask("")


def refused(built: Deployment, point: Point) -> Message:
    """Ask while OpenAI refuses for lack of credit."""
    built.openai.fail("no credit")
    arm(built, point)
    return built.ask("for money?")


def deleted(built: Deployment, point: Point) -> Message:
    """Ask, and delete the placeholder while the model thinks."""
    answers = HeldAnswers("A short answer.")
    built.openai.switches = Model(answer=answers)
    arm(built, point)
    question = built.ask("one?")
    wait_until(lambda: answers.asked)
    (placeholder,) = built.replies(question)
    built.slack.delete(placeholder.channel, placeholder.ts)
    answers.let_go.set()
    return question


def drawn(built: Deployment, point: Point) -> Message:
    """Ask for a picture."""
    arm(built, point)
    return built.ask("draw a cat")


def transcribed(built: Deployment, point: Point) -> Message:
    """Ask for the words of a sound, which take several messages."""
    built.openai.switches = Model(heard="word " * 4000)
    arm(built, point)
    return built.slack.share("U0ASKER01", "<@U0COCOAI> transcribe", [voice_clip(tone(2))])


def spoken(built: Deployment, point: Point) -> Message:
    """Ask by a voice clip."""
    built.openai.switches = Model(answer="A short answer.", heard="one?")
    arm(built, point)
    return built.slack.share("U0ASKER01", "<@U0COCOAI>", [voice_clip(tone(1), "a.wav", "audio/wav")])


def searched(built: Deployment, point: Point) -> Message:
    """Ask in other words than the team's documents have, of which there are none but here."""
    fill(built.var)
    arm(built, point)
    question = built.ask("When is the bonus paid?")
    wait_until(lambda: ended(built, question))
    (built.var / FILE).unlink()
    return question


SCENES: dict[str, Callable[[Deployment, Point], Message]] = {
    "short": short,
    "long": long,
    "waiting": waiting,
    "note": note,
    "refused": refused,
    "deleted": deleted,
    "drawn": drawn,
    "transcribed": transcribed,
    "spoken": spoken,
    "searched": searched,
}


def test_the_number_of_points_and_their_names() -> None:
    """There are as many points as expected, so that a lost line is noticed, and no two have the same name."""
    assert (113, 18, 31) == (len(POINTS), len(CLICKS), len(LIGHT))
    assert 162 == len({point.name for point in (*POINTS, *CLICKS, *LIGHT)})
