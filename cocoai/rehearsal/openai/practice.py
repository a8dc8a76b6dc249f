"""PracticeOpenAI: the model's side, to practise with. Chat completions, streamed and whole, and the list of models.

It plays OpenAI from the documentation alone and shares no code with cocoai/chatgpt. What it was asked is on record, and
nobody who waits for a request has to poll.
"""

from __future__ import annotations

import hmac
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.answer import wants_an_error
from cocoai.rehearsal.openai.content import Attached
from cocoai.rehearsal.openai.errors import ApiError
from cocoai.rehearsal.openai.manner import FOREVER, Fault, FaultKind, Faults, Manner
from cocoai.rehearsal.openai.models import SHUTDOWN, model_json
from cocoai.rehearsal.openai.reply import Stream, whole_json, write
from cocoai.rehearsal.openai.request import parsed, understood
from cocoai.rehearsal.server import Gone, Incoming, Outgoing, PracticeServer

T = TypeVar("T")
API_KEY = "sk-practice"
PATIENCE = 10.0
"""Seconds that a test waits for something before it gives up."""

_BROKEN = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Asked:
    """One request. `body` is its parsed JSON, None if it is none; the headers are without the key's value.

    `time` in epoch seconds. `outcome`: `ok`, an error's code or type, or the kind of a fault. `attached` is all that it
    saw beside the words, of a request that it understood.
    """

    path: str
    body: Any
    headers: Mapping[str, str]
    time: float
    outcome: str
    attached: tuple[Attached, ...] = ()


@dataclass(frozen=True)
class _Reply:
    """`outgoing` None: the connection is closed without a word. `silence` in seconds comes before everything."""

    outcome: str
    outgoing: Outgoing | None
    silence: float = 0.0
    attached: tuple[Attached, ...] = ()


