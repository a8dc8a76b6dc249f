"""chatgpt/error_words.py and error_body.py: an error is known by its inner codes, else by its words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cocoai.chatgpt.api_error import ApiError
from cocoai.chatgpt.error_body import names_in
from cocoai.errors import Permanent, Temporary

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def parsed(status: int, payload: object) -> ApiError:
    """Parse an HTTP error with this JSON as its body."""
    return ApiError.from_response(status, {}, json.dumps(payload).encode())


def by_gateway(message: str, status: int = 400, **parts: Any) -> ApiError:
    """Return an error as LiteLLM's proxy sends it: its code is the status, as text."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": str(status), **parts}
    return parsed(status, {"error": error})


TOO_LONG = [
    "litellm.ContextWindowExceededError: litellm.BadRequestError: OpenAIException - too big",
    "This model's maximum context length is 128 tokens. However, your messages resulted in 130 tokens.",
    "This model's maximum prompt length is 131072 but the request contains 150000 tokens.",
    "prompt is too long: 250017 tokens > 200000 maximum",
    "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000",
    "Input is too long for requested model.",
    "The input token count (1100000) exceeds the maximum number of tokens allowed (1048575).",
    "the request exceeds the available context size, try increasing it",
    "request (33097 tokens) exceeds the available context size (4096 tokens)",
    "Please reduce the length of the messages or completion.",
    "Your input exceeds the context window of this model.",
    "too many tokens: total number of tokens in the prompt cannot exceed 4081",
    "Trying to keep the first 6000 tokens. However, the model is loaded with context length of only 4096 tokens",
    "The decoder prompt (length 5951) is longer than the maximum model length of 4096.",
    "The prompt (total length 25938) is too long to fit into the model (context length 4096).",
    "The input (9000 tokens) is longer than the model's context length (8192 tokens).",
    "Requested tokens (600) exceed context window of 512",
    "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 20 `max_new_tokens`",
    "max_tokens=2000 cannot be greater than max_model_len=1024",
    "context length exceeded",
]


@pytest.mark.parametrize("message", TOO_LONG)
def test_what_is_too_long_is_known_by_its_words(message: str) -> None:
    """In an error of a gateway, as a text, and inside a stream."""
    assert by_gateway(message).is_too_long
    assert parsed(500, {"error": message}).is_too_long
    assert ApiError.from_stream({"message": message}).is_too_long
    assert "context_length_exceeded" == by_gateway(message).to_exception().code


@pytest.mark.parametrize(
    "message",
    [
        "max_tokens is too large: 100000. This model supports at most 4096 completion tokens.",
        "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens for this model",
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "messages: text content blocks must be non-empty",
        "Invalid 'metadata.key': string too long. Expected at most 64 characters.",
        "Invalid model name passed in model=long-context",
    ],
)
def test_an_error_about_something_else_is_not_too_long(message: str) -> None:
    """To shorten the conversation would not help."""
    assert not by_gateway(message).is_too_long


def test_words_count_only_where_a_request_is_refused() -> None:
    """A rate limit may speak of tokens, too; but one that a single request is over is not waited for."""
    waits = parsed(429, {"error": {"message": "Too many tokens, please wait before trying again."}})
    never = parsed(
        429, {"error": {"message": "Request too large for gpt on tokens per min (TPM): Limit 3, Requested 4"}}
    )

    assert (False, True) == (waits.is_too_long, never.is_too_long)
    assert isinstance(waits.to_exception(), Temporary)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("This model's maximum context length is 8 tokens. However, you requested 9 (5 in the completion).", True),
        ("'max_tokens' is too large: 4096. This model's maximum context length is 4096 tokens", True),
        ("However, you requested 65535 output tokens and your prompt contains at least 62466 input tokens", True),
        ("This model's maximum context length is 8 tokens. However, your messages resulted in 9 tokens.", False),
    ],
)
def test_the_room_for_the_answer_may_count_too(message: str, expected: bool) -> None:
    """Where the words speak of it, the limit of the answer can make the difference."""
    assert expected is by_gateway(message).counts_the_answer


