"""What the methods of OpenAI's API have in common that give one response at the end of their work: a picture, a text.

Nothing arrives meanwhile, so the wait has one time limit, and may be ended from outside.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPException
from typing import Protocol, TypeVar

from cocoai.chatgpt.api_error import ApiError
from cocoai.chatgpt.deadlines import Deadlines
from cocoai.chatgpt.transport import bearer, method_url, translated
from cocoai.engine.client.body import Interrupted
from cocoai.engine.client.client import HttpClient, PendingResponse, RequestBlocks, StreamedResponse
from cocoai.errors import CocoAIError, Permanent

T = TypeVar("T")


class WaitStopped(Exception):
    """The response is not waited for any more; the model may have run, and be billed."""


class RefusedParameter(Permanent):
    """The server refuses the parameter `name`."""

    def __init__(self, name: str, error: ApiError) -> None:
        super().__init__("unsupported_parameter", source="OpenAI", status=error.status, request_id=error.request_id)
        self.name = name


class CallRecorder(Protocol):
    """A record of the requests of one call."""

    def asked(self) -> None:
        """Record that a request is about to leave. If this raises, it is not sent."""

    def unasked(self, why: str) -> None:
        """Record that the model did not run for the last request; `why` is fit for a log."""


class OneResponseApi:
    """Sends such requests to the server at `base_url`. Times are in seconds, `clock` is monotonic.

    It remembers which parameters the server refuses.
    """

    def __init__(
        self,
        client: HttpClient,
        *,
        base_url: str,
        api_key: str,
        connect_timeout: float,
        total_timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._base_url = base_url
        self._api_key = api_key
        self._connect_timeout = connect_timeout
        self._total_timeout = total_timeout
        self._clock = clock
        self._refused: set[str] = set()

    def _deadlines(self) -> Deadlines:
        """Return the deadlines of a request that begins now."""
        return Deadlines(self._clock, self._total_timeout)

    def _recorded(self, exchange: Callable[[], T], recorder: CallRecorder) -> T:
        """Return what `exchange` returns, which sends one request and reads its response.

        A parameter that the server refuses is noted in `_refused`, and the request sent once more. Raise what
        `recorder` and `exchange` raise.
        """
        while True:
            recorder.asked()
            try:
                return exchange()
            except RefusedParameter as error:
                recorder.unasked(str(error))
                self._refused.add(error.name)
            except CocoAIError as error:
                if not error.sent:
                    recorder.unasked(str(error))
                raise

    def _post(
        self,
        path: str,
        body: bytes | RequestBlocks,
        content_type: str,
        deadlines: Deadlines,
        wakeup: int | None,
        is_stopped: Callable[[], bool],
    ) -> StreamedResponse:
        """Send a request to the method `path`, and return the response once it begins. Raise as _await_response()."""
        headers: dict[str, str | bytes] = {
            "Authorization": bearer(self._api_key),
            "Content-Type": content_type,
            "Accept-Encoding": "identity",
        }
        url = method_url(self._base_url, path)
        try:
            timeout = (min(self._connect_timeout, deadlines.left()), deadlines.left())
            pending = self._client.post_streamed(url, body, headers, timeout)
            return _await_response(pending, deadlines, wakeup, is_stopped)
        except (OSError, HTTPException, ValueError, Permanent) as error:
            failure = translated(error, deadlines)
        # Raised outside of the handler: its cause may quote the key.
        try:
            raise failure
        finally:
            del failure  # it refers to this frame, and the two would keep the connection until a collection


def _await_response(
    pending: PendingResponse, deadlines: Deadlines, wakeup: int | None, is_stopped: Callable[[], bool]
) -> StreamedResponse:
    """Wait for the response. If that fails, the connection is closed.

    When `wakeup`, a descriptor, is readable, `is_stopped` tells whether to go on; if not, raise WaitStopped.
    """
    with ExitStack() as on_error:
        on_error.callback(pending.close)
        while True:
            try:
                response = pending.response(deadlines.left(), wakeup)
            except Interrupted:
                if is_stopped():
                    raise WaitStopped from None
            else:
                on_error.pop_all()
                return response
