"""What models' servers were seen to send: streams, single bodies, errors in all shapes, and pages of others."""

from __future__ import annotations

from typing import Any

QUOTED = "KEEP OUT 鍵"
"""Stands in the servers' own messages: nothing of those may be kept or shown."""

SSE = {"content-type": "text/event-stream; charset=utf-8", "x-request-id": "req_1"}
JSON = {"content-type": "application/json", "x-request-id": "req_2"}
DONE = "data: [DONE]\n\n"


def chunk(delta: Any, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a chunk with one choice; `more` are further fields of the choice."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None} | more
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-6-luna", "choices": [choice]}


def words(*texts: str) -> list[Any]:
    """Return a chunk for each text, behind the one with the role."""
    return [chunk({"role": "assistant", "content": ""}), *(chunk({"content": text}) for text in texts)]


def usage(**more: Any) -> dict[str, Any]:
    """Return the last chunk, with the usage alone."""
    details = {"prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 2}}
    counts = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17} | details
    return {"id": "c1", "object": "chat.completion.chunk", "model": "gpt-6-luna", "choices": [], "usage": counts | more}


def completion(message: Any, finish: str | None = "stop") -> dict[str, Any]:
    """Return a whole answer in one body."""
    choice = {"index": 0, "message": message, "finish_reason": finish}
    counts = {"prompt_tokens": 12, "completion_tokens": 5}
    return {"id": "c1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": counts}


def error(code: Any, kind: Any = "invalid_request_error", **more: Any) -> dict[str, Any]:
    """Return an error in OpenAI's shape."""
    return {"error": {"message": f"{QUOTED} {code}", "type": kind, "param": None, "code": code} | more}


def response(*events: Any, status: int = 200, headers: dict[str, str] = SSE, **more: Any) -> dict[str, Any]:
    """Return a response; `more` are `framing`, `line_end`, `end` and `ascii` (streams.py)."""
    return {"status": status, "headers": headers, "events": list(events)} | more


def refused(status: int, body: Any, **headers: str) -> dict[str, Any]:
    """Return an HTTP error."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return response(body, status=status, headers=JSON | more, framing="json")


WELL = response(*words("Hello", ", ", "日本語と😀です。"), chunk({}, "stop"), usage(), DONE)
PAGE = "<!doctype html><html><body>Please log in</body></html>"

_LITELLM = {"message": f"litellm.BadRequestError: {QUOTED}", "type": None, "param": None, "code": "400"}

STREAMS: tuple[dict[str, Any], ...] = tuple(
    {"responses": list(responses)}
    for responses in (
        (WELL,),
        (response(*words("cut at its limit"), chunk({}, "length"), usage(), DONE),),
        (response(*words("half a "), chunk({}, "content_filter"), DONE),),
        (response(*words("odd end"), chunk({}, "eos_token"), DONE),),
        (response(*words("no reason"), DONE),),
        (response(*words("no end at all")),),
        (response(*words("broken off"), end="reset"),),
        (response(*words("silent from here"), end="timeout"),),
        (response(DONE), response(DONE)),
        (response(), response(completion({"role": "assistant", "content": "whole"}), headers=JSON, framing="json")),
        (response(*words("a", "b"), chunk({}, "stop"), DONE, line_end="\r\n"),),
        (response(*words("a", "b"), chunk({}, "stop"), DONE, line_end="\r"),),
        (response("\ufeff", ": ping\n\n", *words("a"), ": ping\n\n", chunk({}, "stop"), "id: 7\nretry: 9\n", DONE),),
        (response("event: message\n", 'data: {"choices":\ndata: [{"delta":{"content":"two lines"}}]}\n\n', DONE),),
        (response(*words("\ud83d", "\ude00 halves", "\ud83d"), chunk({}, "stop"), DONE),),
        (response(*words("漢字" * 40), chunk({}, "stop"), DONE, ascii=False),),
        (response(chunk({"refusal": "I cannot "}), chunk({"refusal": "do that."}), chunk({}, "stop"), DONE),),
        (response(chunk({"content": [{"type": "text", "text": "parts"}]}), chunk({"content": None}, "stop"), DONE),),
        (response(chunk({"reasoning_content": "hm"}), chunk({"reasoning": "hm"}), *words("so"), chunk({}, "stop")),),
        (response(*words("<think>", "it is", "</think>", "\n\nfour"), chunk({}, "stop"), DONE),),
        (response(*words("<thi", "nk>never closed"), chunk({}, "stop"), DONE),),
        (response(chunk({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}), chunk({}, "tool_calls"), DONE),),
        (
            response(
                {"choices": [], "prompt_filter_results": [{"prompt_index": 0}]}, *words("azure"), chunk({}, "stop")
            ),
        ),
        (response(*words("again"), chunk({}, "stop", message={"role": "assistant", "content": "again"}), DONE),),
        (response(completion({"role": "assistant", "content": "one body"}), headers=JSON, framing="json"),),
        (response(completion({"role": "assistant", "content": "as a stream"}), framing="json"),),
        (response(completion({"content": [{"type": "text", "text": "p"}]}, None), headers=JSON, framing="json"),),
        (response(*words("called json"), chunk({}, "stop"), DONE, headers=JSON),),
        (response(*words("lines"), chunk({}, "stop"), framing="lines"),),
        (response(completion({"refusal": "no", "content": None}), headers=JSON, framing="json"),),
        (response({"object": "chat.completion"}, headers=JSON, framing="json"),),
        (response(*words("then"), error("server_error", "server_error")),),
        (response(*words("then"), f'event: error\ndata: {{"message": "{QUOTED}", "code": 500}}\n\n'),),
        (response({"object": "error", "message": QUOTED, "type": "BadRequestError", "code": 400}),),
        (response(error("context_length_exceeded"), framing="json"), WELL),
        (response({"error": QUOTED}, framing="lines"),),
        (response({"error": {"message": QUOTED, "code": 502, "metadata": {"raw": QUOTED}}}),),
        (response(*words("x"), '{"error": {"message": "out of memory"}}\n'),),
        (refused(400, error("context_length_exceeded")), refused(400, error("context_length_exceeded")), WELL),
        (refused(400, error("unsupported_parameter", param="reasoning_effort")), WELL),
        (
            refused(400, error("unsupported_value", param="stream")),
            refused(400, error(None, param="stream_options")),
            WELL,
        ),
        (refused(422, {"detail": [{"loc": ["body", "store"], "msg": "extra_forbidden", "type": QUOTED}]}), WELL),
        (refused(401, error("invalid_api_key")),),
        (refused(403, PAGE),),
        (refused(404, error("model_not_found")),),
        (refused(413, {"error": QUOTED}),),
        (refused(429, error("rate_limit_exceeded", "requests"), retry_after="2", retry_after_ms="1500"),),
        (refused(429, error("insufficient_quota", "insufficient_quota")),),
        (
            refused(
                429,
                error("slow_down"),
                retry_after="Wed, 21 Oct 2026 07:28:00 GMT",
                date="Wed, 21 Oct 2026 07:27:00 GMT",
            ),
        ),
        (refused(500, {"error": _LITELLM}),),
        (refused(400, {"error": _LITELLM | {"code": "400", "type": "ContextWindowExceededError"}}), WELL),
        (refused(503, PAGE, content_type="text/html"),),
        (refused(529, {"type": "error", "error": {"type": "overloaded_error", "message": QUOTED}}),),
        (refused(302, "", location="https://login.example.com/"),),
        (response(PAGE, headers={"content-type": "text/html"}),),
        (
            response(
                "event: message_start\n",
                {"type": "message_start", "message": {"content": []}},
                {"type": "message_stop"},
            ),
        ),
    )
)