FILTERED = [
    {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}},
    {"code": "Content_Filter"},
    {"code": None, "type": None, "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}}},
    {"code": "400", "provider_specific_fields": {"azure_error": {"code": "content_filter", "status": 400}}},
    {"code": 400, "metadata": {"raw": json.dumps({"error": {"code": "content_policy_violation"}})}},
    {"message": "litellm.ContentPolicyViolationError: OpenAIException - no", "code": "400"},
    {"message": "The response was filtered due to the prompt triggering Azure's content management policy."},
    {"message": "Invalid prompt: your prompt was flagged as potentially violating our usage policy."},
    {"message": "Your request was rejected as a result of our safety system.", "code": None},
    {"message": "Content Exists Risk", "code": "invalid_request_error"},
    {"code": "DataInspectionFailed", "message": "Input data may contain inappropriate content."},
]


@pytest.mark.parametrize("error", FILTERED)
def test_a_content_filter_is_known_wherever_it_speaks(error: dict[str, Any]) -> None:
    """By an inner code, by one in any spelling, or by its words; its asker is told that it was refused."""
    raised = parsed(400, {"error": error}).to_exception()

    assert isinstance(raised, Permanent)
    assert "refused" == raised.code
    assert "refused" == ApiError.from_stream(error).to_exception().code


NO_CREDIT = [
    (429, {"message": "You exceeded your current quota, please check your plan and billing details.", "code": "429"}),
    (429, {"message": "OpenAIException - insufficient_quota", "type": "throttling_error", "code": "429"}),
    (400, {"message": "Your credit balance is too low to access the Anthropic API.", "code": None}),
    (402, {"message": "Insufficient credits. Add more.", "code": 402}),
    (402, {"message": "Insufficient Balance", "code": "invalid_request_error"}),
    (400, {"message": "ExceededBudget: User=1 over budget.", "type": "budget_exceeded", "code": "400"}),
    (429, {"message": "Billing hard limit has been reached", "code": "billing_hard_limit_reached"}),
    (429, {"code": "Insufficient-Quota"}),
    (429, {"code": "429", "metadata": {"raw": '{"error": {"code": "insufficient_quota"}}'}}),
]


@pytest.mark.parametrize(("status", "error"), NO_CREDIT)
def test_missing_credit_is_permanent(status: int, error: dict[str, Any]) -> None:
    """To wait does not help."""
    assert isinstance(parsed(status, {"error": error}).to_exception(), Permanent)
    assert isinstance(ApiError.from_stream(error).to_exception(), Permanent)


@pytest.mark.parametrize(
    "message",
    [
        "Rate limit reached for requests",
        "You exceeded your current quota. Quota exceeded for metric: free_tier_requests. Please retry in 33.5s.",
        "You exceeded your current quota: 15 requests per minute.",
        "litellm.RateLimitError: No deployments available for selected model, Try again in 5 seconds.",
    ],
)
def test_a_limit_of_the_moment_passes(message: str) -> None:
    """Some servers use the words for missing credit for it, too."""
    assert isinstance(by_gateway(message, 429, type="throttling_error").to_exception(), Temporary)


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (502, {"code": "invalid_api_key", "type": "invalid_request_error"}, "Permanent OpenAI invalid_api_key"),
        (502, {"code": "model_not_found"}, "Permanent OpenAI model_not_found"),
        (500, {"code": "insufficient_quota"}, "Permanent OpenAI insufficient_quota"),
        (503, {"code": "Invalid_API_Key"}, "Permanent OpenAI Invalid_API_Key"),
        (502, {"code": "server_error", "type": "invalid_request_error"}, "Temporary OpenAI server_error"),
        (502, {"code": None, "type": "bad_gateway"}, "Temporary OpenAI bad_gateway"),
    ],
)
def test_a_final_code_is_final_whatever_the_status(status: int, error: dict[str, Any], expected: str) -> None:
    """A gateway may pass on another server's error as its own failure."""
    raised = parsed(status, {"error": error}).to_exception()

    assert f"{type(raised).__name__} {raised}".startswith(expected)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"error": {"code": "429", "type": "throttling_error"}}, "throttling_error"),
        ({"error": {"code": 429, "type": None}}, "429"),
        ({"error": {"code": "Context_Length", "type": "x"}}, "Context_Length"),
        ([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}], "429"),
        ({"status": "failure", "message": "no"}, "429"),
        ({"detail": {"error": {"code": "slow_down"}}}, "slow_down"),
    ],
)
def test_the_code_for_the_log(payload: object, code: str) -> None:
    """A code that only repeats the status says nothing: the type stands in its place."""
    assert code == parsed(429, payload).to_exception().code


