"""The practice OpenAI, called by OpenAI's own client over TLS: its answers, its refusals and its faults."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest

from cocoai.rehearsal.openai.image_models import IMAGE_MODELS
from cocoai.rehearsal.openai.message_content import ReceivedAttachment
from cocoai.rehearsal.openai.models import SHUTDOWN
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.practice_answer import first_tokens, practice_answer, split, tokens_of
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI
from tests.rehearsal.openai.asking import ENGLISH, PATIENCE, ask, streamed, text_of

JAPANESE = "富士山の高さは？"


def test_whole_answer(client: openai.OpenAI) -> None:
    """The answer repeats the question, has a list, a table and code, and counts the turns without the instructions."""
    turns = [("system", "Be kind."), ("user", "Hello."), ("assistant", "Hello!"), ("user", ENGLISH)]
    completion = ask(client, messages=[{"role": role, "content": text} for role, text in turns])
    text = completion.choices[0].message.content or ""

    assert "stop" == completion.choices[0].finish_reason
    assert all(part in text for part in (f"> {ENGLISH}", "Turns read so far: 3.", "\n- ", "| --- |", "```python"))


def test_answer_in_japanese(client: openai.OpenAI) -> None:
    """A Japanese question has a Japanese answer with the same kinds of markup."""
    text = ask(client, JAPANESE).choices[0].message.content or ""

    assert all(part in text for part in (f"> {JAPANESE}", "1件の発言", "\n- ", "| --- |", "```python"))


def test_the_same_question_has_the_same_answer(client: openai.OpenAI) -> None:
    """The same question has the same answer and the same usage."""
    first, second = ask(client), ask(client)

    assert (first.choices, first.usage) == (second.choices, second.usage)


def test_stream_has_the_same_text(client: openai.OpenAI) -> None:
    """The streamed pieces make the whole answer; the first chunk has the role, the last the finish_reason."""
    whole = ask(client)
    chunks = list(streamed(client))

    assert text_of(iter(chunks)) == whole.choices[0].message.content
    assert ("assistant", "stop") == (chunks[0].choices[0].delta.role, chunks[-1].choices[0].finish_reason)
    assert [chunk.usage for chunk in chunks] == [None] * len(chunks)


def test_streamed_usage_on_request(client: openai.OpenAI) -> None:
    """On request the usage is in a last chunk without choices; all others have `usage: null`."""
    *chunks, last = streamed(client, stream_options={"include_usage": True})

    assert (last.choices, last.usage) == ([], ask(client).usage)
    assert all("usage" in chunk.model_fields_set and chunk.usage is None for chunk in chunks)


def test_usage_adds_up(client: openai.OpenAI) -> None:
    """Reasoning tokens are part of the completion's tokens, and the total is the sum."""
    usage = ask(client, reasoning_effort="low").usage
    assert usage is not None
    assert usage.completion_tokens_details is not None

    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.completion_tokens > (usage.completion_tokens_details.reasoning_tokens or 0) > 0


def test_token_limit(client: openai.OpenAI) -> None:
    """An answer that is too long for its limit is cut, with finish_reason length."""
    completion = ask(client, max_completion_tokens=60, reasoning_effort="none")

    assert "length" == completion.choices[0].finish_reason
    assert completion.usage is not None
    assert completion.usage.completion_tokens <= 60


def test_models_and_shutdown_dates(client: openai.OpenAI) -> None:
    """GET /v1/models and /v1/models/{id} have a shutdown date where one is announced."""
    listed = {model.id: model.shutdown_date for model in client.models.list()}

    assert SHUTDOWN | dict.fromkeys(IMAGE_MODELS) == listed
    assert "2026-12-11" == client.models.retrieve("gpt-5-mini").shutdown_date
    assert client.models.retrieve("gpt-6-luna").shutdown_date is None


def ask_old(**more: Any) -> Callable[[openai.OpenAI], object]:
    """Return a function that asks an older model, without reasoning."""
    return lambda client: ask(client, model="gpt-4o-mini", **more)


def ask_new(**more: Any) -> Callable[[openai.OpenAI], object]:
    """Return a function that asks a newer model, with reasoning."""
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
def test_bad_requests_are_refused(
    client: openai.OpenAI, act: Callable[[openai.OpenAI], object], param: str | None, code: str | None
) -> None:
    """A bad request is refused with HTTP 400 and an error object that names the parameter and the code."""
    with pytest.raises(openai.BadRequestError) as caught:
        act(client)

    assert (param, code) == (caught.value.param, caught.value.code)
    assert "invalid_request_error" == caught.value.type


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
def test_accepted_parameters(client: openai.OpenAI, act: Callable[[openai.OpenAI], object]) -> None:
    """Each model accepts the parameters that its documentation names; older models accept older ones."""
    act(client)


