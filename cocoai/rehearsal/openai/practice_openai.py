"""PracticeOpenAI: an OpenAI on this machine: chat completions, pictures, transcriptions, and the list of models.

It is written from OpenAI's documentation alone and shares no code with `cocoai/chatgpt`. It records each request, and a
caller can wait for one without polling.
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
from urllib.parse import unquote

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.billing import BillMeter, PracticeBill, PracticeBooks
from cocoai.rehearsal.openai.completion import CompletionStream, complete, completion_json
from cocoai.rehearsal.openai.completion_request import parse_json, read_request
from cocoai.rehearsal.openai.image_endpoint import DRAW, EDIT, ImageEndpoint
from cocoai.rehearsal.openai.message_content import ReceivedAttachment
from cocoai.rehearsal.openai.openai_errors import OpenAIApiError
from cocoai.rehearsal.openai.openai_faults import FOREVER, FaultKind, OpenAIFault, OpenAIFaults
from cocoai.rehearsal.openai.openai_replies import (
    EVENT_STREAM,
    INSTEAD,
    JSON,
    OpenAIReply,
    api_json,
    front_page,
    model_list,
    model_or_404,
    no_credit,
    server_error,
)
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.practice_answer import asks_for_an_error
from cocoai.rehearsal.openai.prompt_cache import PromptCache
from cocoai.rehearsal.openai.told_cost import cost_headers
from cocoai.rehearsal.openai.transcription import hear
from cocoai.rehearsal.practice_server import Gone, Incoming, Outgoing, PracticeServer

T = TypeVar("T")
API_KEY = "sk-practice"
PATIENCE = 10.0
"""Seconds that `wait_for` waits by default."""


@dataclass(frozen=True)
class RecordedRequest:
    """One received request. The API key is not recorded.

    `body` is its parsed JSON, or a form's plain fields, of a sound with what the `file` was; None if it is neither.
    `time` is in epoch seconds. `outcome` is `ok`, an error's code or type, or the kind of a fault. `attached` lists the
    attachments of an accepted request.
    """

    path: str
    body: Any
    headers: Mapping[str, str]
    time: float
    outcome: str
    attached: tuple[ReceivedAttachment, ...] = ()


class PracticeOpenAI(PracticeServer):
    """A server with the API below `base_url`. `switches` may be changed at any time; `requests` only ever grows.

    `hung_up` counts the streams that the client did not read to their end. `books` holds what every request costs.
    """

    def __init__(
        self,
        certificates: Certificates | None = None,
        *,
        port: int = 0,
        api_key: str = API_KEY,
        switches: OpenAISwitches | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(certificates, port=port)
        self.most_body = 26 * 1024 * 1024  # more than any sound that is accepted
        self.base_url = f"{self.url}/v1"
        self.switches = switches or OpenAISwitches()
        self.hung_up = 0
        self._requests: list[RecordedRequest] = []
        # Reentrant, because a predicate of `wait_for` runs under the lock and reads `requests`.
        self._changed = threading.Condition(threading.RLock())
        self.books = PracticeBooks(self._changed)
        self._cache = PromptCache(clock)
        self._faults = OpenAIFaults()
        self._images = ImageEndpoint(self.books, clock)
        self._sound_faults = OpenAIFaults()
        self._numbers = itertools.count(1)
        self._api_key = api_key
        self._clock = clock

    @property
    def clock_shift(self) -> float:
        """Return the seconds by which the header Date is ahead of the true time."""
        return self.switches.clock_shift

    def answer(self, incoming: Incoming) -> Outgoing:
        """Record a request and return the response, after the silence if a fault asks for one.

        Raise `Gone` to close the connection without a response: for the fault `gone`, or if the server is stopped.
        """
        reply = self._reply(incoming)
        # Recorded before the silence, so that a test can wait for a request that gets no response.
        number = self._record(incoming, reply)
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
        of_sounds: bool = False,
    ) -> None:
        """Let the next `times` chat completions, or transcriptions, meet a fault; None: all that follow.

        The other arguments are the fields of `OpenAIFault`; `seconds` is 1 for `rate limited` by default, else an hour.
        """
        # A silence is meant to outlast the client's timeout, a rate limit only to be waited for.
        default = 1.0 if kind == "rate limited" else FOREVER
        faults = self._sound_faults if of_sounds else self._faults
        faults.add(OpenAIFault(kind, after, default if seconds is None else seconds, code), times)

    def fail_picture(self, kind: FaultKind, times: int | None = 1, *, seconds: float = FOREVER) -> None:
        """Let the next `times` pictures meet a fault; None: all that follow."""
        self._images.faults.add(OpenAIFault(kind, seconds=1.0 if kind == "rate limited" else seconds), times)

    def clear_faults(self) -> None:
        """Remove the faults that have not happened yet."""
        self._faults.clear()
        self._images.faults.clear()
        self._sound_faults.clear()

    @property
    def requests(self) -> list[RecordedRequest]:
        """Return every request so far, oldest first; the list is a copy."""
        with self._changed:
            return list(self._requests)

    @property
    def bills(self) -> list[PracticeBill]:
        """Return the bill of each request that the model ran for, finished or not, oldest first."""
        return self.books.bills

    @property
    def billed(self) -> int:
        """Return the sum of all bills in nano-dollars (10^-9 USD)."""
        return self.books.billed

    def wait_for(self, predicate: Callable[[], T], timeout: float = PATIENCE) -> T:
        """Wait until `predicate` returns a true value, and return it. Raise TimeoutError after `timeout` seconds.

        It is called at once, then after each request, each answer that is finished or cut, and each stream that the
        client closes.
        """
        with self._changed:
            value = self._changed.wait_for(predicate, timeout)
        if not value:
            raise TimeoutError(f"it did not happen within {timeout} s")
        return value

    def _record(self, incoming: Incoming, reply: OpenAIReply) -> int:
        """Add a request, without its API key, to `requests`, and wake `wait_for`; return its number, from 1."""
        headers = dict(incoming.headers)
        if "authorization" in headers:
            headers["authorization"] = "Bearer ..."
        body = reply.body or parse_json(incoming.body)
        request = RecordedRequest(
            incoming.path, body, MappingProxyType(headers), incoming.arrived, reply.outcome, reply.attached
        )
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
            return len(self._requests)

    def _reply(self, incoming: Incoming) -> OpenAIReply:
        """Check the API key and return the endpoint's response; if the request is refused, OpenAI's error."""
        if self.switches.front:
            return front_page(self.switches.front)
        try:
            self._check_key(incoming)
            return self._route(incoming)
        except OpenAIApiError as error:
            return OpenAIReply(error.name, api_json(error.body, error.status, error.headers))

    def _check_key(self, incoming: Incoming) -> None:
        """Raise `OpenAIApiError` (401) if the API key is missing or wrong."""
        key = incoming.headers.get("authorization", "").removeprefix("Bearer ")
        if not key:
            raise OpenAIApiError(401, "You didn't provide an API key.")
        if self.switches.dead_key or not hmac.compare_digest(key.encode(), self._api_key.encode()):
            raise OpenAIApiError(401, "Incorrect API key provided.", code="invalid_api_key")

    def _route(self, incoming: Incoming) -> OpenAIReply:
        """Return the endpoint's response. Raise `OpenAIApiError` for an unknown path, method or model, or a refusal."""
        endpoint = (incoming.method, incoming.path)
        if endpoint == ("POST", "/v1/chat/completions"):
            return self._complete(incoming)
        if incoming.method == "POST" and incoming.path in (DRAW, EDIT):
            return self._images.reply(incoming, self.switches)
        if endpoint == ("POST", "/v1/audio/transcriptions") and self.switches.hears:
            return self._transcribe(incoming)
        if endpoint == ("GET", "/v1/models") and self.switches.model_list:
            return OpenAIReply("ok", api_json(model_list(self.switches)))
        if incoming.method == "GET" and incoming.path.startswith("/v1/models/") and self.switches.model_pages:
            name = unquote(incoming.path.removeprefix("/v1/models/"))
            return OpenAIReply("ok", api_json(model_or_404(name, self.switches)))
        if incoming.path.startswith("/v1/models"):
            raise OpenAIApiError(404, "Not Found")
        if incoming.path == "/v1/chat/completions":
            raise OpenAIApiError(405, f"Not allowed to {incoming.method} here.", code="method_not_supported")
        raise OpenAIApiError(404, f"Unknown request URL: {incoming.method} {incoming.path}.", code="unknown_url")

    def _complete(self, incoming: Incoming) -> OpenAIReply:
        """Return the response to a request for a chat completion, streamed or whole, with the fault due next, if any.

        Raise `OpenAIApiError` if the request is refused. The delays come later, while the body is sent.
        """
        fault = self._faults.take()
        if fault and fault.kind in INSTEAD:
            return INSTEAD[fault.kind](fault)
        if not self.switches.credit:
            return no_credit(OpenAIFault("no credit"))
        request = read_request(parse_json(incoming.body), self.switches)
        # A person at the page may ask to see what a failure looks like.
        if asks_for_an_error(request.question.text):
            return no_credit(OpenAIFault("no credit"))
        if fault and fault.kind == "error" and not request.stream:  # a whole answer cannot have an error inside
            return server_error(fault)
        number, created, cache = next(self._numbers), int(self._clock()), self._cache.use(request)
        completion = complete(request, self.switches, fault, number=number, created=created, cache=cache)
        facts = (completion.model, completion.tier, completion.use)
        meter = self.books.open(*facts)
        outcome, silence = (fault.kind, fault.seconds if fault.kind == "silent" else 0.0) if fault else ("ok", 0.0)
        headers = cost_headers(*facts, self.switches, stream=request.stream)
        if request.stream:
            events = CompletionStream(completion, request, self.switches, fault, self.pause, meter).events()
            outgoing = Outgoing(body=self._counted(events, meter), headers=(*EVENT_STREAM, *headers))
            return OpenAIReply(outcome, outgoing, silence, request.attached)
        # A whole answer is generated before its first byte leaves, whatever becomes of its body.
        meter.finish()
        body = json.dumps(completion_json(completion), ensure_ascii=False).encode()
        outgoing = Outgoing(body=self._whole(body, fault), headers=(*JSON, *headers))
        return OpenAIReply(outcome, outgoing, silence, request.attached)

    def _transcribe(self, incoming: Incoming) -> OpenAIReply:
        """Return the words of a sound, with the fault due next, if any. Raise `OpenAIApiError` if it is refused."""
        fault = self._sound_faults.take()
        if fault and fault.kind in INSTEAD:
            return INSTEAD[fault.kind](fault)
        if not self.switches.credit:
            return no_credit(OpenAIFault("no credit"))
        reply = hear(incoming, self.switches, self.books)
        if fault is None or reply.outgoing is None:
            return reply
        outgoing = replace(reply.outgoing, body=self._whole(reply.outgoing.body, fault))
        silence = reply.silence + (fault.seconds if fault.kind == "silent" else 0.0)
        return replace(reply, outcome=fault.kind, outgoing=outgoing, silence=silence)

    def _counted(self, events: Iterator[bytes], meter: BillMeter) -> Iterator[bytes]:
        """Yield the events; count the stream in `hung_up`, and bill it, if the client closes it before its end."""
        try:
            yield from events
        except GeneratorExit:
            meter.cut(bills_whole=self.switches.bills_whole)
            with self._changed:
                self.hung_up += 1
                self._changed.notify_all()
            raise
        except Gone:  # by a fault, which is billed already, or because the server stops
            meter.cut()
            raise

    def _whole(self, body: Any, fault: OpenAIFault | None) -> Iterator[bytes]:
        """Yield a body in two halves, after the delays. Between them a `cut` raises `Gone`, `unfinished` ends it."""
        # In two parts, so that a cut leaves a body that is not complete.
        kind = fault.kind if fault else ""
        self.pause(self.switches.first_delay)
        self.pause(fault.seconds if fault and kind == "pause" else 0.0)
        yield body[: len(body) // 2]
        if kind == "cut":
            raise Gone
        if kind != "unfinished":
            yield body[len(body) // 2 :]
