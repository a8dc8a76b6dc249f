"""Each request to the model is held in the ledger before it leaves, and settled once by what it has cost.

What the practice OpenAI bills, by its own books, is what the ledger has.
"""

from __future__ import annotations

import ast
import math
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer.dead_holds import settle_dead_holds
from cocoai.ledger.caps import HELD_DELAY
from cocoai.ledger.charge import Bill, PaidCall
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.money import NANO
from cocoai.ledger.prices import PriceTable
from cocoai.ledger.store import LedgerBroken
from cocoai.ledger.tariff import Tariff
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.spool.job import Fact, Job
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH
from tests.answer_harness import AnswerHarness
from tests.charges import charges, told_how

PRODUCT = Path(__file__).parent.parent / "cocoai"


def skip(seconds: float) -> None:
    """Return at once, in place of `time.sleep`."""


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[AnswerHarness]:
    """Yield an answerer with a ledger, which does not wait for what a killed process may have sent."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        made = AnswerHarness(tmp_path, certificates, slack, openai)
        made.sleep = skip
        yield made


def run_to_the_end(harness: AnswerHarness) -> None:
    """Run attempts until no job is left."""
    while harness.spool.keys("ready"):
        harness.run()
        harness.wait()


def sweep(harness: AnswerHarness) -> None:
    """Settle the dead holds, as each hour."""
    settle_dead_holds(harness.spool, harness.books)


def billed(harness: AnswerHarness) -> list[int]:
    """Return what the practice OpenAI has billed for each request, in nano-dollars."""
    return [bill.nano_dollars for bill in harness.openai.bills]


# how a call is settled


def test_an_answer_costs_what_the_server_bills(harness: AnswerHarness) -> None:
    """All classes of its tokens are kept, with the model and the tier that answered."""
    harness.ask("a question " * 600)  # more than 1,024 tokens, so that it is written into the cache
    run_to_the_end(harness)

    (charge,), (bill,) = charges(harness.books), harness.openai.bills
    assert (bill.nano_dollars, "priced") == (charge.spent, charge.how)
    assert (bill.cached, bill.written, bill.output, bill.reasoning) == (
        charge.cached,
        charge.written,
        charge.output,
        charge.reasoning,
    )
    assert ("gpt-6-luna", "default", "C0PRACTICE", "U0ASKER01") == (
        charge.model,
        charge.tier,
        charge.channel,
        charge.person,
    )
    assert bill.written > 0
    assert (charge.spent or 0) < charge.held


def test_the_next_question_of_a_thread_reads_what_the_first_has_written(harness: AnswerHarness) -> None:
    """The requests name the thread as their key in the cache."""
    first = harness.ask("a question " * 600)
    run_to_the_end(harness)
    harness.ask("and more?", thread_ts=first.ts)
    run_to_the_end(harness)

    keys = {request.body["prompt_cache_key"] for request in harness.openai.requests}
    assert 1 == len(keys)
    assert charges(harness.books)[1].cached
    assert billed(harness) == [charge.spent for charge in charges(harness.books)]


def test_the_project_s_dearer_tier_does_not_count(harness: AnswerHarness) -> None:
    """Each request names the default tier."""
    harness.openai.switches.project_tier = "fast"
    harness.ask()
    run_to_the_end(harness)

    assert ["default"] == [bill.tier for bill in harness.openai.bills]
    assert billed(harness) == [charge.spent for charge in charges(harness.books)]


def test_a_price_that_changes_meanwhile_does_not_count(harness: AnswerHarness) -> None:
    """A call is billed by the price by which it was held: what is dearer from midnight on cannot pass its hold."""
    entry = {"in": "0.10", "cached": "0.01", "written": "0.125", "out": "0.50", "source": "this test"}
    midnight = time.strftime("%Y-%m-%d", time.gmtime(harness.clock() + 86_400))
    entries = [{**entry, "from": "2026-01-01"}, {**entry, "in": "9", "out": "9", "from": midnight}]
    table = PriceTable({"checked": "2026-12-01", "models": {"gpt-6-luna": entries}, "units": {}})
    harness.books = replace(harness.books, tariff=Tariff(table, "https://api.openai.com/v1"))

    def answer_after_midnight(_: str) -> str:
        harness.ahead += 86_400
        return "Because of the tea."

    harness.openai.switches.answer = answer_after_midnight
    harness.ask()
    run_to_the_end(harness)

    (charge,) = charges(harness.books)
    assert (billed(harness), "priced") == ([charge.spent], charge.how)


def test_refused_requests_cost_nothing(harness: AnswerHarness) -> None:
    """Each has a charge of its own, which is settled at 0."""
    harness.openai.switches.refuses = frozenset({"store"})
    harness.openai.fail("rate limited", times=2, seconds=1)
    harness.ask()
    run_to_the_end(harness)

    found = charges(harness.books)
    assert ["refused", "refused", "refused", "priced"] == [charge.how for charge in found]
    assert [0, 0, 0, *billed(harness)] == [charge.spent for charge in found]
    assert [1, 2, 3, 4] == [charge.call for charge in found]


def test_an_answer_that_is_cut_is_estimated(harness: AnswerHarness) -> None:
    """It is booked at no less than it was billed, and at no more than its hold."""
    harness.openai.fail("cut", times=1, after=2)
    harness.ask("how are you? " * 20)
    run_to_the_end(harness)

    cut, whole = charges(harness.books)
    assert ("estimated", "priced") == (cut.how, whole.how)
    assert billed(harness)[0] <= (cut.spent or 0) <= cut.held
    assert billed(harness)[1] == whole.spent


def test_a_request_without_a_response_counts_as_lost(harness: AnswerHarness) -> None:
    """Nobody knows whether the model has run."""
    harness.openai.fail("gone", times=1)
    harness.ask()
    run_to_the_end(harness)

    lost, _ = charges(harness.books)
    assert ("lost", lost.held) == (lost.how, lost.spent)


def test_a_stopped_answer_is_estimated(harness: AnswerHarness) -> None:
    """What was read of it counts, and the model's most reasoning of late."""
    harness.ask()
    run_to_the_end(harness)
    harness.openai.switches.answer = "あ" * 400
    harness.openai.switches.piece_delay = 0.05
    question = harness.ask("and now?")
    stopping = harness.answerer()
    job = harness.claim()
    harness.spool.request_stop(job.key, question.user)
    stopping._stops.is_stopped = lambda *_, **__: bool(harness.openai.bills[1:])  # type: ignore[method-assign]
    stopping.answer(job)
    job.release()
    harness.close_connections()

    stopped = charges(harness.books)[-1]
    assert "estimated" == stopped.how
    assert (stopped.spent or 0) <= stopped.held


