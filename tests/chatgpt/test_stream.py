"""chatgpt/stream.py: the same is read whatever the network cut, and nothing but our own errors ever comes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cocoai.chatgpt import stream
from cocoai.chatgpt.stream import NOTHING, Chunk, Ending, StreamState, Usage, chunks, events, whole
from cocoai.errors import CocoAIError, Permanent, Temporary

pytestmark = pytest.mark.pure

MODEL = "gpt-6-luna"
USAGE = {
    "prompt_tokens": 30,
    "completion_tokens": 12,
    "total_tokens": 42,
    "prompt_tokens_details": {"cached_tokens": 20},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
TOKENS = Usage(prompt_tokens=30, cached_tokens=20, completion_tokens=12, reasoning_tokens=5)


def delta(content: str | None, finish_reason: str | None = None, **more: Any) -> str:
    """A chunk as OpenAI writes it, in one line of JSON."""
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish_reason}
    return json.dumps({"model": "gpt-6", "choices": [choice], "usage": None, **more}, ensure_ascii=False)


def stream_of(*payloads: str, end: str = "\n") -> bytes:
    return "".join(f"data: {payload}{end}{end}" for payload in payloads).encode()


def read(pieces: Iterable[bytes]) -> tuple[str, Ending | None]:
    """What a reader of the pieces has in the end: the text, and the ending if there is a complete one."""
    reading = StreamState(MODEL)
    text = "".join([reading.take(chunk) for chunk in chunks(pieces)])
    return text, reading.ending() if reading.complete else None


def outcome(pieces: Iterable[bytes]) -> tuple[str, Ending | None, str]:
    """As `read`, but with what was read before an error, and the error's name."""
    reading, texts, failure = StreamState(MODEL), [""], ""
    try:
        texts.extend(reading.take(chunk) for chunk in chunks(pieces))
    except CocoAIError as error:
        failure = f"{type(error).__name__} {error}"
    return "".join(texts), reading.ending() if reading.complete else None, failure


def cut(raw: bytes, places: Iterable[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(raw) + 1) for place in places), len(raw)]
    return [raw[start:end] for start, end in pairwise(bounds)]


def test_a_stream_as_openai_sends_it() -> None:
    """A role without words, the words, the reason, the usage without choices, and [DONE]."""
    role = json.dumps({"model": "gpt-6", "choices": [{"delta": {"role": "assistant", "content": ""}}], "usage": None})
    usage = json.dumps({"model": "gpt-6-luna-2026", "choices": [], "usage": USAGE})
    raw = stream_of(role, delta("富士山は"), delta("3776 m"), delta(None, "stop"), usage, "[DONE]")

    assert ("富士山は3776 m", Ending("stop", "gpt-6-luna-2026", TOKENS)) == read([raw])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_any_line_end_in_any_cut(end: str, size: int) -> None:
    """LF, CRLF or CR, and characters of several bytes, fall apart between two pieces without harm."""
    raw = stream_of(delta("日本語と😀"), delta("!", "stop"), "[DONE]", end=end)
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]

    assert ("日本語と😀!", Ending("stop", "gpt-6", None)) == read(pieces)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b": OPENROUTER PROCESSING\n\n: again\n\ndata: 1\n\n", ["1"]),
        (b"data:1\n\ndata:  2\n\n", ["1", " 2"]),
        (b"data: a\ndata: b\ndata\n\n", ["a\nb\n"]),
        (b"event: message\nid: 7\nretry: 10\ndata: 1\nsomething\n\n", ["1"]),
        (b"data:\n\ndata\n\n\n\n\n", []),
        (b"\r\n\r\ndata: 1\r\n\r\n\r\n", ["1"]),
        (b"data: 1", ["1"]),
        (b"data: 1\n", ["1"]),
        (b"database: 1\n\n", []),
        (b"data: \xff\n\n", ["\ufffd"]),
        (b"", []),
    ],
)
def test_events_are_read_as_the_standard_says(raw: bytes, expected: list[str]) -> None:
    """Comments and other fields are no news, data lines are joined; but an event cut off at the end still counts."""
    assert expected == list(events([raw]))


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
        (
            '{"usage": {"prompt_tokens": null, "completion_tokens": -1, "prompt_tokens_details": null}}',
            Chunk(usage=Usage(0, 0, 0, 0)),
        ),
        ("[DONE]", Chunk(done=True)),
        (" [DONE] ", Chunk(done=True)),
    ],
)
def test_what_is_missing_or_odd_is_empty(payload: str, expected: Chunk) -> None:
    """Servers that speak this API leave out, null and add what they like."""
    assert [expected] == list(chunks([stream_of(payload)]))


@pytest.mark.parametrize("payload", ["{", "not json", '{"choices": [{"delta": {"content": "a', "[" * 100_000])
def test_an_event_that_cannot_be_read_is_not_passed_over(payload: str) -> None:
    """Text may be in it: better to ask again than to lose it in silence."""
    with pytest.raises(Temporary) as raised:
        list(chunks([stream_of(payload)]))

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
            Permanent("429", source="OpenAI", status=429, theirs="insufficient_quota"),
        ),
        ({"code": "content_filter"}, Permanent("refused", source="OpenAI", theirs="content_filter")),
        ({"code": "image_parse_error"}, Permanent("image_parse_error", source="OpenAI")),
        ({"type": "invalid_request_error"}, Permanent("invalid_request_error", source="OpenAI")),
        ("it broke", Temporary("error_in_stream", source="OpenAI")),
        ({"message": None, "type": None, "code": [1]}, Temporary("error_in_stream", source="OpenAI")),
    ],
)
def test_an_error_inside_the_stream_is_raised(error: object, expected: CocoAIError) -> None:
    """With a word or a number for its code, by what the caller should do next; what came before is kept."""
    raw = stream_of(delta("before"), json.dumps({"error": error}), delta("after"))

    assert ("before", None, f"{type(expected).__name__} {expected}") == outcome([raw])


