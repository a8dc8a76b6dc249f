"""How each failure that an asker can read of comes about, between real servers that fail as the real ones do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoai.answer import Answerer
from cocoai.answer.attempt import Attempt
from cocoai.answer.failures import MAX_ATTEMPTS
from cocoai.answer.reply import Reply
from cocoai.conversation import Persona
from cocoai.rehearsal.openai.openai_faults import FaultKind
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.job import Fact
from tests.failures.counter import Counter
from tests.options import FixedPersonas
from tests.processes import free_port

Scenario = Callable[[Counter, str], Message]
"""Has a question with that text fail, and returns it."""

PICTURE = PracticeFile("plan.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
WEEK = 7 * 86_400.0


def always(kind: FaultKind, **how: Any) -> Scenario:
    """OpenAI meets every request with this fault."""

    def produce(desk: Counter, text: str) -> Message:
        desk.openai.fail(kind, times=None, **how)
        return desk.answered(text)

    return produce


def nobody_listens(desk: Counter, text: str) -> Message:
    """At OpenAI's address."""
    desk.openai.base_url = f"https://127.0.0.1:{free_port()}/v1"
    return desk.answered(text)


def model_gone(desk: Counter, text: str) -> Message:
    """The settings name a model that was shut down."""
    desk.changes["personas"] = FixedPersonas(Persona("Be kind.", "gpt-3.5-turbo-0301"))
    return desk.answered(text)


def scope_missing(desk: Counter, text: str) -> Message:
    """The app may write, but not read the thread that it was asked in."""
    desk.slack.switches.scopes = SCOPES - {"channels:history"}
    opening = desk.slack.say("U0ASKER02", "...")
    desk.ask(text, thread_ts=opening.ts)
    desk.run_to_the_end()
    return opening


def too_long(desk: Counter, text: str) -> Message:
    """Even alone the question does not fit the model."""
    desk.openai.switches.context_tokens = 10
    return desk.answered(text)


def attachment(desk: Counter, text: str) -> Message:
    """A picture, for a model that sees none."""
    desk.openai.switches.vision = False
    return desk.share(text, PICTURE)


def kills_its_process(desk: Counter, text: str) -> Message:
    """Each process that claims it dies."""
    question = desk.ask(text)
    for _ in range(MAX_ATTEMPTS):
        desk.claim().release()
    desk.run_to_the_end()
    return question


class Broken(Answerer):
    """Has a bug."""

    def _ask(self, run: Attempt, reply: Reply, ts: str) -> Fact:
        raise ZeroDivisionError(f"of {run.question.key}")


def bug(desk: Counter, text: str) -> Message:
    """Of ours."""
    question = desk.ask(text)
    while desk.spool.keys("ready"):
        job = desk.claim()
        desk.answerer(Broken).answer(job)
        job.release()
        desk.wait()
    return question


def cut(desk: Counter, text: str) -> Message:
    """The model has more to say than its limit allows."""
    desk.openai.switches.answer = "あ" * 9000
    desk.openai.switches.pieces = 10
    return desk.answered(text)


def restarted(desk: Counter, text: str) -> Message:
    """The machine went down while the asker looked at the placeholder, and came back an hour later."""
    question = desk.ask(text)
    for job in desk.spool.each_without("placeholder"):
        desk.answerer().post_placeholder(job)
    desk.claim().release()
    desk.ahead += 3601
    desk.run_to_the_end()
    return question


def asked_again_too_late(desk: Counter, text: str) -> Message:
    """Our reply still stands in Slack; the question was deleted there, and its job was swept here."""
    opening = desk.slack.say("U0ASKER02", "...")
    question = desk.ask(text, thread_ts=opening.ts)
    desk.run_to_the_end()
    desk.ahead += WEEK
    desk.spool.sweep()
    desk.slack.delete(question.channel, question.ts)
    (reply,) = desk.replies(question)
    assert 200 == desk.click(reply, "again")
    desk.run_to_the_end()
    return opening


_BY_ROW: dict[str, dict[str, Scenario]] = {
    "OpenAI stays busy or away": {
        "rate limited": always("rate limited", seconds=1),
        "rate limited for longer than we wait": always("rate limited", seconds=3600),
        "overloaded": always("overloaded"),
        "a 500": always("server error"),
        "a proxy's 502": always("broken"),
        "hung up": always("gone"),
        "refused connection": nobody_listens,
        "broken off twice": always("cut", after=1),
    },
    "no credit, a bad key, a model that is gone, a scope that is missing": {
        "no credit": always("no credit"),
        "no credit, in newer words": always("no credit", code="credit_balance_exhausted"),
        "bad key": always("bad key"),
        "model gone": model_gone,
        "scope missing": scope_missing,
    },
    "the answer was cut at its limit": {"cut at its limit": cut},
    "all of the limit went into thinking": {"nothing but thinking": always("empty")},
    "the model refuses, or a filter does": {
        "refused by the model": always("refusal"),
        "refused by a filter": always("filtered"),
        "refused by another's filter": always("filtered", code="content_filter"),
        "kept back by a filter": always("withheld"),
    },
    "the model will not have what was attached": {"an unseen picture": attachment},
    "the question does not fit the model": {"too long": too_long},
    "the question kills its process, again and again": {"a killer": kills_its_process},
    "a bug of ours": {"a bug": bug},
    "the machine was away for an hour": {"an hour's outage": restarted},
    "asked again when nothing is left of the question": {"asked again too late": asked_again_too_late},
}

SCENARIOS = {name: (row, produce) for row, produced in _BY_ROW.items() for name, produce in produced.items()}
"""By name: the row of the table, and how it comes about."""