@pytest.mark.parametrize("error", [*FILTERED, *(error for _, error in NO_CREDIT), {"message": TOO_LONG[0]}])
def test_no_word_of_a_message_is_passed_on(error: dict[str, Any]) -> None:
    """The words decide, but stand in no exception and in no `repr`."""
    message = f"{error.get('message')} sk-practice-secret"
    for found in (
        parsed(400, {"error": error | {"message": message}}),
        ApiError.from_stream(error | {"message": message}),
    ):
        shown = f"{found!r} {found.to_exception()!r} {found.to_exception()} {vars(found.to_exception())}"

        assert "secret" not in shown
        assert "policy" not in shown


def test_names_are_bounded() -> None:
    """However deep and wide an error is, few names of it are kept."""
    deep: Any = {"code": "deepest"}
    for _ in range(500):
        deep = {"error": deep, "code": "same"}
    wide = [{"code": f"code_{number}"} for number in range(10_000)]

    assert {"same"} == names_in(deep)
    assert len(names_in({"error": wide})) <= 50


ATTACHMENTS = [
    (400, {"message": "unsupported content[].type", "type": "invalid_request_error", "code": 400}),
    (400, {"message": "litellm.BadRequestError: OpenAIException - unsupported content[].type", "code": "400"}),
    (400, {"message": 'Hosted_vllmException - {"error":{"message":"unsupported content[].type"}}', "code": "400"}),
    (500, {"message": "image input is not supported - hint: you may need to provide the mmproj", "code": 500}),
    (500, {"message": "litellm.InternalServerError: image input is not supported - hint", "code": "500"}),
    (400, {"message": "At most 0 image(s) may be provided in one prompt.", "type": "BadRequestError", "code": 400}),
    (400, {"message": "Unsupported chat content part type: 'file'. (parameter=type, value=file)", "param": "type"}),
    (422, {"message": "Input should be a valid string", "input": [{"type": "file", "file": {"filename": "a.pdf"}}]}),
    (400, {"message": "Unknown part type: file", "type": "BadRequestError", "code": 400}),
    (422, {"message": "[{'loc': ('body', 'messages', 0, 'content', 1, 'image_url'), 'msg': 'Input should be text'}]"}),
]


@pytest.mark.parametrize(("status", "error"), ATTACHMENTS)
def test_a_refused_picture_or_pdf(status: int, error: dict[str, Any]) -> None:
    """In the words of llama.cpp, vLLM, llama-cpp-python, and of LiteLLM's proxy in front of them."""
    found = parsed(status, {"error": error})

    assert found.refuses_attachment
    assert not found.is_too_long


@pytest.mark.parametrize(
    "message",
    [
        "Jinja Exception: After the optional system message, conversation roles must alternate user/assistant",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "litellm.BadRequestError: OpenAIException - roles must alternate between user and assistant",
    ],
)
def test_a_template_that_wants_the_roles_to_alternate(message: str) -> None:
    """Gemma's, Mistral's and Llama 2's do."""
    assert "neighbours" == by_gateway(message).refused_form
    assert "" == by_gateway("The role must be user").refused_form


@pytest.mark.parametrize(
    "message",
    ["System role not supported", "System messages are not supported by this model", "does not support system prompts"],
)
def test_a_template_that_wants_no_system_message(message: str) -> None:
    """Gemma's first two do."""
    assert "system" == by_gateway(message).refused_form
    assert "" == parsed(503, {"error": message}).refused_form
