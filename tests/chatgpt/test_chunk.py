"""chatgpt/chunk.py: the text of an answer is found wherever it stands, and so are thoughts, refusals and errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cocoai.chatgpt.chunk import Chunk, parse_chunk
from tests.chatgpt.parsing import choice, outcome, stream_of

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

THINKING = {"type": "thinking", "thinking": [{"type": "text", "text": "They want the capital."}]}


def chunk_of(finish_reason: str | None = None, **parts: Any) -> Chunk:
    """Return the chunk of an event whose only choice has these parts."""
    return parse_chunk(json.loads(choice(finish_reason, **parts)))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([{"type": "text", "text": "Paris"}], "Paris"),
        ([{"type": "text", "text": "Pa"}, {"type": "text", "text": "ris"}], "Paris"),
        ([{"type": "output_text", "text": "Paris", "annotations": []}], "Paris"),
        ([{"type": "text", "text": {"value": "Paris", "annotations": []}}], "Paris"),
        ([{"text": "Paris"}], "Paris"),
        ([{"type": None, "text": "Paris"}], "Paris"),
        (["Pa", "ris"], "Paris"),
        ({"type": "text", "text": "Paris"}, "Paris"),
        ([THINKING, {"type": "text", "text": "Paris"}], "Paris"),
        ([{"type": "reasoning", "text": "They want"}, {"type": "text", "text": "Paris"}], "Paris"),
        ([{"text": "They want", "thought": True}, {"text": "Paris"}], "Paris"),
        ([{"type": "image_url", "image_url": {"url": "data:"}}, {"type": "text", "text": "Paris"}], "Paris"),
        ([{"type": "text", "text": None}, None, 7, {"type": ["text"], "text": "no"}], ""),
    ],
)
@pytest.mark.parametrize("key", ["delta", "message"])
def test_content_may_be_a_list_of_parts(key: str, content: object, expected: str) -> None:
    """The parts of text are put in a row; thoughts and pictures are left out."""
    chunk = chunk_of(None, **{key: {"role": "assistant", "content": content}})

    assert expected == (chunk.text or chunk.message)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"text": "Paris"}, "Paris"),
        ({"text": "Paris", "delta": {}}, "Paris"),
        ({"text": "Paris", "delta": {"content": ""}}, "Paris"),
        ({"text": "Paris", "delta": {"content": "Paris"}}, "Paris"),
        ({"text": "Paris", "message": None}, "Paris"),
        ({"delta": None, "text": None}, ""),
    ],
)
def test_a_choice_may_have_a_text_of_its_own(parts: dict[str, Any], expected: str) -> None:
    """The `text` of older APIs counts where there is no other, and once where both are there."""
    assert expected == chunk_of(None, **parts).text


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "hmm"},
        {"reasoning": "hmm", "content": ""},
        {"reasoning": {"text": "hmm"}, "content": None},
        {"reasoning_details": [{"type": "reasoning.text", "text": "hmm"}]},
        {"thinking_blocks": [{"type": "thinking", "thinking": "hmm"}]},
        {"content": [THINKING]},
        {"content": [{"type": "reasoning", "text": "hmm"}]},
        {"tool_calls": [{"index": 0, "function": {"name": "search"}}]},
    ],
)
def test_thoughts_are_a_sign_of_life_and_no_text(delta: dict[str, Any]) -> None:
    """A model that thinks aloud is at work."""
    assert Chunk(has_thought=True) == chunk_of(delta=delta)


@pytest.mark.parametrize(
    "delta",
    [
        {"role": "assistant", "content": ""},
        {"reasoning_content": None, "content": None},
        {"reasoning_content": "", "reasoning": "", "tool_calls": []},
        {"content": []},
        {"content": 7},
    ],
)
def test_a_role_alone_is_no_sign_of_life(delta: dict[str, Any]) -> None:
    """Servers send it before the model has begun."""
    assert Chunk() == chunk_of(delta=delta)


@pytest.mark.parametrize(
    "delta",
    [
        {"refusal": "No."},
        {"content": [{"type": "refusal", "refusal": "No."}]},
        {"content": None, "refusal": "No."},
    ],
)
def test_a_refusal_may_be_a_part(delta: dict[str, Any]) -> None:
    """A refusal is no text, and no thought."""
    assert Chunk(refusal="No.") == chunk_of(delta=delta)


def test_the_word_null_is_no_finish_reason() -> None:
    """Some servers send it as text while the answer goes on."""
    assert Chunk(text="a") == chunk_of("null", delta={"content": "a"})


OVERLOADED = {"message": "Out of memory.", "type": "InternalServerError", "code": 500}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"error": OVERLOADED}, "Temporary OpenAI InternalServerError 500"),
        ({"object": "error", **OVERLOADED}, "Temporary OpenAI InternalServerError 500"),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}, "Temporary OpenAI overloaded_error"),
        ({"type": "error", "code": "server_error", "message": "m"}, "Temporary OpenAI server_error"),
        ({"error": "CUDA out of memory"}, "Temporary OpenAI error_in_stream"),
        ({"error": json.dumps({"error": OVERLOADED})}, "Temporary OpenAI InternalServerError 500"),
        ({"error": True, "message": "m", "code": "busy"}, "Temporary OpenAI busy"),
        ({"errors": [{"code": 503, "message": "m"}]}, "Temporary OpenAI 503 503"),
        ({"error": [{"code": 503, "message": "m"}], "choices": []}, "Temporary OpenAI 503 503"),
        ({"detail": "Internal Server Error"}, "Temporary OpenAI error_in_stream"),
        ({"detail": [{"type": "missing", "loc": ["body"], "msg": "m"}]}, "Temporary OpenAI missing"),
        ({"status": "failure", "message": "Something went wrong"}, "Temporary OpenAI error_in_stream"),
        ({"code": 500, "message": "m"}, "Temporary OpenAI 500 500"),
        ({"code": "InvalidApiKey", "message": "m"}, "Permanent OpenAI InvalidApiKey"),
        (
            {"choices": [{"delta": {"content": ""}, "finish_reason": "error", "error": {"code": 502}}]},
            "Temporary OpenAI 502 502",
        ),
    ],
)
def test_an_error_is_one_in_any_shape(event: dict[str, Any], expected: str) -> None:
    """An error inside a stream is raised, wherever it stands in its event, and behind a text too."""
    assert ("", None, expected) == outcome([stream_of(json.dumps(event))])
    assert ("a", None, expected) == outcome([stream_of(choice(delta={"content": "a"}), json.dumps(event))])


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"error": None, "errors": [], "detail": None},
        {"choices": [], "prompt_filter_results": [{"content_filter_results": {"hate": {"filtered": False}}}]},
        {"type": "ping"},
        {"object": "chat.completion.chunk", "id": "c"},
        {"code": 0, "message": "ok"},
        {"code": 200, "message": "success", "status": "ok"},
        {"message": "processing", "type": "status"},
    ],
)
def test_an_event_that_says_nothing_is_no_error(event: dict[str, Any]) -> None:
    """Servers send such events beside the answer."""
    assert Chunk() == parse_chunk(event)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": "content_filter", "message": "m"}, "content_filter"),
        ({"code": None, "innererror": {"code": "ResponsibleAIPolicyViolation"}}, "content_filter"),
        ({"message": "litellm.ContentPolicyViolationError: m"}, "content_filter"),
        ({"code": "context_length_exceeded"}, "length"),
        ({"type": "exceed_context_size_error", "code": 400}, "length"),
        ({"message": "the request exceeds the available context size"}, "length"),
    ],
)
def test_an_error_of_a_filter_or_a_full_window_keeps_the_words(error: dict[str, Any], expected: str) -> None:
    """What was written before it is the answer, cut off there; without a word before it is an error."""
    failed = json.dumps({"error": error})
    text, ending, failure = outcome([stream_of(choice(delta={"content": "Half"}), failed)])

    assert ("Half", expected, "") == (text, ending and ending.finish_reason, failure)
    assert outcome([stream_of(failed)])[2].startswith("Permanent OpenAI")
