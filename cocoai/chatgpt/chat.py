"""ChatGPTChat: a conversation goes to OpenAI's chat API, and the answer comes back as it is written.

It holds the deadlines, and mends what can be mended before the first word: a parameter that the model refuses is
dropped, a conversation that is too long is shortened. All else is raised; whether to ask again is for the caller.
It knows nothing of Slack, nor of where a conversation comes from.

Source: OpenAI's API reference, POST /chat/completions; other servers speak the same with small differences.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPException, InvalidURL
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from cocoai.chatgpt.api_error import ApiError, request_id
from cocoai.chatgpt.deadlines import Deadlines
from cocoai.chatgpt.request import request_body
from cocoai.chatgpt.stream import NOTHING, Chunk, Ending, StreamState, Usage, chunks, whole
from cocoai.conversation import Conversation
from cocoai.engine.client.body import Body, Interrupted
from cocoai.engine.client.client import BadHeader, HttpClient, NotSent, PendingResponse, ProxyFailed, StreamedResponse
from cocoai.errors import CocoAIError, Permanent, Temporary

__all__ = ["ChatGPTChat", "Ending", "Usage"]

MAX_ERROR = 64 * 1024
"""Bytes of an error's body that are looked at."""

_USAGE_WAIT = 5.0
"""Seconds. Once the answer is whole, its usage is worth a wait."""

_REST = 0.25
"""Seconds for which words are let come together at least: to wake up for each costs far more CPU than to read it. The
connection is asked to be closed behind the answer, for that wakes us at once where nothing else tells its end; where a
server will not, we rest no longer than this."""

_TROUBLES = ((ssl.SSLError, "tls_failed"), (ProxyFailed, "proxy_failed"))


