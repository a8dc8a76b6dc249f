"""How to produce each failure that an asker can read of, with practice servers that fail as the real ones do."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer import Answerer, thread_file
from cocoai.answer.attempt import Attempt
from cocoai.answer.failures import MAX_ATTEMPTS
from cocoai.answer.options import ImageOptions
from cocoai.answer.reply import Reply
from cocoai.conversation import Persona
from cocoai.ledger.caps import Caps
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.money import NANO
from cocoai.ledger.months import Months
from cocoai.rehearsal.openai.openai_faults import FaultKind
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.api import thread_upload
from cocoai.spool.job import Fact
from cocoai.spool_command import expire_jobs
from tests.failures import table
from tests.failures.harness import QUESTIONS, LocalizedHarness
from tests.options import FixedPersonas
from tests.processes import free_port

Scenario = Callable[[LocalizedHarness, str], Message]
"""Asks a question with this text, has it fail, and returns the question."""

PICTURE = PracticeFile("plan.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
WEEK = 7 * 86_400.0
DECEMBER = Months({"2026-12": 0.0, "2027-01": 9e9})


def always(kind: FaultKind, **options: Any) -> Scenario:
    """Return the scenario in which every request to OpenAI meets this fault."""

    def produce(harness: LocalizedHarness, text: str) -> Message:
        harness.openai.fail(kind, times=None, **options)
        return harness.ask_and_run(text)

    return produce


def nobody_listens(harness: LocalizedHarness, text: str) -> Message:
    """Ask while nothing listens at OpenAI's address."""
    harness.openai.base_url = f"https://127.0.0.1:{free_port()}/v1"
    return harness.ask_and_run(text)


def model_gone(harness: LocalizedHarness, text: str) -> Message:
    """Ask with settings that name a model that was shut down."""
    harness.changes["personas"] = FixedPersonas(Persona("Be kind.", "gpt-3.5-turbo-0301"))
    return harness.ask_and_run(text)


def scope_missing(harness: LocalizedHarness, text: str) -> Message:
    """Ask in a thread that the app may write to, but not read."""
    harness.slack.switches.scopes = SCOPES - {"channels:history"}
    opening = harness.slack.say("U0ASKER02", "...")
    harness.ask(text, thread_ts=opening.ts)
    harness.run_to_the_end()
    return opening


def too_long(harness: LocalizedHarness, text: str) -> Message:
    """Ask a model whose context is too small for the question alone."""
    harness.openai.switches.context_tokens = 10
    return harness.ask_and_run(text)


def attachment(harness: LocalizedHarness, text: str) -> Message:
    """Ask about a picture a model that takes no pictures."""
    harness.openai.switches.vision = False
    return harness.share_and_run(text, PICTURE)


def kills_its_process(harness: LocalizedHarness, text: str) -> Message:
    """Ask a question after which each process that claims it dies."""
    question = harness.ask(text)
    for _ in range(MAX_ATTEMPTS):
        harness.claim().release()
    harness.run_to_the_end()
    return question


class Broken(Answerer):
    """An Answerer with a bug."""

    def _ask(self, run: Attempt, reply: Reply, ts: str) -> Fact:
        raise ZeroDivisionError(f"of {run.question.key}")


def bug(harness: LocalizedHarness, text: str) -> Message:
    """Ask while the Answerer has a bug."""
    question = harness.ask(text)
    while harness.spool.keys("ready"):
        job = harness.claim()
        harness.answerer(Broken).answer(job)
        job.release()
        harness.wait()
    return question


def cut(harness: LocalizedHarness, text: str) -> Message:
    """Ask a model that has more to write than its limit allows."""
    harness.openai.switches.answer = "あ" * 9000
    harness.openai.switches.pieces = 10
    return harness.ask_and_run(text)


def restarted(harness: LocalizedHarness, text: str) -> Message:
    """Ask, post the placeholder, and let the machine go down for an hour before the answer."""
    question = harness.ask(text)
    for job in harness.spool.each_without("placeholder"):
        harness.answerer().post_placeholder(job)
    harness.claim().release()
    harness.ahead += 3601
    harness.run_to_the_end()
    return question


def given_up_by_operator(harness: LocalizedHarness, text: str) -> Message:
    """Ask a question that nobody claims for two hours, and give it up then."""
    question = harness.ask(text)
    harness.ahead += 7200
    assert [f"expired {question.channel}-{question.ts}-{question.ts}"] == list(
        expire_jobs(harness.spool, 3600, harness.clock)
    )[:-1]
    harness.run_to_the_end()
    return question


def asked_again_too_late(harness: LocalizedHarness, text: str) -> Message:
    """Click *again* under a reply whose question was deleted in Slack, and whose job was swept here."""
    opening = harness.slack.say("U0ASKER02", "...")
    question = harness.ask(text, thread_ts=opening.ts)
    harness.run_to_the_end()
    harness.ahead += WEEK
    harness.spool.sweep()
    harness.slack.delete(question.channel, question.ts)
    (reply,) = harness.replies(question)
    assert 200 == harness.click(reply, "again")
    harness.run_to_the_end()
    return opening


def gone_on_too_late(harness: LocalizedHarness, text: str) -> Message:
    """Click *Go on* under an answer that was cut, and that is deleted in Slack before the click is done."""
    question = cut(harness, text)
    replies = harness.replies(question)
    assert 200 == harness.click(replies[-1], "continue")
    for reply in replies:
        harness.slack.delete(reply.channel, reply.ts)
    harness.run_to_the_end()
    return question


