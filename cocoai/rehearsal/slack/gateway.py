"""Answer a Web API call: check token, scope and rate limit, apply faults and latency, run the method, record the call.

`ok: false` is sent with HTTP 200, 429 and 500 are sent as such. Each call is recorded with its outcome.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from cocoai.rehearsal.practice_server import Gone, Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.api_call import Arguments, SlackApiError, read_arguments, token
from cocoai.rehearsal.slack.file_methods import FileMethods
from cocoai.rehearsal.slack.json_shapes import Payload
from cocoai.rehearsal.slack.rate_limits import RateTiers
from cocoai.rehearsal.slack.response_urls import ResponseUrls, posted
from cocoai.rehearsal.slack.scopes import listed, needed
from cocoai.rehearsal.slack.slack_faults import SlackFault, SlackFaults
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.uploads import PracticeUploads
from cocoai.rehearsal.slack.web_api import WebAPI
from cocoai.rehearsal.slack.workspace import Workspace

_SERVER_ERROR = (
    b"<!DOCTYPE html><html><head><title>Server Error</title></head><body><h1>Server Error</h1></body></html>"
)


Run = Callable[[], tuple[str, Outgoing]]
"""Runs a call; returns its outcome, as in `Call`, and its response."""


@dataclass(frozen=True)
class Call:
    """One recorded call of the Web API: `time` is its arrival in epoch seconds, `seconds` its duration.

    `outcome` is `ok`, an error code, `ratelimited`, `broken`, `gone` or `reply lost`. The token is not recorded. The
    bytes of a file that is uploaded are a call of the method `upload`, with their number as its `length`; a post to a
    response_url is one of the method `response_url`, with the post's fields.
    """

    method: str
    arguments: Mapping[str, Any]
    time: float
    seconds: float
    outcome: str


class Gateway:
    """Answers the calls of all methods. `calls` only grows, in the order in which the calls ended.

    `more_methods` are those of the Web API about reactions, pins and views.
    """

    def __init__(
        self,
        workspace: Workspace,
        server: PracticeServer,
        bot_token: str,
        switches: SlackSwitches,
        more_methods: Mapping[str, Callable[[Arguments], Payload]],
    ) -> None:
        self.calls: list[Call] = []
        self.faults = SlackFaults()
        self.tiers = RateTiers(time.monotonic)
        self._workspace = workspace
        self._server = server
        self._token = bot_token
        self._switches = switches
        self.uploads = PracticeUploads(workspace, switches, server)
        files = FileMethods(workspace, switches, self.uploads)
        self._methods = {**WebAPI(workspace, switches).methods, **files.methods, **more_methods}

    def answer(self, method: str, incoming: Incoming) -> Outgoing:
        """Run one call with the latency of the switches, record it, and return the response.

        Raise `Gone` to close the connection without a response: for the faults `gone` and `reply lost`, or if the
        server is stopped.
        """
        if self._switches.front:
            return _front(self._switches.front)
        parsed = read_arguments(method, incoming)
        return self._recorded(method, parsed.values, incoming, partial(self._run, method, parsed, token(incoming)))

    def receive(self, incoming: Incoming) -> Outgoing:
        """Take the bytes of a file that is uploaded, as a call of the method `upload`; return the response.

        Raise `Gone` as `answer` does.
        """
        arguments = {"length": len(incoming.body)}
        return self._recorded("upload", arguments, incoming, partial(self.uploads.receive, incoming))

    def post(self, urls: ResponseUrls, incoming: Incoming) -> Outgoing:
        """Take a post to a response_url, as a call of the method `response_url`; return the response.

        Its fault `refused` is answered as a method would be. Raise `Gone` as `answer` does.
        """
        return self._recorded("response_url", posted(incoming.body) or {}, incoming, partial(urls.answer, incoming))

    def _recorded(self, method: str, arguments: Mapping[str, Any], incoming: Incoming, run: Run) -> Outgoing:
        """Run a call with the latency of the switches, record it, and return the response, or raise `Gone`."""
        started = time.monotonic()
        # Half of the latency before the effect, half after it: a client may time out with the work done or not.
        self._server.pause(self._switches.latency / 2)
        outcome, outgoing = self._process(method, run)
        self._server.pause(self._switches.latency / 2)
        seconds = time.monotonic() - started
        with self._workspace.changed:
            self.calls.append(Call(method, MappingProxyType(dict(arguments)), incoming.arrived, seconds, outcome))
            self._workspace.notify()
        if outgoing is None:
            raise Gone
        return outgoing

    def _process(self, method: str, run: Run) -> tuple[str, Outgoing | None]:
        """Run a call, or let the fault that is due take its place.

        Return the call's outcome, as in `Call`, and its response: None closes the connection without one.
        """
        fault = self.faults.take(method)
        if fault and fault.kind in _INSTEAD:
            return _INSTEAD[fault.kind](fault)
        if fault and fault.kind == "slow":
            self._server.pause(fault.seconds)
        outcome = run()
        return ("reply lost", None) if fault and fault.kind == "reply lost" else outcome

    def _run(self, method: str, arguments: Arguments, bearer: str) -> tuple[str, Outgoing]:
        """Check a call and run its method; return its outcome, `ok` or an error code, and the response.

        A call over the rate limit has the outcome `ratelimited` and the response 429.
        """
        try:
            self._check_call(method, arguments, bearer)
            wait = self._wait(method, arguments.text("channel"))
            if wait:
                return _limited(wait)
            self._check_scope(method, arguments)
            result: Payload = {"ok": True, **self._methods[method](arguments)}
        except SlackApiError as error:
            return _refused(error.code, **error.more)
        body = _json(result | ({"warning": arguments.warning} if arguments.warning else {}))
        return "ok", replace(body, headers=(*body.headers, ("X-OAuth-Scopes", listed(self._switches.scopes))))

    def _wait(self, method: str, channel: str) -> int:
        """Count a call and return the seconds to wait; 0 if the limits allow it or do not apply to it."""
        is_limited = self._switches.rate_limits or (method == "chat.postMessage" and channel in self._switches.limited)
        return self.tiers.retry_after(method, channel) if is_limited else 0

    def _check_call(self, method: str, arguments: Arguments, bearer: str) -> None:
        """Raise `SlackApiError` for an unknown method, a body that cannot be read, or a missing or wrong token."""
        if method not in self._methods:
            raise SlackApiError("unknown_method", req_method=method)
        if arguments.refusal:
            raise SlackApiError(arguments.refusal)
        if not hmac.compare_digest(bearer.encode(), self._token.encode()):
            raise SlackApiError("invalid_auth" if bearer else "not_authed")
        if self._switches.dead_token:
            raise SlackApiError(self._switches.dead_token)

    def _check_scope(self, method: str, arguments: Arguments) -> None:
        """Raise `SlackApiError` (missing_scope) if the app lacks the scope that the method needs in this channel."""
        channel = self._workspace.channels.get(arguments.text("channel"))
        scope = needed(method, channel.kind if channel else "", arguments.text("types"))
        if scope and not set(scope.split(",")) <= self._switches.scopes:
            raise SlackApiError("missing_scope", needed=scope, provided=listed(self._switches.scopes))


def _front(status: int) -> Outgoing:
    """Return a page of Slack's front, which is no JSON: its site, or the error for a path that it does not have."""
    headers = (("Content-Type", "text/html; charset=utf-8"), *((("Allow", "GET, HEAD"),) if status == 405 else ()))
    return Outgoing(status, b"<!DOCTYPE html><html><head><title>Slack</title></head><body></body></html>", headers)


