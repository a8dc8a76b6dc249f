"""RequestRecorder: what the caller of ChatGPTChat keeps of its requests, so that it can tell what may be billed."""

from __future__ import annotations

from typing import Protocol

from cocoai.chatgpt.request_size import RequestSize


class RequestRecorder(Protocol):
    """A record of the requests of one reply, which may send several: one that is refused is repaired and sent anew."""

    def asked(self, size: RequestSize) -> None:
        """Record that a request of this size is about to leave. If this raises, the request is not sent."""

    def unasked(self, why: str) -> None:
        """Record that the model did not run for the last request, so that it is not billed; `why` is fit for a log.

        The request did not leave completely, or was refused. Called at most once for each `asked`.
        """


class NoRecord:
    """A `RequestRecorder` that keeps nothing."""

    def asked(self, size: RequestSize) -> None:
        """Do nothing."""

    def unasked(self, why: str) -> None:
        """Do nothing."""