def capped(**caps: int) -> Scenario:
    """Return the scenario in which one of the caps on what may be spent is too low; it is January 2027 next."""

    def produce(harness: LocalizedHarness, text: str) -> Message:
        ledger = Ledger(harness.books.ledger.store, Caps(**{"team": NANO} | caps), DECEMBER, clock=harness.clock)
        harness.books = replace(harness.books, ledger=ledger)
        return harness.ask_and_run(text)

    return produce


def broken_ledger(harness: LocalizedHarness, text: str) -> Message:
    """Ask while the ledger is no database."""
    store = harness.books.ledger.store
    assert isinstance(store, SqliteStore)
    Path(store.path).write_bytes(b"no database, but a text that is longer than its head" * 99)
    return harness.ask_and_run(text)


IMAGES = ImageOptions("gpt-image-2.6-flare", "1536x1024", "medium", "jpeg", per_person_a_day=1)
ORDERS = {QUESTIONS["ja"]: ("猫の絵を描いて", "描き直して: 夜に"), QUESTIONS["en"]: ("draw a cat", "redraw: at night")}
"""By a question: an order of a picture in its language, and one to draw anew."""


def drawn(fault: FaultKind) -> Scenario:
    """Return the scenario in which a picture that is asked for meets this fault."""

    def produce(harness: LocalizedHarness, text: str) -> Message:
        harness.changes["images"] = IMAGES
        harness.openai.fail_picture(fault)
        return harness.ask_and_run(ORDERS[text][0])

    return produce


def nothing_to_draw_anew(harness: LocalizedHarness, text: str) -> Message:
    """Ask for a picture to be drawn anew where there is none."""
    harness.changes["images"] = IMAGES
    return harness.ask_and_run(ORDERS[text][1])


def one_picture_too_many(harness: LocalizedHarness, text: str) -> Message:
    """Ask for a second picture where one a day is allowed."""
    harness.slack.switches.share_delay = 0.0
    harness.changes["images"] = IMAGES
    harness.ask_and_run(ORDERS[text][0])
    return harness.ask_and_run(ORDERS[text][0])


def never_shown(harness: LocalizedHarness, text: str) -> Message:
    """Ask for a picture that Slack takes, but never shows; five seconds are over at each look."""
    harness.slack.switches.share_delay = None
    harness.changes["images"] = IMAGES
    with pytest.MonkeyPatch.context() as patched:
        clock = itertools.count(step=5).__next__
        patched.setattr(thread_file, "bring_file", partial(thread_upload.bring_file, clock=clock))
        return harness.ask_and_run(ORDERS[text][0])


_BY_ROW: dict[str, dict[str, Scenario]] = {
    table.BUSY: {
        "rate limited": always("rate limited", seconds=1),
        "rate limited for longer than we wait": always("rate limited", seconds=3600),
        "overloaded": always("overloaded"),
        "a 500": always("server error"),
        "a proxy's 502": always("broken"),
        "hung up": always("gone"),
        "refused connection": nobody_listens,
        "broken off twice": always("cut", after=1),
    },
    table.OPERATOR: {
        "no credit": always("no credit"),
        "no credit, in newer words": always("no credit", code="credit_balance_exhausted"),
        "bad key": always("bad key"),
        "model gone": model_gone,
        "scope missing": scope_missing,
        "a broken ledger": broken_ledger,
    },
    table.CUT: {"cut at its limit": cut},
    table.FILTERED: {"filtered in the middle": always("withheld", after=2)},
    table.UNFINISHED: {"without a reason": always("unexplained")},
    table.NOTHING: {"without a word": always("wordless")},
    table.UNTOLD: {"unfinished twice": always("unfinished", after=1)},
    table.EMPTY: {"nothing but thinking": always("empty")},
    table.REFUSED: {
        "refused by the model": always("refusal"),
        "refused by a filter": always("filtered"),
        "refused by another's filter": always("filtered", code="content_filter"),
        "kept back by a filter": always("withheld"),
    },
    table.ATTACHMENT: {"an unseen picture": attachment},
    table.TOO_LONG: {"too long": too_long},
    table.ATTEMPTS: {"a killer": kills_its_process},
    table.BUG: {"a bug": bug},
    table.EXPIRED: {"given up by an operator": given_up_by_operator},
    table.LATE: {"an hour's outage": restarted},
    table.BUDGET_TEAM: {"over the team's budget": capped(team=1)},
    table.BUDGET_PERSON: {"over the asker's share": capped(person=1)},
    table.BUDGET_CHANNEL: {"over the channel's share": capped(channel=1)},
    table.BUDGET_OFF: {"a budget of 0": capped(team=0)},
    table.AGAIN_GONE: {"asked again too late": asked_again_too_late},
    table.CONTINUE_GONE: {"gone on too late": gone_on_too_late},
    table.PICTURE_REFUSED: {"a picture that moderation blocks": drawn("moderated")},
    table.PICTURE_NONE: {"no picture to draw anew": nothing_to_draw_anew},
    table.PICTURE_BROKEN: {"a picture that is none": drawn("not a picture")},
    table.PICTURES_TODAY: {"one picture too many": one_picture_too_many},
    table.NOT_SHARED: {"a picture that is never shown": never_shown},
}

SCENARIOS = {name: (row, produce) for row, produced in _BY_ROW.items() for name, produce in produced.items()}
"""By name: the failure in table.TEXTS, and how it is produced."""