@pytest.mark.parametrize(("told", "how"), [(True, "told"), (-1, "priced"), (math.nan, "priced"), ("free", "priced")])
def test_what_the_server_says_counts_if_it_is_an_amount(harness: AnswerHarness, told: Any, how: str) -> None:
    """Gateways tell their own price, and some tell nonsense."""
    harness.openai.switches.usage_cost = told
    harness.ask()
    run_to_the_end(harness)

    (charge,) = charges(harness.books)
    assert (how, billed(harness)[0]) == (charge.how, charge.spent)


def test_the_header_of_a_whole_answer_tells_its_cost(harness: AnswerHarness) -> None:
    """LiteLLM has no other place for it; on a stream it leaves too early."""
    harness.openai.switches.header_cost = True
    harness.openai.switches.ignores_stream = True
    harness.ask()
    run_to_the_end(harness)

    assert ["told"] == told_how(harness.books)
    assert billed(harness) == [charge.spent for charge in charges(harness.books)]


# crashes


def kill_after(harness: AnswerHarness, fact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run one attempt, and end it as a kill does, right after it has recorded `fact`."""
    with monkeypatch.context() as patched:
        patched.setattr(Job, "record", _killing(fact))
        with suppress(KilledError):
            harness.answerer().answer(job := harness.claim())
        job.release()
    harness.close_connections()


class KilledError(BaseException):
    """The process is gone."""


def _killing(name: str) -> Any:
    record = Job.record

    def record_and_die(job: Job, fact: str, **values: Any) -> None:
        record(job, fact, **values)
        if fact == name:
            raise KilledError

    return record_and_die


def test_a_kill_behind_the_request_is_lost_and_the_next_attempt_has_its_own_hold(
    harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request may be billed; whoever claims the job next settles it before he holds anew."""
    harness.ask()
    kill_after(harness, "asked", monkeypatch)
    before = told_how(harness.books)
    run_to_the_end(harness)

    assert [None] == before
    assert ["lost", "priced"] == told_how(harness.books)


def test_a_kill_behind_the_answer_is_settled_by_its_bill(
    harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is delivered without another request."""
    harness.ask()
    kill_after(harness, "answer", monkeypatch)
    before = told_how(harness.books)
    run_to_the_end(harness)

    assert [None] == before
    assert ["priced"] == told_how(harness.books)
    assert billed(harness) == [charge.spent for charge in charges(harness.books)]


def test_a_hold_without_its_request_costs_nothing(harness: AnswerHarness) -> None:
    """The process died between the hold and the fact that the request was about to leave."""
    harness.ask()
    (key,) = harness.spool.keys("ready")
    job = harness.claim()
    harness.books.ledger.hold(harness_call(harness, key))
    job.release()
    run_to_the_end(harness)

    assert ["refused", "priced"] == told_how(harness.books)


def harness_call(harness: AnswerHarness, key: Key) -> Any:
    """Return a call for this job, as its process makes it."""
    from cocoai.ledger.charge import PaidCall, Payer

    return PaidCall(str(key), 1, Payer("T0", key.channel, "U0ASKER01"), "chat", "gpt-6-luna", NANO, "")


def test_a_request_that_cannot_be_recorded_is_not_sent_and_costs_nothing(harness: AnswerHarness) -> None:
    """A full disk: its hold is given back at once."""
    harness.disk.refuses = b'"asked"'
    harness.ask()
    harness.run()

    assert ["refused"] == told_how(harness.books)
    assert [] == harness.openai.requests


class Unwritable(Ledger):
    """A ledger that cannot be written when a call is to be settled."""

    def settle(self, key: str, call: int, bill: Bill) -> None:
        raise LedgerBroken("disk full")


def test_a_settling_that_fails_changes_nothing_for_the_asker_and_is_done_by_the_sweep(
    harness: AnswerHarness,
) -> None:
    """The bill stands in the job's facts."""
    whole = harness.books
    ledger = Unwritable(whole.ledger.store, whole.ledger.caps, whole.ledger.months)
    harness.books = replace(whole, ledger=ledger)
    question = harness.ask()
    harness.run()
    harness.books = whole
    before = told_how(whole)
    sweep(harness)

    assert "answer" == harness.reply(question)[0]
    assert ([None], ["priced"]) == (before, told_how(whole))
    assert billed(harness) == [charge.spent for charge in charges(whole)]


class FullLedger(Ledger):
    """A ledger without room, or, unless it `may_pass`, one that is no ledger."""

    may_pass = True

    def hold(self, call: PaidCall) -> int:
        raise LedgerBroken("refused", may_pass=self.may_pass)


def test_a_ledger_without_room_is_waited_for(harness: AnswerHarness) -> None:
    """The placeholder stands and nothing is sent; with room again the question is answered, without a lost attempt."""
    question = harness.ask()
    books = harness.books
    harness.books = replace(books, ledger=FullLedger(books.ledger.store, books.ledger.caps, books.ledger.months))
    for _ in range(7):
        harness.run()
        harness.ahead += HELD_DELAY
    meanwhile = (harness.reply(question), list(harness.openai.requests))
    harness.books = books
    run_to_the_end(harness)

    assert (("placeholder", ENGLISH.placeholder), []) == meanwhile
    assert "answer" == harness.reply(question)[0]


@pytest.mark.parametrize(("may_pass", "tries"), [(True, 3), (False, 1)])
def test_a_ledger_that_stays_broken_is_the_operator_s(harness: AnswerHarness, may_pass: bool, tries: int) -> None:
    """The asker is told: at once if it is no ledger, or when it has had no room for MOST_HELD."""
    question = harness.ask()
    ledger = harness.books.ledger
    full = FullLedger(ledger.store, ledger.caps, ledger.months)
    full.may_pass = may_pass
    harness.books = replace(harness.books, ledger=full)
    run_to_the_end(harness)

    assert ("error", ENGLISH.sorry["operator"]) == harness.reply(question)
    assert [] == list(harness.openai.requests)
    assert tries == len(harness.facts("failed", "attempt"))


def test_the_sweep_leaves_the_hold_of_a_living_process(harness: AnswerHarness) -> None:
    """Its job is locked; the clock says nothing."""
    harness.ask()
    (key,) = harness.spool.keys("ready")
    job = harness.claim()
    harness.books.ledger.hold(harness_call(harness, key))
    harness.ahead += 7 * 86400
    sweep(harness)
    while_alive = told_how(harness.books)
    job.record("asked", n=1, call=1)
    job.release()
    sweep(harness)

    assert ([None], ["lost"]) == (while_alive, told_how(harness.books))


def test_the_hold_of_a_job_that_is_gone_is_lost(harness: AnswerHarness) -> None:
    """Nobody knows anything of it any more."""
    harness.books.ledger.hold(harness_call(harness, Key.parse("C1-1.0-1.0")))
    sweep(harness)

    assert [("lost", NANO)] == [(charge.how, charge.spent) for charge in charges(harness.books)]


# the one door


def test_no_request_leaves_without_a_hold(harness: AnswerHarness) -> None:
    """Whatever happens to it: the practice OpenAI counts as many requests as the ledger has charges."""
    harness.openai.switches.refuses = frozenset({"store", "reasoning_effort"})
    for fault in ("rate limited", "server error", "broken", "gone", "cut", "error", "unfinished", "refusal", "empty"):
        harness.openai.fail(fault, times=1, seconds=1, after=1)
        harness.ask(f"with {fault}?")
        run_to_the_end(harness)
    sweep(harness)

    assert len(harness.openai.requests) == len(charges(harness.books))
    assert None not in told_how(harness.books)
    assert sum(billed(harness)) <= sum(charge.spent or 0 for charge in charges(harness.books))


@pytest.mark.pure
@pytest.mark.thorough
def test_the_model_is_asked_with_a_recorder_only() -> None:
    """In the product no call of ChatGPTChat.reply does without one; others post with one, too."""
    calls = [
        (path.relative_to(PRODUCT).as_posix(), {keyword.arg for keyword in node.keywords})
        for path in PRODUCT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "reply"
        if "chatgpt" in ast.unparse(node.func.value)
    ]
    posts, by_base = files_with("post_streamed("), files_with("(OneResponseApi)")

    callers = ["answer/model_call.py", "answer/picture_words.py", "answer/search_words.py"]
    assert callers == sorted(path for path, _ in calls)
    assert all("recorder" in names for _, names in calls)
    assert {"chatgpt/chat.py", "chatgpt/one_response.py"} == posts
    assert {"chatgpt/pictures.py", "chatgpt/transcription.py"} == by_base
    assert by_base == files_with("self._recorded(lambda: self._exchange(")


def files_with(code: str) -> set[str]:
    """Return the product's files in which this code stands, the HTTP client's left out."""
    files = {path.relative_to(PRODUCT).as_posix(): path.read_text("utf-8") for path in PRODUCT.rglob("*.py")}
    return {name for name, text in files.items() if code in text and not name.startswith("engine/client/")}


def facts_of(harness: AnswerHarness, name: str) -> list[Fact]:
    """Return the facts of this name of the only job."""
    return harness.facts("done", name)


def test_the_answer_s_fact_has_its_call_and_its_bill(harness: AnswerHarness) -> None:
    """By them whoever finds the job can settle the call."""
    harness.ask()
    run_to_the_end(harness)

    (asked,), (answer,) = facts_of(harness, "asked"), facts_of(harness, "answer")
    assert asked["call"] == answer["call"] == 1
    assert charges(harness.books)[0].spent == Bill.from_fact(answer["bill"]).spent