def _limited(seconds: int) -> tuple[str, Outgoing]:
    body = _json({"ok": False, "error": "ratelimited"}, status=429)
    return "ratelimited", replace(body, headers=(*body.headers, ("Retry-After", str(seconds))))


def _refused(code: str, **more: Any) -> tuple[str, Outgoing]:
    return code, _json({"ok": False, "error": code, **more})


def _limited_by(fault: SlackFault) -> tuple[str, Outgoing]:
    return _limited(int(fault.seconds))


def _refused_by(fault: SlackFault) -> tuple[str, Outgoing]:
    return _refused(fault.code)


def _broken(_: SlackFault) -> tuple[str, Outgoing]:
    return "broken", Outgoing(500, _SERVER_ERROR, (("Content-Type", "text/html; charset=utf-8"),))


def _gone(_: SlackFault) -> tuple[str, None]:
    return "gone", None


def _json(body: Payload, status: int = 200) -> Outgoing:
    """Return a response with this JSON and the headers that Slack sends: the content type and a request id."""
    headers = (("Content-Type", "application/json; charset=utf-8"), ("X-Slack-Req-Id", secrets.token_hex(16)))
    return Outgoing(status, json.dumps(body).encode(), headers)


_INSTEAD: dict[str, Callable[[SlackFault], tuple[str, Outgoing | None]]] = {
    "limited": _limited_by,
    "broken": _broken,
    "refused": _refused_by,
    "gone": _gone,
}
"""The faults that take the place of the call: each returns the outcome and the response."""
