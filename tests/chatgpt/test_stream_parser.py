"""chatgpt/stream_parser.py: the first bytes tell what a body is; bare JSON, marks and repetitions in a stream."""

from __future__ import annotations

import json

import pytest

from cocoai.chatgpt.stream import UNKNOWN
from tests.chatgpt.cuts import cut
from tests.chatgpt.parsing import choice, delta, outcome, stream_of

pytestmark = pytest.mark.pure

WHOLE = choice("stop", message={"role": "assistant", "content": "Well."})
PRETTY = json.dumps(json.loads(WHOLE), indent=2)
STREAM = stream_of(delta("We"), delta("ll."), delta(None, "stop"), "[DONE]")
TOO_LONG = {"error": {"code": 400, "type": "exceed_context_size_error", "message": "too long"}}
ANY_CUT = pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])


def reason_of(pieces: list[bytes]) -> tuple[str, str]:
    """Return the text of a body, and its finish reason, or its error."""
    text, ending, failure = outcome(pieces)
    return text, ending.finish_reason if ending else failure


def in_pieces(raw: bytes, size: int) -> list[bytes]:
    """Cut the bytes into pieces of this size."""
    return cut(raw, range(0, len(raw), size))


@ANY_CUT
@pytest.mark.parametrize(
    "raw",
    [
        STREAM,
        b"\xef\xbb\xbf" + STREAM,
        b"\n\n \r\n" + STREAM,
        b"\n\xef\xbb\xbf\n" + STREAM,
        b": hello\n\n" + STREAM,
        b"event: message\nid: 1\n" + STREAM,
        WHOLE.encode(),
        PRETTY.encode(),
        b"\xef\xbb\xbf" + WHOLE.encode(),
        b"\n\n\n\n" + WHOLE.encode() + b"\n",
        f"[{WHOLE}]".encode(),
        stream_of(WHOLE, "[DONE]"),
        stream_of(choice(message={"content": "We"}), choice("stop", message={"content": "ll."})),
        f"{delta('We')}\n{delta('ll.', 'stop')}\n".encode(),
        f"{delta('We')}\r\n\r\n{delta('ll.', 'stop')}".encode(),
        f"{delta('We')}\n\n".encode() + stream_of(delta("ll.", "stop"), "[DONE]"),
    ],
)
def test_the_first_bytes_tell_what_a_body_is(raw: bytes, size: int) -> None:
    """A stream, one body, or bare events, behind a byte order mark or blanks, and cut anywhere."""
    assert ("Well.", "stop") == reason_of(in_pieces(raw, size))


@ANY_CUT
@pytest.mark.parametrize("page", ["<!DOCTYPE html><title>Log in</title>", "\n <html>", "\ufeff<?xml version='1.0'?>"])
def test_a_page_is_no_answer(page: str, size: int) -> None:
    """It is somebody else's, whatever its content type says."""
    assert ("", "Permanent OpenAI not_an_api 200") == reason_of(in_pieces(page.encode(), size))


@ANY_CUT
@pytest.mark.parametrize(
    "raw",
    [
        json.dumps(TOO_LONG).encode(),
        json.dumps(TOO_LONG, indent=2).encode(),
        json.dumps([TOO_LONG]).encode(),
        b": hello\n" + json.dumps(TOO_LONG).encode(),
        b": hello\n\n" + json.dumps(TOO_LONG, indent=4).encode() + b"\n\ndata: [DONE]\n\n",
        json.dumps(TOO_LONG).encode() + b"\n\ndata: [DONE]\n\n",
        b"event: error\n" + stream_of(json.dumps(TOO_LONG)),
        b"event: error\n" + stream_of(json.dumps(TOO_LONG["error"])),
        b"event:error\r\n" + stream_of(json.dumps(TOO_LONG["error"]), end="\r\n"),
        b"data: " + json.dumps(TOO_LONG["error"]).encode() + b"\nevent: error\n\n",
    ],
)
def test_an_error_needs_no_frame(raw: bytes, size: int) -> None:
    """An error as bare JSON, or as an event of its own type, is read like any other."""
    expected = "Permanent OpenAI context_length_exceeded exceed_context_size_error 400"

    assert ("", expected) == reason_of(in_pieces(raw, size))


@ANY_CUT
@pytest.mark.parametrize("data", ["The server is overloaded", "", "[DONE]", '"overloaded"', "{"])
def test_an_event_of_type_error_is_one_whatever_it_says(data: str, size: int) -> None:
    """Its data may be a text, no JSON, or missing."""
    raw = stream_of(delta("Half")) + f"event: error\ndata: {data}\n\n".encode() + stream_of("[DONE]")

    assert ("Half", "Temporary OpenAI error_in_stream") == reason_of(in_pieces(raw, size))


