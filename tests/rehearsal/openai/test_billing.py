"""The practice OpenAI's books: what each request costs, told by the response or not, and when an answer is cut."""

from __future__ import annotations

import contextlib
import json
import math
import threading
from typing import Any

import httpx2
import openai
import pytest

from cocoai.rehearsal.openai.billing import BillState, PracticeBill, PracticeBooks
from cocoai.rehearsal.openai.openai_switches import ToldCost
from cocoai.rehearsal.openai.practice_answer import tokens_of
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI
from cocoai.rehearsal.openai.practice_prices import TokenUse, price
from tests.rehearsal.openai.asking import ENGLISH, PATIENCE, ask, streamed

REASONING = 64
"""The practice's reasoning tokens at the default effort."""
QUESTION: list[Any] = [{"role": "user", "content": ENGLISH}]


def bill_of(usage: Any, *, tier: str = "default", state: BillState = "whole") -> PracticeBill:
    """Return the bill that these tokens make with gpt-6-luna."""
    incoming, outgoing = usage.prompt_tokens_details, usage.completion_tokens_details
    use = TokenUse(
        usage.prompt_tokens,
        incoming.cached_tokens,
        incoming.cache_write_tokens,
        usage.completion_tokens,
        outgoing.reasoning_tokens,
    )
    amount = price("gpt-6-luna", tier, use)
    return PracticeBill(
        "gpt-6-luna", tier, use.plain, use.cached, use.written, use.output, use.reasoning, amount, state
    )


def test_newest_client_reads_the_usage(client: openai.OpenAI) -> None:
    """OpenAI's own client parses the cached and the written tokens; models before gpt-5.6 tell no written ones."""
    first = {"role": "user", "content": "word" * 2000}
    turns = [first, {"role": "assistant", "content": "Yes."}, {"role": "user", "content": "word" * 100}]
    told = [ask(client, messages=messages, prompt_cache_key="thread").usage for messages in ([first], turns)]
    details = [usage.prompt_tokens_details for usage in told if usage]
    older = ask(client, model="gpt-5.5").usage

    assert [(0, 2004), (2004, 109)] == [
        (each.cached_tokens, each.cache_write_tokens) for each in details if each is not None
    ]
    assert older is not None
    assert older.prompt_tokens_details is not None
    assert "cache_write_tokens" not in older.prompt_tokens_details.model_fields_set