class ChatGPTChat:
    """The models at one address. Of one process and one thread; it remembers which parameters each model refuses.

    `base_url` is any server's that speaks this API, its path kept, a trailing slash or not. `model` is the server's own
    name for the usual one. `max_output_tokens` counts the thinking too. `reasoning_effort` may be empty: then none is
    asked for. The time-outs are in seconds: until the connection stands; from sending to the first word; between the
    events of the stream thereafter; in all. `clock` is monotonic.
    """

    def __init__(
        self,
        line: HttpClient,
        *,
        base_url: str,
        api_key: str,
        model: str,
        max_output_tokens: int,
        reasoning_effort: str,
        connect_timeout: float,
        first_word_timeout: float,
        silence_timeout: float,
        total_timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._url = _completions(base_url)
        self._api_key = api_key
        self._model = model
        self._max_output_tokens = max_output_tokens
        self._reasoning_effort = reasoning_effort
        self._connect_timeout = connect_timeout
        self._first_word_timeout = first_word_timeout
        self._silence_timeout = silence_timeout
        self._total_timeout = total_timeout
        self._clock = clock
        self._refused: dict[str, set[str]] = {}

    def __repr__(self) -> str:
        return f"ChatGPTChat({self._url!r}, {self._model!r})"

    def reply(
        self,
        conversation: Conversation,
        *,
        model: str = "",
        spare: Callable[[], float] = lambda: 0.0,
        bell: int | None = None,
    ) -> Generator[str | Ending, None, None]:
        """Pieces of text as they are written, then exactly one `Ending`; the request leaves with the first `next`.

        `model` is asked instead of the usual one. `spare` says for how many seconds the caller can do without further
        text; the end is told at once all the same. An empty piece comes before a wait, and when `bell`, a descriptor
        that can be read, cuts one short: the caller can look around, hush the bell, and go on or close. Behind a proxy
        the bell is heard from the beginning of the response on.

        An answer may be empty: its `Ending` says why (`length`: all went into thinking; or `refusal`). Closing the
        generator closes the connection. Raises, also after some text:

        `Temporary`: `connect_timeout`, `first_word_timeout`, `silence_timeout`, `total_timeout`, `connection_failed`,
        `connection_lost`, `proxy_failed`, `tls_failed`, `stream_cut`, `unreadable_answer`, or the API's own code;
        `sent` when the request had left whole and nobody can tell what became of it.
        `Permanent`: the API's own code, else its type, else the status; `answer_too_big`, `no_choices`, `not_an_api`,
        `invalid_api_key`, `invalid_base_url`; `attachment`, `refused` and `context_length_exceeded` for all its ways to
        say that it will not have what was attached, what was asked, or so much, with its own code as `theirs`.
        """
        deadlines = Deadlines(self._clock, self._total_timeout)
        response, reading = yield from self._accepted(conversation, model or self._model, deadlines, bell)
        del conversation  # what is attached need not stay in memory while the answer is written
        with response:
            response.body.bell = bell
            try:
                yield from self._read(response, reading, deadlines, spare)
            except CocoAIError as error:
                error.request_id = error.request_id or request_id(response.headers)
                raise

    def _accepted(
        self, conversation: Conversation, model: str, deadlines: Deadlines, bell: int | None
    ) -> Generator[str, None, tuple[StreamedResponse, StreamState]]:
        """The response that holds the answer, once all is mended that can be."""
        shortened = False
        while not _promises_an_answer(response := (yield from self._send(conversation, model, deadlines, bell))):
            complaint = self._complaint(response, deadlines)
            shorter = conversation.without_oldest()
            if complaint.too_long and not shortened and shorter != conversation:
                conversation, shortened = shorter, True
            elif complaint.too_long:
                raise complaint.error("context_length_exceeded")
            elif conversation.has_attachments and complaint.refuses_attachment:
                raise complaint.error("attachment")
            elif refused := complaint.refused_parameter(self._droppable(model)):
                self._refused.setdefault(model, set()).add(refused)
            else:
                raise complaint.error()
        return response, StreamState(model, conversation.estimated() if conversation.is_text else 0)

    def _send(
        self, conversation: Conversation, model: str, deadlines: Deadlines, bell: int | None
    ) -> Generator[str, None, StreamedResponse]:
        """Raises without the cause: the message of an error below may quote the key."""
        body = request_body(conversation, model, self._parameters(model))
        deadlines.await_first_word(self._first_word_timeout)
        left = deadlines.left()
        try:
            asked = self._line.ask(self._url, body, self._headers(), (min(self._connect_timeout, left), left))
            del body  # it may be large, and the model may think for long
            return (yield from _response(asked, deadlines, bell))
        except (OSError, HTTPException, ValueError) as error:
            raise _failure(error, deadlines) from None

    def _headers(self) -> dict[str, str | bytes]:
        """The key as bytes: an odd one is then refused by the server, not by an encoder."""
        return {
            "Authorization": b"Bearer " + self._api_key.encode("utf-8", "replace"),
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",  # a server that compresses holds words back until it has a block
        }

    def _parameters(self, model: str) -> dict[str, Any]:
        """All that is asked for beside the answer itself, as far as this model has not refused it."""
        limit, refused = self._max_output_tokens, self._refused.get(model, ())
        wanted = {
            "max_completion_tokens": limit,
            "max_tokens": limit if "max_completion_tokens" in refused else None,
            "reasoning_effort": self._reasoning_effort or None,
            "store": False,
            "stream": True,
            "stream_options": None if "stream" in refused else {"include_usage": True},
        }
        return {name: value for name, value in wanted.items() if value is not None and name not in refused}

    def _droppable(self, model: str) -> set[str]:
        """Never the last limit: an answer without one could cost anything."""
        return self._parameters(model).keys() - {"max_tokens"}

    def _read(
        self, response: StreamedResponse, reading: StreamState, deadlines: Deadlines, spare: Callable[[], float]
    ) -> Iterator[str | Ending]:
        try:
            for chunk in _chunks(response, _pieces(response.body, deadlines, reading, spare)):
                text = reading.take(chunk)
                if text or chunk is NOTHING:
                    yield text
                if reading.done:
                    break
                if chunk is not NOTHING:
                    self._wait_on(reading, deadlines)
        except CocoAIError as error:
            if not reading.complete:
                raise _in_the_middle(error, reading) from None
        if not reading.complete:
            raise Temporary("stream_cut", source="OpenAI", sent=True)
        yield reading.ending()

    def _complaint(self, response: StreamedResponse, deadlines: Deadlines) -> ApiError:
        """What can be read of it: the status alone says a lot, so a body that is cut is no further trouble."""
        told = bytearray()
        with response, suppress(Temporary):
            while len(told) <= MAX_ERROR and (piece := _piece(response.body, deadlines)):
                told += piece
        return ApiError.in_response(response.status, response.headers, bytes(told))

    def _wait_on(self, reading: StreamState, deadlines: Deadlines) -> None:
        """How long the next event may take, by how far the answer is."""
        if reading.complete:
            deadlines.allow_silence(_USAGE_WAIT)
        elif reading.begun:
            deadlines.allow_silence(self._silence_timeout)


def _completions(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
    except ValueError:
        raise Permanent("invalid_base_url", source="OpenAI") from None
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/chat/completions"))


def _response(asked: PendingResponse, deadlines: Deadlines, bell: int | None) -> Generator[str, None, StreamedResponse]:
    """The response, an empty piece for each wait that the bell has ended."""
    with ExitStack() as waiting:
        waiting.callback(asked.close)
        while True:
            try:
                response = asked.response(deadlines.left(), bell)
            except Interrupted:
                yield ""
            else:
                waiting.pop_all()
                return response


def _promises_an_answer(response: StreamedResponse) -> bool:
    """A page with status 200 is a wrong address, or something in between that wants a person to log in."""
    return response.status // 100 == 2 and "html" not in response.headers.get("content-type", "")


def _chunks(response: StreamedResponse, pieces: Iterator[bytes]) -> Iterator[Chunk]:
    """A server that does not stream sends one JSON body, whatever was asked."""
    return (whole if "json" in response.headers.get("content-type", "") else chunks)(pieces)


def _pieces(body: Body, deadlines: Deadlines, reading: StreamState, spare: Callable[[], float]) -> Iterator[bytes]:
    """The body in gulps, each wait bounded by what is left.

    An empty one for each wait that the bell has ended, and where none has come while they were let come together: the
    reader may have something to show before he waits for more.
    """
    while (piece := _rung_piece(body, deadlines)) is not None:
        yield piece
        if piece and reading.begun and not reading.complete:
            rest = max(_REST, spare()) if body.closes else _REST
            # Half of what is left, or the rest itself would be the silence that strikes.
            body.wait_for_more(min(rest, deadlines.left() / 2))
            if not body.has_come():
                yield b""


def _rung_piece(body: Body, deadlines: Deadlines) -> bytes | None:
    """What comes next, nothing if the bell comes first, or None at the end."""
    try:
        return _piece(body, deadlines) or None
    except Interrupted:
        return b""


def _piece(body: Body, deadlines: Deadlines) -> bytes:
    """What comes next, or nothing at the end."""
    try:
        return body.read(deadlines.left())
    except TimeoutError:
        raise deadlines.struck() from None
    except OSError:
        raise Temporary("stream_cut", source="OpenAI", sent=True) from None


def _in_the_middle(error: CocoAIError, reading: StreamState) -> CocoAIError:
    """An error after the first words may have been billed, whatever it says."""
    if isinstance(error, Temporary):
        error.sent = error.sent or reading.begun
    return error


def _failure(error: Exception, deadlines: Deadlines) -> Temporary | Permanent:
    """What an exception of the line means. A time-out before all was sent is a handshake's."""
    if isinstance(error, (ValueError, InvalidURL)):
        return Permanent("invalid_api_key" if isinstance(error, BadHeader) else "invalid_base_url", source="OpenAI")
    sent = not isinstance(error, NotSent)
    why = error if sent else error.args[0]
    if isinstance(why, TimeoutError):
        return deadlines.struck() if sent else Temporary("connect_timeout", source="OpenAI")
    code = next(
        (code for kind, code in _TROUBLES if isinstance(why, kind)), "connection_lost" if sent else "connection_failed"
    )
    return Temporary(code, source="OpenAI", sent=sent)
