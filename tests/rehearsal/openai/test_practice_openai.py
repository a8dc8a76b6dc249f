"""The practice OpenAI, judged by OpenAI's own client over TLS: it answers, and it refuses, as the real one does."""

from __future__ import annotations

import base64
import json
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.message_content import ReceivedAttachment
from cocoai.rehearsal.openai.models import SHUTDOWN
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.practice_answer import first_tokens, practice_answer, split, tokens_of
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI

PATIENCE = 30
JAPANESE = "富士山の高さは？"
ENGLISH = "How high is Mount Fuji?"


@pytest.fixture(scope="module")
def http_client(certificates: Certificates) -> Iterator[httpx2.Client]:
    context = ssl.create_default_context(cafile=certificates.ca_file)
    with httpx2.Client(verify=context, trust_env=False, timeout=PATIENCE) as http_client:
        yield http_client


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeOpenAI]:
    with PracticeOpenAI(certificates) as practice:
        yield practice


@pytest.fixture
def client(practice: PracticeOpenAI, http_client: httpx2.Client) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=practice.base_url, api_key=API_KEY, http_client=http_client, max_retries=0, timeout=PATIENCE
    )


def ask(client: openai.OpenAI, question: str = ENGLISH, **more: Any) -> ChatCompletion:
    given: dict[str, Any] = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": question}], **more}
    completion = client.chat.completions.create(**given)
    assert isinstance(completion, ChatCompletion)
    return completion


def ask_for_stream(client: openai.OpenAI, question: str = ENGLISH, **more: Any) -> Iterator[ChatCompletionChunk]:
    messages: list[Any] = [{"role": "user", "content": question}]
    yield from client.chat.completions.create(model="gpt-6-luna", messages=messages, stream=True, **more)


