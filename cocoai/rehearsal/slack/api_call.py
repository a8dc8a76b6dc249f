"""Read the token and the arguments of one Web API call, from its query, form or JSON.

The rules are those of https://docs.slack.dev/apis/web-api: every method takes a form, only some take JSON; the token
comes in the Authorization header or a form field, never in the query and never in JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from cocoai.rehearsal.practice_server import Incoming

TAKES_JSON = frozenset(
    {
        "auth.test",
        "chat.delete",
        "chat.postEphemeral",
        "chat.postMessage",
        "chat.update",
        "conversations.history",
        "conversations.replies",
        "files.completeUploadExternal",
        "files.delete",
        "pins.add",
        "pins.list",
        "pins.remove",
        "reactions.add",
        "reactions.remove",
        "views.open",
        "views.publish",
        "views.update",
    }
)
"""The methods that accept a JSON body."""
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class SlackApiError(Exception):
    """A refusal (`ok: false`): `code` is Slack's error code, `more` holds further fields of the response."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


@dataclass(frozen=True)
class Arguments:
    """The arguments of a call by name: a form's values are strings, JSON's are any type.

    `warning` and `refusal` are Slack's codes for a fault in the body's format, or empty.
    """

    values: Mapping[str, Any]
    warning: str = ""
    refusal: str = ""

    def text(self, name: str) -> str:
        """Return an argument as text, or "" if it is missing or null."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        """Return an argument as text. Raise `SlackApiError` (invalid_arguments) if it is missing or empty."""
        if not self.text(name):
            metadata = {"messages": [f"[ERROR] missing required field: {name}"]}
            raise SlackApiError("invalid_arguments", response_metadata=metadata)
        return self.text(name)

    def flag(self, name: str) -> bool:
        """Return True if an argument is `1` or `true` (upper case too), False for anything else or none."""
        return self.text(name).lower() in ("1", "true")

    def structure(self, name: str, error: str) -> Any:
        """Return an argument that was sent as JSON, or in a form as a string of JSON; None if it is missing or "".

        Raise `SlackApiError` with the code `error` if it is a string that is not JSON.
        """
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise SlackApiError(error) from None


def token(incoming: Incoming) -> str:
    """Return the call's token from the Authorization header (`Bearer xoxb-...`), else from a form's field `token`.

    Return "" if there is none in these places.
    """
    scheme, _, bearer = incoming.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return bearer.strip()
    return _form(incoming).get("token", "") if _content_type(incoming) == FORM else ""


def read_arguments(method: str, incoming: Incoming) -> Arguments:
    """Return the arguments of the query and the body, without the token; `method` tells whether the body may be JSON.

    A fault in the body's format raises nothing here: its code stands in the result's `refusal` or `warning`.
    """
    values: dict[str, Any] = dict(parse_qsl(incoming.query))
    warning = refusal = ""
    if incoming.method == "POST" and incoming.body:
        # A bad body is refused later: an unknown method is reported first.
        try:
            values |= _body(method, incoming)
        except SlackApiError as error:
            refusal = error.code
        if _content_type(incoming) == JSON and "charset" not in incoming.headers["content-type"].lower():
            warning = "missing_charset"
    values.pop("token", None)
    return Arguments(values, warning, refusal)


def _body(method: str, incoming: Incoming) -> dict[str, Any]:
    """Return the arguments in a body; {} for JSON to a method that takes none.

    Raise `SlackApiError` if the content type is neither a form's nor JSON's, or the JSON is no object.
    """
    content_type = _content_type(incoming)
    if content_type == FORM:
        return _form(incoming)
    if content_type != JSON:
        raise SlackApiError("invalid_post_type" if content_type else "missing_post_type")
    # A method that takes no JSON ignores a JSON body, and so sees none of its arguments.
    return _json(incoming.body) if method in TAKES_JSON else {}


def _content_type(incoming: Incoming) -> str:
    return incoming.headers.get("content-type", "").partition(";")[0].strip().lower()


def _form(incoming: Incoming) -> dict[str, str]:
    return dict(parse_qsl(incoming.body.decode("utf-8", errors="replace"), keep_blank_values=True))


def _json(body: bytes) -> dict[str, Any]:
    """Parse a body as a JSON object. Raise `SlackApiError`: invalid_json, or json_not_object for other JSON."""
    try:
        values = json.loads(body)
    except ValueError:
        raise SlackApiError("invalid_json") from None
    if not isinstance(values, dict):
        raise SlackApiError("json_not_object")
    return values