def test_bill_of_a_whole_answer(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """Each answer is billed by its usage, in the four classes, and the total is the sum."""
    long = [{"role": "user", "content": "word" * 2000}]
    told = [ask(client, messages=messages).usage for messages in (QUESTION, long, long)]

    assert [bill_of(usage) for usage in told] == practice.bills
    assert practice.billed == sum(bill.nano_dollars for bill in practice.bills) > 0
    assert [0, 2004, 0] == [bill.written for bill in practice.bills]


def test_bill_of_a_stream(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """A stream is billed by the usage in its last chunk, which need not be requested."""
    *_, last = streamed(client, stream_options={"include_usage": True})
    list(streamed(client))

    assert [bill_of(last.usage)] * 2 == practice.bills


@pytest.mark.parametrize(
    ("requested", "project", "told", "billed"),
    [
        (None, "default", None, "default"),
        (None, "fast", None, "priority"),
        ("auto", "default", "default", "default"),
        ("auto", "fast", "priority", "priority"),
        ("default", "fast", "default", "default"),
        ("fast", "default", "priority", "priority"),
        ("priority", "default", "priority", "priority"),
        ("flex", "default", "flex", "flex"),
        ("scale", "default", "scale", "scale"),
    ],
)
def test_service_tier(
    practice: PracticeOpenAI, client: openai.OpenAI, requested: str | None, project: Any, told: str, billed: str
) -> None:
    """The tier that answered is billed, but told only if the request set one, on every chunk of a stream too."""
    practice.switches.project_tier = project
    more = {} if requested is None else {"service_tier": requested}
    completion = ask(client, **more)

    assert told == completion.service_tier
    assert {told} == {chunk.service_tier for chunk in streamed(client, **more)}
    assert [bill_of(completion.usage, tier=billed)] * 2 == practice.bills


def test_fast_costs_twice_as_much(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """A fast request costs twice as much, unless it is downgraded: then the response says `default`."""
    tiers = [ask(client, service_tier="default").service_tier, ask(client, service_tier="fast").service_tier]
    practice.switches.downgrades = True
    tiers.append(ask(client, service_tier="fast").service_tier)
    amounts = [bill.nano_dollars for bill in practice.bills]

    assert ["default", "priority", "default"] == tiers
    assert [amounts[0], 2 * amounts[0], amounts[0]] == amounts


@pytest.mark.parametrize(
    "kind", ["rate limited", "no credit", "bad key", "filtered", "server error", "overloaded", "broken", "gone"]
)
def test_refused_requests_cost_nothing(practice: PracticeOpenAI, client: openai.OpenAI, kind: Any) -> None:
    """What fails before the model runs is not billed."""
    practice.fail(kind)
    with pytest.raises(openai.APIError):
        ask(client)

    assert ([], 0) == (practice.bills, practice.billed)


@pytest.mark.parametrize("more", [{"max_tokens": 5}, {"model": "gpt-3"}, {"messages": []}])
def test_bad_requests_cost_nothing(practice: PracticeOpenAI, client: openai.OpenAI, more: dict[str, Any]) -> None:
    """A request that is not accepted is not billed, and a whole answer's 500 is not either."""
    practice.fail("error")
    for arguments in (more, {}):
        with pytest.raises(openai.APIStatusError):
            ask(client, **arguments)
        practice.clear_faults()
        practice.fail("error")

    assert [] == practice.bills


@pytest.mark.parametrize("kind", ["refusal", "withheld", "wordless", "empty"])
def test_answers_without_text_are_billed(practice: PracticeOpenAI, client: openai.OpenAI, kind: Any) -> None:
    """A refusal, a filtered or an empty answer is an answer, and is billed."""
    practice.fail(kind)

    assert [bill_of(ask(client).usage)] == practice.bills


@pytest.mark.parametrize("kind", ["error", "cut", "unfinished"])
def test_stream_that_ends_in_the_middle(practice: PracticeOpenAI, client: openai.OpenAI, kind: Any) -> None:
    """A fault in the middle bills the prompt, all of the reasoning, and the pieces that were generated."""
    practice.switches.piece_size = 5
    practice.fail(kind, after=2)
    with contextlib.suppress(openai.APIError, httpx2.RemoteProtocolError):
        list(streamed(client))
    (bill,) = practice.bills
    plain = tokens_of(ENGLISH) + 4

    assert ("cut", plain, REASONING + 3) == (bill.state, bill.plain, bill.output)
    assert price("gpt-6-luna", "default", TokenUse(plain, output=REASONING + 3)) == bill.nano_dollars == practice.billed


@pytest.mark.parametrize("kind", ["cut", "unfinished"])
def test_whole_answer_that_is_lost(practice: PracticeOpenAI, client: openai.OpenAI, kind: Any) -> None:
    """A whole answer was generated before its body is cut, and is billed whole."""
    practice.fail(kind)
    with pytest.raises((openai.APIError, ValueError)):
        ask(client)

    assert [bill_of(ask(client).usage)] * 2 == practice.bills


@pytest.mark.parametrize("gateway", [False, True])
def test_stream_that_the_client_closes(practice: PracticeOpenAI, client: openai.OpenAI, *, gateway: bool) -> None:
    """It is billed up to where the client left, by a gateway whole; until then it is on the books as it stands."""
    usage = ask(client).usage
    practice.switches.pieces, practice.switches.piece_delay = 2, 3600.0
    practice.switches.keep_alives, practice.switches.bills_whole = True, gateway
    with client.chat.completions.create(model="gpt-6-luna", messages=QUESTION, stream=True) as stream:
        pieces = (chunk.choices[0].delta.content or "" for chunk in stream)
        first = next(piece for piece in pieces if piece)
        running = practice.bills[1]
    practice.wait_for(lambda: practice.hung_up, PATIENCE)
    bill = practice.bills[1]

    assert usage is not None
    assert ("running", REASONING + tokens_of(first)) == (running.state, running.output)
    assert usage.completion_tokens > running.output
    assert bill.is_cut
    assert (usage.completion_tokens if gateway else running.output) == bill.output


def test_client_that_gives_up_in_a_silence(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """A request that ran is on the books although its client heard nothing of it."""
    practice.fail("silent")
    with pytest.raises(openai.APITimeoutError):
        list(streamed(client.with_options(timeout=0.2)))

    assert [("running", REASONING)] == [(bill.state, bill.output) for bill in practice.bills]


def test_cost_in_the_usage(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """With the switch the cost is in the usage, in USD, and on a stream without being asked for."""
    practice.switches.usage_cost = True
    whole = ask(client).usage
    *_, last = streamed(client)
    told = [(usage.model_extra or {})["cost"] for usage in (whole, last.usage) if usage]

    assert [bill.nano_dollars / 10**9 for bill in practice.bills] == told


def post(practice: PracticeOpenAI, http_client: httpx2.Client, **more: object) -> httpx2.Response:
    """Ask without OpenAI's client, and return the response."""
    body = {"model": "gpt-6-luna", "messages": QUESTION, **more}
    headers = {"Authorization": f"Bearer {API_KEY}"}
    return http_client.post(f"{practice.base_url}/chat/completions", json=body, headers=headers)


HEADER = "x-litellm-response-cost"


def test_cost_in_a_header(practice: PracticeOpenAI, http_client: httpx2.Client) -> None:
    """With the switch the cost is in a header, in USD; the headers of a stream leave before it is known."""
    assert HEADER not in post(practice, http_client).headers
    practice.switches.header_cost = True

    assert practice.bills[0].nano_dollars / 10**9 == float(post(practice, http_client).headers[HEADER])
    assert HEADER not in post(practice, http_client, stream=True).headers


@pytest.mark.parametrize("wrong", [-1, math.nan, "free", 0.0])
@pytest.mark.parametrize("stream", [False, True])
def test_wrong_costs(practice: PracticeOpenAI, http_client: httpx2.Client, wrong: ToldCost, *, stream: bool) -> None:
    """Any other value is told as it is; the books keep the true one."""
    practice.switches.usage_cost = practice.switches.header_cost = wrong
    response = post(practice, http_client, stream=stream)
    last = response.text.strip().split("\n\n")[-2].removeprefix("data: ") if stream else response.text

    assert (str(wrong), str(wrong)) == (str(json.loads(last)["usage"]["cost"]), response.headers[HEADER])
    assert practice.billed > 0


def test_books_of_several_threads() -> None:
    """No piece and no bill is lost when many requests run at once."""
    books = PracticeBooks(threading.Condition(threading.RLock()))

    def run() -> None:
        for _ in range(50):
            meter = books.open("gpt-6-luna", "default", TokenUse(100, output=1000, reasoning=10))
            for piece in ("word", "日本語", "wo", "rd"):
                meter.add(piece)
            meter.cut()
            meter.finish()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {("cut", 10 + 2 + 3)} == {(bill.state, bill.output) for bill in books.bills}
    assert 400 * price("gpt-6-luna", "default", TokenUse(100, output=15)) == books.billed