def text_of(chunks: Iterator[ChatCompletionChunk]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_a_whole_answer_repeats_the_question_and_counts_the_turns(client: openai.OpenAI) -> None:
    """It shows a list, a table and code, and says how many turns it saw, the instructions aside."""
    turns = [("system", "Be kind."), ("user", "Hello."), ("assistant", "Hello!"), ("user", ENGLISH)]
    completion = ask(client, messages=[{"role": role, "content": text} for role, text in turns])
    said = completion.choices[0].message.content or ""

    assert "stop" == completion.choices[0].finish_reason
    assert all(part in said for part in (f"> {ENGLISH}", "3 turns", "\n- ", "| --- |", "```python"))


def test_it_answers_in_the_language_of_the_question(client: openai.OpenAI) -> None:
    """A Japanese question has a Japanese answer, with the same things to look at."""
    said = ask(client, JAPANESE).choices[0].message.content or ""

    assert all(part in said for part in (f"> {JAPANESE}", "1件の発言", "\n- ", "| --- |", "```python"))


def test_the_same_question_has_the_same_answer(client: openai.OpenAI) -> None:
    """Nothing in an answer is left to chance, its usage included."""
    first, second = ask(client), ask(client)

    assert (first.choices, first.usage) == (second.choices, second.usage)


def test_a_stream_holds_what_the_whole_answer_holds(client: openai.OpenAI) -> None:
    """The pieces, joined, are the answer; the first chunk names the role, the last the reason."""
    whole = ask(client)
    chunks = list(ask_for_stream(client))

    assert text_of(iter(chunks)) == whole.choices[0].message.content
    assert ("assistant", "stop") == (chunks[0].choices[0].delta.role, chunks[-1].choices[0].finish_reason)
    assert [chunk.usage for chunk in chunks] == [None] * len(chunks)


def test_streamed_usage_comes_last_and_only_when_asked_for(client: openai.OpenAI) -> None:
    """One more chunk, without choices; every other says `usage: null`."""
    *chunks, last = ask_for_stream(client, stream_options={"include_usage": True})

    assert (last.choices, last.usage) == ([], ask(client).usage)
    assert all("usage" in chunk.model_fields_set and chunk.usage is None for chunk in chunks)


def test_usage_adds_up(client: openai.OpenAI) -> None:
    """The thinking is part of the completion's tokens, and the total is the sum."""
    usage = ask(client, reasoning_effort="low").usage
    assert usage is not None
    assert usage.completion_tokens_details is not None

    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.completion_tokens > (usage.completion_tokens_details.reasoning_tokens or 0) > 0


def test_the_limit_holds(client: openai.OpenAI) -> None:
    """An answer that is too long for its allowance is cut, and says so."""
    completion = ask(client, max_completion_tokens=60, reasoning_effort="none")

    assert "length" == completion.choices[0].finish_reason
    assert completion.usage is not None
    assert completion.usage.completion_tokens <= 60


def test_the_models_and_their_last_days(client: openai.OpenAI) -> None:
    """GET /v1/models and /v1/models/{id}: a shutdown date where one was announced."""
    listed = {model.id: model.shutdown_date for model in client.models.list()}

    assert SHUTDOWN == listed
    assert "2026-12-11" == client.models.retrieve("gpt-5-mini").shutdown_date
    assert client.models.retrieve("gpt-6-luna").shutdown_date is None


def ask_old(**more: Any) -> Callable[[openai.OpenAI], object]:
    return lambda client: ask(client, model="gpt-4o-mini", **more)


def ask_new(**more: Any) -> Callable[[openai.OpenAI], object]:
    return lambda client: ask(client, **more)


@pytest.mark.parametrize(
    ("act", "param", "code"),
    [
        (ask_new(max_tokens=100), "max_tokens", "unsupported_parameter"),
        (ask_new(temperature=0.5), "temperature", "unsupported_value"),
        (ask_new(top_p=0.5), "top_p", "unsupported_value"),
        (ask_new(stop=["."]), "stop", "unsupported_parameter"),
        (ask_new(model="gpt-6-astra", reasoning_effort="none"), "reasoning_effort", "unsupported_value"),
        (ask_old(reasoning_effort="low"), None, None),
        (ask_new(extra_body={"colour": "blue"}), "colour", "unknown_parameter"),
        (ask_new(messages=[]), "messages", "empty_array"),
        (ask_new(messages=None, extra_body={"messages": None}), "messages", "missing_required_parameter"),
        (ask_new(messages=[{"role": "oracle", "content": "?"}]), "messages[0].role", "invalid_value"),
        (ask_new(messages=[{"role": "user", "content": 7}]), "messages[0].content", "invalid_type"),
        (ask_new(messages=[{"role": "user", "content": "x" * 600_000}]), "messages", "context_length_exceeded"),
        (ask_new(stream_options={"include_usage": True}), "stream_options", None),
        (ask_new(max_completion_tokens=0), "max_completion_tokens", "integer_below_min_value"),
        (ask_new(model=""), None, None),
    ],
)
def test_a_bad_request_is_refused_with_its_reason(
    client: openai.OpenAI, act: Callable[[openai.OpenAI], object], param: str | None, code: str | None
) -> None:
    """HTTP 400, and OpenAI's error object with the parameter and the code that name the trouble."""
    with pytest.raises(openai.BadRequestError) as refused:
        act(client)

    assert (param, code) == (refused.value.param, refused.value.code)
    assert "invalid_request_error" == refused.value.type


@pytest.mark.parametrize(
    "act",
    [
        ask_old(max_tokens=2000, temperature=0.5, stop=["###"]),
        ask_new(temperature=1),
        ask_new(temperature=0.5, reasoning_effort="none"),
        ask_new(store=False, max_completion_tokens=2000, reasoning_effort="low"),
        ask_new(messages=[{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Hello."}]),
        ask_new(messages=[{"role": "user", "content": [{"type": "text", "text": "Hello."}]}]),
    ],
)
def test_what_a_model_takes_is_taken(client: openai.OpenAI, act: Callable[[openai.OpenAI], object]) -> None:
    """Older models take the older parameters; each takes what the documentation says."""
    act(client)


def test_json_that_is_none_is_refused(practice: PracticeOpenAI, http_client: httpx2.Client) -> None:
    """HTTP 400 without a code, as OpenAI answers it; and the record shows a body that is None."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    refused = http_client.post(f"{practice.base_url}/chat/completions", content=b"{", headers=headers)

    assert (400, None) == (refused.status_code, refused.json()["error"]["code"])
    assert practice.requests[0].body is None


def test_a_wrong_key_is_refused(practice: PracticeOpenAI, http_client: httpx2.Client) -> None:
    """HTTP 401 invalid_api_key; no key at all is 401 too."""
    client = openai.OpenAI(base_url=practice.base_url, api_key="sk-other", http_client=http_client, max_retries=0)
    with pytest.raises(openai.AuthenticationError) as refused:
        client.models.list()

    assert "invalid_api_key" == refused.value.code
    assert 401 == http_client.get(f"{practice.base_url}/models").status_code


@pytest.mark.parametrize(
    "act", [ask_new(model="gpt-3.5-turbo"), lambda client: client.models.retrieve("gpt-3.5-turbo")]
)
def test_a_model_that_is_gone_is_not_found(client: openai.OpenAI, act: Callable[[openai.OpenAI], object]) -> None:
    """HTTP 404 model_not_found, as for one that never was."""
    with pytest.raises(openai.NotFoundError) as refused:
        act(client)

    assert "model_not_found" == refused.value.code


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/images", "POST", 404), ("/chat/completions", "GET", 405), ("/models/none", "GET", 404)],
)
def test_unknown_paths_and_methods_are_refused(
    practice: PracticeOpenAI, http_client: httpx2.Client, path: str, method: str, status: int
) -> None:
    """With an error object, as everywhere."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    refused = http_client.request(method, f"{practice.base_url}{path}", headers=headers)

    assert (status, "invalid_request_error") == (refused.status_code, refused.json()["error"]["type"])


def test_the_rate_limit_says_when_to_come_again(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """429 rate_limit_exceeded with Retry-After, as often as ordered, and then an answer."""
    practice.fail("rate limited", times=2, seconds=7)
    for _ in range(2):
        with pytest.raises(openai.RateLimitError) as refused:
            ask(client)

        assert ("rate_limit_exceeded", "requests") == (refused.value.code, refused.value.type)
        assert "7" == refused.value.response.headers["retry-after"]
    assert ask(client).choices


@pytest.mark.parametrize("code", ["insufficient_quota", "credit_balance_exhausted"])
def test_without_credit_no_waiting_helps(practice: PracticeOpenAI, client: openai.OpenAI, code: str) -> None:
    """The other 429: type insufficient_quota, and no Retry-After; ordered for good, until it is mended."""
    practice.fail("no credit", times=None, code=code)
    for _ in range(2):
        with pytest.raises(openai.RateLimitError) as refused:
            ask(client)

        assert (code, "insufficient_quota") == (refused.value.code, refused.value.type)
        assert "retry-after" not in refused.value.response.headers
    practice.clear_faults()
    assert ask(client).choices


@pytest.mark.parametrize(
    ("kind", "code", "error"),
    [
        ("bad key", "invalid_api_key", openai.AuthenticationError),
        ("filtered", "content_policy_violation", openai.BadRequestError),
    ],
)
def test_a_key_and_a_question_may_be_turned_away(
    practice: PracticeOpenAI, client: openai.OpenAI, kind: Any, code: str, error: type[openai.APIStatusError]
) -> None:
    """A key that was good until now; a question that a filter will not have."""
    practice.fail(kind)
    with pytest.raises(error) as refused:
        ask(client)

    assert (code, "invalid_request_error") == (refused.value.code, refused.value.type)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("server error", 500, None), ("overloaded", 503, "server_is_overloaded"), ("broken", 502, None)],
)
def test_the_servers_own_troubles(
    practice: PracticeOpenAI, client: openai.OpenAI, kind: Any, status: int, code: str | None
) -> None:
    """Each with its status; the one from a proxy in HTML."""
    practice.fail(kind)
    with pytest.raises(openai.InternalServerError) as refused:
        ask(client)

    assert (status, code) == (refused.value.status_code, refused.value.code)


@pytest.mark.parametrize("code", ["server_error", 429])
def test_an_error_inside_the_stream(practice: PracticeOpenAI, client: openai.OpenAI, code: str | int) -> None:
    """It comes after the pieces that were ordered, and OpenAI's client sees it as such."""
    practice.switches.piece_size = 5
    practice.fail("error", after=2, code=code)
    pieces: list[str] = []
    with pytest.raises(openai.APIError) as failed:
        pieces.extend(chunk.choices[0].delta.content or "" for chunk in ask_for_stream(client))

    assert failed.value.code == str(code)


@pytest.mark.parametrize("stream", [True, False])
def test_a_cut_is_a_broken_connection(practice: PracticeOpenAI, client: openai.OpenAI, stream: bool) -> None:
    """The body stops in the middle, without its proper end."""
    practice.fail("cut", after=2)
    with pytest.raises((openai.APIConnectionError, httpx2.RemoteProtocolError)):
        list(ask_for_stream(client)) if stream else ask(client)


def test_an_unfinished_stream_just_ends(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """In good order, but without a finish_reason."""
    practice.fail("unfinished", after=2)
    chunks = list(ask_for_stream(client))

    assert [None, None, None] == [chunk.choices[0].finish_reason for chunk in chunks]


def test_a_stream_may_end_without_saying_that_it_is_done(practice: PracticeOpenAI, http_client: httpx2.Client) -> None:
    """[DONE] is the last event, unless the switch is turned."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    wanted = {"model": "gpt-6-luna", "stream": True, "messages": [{"role": "user", "content": ENGLISH}]}

    def last_event() -> str:
        answer = http_client.post(f"{practice.base_url}/chat/completions", json=wanted, headers=headers)
        return answer.text.strip().split("\n\n")[-1]

    assert "data: [DONE]" == last_event()
    practice.switches.says_done = False
    assert "stop" == json.loads(last_event().removeprefix("data: "))["choices"][0]["finish_reason"]


def test_it_may_be_gone(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """The connection is closed without a word, after the request was read whole."""
    practice.fail("gone")
    with pytest.raises(openai.APIConnectionError):
        ask(client)

    assert ["gone"] == [asked.outcome for asked in practice.requests]


@pytest.mark.parametrize("kind", ["silent", "pause"])
@pytest.mark.parametrize("stream", [True, False])
def test_silence_strikes_a_client_that_is_in_a_hurry(
    practice: PracticeOpenAI, client: openai.OpenAI, kind: Any, stream: bool
) -> None:
    """Nothing comes, before the status or in the middle; stopping the server ends the wait."""
    practice.fail(kind, after=1)
    hasty = client.with_options(timeout=0.2)
    with pytest.raises(openai.APITimeoutError):
        list(ask_for_stream(hasty)) if stream else ask(hasty)


@pytest.mark.parametrize("kind", ["silent", "pause"])
def test_after_a_short_silence_all_goes_on(practice: PracticeOpenAI, client: openai.OpenAI, kind: Any) -> None:
    """The answer is the same, only later."""
    expected = text_of(ask_for_stream(client))
    practice.fail(kind, after=1, seconds=0.05)

    assert expected == text_of(ask_for_stream(client))


def test_delays_take_their_time(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """One before the first piece, one between each two."""
    practice.switches.pieces, practice.switches.first_delay, practice.switches.piece_delay = 3, 0.1, 0.05
    started = time.monotonic()
    pieces = [chunk for chunk in ask_for_stream(client) if chunk.choices and chunk.choices[0].delta.content]

    assert 3 == len(pieces)
    assert time.monotonic() - started >= 0.2


def test_keep_alives_are_comments(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """While it waits it sends comments, which a client passes over."""
    expected = text_of(ask_for_stream(client))
    practice.switches = OpenAISwitches(keep_alives=True, first_delay=0.05)

    assert expected == text_of(ask_for_stream(client))


def test_all_the_allowance_may_go_into_thinking(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """An empty answer, finish_reason length, and the whole limit is billed."""
    practice.fail("empty")
    completion = ask(client, max_completion_tokens=50)

    assert ("", "length") == (completion.choices[0].message.content, completion.choices[0].finish_reason)
    assert completion.usage is not None
    assert 50 == completion.usage.completion_tokens


def test_a_filter_may_keep_the_answer_back(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """No word of it, finish_reason content_filter."""
    practice.fail("withheld")
    choice = ask(client).choices[0]

    assert ("", "content_filter") == (choice.message.content, choice.finish_reason)


def test_a_refusal_is_no_content(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """Streamed or whole, it stands in `refusal`."""
    practice.fail("refusal", times=2)
    refusal = ask(client).choices[0].message
    chunks = list(ask_for_stream(client))

    assert refusal.content is None
    assert "".join(chunk.choices[0].delta.refusal or "" for chunk in chunks) == refusal.refusal
    assert "" == text_of(iter(chunks))


@pytest.mark.parametrize(("switch", "param"), [("refuses", "store"), ("refuses_in_words", None)])
def test_other_servers_refuse_other_parameters(
    practice: PracticeOpenAI, client: openai.OpenAI, switch: str, param: str | None
) -> None:
    """By name, or in words alone."""
    setattr(practice.switches, switch, frozenset({"store"}))
    with pytest.raises(openai.BadRequestError, match="store") as refused:
        ask(client, store=False)

    assert param == refused.value.param


def test_a_server_may_ignore_the_wish_for_a_stream(practice: PracticeOpenAI, http_client: httpx2.Client) -> None:
    """It sends JSON, and says so."""
    practice.switches.ignores_stream = True
    wanted = {"model": "gpt-6-luna", "stream": True, "messages": [{"role": "user", "content": ENGLISH}]}
    headers = {"Authorization": f"Bearer {API_KEY}"}
    answer = http_client.post(f"{practice.base_url}/chat/completions", json=wanted, headers=headers)

    assert "application/json" == answer.headers["content-type"]
    assert "chat.completion" == answer.json()["object"]


def test_what_it_was_asked_is_on_record(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """The parsed JSON, the headers without the key, the time and the outcome, in order."""
    before = time.time()
    ask(client, "First?")
    ask(client, "Second?")
    practice.wait_for(lambda: len(practice.requests) == 2)

    assert ["First?", "Second?"] == [asked.body["messages"][0]["content"] for asked in practice.requests]
    assert {("/v1/chat/completions", "ok")} == {(asked.path, asked.outcome) for asked in practice.requests}
    assert all(before <= asked.time <= time.time() for asked in practice.requests)
    assert API_KEY not in repr(practice.requests)


def test_what_was_attached_is_on_record(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """What it saw of it, in all turns; of a request that it refused, nothing. And the answer says it too."""
    data = b"\x89PNG\r\n\x1a\n..."
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": ENGLISH}]
    said = ask(client, messages=[{"role": "user", "content": parts}]).choices[0].message.content or ""
    with pytest.raises(openai.BadRequestError, match="unsupported image"):
        ask(client, messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"{url}A"}}]}])

    assert [(ReceivedAttachment("image", "image/png", len(data)),), ()] == [
        asked.attached for asked in practice.requests
    ]
    assert f"a PNG ({len(data)} bytes)" in said


@pytest.mark.parametrize("question", ["Show me an error.", "エラーを見せて"])
def test_a_failure_can_be_asked_for(practice: PracticeOpenAI, client: openai.OpenAI, question: str) -> None:
    """So that somebody at the page sees what it looks like: no credit."""
    with pytest.raises(openai.RateLimitError) as refused:
        ask(client, question)

    assert ("insufficient_quota", "insufficient_quota") == (refused.value.code, practice.requests[0].outcome)


def test_waiting_for_what_does_not_happen_ends(practice: PracticeOpenAI) -> None:
    """With TimeoutError, not in silence."""
    with pytest.raises(TimeoutError):
        practice.wait_for(lambda: practice.requests, timeout=0.01)


def test_a_reader_who_leaves_is_counted(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """Whoever closes the stream before its end hung up."""
    practice.switches.answer = "x" * 2_000_000
    messages: list[Any] = [{"role": "user", "content": ENGLISH}]
    with client.chat.completions.create(model="gpt-6-luna", messages=messages, stream=True) as stream:
        next(stream)

    assert practice.wait_for(lambda: practice.hung_up == 1, PATIENCE)


def test_a_long_question_is_not_repeated_whole() -> None:
    """Its beginning is enough to recognise it by."""
    answer = practice_answer("wide " * 1000, 1)

    assert tokens_of(answer) < 300


@pytest.mark.parametrize("text", ["", "abc", "日本語のテキスト", "mixed 混ざった text"])
@pytest.mark.parametrize("tokens", [0, 1, 3, 100])
def test_the_first_tokens_cost_no_more_than_allowed(text: str, tokens: int) -> None:
    """And nothing is left out that could be paid for."""
    first = first_tokens(text, tokens)

    assert tokens_of(first) <= tokens
    assert first == text or tokens_of(text[: len(first) + 1]) > tokens


@pytest.mark.parametrize(("size", "count"), [(1, None), (7, None), (100, None), (7, 1), (7, 3)])
def test_pieces_join_to_the_whole(size: int, count: int | None) -> None:
    """By size or by number."""
    pieces = split("何かしら日本語 and some English", size=size, count=count)

    assert "何かしら日本語 and some English" == "".join(pieces)
    assert all(len(piece) <= size for piece in pieces) if count is None else len(pieces) == count