def test_invalid_json_is_refused(practice: PracticeOpenAI, http_client: httpx2.Client) -> None:
    """A body that is not JSON is refused with HTTP 400 without a code, and recorded as None."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    refused = http_client.post(f"{practice.base_url}/chat/completions", content=b"{", headers=headers)

    assert (400, None) == (refused.status_code, refused.json()["error"]["code"])
    assert practice.requests[0].body is None


def test_a_wrong_key_is_refused(practice: PracticeOpenAI, http_client: httpx2.Client) -> None:
    """A wrong key is refused with HTTP 401 invalid_api_key, and a missing one with 401."""
    client = openai.OpenAI(base_url=practice.base_url, api_key="sk-other", http_client=http_client, max_retries=0)
    with pytest.raises(openai.AuthenticationError) as caught:
        client.models.list()

    assert "invalid_api_key" == caught.value.code
    assert 401 == http_client.get(f"{practice.base_url}/models").status_code


@pytest.mark.parametrize(
    "act", [ask_new(model="gpt-3.5-turbo"), lambda client: client.models.retrieve("gpt-3.5-turbo")]
)
def test_unknown_model(client: openai.OpenAI, act: Callable[[openai.OpenAI], object]) -> None:
    """A model that does not exist, or no longer, is refused with HTTP 404 model_not_found."""
    with pytest.raises(openai.NotFoundError) as caught:
        act(client)

    assert "model_not_found" == caught.value.code


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/images", "POST", 404), ("/chat/completions", "GET", 405), ("/models/none", "GET", 404)],
)
def test_unknown_paths_and_methods_are_refused(
    practice: PracticeOpenAI, http_client: httpx2.Client, path: str, method: str, status: int
) -> None:
    """An unknown path or method is refused with an error object."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    refused = http_client.request(method, f"{practice.base_url}{path}", headers=headers)

    assert (status, "invalid_request_error") == (refused.status_code, refused.json()["error"]["type"])


def test_rate_limited(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """The fault is 429 rate_limit_exceeded with Retry-After, as often as requested."""
    practice.fail("rate limited", times=2, seconds=7)
    for _ in range(2):
        with pytest.raises(openai.RateLimitError) as caught:
            ask(client)

        assert ("rate_limit_exceeded", "requests") == (caught.value.code, caught.value.type)
        assert "7" == caught.value.response.headers["retry-after"]
    assert ask(client).choices


@pytest.mark.parametrize("code", ["insufficient_quota", "credit_balance_exhausted"])
def test_no_credit(practice: PracticeOpenAI, client: openai.OpenAI, code: str) -> None:
    """The fault is 429 with type insufficient_quota and no Retry-After; it may be permanent until it is cleared."""
    practice.fail("no credit", times=None, code=code)
    for _ in range(2):
        with pytest.raises(openai.RateLimitError) as caught:
            ask(client)

        assert (code, "insufficient_quota") == (caught.value.code, caught.value.type)
        assert "retry-after" not in caught.value.response.headers
    practice.clear_faults()
    assert ask(client).choices


@pytest.mark.parametrize(
    ("kind", "code", "error"),
    [
        ("bad key", "invalid_api_key", openai.AuthenticationError),
        ("filtered", "content_policy_violation", openai.BadRequestError),
    ],
)
def test_bad_key_and_filtered(
    practice: PracticeOpenAI, client: openai.OpenAI, kind: Any, code: str, error: type[openai.APIStatusError]
) -> None:
    """A valid key may be refused, and so may a question, by a filter."""
    practice.fail(kind)
    with pytest.raises(error) as caught:
        ask(client)

    assert (code, "invalid_request_error") == (caught.value.code, caught.value.type)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("server error", 500, None), ("overloaded", 503, "server_is_overloaded"), ("broken", 502, None)],
)
def test_server_errors(
    practice: PracticeOpenAI, client: openai.OpenAI, kind: Any, status: int, code: str | None
) -> None:
    """Each server error has its own status; the one from a proxy is HTML."""
    practice.fail(kind)
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client)

    assert (status, code) == (caught.value.status_code, caught.value.code)


