"""Read the answer out of an accepted response, piece by piece as it arrives, and raise the error that ends it early.

It knows HTTP bodies, deadlines and the parsers of stream.py, but no requests and no conversations.
"""

from __future__ import annotations

from collections.abc import Generator

from cocoai.chatgpt.deadlines import Deadlines
from cocoai.chatgpt.stream import (
    INTERRUPTED,
    AnswerPieces,
    Interruption,
    SingleBodyParser,
    StreamParser,
    StreamState,
)
from cocoai.engine.client.body import Body, Interrupted
from cocoai.engine.client.client import StreamedResponse
from cocoai.errors import CocoAIError, Temporary

_USAGE_TIMEOUT = 5.0
"""Seconds to wait for the usage once the answer itself is complete."""

_MIN_GATHER = 0.25
"""Seconds for which text is gathered at least, since to wake up for each word costs far more CPU than to read it."""


class AnswerReader:
    """Reads one answer from the body of `response`, and notes in `state` what it has read.

    `silence_timeout` is the longest wait for the next event after the first words, in seconds.
    """

    def __init__(
        self, response: StreamedResponse, state: StreamState, deadlines: Deadlines, silence_timeout: float
    ) -> None:
        self._body = response.body
        # A server that does not stream sends one JSON body, whatever the request says.
        is_json = "json" in response.headers.get("content-type", "")
        self._parser = SingleBodyParser() if is_json else StreamParser()
        self._state = state
        self._deadlines = deadlines
        self._silence_timeout = silence_timeout

    def pieces(self) -> AnswerPieces:
        """Yield the answer's text as it arrives, with INTERRUPTED between pieces, and its `Ending` last.

        Raise `Temporary` or `Permanent` if the answer is cut off, takes too long or holds an error. An error after the
        end of the answer is ignored.
        """
        state = self._state
        try:
            yield from self._texts()
        except CocoAIError as error:
            if not state.is_complete:
                raise _in_the_middle(error, state) from None
        if not state.is_complete:
            raise Temporary("stream_cut", source="OpenAI", sent=True)
        yield state.ending()

    def _texts(self) -> Generator[str | Interruption, float | None, None]:
        """Yield text until the server says that it is done, or the body ends; INTERRUPTED for each interrupted wait."""
        while not self._state.is_done:
            try:
                data = read_body(self._body, self._deadlines)
            except Interrupted:
                yield INTERRUPTED
                continue
            yield from self._take(data)
            if not data:
                return

    def _take(self, data: bytes) -> Generator[str | Interruption, float | None, None]:
        """Yield the text in the received `data`, then wait a little so that more of it gathers (see `_gather`).

        With b"", the end of the body, yield the text of the last event, if the end cut it off, and do not wait.
        """
        state, seconds = self._state, None
        for chunk in self._parser.feed(data) if data else self._parser.end():
            if text := state.take(chunk):
                seconds = yield text
            self._set_deadline()
        if data and state.has_begun and not state.is_complete:
            yield from self._gather(seconds or 0.0)

    def _gather(self, seconds: float) -> Generator[Interruption, float | None, None]:
        """Wait until further text has piled up in the kernel; yield INTERRUPTED if none has come.

        The wait lasts `seconds`, for which the caller needs no text, but at least _MIN_GATHER, and at most half of the
        time that is left. On a connection that stays open after the body it is always _MIN_GATHER. The end of the
        connection, or the wake-up descriptor, ends it at once.
        """
        # Only a connection that is closed after the body ends this wait by itself: on another we must look at times.
        seconds = max(_MIN_GATHER, seconds) if self._body.is_last else _MIN_GATHER
        # Half of the time that is left, or the gathering itself would be taken for the server's silence.
        self._body.wait_for_more(min(seconds, self._deadlines.left() / 2))
        if not self._body.has_data():
            yield INTERRUPTED  # the next read may wait for long: the caller may have something to show before it

    def _set_deadline(self) -> None:
        """Set how long the next event may take: _USAGE_TIMEOUT after a complete answer, `silence_timeout` within one.

        Before the first words nothing is changed: their own time-out runs on.
        """
        if self._state.is_complete:
            self._deadlines.allow_silence(_USAGE_TIMEOUT)
        elif self._state.has_begun:
            self._deadlines.allow_silence(self._silence_timeout)


def read_body(body: Body, deadlines: Deadlines) -> bytes:
    """Return what has arrived of the body, after a wait if nothing has; b"" at its end.

    Raise `Temporary` if a deadline passes or the connection breaks, and `Interrupted` if the wake-up descriptor ends
    the wait.
    """
    try:
        return body.read(deadlines.left())
    except TimeoutError:
        raise deadlines.expired() from None
    except OSError:
        raise Temporary("stream_cut", source="OpenAI", sent=True) from None


def _in_the_middle(error: CocoAIError, state: StreamState) -> CocoAIError:
    """Return `error`, marked as `sent` if the answer had begun: it may be billed, whatever the error says."""
    error.sent = error.sent or state.has_begun
    return error
