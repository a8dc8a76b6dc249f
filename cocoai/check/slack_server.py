"""SlackServer: the calls of Slack's Web API that the checks make, with the header that lists the app's scopes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from cocoai import config
from cocoai.check.reach import Server, client_for
from cocoai.engine.client.client import FullResponse
from cocoai.json_values import text_at

_CODE = re.compile(r"[a-z0-9_]{1,80}")


@dataclass(frozen=True)
class Answer:
    """Slack's answer: its JSON, {} if it was none, and the names of scopes in its header, None if there is none."""

    status: int
    reply: dict[str, Any]
    scopes: frozenset[str] | None

    @property
    def code(self) -> str:
        """Return Slack's code for a refusal; "" if the call was accepted."""
        if self.reply.get("ok") is True:
            return ""
        code = text_at(self.reply, "error")
        return code if _CODE.fullmatch(code) else "unknown_error"


class SlackServer:
    """The calls of Slack's Web API with the token of the settings."""

    def __init__(self, settings: config.Settings, patience: float = 1.0) -> None:
        """Connect at the first call. Raise CocoAIError if the settings' authorities cannot be read."""
        self.server = Server(client_for(settings), settings.slack.api_url, patience)
        self._token = settings.slack.bot_token

    def call(self, method: str, **arguments: str) -> Answer:
        """Call a method once. Raise one of CLIENT_ERRORS."""
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        response = self.server.post(method, urlencode(arguments).encode(), headers)
        header = response.headers.get("x-oauth-scopes")
        listed = None if header is None else frozenset(filter(None, re.split(r"[\s,]+", header)))
        return Answer(response.status, _object(response), listed)


def _object(response: FullResponse) -> dict[str, Any]:
    try:
        reply = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return reply if isinstance(reply, dict) else {}
