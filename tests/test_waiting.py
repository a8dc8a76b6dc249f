"""While the model cannot be asked, the asker is told what is the matter, when it is tried again, and may stop it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cocoai.answer.model_call import STILL_THINKING
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_faults import FaultKind
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.texts import ENGLISH, JAPANESE, Texts
from tests.deployment import Deployment, deploy, payload
from tests.footer import actions
from tests.processes import wait_until
from tests.test_controls import ended, facts, key_of, press


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Yield one deployment for all tests of this file, in which a model is waited for as long as a busy machine needs.

    Before its refusal is read, it would count as silent, and the next try would be answered.
    """
    with deploy(tmp_path_factory.mktemp("house"), certificates, COCOAI_OPENAI_FIRST_WORD_TIMEOUT="10") as running:
        yield running


@pytest.mark.parametrize(
    ("kind", "cause"), [("rate limited", "busy"), ("silent", "silent"), ("server error", "busy"), ("cut", "away")]
)
@pytest.mark.parametrize(("words", "texts"), [("why?", ENGLISH), ("なぜ？", JAPANESE)])
def test_a_wait_is_told(deployment: Deployment, words: str, texts: Texts, kind: FaultKind, cause: str) -> None:
    """The placeholder says what is the matter and which try is next, then becomes the answer."""
    deployment.openai.fail(kind)
    question = deployment.ask(words)

    answer = ended(deployment, question)

    # What stood there meanwhile: a busy machine may look too late.
    waiting = shown(deployment, answer, *told(5, 2, cause, texts))
    assert ("placeholder", ["stop"]) == (payload(waiting)["kind"], actions(waiting))
    assert ("answer", waiting.ts) == (payload(answer)["kind"], answer.ts)


def test_a_model_that_thinks_for_long_is_told(tmp_path: Path, certificates: Certificates) -> None:
    """After ten seconds the placeholder says so, before the response and behind its headers, also at a second try."""
    texts = {"why?": ENGLISH, "なぜ？": JAPANESE}
    with deploy(tmp_path, certificates) as running:
        running.openai.fail("rate limited", 2)
        running.openai.fail("silent", seconds=STILL_THINKING + 3)
        running.openai.fail("pause", seconds=STILL_THINKING + 3)
        questions = {words: running.ask(words) for words in texts}
        answers = {words: ended(running, question) for words, question in questions.items()}

        # What stood there meanwhile: on a busy machine it comes late, and stays for three seconds only.
        for words, answer in answers.items():
            waiting = shown(running, answer, texts[words].thinking)
            assert ("placeholder", ["stop"]) == (payload(waiting)["kind"], actions(waiting))
            assert "answer" == payload(answer)["kind"]


def shown(deployment: Deployment, reply: Message, *words: str) -> Message:
    """Return the reply as it was when it first contained one of these texts, by the calls that made it.

    Fail if it never did.
    """
    place = {"chat.postMessage": ("thread_ts", reply.thread_ts), "chat.update": ("ts", reply.ts)}
    texts = []
    for call in deployment.slack.calls:
        name, value = place.get(call.method, ("", ""))
        if name and (reply.channel, value) == (call.arguments["channel"], call.arguments.get(name)):
            texts.append(call.arguments["text"])
            if any(text in texts[-1] for text in words):
                changed = {name: call.arguments[name] for name in ("text", "blocks", "metadata")}
                return replace(reply, **changed)
    raise AssertionError(f"none of {words} is in any of {texts}")


def test_each_retry_is_told(deployment: Deployment) -> None:
    """The second wait is longer, and says that the third try is next."""
    deployment.openai.fail("rate limited", 2)
    question = deployment.ask("why?")

    wait_until_told(deployment, question, 5, 2)
    wait_until_told(deployment, question, 30, 3)
    press_stop(deployment, question)


def told(seconds: int, n: int, cause: str = "busy", texts: Texts = ENGLISH) -> list[str]:
    """Return what stands there of a wait of so many seconds: fewer are left where a busy machine comes to it late."""
    return [texts.retry.format(why=texts.waits[cause], seconds=left, n=n) for left in range(seconds, 0, -1)]


def wait_until_told(deployment: Deployment, question: Message, seconds: int, n: int) -> Message:
    """Wait until a reply tells in English of a wait of so many seconds, and that this try is next; return the reply."""
    words = told(seconds, n)
    return deployment.slack.wait_for(
        lambda: [reply for reply in deployment.replies(question) if any(text in reply.text for text in words)]
    )[0]


def press_stop(deployment: Deployment, question: Message) -> None:
    """Press *Stop* under the reply, and wait until the job is done: long before it is tried again."""
    press(deployment, deployment.replies(question)[0], "stop")
    wait_until(lambda: key_of(question) in deployment.spool.keys("done"), 15)


def test_a_stop_is_obeyed_in_a_wait(deployment: Deployment) -> None:
    """The model is not asked again, and the reply says that it was stopped."""
    before = len(deployment.openai.requests)
    deployment.openai.fail("rate limited", seconds=200.0)
    question = deployment.ask("why?")
    wait_until_told(deployment, question, 200, 2)

    press_stop(deployment, question)

    assert ENGLISH.stopped == ended(deployment, question).text
    assert before + 1 == len(deployment.openai.requests)
    assert 1 == len(deployment.replies(question))


def test_only_who_may_stop_it_ends_a_wait(deployment: Deployment) -> None:
    """Somebody who has not written in the thread is told so, three times at most, and the job waits on."""
    deployment.openai.fail("rate limited", seconds=100.0)
    question = deployment.ask("why?")
    waiting = wait_until_told(deployment, question, 100, 2)

    for waits in (2, 3, 4, 5):
        press(deployment, waiting, "stop", user="U0ASKER02")
        wait_until(lambda waits=waits: waits == count(deployment, question, "retry"))  # type: ignore[misc]
    press_stop(deployment, question)

    ephemeral = [(each.only_for, each.text) for each in deployment.slack.ephemeral_messages()]
    assert 3 == ephemeral.count(("U0ASKER02", ENGLISH.only_participants))
    retries = [fact for fact in facts(deployment, key_of(question)) if fact.get("fact") == "retry"]
    assert 1 == len({fact["retry_at"] for fact in retries})


def test_whoever_takes_part_may_end_a_wait(deployment: Deployment) -> None:
    """A person who has written in the thread stops it at once."""
    deployment.openai.fail("rate limited", seconds=100.0)
    question = deployment.ask("why?")
    waiting = wait_until_told(deployment, question, 100, 2)
    deployment.slack.say("U0ASKER02", "that has time", thread_ts=question.ts)

    press(deployment, waiting, "stop", user="U0ASKER02")

    assert ENGLISH.stopped == ended(deployment, question).text
    assert 2 == count(deployment, question, "attempt")


def count(deployment: Deployment, question: Message, fact: str) -> int:
    """Return how many facts of this name the question's job has."""
    _, lines = deployment.spool.find(key_of(question))
    return [each.get("fact") for each in lines].count(fact)
