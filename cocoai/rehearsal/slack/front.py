"""Slack's front: what every call of the Web API passes before its method is reached, and what is kept of each call.

Faults that were ordered, the token and its scopes, the rate tiers, the latency; `ok: false` as HTTP 200, and 429 and
500 as such.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from cocoai.rehearsal.server import Gone, Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.api import WebAPI
from cocoai.rehearsal.slack.call import ApiError, Arguments, arguments, token
from cocoai.rehearsal.slack.limits import Fault, Faults, RateTiers
from cocoai.rehearsal.slack.manner import Manner
from cocoai.rehearsal.slack.scopes import listed, needed
from cocoai.rehearsal.slack.shapes import Payload
from cocoai.rehearsal.slack.workspace import Workspace

_BROKEN = b"<!DOCTYPE html><html><head><title>Server Error</title></head><body><h1>Server Error</h1></body></html>"


@dataclass(frozen=True)
class Call:
    """One call of the Web API. `time`: when it came, in epoch seconds; `seconds`: until its outcome was known.

    `outcome`: `ok`, an error code, `ratelimited`, `broken`, `gone` or `reply lost`. The token is not kept.
    """

    method: str
    arguments: Mapping[str, Any]
    time: float
    seconds: float
    outcome: str


class Front:
    """`answer` for one method's call; `calls` in the order in which their outcomes were known."""

    def __init__(self, workspace: Workspace, server: PracticeServer, bot_token: str, manner: Manner) -> None:
        self.calls: list[Call] = []
        self.faults = Faults()
        self._workspace = workspace
        self._server = server
        self._token = bot_token
        self._manner = manner
        self._methods = WebAPI(workspace, manner).methods
        self._tiers = RateTiers(time.monotonic)

    def answer(self, method: str, incoming: Incoming) -> Outgoing:
        """Raises `Gone` where the connection is to be closed without a word."""
        started = time.monotonic()
        given = arguments(method, incoming)
        self._server.pause(self._manner.latency / 2)
        outcome, outgoing = self._met(method, given, token(incoming))
        self._server.pause(self._manner.latency / 2)
        seconds = time.monotonic() - started
        with self._workspace.changed:
            self.calls.append(Call(method, MappingProxyType(dict(given.given)), incoming.arrived, seconds, outcome))
            self._workspace.note()
        if outgoing is None:
            raise Gone
        return outgoing

    def _met(self, method: str, given: Arguments, bearer: str) -> tuple[str, Outgoing | None]:
        fault = self.faults.take(method)
        if fault and fault.kind in _INSTEAD:
            return _INSTEAD[fault.kind](fault)
        if fault and fault.kind == "slow":
            self._server.pause(fault.seconds)
        done = self._done(method, given, bearer)
        return ("reply lost", None) if fault and fault.kind == "reply lost" else done

    def _done(self, method: str, given: Arguments, bearer: str) -> tuple[str, Outgoing]:
        try:
            self._admit(method, given, bearer)
            wait = self._tiers.retry_after(method, given.text("channel")) if self._manner.rate_limits else 0
            if wait:
                return _limited(wait)
            self._allow(method, given)
            told: Payload = {"ok": True, **self._methods[method](given)}
        except ApiError as error:
            return _refused(error.code, **error.more)
        body = _json(told | ({"warning": given.warning} if given.warning else {}))
        return "ok", replace(body, headers=(*body.headers, ("X-OAuth-Scopes", listed(self._manner.scopes))))

    def _admit(self, method: str, given: Arguments, bearer: str) -> None:
        if method not in self._methods:
            raise ApiError("unknown_method", req_method=method)
        if given.refusal:
            raise ApiError(given.refusal)
        if not hmac.compare_digest(bearer.encode(), self._token.encode()):
            raise ApiError("invalid_auth" if bearer else "not_authed")

    def _allow(self, method: str, given: Arguments) -> None:
        channel = self._workspace.channels.get(given.text("channel"))
        scope = needed(method, channel.kind if channel else "")
        if scope and scope not in self._manner.scopes:
            raise ApiError("missing_scope", needed=scope, provided=listed(self._manner.scopes))


def _limited(seconds: int) -> tuple[str, Outgoing]:
    body = _json({"ok": False, "error": "ratelimited"}, status=429)
    return "ratelimited", replace(body, headers=(*body.headers, ("Retry-After", str(seconds))))


def _refused(code: str, **more: Any) -> tuple[str, Outgoing]:
    return code, _json({"ok": False, "error": code, **more})


def _json(body: Payload, status: int = 200) -> Outgoing:
    headers = (("Content-Type", "application/json; charset=utf-8"), ("X-Slack-Req-Id", secrets.token_hex(16)))
    return Outgoing(status, json.dumps(body).encode(), headers)


_INSTEAD: dict[str, Callable[[Fault], tuple[str, Outgoing | None]]] = {
    "limited": lambda fault: _limited(int(fault.seconds)),
    "broken": lambda _: ("broken", Outgoing(500, _BROKEN, (("Content-Type", "text/html; charset=utf-8"),))),
    "refused": lambda fault: _refused(fault.code),
    "gone": lambda _: ("gone", None),
}