@pytest.mark.parametrize("code", ["server_error", 429])
def test_error_inside_the_stream(practice: PracticeOpenAI, client: openai.OpenAI, code: str | int) -> None:
    """The error follows the requested number of pieces, and OpenAI's client raises it."""
    practice.switches.piece_size = 5
    practice.fail("error", after=2, code=code)
    pieces: list[str] = []
    with pytest.raises(openai.APIError) as caught:
        pieces.extend(chunk.choices[0].delta.content or "" for chunk in streamed(client))

    assert caught.value.code == str(code)


@pytest.mark.parametrize("stream", [True, False])
def test_cut(practice: PracticeOpenAI, client: openai.OpenAI, stream: bool) -> None:
    """A cut body is a broken connection for the client."""
    practice.fail("cut", after=2)
    with pytest.raises((openai.APIConnectionError, httpx2.RemoteProtocolError)):
        list(streamed(client)) if stream else ask(client)


def test_unfinished_stream(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """An unfinished stream ends regularly, but without a finish_reason."""
    practice.fail("unfinished", after=2)
    chunks = list(streamed(client))

    assert [None, None, None] == [chunk.choices[0].finish_reason for chunk in chunks]


def test_stream_without_done(practice: PracticeOpenAI, http_client: httpx2.Client) -> None:
    """[DONE] is the last event, unless it is switched off."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    body = {"model": "gpt-6-luna", "stream": True, "messages": [{"role": "user", "content": ENGLISH}]}

    def last_event() -> str:
        answer = http_client.post(f"{practice.base_url}/chat/completions", json=body, headers=headers)
        return answer.text.strip().split("\n\n")[-1]

    assert "data: [DONE]" == last_event()
    practice.switches.says_done = False
    assert "stop" == json.loads(last_event().removeprefix("data: "))["choices"][0]["finish_reason"]


def test_gone(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """The connection is closed without a response, after the request was read."""
    practice.fail("gone")
    with pytest.raises(openai.APIConnectionError):
        ask(client)

    assert ["gone"] == [request.outcome for request in practice.requests]


@pytest.mark.parametrize("kind", ["silent", "pause"])
@pytest.mark.parametrize("stream", [True, False])
def test_silence_times_out(practice: PracticeOpenAI, client: openai.OpenAI, kind: Any, stream: bool) -> None:
    """A client with a short timeout gives up during a silence; stopping the server ends the wait."""
    practice.fail(kind, after=1)
    hasty = client.with_options(timeout=0.2)
    with pytest.raises(openai.APITimeoutError):
        list(streamed(hasty)) if stream else ask(hasty)


@pytest.mark.parametrize("kind", ["silent", "pause"])
def test_answer_after_a_short_silence(practice: PracticeOpenAI, client: openai.OpenAI, kind: Any) -> None:
    """After a short silence the same answer follows."""
    expected = text_of(streamed(client))
    practice.fail(kind, after=1, seconds=0.05)

    assert expected == text_of(streamed(client))


def test_delays(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """One delay precedes the first piece, and one each following piece."""
    practice.switches.pieces, practice.switches.first_delay, practice.switches.piece_delay = 3, 0.1, 0.05
    started = time.monotonic()
    pieces = [chunk for chunk in streamed(client) if chunk.choices and chunk.choices[0].delta.content]

    assert 3 == len(pieces)
    assert time.monotonic() - started >= 0.2


def test_keep_alives_are_comments(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """Keep-alives are comments, which a client ignores."""
    expected = text_of(streamed(client))
    practice.switches = OpenAISwitches(keep_alives=True, first_delay=0.05)

    assert expected == text_of(streamed(client))


def test_empty_answer(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """The answer is empty with finish_reason length, and the whole limit is counted as used."""
    practice.fail("empty")
    completion = ask(client, max_completion_tokens=50)

    assert ("", "length") == (completion.choices[0].message.content, completion.choices[0].finish_reason)
    assert completion.usage is not None
    assert 50 == completion.usage.completion_tokens


def test_withheld_answer(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """The answer is empty, with finish_reason content_filter."""
    practice.fail("withheld")
    choice = ask(client).choices[0]

    assert ("", "content_filter") == (choice.message.content, choice.finish_reason)


def test_refusal(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """A refusal is in `refusal`, not in `content`, streamed or whole."""
    practice.fail("refusal", times=2)
    refusal = ask(client).choices[0].message
    chunks = list(streamed(client))

    assert refusal.content is None
    assert "".join(chunk.choices[0].delta.refusal or "" for chunk in chunks) == refusal.refusal
    assert "" == text_of(iter(chunks))


@pytest.mark.parametrize(("switch", "param"), [("refuses", "store"), ("refuses_in_words", None)])
def test_refused_parameters(practice: PracticeOpenAI, client: openai.OpenAI, switch: str, param: str | None) -> None:
    """A parameter may be refused with its name in `param`, or only in the message."""
    setattr(practice.switches, switch, frozenset({"store"}))
    with pytest.raises(openai.BadRequestError, match="store") as caught:
        ask(client, store=False)

    assert param == caught.value.param


def test_stream_is_ignored(practice: PracticeOpenAI, http_client: httpx2.Client) -> None:
    """A server that ignores `stream` sends JSON with its content type."""
    practice.switches.ignores_stream = True
    body = {"model": "gpt-6-luna", "stream": True, "messages": [{"role": "user", "content": ENGLISH}]}
    headers = {"Authorization": f"Bearer {API_KEY}"}
    answer = http_client.post(f"{practice.base_url}/chat/completions", json=body, headers=headers)

    assert "application/json" == answer.headers["content-type"]
    assert "chat.completion" == answer.json()["object"]


def test_requests_are_recorded(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """Each request is recorded with its JSON, its time and its outcome, and without the API key."""
    before = time.time()
    ask(client, "First?")
    ask(client, "Second?")
    practice.wait_for(lambda: len(practice.requests) == 2)

    assert ["First?", "Second?"] == [request.body["messages"][0]["content"] for request in practice.requests]
    assert {("/v1/chat/completions", "ok")} == {(request.path, request.outcome) for request in practice.requests}
    assert all(before <= request.time <= time.time() for request in practice.requests)
    assert API_KEY not in repr(practice.requests)


def test_attachments_are_recorded(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """The attachments of an accepted request are recorded and named in the answer; those of a refused one are not."""
    data = b"\x89PNG\r\n\x1a\n..."
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": ENGLISH}]
    text = ask(client, messages=[{"role": "user", "content": parts}]).choices[0].message.content or ""
    with pytest.raises(openai.BadRequestError, match="unsupported image"):
        ask(client, messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"{url}A"}}]}])

    assert [(ReceivedAttachment("image", "image/png", len(data)),), ()] == [
        request.attached for request in practice.requests
    ]
    assert f"a PNG ({len(data)} bytes)" in text


@pytest.mark.parametrize("question", ["Show me an error.", "エラーを見せて"])
def test_error_on_request(practice: PracticeOpenAI, client: openai.OpenAI, question: str) -> None:
    """A question for an error is answered with one (no credit), so that it can be seen at the page."""
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client, question)

    assert ("insufficient_quota", "insufficient_quota") == (caught.value.code, practice.requests[0].outcome)


def test_waiting_times_out(practice: PracticeOpenAI) -> None:
    """Waiting raises TimeoutError after the timeout."""
    with pytest.raises(TimeoutError):
        practice.wait_for(lambda: practice.requests, timeout=0.01)


def test_closed_streams_are_counted(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """A stream that the client closes before its end is counted in `hung_up`."""
    practice.switches.answer = "x" * 2_000_000
    messages: list[Any] = [{"role": "user", "content": ENGLISH}]
    with client.chat.completions.create(model="gpt-6-luna", messages=messages, stream=True) as stream:
        next(stream)

    assert practice.wait_for(lambda: practice.hung_up == 1, PATIENCE)


def test_long_question_is_shortened() -> None:
    """Only the beginning of a long question is repeated."""
    answer = practice_answer("wide " * 1000, 1)

    assert tokens_of(answer) < 300


@pytest.mark.parametrize("text", ["", "abc", "日本語のテキスト", "mixed 混ざった text"])
@pytest.mark.parametrize("tokens", [0, 1, 3, 100])
def test_first_tokens(text: str, tokens: int) -> None:
    """The text has at most so many tokens, and would have more with one more character."""
    first = first_tokens(text, tokens)

    assert tokens_of(first) <= tokens
    assert first == text or tokens_of(text[: len(first) + 1]) > tokens


@pytest.mark.parametrize(("size", "count"), [(1, None), (7, None), (100, None), (7, 1), (7, 3)])
def test_split(size: int, count: int | None) -> None:
    """The pieces, by size or by number, make the whole text."""
    pieces = split("何かしら日本語 and some English", size=size, count=count)

    assert "何かしら日本語 and some English" == "".join(pieces)
    assert all(len(piece) <= size for piece in pieces) if count is None else len(pieces) == count