class PracticeOpenAI(PracticeServer):
    """The API below `base_url`. `manner` holds the switches, which may be turned at any time; `asked` only ever grows.

    `hung_up` counts the streams that whoever asked did not read to their end.
    """

    def __init__(
        self,
        certificates: Certificates | None = None,
        *,
        port: int = 0,
        api_key: str = API_KEY,
        manner: Manner | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(certificates, port=port)
        self.base_url = f"{self.url}/v1"
        self.manner = manner or Manner()
        self.hung_up = 0
        self._asked: list[Asked] = []
        self._changed = threading.Condition(threading.RLock())
        self._faults = Faults()
        self._numbers = itertools.count(1)
        self._api_key = api_key
        self._clock = clock

    def answer(self, incoming: Incoming) -> Outgoing:
        reply = self._reply(incoming)
        number = self._note(incoming, reply)
        self.pause(reply.silence)
        if reply.outgoing is None:
            raise Gone
        request_id = ("x-request-id", f"req_practice{number}")
        return replace(reply.outgoing, headers=(*reply.outgoing.headers, request_id))

    def fail(
        self,
        kind: FaultKind,
        times: int | None = 1,
        *,
        after: int = 0,
        seconds: float | None = None,
        code: str | int = "",
    ) -> None:
        """Let the next `times` chat completions meet a fault; None: from then on all of them."""
        default = 1.0 if kind == "rate limited" else FOREVER
        self._faults.add(Fault(kind, after, default if seconds is None else seconds, code), times)

    def mend(self) -> None:
        """Forget the faults that have not happened yet."""
        self._faults.clear()

    @property
    def asked(self) -> list[Asked]:
        with self._changed:
            return list(self._asked)

    def wait_for(self, predicate: Callable[[], T], timeout: float = PATIENCE) -> T:
        """The first true value of `predicate`, looked at after each change. Raises TimeoutError after `timeout` s."""
        with self._changed:
            value = self._changed.wait_for(predicate, timeout)
        if not value:
            raise TimeoutError(f"it did not happen within {timeout} s")
        return value

    def _note(self, incoming: Incoming, reply: _Reply) -> int:
        headers = dict(incoming.headers)
        if "authorization" in headers:
            headers["authorization"] = "Bearer ..."
        body, arrived = parsed(incoming.body), incoming.arrived
        asked = Asked(incoming.path, body, MappingProxyType(headers), arrived, reply.outcome, reply.attached)
        with self._changed:
            self._asked.append(asked)
            self._changed.notify_all()
            return len(self._asked)

    def _reply(self, incoming: Incoming) -> _Reply:
        try:
            self._admit(incoming)
            return self._routed(incoming)
        except ApiError as error:
            return _Reply(error.name, _json(error.told, error.status, error.headers))

    def _admit(self, incoming: Incoming) -> None:
        given = incoming.headers.get("authorization", "").removeprefix("Bearer ")
        if not given:
            raise ApiError(401, "You didn't provide an API key.")
        if not hmac.compare_digest(given.encode(), self._api_key.encode()):
            raise ApiError(401, "Incorrect API key provided.", code="invalid_api_key")

    def _routed(self, incoming: Incoming) -> _Reply:
        asked = (incoming.method, incoming.path)
        if asked == ("POST", "/v1/chat/completions"):
            return self._complete(incoming)
        if asked == ("GET", "/v1/models"):
            return _Reply("ok", _json({"object": "list", "data": [model_json(name) for name in SHUTDOWN]}))
        if incoming.method == "GET" and incoming.path.startswith("/v1/models/"):
            return _Reply("ok", _json(_model(incoming.path.removeprefix("/v1/models/"))))
        if incoming.path == "/v1/chat/completions":
            raise ApiError(405, f"Not allowed to {incoming.method} here.", code="method_not_supported")
        raise ApiError(404, f"Unknown request URL: {incoming.method} {incoming.path}.", code="unknown_url")

    def _complete(self, incoming: Incoming) -> _Reply:
        fault = self._faults.take()
        if fault and fault.kind in _INSTEAD:
            return _INSTEAD[fault.kind](fault)
        wanted = understood(parsed(incoming.body), self.manner)
        if wants_an_error(wanted.question.text):
            return _no_credit(Fault("no credit"))
        written = write(wanted, self.manner, fault, number=next(self._numbers), created=int(self._clock()))
        outcome, silence = (fault.kind, fault.seconds if fault.kind == "silent" else 0.0) if fault else ("ok", 0.0)
        if wanted.stream:
            events = Stream(written, wanted, self.manner, fault, self.pause).events()
            return _Reply(
                outcome, Outgoing(body=self._watched(events), headers=_EVENT_STREAM), silence, wanted.attached
            )
        if fault and fault.kind == "error":
            return _INSTEAD["server error"](fault)
        body = json.dumps(whole_json(written), ensure_ascii=False).encode()
        return _Reply(outcome, Outgoing(body=self._whole(body, fault), headers=_JSON), silence, wanted.attached)

    def _watched(self, events: Iterator[bytes]) -> Iterator[bytes]:
        """Counts a reader who leaves."""
        try:
            yield from events
        except GeneratorExit:
            with self._changed:
                self.hung_up += 1
                self._changed.notify_all()
            raise

    def _whole(self, body: bytes, fault: Fault | None) -> Iterator[bytes]:
        """The delay and the faults of a stream, as far as a body in one piece can have them."""
        kind = fault.kind if fault else ""
        self.pause(self.manner.first_delay)
        self.pause(fault.seconds if fault and kind == "pause" else 0.0)
        yield body[: len(body) // 2]
        if kind == "cut":
            raise Gone
        if kind != "unfinished":
            yield body[len(body) // 2 :]


def _json(told: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Outgoing:
    return Outgoing(status, json.dumps(told, ensure_ascii=False).encode(), (*_JSON, *headers))


def _model(name: str) -> dict[str, Any]:
    if name not in SHUTDOWN:
        raise ApiError(404, f"The model '{name}' does not exist", param="model", code="model_not_found")
    return model_json(name)


def _error(status: int, message: str, kind: str, code: str | None, *headers: tuple[str, str]) -> _Reply:
    told = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return _Reply(code or kind, _json(told, status, headers))


def _rate_limited(fault: Fault) -> _Reply:
    headers = (("Retry-After", f"{fault.seconds:g}"), ("x-ratelimit-remaining-requests", "0"))
    return _error(429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded", *headers)


def _no_credit(fault: Fault) -> _Reply:
    message = "You exceeded your current quota, please check your plan and billing details."
    return _error(429, message, "insufficient_quota", str(fault.code or "insufficient_quota"))


def _filtered(fault: Fault) -> _Reply:
    message = "Your request was rejected as a result of our safety system."
    return _error(400, message, "invalid_request_error", str(fault.code or "content_policy_violation"))


_JSON = (("Content-Type", "application/json"),)
_EVENT_STREAM = (("Content-Type", "text/event-stream; charset=utf-8"),)

_INSTEAD: dict[str, Callable[[Fault], _Reply]] = {
    "rate limited": _rate_limited,
    "no credit": _no_credit,
    "bad key": lambda _: _error(401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key"),
    "filtered": _filtered,
    "server error": lambda _: _error(500, "The server had an error.", "server_error", None),
    "overloaded": lambda _: _error(503, "Please slow down.", "service_unavailable_error", "server_is_overloaded"),
    "broken": lambda _: _Reply("broken", Outgoing(502, _BROKEN, (("Content-Type", "text/html"),))),
    "gone": lambda _: _Reply("gone", None),
}