@ANY_CUT
@pytest.mark.parametrize("error", [TOO_LONG, {"error": "broken"}, {"object": "error", "message": "m", "code": 500}])
def test_bare_json_in_the_middle_is_read(error: dict[str, object], size: int) -> None:
    """A gateway that forwards an error as it came does not make the answer whole."""
    raw = stream_of(delta("Half")) + json.dumps(error, indent=1).encode() + b"\n\n" + stream_of("[DONE]")
    _, reason = reason_of(in_pieces(raw, size))

    assert reason in ("length", "Temporary OpenAI error_in_stream", "Temporary OpenAI 500 500")


FULL = {"role": "assistant", "content": "Good morning to you."}
DELTAS = [delta("Good morning "), delta("to you.")]


@ANY_CUT
@pytest.mark.parametrize(
    "events",
    [
        [*DELTAS, choice("stop", message=FULL)],
        [*DELTAS, choice("stop", delta={}, message=FULL)],
        [*DELTAS, choice("stop", delta={"content": ""}, message=FULL)],
        [*DELTAS, choice(message=FULL), delta(None, "stop")],
        [*DELTAS, choice("stop", message={"content": " Good  morning to you.\n"})],
        [*DELTAS, choice("stop", message={"content": [{"type": "text", "text": FULL["content"]}]})],
        [DELTAS[0], choice("stop", message=FULL)],
        [choice(delta={"content": "Good morning "}, message={"content": "Good morning "}),
         choice("stop", delta={"content": "to you."}, message=FULL)],
        [choice(message={"content": "Good"}), choice(message={"content": "Good morning"}),
         choice("stop", message=FULL)],
        [choice(message={"content": "Good morning "}), choice(message={"content": "to you."}),
         choice("stop", message=FULL)],
        [choice(message={"content": "Good morning "}), choice("stop", message={"content": "to you."})],
        [choice(text="Good morning "), choice(text="to you."), choice("stop", text="", message=FULL)],
    ],
)  # fmt: skip
def test_a_message_that_repeats_the_answer_is_shown_once(events: list[str], size: int) -> None:
    """The last chunk may have all of the text once more, beside a delta or in its place."""
    raw = stream_of(*events, "[DONE]")

    assert ("Good morning to you.", "stop") == reason_of(in_pieces(raw, size))


@ANY_CUT
@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([delta("ha"), delta("ha"), delta(None, "stop")], "haha"),
        ([delta("ha"), delta("ha", "stop")], "haha"),
        ([delta("Bye. "), delta("Bye. "), delta("Bye. ", "stop")], "Bye. Bye. Bye. "),
        ([delta("haha"), delta("haha"), choice("stop", message={"content": "hahahaha"})], "hahahaha"),
        ([choice(message={"content": "ha"}), choice("stop", message={"content": "ha"})], "haha"),
        ([choice(text="ha"), choice(text="ha"), choice("stop", text="")], "haha"),
        ([delta("Good "), choice("stop", message={"content": "evening."})], "Good evening."),
    ],
)
def test_a_repetition_that_the_model_wrote_stays(events: list[str], expected: str, size: int) -> None:
    """Only a whole message is held against the text; equal pieces are pieces, and no text is dropped."""
    assert (expected, "stop") == reason_of(in_pieces(stream_of(*events, "[DONE]"), size))


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (None, "stop"),
        ("stop", "stop"),
        ("STOP", "stop"),
        ("end_turn", "stop"),
        ("eos", "stop"),
        ("length", "length"),
        ("MAX_TOKENS", "length"),
        ("FINISH_REASON_MAX_TOKENS", "length"),
        ("content_filter", "content_filter"),
        ("content-filter", "content_filter"),
        ("SAFETY", "content_filter"),
        ("tool_calls", UNKNOWN),
        ("insufficient_system_resource", UNKNOWN),
        ("error", UNKNOWN),
    ],
)
def test_the_reason_of_a_whole_body(reason: str | None, expected: str) -> None:
    """One body with a text is a whole answer unless its reason says otherwise, in the words of any model."""
    assert ("Well.", expected) == reason_of([choice(reason, message={"content": "Well."}).encode()])


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (None, "Temporary OpenAI unknown_ending"),
        ("tool_calls", "Temporary OpenAI unknown_ending tool_calls"),
        ("a whole sentence", "Temporary OpenAI unknown_ending"),
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
    ],
)
def test_the_reason_of_a_body_without_text(reason: str | None, expected: str) -> None:
    """Without a text, only a reason that is known explains it; an unknown one is kept for the log if it is a code."""
    for content in ("", None, " \n", [], [{"type": "thinking", "thinking": []}]):
        raw = choice(reason, message={"content": content}).encode()
        _, ending, failure = outcome([raw])

        assert expected == (ending.finish_reason if ending else failure)
