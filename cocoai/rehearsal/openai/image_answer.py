"""Answer a request for a picture: OpenAI's JSON with the picture in it, what it costs, and the ways it can go wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from cocoai.rehearsal.openai.billing import PracticeBill
from cocoai.rehearsal.openai.image_models import drawn_tokens, picture_price
from cocoai.rehearsal.openai.image_request import ImageRequest
from cocoai.rehearsal.openai.openai_errors import OpenAIApiError
from cocoai.rehearsal.openai.openai_faults import OpenAIFault
from cocoai.rehearsal.openai.practice_answer import tokens_of
from cocoai.rehearsal.openai.practice_picture import practice_picture
from cocoai.rehearsal.practice_server import Gone

_PIECE = 32 * 1024
"""Bytes of the body that leave at once."""

_ENDLESS = 64 * 1024 * 1024
"""Bytes of a picture that is too large for every reader."""

_NO_PICTURE = b"<!DOCTYPE html><html><body>hello</body></html>"


def moderated() -> OpenAIApiError:
    """Return the error (400) of a prompt, or of a picture, that the moderation has blocked."""
    problem = "Your request was rejected by the safety system. If you believe this is an error, contact us."
    return OpenAIApiError(400, problem, kind="image_generation_user_error", code="moderation_blocked")


def bill_of(request: ImageRequest, *, is_refused: bool = False) -> PracticeBill:
    """Return what a request costs; one that moderation has refused costs its input."""
    text, drawn = tokens_of(request.prompt), 0 if is_refused else _drawn(request)
    amount = picture_price(text, request.sent_tokens, drawn)
    plain = text + request.sent_tokens
    return PracticeBill(request.model, "default", plain, 0, 0, drawn, 0, amount, "whole")


def _drawn(request: ImageRequest) -> int:
    return request.n * drawn_tokens(request.model, request.quality, *request.size)


def body_of(request: ImageRequest, created: int, fault: OpenAIFault | None, padding: int) -> Iterator[bytes]:
    """Yield the response's body in pieces. A `cut` breaks it off in the middle of the picture."""
    kind = fault.kind if fault else ""
    if kind == "too large":
        yield from _endless()
        return
    body = json.dumps(_value(request, created, kind, padding)).encode()
    end = len(body) // 2 if kind == "cut" else len(body)
    for at in range(0, end, _PIECE):
        yield body[at : min(at + _PIECE, end)]
    if kind == "cut":
        raise Gone


def _value(request: ImageRequest, created: int, kind: str, padding: int) -> dict[str, Any]:
    text, drawn = tokens_of(request.prompt), _drawn(request)
    value: dict[str, Any] = {
        "created": created,
        "background": "opaque",
        "data": [{"b64_json": _picture(request, kind, n, padding)} for n in range(request.n)],
        "output_format": request.form,
        "quality": request.quality,
        "size": f"{request.size[0]}x{request.size[1]}",
    }
    if kind == "no usage":
        return value
    details = {"text_tokens": text, "image_tokens": request.sent_tokens}
    total = text + request.sent_tokens
    usage = {"input_tokens": total, "input_tokens_details": details, "output_tokens": drawn}
    usage["output_tokens_details"] = {"image_tokens": drawn, "text_tokens": 0}
    return {**value, "usage": {**usage, "total_tokens": total + drawn}}


def _picture(request: ImageRequest, kind: str, n: int, padding: int) -> str:
    form = request.form
    if kind == "another type":
        form = "jpeg" if form == "png" else "png"
    prompt = f"{request.prompt} {n}" if n else request.prompt
    data = _NO_PICTURE if kind == "not a picture" else practice_picture(form, *request.size, prompt, padding)
    return base64.b64encode(data).decode()


def _endless() -> Iterator[bytes]:
    yield b'{"created": 1, "data": [{"b64_json": "'
    piece = base64.b64encode(b"\xff\xd8\xff" + bytes(_PIECE * 3 // 4 - 3))
    for _ in range(_ENDLESS // _PIECE):
        yield piece
    yield b'"}]}'
