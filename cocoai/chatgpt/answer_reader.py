"""Read the answer out of an accepted response, piece by piece as it arrives, and raise the error that ends it early.

It knows HTTP bodies, deadlines and the parsers of stream_parser.py, but no requests and no conversations.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Mapping
from itertools import chain

from cocoai.chatgpt.chunk import DONE, Chunk, cost_in
from cocoai.chatgpt.deadlines import Deadlines
from cocoai.chatgpt.stream import INTERRUPTED, AnswerPieces, Interruption, StreamState
from cocoai.chatgpt.stream_parser import AnswerParser
from cocoai.engine.client.body import Body, Interrupted
from cocoai.engine.client.client import StreamedResponse
from cocoai.errors import CocoAIError, Temporary

_USAGE_TIMEOUT = 5.0
"""Seconds to wait for the usage once the answer itself is complete."""

_MIN_GATHER = 0.25
"""Seconds for which text is gathered at least, since to wake up for each word costs far more CPU than to read it."""

_COST_HEADER = "x-litellm-response-cost"
"""What a LiteLLM proxy says that a call cost, in USD."""

_NOTHING = Chunk()
"""The chunk of an event that has nothing of an answer."""


class AnswerReader:
    """Reads one answer from the body of `response`, and notes in `state` what it has read.

    Its opening() comes first, then its pieces(). `silence_timeout` is the longest wait for the next event once
    the model is at work, in seconds.
    """

    def __init__(
        self, response: StreamedResponse, state: StreamState, deadlines: Deadlines, silence_timeout: float
    ) -> None:
        self._body = response.body
        self._parser = AnswerParser()
        self._state = state
        if "event-stream" not in response.headers.get("content-type", ""):  # a stream's head leaves before it is known
            state.told_cost = _told_cost(response.headers)
        self._deadlines = deadlines
        self._silence_timeout = silence_timeout
        self._opening: Iterable[Chunk] = ()
        self._has_data = False
        self._has_ended = False

    def opening(self) -> Generator[Interruption, float | None, Chunk | None]:
        """Read until the first event that says something, and return its chunk, which pieces() begins with.

        Return None if there is none: the body is empty, says only that it is done, or breaks off before its first byte.
        Yield INTERRUPTED for each interrupted wait. Raise `Temporary` or `Permanent` if a deadline passes, the body
        breaks off later, or the event cannot be read.
        """
        while not self._has_ended:
            try:
                chunks = self._next_chunks()
            except Interrupted:
                yield INTERRUPTED
                continue
            except Temporary as error:
                if error.code != "stream_cut" or self._has_data:
                    raise
                return None
            for chunk in chunks:
                if chunk == DONE:
                    return None
                if chunk != _NOTHING:
                    self._opening = chain([chunk], chunks)
                    return chunk
        return None

    def pieces(self) -> AnswerPieces:
        """Yield the answer's text as it arrives, with INTERRUPTED between pieces, and its `Ending` last.

        Raise `Temporary` or `Permanent` if the answer is cut off, takes too long, holds an error or says nothing. An
        error after the end of the answer is ignored.
        """
        state = self._state
        try:
            yield from self._texts()
        except CocoAIError as error:
            if not state.is_complete:
                raise _in_the_middle(error, state) from None
        if not state.is_complete:
            raise Temporary("stream_unfinished", source="OpenAI", sent=True)
        if text := state.rest():
            yield text
        yield state.ending()

    def _texts(self) -> Generator[str | Interruption, float | None, None]:
        """Yield text until the server says that it is done, or the body ends; INTERRUPTED for each interrupted wait."""
        yield from self._take(self._opening)
        while not (self._state.is_done or self._has_ended):
            try:
                chunks = self._next_chunks()
            except Interrupted:
                yield INTERRUPTED
                continue
            yield from self._take(chunks)

    def _next_chunks(self) -> Iterable[Chunk]:
        """Wait for data of the body and return its chunks: at its end that of the last event, if the end cut it off."""
        data = read_body(self._body, self._deadlines, self._deadlines.patience())
        self._has_ended = not data
        self._has_data = self._has_data or bool(data)
        return self._parser.feed(data) if data else self._parser.end()

    def _take(self, chunks: Iterable[Chunk]) -> Generator[str | Interruption, float | None, None]:
        """Yield the text in the chunks, then wait a little so that more of it gathers (see `_gather`).

        At the end of the body do not wait. Raise the server's own error, if the chunks have one.
        """
        state, seconds = self._state, None
        for chunk in chunks:
            if text := state.take(chunk):
                seconds = yield text
            if state.error:
                raise state.error.to_exception()
            self._set_deadline()
        if state.has_begun and not (self._has_ended or state.is_complete):
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

        Before the model is seen at work nothing is changed: the first word's own time-out runs on.
        """
        if self._state.is_complete:
            self._deadlines.allow_silence(_USAGE_TIMEOUT)
        elif self._state.has_begun:
            self._deadlines.allow_silence(self._silence_timeout)


def read_body(body: Body, deadlines: Deadlines, patience: float = math.inf) -> bytes:
    """Return what has arrived of the body, after a wait if nothing has; b"" at its end.

    Raise `Temporary` if a deadline passes or the connection breaks, and `Interrupted` if the wake-up descriptor ends
    the wait, or `patience`, in seconds.
    """
    try:
        return body.read(deadlines.left(), patience)
    except Interrupted:
        deadlines.note_interruption()
        raise
    except TimeoutError:
        raise deadlines.expired() from None
    except OSError:
        raise Temporary("stream_cut", source="OpenAI", sent=True) from None


def _told_cost(headers: Mapping[str, str]) -> float | None:
    """Return what the headers say that the answer cost, in USD; None if they do not say it."""
    try:
        return cost_in(float(headers.get(_COST_HEADER, "")))
    except ValueError:
        return None


def _in_the_middle(error: CocoAIError, state: StreamState) -> CocoAIError:
    """Return `error`, marked as `sent` if the answer had begun: it may be billed, whatever the error says."""
    error.sent = error.sent or state.has_begun
    return error
