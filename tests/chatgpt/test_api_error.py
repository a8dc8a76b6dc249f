"""chatgpt/api_error.py: what an error of the API is translated to; its message is not passed on."""

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


def parsed(status: int, payload: object = None, **headers: str) -> ApiError:
    """Parse an HTTP error. `payload` is the JSON of its body, or the body itself; `_` in a header's name means `-`."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return ApiError.from_response(status, named, body)


def error(**parts: Any) -> dict[str, Any]:
    """Return an error object as OpenAI sends it."""
    return {
        "error": {"message": "The key sk-practice is at fault.", "type": None, "param": None, "code": None, **parts}
    }


@pytest.mark.parametrize(
    ("status", "payload", "code"),
    [
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
def test_an_error_that_passes_is_temporary(status: int, payload: object, code: str) -> None:
    """Conflicts, the rate limit, overload and 5xx are temporary, and not billed."""
    raised = parsed(status, payload).to_exception()

    assert isinstance(raised, Temporary)
    assert ("OpenAI", code, status, False) == (raised.source, raised.code, raised.status, raised.sent)


@pytest.mark.parametrize("status", [408, 504, 524])
def test_after_the_time_out_of_a_gateway_the_model_may_have_run(status: int) -> None:
    """The gateway has stopped waiting; the server behind it may be at work, and is billed."""
    raised = parsed(status, b"<html>Time-out</html>").to_exception()

    assert isinstance(raised, Temporary)
    assert (str(status), True) == (raised.code, raised.sent)


@pytest.mark.parametrize(
    ("status", "payload", "code"),
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
def test_an_error_that_does_not_pass_is_permanent(status: int, payload: object, code: str) -> None:
    """A bad key, a missing model and no credit are permanent, though the last is a 429."""
    raised = parsed(status, payload).to_exception()

    assert isinstance(raised, Permanent)
    assert ("OpenAI", code, status, False) == (raised.source, raised.code, raised.status, raised.sent)


@pytest.mark.parametrize(
    ("payload", "code"),
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
def test_odd_bodies_are_tolerated(payload: object, code: str) -> None:
    """Of a body with null fields, another shape or no JSON the code is its code, else its type, else the status."""
    assert code == parsed(400, payload).to_exception().code


def test_the_message_is_not_passed_on() -> None:
    """The message, which may quote a key or a user's text, is in no exception and in no `repr`."""
    refused = parsed(401, error(code="invalid_api_key"), x_request_id="req_1")

    assert "sk-practice" not in f"{refused!r} {refused.to_exception()!r} {refused.to_exception()}"
    assert "OpenAI invalid_api_key 401 req_1" == str(refused.to_exception())


@pytest.mark.parametrize(
    ("payload", "expected"),
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
def test_an_error_that_the_asker_can_fix_has_our_code(payload: object, expected: str) -> None:
    """An error that the asker can do something about has a code of ours, and the API's beside it."""
    assert expected == str(parsed(400, payload).to_exception())


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
def test_retry_after(headers: dict[str, str], expected: float | None) -> None:
    """Milliseconds come first, then seconds or a date, which is relative to the response's date, not to our clock."""
    raised = parsed(429, error(), **headers).to_exception()

    assert isinstance(raised, Temporary)
    assert expected == raised.retry_after


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_header_is_tolerated(wait: str, date: str) -> None:
    """For any headers the wait is a number of seconds, 0 or more, or None."""
    retry_after = parsed(429, None, retry_after=wait, date=date).retry_after

    assert retry_after is None or 0 <= retry_after < float("inf")


@given(st.integers(100, 599), st.binary(max_size=60))
def test_any_body_is_tolerated(status: int, body: bytes) -> None:
    """Any status and body become one of our errors, with the status."""
    assert status == parsed(status, body).to_exception().status


@pytest.mark.parametrize(
    ("status", "payload", "expected"),
    [
        (400, error(code="unsupported_parameter", param="max_completion_tokens"), "max_completion_tokens"),
        (400, error(code="unsupported_value", param="reasoning_effort"), "reasoning_effort"),
        (400, error(code="unsupported_value", param="stream"), "stream"),
        (400, error(code="unknown_parameter", param="stream_options.include_usage"), "stream_options"),
        (400, error(message="Unrecognized request argument supplied: reasoning_effort"), "reasoning_effort"),
        (400, error(message="store is not supported by this server"), "store"),
        (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "store"], "input": False}]}, "store"),
        (
            400,
            error(message="type: literal_error", type="Bad Request", param="body.reasoning_effort"),
            "reasoning_effort",
        ),
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
def test_the_refused_parameter(status: int, payload: object, expected: str | None) -> None:
    """A refused parameter is named by `param`, or in the message alone, and counts only if it was sent."""
    assert expected == parsed(status, payload).refused_parameter(SENT)


UNSUPPORTED = "You uploaded an unsupported image. Please make sure your image is valid."
BLIND = "Invalid content type. image_url is only supported by certain models."


@pytest.mark.parametrize(
    ("status", "payload"),
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
def test_an_error_about_an_attachment(status: int, payload: object) -> None:
    """An attachment is named by OpenAI's code, by its place, or by the message of Ollama, vLLM or llama.cpp."""
    found = parsed(status, payload)

    assert found.refuses_attachment
    assert isinstance(found.to_exception("attachment"), Permanent)


@pytest.mark.parametrize(
    ("status", "payload"),
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
def test_an_error_about_something_else(status: int, payload: object) -> None:
    """An error about something else is none about an attachment, though its message may mention one."""
    assert not parsed(status, payload).refuses_attachment


def test_our_code_keeps_the_apis_code() -> None:
    """The caller decides by our code, and the operator reads the API's code and the request's id."""
    raised = parsed(400, error(code="image_parse_error"), x_request_id="req_1").to_exception("attachment")

    assert ("attachment", "image_parse_error") == (raised.code, raised.their_code)
    assert "OpenAI attachment image_parse_error 400 req_1" == str(raised)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (error(code="context_length_exceeded", param="messages"), True),
        (error(type="exceed_context_size_error", code=400), True),
        (error(message="This model's maximum context length is 8192 tokens."), True),
        (error(code="invalid_value", param="messages"), False),
        (b"", False),
    ],
)
def test_a_conversation_that_is_too_long(payload: object, expected: bool) -> None:
    """A conversation that is too long is reported by OpenAI's code, or in the message of other servers."""
    assert expected == parsed(400, payload).is_too_long
