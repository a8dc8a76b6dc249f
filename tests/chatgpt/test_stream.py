"""chatgpt/stream.py and its parsers: the cuts of the network change nothing, and all errors are of our own family."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cocoai.chatgpt.allowance import Allowance
from cocoai.chatgpt.chunk import Chunk, Usage
from cocoai.chatgpt.stream import UNKNOWN, Ending, StreamState
from cocoai.chatgpt.stream_parser import SingleBodyParser, StreamParser
from cocoai.errors import CocoAIError, Permanent, Temporary
from tests.chatgpt.cuts import cut
from tests.chatgpt.parsing import MODEL, TOKENS, USAGE, delta, outcome, parsed, read, stream_of

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def test_a_stream_as_openai_sends_it() -> None:
    """OpenAI sends a role without text, the text, the reason, the usage without choices, and [DONE]."""
    role = json.dumps({"model": "gpt-6", "choices": [{"delta": {"role": "assistant", "content": ""}}], "usage": None})
    usage = json.dumps({"model": "gpt-6-luna-2026", "choices": [], "usage": USAGE})
    raw = stream_of(role, delta("富士山は"), delta("3776 m"), delta(None, "stop"), usage, "[DONE]")

    assert ("富士山は3776 m", Ending("stop", "gpt-6-luna-2026", TOKENS)) == read([raw])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_any_line_end_in_any_cut(end: str, size: int) -> None:
    """LF, CRLF, CR and characters of several bytes may be cut in the middle."""
    raw = stream_of(delta("日本語と😀"), delta("!", "stop"), "[DONE]", end=end)
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]

    assert ("日本語と😀!", Ending("stop", "gpt-6", None)) == read(pieces)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("{}", Chunk()),
        ("null", Chunk()),
        ("[1]", Chunk()),
        ('{"error": null, "choices": null, "usage": 3, "model": null}', Chunk()),
        ('{"choices": [], "prompt_filter_results": [{}]}', Chunk()),
        ('{"choices": [null]}', Chunk()),
        ('{"choices": [{"delta": null, "finish_reason": null}]}', Chunk()),
        ('{"choices": [{"delta": {"content": 7, "tool_calls": []}, "finish_reason": 1}]}', Chunk()),
        ('{"choices": [{"delta": {"refusal": "No."}}]}', Chunk(refusal="No.")),
        ('{"choices": [{"delta": {}, "finish_reason": "length"}]}', Chunk(finish_reason="length")),
        ('{"choices": [{"delta": {"content": "a"}}], "obfuscation": "x"}', Chunk(text="a")),
        ('{"usage": {"prompt_tokens": 3}}', Chunk(usage=Usage(3, 0, 0, 0))),
        (f'{{"usage": {{"prompt_tokens": 1{"0" * 400}, "completion_tokens": true}}}}', Chunk(usage=Usage(0, 0, 0, 0))),
        (
            '{"usage": {"prompt_tokens": null, "completion_tokens": -1, "prompt_tokens_details": null}}',
            Chunk(usage=Usage(0, 0, 0, 0)),
        ),
        ("[DONE]", Chunk(is_done=True)),
        (" [DONE] ", Chunk(is_done=True)),
    ],
)
def test_missing_or_odd_values_are_empty(payload: str, expected: Chunk) -> None:
    """Servers that speak this API leave out, null and add values."""
    assert [expected] == list(parsed(StreamParser(), [stream_of(payload)]))


@pytest.mark.parametrize("payload", ["{", "not json", '{"choices": [{"delta": {"content": "a', "[" * 100_000])
def test_an_event_that_cannot_be_read_is_an_error(payload: str) -> None:
    """An unreadable event may hold text, so it is not skipped, and the request can be tried again."""
    with pytest.raises(Temporary) as raised:
        list(parsed(StreamParser(), [stream_of(payload)]))

    assert ("unreadable_answer", True) == (raised.value.code, raised.value.sent)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"message": "m", "type": "server_error", "code": None}, Temporary("server_error", source="OpenAI")),
        ({"message": "m", "code": 429}, Temporary("429", source="OpenAI", status=429)),
        ({"message": "m", "code": "502"}, Temporary("502", source="OpenAI", status=502)),
        ({"message": "m", "code": 402}, Permanent("402", source="OpenAI", status=402)),
        (
            {"type": "insufficient_quota", "code": 429},
            Permanent("insufficient_quota", source="OpenAI", status=429),
        ),
        ({"code": "image_parse_error"}, Permanent("image_parse_error", source="OpenAI")),
        ({"type": "invalid_request_error"}, Permanent("invalid_request_error", source="OpenAI")),
        ("it broke", Temporary("error_in_stream", source="OpenAI")),
        ({"message": None, "type": None, "code": [1]}, Temporary("error_in_stream", source="OpenAI")),
    ],
)
def test_an_error_inside_the_stream_is_raised(error: object, expected: CocoAIError) -> None:
    """An error with a text or a number for its code is raised after the chunk of the events before it."""
    raw = stream_of(delta("before"), json.dumps({"error": error}), delta("after"))

    assert ("before", None, f"{type(expected).__name__} {expected}") == outcome([raw])


def test_an_emoji_may_come_in_halves() -> None:
    """Two escaped halves in two chunks make one character; a half alone becomes a replacement character."""
    halves = [r'{"choices": [{"delta": {"content": "a\ud83d"}}]}', r'{"choices": [{"delta": {"content": "\ude00b"}}]}']

    assert "a😀b" == read([stream_of(*halves)])[0]
    assert "a\ufffdb" == read([stream_of(halves[0], delta("b"))])[0]
    assert "\ufffdb" == read([stream_of(halves[1])])[0]


def test_a_stream_that_just_stops_is_not_complete() -> None:
    """A stream that ends with neither a reason nor [DONE] is not complete."""
    assert ("half an ans", None) == read([stream_of(delta("half an ans"))])


def test_done_without_a_reason_is_complete() -> None:
    """A server may give no reason and no model: then nobody knows how it ended, and the model is the requested one."""
    assert ("a", Ending(UNKNOWN, MODEL, None)) == read(
        [stream_of('{"choices": [{"delta": {"content": "a"}}]}', "[DONE]")]
    )


def test_a_refusal_is_in_the_ending() -> None:
    """The text of a refusal is no text of the answer."""
    refused = '{"choices": [{"delta": {"refusal": "I cannot."}, "finish_reason": "stop"}]}'

    assert ("", Ending("stop", MODEL, None, refusal=True)) == read([stream_of(refused, "[DONE]")])


@pytest.mark.parametrize("size", [3, 10_000])
def test_a_single_body_is_one_chunk(size: int) -> None:
    """One JSON body of a server that does not stream is a complete answer."""
    choice = {"message": {"role": "assistant", "content": "答え", "refusal": None}, "finish_reason": "stop"}
    raw = json.dumps({"model": "local", "choices": [choice], "usage": USAGE}).encode()
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]

    assert [Chunk("答え", finish_reason="stop", model="local", usage=TOKENS, is_done=True)] == list(
        parsed(SingleBodyParser(), pieces)
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'[{"choices"', Temporary("unreadable_answer", source="OpenAI")),
        (b'{"choices": [', Temporary("unreadable_answer", source="OpenAI")),
        (b"\xff\xfe", Temporary("unreadable_answer", source="OpenAI")),
        (b'{"status": "ok"}', Permanent("no_choices", source="OpenAI")),
    ],
)
def test_a_single_body_that_holds_no_answer(raw: bytes, expected: CocoAIError) -> None:
    """A body that is cut, odd, or another kind of JSON raises an error."""
    with pytest.raises(type(expected)) as raised:
        list(parsed(SingleBodyParser(), [raw]))

    assert str(expected) == str(raised.value)


def test_a_single_body_over_the_limit_is_an_error() -> None:
    """A body of many pieces is measured as a whole."""
    with pytest.raises(Permanent, match="answer_too_big"):
        list(parsed(SingleBodyParser(), [b"x" * 65536] * 65))


FRAGMENTS = st.one_of(
    st.sampled_from(
        [b"\n", b"\r", b"\r\n", b"\n\n", b"\r\n\r\n", b"data:", b"data: ", b": hello", b"data: [DONE]\n\n"]
    ),
    st.sampled_from([b'{"choices":', b'{"error":{"code":500}}', b"\xe3\x81", b"\x81\x82", b"event: error\n"]),
    st.text(max_size=8).map(lambda text: stream_of(delta(text))),
    st.sampled_from(["stop", "length"]).map(lambda reason: stream_of(delta(None, reason), end="\r\n")),
    st.sampled_from([r"\ud83d", r"\ude00"]).map(lambda half: stream_of(delta("?").replace("?", half), end="\r")),
    st.binary(max_size=12),
)
RAW = st.one_of(st.lists(FRAGMENTS, max_size=12).map(b"".join), st.binary(max_size=200))


@given(RAW, st.lists(st.integers(min_value=0), max_size=12))
@example(stream_of(delta("あ😀"), delta("い", "stop"), "[DONE]", end="\r\n"), list(range(400)))
def test_the_cuts_do_not_change_what_is_read(raw: bytes, places: list[int]) -> None:
    """For any bytes and cuts the text, the ending and the error are the same, and the error is one of ours."""
    expected = outcome([raw])

    assert expected == outcome(cut(raw, places))
    expected[0].encode("utf-8")


def test_an_answer_over_its_allowance_ends_as_cut() -> None:
    """A server that keeps no limit is stopped: what is over the allowance is dropped, whatever it says later."""
    state = StreamState(MODEL, allowance=Allowance(10 / 16))
    texts = [state.take(Chunk(text=text)) for text in ("12345", "6789", "0ab", "cd")]
    state.take(Chunk(finish_reason=""))

    assert ["12345", "6789", "0", ""] == texts
    assert state.is_complete
    assert "length" == state.ending().finish_reason


def test_a_refusal_counts_for_the_allowance_too() -> None:
    """Its text is not kept, but it must end."""
    state = StreamState(MODEL, allowance=Allowance(10 / 16))
    state.take(Chunk(refusal="x" * 11))

    assert (True, "length", True) == (state.is_done, state.finish_reason, state.is_refusal)


NAMES = """
choices delta message content refusal finish_reason usage error code type model prompt_tokens completion_tokens
prompt_tokens_details completion_tokens_details cached_tokens text value detail errors object status reasoning thinking
"""
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.one_of(JSON, st.builds(lambda inner: {"choices": [inner]}, JSON)))
def test_any_json_is_read_or_refused(value: object) -> None:
    """Any JSON becomes a chunk or one of our errors, in a stream or as a single body."""
    raw = json.dumps(value)
    with suppress(Temporary, Permanent):
        (chunk,) = parsed(StreamParser(), [stream_of(raw)])
        StreamState(MODEL).take(chunk).encode("utf-8")
    with suppress(Temporary, Permanent):
        assert all(chunk.is_done or chunk.error for chunk in parsed(SingleBodyParser(), [raw.encode()]))
