"""chatgpt/api_error.py: what an error of the API amounts to, and that its own message goes no further."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.chatgpt.api_error import ApiError
from cocoai.errors import Permanent, Temporary

pytestmark = pytest.mark.pure

SENT = frozenset({"max_completion_tokens", "reasoning_effort", "store", "stream", "stream_options"})


def complaint(status: int, told: object = None, **headers: str) -> ApiError:
    """`told` is the JSON of the body, or the body itself; underscores in a header's name stand for hyphens."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return ApiError.in_response(status, named, body)


def error(**parts: Any) -> dict[str, Any]:
    return {
        "error": {"message": "The key sk-practice is at fault.", "type": None, "param": None, "code": None, **parts}
    }


@pytest.mark.parametrize(
    ("status", "told", "code"),
    [
        (408, error(), "408"),
        (409, error(type="conflict"), "conflict"),
        (429, error(type="requests", code="rate_limit_exceeded"), "rate_limit_exceeded"),
        (429, error(type="tokens"), "tokens"),
        (429, b"<html>Too many</html>", "429"),
        (500, error(type="server_error"), "server_error"),
        (502, b"<html><body>Bad gateway</body></html>", "502"),
        (503, error(code="server_is_overloaded"), "server_is_overloaded"),
        (503, error(code="slow_down"), "slow_down"),
        (529, b"", "529"),
    ],
)
def test_what_passes_is_temporary(status: int, told: object, code: str) -> None:
    """Time-outs, conflicts, the rate limit, overload and 5xx; nothing was sent to any avail, so nothing is billed."""
    raised = complaint(status, told).error()

    assert isinstance(raised, Temporary)
    assert ("OpenAI", code, status, False) == (raised.source, raised.code, raised.status, raised.sent)


@pytest.mark.parametrize(
    ("status", "told", "code"),
    [
        (400, error(type="invalid_request_error", code="invalid_value"), "invalid_value"),
        (400, error(type="invalid_request_error"), "invalid_request_error"),
        (401, error(type="invalid_request_error", code="invalid_api_key"), "invalid_api_key"),
        (403, error(code="unsupported_country_region_territory"), "unsupported_country_region_territory"),
        (404, error(code="model_not_found"), "model_not_found"),
        (404, b"<html>Not found</html>", "404"),
        (413, b"", "413"),
        (429, error(type="insufficient_quota", code="insufficient_quota"), "insufficient_quota"),
        (429, error(type="insufficient_quota"), "insufficient_quota"),
        (429, error(type="insufficient_quota", code="credit_balance_exhausted"), "credit_balance_exhausted"),
        (429, error(code="organization_spend_limit_exceeded"), "organization_spend_limit_exceeded"),
        (302, b"", "302"),
    ],
)
def test_what_does_not_pass_is_permanent(status: int, told: object, code: str) -> None:
    """A bad key, a model that is gone, no credit: a 429 too, when its code says that waiting does not help."""
    raised = complaint(status, told).error()

    assert isinstance(raised, Permanent)
    assert ("OpenAI", code, status) == (raised.source, raised.code, raised.status)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"error": None}, "400"),
        ({"error": "model is loading"}, "400"),
        ({"error": []}, "400"),
        ([], "400"),
        (None, "400"),
        (b"\xff{", "400"),
        (error(code=7), "7"),
        (error(code={"a": 1}, type=["b"]), "400"),
        (error(code="a whole sentence with sk-practice in it", type="odd_type"), "odd_type"),
        (
            {"object": "error", "message": "m", "type": "BadRequestError", "param": None, "code": None},
            "BadRequestError",
        ),
        (b"[" * 100_000, "400"),
    ],
)
def test_odd_bodies_are_tolerated(told: object, code: str) -> None:
    """Null fields, other shapes, no JSON at all: the code, else the type, else the status."""
    assert code == complaint(400, told).error().code


