"""One call of the Web API as it came: whose token, which arguments, however they were written down.

The rules are those of https://docs.slack.dev/apis/web-api: a form always works, JSON only where a method takes it,
the token in the Authorization header (or a form's field), never in the query and never in JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from cocoai.rehearsal.server import Incoming

TAKES_JSON = frozenset(
    {
        "auth.test",
        "chat.delete",
        "chat.postEphemeral",
        "chat.postMessage",
        "chat.update",
        "conversations.replies",
        "reactions.add",
    }
)
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class ApiError(Exception):
    """`ok: false`: the code as Slack writes it, and what else stands in the reply."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


@dataclass(frozen=True)
class Arguments:
    """What was asked, by name; a form's values are strings, JSON's are what they are.

    `warning` and `refusal` are Slack's words for the way in which it was written down, or empty.
    """

    given: Mapping[str, Any]
    warning: str = ""
    refusal: str = ""

    def text(self, name: str) -> str:
        value = self.given.get(name)
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        """Raises `invalid_arguments`, as Slack does for a missing field."""
        if not self.text(name):
            said = {"messages": [f"[ERROR] missing required field: {name}"]}
            raise ApiError("invalid_arguments", response_metadata=said)
        return self.text(name)

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("1", "true")

    def structure(self, name: str, error: str) -> Any:
        """An object or a list, given as such or as a string of JSON; None when it was not given."""
        value = self.given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise ApiError(error) from None


def token(incoming: Incoming) -> str:
    """Empty when there is none where Slack looks for it."""
    scheme, _, bearer = incoming.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return bearer.strip()
    return _form(incoming).get("token", "") if _content_type(incoming) == FORM else ""


def arguments(method: str, incoming: Incoming) -> Arguments:
    """The query's arguments and the body's, the token left out."""
    given: dict[str, Any] = dict(parse_qsl(incoming.query))
    warning = refusal = ""
    if incoming.method == "POST" and incoming.body:
        try:
            given |= _body(method, incoming)
        except ApiError as error:
            refusal = error.code
        if _content_type(incoming) == JSON and "charset" not in incoming.headers["content-type"].lower():
            warning = "missing_charset"
    given.pop("token", None)
    return Arguments(given, warning, refusal)


def _body(method: str, incoming: Incoming) -> dict[str, Any]:
    content_type = _content_type(incoming)
    if content_type == FORM:
        return _form(incoming)
    if content_type != JSON:
        raise ApiError("invalid_post_type" if content_type else "missing_post_type")
    # A method that takes no JSON sees no arguments at all.
    return _json(incoming.body) if method in TAKES_JSON else {}


def _content_type(incoming: Incoming) -> str:
    return incoming.headers.get("content-type", "").partition(";")[0].strip().lower()


def _form(incoming: Incoming) -> dict[str, str]:
    return dict(parse_qsl(incoming.body.decode("utf-8", errors="replace"), keep_blank_values=True))


def _json(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(given, dict):
        raise ApiError("json_not_object")
    return given
