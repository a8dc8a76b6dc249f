"""What the methods of OpenAI's API have in common that give one response at the end of their work: a picture, a text.

Nothing arrives meanwhile, so the wait has one time limit, and may be ended from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Protocol, TypeVar

from cocoai.chatgpt.api_error import ApiError
from cocoai.chatgpt.deadlines import Deadlines
from cocoai.engine.client.body import Interrupted
from cocoai.engine.client.client import PendingResponse, StreamedResponse
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


def recorded(exchange: Callable[[], T], recorder: CallRecorder, refused: set[str]) -> T:
    """Return what `exchange` returns, which sends one request and reads its response.

    A parameter that the server refuses is added to `refused`, and the request sent once more. Raise what `recorder` and
    `exchange` raise.
    """
    while True:
        recorder.asked()
        try:
            return exchange()
        except RefusedParameter as error:
            recorder.unasked(str(error))
            refused.add(error.name)
        except CocoAIError as error:
            if not error.sent:
                recorder.unasked(str(error))
            raise


def await_response(
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