def test_an_emoji_may_come_in_halves() -> None:
    """Two escaped halves in two chunks make one character; a half alone becomes a replacement."""
    halves = [r'{"choices": [{"delta": {"content": "a\ud83d"}}]}', r'{"choices": [{"delta": {"content": "\ude00b"}}]}']

    assert "a😀b" == read([stream_of(*halves)])[0]
    assert "a\ufffdb" == read([stream_of(halves[0], delta("b"))])[0]
    assert "\ufffdb" == read([stream_of(halves[1])])[0]


def test_a_stream_that_just_stops_is_not_complete() -> None:
    """Neither a reason nor [DONE]: the reader can tell."""
    assert ("half an ans", None) == read([stream_of(delta("half an ans"))])


def test_done_without_a_reason_is_complete() -> None:
    """Some servers give none; then ours is empty, and the model the one that was asked."""
    assert ("a", Ending("", MODEL, None)) == read([stream_of('{"choices": [{"delta": {"content": "a"}}]}', "[DONE]")])


def test_a_refusal_is_told_in_the_ending() -> None:
    """Its words are no answer."""
    refused = '{"choices": [{"delta": {"refusal": "I cannot."}, "finish_reason": "stop"}]}'

    assert ("", Ending("stop", MODEL, None, refusal=True)) == read([stream_of(refused, "[DONE]")])


@pytest.mark.parametrize("size", [3, 10_000])
def test_a_whole_answer_is_read_too(size: int) -> None:
    """One JSON body, as a server sends it that does not stream; it is complete as it stands."""
    choice = {"message": {"role": "assistant", "content": "答え", "refusal": None}, "finish_reason": "stop"}
    raw = json.dumps({"model": "local", "choices": [choice], "usage": USAGE}).encode()
    chunks = whole(raw[start : start + size] for start in range(0, len(raw), size))

    assert [Chunk("答え", "", "stop", "local", TOKENS, done=True)] == list(chunks)


@pytest.mark.parametrize("read_as", [chunks, whole])
def test_a_piece_of_nothing_is_passed_on(read_as: Callable[[Iterable[bytes]], Iterator[Chunk]]) -> None:
    """Whoever waits for words can so be told to look around, wherever the stream stands."""
    raw = json.dumps({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}).encode()
    raw = raw if read_as is whole else b"data: " + raw
    told = list(read_as([b"", raw[:9], b"", raw[9:], b"\n\n"]))

    assert [True, True, False] == [chunk is NOTHING for chunk in told]
    assert ("a", "stop") == (told[-1].text, told[-1].finish_reason)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", Temporary("unreadable_answer", source="OpenAI")),
        (b'{"choices": [', Temporary("unreadable_answer", source="OpenAI")),
        (b"\xff\xfe", Temporary("unreadable_answer", source="OpenAI")),
        (b'{"error": {"code": "server_error"}}', Temporary("server_error", source="OpenAI")),
        (b'{"status": "ok"}', Permanent("no_choices", source="OpenAI")),
    ],
)
def test_a_whole_answer_that_is_none(raw: bytes, expected: CocoAIError) -> None:
    """Cut, odd, an error with status 200, or JSON of some other kind."""
    with pytest.raises(type(expected)) as raised:
        list(whole([raw]))

    assert str(expected) == str(raised.value)


@pytest.mark.parametrize("raw", [b"data: %b", b": %b", b"data: %b\n\n", b"%b\ndata: 1\n\n"])
@pytest.mark.parametrize("cuts", [[], [10], [stream.MAX_EVENT + 5]])
def test_a_server_gone_mad_does_not_fill_the_memory(raw: bytes, cuts: list[int]) -> None:
    """A line or an event over the limit is the end, wherever it was cut."""
    with pytest.raises(Permanent, match="answer_too_big"):
        list(events(cut(raw % (b"x" * (stream.MAX_EVENT + 1)), cuts)))


def test_many_small_lines_do_not_fill_it_either() -> None:
    """An event that never ends is measured as a whole, and so is a body."""
    with pytest.raises(Permanent, match="answer_too_big"):
        list(events([b"data\n" * 4096] * 512))
    with pytest.raises(Permanent, match="answer_too_big"):
        list(whole([b"x" * 65536] * 65))


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
def test_what_is_read_does_not_depend_on_the_cuts(raw: bytes, places: list[int]) -> None:
    """Any bytes, any cuts: the same text, the same ending, the same error, and none outside our family."""
    expected = outcome([raw])

    assert expected == outcome(cut(raw, places))
    expected[0].encode("utf-8")


NAMES = """
choices delta message content refusal finish_reason usage error code type model prompt_tokens completion_tokens
prompt_tokens_details completion_tokens_details cached_tokens
"""
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.one_of(JSON, st.builds(lambda inner: {"choices": [inner]}, JSON)))
def test_any_json_is_read_or_refused(told: object) -> None:
    """Whatever shape a server invents, it ends in a chunk or in one of our errors, streamed or whole."""
    raw = json.dumps(told)
    with suppress(Temporary, Permanent):
        (chunk,) = chunks([stream_of(raw)])
        StreamState(MODEL).take(chunk).encode("utf-8")
    with suppress(Temporary, Permanent):
        assert all(chunk.done for chunk in whole([raw.encode()]))