def test_the_message_goes_no_further() -> None:
    """It may quote a key or somebody's text: it is in no error and in no `repr`."""
    told = complaint(401, error(code="invalid_api_key"), x_request_id="req_1")

    assert "sk-practice" not in f"{told!r} {told.error()!r} {told.error()}"
    assert "OpenAI invalid_api_key 401 req_1" == str(told.error())


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (error(code="content_filter", type="invalid_request_error"), "OpenAI refused content_filter 400"),
        (error(code="moderation_blocked"), "OpenAI refused moderation_blocked 400"),
        (error(type="exceed_context_size_error"), "OpenAI context_length_exceeded exceed_context_size_error 400"),
        (error(code="context_length_exceeded"), "OpenAI context_length_exceeded 400"),
        (
            error(code="model_not_found", type="invalid_request_error"),
            "OpenAI model_not_found invalid_request_error 400",
        ),
        (error(code="insufficient_quota", type="insufficient_quota"), "OpenAI insufficient_quota 400"),
    ],
)
def test_what_the_asker_can_mend_has_a_name_of_ours(told: object, expected: str) -> None:
    """Its own stands beside it, as a type beside its code."""
    assert expected == str(complaint(400, told).error())


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0.25"}, 0.25),
        ({"Retry_After": "7", "Retry_After_Ms": "1500"}, 1.5),
        ({"retry_after": "7", "retry_after_ms": "soon"}, 7.0),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "a while"}, None),
        ({"retry_after": ""}, None),
        ({"retry_after": "Sun, 22 Nov 2026 10:00:30 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry_after": "Sun, 22 Nov 2026 09:00:00 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"retry_after": "Sun, 22 Nov 2026 10:00:30 GMT"}, None),
        ({"retry_after": "Sun, 22 Nov 2026 10:00:30 -0000", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, None),
    ],
)
def test_the_wait_that_was_asked_for(headers: dict[str, str], expected: float | None) -> None:
    """Milliseconds first, then seconds or a date, which is measured against the response's own and not our clock."""
    raised = complaint(429, error(), **headers).error()

    assert isinstance(raised, Temporary)
    assert expected == raised.retry_after


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_header_is_tolerated(wait: str, date: str) -> None:
    """The wait is a number of seconds or unknown."""
    retry_after = complaint(429, None, retry_after=wait, date=date).retry_after

    assert retry_after is None or 0 <= retry_after < float("inf")


@given(st.integers(100, 599), st.binary(max_size=60))
def test_any_body_is_tolerated(status: int, body: bytes) -> None:
    """It ends in one of our errors, which bears the status."""
    assert status == complaint(status, body).error().status


@pytest.mark.parametrize(
    ("status", "told", "expected"),
    [
        (400, error(code="unsupported_parameter", param="max_completion_tokens"), "max_completion_tokens"),
        (400, error(code="unsupported_value", param="reasoning_effort"), "reasoning_effort"),
        (400, error(code="unsupported_value", param="stream"), "stream"),
        (400, error(code="unknown_parameter", param="stream_options.include_usage"), "stream_options"),
        (400, error(message="Unrecognized request argument supplied: reasoning_effort"), "reasoning_effort"),
        (400, error(message="store is not supported by this server"), "store"),
        (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "store"], "input": False}]}, "store"),
        (400, error(code="unsupported_parameter", param="temperature"), None),
        (400, error(code="unsupported_value", param="messages[0].role"), None),
        (400, error(code="invalid_value", param="store"), None),
        (400, error(message="Unrecognized request argument supplied: colour"), None),
        (400, error(message="The store is closed."), None),
        (404, error(code="unsupported_parameter", param="store"), None),
        (500, error(message="reasoning_effort is not supported"), None),
        (400, b"<html>unsupported</html>", None),
    ],
)
def test_which_parameter_is_refused(status: int, told: object, expected: str | None) -> None:
    """Named by `param`, or in words alone; and only one that was sent, so that nothing is dropped in vain."""
    assert expected == complaint(status, told).refused_parameter(SENT)


UNSUPPORTED = "You uploaded an unsupported image. Please make sure your image is valid."
BLIND = "Invalid content type. image_url is only supported by certain models."


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, error(message=UNSUPPORTED, code="invalid_image_format")),
        (400, error(message=UNSUPPORTED, code="image_parse_error")),
        (400, error(code="sanitizer_server_error")),
        (400, error(message=UNSUPPORTED)),
        (400, error(message=BLIND, param="messages.[1].content.[0].type")),
        (400, error(code="invalid_value", param="messages[3].content[2].file.file_data")),
        (400, error(message="Invalid base64 image_url.", param="messages", code="invalid_value")),
        (400, error(message="this model does not support image input")),
        (400, error(message="x is not a multimodal model", type="BadRequestError", code=400)),
        (422, error(message="Unknown part type: file")),
        (413, b"<html>Request Entity Too Large</html>"),
        (415, error(message="Unsupported MIME type.")),
        (500, error(message="image input is not supported - hint: you may need to provide the mmproj")),
        (500, error(message="Failed to parse messages: Unsupported content part type: image_url")),
    ],
)
def test_what_is_said_of_an_attachment(status: int, told: object) -> None:
    """By OpenAI's codes, by the place in the request, or in words: OpenAI's, Ollama's, vLLM's, llama.cpp's."""
    told_of = complaint(status, told)

    assert told_of.refuses_attachment
    assert isinstance(told_of.error("attachment"), Permanent)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, error(code="unsupported_parameter", param="reasoning_effort", message="not supported with image input")),
        (400, error(message="Unrecognized request argument supplied: store")),
        (400, error(code="invalid_value", param="messages[0].role")),
        (401, error(message="This key may not use image input.", code="invalid_api_key")),
        (404, error(message="The model `a-vision-model` does not exist", code="model_not_found")),
        (429, error(message="Rate limit reached for images", code="rate_limit_exceeded")),
        (500, error(message="The server had an error while processing your image.")),
        (503, error(message="Files are not supported today.")),
    ],
)
def test_what_is_said_of_something_else(status: int, told: object) -> None:
    """Though it may mention pictures."""
    assert not complaint(status, told).refuses_attachment


def test_our_name_for_it_keeps_theirs() -> None:
    """The caller goes by ours, and the operator reads what OpenAI said, and the request's id."""
    raised = complaint(400, error(code="image_parse_error"), x_request_id="req_1").error("attachment")

    assert ("attachment", "image_parse_error") == (raised.code, raised.theirs)
    assert "OpenAI attachment image_parse_error 400 req_1" == str(raised)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (error(code="context_length_exceeded", param="messages"), True),
        (error(type="exceed_context_size_error", code=400), True),
        (error(message="This model's maximum context length is 8192 tokens."), True),
        (error(code="invalid_value", param="messages"), False),
        (b"", False),
    ],
)
def test_whether_the_conversation_is_too_long(told: object, expected: bool) -> None:
    """By OpenAI's code, or as other servers say it."""
    assert expected == complaint(400, told).too_long
